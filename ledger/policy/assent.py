"""An assent is what the keys of a policy say under one checkpoint.

Signatures of other keys and of types that nobody here can check are carried and shown. They
count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ledger.checkpoint import Checkpoint, Note, NoteSignature
from ledger.cosignature import Cosignature
from ledger.errors import IntegrityError
from ledger.keys import COSIGNATURE, VerifierKey
from ledger.policy.terms import Policy, Quorum

__all__ = ["Assent", "Cosigned", "assent", "seen_by"]


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A cosignature that verified.

    Attributes:
        witness: What the policy calls who signed.
        cosignature: With its time.
    """

    witness: str
    cosignature: Cosignature


@dataclass(frozen=True, slots=True)
class Assent:
    """A checkpoint that a log of the policy signed, and who else did.

    Attributes:
        checkpoint: What is signed.
        note: The note it stands in.
        log_keys: Keys of the log whose signatures verified, at least one.
        cosigned: Cosignatures of the policy's witnesses, all verified, in the policy's order.
        lapsed: Why a cosignature that verified does not count: the policy limits its key.
        quorum: What those that count come to.
        unknown: Lines of other keys or types: to show, never to trust.
    """

    checkpoint: Checkpoint
    note: Note
    log_keys: tuple[VerifierKey, ...]
    cosigned: tuple[Cosigned, ...]
    lapsed: tuple[str, ...]
    quorum: Quorum
    unknown: tuple[NoteSignature, ...]

    def require_quorum(self) -> None:
        """Do nothing if enough witnesses cosigned.

        Raises:
            IntegrityError: If they did not; says who is needed and who is there.
        """
        if not self.quorum.holds:
            checkpoint = self.checkpoint
            raise IntegrityError(
                f"too few witnesses cosigned the checkpoint of {checkpoint.origin} over "
                f"{checkpoint.size} entries",
                where=f"quorum {self.quorum.name}",
                why=f"the policy needs {self.quorum.wanting}",
                remedy="ask for the checkpoint with the missing cosignatures",
            )


def assent(data: bytes, policy: Policy) -> Assent:
    """Check every signature under a checkpoint that a key of the policy could have made.

    Args:
        data: The signed note.
        policy: Whose keys count.

    Raises:
        InputError: If the bytes are no note or no checkpoint.
        IntegrityError: If the policy knows no log of this name, none of its keys signed or may
            sign this size, or a signature that claims to be by a key of the policy is not.
    """
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    keys = policy.log_keys(checkpoint.origin)
    if not keys:
        raise IntegrityError(
            f"the policy knows no log {checkpoint.origin}",
            why="keys come from the policy alone",
            remedy="add its log line, if you have the key from its owner on another way",
        )
    claimed = {(line.name, line.key_id) for line in note.signatures}
    signed = tuple(key for key in keys if (key.name, key.key_id) in claimed)
    if not signed:
        raise IntegrityError(
            f"no key of the policy signed the checkpoint of {checkpoint.origin}",
            remedy="compare the key of the log line with the one that its owner gave you",
        )
    for key in signed:
        note.verify(key)
    lapses = [policy.term(key).lapse(checkpoint.size) for key in signed]
    if all(lapses):
        raise IntegrityError(
            f"no key that may sign size {checkpoint.size} signed the checkpoint",
            where=f"keys of {checkpoint.origin}",
            why="; ".join(lapses),
        )
    cosigned, lapsed = _cosigned(note, checkpoint.size, policy)
    cosigners = [each.cosignature.key for each in cosigned]
    known = {(key.name, key.key_id) for key in (*signed, *(w.key for w in policy.witnesses))}
    # A key of a type that nobody here checks stays unknown, whatever the policy calls it.
    known -= {(w.key.name, w.key.key_id) for w in policy.witnesses if w.key.kind != COSIGNATURE}
    unknown = tuple(line for line in note.signatures if (line.name, line.key_id) not in known)
    quorum = policy.tally(cosigners)
    signers = tuple(key for key, lapse in zip(signed, lapses, strict=True) if not lapse)
    return Assent(checkpoint, note, signers, cosigned, lapsed, quorum, unknown)


def seen_by(found: Assent, policy: Policy) -> datetime | None:
    """Return the time of the last cosignature that the quorum needs, or None if it is short.

    So one witness whose clock is wrong moves nothing that others have to confirm.
    """
    timed = sorted(
        (each.cosignature for each in found.cosigned if each.cosignature.time),
        key=lambda each: each.time,
    )
    keys = set[VerifierKey]()
    for cosignature in timed:
        keys.add(cosignature.key)
        if policy.tally(keys).holds:
            return cosignature.at
    return None


def _cosigned(
    note: Note, size: int, policy: Policy
) -> tuple[tuple[Cosigned, ...], tuple[str, ...]]:
    """Return the verified cosignatures that count, and why others do not."""
    found, lapsed = list[Cosigned](), list[str]()
    for witness in policy.witnesses:
        if witness.key.kind != COSIGNATURE:
            continue
        cosignature = Cosignature.open(note, witness.key)
        if cosignature is not None:
            lapse = policy.term(witness.key).lapse(size, cosignature.at)
            if lapse:
                lapsed.append(lapse)
            else:
                found.append(Cosigned(witness.name, cosignature))
    return tuple(found), tuple(lapsed)
