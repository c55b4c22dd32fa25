"""A witness cosigns a log as long as it only grows: a request, what was seen, and the decision.

A request is the body of C2SP tlog-witness ``add-checkpoint``: ``old <size>``, the hashes of a
consistency proof, an empty line, the checkpoint. Deciding is pure: a request and what the witness
saw last give what it has now seen, or a refusal with the status that C2SP asks for. Whoever keeps
the state must persist it before the cosignature leaves. Specification: ``schemas/witness.v1.md``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

from ledger.checkpoint import NOTE_MAX, Checkpoint, Note
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.inclusion import parse_hashes
from ledger.keys import VerifierKey
from ledger.merkle import EMPTY_ROOT, consistency_proof, root_of, verify_consistency

__all__ = ["REQUEST_MAX", "Refusal", "Request", "Seen", "Status", "decide", "request_of"]

REQUEST_MAX = NOTE_MAX + 4096  # bytes: a note, and at most 63 hashes of 45
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})")

Status = Literal[400, 403, 404, 409, 422]

_PHRASES: Final[dict[Status, str]] = {
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    409: "Conflict",
    422: "Unprocessable Entity",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a log asks a witness to cosign.

    Attributes:
        old: Size that the witness cosigned last, as the log believes.
        proof: Hashes of the consistency proof from there to the checkpoint.
        checkpoint: What the note states.
        note: The signed note.
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: Note

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read the body of a request; encoding it gives the same bytes again.

        Raises:
            InputError: If it is malformed or over a limit.
        """
        if len(data) > REQUEST_MAX:
            raise InputError(f"a request of {len(data)} bytes, more than {REQUEST_MAX}")
        head, found, note = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise InputError("malformed request: text before the note is not ASCII") from error
        old = _OLD.fullmatch(lines.pop(0))
        if old is None:
            raise InputError(
                "a request begins with the line old and a plain decimal size",
                remedy="flopledger checkpoint request --old N writes one",
            )
        if not found:
            raise InputError("malformed request: no empty line before the checkpoint")
        proof = parse_hashes(lines, "consistency")
        parsed = Note.parse(note)
        return cls(int(old[1]), proof, Checkpoint.parse(parsed.text), parsed)

    def encode(self) -> bytes:
        """Return the body of the request."""
        hashes = "".join(base64.b64encode(digest).decode() + "\n" for digest in self.proof)
        return f"old {self.old}\n{hashes}\n".encode() + self.note.encode()


@dataclass(frozen=True, slots=True)
class Seen:
    """The largest checkpoint of a log that a witness cosigned.

    Attributes:
        checkpoint: Origin, size and root.
        note: The note as the log signed it.
        time: When it was cosigned last, in seconds since 1970.
    """

    checkpoint: Checkpoint
    note: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a witness does not cosign.

    Attributes:
        status: The status that C2SP tlog-witness asks for.
        error: What is wrong, for people: an `IntegrityError` if the log may have cheated.
        size: For 409, the size that the witness cosigned last.
    """

    status: Status
    error: LedgerError
    size: int | None = None


def request_of(leaves: Sequence[bytes], note: bytes, old: int) -> Request:
    """Make the request for a witness that cosigned ``old`` entries last, and check its proof.

    Args:
        leaves: Leaf hashes of the log, at least as many as the checkpoint covers.
        note: The newest signed checkpoint.
        old: Size that the witness cosigned last, 0 for none.

    Raises:
        InputError: If the witness is ahead of the checkpoint.
        IntegrityError: If the leaves do not lead to the signed root.
    """
    parsed = Note.parse(note)
    checkpoint = Checkpoint.parse(parsed.text)
    if old > checkpoint.size:
        raise InputError(
            f"the witness cosigned {old} entries, the checkpoint covers {checkpoint.size}",
            why="a log that shrank is never cosigned again",
            remedy="check the size; if it is right, a part of this ledger is lost",
        )
    covered = leaves[: checkpoint.size]
    if len(covered) != checkpoint.size or root_of(covered) != checkpoint.root:
        raise IntegrityError(
            f"the {len(covered)} stored entries do not lead to the signed root over "
            f"{checkpoint.size}",
            why="a witness would refuse what is made of them",
            remedy="flopledger verify names what was changed",
        )
    proof = tuple(consistency_proof(covered, old))
    first = root_of(covered[:old]) if old else EMPTY_ROOT
    verify_consistency(old, first, checkpoint.size, checkpoint.root, proof)
    return Request(old, proof, checkpoint, parsed)


def decide(
    request: Request, seen: Seen | None, keys: Sequence[VerifierKey], time: int
) -> Seen | Refusal:
    """Decide whether a witness cosigns.

    Args:
        request: What the log asks.
        seen: What the witness cosigned last of this log, or None for nothing.
        keys: Keys of this log that the witness was given; empty for a log it does not know.
        time: Now, in seconds since 1970; a clock that went back is not followed.

    Returns:
        What the witness has seen with this request, to be persisted before the cosignature
        leaves; or why it refuses. The checks come in the order of C2SP tlog-witness.
    """
    refusal = _unknown(request, keys) or _unproved(request, seen)
    if refusal is not None:
        return refusal
    # Only the log's own lines are kept: whatever else stands there was not checked.
    mine = {(key.name, key.key_id) for key in keys}
    lines = tuple(s for s in request.note.signatures if (s.name, s.key_id) in mine)
    note = Note(request.note.text, lines).encode()
    return Seen(request.checkpoint, note, time if seen is None else max(time, seen.time))


def _unknown(request: Request, keys: Sequence[VerifierKey]) -> Refusal | None:
    """Return a refusal unless a known log signed, and every line of its keys verifies."""
    origin = request.checkpoint.origin
    if not keys:
        return _refused(
            404,
            InputError,
            f"this witness does not know the log {origin}",
            remedy="flopledger witness admit VKEY, with the key from the log's owner",
        )
    claimed = {(line.name, line.key_id) for line in request.note.signatures}
    mine = [key for key in keys if (key.name, key.key_id) in claimed]
    try:
        for key in mine:
            request.note.verify(key)
    except IntegrityError as error:
        return _refused(403, IntegrityError, error.message)
    if not mine:
        return _refused(
            403,
            IntegrityError,
            f"no key that this witness was given for {origin} signed the checkpoint",
            remedy="if the log has a new key: flopledger witness admit VKEY",
        )
    return None


def _unproved(request: Request, seen: Seen | None) -> Refusal | None:
    """Return a refusal unless the log only grew since it was cosigned last."""
    now, last = request.checkpoint, None if seen is None else seen.checkpoint
    if request.old > now.size:
        return _refused(
            400, InputError, f"the request goes from {request.old} entries back to {now.size}"
        )
    size, root = (0, EMPTY_ROOT) if last is None else (last.size, last.root)
    if request.old != size:
        return _stale(request, size)
    if size == now.size and root != now.root:
        return _refused(
            409,
            IntegrityError,
            f"two different logs of {size} entries, both signed by {now.origin}: a fork",
            why="the log shows different histories to different people",
            remedy="keep the request: flopledger witness compare makes the proof for others",
            size=size,
        )
    try:
        verify_consistency(size, root, now.size, now.root, request.proof)
    except IntegrityError as error:
        return _refused(
            422,
            IntegrityError,
            error.message,
            why="without proof, the entries that were cosigned may have been changed",
            remedy="keep the request; ask the log for a right proof",
        )
    return None


def _stale(request: Request, size: int) -> Refusal:
    """Return the refusal of a request that starts from another size than was cosigned."""
    checkpoint = request.checkpoint
    if checkpoint.size < size:
        return _refused(
            409,
            IntegrityError,
            f"the log shows {checkpoint.size} entries, this witness cosigned {size}",
            why="a log never shrinks: entries were cut off, or an old checkpoint was sent again",
            remedy=f"send the newest checkpoint, with old {size}",
            size=size,
        )
    return _refused(
        409,
        IntegrityError,
        f"the request starts from {request.old} entries, this witness cosigned {size}",
        why="only a proof from what was cosigned last shows that nothing was changed since",
        remedy=f"flopledger checkpoint request --old {size}",
        size=size,
    )


def _refused(  # noqa: PLR0913 - the parts of an error
    status: Status,
    kind: type[LedgerError],
    message: str,
    *,
    why: str = "",
    remedy: str = "",
    size: int | None = None,
) -> Refusal:
    """Return a refusal whose message begins with the status."""
    text = f"{status} {_PHRASES[status]}: {message}"
    return Refusal(status, kind(text, why=why, remedy=remedy), size)
