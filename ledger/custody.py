"""Custody says which key may sign a ledger's checkpoints of which sizes.

The first key is the ledger's from its start. A ``rotated`` entry hands over to another: the
checkpoint right after it, of size ``seq + 1``, is signed by both keys, those before by the old one
and those after by the new one. A ``revoked`` entry says from which size on a key is not believed.
All of it follows from the entries, so that whoever walks the log can follow both keys; which keys
are believed at all is for whoever verifies. Specification: ``schemas/custody.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal, Self, TypeAlias, cast

from ledger.canonical import JSON
from ledger.checkpoint import Note
from ledger.entry import Entry
from ledger.errors import InputError, IntegrityError
from ledger.keys import VerifierKey

__all__ = [
    "Custody",
    "KeyEvent",
    "Revocation",
    "RevocationReason",
    "Stretch",
    "revocation_text",
    "signed_with",
]

RevocationReason: TypeAlias = Literal["compromised", "retired"]

_REASON: Final = re.compile(r"(compromised|retired) from size (0|[1-9][0-9]{0,18})")


def revocation_text(reason: RevocationReason, from_size: int) -> str:
    """Return the ``reason`` of a ``revoked`` entry, from which ``KeyEvent`` reads it again."""
    return f"{reason} from size {from_size}"


@dataclass(frozen=True, slots=True)
class Revocation:
    """That a key is not believed any more.

    Attributes:
        from_size: Smallest size of the checkpoints that it cannot sign.
        reason: ``retired`` if it only went out of use, ``compromised`` if others may have it.
        at: From when on; a policy says it, an entry does not.
    """

    from_size: int
    reason: RevocationReason
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """What a ``key`` entry says.

    Attributes:
        seq: Number of the entry.
        event: ``rotated`` or ``revoked``.
        key: The key.
        replaces: The key that a rotation replaces; None otherwise.
        revocation: From where on a revoked key is not believed; None otherwise.
    """

    seq: int
    event: str
    key: VerifierKey
    replaces: VerifierKey | None = None
    revocation: Revocation | None = None

    @classmethod
    def of(cls, entry: Entry) -> Self | None:
        """Read a ``key`` entry; None if it says nothing about who signs checkpoints.

        A key under another name than the ledger's is a person's or a witness's, and one that is
        only ``added`` signs nothing before it takes over.

        Raises:
            IntegrityError: If a key or a reason cannot be read.
        """
        assert entry.type == "key"
        named = str(entry.body["vkey"]).partition("+")[0]
        if named != entry.origin or entry.body["event"] == "added":
            return None
        try:
            return cls.read(entry.seq, entry.body)
        except InputError as error:
            raise IntegrityError(
                f"entry {entry.seq} speaks of a key that cannot be read: {error.message}",
                seq=entry.seq,
            ) from error

    @classmethod
    def read(cls, seq: int, body: Mapping[str, JSON]) -> Self:
        """Read the body of a ``key`` record.

        Raises:
            InputError: If a key or a reason cannot be read.
        """
        event, replaces = str(body["event"]), body["replaces"]
        if (event == "rotated") != (replaces is not None):
            raise InputError("a rotation names the key that it replaces, and nothing else does")
        revocation = None
        if event == "revoked":
            said = _REASON.fullmatch(str(body["reason"]))
            if said is None:
                raise InputError(
                    f"the reason {str(body['reason'])[:60]!r} does not say from which size on",
                    remedy="write: compromised from size N, or retired from size N",
                )
            revocation = Revocation(int(said[2]), cast("RevocationReason", said[1]))
        old = None if replaces is None else VerifierKey.parse(str(replaces))
        return cls(seq, event, VerifierKey.parse(str(body["vkey"])), old, revocation)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The checkpoints that a key signs.

    Attributes:
        key: The key.
        from_size: Smallest size.
        to_size: Largest size; None while it signs.
        revoked: From where on it is not believed, or None.
    """

    key: VerifierKey
    from_size: int
    to_size: int | None = None
    revoked: Revocation | None = None

    def covers(self, size: int) -> bool:
        """Return whether a checkpoint of this size is the key's to sign."""
        return self.from_size <= size and (self.to_size is None or size <= self.to_size)

    def believed(self, size: int) -> bool:
        """Return whether nothing revokes the key for this size."""
        return self.revoked is None or size < self.revoked.from_size


@dataclass(frozen=True, slots=True)
class Custody:
    """Which keys sign a ledger, and from where to where.

    Attributes:
        stretches: In the order in which the keys came.
        joints: Sizes of the checkpoints that two keys sign, in order.
    """

    stretches: tuple[Stretch, ...]
    joints: tuple[int, ...] = ()

    @classmethod
    def of(cls, first: VerifierKey, events: Iterable[KeyEvent] = ()) -> Self:
        """Follow the keys of a ledger.

        Args:
            first: The key that signs from the start; its name is the ledger's.
            events: What the ``key`` entries say, in order.

        Raises:
            IntegrityError: If an entry speaks of a key that cannot be meant.
        """
        found = cls((Stretch(first, 0),))
        for event in events:
            found = found.after(event)
        return found

    @property
    def current(self) -> VerifierKey:
        """The key that signs now."""
        return self.stretches[-1].key

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """Every key that ever signed."""
        return tuple(stretch.key for stretch in self.stretches)

    def after(self, event: KeyEvent) -> Self:
        """Return the custody once an entry is read.

        Raises:
            IntegrityError: If the entry replaces a key that does not sign, brings back an old one,
                revokes one that never signed, or speaks of another ledger's.
        """
        if event.key.name != self.stretches[0].key.name:
            raise _wrong(event, "speaks of the key of another ledger", "it signs nothing here")
        return self._rotated(event) if event.event == "rotated" else self._revoked(event)

    def judge(self, note: Note, size: int) -> tuple[VerifierKey, ...]:
        """Check the log's signatures under a checkpoint.

        Args:
            note: The signed note.
            size: Size of the checkpoint in it.

        Returns:
            The keys that signed it and are believed at this size. None of them is left where the
            only signer is revoked: then the checkpoint counts only through a later one.

        Raises:
            IntegrityError: If a signature fails, a key that has to sign did not, or the only
                signer is a key that signs other sizes.
        """
        signers = [stretch for stretch in self.stretches if signed_with(note, stretch.key)]
        due = [stretch for stretch in signers if stretch.covers(size)]
        wanted = [stretch for stretch in self.stretches if stretch.covers(size)]
        absent = next((each for each in wanted if each not in due), None)
        if absent is not None:
            raise _not_signed(size, absent, signers, joint=size in self.joints)
        return tuple(stretch.key for stretch in due if stretch.believed(size))

    def leads_from(self, key: VerifierKey) -> bool:
        """Return whether who trusts this key can trust the newest checkpoint.

        Each key signs that the next takes over, so that trust in an early key leads on, unless the
        ledger itself says that others may have had it.
        """
        return any(
            each.key == key and (each.revoked is None or each.revoked.reason == "retired")
            for each in self.stretches
        )

    def _rotated(self, event: KeyEvent) -> Self:
        """Hand over from the key that signs to another."""
        last = self.stretches[-1]
        if event.replaces != last.key:
            raise _wrong(
                event, "replaces a key that does not sign", "the one that signs hands over"
            )
        if event.key in self.keys:
            raise _wrong(event, "brings back a key", "a key that was given up stays so")
        size = event.seq + 1
        old = replace(last, to_size=size)
        stretches = (*self.stretches[:-1], old, Stretch(event.key, size))
        return type(self)(stretches, (*self.joints, size))

    def _revoked(self, event: KeyEvent) -> Self:
        """Believe a key no longer from a size on."""
        revocation = event.revocation
        assert revocation is not None
        if event.key not in self.keys:
            raise _wrong(event, "revokes a key that never signed", "a slip would pass unseen")
        stretches = tuple(
            replace(each, revoked=_earlier(each.revoked, revocation))
            if each.key == event.key
            else each
            for each in self.stretches
        )
        return replace(self, stretches=stretches)


def signed_with(note: Note, key: VerifierKey) -> bool:
    """Return whether a key signed a note.

    Raises:
        IntegrityError: If a signature under its name and id fails, or there are two.
    """
    if not any(row.name == key.name and row.key_id == key.key_id for row in note.signatures):
        return False
    note.verify(key)
    return True


def _earlier(held: Revocation | None, more: Revocation) -> Revocation:
    """Return the revocation that begins first; a later entry never takes one back."""
    return more if held is None or more.from_size < held.from_size else held


def _wrong(event: KeyEvent, what: str, why: str) -> IntegrityError:
    """Return the error for a ``key`` entry that cannot be meant."""
    return IntegrityError(f"entry {event.seq} {what}: {event.key.encode()}", seq=event.seq, why=why)


def _not_signed(
    size: int, absent: Stretch, signers: list[Stretch], *, joint: bool
) -> IntegrityError:
    """Return the error for a checkpoint without a signature that it needs."""
    others = ", ".join(each.key.encode() for each in signers) or "no key of the ledger"
    why = (
        "two keys sign the checkpoint at which one takes over from the other"
        if joint
        else f"this key signs from size {absent.from_size} on; one that was given up proves nothing"
    )
    return IntegrityError(
        f"the checkpoint over {size} entries is signed by {others}, not by {absent.key.encode()}",
        where=f"checkpoint {size}",
        why=why,
        remedy="keep the note as evidence",
    )
