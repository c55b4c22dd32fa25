"""A chunk is what one transaction of an import takes: drafts of a file, and what vanished."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ledger.record.draft import Draft
from ledger.record.sheet import Sheet
from ledger.record.whole import Whole

__all__ = ["Chunk", "chunks_of"]


class Chunk(NamedTuple):
    """A part of what a file tells.

    Attributes:
        source: Name of the file.
        start: Place of the first draft among those of the file.
        drafts: Records.
        vanished: Things that hold nothing any more.
    """

    source: str
    start: int
    drafts: Sequence[Draft]
    vanished: Sequence[Whole]


def chunks_of(source: str, told: Iterable[Draft | Whole], size: int) -> Iterator[Chunk]:
    """Yields what a file tells in chunks, a little larger where legs of one thing would be parted.

    Args:
        source: name of the file.
        told: its drafts and vanished things, in its order.
        size: how many of both a chunk has.
    """
    if isinstance(told, Sheet):
        yield from _chunks_of_sheet(source, told, size)
        return
    start, drafts, vanished = 0, list[Draft](), list[Whole]()
    for found in told:
        if len(drafts) + len(vanished) >= size and not _continues(drafts, found):
            yield Chunk(source, start, drafts, vanished)
            start, drafts, vanished = start + len(drafts), [], []
        if isinstance(found, Draft):
            drafts.append(found)
        else:
            vanished.append(found)
    if drafts or vanished:
        yield Chunk(source, start, drafts, vanished)


def _chunks_of_sheet(source: str, sheet: Sheet, size: int) -> Iterator[Chunk]:
    """Yields the chunks of a sheet, whose drafts need not be built for it."""
    start = 0
    while start < len(sheet):
        stop = min(start + size, len(sheet))
        while stop < len(sheet) and _continues((sheet[stop - 1],), sheet[stop]):
            stop += 1
        yield Chunk(source, start, sheet[start:stop], ())
        start = stop


def _continues(drafts: Sequence[Draft], found: Draft | Whole) -> bool:
    """Whether what follows is a further leg of the thing that the last draft is of."""
    if isinstance(found, Whole) or found.whole is None or not drafts:
        return False
    last = drafts[-1].whole
    return last is not None and last.key == found.whole.key
