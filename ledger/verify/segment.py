"""A segment is a run of entries that one process checks by itself, knowing only what stands before.

What needs the whole ledger is left to whoever joins the segments (``ledger.verify.split``): that
they touch, the signed roots, ids that come twice, reversals, and rows that belong to no entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, Self

from ledger.errors import IntegrityError
from ledger.merkle import HASH_BYTES, CompactRange
from ledger.verify.entries import Keys, Links, Openings
from ledger.verify.leaf import require_body
from ledger.verify.marks import Marker

__all__ = ["Piece", "Segment", "Source"]

_BLOCK = 1024  # leaves that are folded into one range
_NOTABLE = {"key", "reversal"}


class Source(Protocol):
    """A store that is open anew for a segment; ``ledger.stores.contract`` describes it."""

    def __enter__(self) -> Self:
        """Return the open store."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it."""
        ...

    def snapshot(self) -> AbstractContextManager[Self]:
        """Let everything read in the block come from one state of the database."""
        ...

    def read(self, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield the entries [start, stop) that exist, in order: (seq, bytes, hash)."""
        ...

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        ...

    def contents(self, carried: Mapping[int, bytes]) -> dict[int, bytes]:
        """Return, by entry, the digest of content that is stored under its key and its number."""
        ...


@dataclass(frozen=True, slots=True)
class Piece:
    """What held of a segment, for whoever joins it to the others.

    Attributes:
        start: Number of its first entry.
        stop: One more than that of its last.
        before: The stored hash of the entry before it, to which it is linked; empty at the start.
        first_at: When its first entry was recorded.
        last_at: When its last entry was recorded.
        hashes: Of its entries, one after another.
        blocks: Ranges over ``_BLOCK`` of them each, the last perhaps over fewer.
        marks: Of its ids, sorted; see ``ledger.verify.marks``.
        notable: Numbers of its reversals and of its ``key`` entries.
        openings: How many are there.
        erased: How many are not.
        opaque: Keys the content of which could not be recomputed.
    """

    start: int
    stop: int
    before: bytes
    first_at: str
    last_at: str
    hashes: bytes
    blocks: tuple[CompactRange, ...]
    marks: bytes
    notable: tuple[int, ...]
    openings: int
    erased: int
    opaque: int

    def hash_of(self, seq: int) -> bytes:
        """Return the hash of one of its entries."""
        at = (seq - self.start) * HASH_BYTES
        return self.hashes[at : at + HASH_BYTES]

    def ranges(self, start: int, stop: int) -> Iterator[CompactRange]:
        """Yield ranges that cover some of its entries: blocks, and what sticks out at both ends."""
        while start < stop:
            number, inside = divmod(start - self.start, _BLOCK)
            block = self.blocks[number]
            if inside == 0 and block.stop <= stop:
                yield block
            else:
                end = min(stop, block.stop)
                block = CompactRange.of(map(self.hash_of, range(start, end)), start=start)
                yield block
            start = block.stop


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment that is to be checked; where another process does it, it goes there through a pipe.

    Attributes:
        again: Opens the store anew.
        origin: Name of the ledger.
        secret: Key of the keyed digests, or None where it is not at hand.
        marker: Marks the ids.
        start: Number of the first entry.
        stop: One more than that of the last.
    """

    again: Callable[[], Source]
    origin: str
    secret: bytes | None = field(repr=False)
    marker: Marker = field(repr=False)
    start: int
    stop: int

    def check(self) -> Piece:
        """Take steps 4 to 7 and 9, and 10 as far as one entry goes, at each entry.

        Raises:
            IntegrityError: At the first fault.
            LedgerError: If the store cannot be opened.
        """
        with self.again() as source, source.snapshot():
            return self._walk(source)

    def _walk(self, source: Source) -> Piece:
        """Go over the entries."""
        before = _hash_before(source, self.start)
        links = Links(self.origin, self.start, before.hex() or None)
        openings = Openings(source.openings(self.start, self.stop))
        keys = Keys((), self.secret)
        first_at, hashes, ids, notable = "", list[bytes](), list[str](), list[int]()
        carried, digests = dict[int, bytes](), list[bytes | None]()
        for seq, data, stored in source.read(self.start, self.stop):
            leaf, digest = links.take(seq, data, stored)
            require_body(leaf)
            digests.append(keys.digest(leaf, openings.take(leaf)))
            carried[seq] = bytes.fromhex(leaf.key or "")
            hashes.append(digest)
            ids.append(leaf.id)
            if leaf.type in _NOTABLE:
                notable.append(seq)
            first_at = first_at or leaf.recorded_at
        if links.size != self.stop:
            raise IntegrityError(f"entry {links.size} is missing", seq=links.size)
        # All at once: in the order of the keys, each page of their table is read once.
        contents = source.contents(carried)
        for seq, content in zip(carried, digests, strict=True):
            keys.compare(seq, content, contents.get(seq))
        return Piece(
            start=self.start,
            stop=self.stop,
            before=before,
            first_at=first_at,
            last_at=links.recorded_at,
            hashes=b"".join(hashes),
            blocks=tuple(_blocks(hashes, self.start)),
            marks=self.marker.marks(ids),
            notable=tuple(notable),
            openings=openings.count,
            erased=openings.erased,
            opaque=keys.opaque,
        )


def _hash_before(source: Source, start: int) -> bytes:
    """Return the stored hash of the entry before; empty at the start of the ledger.

    Raises:
        IntegrityError: If it is not there.
    """
    if not start:
        return b""
    for _, _, digest in source.read(start - 1, start):
        if type(digest) is bytes:
            return digest
    raise IntegrityError(f"entry {start - 1} is missing", seq=start - 1)


def _blocks(hashes: list[bytes], start: int) -> Iterator[CompactRange]:
    """Yield the ranges over hashes, so many at a time."""
    for at in range(0, len(hashes), _BLOCK):
        yield CompactRange.of(hashes[at : at + _BLOCK], start=start + at)
