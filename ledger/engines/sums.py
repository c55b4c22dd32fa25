"""Exact sums over groups in polars: the one place where this package adds up columns.

Only the streaming engine checks Decimal sums for overflow; the in-memory group-by wraps without a
word (tests/test_overflow.py). So every group sum goes through ``group_sums``, which streams,
bounds rows × largest value below 10^38, and compares every exact sum with a float sum of the
same values. That float is the only one in the project; it is never a result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from ledger.engines.columns import AMOUNT
from ledger.errors import InputError, IntegrityError

__all__ = ["Grouping", "constants", "group_sums"]

LIMIT = 10**38  # what 38 digits hold
_FIRST = 4_096  # rows that tell which columns are worth a look at all
_TOLERANCE = 10**9  # the float sum may be off by one part in this


@dataclass(frozen=True, slots=True)
class Grouping:
    """A question to a frame.

    Attributes:
        frame: The rows; amounts are ``Decimal(38,0)`` and not negative, null adds nothing.
        keys: Columns to group by.
        counts: Columns of small integers to add up.
        amounts: Columns of amounts to add up.
        first: Column whose smallest value is kept, or None.
        same: Of ``constants``: keys that need no grouping, for every row has the same; or None.
    """

    frame: pl.LazyFrame
    keys: Sequence[str]
    counts: Sequence[str]
    amounts: Sequence[str]
    first: str | None = None
    same: pl.DataFrame | None = None

    def query(self) -> pl.LazyFrame:
        """Return the sums with what the guard needs beside them."""
        floats = (
            pl.col(name).cast(pl.Float64).abs().sum().alias(f"{name} float")
            for name in self.amounts
        )
        kept = [] if self.first is None else [pl.col(self.first).min()]
        return self.frame.group_by(*self._telling()).agg(
            *kept,
            *(pl.col(name).cast(pl.Int64).sum() for name in self.counts),
            *(pl.col(name).sum() for name in self.amounts),
            *floats,
            pl.max_horizontal(self.amounts).max().alias("largest"),
            pl.len().alias("len"),
        )

    def _telling(self) -> Sequence[str]:
        """Return the keys that tell groups apart, or one that does not if none does."""
        same = () if self.same is None else self.same.columns
        return [key for key in self.keys if key not in same] or self.keys[-1:]

    def whole(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the columns of the answer, the keys that all rows share among them."""
        same = () if self.same is None else self.same.get_columns()
        held = (pl.lit(value).first().alias(value.name) for value in same)
        return frame.with_columns(held).select(self.columns())

    def columns(self) -> list[str]:
        """Return the names of the columns of the answer."""
        kept = [] if self.first is None else [self.first]
        return [*self.keys, *kept, *self.counts, *self.amounts]


def group_sums(grouping: Grouping) -> pl.DataFrame:
    """Answer a question exactly.

    Questions are asked one at a time: collected together, polars keeps what they share in memory,
    which takes twice the time and three times the memory (measured on 2 million rows).

    Returns:
        One row a group: keys, first, counts, amounts.

    Raises:
        InputError: If the amounts are too large to be added in 38 digits.
        IntegrityError: If the sums do not agree with their own check.
    """
    try:
        frame = grouping.query().collect(engine="streaming")
    except pl.exceptions.ComputeError as error:
        if "overflow" not in str(error):
            raise
        raise _too_large() from error
    _guard(frame, grouping.amounts)
    return grouping.whole(frame)


def constants(frame: pl.LazyFrame, names: Sequence[str]) -> pl.DataFrame:
    """Return those of some columns that hold one value, or none, in every row: one row of them.

    Groups are looked up by all of their keys, and most of a ledger's say the same in every entry.
    """
    first = frame.select(names).head(_FIRST).collect(engine="streaming")
    likely = [name for name in names if first[name].n_unique() == 1]
    if not likely or first.height < _FIRST:
        return first.head(1).select(likely)
    others = (
        pl.col(name).ne_missing(pl.lit(first[name][0], dtype=first.schema[name])).any()
        for name in likely
    )
    told = frame.select(others).collect(engine="streaming").row(0)
    return first.head(1).select(n for n, differs in zip(likely, told, strict=True) if not differs)


def _guard(frame: pl.DataFrame, names: Sequence[str]) -> None:
    """Refuse sums that could have overflowed, or that differ from their float sums."""
    for name in names:
        if frame.schema[name] != AMOUNT:
            raise IntegrityError(f"{name} was added up as {frame.schema[name]}, not exactly")
    if int(frame["len"].sum()) * _largest(frame["largest"]) >= LIMIT:
        raise _too_large()
    # Group by group: a total of them would be added up by what is being checked.
    for name in names:
        wrong = frame.filter(_agrees(name).fill_null(value=False).not_())
        if wrong.height:
            found, about = wrong.select(name, f"{name} float").row(0)
            raise IntegrityError(
                f"an exact sum of {name} is {found}, but a check of it gives about {_told(about)}",
                why="a column was added up wrongly",
                remedy="run the same command with --engine plain, and report this",
            )


def _agrees(name: str) -> pl.Expr:
    """Tell of each group whether its exact sum is what the float sum says it is."""
    about = pl.col(f"{name} float")
    off = (pl.col(name).cast(pl.Float64) - about).abs()
    return about.is_finite() & (off * _TOLERANCE <= about)


def _told(about: float | None) -> str:
    """Return a float sum for people."""
    return "nothing" if about is None else f"{about:.17g}"


def _largest(amounts: pl.Series) -> int:
    """Return the largest of some amounts, nothing of none."""
    largest = amounts.max()
    assert largest is None or isinstance(largest, Decimal)
    return int(largest or 0)


def _too_large() -> InputError:
    """Build the error for amounts that 38 digits cannot add up."""
    return InputError(
        "the amounts are too large to be added in 38 digits",
        why="a sum that overflowed would be wrong without a word",
        remedy="run the same command with --engine plain, or look for a mistaken figure",
    )
