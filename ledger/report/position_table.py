"""A position table shows people the capacity held, the operations done, and what is not known."""

from __future__ import annotations

from fractions import Fraction

from ledger.grade import GradeTable
from ledger.hardware import BITS, Device
from ledger.journeys.grading import Amounts, Gap, Partial, Tables
from ledger.journeys.position import Position, PositionRow, UnitRate
from ledger.quantity import Interval
from ledger.report.figure import decimal, readable, scientific
from ledger.report.position import Basis
from ledger.report.table import Column, Table

__all__ = ["position_tables"]

_HOUR_US = 3600 * 10**6
_TERA = 10**12
_NOTHING = "No allocation is recorded by then, so nothing is held."
_LEGEND = (
    "Each column is a dimension of its own; none adds to another. Figures are rounded down; "
    "-f json has them exact."
)
_SIGNS = "? is not known, – is refused, ≥ leaves out either; the reasons stand below."


def position_tables(position: Position, tables: Tables, basis: Basis) -> tuple[Table, ...]:
    """Return the position for people: capacity held, operations done, and what is not known.

    Capacity and operations stand in tables of their own because they never add.
    """
    if not position.rows:
        return (Table(_title(position, basis), (), (), (_NOTHING, *_notes(position, basis))),)
    shown = (_held_table(position, tables, basis), _done_table(position, tables, basis))
    return (*shown, _gap_table(position.gaps, tables.grades)) if position.gaps else shown


def _title(position: Position, basis: Basis) -> str:
    """Return what the position covers."""
    spans = [row.months for row in position.rows if row.months is not None]
    text = f"Capacity held: {basis.origin}"
    if spans:
        first, last = min(first for first, _ in spans), max(last for _, last in spans)
        text += f", {first}" if first == last else f", {first} to {last}"
    return f"{text}, as of {basis.as_of}"


def _held_table(position: Position, tables: Tables, basis: Basis) -> Table:
    """Return the four measures of capacity by grade."""
    names = ("device-hours", "PFLOP-hours", tables.unit.unit.symbol, "TPP-hours")
    rows = [
        (*_key_cells(row, tables.grades, basis), *_sum_cells(row.amounts, None))
        for row in position.rows
    ]
    total = (*_total_cells(basis), *_sum_cells(position.totals, "by format"))
    signs = (_SIGNS,) if position.gaps else ()
    return Table(
        _title(position, basis),
        (*_key_columns(basis), *(Column(name, "right") for name in names)),
        (*rows, total),
        (_LEGEND, *signs, *_notes(position, basis), *_rate_notes(position, tables)),
    )


def _done_table(position: Position, tables: Tables, basis: Basis) -> Table:
    """Return the operations by the grade of what they were done on."""
    rows = [
        (*_key_cells(row, tables.grades, basis), _interval(row.amounts.sums.operations))
        for row in position.rows
    ]
    total = (*_total_cells(basis), _interval(position.totals.sums.operations))
    return Table(
        "Operations done",
        (*_key_columns(basis), Column("operations", "right")),
        (*rows, total),
        ("One operation counts one, whatever its width. A range holds the true number.",),
    )


def _key_columns(basis: Basis) -> tuple[Column, ...]:
    """Return the columns that tell rows apart."""
    columns = (Column("format"), Column("grade", wide=True), Column("scale"))
    return (*columns, Column("month")) if basis.by_month else columns


def _key_cells(row: PositionRow, grades: GradeTable, basis: Basis) -> tuple[str, ...]:
    """Return what tells a row apart."""
    key = row.key
    span = grades.span(key.possible)
    grade = span if len(key.possible) == 1 else f"? {span}"
    cells = (f"{key.precision} {key.sparsity}", grade, key.scale or "?")
    return (*cells, key.month or "undated") if basis.by_month else cells


def _total_cells(basis: Basis) -> tuple[str, ...]:
    """Return the first cells of the line of totals."""
    return ("total", "", "", "") if basis.by_month else ("total", "", "")


def _sum_cells(amounts: Amounts, capacity: str | None) -> tuple[str, ...]:
    """Return the measures of capacity; ``capacity`` stands in where formats do not add."""
    return (
        _partial(amounts.device_time),
        _partial(amounts.capacity) if capacity is None else capacity,
        _reference(amounts),
        _partial(amounts.processing_time),
    )


def _partial(partial: Partial) -> str:
    """Return a sum; a sum that leaves something out is a lower bound."""
    if partial.total is None:
        return "?"
    return f"{'≥ ' if partial.missing_rows else ''}{readable(partial.total.value)}"


def _reference(amounts: Amounts) -> str:
    """Return the reference units; a dash where there is capacity but the unit refuses it."""
    refused = amounts.reference.total is None and amounts.capacity.total is not None
    return "–" if refused else _partial(amounts.reference)


def _interval(interval: Interval) -> str:
    """Return an interval of operations."""
    if interval.hi is None:
        return f"≥ {scientific(interval.lo)}" if interval.lo else "?"
    if interval.known:
        return scientific(interval.lo)
    return f"{scientific(interval.lo)} to {scientific(interval.hi, up=True)}"


def _gap_table(gaps: tuple[Gap, ...], grades: GradeTable) -> Table:
    """Return what could not be graded or stated, and why."""
    return Table(
        "Could not be graded or stated, and why",
        (
            Column("what"),
            Column("why", wide=True),
            Column("to record", wide=True),
            Column("possible", wide=True),
            Column("rows", "right"),
            Column("device-hours", "right"),
        ),
        tuple(
            (
                gap.what,
                gap.why,
                ", ".join(gap.missing) or "–",
                grades.span(gap.possible) or "–",
                f"{gap.rows:,}",
                _gap_hours(gap),
            )
            for gap in gaps
        ),
    )


def _gap_hours(gap: Gap) -> str:
    """Return the device-hours that a gap concerns."""
    if gap.rows == gap.unknown_rows:
        return "?"
    hours = readable(Fraction(gap.device_us, _HOUR_US))
    return f"≥ {hours}" if gap.unknown_rows else hours


def _notes(position: Position, basis: Basis) -> tuple[str, ...]:
    """Return what the sums leave out."""
    notes = []
    undated = sum(row.undated_rows for row in position.rows)
    if undated:
        notes.append(f"Allocations without a date: {undated:,}.")
    if basis.unsigned_tail:
        notes.append(f"Entries after the newest checkpoint, not counted: {basis.unsigned_tail:,}.")
    if position.corroborating_rows:
        notes.append(
            f"Corroborating allocations left out: {position.corroborating_rows:,}; other records "
            "already count them."
        )
    if position.cumulative_rows:
        notes.append(
            f"Published cumulative figures left out: {position.cumulative_rows:,}; they include "
            "other models' work."
        )
    return tuple(notes)


def _rate_notes(position: Position, tables: Tables) -> list[str]:
    """Return how many reference units an hour of each part gives, format by format."""
    notes = []
    for device in sorted({rate.device for rate in position.rates}):
        rates = [rate for rate in position.rates if rate.device == device]
        listed = ", ".join(f"{rate.precision} {decimal(rate.units.value)}" for rate in rates)
        text = f"One hour of {device} gives, in {tables.unit.unit.symbol}: {listed}."
        notes.append(text + _why_different(tables.catalogue.devices[device], rates))
    return notes


def _why_different(device: Device, rates: list[UnitRate]) -> str:
    """Return why an hour gives another number of units in another format, if it does."""
    products: dict[Fraction, str] = {}
    for rate in rates:
        peak, bits = device.peak(rate.precision), BITS.get(rate.precision)
        if peak is not None and bits is not None:
            text = f"{bits} × {readable(Fraction(peak, _TERA))}"
            products.setdefault(rate.units.value, text)
    if len(products) == 1:
        return ""
    return " They differ because " + " is not ".join(reversed(products.values())) + " TFLOP/s."
