"""Legs: the checked rows of a table cut at UTC midnights, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from ledger.importers.rows import DAY_MS
from ledger.importers.shares import ordered, shares

__all__ = ["PART", "cut", "days_of", "held", "parted"]

PART = "\x00part"
"""The frame's own column that numbers the legs of a row from 0."""

_PARTS = "\x00parts"
_BAND = ("n_operations_low", "n_operations", "n_operations_high")


def cut(rows: pl.DataFrame) -> pl.DataFrame:
    """Cuts every dated row at the UTC midnights inside it.

    Device time is exact: devices by milliseconds for each piece. Amounts that the row states as
    a whole (operations, and hours without devices) are divided in proportion to the time, by
    largest remainder, so that the pieces add up to the row.

    Args:
        rows: checked rows as `ledger.importers.rows.typed` gives them.

    Returns:
        One row a leg, in the order of the rows, with `PART`, the leg's own `from_ms` and
        `until_ms`, `device_us` (Int128) and the amounts.
    """
    pieces = parted(rows)
    if pieces.height == rows.height:
        return held(pieces).drop(_PARTS)
    return held(_divided(pieces)).drop(_PARTS)


def parted(rows: pl.DataFrame) -> pl.DataFrame:
    """Parts dated rows at the UTC midnights inside them; amounts are still those of the row.

    Args:
        rows: checked rows as `ledger.importers.rows.typed` gives them.

    Returns:
        One row a leg, in the order of the rows, with `PART` and the leg's own times.
    """
    first = pl.col("from_ms") // DAY_MS
    pieces = rows.with_columns(days_of(rows).alias(_PARTS))
    if (pieces[_PARTS] == 1).all():
        return pieces.with_columns(pl.lit(0, pl.Int64).alias(PART))
    legs = pieces.with_columns(pl.int_ranges(0, _PARTS).alias(PART)).explode(PART)
    midnight = (first + pl.col(PART)) * DAY_MS
    return legs.with_columns(
        pl.max_horizontal("from_ms", midnight).alias("from_ms"),
        pl.min_horizontal("until_ms", midnight + DAY_MS).alias("until_ms"),
    )


def days_of(rows: pl.DataFrame) -> pl.Series:
    """Returns on how many UTC days each row is, which is how many legs it has."""
    days = (pl.col("until_ms") - 1) // DAY_MS - pl.col("from_ms") // DAY_MS + 1
    return rows.select(days.fill_null(1).cast(pl.Int64)).to_series()


def held(legs: pl.DataFrame) -> pl.DataFrame:
    """Adds `device_us` to rows or legs: devices by milliseconds, else the hours stated."""
    duration = pl.col("until_ms") - pl.col("from_ms")
    exact = pl.col("milli_devices").cast(pl.Int128) * duration
    return legs.with_columns(pl.coalesce(exact, "hours_us").alias("device_us"))


def _divided(legs: pl.DataFrame) -> pl.DataFrame:
    """Divides what each cut row states as a whole among its legs."""
    several = legs[_PARTS] > 1
    names = (*_BAND, "n_operations_executed", "hours_us")
    stated = [name for name in names if legs[name].filter(several).null_count() < several.sum()]
    if not stated:
        return legs
    amounts = {name: legs[name].to_list() for name in stated}
    lengths = (legs["until_ms"] - legs["from_ms"]).to_list()
    start = 0
    for parts in legs.filter(pl.col(PART) == 0)[_PARTS].to_list():
        stop = start + parts
        if parts > 1:
            _divide(amounts, lengths[start:stop], slice(start, stop))
        start = stop
    return legs.with_columns(
        pl.Series(name, values, dtype=pl.Int128) for name, values in amounts.items()
    )


def _divide(amounts: dict[str, list[int | None]], lengths: Sequence[int], place: slice) -> None:
    """Divides the amounts of one row in place; the ends of a band stay around their figure."""
    upper: Sequence[int] | None = None
    for name in reversed(list(amounts)):
        total = amounts[name][place.start]
        if total is None:
            continue
        parts = shares(total, lengths)
        if name in _BAND:
            parts = parts if upper is None else ordered(parts, upper)
            upper = parts
        amounts[name][place] = parts
