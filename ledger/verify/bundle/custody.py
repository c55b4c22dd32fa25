"""Custody of a bundle: each checkpoint is signed by the key whose turn it was, while trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from ledger.custody import Custody, KeyEvent, signed_with
from ledger.errors import IntegrityError
from ledger.keys import VerifierKey
from ledger.policy import Assent, Policy, seen_by
from ledger.verify.bundle.course import Course
from ledger.verify.bundle.notes import Notes
from ledger.verify.bundle.prefix import Prefix
from ledger.verify.bundle.timestamps import Stamps

__all__ = ["check_custody", "check_signer", "existed_by"]


def check_custody(
    notes: Notes, stamps: Stamps, prefix: Prefix, policy: Policy, course: Course
) -> None:
    """Step 10: every checkpoint is signed by the key whose turn it was, trusted at that size.

    A checkpoint whose only signer is not trusted counts through a later one that is; the newest
    one must stand by itself.

    Raises:
        IntegrityError: Naming the checkpoint or the ``key`` entry.
    """
    course.step = 10
    seen = existed_by(notes, policy, stamps.by_size())
    custody = _custody(notes, prefix, policy)
    _check_joints(custody, notes)
    lapsed: list[str] = []
    newest = max(notes.assents)
    for size, found in sorted(notes.assents.items()):
        keys = custody.judge(found.note, size)
        reasons = [policy.term(key).lapse_unstated(size, seen.get(size)) for key in keys]
        if keys and not all(reasons):
            continue
        why = reasons[0] if reasons else "the ledger itself revoked its only signer"
        if size == newest:
            raise _untrusted(size, why)
        lapsed.append(f"checkpoint {size} counts only through a later one: {why}")
    handed = len(custody.joints)
    times = "once" if handed == 1 else f"{handed} times"
    note = f"the key was handed over {times}" if handed else ""
    course.close(10, len(notes.assents), "checkpoints", note, *lapsed[:3])


def check_signer(
    notes: Notes, stamps: Stamps, events: Sequence[KeyEvent], policy: Policy, course: Course
) -> None:
    """Step 10 over the one checkpoint of a bundle of receipts.

    How the key was handed over stands in entries that are not here. What the policy says of a key,
    and what those ``key`` entries say that are here, is held against it all the same.

    Raises:
        IntegrityError: Naming the checkpoint, if none of its signers is trusted there.
    """
    course.step = 10
    seen = existed_by(notes, policy, stamps.by_size())
    for size, found in notes.assents.items():
        reasons = [
            policy.term(key).lapse_unstated(size, seen.get(size)) or _given_up(key, size, events)
            for key in found.log_keys
        ]
        _check_joint(found, events)
        if all(reasons):
            raise _untrusted(size, reasons[0])
    note = "whether the key was handed over stands in entries that are not here"
    course.close(10, len(notes.assents), "checkpoints", note)


def _check_joint(found: Assent, events: Sequence[KeyEvent]) -> None:
    """Refuse the checkpoint right after a handover that is here, unless both keys signed it."""
    size = found.checkpoint.size
    for event in events:
        if event.replaces is not None and event.seq + 1 == size:
            for key in (event.replaces, event.key):
                if not signed_with(found.note, key):
                    raise IntegrityError(
                        f"entry {event.seq} hands the key over, and {key.label} did not sign the "
                        f"checkpoint over {size} entries",
                        seq=event.seq,
                        where=f"checkpoint {size}",
                        why="two keys sign the checkpoint at which one takes over from the other",
                        remedy="keep the note as evidence",
                    )


def _given_up(key: VerifierKey, size: int, events: Sequence[KeyEvent]) -> str:
    """Return which entry says that a key signs no such size any more; empty if none does."""
    for event in events:
        if event.replaces == key and size > event.seq + 1:
            return f"entry {event.seq} hands over from {key.label} to another key"
        revoked = event.revocation
        if event.key == key and revoked is not None and size >= revoked.from_size:
            return f"entry {event.seq} revokes {key.label} from size {revoked.from_size} on"
    return ""


def existed_by(
    notes: Notes, policy: Policy, stamped: Mapping[int, datetime]
) -> Mapping[int, datetime]:
    """Return by when each checkpoint is shown from outside to have existed.

    A cosignature or time stamp over a larger checkpoint shows the smaller ones as well: they are
    its beginnings.
    """
    found: dict[int, datetime] = {}
    earliest: datetime | None = None
    for size in sorted(notes.assents, reverse=True):
        for at in (seen_by(notes.assents[size], policy), stamped.get(size)):
            if at is not None:
                earliest = at if earliest is None else min(earliest, at)
        if earliest is not None:
            found[size] = earliest
    return found


def _custody(notes: Notes, prefix: Prefix, policy: Policy) -> Custody:
    """Follow the keys of the ledger from the first that the policy knows."""
    events = [
        event
        for entry in prefix.kept
        if entry.type == "key" and (event := KeyEvent.of(entry)) is not None
    ]
    origin = next(iter(notes.checkpoints.values())).origin
    known = policy.log_keys(origin)
    rotated = [event for event in events if event.event == "rotated"]
    first = rotated[0].replaces if rotated else _only(notes, known)
    assert first is not None
    for key in (first, *(event.key for event in rotated)):
        if key not in known:
            raise IntegrityError(
                f"the ledger hands over to or from a key that the policy does not know: "
                f"{key.encode()}",
                where="key entries",
                why="keys come from the policy alone",
                remedy="add its log line, if you have the key from its owner on another way",
            )
    return Custody.of(first, events)


def _check_joints(custody: Custody, notes: Notes) -> None:
    """Refuse a handover whose checkpoint, which both keys sign, the bundle leaves out."""
    for size in custody.joints:
        if size not in notes.assents:
            raise IntegrityError(
                f"entry {size - 1} hands the key over, and the checkpoint over {size} entries, "
                "which both keys sign, is not in the bundle",
                seq=size - 1,
                where=f"checkpoint {size}",
                why="whoever took the log could name a key of his own; only the old key's "
                "signature beside the new one's shows that its holder agreed",
                remedy=f"ask for a bundle with the checkpoint over {size} entries",
            )


def _untrusted(size: int, why: str) -> IntegrityError:
    """Return the error for a bundle whose newest checkpoint no trusted key signed."""
    return IntegrityError(
        f"no key that signed the newest checkpoint, over {size} entries, is trusted there",
        where=f"checkpoint {size}",
        why=why,
        remedy="ask for a bundle whose last checkpoint a trusted key signed",
    )


def _only(notes: Notes, known: tuple[VerifierKey, ...]) -> VerifierKey:
    """Return the key that signed every checkpoint of a ledger that never changed its key."""
    for key in known:
        if all(signed_with(found.note, key) for found in notes.assents.values()):
            return key
    raise IntegrityError(
        "no single key signed every checkpoint, and no entry hands over from one to another",
        where="key entries",
        why="a key that takes over without a word may be a thief's",
    )
