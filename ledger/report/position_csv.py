"""A position as a plain grid: full digits, no thousands marks, one number a cell."""

from __future__ import annotations

from ledger.capacity import Measures
from ledger.journeys.grading import Gap, Partial, Tables
from ledger.journeys.position import Position, PositionRow
from ledger.report.figure import decimal
from ledger.report.position import Basis
from ledger.report.table import Column, Table

__all__ = ["position_csv_tables"]

_ROW = (
    "precision",
    "sparsity",
    "grade",
    "possible_grades",
    "scale",
    "month",
    "first_month",
    "last_month",
    "undated_rows",
    "devices",
    "rows",
    "device_us",
    "device_us_unknown_rows",
    "device_hours",
)
_MEASURES = ("pflop_hours", "reference_units", "tpp_hours")
_OPERATIONS = ("operations_low", "operations_high", "operations_unbounded_rows")
_GAP = ("what", "why", "missing", "possible_grades", "rows", "device_us", "device_hours")


def position_csv_tables(position: Position, tables: Tables, basis: Basis) -> tuple[Table, ...]:
    """Return the rows of a position, then what could not be graded.

    An empty cell is not known. Decimals are rounded down at the sixth place.
    """
    del basis
    columns = list(_ROW)
    for name in _MEASURES:
        columns += [name, f"{name}_missing_rows"]
    columns += [*_OPERATIONS, "reference_unit"]
    rows = tuple((*_cells(row), tables.unit.unit.symbol) for row in position.rows)
    held = Table("", tuple(Column(name) for name in columns), rows)
    if not position.gaps:
        return (held,)
    gaps = tuple(_gap(gap, tables.measures) for gap in position.gaps)
    return held, Table("", tuple(Column(name) for name in _GAP), gaps)


def _cells(row: PositionRow) -> tuple[str, ...]:
    """Return one row."""
    key, amounts = row.key, row.amounts
    first, last = row.months or ("", "")
    time = amounts.device_time.total
    operations = amounts.sums.operations
    return (
        key.precision,
        key.sparsity,
        key.possible[0] if len(key.possible) == 1 else "",
        " ".join(key.possible),
        key.scale or "",
        key.month or "",
        first,
        last,
        str(row.undated_rows),
        " ".join(row.devices),
        str(amounts.sums.rows),
        "" if time is None else str(amounts.sums.device_us),
        str(amounts.sums.device_us_unknown),
        "" if time is None else decimal(time.value),
        *_measure(amounts.capacity),
        *_measure(amounts.reference),
        *_measure(amounts.processing_time),
        str(operations.lo),
        "" if operations.hi is None else str(operations.hi),
        str(amounts.sums.operations_unbounded),
    )


def _measure(partial: Partial) -> tuple[str, str]:
    """Return a sum and how many rows it leaves out."""
    value = "" if partial.total is None else decimal(partial.total.value)
    return value, str(partial.missing_rows)


def _gap(gap: Gap, measures: Measures) -> tuple[str, ...]:
    """Return one gap."""
    return (
        gap.what,
        gap.why,
        " ".join(gap.missing),
        " ".join(gap.possible),
        str(gap.rows),
        str(gap.device_us),
        decimal(measures.device_time(gap.device_us).value),
    )
