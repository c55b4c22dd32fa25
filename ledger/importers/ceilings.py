"""Ceilings: the most that the devices of a row could have done in the time held."""

from __future__ import annotations

import polars as pl

from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.importers.faults import Source
from ledger.importers.rows import ROW
from ledger.methods.bound import BOUNDED, excess, excess_problem

__all__ = ["Unbounded", "above_problems", "surpassing", "with_ceilings"]

NO_CEILING = "\x00no_ceiling"
"""The frame's own column that says why a row has no ceiling; null where it has one."""

_US = 10**6
"""Device-microseconds times operations a second are millionths of an operation."""

_INT128_MAX = 2**127 - 1


def with_ceilings(frame: pl.DataFrame, catalogue: Catalogue) -> pl.DataFrame:
    """Adds the dense peak of each row's device and precision, and what it allows in the time.

    Args:
        frame: rows or legs, with `device_us`.
        catalogue: the devices.

    Returns:
        The frame with `peak_operations_per_s` and `ceiling_operations` as digits, null where
        not known, and `NO_CEILING`.
    """
    kinds = frame.select("device", "precision", "sparsity").unique()
    rates = [_peak(catalogue, *kind) for kind in kinds.iter_rows()]
    table = kinds.with_columns(
        pl.Series("peak", [peak for peak, _ in rates], dtype=pl.Int64),
        pl.Series(NO_CEILING, [reason for _, reason in rates], dtype=pl.String),
    )
    joined = frame.join(
        table,
        on=["device", "precision", "sparsity"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    held = pl.col("device_us").is_not_null()
    reason = pl.coalesce(NO_CEILING, pl.when(~held).then(pl.lit("no device time is stated")))
    joined = joined.with_columns(reason.alias(NO_CEILING))
    return joined.with_columns(
        pl.col("peak").cast(pl.String).alias("peak_operations_per_s"), _most(joined)
    ).drop("peak")


def _most(rows: pl.DataFrame) -> pl.Series:
    """The most that each row allows, as digits; null where nothing bounds it."""
    bounded = pl.col(NO_CEILING).is_null()
    time_us, peak = rows["device_us"].max(), rows["peak"].max()
    assert isinstance(time_us, int | None), "device-microseconds are whole"
    assert isinstance(peak, int | None), "peaks are whole"
    if (time_us or 0) * (peak or 0) <= _INT128_MAX:
        most = (pl.col("device_us") * pl.col("peak").cast(pl.Int128) // _US).cast(pl.String)
        return rows.select(ceiling_operations=pl.when(bounded).then(most)).to_series()
    # Python integers: the product of a large row and a fast device can pass 2^127.
    columns = zip(rows["device_us"], rows["peak"], rows[NO_CEILING], strict=True)
    texts = [None if why is not None else str(us * peak // _US) for us, peak, why in columns]
    return pl.Series("ceiling_operations", texts, dtype=pl.String)


def _peak(
    catalogue: Catalogue, device: str | None, precision: str, sparsity: str
) -> tuple[int | None, str | None]:
    """The dense peak of one device, and why it bounds nothing if it does not."""
    if device is None:
        return None, "no device is stated"
    if precision == "unknown":
        return None, "the precision is unknown"
    peak = catalogue.find(device).peak(precision)
    if peak is None:
        return None, f"the catalogue has no {precision} peak for {device}"
    if sparsity != "dense":
        return peak, f"sparsity is {sparsity}, and the dense peak bounds dense operations only"
    return peak, None


def surpassing() -> pl.Expr:
    """Whether a leg or row states more operations than its ceiling, which `excess` puts in words.

    Canonical digits are compared as they are: the longer text is the larger number.
    """
    ceiling = pl.col(BOUNDED[0])
    above = [
        (stated.str.len_bytes() > ceiling.str.len_bytes())
        | ((stated.str.len_bytes() == ceiling.str.len_bytes()) & (stated > ceiling))
        for stated in map(pl.col, BOUNDED[1:])
    ]
    return pl.any_horizontal(above).fill_null(value=False)


def above_problems(rows: pl.DataFrame, source: Source) -> list[Problem]:
    """Finds the rows that state more operations than their devices could do.

    Args:
        rows: whole rows, before they are cut, as `with_ceilings` gives them.
        source: the file.
    """
    above = rows.filter(surpassing())
    found = []
    for row in above.select(ROW, "device", "precision", *BOUNDED).iter_rows(named=True):
        most = excess(row)
        assert most is not None, "the columns say what the row says"
        found.append(excess_problem(source.path, row[ROW], most))
    return found


class Unbounded:
    """The rows that neither state operations nor have a ceiling, counted by the reason."""

    def __init__(self) -> None:
        """Begin with none."""
        self._reasons: dict[str, tuple[int, int]] = {}

    def add(self, rows: pl.DataFrame) -> None:
        """Count those among some rows, as `with_ceilings` gives them."""
        unstated = pl.col("operations").is_null() & pl.col("operations_high").is_null()
        without = rows.filter(pl.col(NO_CEILING).is_not_null() & unstated)
        reasons = without.group_by(NO_CEILING).agg(pl.len(), pl.col(ROW).min())
        for reason, count, place in reasons.iter_rows():
            before, first = self._reasons.get(reason, (0, place))
            self._reasons[reason] = before + count, min(first, place)

    def problems(self, source: Source) -> list[Problem]:
        """Return one note a reason, at the first row that has it."""
        reasons = ((place, why, count) for why, (count, place) in self._reasons.items())
        return [
            Problem(
                source.path,
                place,
                "no-ceiling",
                f"{count} row{'s state' if count > 1 else ' states'} no operations and "
                f"{'have' if count > 1 else 'has'} no ceiling: {reason}",
                "state what is known of operations, device, time, precision and sparsity",
                severity="note",
                why="the operations of such a row may be anything from zero to no limit",
            )
            for place, reason, count in sorted(reasons)
        ]
