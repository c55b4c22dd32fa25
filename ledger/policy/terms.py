"""The terms of a policy: whose keys count, how many witnesses and people must have signed.

Names of witnesses and groups are the policy's own; they stand nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from ledger.checkpoint import Checkpoint, Note
from ledger.custody import Revocation
from ledger.keys import VerifierKey
from ledger.period import format_instant

if TYPE_CHECKING:
    from cryptography import x509

__all__ = [
    "MEMBERS",
    "NO_QUORUM",
    "Act",
    "Group",
    "KeyTerm",
    "Log",
    "Person",
    "Policy",
    "Quorum",
    "Witness",
]

NO_QUORUM: Final = "none"  # the predefined name: no cosignature is needed

MEMBERS: Final[Mapping[str, str]] = {
    "keys": "from which size and until when each key may sign",
    "people": "who may sign, and in which role",
    "attestation": "how many people must sign an attestation",
    "four_eyes": "that nobody fills two roles in one act",
    "window_days_max": "how long an entry may stay without a witness",
    "silence_days_max": "how long the ledger may stay without a checkpoint",
    "remembered": "which checkpoints were kept from earlier",
    "timestamp_roots": "which timestamp authorities are believed",
}
"""What a policy may ask for beside the quorum, and what it then says."""

Act = Literal["attestation", "restatement", "adoption", "key"]


@dataclass(frozen=True, slots=True)
class Log:
    """A key that may sign checkpoints; several of one name are the keys of one log.

    Attributes:
        key: Of type 0x01; its name is the origin of the log.
        url: Where the log can be reached, or empty; never used to verify.
    """

    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness whose cosignature counts.

    Attributes:
        name: What the policy calls it.
        key: Of type 0x04; one of type 0x06 is carried and shown, and never counts.
        url: Where it can be reached, or empty; never used to verify.
    """

    name: str
    key: VerifierKey
    url: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Witnesses and earlier groups, of whom so many must have cosigned.

    Attributes:
        name: What the policy calls it.
        needed: How many members, 1 <= needed <= len(members).
        members: Names defined before it, each in one group only.
    """

    name: str
    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyTerm:
    """For which sizes and times a key is trusted; both ranges are half-open.

    Attributes:
        key: A key of a log, a witness or a person of the same policy.
        from_size: First size of a checkpoint that it may sign.
        to_size: First size that it may no longer sign, or None.
        not_before: First instant of trust, UTC, or None.
        not_after: First instant without trust, UTC, or None.
        revoked: What ended the trust, or None.
    """

    key: VerifierKey
    from_size: int = 0
    to_size: int | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    revoked: Revocation | None = None

    @property
    def end(self) -> datetime | None:
        """First instant from which the key signs nothing, of whatever size; None if there is none.

        A key that others may have is no longer believed from the moment on at which that was
        known; one that was only given up, from a size on and not from a time.
        """
        revoked = self.revoked
        lost = revoked.at if revoked is not None and revoked.reason == "compromised" else None
        return min((each for each in (self.not_after, lost) if each is not None), default=None)

    def lapse(self, size: int, at: datetime | None = None) -> str:
        """Return why the key may not sign a checkpoint, in words; empty if it may.

        Args:
            size: Entries that the checkpoint covers.
            at: The time that stands in the signature, UTC; None where times are another question.
        """
        name, revoked = self.key.label, self.revoked
        if revoked is not None and size >= revoked.from_size:
            return f"{name} was {revoked.reason}: it signs nothing from size {revoked.from_size}"
        if size < self.from_size or (self.to_size is not None and size >= self.to_size):
            until = "on" if self.to_size is None else f"to below {self.to_size}"
            return f"{name} signs sizes from {self.from_size} {until}, not {size}"
        if at is not None:
            early = self.not_before is not None and at < self.not_before
            late = self.end is not None and at >= self.end
            if early or late:
                return f"{name} was not yet or no longer trusted at {format_instant(at)}"
        return ""

    def lapse_unstated(self, size: int, by: datetime | None) -> str:
        """Return why a signature that states no time does not count, in words; empty if it does.

        Whoever has a key can sign with it whatever is old, so that an end of trust needs evidence
        from outside. Its beginning does not: the same signature can be made again later.

        Args:
            size: Entries in the ledger when it was made.
            by: Time by which it is shown from outside to have been there, UTC; None if nothing
                shows it.
        """
        name, end = self.key.label, self.end
        why = self.lapse(size)
        if why:
            return why
        if by is not None and self.not_before is not None and by < self.not_before:
            since = format_instant(self.not_before)
            return f"{name} is trusted from {since} on, and signed before {format_instant(by)}"
        if end is not None and (by is None or by >= end):
            return f"nothing shows that {name} signed before {format_instant(end)}"
        return ""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs.

    Attributes:
        name: Of the person.
        roles: What the person may sign as; kebab-case words.
        keys: Of type 0x01; no two people share one.
    """

    name: str
    roles: frozenset[str]
    keys: tuple[VerifierKey, ...]


@dataclass(frozen=True, slots=True)
class Quorum:
    """What a set of cosigners comes to.

    Attributes:
        name: The witness or group that is needed, or ``none``.
        holds: Whether it has cosigned.
        present: Names of the witnesses that did, in the order of the policy.
        absent: Names of the others.
        wanting: In words what is needed and how much of it is there.
    """

    name: str
    holds: bool
    present: tuple[str, ...]
    absent: tuple[str, ...]
    wanting: str


@dataclass(frozen=True, slots=True)
class Policy:
    """What one regulator asks of a ledger: the only source of keys when a file is verified.

    Every field after ``quorum`` is None where the policy does not ask; see ``not_asked``.

    Attributes:
        logs: Keys that may sign checkpoints; may be empty.
        witnesses: Keys that may cosign.
        groups: In the order of the file: members are always defined earlier.
        quorum: Name of a witness or group, or ``none``.
        keys: Limits of single keys.
        people: Who signs attestations and approvals.
        attestation: How many different people must sign in each role.
        four_eyes: Acts in which nobody may fill two roles.
        window_days_max: Longest window in which an entry can have been written, in days.
        silence_days_max: Longest time between two checkpoints, in days.
        remembered: Checkpoints from earlier, each signed by a log of this policy.
        timestamp_roots: Certificates to which the chains of RFC 3161 tokens must lead.
    """

    logs: tuple[Log, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[Group, ...]
    quorum: str
    keys: tuple[KeyTerm, ...] | None = None
    people: tuple[Person, ...] | None = None
    attestation: Mapping[str, int] | None = None
    four_eyes: frozenset[Act] | None = None
    window_days_max: int | None = None
    silence_days_max: int | None = None
    remembered: tuple[tuple[Note, Checkpoint], ...] | None = None
    timestamp_roots: tuple[x509.Certificate, ...] | None = None

    def not_asked(self) -> tuple[str, ...]:
        """Return the members of the file that ask for nothing, in order; report each of them."""
        return tuple(name for name in MEMBERS if getattr(self, name) is None)

    def log_keys(self, origin: str) -> tuple[VerifierKey, ...]:
        """Return the keys of the log of this name; empty for a log that the policy does not know.

        Args:
            origin: First line of a checkpoint.
        """
        return tuple(log.key for log in self.logs if log.key.name == origin)

    def term(self, key: VerifierKey) -> KeyTerm:
        """Return the limits of a key; one without any is trusted for all sizes and times.

        A key that others may have is lost under every name: that another name of it was
        compromised ends the trust in this one too.
        """
        terms = self.keys or ()
        own = next((term for term in terms if term.key == key), KeyTerm(key))
        if own.revoked is not None and own.revoked.reason == "compromised":
            return own
        for term in terms:
            lost = term.revoked is not None and term.revoked.reason == "compromised"
            if lost and term.key.public == key.public:
                return replace(own, revoked=term.revoked)
        return own

    def person(self, key: VerifierKey) -> Person | None:
        """Return whose key it is, or None; the whole key counts, not its name."""
        public = key.public
        found = (p for p in self.people or () if any(own.public == public for own in p.keys))
        return next(found, None)

    def tally(self, cosigners: Collection[VerifierKey]) -> Quorum:
        """Count the witnesses among keys whose cosignatures were verified.

        Args:
            cosigners: Keys whose cosignature over one checkpoint verified.

        Returns:
            Whether the quorum holds, and for want of whom it does not.
        """
        keys = frozenset(cosigners)
        present = tuple(w.name for w in self.witnesses if w.key in keys)
        absent = tuple(w.name for w in self.witnesses if w.key not in keys)
        reached = set(present)
        words = {name: f"the cosignature of {name}" for name in (*present, *absent)}
        for group in self.groups:
            there = [name for name in group.members if name in reached]
            if len(there) >= group.needed:
                reached.add(group.name)
            words[group.name] = (
                f"{group.needed} of {', '.join(group.members)} ({group.name}), "
                f"there: {', '.join(there) or 'nobody'}"
            )
        if self.quorum == NO_QUORUM:
            reached.add(NO_QUORUM)
            words[NO_QUORUM] = "no cosignature is asked"
        holds = self.quorum in reached
        return Quorum(self.quorum, holds, present, absent, words[self.quorum])
