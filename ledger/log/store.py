"""A store keeps entries and a checkpoint log keeps signed notes: what the log needs of both."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ledger.merkle import CompactRange

__all__ = [
    "Asked",
    "Batch",
    "CheckpointLog",
    "Clerk",
    "Head",
    "KeyRow",
    "Queue",
    "Request",
    "Row",
    "Store",
    "Tail",
    "Waiting",
]


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

        Within it the whole head is compared: size, hash of the last entry, its time, and peaks. A
        log relies on that where it did not ask for the head before.

        Raises:
            HeadMovedError: If the log no longer ends at ``expected``.
            IntegrityError: If the stored head and the last entry disagree.
        """
        ...

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        ...

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        ...


class Clerk(Protocol):
    """Commits batches in another process, one at a time."""

    def begin(self, expected: Head, batch: Batch) -> bool:
        """Have a batch committed, as ``Store.append`` does; return whether it was taken."""
        ...

    def done(self) -> bool:
        """Wait for what was begun; return whether it is committed. False says nothing."""
        ...

    def pause(self) -> None:
        """Give a moment to whoever waits for the lock, which nobody has now."""
        ...

    def end(self) -> None:
        """End the process, whatever it is at; a server may still end what it was given."""
        ...


class CheckpointLog(Protocol):
    """Keeps signed notes, oldest to newest, apart from the store."""

    def exclusive(self, waiting: Waiting | None = None) -> AbstractContextManager[bool]:
        """Keep every other writer of this log waiting until the block is left.

        Args:
            waiting: Begun when another writer is at work; once it is served, the block gets False
                and no lock.
        """
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


class Waiting(Protocol):
    """What a writer does while another one is at work."""

    def begin(self) -> bool:
        """Ask to be served; return whether that can be."""
        ...

    def served(self, milliseconds: int) -> bool:
        """Wait for a sign, for so long at most; return whether another writer has served it."""
        ...


class Request(Protocol):
    """What a writer has left in the queue."""

    def wait(self, milliseconds: int) -> builtins.bytes:
        """Wait for a sign, for so long at most; return the reply, or nothing."""
        ...

    def withdraw(self) -> None:
        """Take it back, and wait no longer."""
        ...


class Asked(Protocol):
    """What another writer has left in the queue."""

    @property
    def data(self) -> builtins.bytes:
        """The request, and nothing behind it."""
        ...

    def promise(self, promise: builtins.bytes) -> None:
        """Leave what the reply will say if what is about to be committed is."""

    def answer(self, reply: builtins.bytes) -> None:
        """Give the reply, if that can be done, and take the request away."""
        ...

    def close(self) -> None:
        """Let go of it; without a reply its owner appends for itself."""
        ...


class Queue(Protocol):
    """Where writers leave what they wait to have appended. Only who has the lock replies."""

    def ask(self, data: builtins.bytes) -> Request | None:
        """Leave a request; None where that cannot be done, and the writer waits without."""
        ...

    def asked(self, known: Collection[str], bytes_max: int) -> Iterator[tuple[str, Asked]]:
        """Yield name and request of the writers that wait and live, oldest first.

        Args:
            known: Names to pass over.
            bytes_max: Larger ones are left out.
        """
        ...

    def gather(self, company: int) -> None:
        """Give those a moment who came along the last time, if that was so many.

        Whoever was served together is back at about the same time, and a flush for each takes
        longer than this moment: it is no longer than the last writing was.
        """
        ...

    def wake(self) -> None:
        """Give a sign to the oldest that waits: what was gathered is written, the lock is free."""
        ...
