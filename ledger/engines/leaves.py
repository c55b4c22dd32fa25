"""Leaves are the canonical bytes of entries, in order, as an engine reads them from a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

from ledger.errors import IntegrityError
from ledger.log.store import Row
from ledger.merkle import CompactRange, leaf_hash

__all__ = [
    "SEGMENT",
    "Again",
    "Chunk",
    "Leaves",
    "Opened",
    "is_whole",
    "read_chunk",
    "read_range",
    "segments",
]

SEGMENT = 2**15
"""Entries in a segment: a whole one is a perfect subtree, so its Merkle range is one hash."""


class Leaves(Protocol):
    """Where entries are read from; a store is one."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""


class Opened(Leaves, Protocol):
    """A source that another process opened for itself."""

    def __enter__(self) -> Self:
        """Return the open source."""

    def __exit__(self, *_: object) -> None:
        """Close it."""

    def snapshot(self) -> AbstractContextManager[Self]:
        """Let everything read in the block come from one state of the database."""


Again: TypeAlias = Callable[[], Opened]
"""Opens a source anew; it goes to another process through a pipe."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive leaves, read and hashed.

    Attributes:
        data: Bytes of each.
        leaves: Merkle range over them.
        last: Leaf hash of the last one, 32 bytes.
    """

    data: tuple[bytes, ...]
    leaves: CompactRange
    last: bytes


def segments(size: int) -> Iterator[tuple[int, int]]:
    """Yield the bounds [start, stop) of the segments of a tree; the last may be short."""
    for start in range(0, size, SEGMENT):
        yield start, min(start + SEGMENT, size)


def is_whole(start: int, stop: int) -> bool:
    """Return whether a segment is as long as segments get: no later entry changes it."""
    return stop - start == SEGMENT


def read_chunk(source: Leaves, start: int, stop: int) -> Chunk:
    """Read and hash the entries [start, stop); ``start < stop``.

    Raises:
        IntegrityError: If an entry is missing, out of place, or not what was hashed.
    """
    data: list[bytes] = []
    hashes: list[bytes] = []
    for seq, leaf, stored in source.read(start, stop):
        digest = leaf_hash(leaf)
        if seq != start + len(data):
            break
        if digest != stored:
            raise IntegrityError(
                "the bytes are not those that were hashed", seq=seq, remedy="run: flopledger verify"
            )
        data.append(leaf)
        hashes.append(digest)
    if len(data) != stop - start:
        raise IntegrityError(
            f"entry {start + len(data)} is not there",
            seq=start + len(data),
            why=f"the checkpoint speaks of {stop} entries or more",
            remedy="put the newest copy of the database back",
        )
    return Chunk(tuple(data), CompactRange.of(hashes, start=start), hashes[-1])


def read_range(source: Leaves, start: int, stop: int) -> CompactRange:
    """Hash the entries [start, stop) as they are stored now, and return their Merkle range.

    Raises:
        IntegrityError: If an entry is missing, out of place, or not what was hashed.
    """
    return read_chunk(source, start, stop).leaves
