"""A survey looks at a table as a whole: what stands twice, what is alike, what is remarkable.

Of each row and leg it keeps a hash of eight bytes. Equal rows have equal hashes; only rows whose
hash stands twice are read again, and compared as they are.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.importers.ceilings import Unbounded, above_problems, with_ceilings
from ledger.importers.distinct import DistinctTexts
from ledger.importers.faults import Source, id_problems
from ledger.importers.legs import held, parted
from ledger.importers.natural_key import TURN
from ledger.importers.pages import LEG, LegPages, Pages
from ledger.importers.rows import REPEATED_ID, ROW

__all__ = ["Survey", "Surveyed"]

_ALIKE = ("run", "model", "activity", "from_ms", "until_ms", "not_after", "device", "precision")
"""What legs that look alike have in common: the parts of their natural key."""


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a survey found.

    Attributes:
        legs: What the records are written from.
        problems: Of ids that stand twice, repeated rows, and ceilings.
        runs: How many distinct runs the rows name.
        lines: The line or row that each leg came from.
    """

    legs: LegPages
    problems: list[Problem]
    runs: int
    lines: Sequence[int]


class Survey:
    """What is to be remembered of a table while it goes by."""

    def __init__(self, names: Sequence[str], source: Source, catalogue: Catalogue) -> None:
        """Begin with no row.

        Args:
            names: The columns of the file.
            source: The file.
            catalogue: The devices.
        """
        self._names, self._source, self._catalogue = names, source, catalogue
        self._ids: list[pl.Series] = []
        self._broken: list[pl.DataFrame] = []
        self._begin()

    def _begin(self) -> None:
        """Forget all that passed."""
        self._pages = Pages(self._names)
        self._runs = DistinctTexts()
        self._lines = array("I")
        self._rows: list[pl.Series] = []
        self._legs: list[pl.Series] = []
        self._above: list[Problem] = []
        self._unbounded = Unbounded()

    def add(self, good: pl.DataFrame, broken: pl.DataFrame) -> None:
        """Look at some more rows, as `typed` gives them.

        Args:
            good: Those that pass.
            broken: Those that break a rule; their ids count.
        """
        for rows in (good, broken):
            self._ids.append(rows.select("id").drop_nulls().hash_rows())
        self._broken.append(broken.filter(pl.col("id").is_not_null()).select(ROW, "id"))
        self._take(good)

    def _take(self, good: pl.DataFrame) -> None:
        """Look at rows that pass."""
        for page in self._pages.add(good):
            for run in page["run"].unique():
                self._runs.add(run)
            self._rows.append(page.select(self._names).hash_rows())
            legs = parted(page).select(ROW, *_ALIKE)
            self._legs.append(legs.select(_ALIKE).hash_rows())
            self._lines.extend(legs[ROW].to_list())
            rows = with_ceilings(held(page), self._catalogue)
            self._above += above_problems(rows, self._source)
            self._unbounded.add(rows)

    def finish(self) -> Surveyed:
        """Return what is to be said of the table as a whole."""
        ids = self._repeated_ids()
        if ids.height:
            before = self._pages
            self._begin()
            for rows in before:
                self._take(rows.filter(~_among(rows[ROW], ids[ROW])))
        problems = [
            *id_problems(ids, self._source),
            *self._repeated_rows(),
            *self._above,
            *self._unbounded.problems(self._source),
        ]
        legs = LegPages(self._pages, self._turns())
        return Surveyed(legs, problems, len(self._runs), self._lines)

    def _repeated_ids(self) -> pl.DataFrame:
        """Return `ROW` and `id` of the rows whose id stands on another one too, by row."""
        twice = _twice(self._ids)
        self._ids.clear()
        wanted = pl.col("id").is_not_null()
        passed = self._found(lambda page: page.select(ROW, "id").filter(wanted), ["id"], twice)
        found = [*self._broken, *(page.select(ROW, "id") for page in passed)]
        rows = pl.concat(found) if found else pl.DataFrame(schema={ROW: pl.Int64, "id": pl.String})
        return rows.filter(REPEATED_ID.broken).sort(ROW)

    def _repeated_rows(self) -> list[Problem]:
        """Return a finding for each row that says what an earlier one says."""
        twice = _twice(self._rows)
        self._rows.clear()
        names = list(self._names)
        found = list(self._found(lambda page: page.select(*names, ROW), names, twice))
        again = pl.concat(found).filter(~pl.struct(names).is_first_distinct())[ROW] if found else ()
        return [
            Problem(
                self._source.path,
                place,
                "repeated-row",
                "this row says word for word what an earlier row says; both are recorded",
                "delete one if it is the same compute, or give both an id if it is not",
                severity="finding",
                why="compute that stands twice counts twice",
            )
            for place in again
        ]

    def _turns(self) -> pl.DataFrame:
        """Number the legs that look alike in the order of the file."""
        twice = _twice(self._legs)
        self._legs.clear()
        found = list(self._found(lambda page: parted(page).select(_ALIKE), _ALIKE, twice))
        if not found:
            return pl.DataFrame(schema={LEG: pl.UInt32, TURN: pl.Int64})
        turns = pl.concat(found).select(LEG, pl.int_range(pl.len()).over(_ALIKE).alias(TURN))
        return turns.filter(pl.col(TURN) > 0)

    def _found(
        self,
        part: Callable[[pl.DataFrame], pl.DataFrame],
        names: Sequence[str],
        twice: pl.Series,
    ) -> Iterator[pl.DataFrame]:
        """Yield what may stand twice of each page.

        Args:
            part: What is looked at of the rows of a page.
            names: The columns in which they are to be equal.
            twice: The hashes that stand more than once, as `_twice` gives them.
        """
        if twice.is_empty():
            return
        start = 0
        for page in self._pages:
            looked = part(page)
            hashes = looked.select(names).hash_rows()
            yield looked.with_row_index(LEG, start).filter(_among(hashes, twice))
            start += looked.height


def _twice(hashes: Sequence[pl.Series]) -> pl.Series:
    """Return the hashes that stand more than once, in order."""
    every = pl.concat(hashes).sort() if hashes else pl.Series(dtype=pl.UInt64)
    return every.filter(every == every.shift(1)).unique().sort()


def _among(values: pl.Series, some: pl.Series) -> pl.Series:
    """Return which values are among some, at least one, which are in order."""
    # A set of them would be built for each page anew, and a large table has many of both.
    places = some.search_sorted(values, side="left")
    return some.gather(places.clip(upper_bound=len(some) - 1)) == values
