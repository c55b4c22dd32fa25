"""Anchoring a ledger records that somebody outside saw one of its checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

from ledger.checkpoint import Checkpoint, Note
from ledger.errors import ConflictError, InputError, IntegrityError
from ledger.journeys.importing import Ledger
from ledger.period import format_instant
from ledger.record.draft import draft_of

__all__ = ["Evidence", "cosigned", "record_anchor"]

_COSIGNATURE_BYTES: Final = 72  # eight of time and 64 of Ed25519, C2SP tlog-cosignature
_TIME_BYTES: Final = 8
_LAST_SECOND: Final = 253_402_300_799  # of the year 9999


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody outside gave.

    Attributes:
        kind: A checkpoint with cosignatures, or a timestamp over one.
        size: Entries under the checkpoint.
        data: The bytes of the file.
        stated_time: What it says about when, ``YYYY-MM-DDTHH:MM:SSZ``, the earliest if it says
            several; None if it cannot be read.
    """

    kind: Literal["cosigned_checkpoint", "timestamp"]
    size: int
    data: bytes
    stated_time: str | None

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, 64 hex digits: what the entry names."""
        return hashlib.sha256(self.data).hexdigest()


def cosigned(data: bytes, ours: Checkpoint) -> Evidence:
    """Read a cosigned checkpoint, and hold it against the one of that size here.

    The cosignatures are not checked: whoever verifies has the keys of the witnesses.

    Args:
        data: The note.
        ours: What the ledger signed over so many entries.

    Raises:
        InputError: If the bytes are no note, or nobody but the log signed it.
        IntegrityError: If it is the checkpoint of another state of the log.
    """
    note = Note.parse(data)
    if note.text != ours.text():
        raise IntegrityError(
            f"the checkpoint over {ours.size} entries is not the one of this ledger",
            where=f"checkpoint {ours.size}",
            why="two states of one size are two histories",
            remedy="keep both as evidence; flopledger verify says whether this one holds",
        )
    times = list(_times(note))
    if not times:
        raise InputError(
            "the note carries no cosignature",
            why="a checkpoint that nobody outside saw bounds no time",
            remedy="let a witness cosign it first",
        )
    # Which witnesses are needed is not known here: a single clock that is ahead must claim nothing.
    earliest = datetime.fromtimestamp(min(*times, _LAST_SECOND), UTC)
    return Evidence("cosigned_checkpoint", ours.size, data, format_instant(earliest))


def record_anchor(ledger: Ledger, evidence: Evidence) -> int:
    """Append that a checkpoint was seen outside, and return the number of the entry.

    The file must be on the disk before: only with it the entry bounds a time.

    Raises:
        ConflictError: If this very evidence is recorded already.
        HeadMovedError: If another writer appended meanwhile.
    """
    body = {
        "kind": evidence.kind,
        "size": evidence.size,
        "evidence_sha256": evidence.sha256,
        "stated_time": evidence.stated_time,
    }
    appended = ledger.append([draft_of("anchor", body, key=("evidence", evidence.sha256))])
    if not appended.new:
        raise ConflictError(
            f"this evidence is recorded already: {evidence.sha256}",
            why="a second entry would bound nothing more",
            remedy="nothing is to be done; a later checkpoint, seen outside, bounds more",
        )
    return appended.new[0]


def _times(note: Note) -> Iterator[int]:
    """Yield what the lines that have the form of cosignatures say about when."""
    for row in note.signatures:
        if len(row.signature) == _COSIGNATURE_BYTES:
            yield int.from_bytes(row.signature[:_TIME_BYTES], "big")
