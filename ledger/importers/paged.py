"""Paged drafts: a sheet of a table of any size, of which a page or two is in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, chain
from typing import overload

import polars as pl

from ledger.canonical import JSON
from ledger.hardware import Catalogue
from ledger.importers.ceilings import with_ceilings
from ledger.importers.drafts import FrameDrafts, finished
from ledger.importers.faults import Source
from ledger.importers.legs import cut
from ledger.importers.pages import LegPages
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet, Spelling

__all__ = ["PagedDrafts"]

_PAGES_HELD = 2  # a chunk ends in one page and goes on in the next


class PagedDrafts(Sheet):
    """The allocations of a table; a slice of them is in memory whole."""

    type = "allocation"

    def __init__(self, legs: LegPages, source: Source, catalogue: Catalogue) -> None:
        """Keeps the checked rows of one file."""
        self._legs = legs
        self._source = source
        self._catalogue = catalogue
        self._starts = list(accumulate(legs.pages.legs, initial=0))
        self._held: dict[int, pl.DataFrame] = {}

    def __len__(self) -> int:
        """The number of drafts."""
        return self._starts[-1]

    @overload
    def __getitem__(self, index: int) -> Draft: ...
    @overload
    def __getitem__(self, index: slice) -> FrameDrafts: ...
    def __getitem__(self, index: int | slice) -> Draft | FrameDrafts:
        """Builds one draft, or takes a slice of them as they are."""
        if isinstance(index, slice):
            places = range(len(self))[index]
            first, last = (0, -1) if not places else sorted((places[0], places[-1]))
            return FrameDrafts(self._between(first, last + 1), self._source)[:: places.step]
        place = range(len(self))[index]
        number = bisect_right(self._starts, place) - 1
        return FrameDrafts(self._page(number), self._source)[place - self._starts[number]]

    def fields(self, *names: str) -> Iterator[tuple[JSON, ...]]:
        """Yields some fields of each body: texts, integers or null."""
        return chain.from_iterable(page.fields(*names) for page in self._sheets())

    def spellings(self, pseudonym: Callable[[str, str], str]) -> Iterator[Spelling]:
        """Yields the canonical bytes of each draft."""
        return chain.from_iterable(page.spellings(pseudonym) for page in self._sheets())

    def surpassing(self) -> Sequence[int]:
        """The places of the legs that state more operations than their ceiling."""
        return [
            start + place
            for start, page in zip(self._starts, self._sheets(), strict=False)
            for place in page.surpassing()
        ]

    def __iter__(self) -> Iterator[Draft]:
        """Builds the drafts a page at a time."""
        return chain.from_iterable(self._sheets())

    def _sheets(self) -> Iterator[FrameDrafts]:
        """Yields the drafts of each page."""
        for number in range(len(self._legs.pages)):
            yield FrameDrafts(self._page(number), self._source)

    def _between(self, start: int, stop: int) -> pl.DataFrame:
        """The finished legs [start, stop)."""
        number, parts = bisect_right(self._starts, start) - 1, list[pl.DataFrame]()
        while start < stop:
            first, end = self._starts[number], min(stop, self._starts[number + 1])
            parts.append(self._page(number)[start - first : end - first])
            start, number = end, number + 1
        return pl.concat(parts) if parts else self._written(self._legs.pages.none(), 0)

    def _page(self, number: int) -> pl.DataFrame:
        """The legs of a page as the fields of records; those read last are held."""
        if number not in self._held:
            while len(self._held) >= _PAGES_HELD:
                del self._held[next(iter(self._held))]
            rows = self._legs.pages.read(number)
            self._held[number] = self._written(rows, self._starts[number])
        return self._held[number]

    def _written(self, rows: pl.DataFrame, start: int) -> pl.DataFrame:
        """The legs of some rows as the fields of records; the first of them is leg `start`."""
        legs = with_ceilings(cut(rows), self._catalogue)
        turns = self._legs.turns_of(start, start + legs.height)
        return finished(legs, self._source, self._catalogue, turns)
