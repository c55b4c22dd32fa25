"""A store keeps entries and a checkpoint log keeps signed notes: what the log needs of both."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ledger.merkle import CompactRange

__all__ = ["Batch", "CheckpointLog", "Head", "KeyRow", "Row", "Store", "Tail"]


class Row(NamedTuple):
    """An entry as stored.

    Attributes:
        seq: Number of the entry, from 0.
        bytes: Canonical bytes: the leaf.
        hash: The stored leaf hash, 32 bytes.
    """

    seq: int
    bytes: builtins.bytes
    hash: builtins.bytes


class KeyRow(NamedTuple):
    """The newest entry recorded under an idempotency key.

    Attributes:
        seq: Number of the entry.
        content: Keyed digest of its content, 32 bytes.
    """

    seq: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends.

    Attributes:
        range: Merkle range over all entries, so that appending costs O(log n).
        prev: What the next entry carries as ``prev``, 64 hex digits.
        recorded_at: When the last entry was sealed; the empty text if there is none.
    """

    range: CompactRange
    prev: str
    recorded_at: str

    @property
    def size(self) -> int:
        """Number of entries."""
        return self.range.stop


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction adds, as tuples in the order of the columns.

    Attributes:
        entries: (seq, bytes, hash), consecutive.
        openings: (seq, ord, bytes).
        keys: (key, seq, content).
        head: Where the log ends afterwards.
    """

    entries: Sequence[tuple[int, bytes, bytes]]
    openings: Sequence[tuple[int, int, bytes]]
    keys: Sequence[tuple[bytes, int, bytes]]
    head: Head


class Tail(NamedTuple):
    """The end of a checkpoint log.

    Attributes:
        note: The newest whole note, or None if there is none.
        torn: Bytes after it, which an interrupted write left; empty as a rule.
    """

    note: bytes | None
    torn: bytes


class Store(Protocol):
    """Keeps entries with their openings and keys. Contract: ``tests/contracts``."""

    def origin(self) -> str:
        """Return the name of the ledger."""
        ...

    def head(self) -> Head:
        """Return where the log ends.

        Raises:
            IntegrityError: If the stored head and the last entry disagree.
        """
        ...

    def find_keys(self, keys: Sequence[bytes]) -> Mapping[bytes, KeyRow]:
        """Return, for each key that is known, the newest entry under it, reversed or not."""
        ...

    def append(self, expected: Head, batch: Batch) -> None:
        """Add a batch in one durable transaction, all of it or nothing.

        Raises:
            HeadMovedError: If the log no longer ends at ``expected``.
        """
        ...

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        ...

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        ...


class CheckpointLog(Protocol):
    """Keeps signed notes, oldest to newest, apart from the store."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep every other writer of this log waiting until the block is left."""
        ...

    def tail(self) -> Tail:
        """Return the newest note and what an interrupted write left after it."""
        ...

    def append(self, note: bytes) -> None:
        """Add a note durably; a torn tail that begins this very note is written anew.

        Raises:
            IntegrityError: If the torn tail is not the beginning of this note.
        """
        ...
