"""A position says how much graded compute was held and how much work was done with it.

Rows are told apart by precision, sparsity, interconnect grade, scale band and, if asked for, month.
Corroborating records never add: another record already counts the same compute.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from ledger.capacity import Format, Refusal
from ledger.grade import Grade
from ledger.hardware import FORMATS
from ledger.journeys.grading import Amounts, Gap, Grader, Partial, Slice, Tables
from ledger.measure import Folded
from ledger.quantity import Quantity

__all__ = ["Position", "PositionRow", "RowKey", "UnitRate", "position"]

_HOUR_US = 3600 * 10**6
_SPARSITIES = ("dense", "structured", "unknown")
_GAPS = (
    "interconnect",
    "scale",
    "device-hours",
    "pflop-hours",
    "reference-units",
    "tpp-hours",
    "operations",
)

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class RowKey:
    """What tells two rows of a position apart.

    Attributes:
        precision: Operand precision.
        sparsity: ``dense``, ``structured`` or ``unknown``.
        possible: Interconnect grades; more than one means undetermined.
        scale: Scale band, or None if not known.
        month: ``YYYY-MM``; None when the months are taken together, or for undated work.
    """

    precision: str
    sparsity: str
    possible: tuple[str, ...]
    scale: str | None
    month: str | None


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One row.

    Attributes:
        key: What it covers.
        amounts: Its measures.
        devices: Ids of the parts, sorted; an unrecorded part is left out.
        vectors: Interconnect letters, sorted.
        months: First and last month of the dated work; None if none is dated.
        undated_rows: Allocations without a date.
    """

    key: RowKey
    amounts: Amounts
    devices: tuple[str, ...]
    vectors: tuple[str, ...]
    months: tuple[str, str] | None
    undated_rows: int


@dataclass(frozen=True, slots=True)
class UnitRate:
    """How many reference units an hour of one device gives in one format.

    Attributes:
        device: Id of the part.
        precision: Format.
        units: Reference units for one device-hour, exact.
    """

    device: str
    precision: str
    units: Quantity


@dataclass(frozen=True, slots=True)
class Position:
    """Everything that is held, by grade.

    Attributes:
        rows: By precision, sparsity, grade, scale and month.
        totals: Over all rows; its capacity is empty, since formats do not add.
        by_format: Precision and sparsity to their amounts.
        gaps: What could not be graded or stated.
        rates: Reference units of a device-hour, for the parts that are in the position.
        corroborating_rows: Allocations left out because another record already counts them.
        cumulative_rows: Published figures left out because they include other models' work.
    """

    rows: tuple[PositionRow, ...]
    totals: Amounts
    by_format: Mapping[tuple[str, str], Amounts]
    gaps: tuple[Gap, ...]
    rates: tuple[UnitRate, ...]
    corroborating_rows: int
    cumulative_rows: int


def position(folded: Folded, tables: Tables, *, by_month: bool = False) -> Position:
    """Return the position of a fold.

    Args:
        folded: The log by grade, bounded by entries and day.
        tables: Catalogue, grades, bands, measures and unit.
        by_month: Whether months are rows of their own.

    Returns:
        The position; rows in the order of precision, sparsity, grade, scale and month.

    Raises:
        RuleError: If a recorded topology is not a word of the table.
    """
    grader = Grader(tables)
    primary = [(key, sums) for key, sums in folded.grades.items() if key.role == "primary"]
    slices = [grader.slice(key, sums) for key, sums in primary]
    rows = _grouped(slices, lambda piece: _row_key(piece, by_month=by_month))
    formats = _grouped(slices, lambda piece: (piece.key.precision, piece.key.sparsity))
    return Position(
        rows=tuple(_row(key, rows[key]) for key in sorted(rows, key=lambda k: _rank(k, tables))),
        totals=replace(_total(slices), capacity=Partial()),
        by_format={
            key: _total(formats[key]) for key in sorted(formats, key=lambda key: _rank_format(*key))
        },
        gaps=_gaps(slices),
        rates=_rates(slices, tables),
        corroborating_rows=sum(
            sums.rows for key, sums in folded.grades.items() if key.role != "primary"
        ),
        cumulative_rows=sum(
            sums.rows for key, sums in folded.totals.items() if key.extent == "cumulative"
        ),
    )


def _grouped(slices: Iterable[Slice], of: Callable[[Slice], _Key]) -> dict[_Key, list[Slice]]:
    """Return the slices by what they share."""
    groups: dict[_Key, list[Slice]] = {}
    for piece in slices:
        groups.setdefault(of(piece), []).append(piece)
    return groups


def _row_key(piece: Slice, *, by_month: bool) -> RowKey:
    """Return the row that a slice belongs to."""
    month = piece.key.month if by_month else None
    return RowKey(piece.key.precision, piece.key.sparsity, piece.grade.possible, piece.scale, month)


def _rank_format(precision: str, sparsity: str) -> tuple[int, int]:
    """Return the place of a format: widest first, dense first, unknown last."""
    order = [*FORMATS, "unknown"]
    return order.index(precision), _SPARSITIES.index(sparsity)


def _rank(key: RowKey, tables: Tables) -> tuple[object, ...]:
    """Return the place of a row."""
    grades = [*tables.grades.order, *tables.grades.unranked]
    return (
        _rank_format(key.precision, key.sparsity),
        len(key.possible) > 1,
        [grades.index(name) for name in key.possible],
        key.scale or "~",
        key.month or "~",
    )


def _row(key: RowKey, slices: Sequence[Slice]) -> PositionRow:
    """Return one row over its slices."""
    months = sorted(piece.key.month for piece in slices if piece.key.month is not None)
    return PositionRow(
        key,
        _total(slices),
        tuple(sorted({piece.key.device for piece in slices if piece.key.device is not None})),
        tuple(sorted({piece.grade.vector for piece in slices})),
        (months[0], months[-1]) if months else None,
        sum(piece.amounts.sums.rows for piece in slices if piece.key.month is None),
    )


def _total(slices: Iterable[Slice]) -> Amounts:
    """Return the amounts over some slices."""
    return sum((piece.amounts for piece in slices), start=Amounts())


def _gaps(slices: Iterable[Slice]) -> tuple[Gap, ...]:
    """Return the gaps with equal reason taken together, the largest of each kind first."""
    found: dict[tuple[str, ...], Gap] = {}
    for gap in (gap for piece in slices for gap in piece.gaps):
        key = (gap.what, gap.why, *gap.missing, "|", *gap.possible)
        held = found.get(key, replace(gap, rows=0, device_us=0, unknown_rows=0))
        found[key] = replace(
            held,
            rows=held.rows + gap.rows,
            device_us=held.device_us + gap.device_us,
            unknown_rows=held.unknown_rows + gap.unknown_rows,
        )
    order = {what: place for place, what in enumerate(_GAPS)}
    return tuple(
        sorted(
            found.values(), key=lambda g: (order[g.what], -g.device_us, -g.rows, g.why, g.missing)
        )
    )


def _rates(slices: Iterable[Slice], tables: Tables) -> tuple[UnitRate, ...]:
    """Return the reference units of a device-hour, in every format the part and unit know."""
    held = {piece.key.device for piece in slices if piece.amounts.reference.total is not None}
    enough = Grade((tables.unit.floor,), (), "")
    rates = []
    for device in (tables.catalogue.devices[i] for i in sorted(i for i in held if i is not None)):
        for precision in device.precisions:
            peak = device.peak(precision)
            assert peak is not None
            hour = tables.measures.capacity(_HOUR_US, peak)
            units = tables.unit.convert(
                hour, Format(device, precision, "dense", enough), tables.grades
            )
            if not isinstance(units, Refusal):
                rates.append(UnitRate(device.id, precision, units))
    return tuple(rates)
