"""Legs by day and by run: the second pass, over the models that a line is near for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from ledger.engines.sums import Grouping, group_sums
from ledger.measure import Leg
from ledger.quantity import Interval

__all__ = ["collect_legs"]

_KEYS = (
    *("model", "run", "activity", "operation_kind", "extent", "developer"),
    *("day", "not_after", "commitment", "evidence", "device"),
)
_COUNTS = ("rows", "unbounded", "error_unbounded", "device_us_unknown")
_AMOUNTS = ("lo", "hi", "error_lo", "error_hi", "device_us")
_SLICE = 65_536  # groups whose amounts stand as digits at a time
_COLUMNS = (*_KEYS, "seq", *_COUNTS, *_AMOUNTS)


def collect_legs(
    batches: Sequence[pl.LazyFrame], models: frozenset[str]
) -> Mapping[str, tuple[Leg, ...]]:
    """Group the standing primary rows of some models.

    Args:
        batches: Rows that count, as the fold reads them, batch by batch.
        models: Names of models.

    Returns:
        Legs by model, in order of ``seq``; models without any are left out.
    """
    wanted = [_of_models(rows, models) for rows in batches]
    reversed_seqs = [seq for rows in wanted for seq in _reversed(rows)]
    return _legs(_together([_standing(rows, reversed_seqs) for rows in wanted]))


def _together(batches: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """Group each batch, and then all of them."""
    parts = [_grouped(rows) for rows in batches]
    return parts[0] if len(parts) == 1 else _grouped(pl.concat(parts).lazy())


def _legs(whole: pl.DataFrame) -> dict[str, tuple[Leg, ...]]:
    """Return groups as legs, by model and in their order."""
    found: dict[str, list[Leg]] = {}
    # Most runs, days and letters come again and again; each is kept once.
    once: dict[Any, Any] = {}
    # In slices: a sorted copy of the whole would take as much memory again.
    for some in whole["seq"].arg_sort().to_frame("place").iter_slices(_SLICE):
        # Digits become integers fast; decimals would be made of Python's first.
        digits = whole[some["place"]].with_columns(pl.col(*_AMOUNTS).cast(pl.String))
        for row in digits.select(*_COLUMNS).iter_rows():
            model, *keys = (once.setdefault(key, key) for key in row[: len(_KEYS)])
            found.setdefault(model, []).append(_leg(keys, row[len(_KEYS) :]))
    return {model: tuple(legs) for model, legs in found.items()}


def _of_models(rows: pl.LazyFrame, models: frozenset[str]) -> pl.LazyFrame:
    """Keep the primary rows of some models that had happened."""
    wanted = pl.col("model").is_in(sorted(models)) & (pl.col("role") == "primary")
    return rows.filter(wanted & pl.col("rows"))


def _reversed(rows: pl.LazyFrame) -> Iterator[int]:
    """Yield the entries that reversals take back."""
    taken = rows.filter(pl.col("sign") < 0).select("reverses").collect(engine="streaming")
    yield from taken["reverses"].to_list()


def _standing(rows: pl.LazyFrame, reversed_seqs: Sequence[int]) -> pl.LazyFrame:
    """Keep the additions that no reversal takes back."""
    gone = pl.Series(reversed_seqs, dtype=pl.Int64)
    kept = rows.filter((pl.col("sign") > 0) & pl.col("seq").is_in(gone.implode()).not_())
    # A device tells legs apart only where it was delivered: there it says what the time is worth.
    delivered = pl.col("commitment").is_not_null() & (pl.col("extent") == "own")
    return kept.with_columns(device=pl.when(delivered).then("device"))


def _grouped(rows: pl.LazyFrame) -> pl.DataFrame:
    """Put together what is alike in all but seq and amounts."""
    return group_sums(Grouping(rows, _KEYS, _COUNTS, _AMOUNTS, first="seq"))


def _leg(keys: Sequence[Any], row: Sequence[Any]) -> Leg:
    """Return one group as a leg, from its keys but the model, and its other columns."""
    run, activity, kind, extent, developer, day, not_after, commitment, evidence, device = keys
    seq, rows, unbounded, error_unbounded, device_us_unknown, *amounts = row
    whole = {digits: int(digits) for digits in amounts}  # the two intervals are often the same
    lo, hi, error_lo, error_hi, device_us = (whole[digits] for digits in amounts)
    return Leg(
        seq=seq,
        run=run,
        activity=activity,
        operation_kind=kind,
        extent=extent,
        day=day,
        not_after=not_after,
        lo=lo,
        hi=None if unbounded else hi,
        commitment=commitment,
        device_us=None if device_us_unknown else device_us,
        developer=developer,
        rows=rows,
        error=Interval(error_lo, None if error_unbounded else error_hi),
        evidence=evidence,
        device=device,
    )
