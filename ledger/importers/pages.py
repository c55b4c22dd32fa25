"""Pages are the checked rows of a table, kept outside of memory until their records are written.

A page is so small that its legs fit into memory together. It keeps the cells that the file has;
what follows from them is worked out again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import polars as pl

from ledger.importers.checks import completed, settled
from ledger.importers.legs import days_of
from ledger.importers.natural_key import TURN
from ledger.importers.rows import ROW, typed
from ledger.importers.scratch import Scratch

__all__ = ["LEG", "LEGS_MAX", "LegPages", "Pages"]

LEG = "\x00leg"
"""The frame's own column that numbers legs from 0 over a whole table."""

LEGS_MAX = 10_000
"""Legs of one page, unless a single row has more."""

_CACHE_KIB = 1024  # pages are written and read in their order


class Pages:
    """Rows of one table, in their order."""

    def __init__(self, names: Sequence[str]) -> None:
        """Begin with none, in the columns of the file."""
        self._names = [*names, ROW]
        self._scratch = Scratch("pages (number INTEGER PRIMARY KEY, data BLOB)", _CACHE_KIB)
        self.legs: list[int] = []
        """How many legs each page has."""

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.legs)

    def add(self, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Keep some more rows, as `typed` gives them; yield those of each page as it is kept."""
        days = days_of(rows)
        if 0 < (total := int(days.sum())) <= LEGS_MAX:
            self._keep(rows.select(self._names), total)
            yield rows
            return
        ends = list(accumulate(days.to_list()))
        start = done = 0
        for place, end in enumerate(ends, start=1):
            if place == len(ends) or ends[place] - done > LEGS_MAX:
                page = rows[start:place]
                self._keep(page.select(self._names), end - done)
                yield page
                start, done = place, end

    def _keep(self, page: pl.DataFrame, legs: int) -> None:
        """Write one page."""
        data = io.BytesIO()
        page.write_ipc(data, compression="lz4")
        row = (len(self.legs), data.getvalue())
        self._scratch.put("INSERT INTO pages VALUES (?, ?)", (row,))
        self.legs.append(legs)

    def read(self, number: int) -> pl.DataFrame:
        """Return the rows of a page, as `typed` gives them."""
        sql = "SELECT data FROM pages WHERE number = ?"
        ((data,),) = self._scratch.rows(sql, (number,))
        return self._typed(pl.read_ipc(data))

    def none(self) -> pl.DataFrame:
        """Return no rows, in the columns of a page."""
        types = {name: pl.Int64 if name == ROW else pl.String for name in self._names}
        return self._typed(pl.DataFrame(schema=types))

    def _typed(self, cells: pl.DataFrame) -> pl.DataFrame:
        """Return rows with what follows from their cells."""
        return typed(settled(completed(cells)))

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of each page."""
        for number in range(len(self)):
            yield self.read(number)


@dataclass(frozen=True, slots=True)
class LegPages:
    """The rows of a table by page, and which of their legs look like an earlier one.

    Attributes:
        pages: The rows.
        turns: `LEG` and `TURN` of the legs that look like an earlier one, in the order of the
            legs: its number among those that look alike, from 1.
    """

    pages: Pages
    turns: pl.DataFrame

    def turns_of(self, start: int, stop: int) -> pl.Series:
        """Return the number of each of the legs [start, stop) among those that look alike."""
        if self.turns.is_empty():
            return pl.repeat(0, stop - start, dtype=pl.Int64, eager=True)
        legs = pl.select(pl.int_range(start, stop, dtype=pl.UInt32).alias(LEG))
        first, end = (self.turns[LEG].search_sorted(leg) for leg in (start, stop))
        told = legs.join(self.turns[first:end], on=LEG, how="left", maintain_order="left")
        return told[TURN].fill_null(0)
