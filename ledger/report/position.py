"""A position report is the position as a document; ``position_table`` has it for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ledger.journeys.grading import Amounts, Gap, Partial, Tables
from ledger.journeys.position import Position, PositionRow
from ledger.measure import GradeSums
from ledger.quantity import Quantity
from ledger.report.figure import decimal, exact

__all__ = ["Basis", "position_document"]


@dataclass(frozen=True, slots=True)
class Basis:
    """What a position was taken from.

    Attributes:
        origin: Name of the ledger.
        size: Entries in the tree.
        root: Root of the tree, hex.
        unsigned_tail: Entries after the newest checkpoint, not counted.
        recorded_by: Time of the last entry counted, or None.
        as_of: Last day whose work counts, ``YYYY-MM-DD``.
        pack: Digest of the rule pack, hex.
        by_month: Whether months are rows.
    """

    origin: str
    size: int
    root: str
    unsigned_tail: int
    recorded_by: str | None
    as_of: str
    pack: str
    by_month: bool


def position_document(position: Position, tables: Tables, basis: Basis) -> dict[str, Any]:
    """Return the published JSON document of a position."""
    unit = tables.unit
    return {
        "schema": "flopledger/position.v1",
        "ledger": {
            "origin": basis.origin,
            "size": basis.size,
            "root": basis.root,
            "unsigned_tail": basis.unsigned_tail,
        },
        "coordinates": {
            "recorded_by": basis.recorded_by,
            "as_of": basis.as_of,
            "pack": basis.pack,
            "catalogue": tables.catalogue.digest,
            "interconnect": tables.grades.id,
            "scale": tables.scale.id,
            "unit": unit.id,
        },
        "by_month": basis.by_month,
        "rows": [_row(row) for row in position.rows],
        "totals": _totals(position),
        "unit": {
            "id": unit.id,
            "symbol": unit.unit.symbol,
            "title": unit.title,
            "at_least": unit.floor,
            "factors": {name: exact(factor) for name, factor in unit.factors.items()},
        },
        "rates": [
            {
                "device": rate.device,
                "precision": rate.precision,
                "units_per_device_hour": _exact(rate.units),
            }
            for rate in position.rates
        ],
        "gaps": [_gap(gap) for gap in position.gaps],
        "corroborating_rows": position.corroborating_rows,
        "cumulative_rows": position.cumulative_rows,
    }


def _row(row: PositionRow) -> dict[str, Any]:
    """Return one row of the document."""
    key, amounts = row.key, row.amounts
    first, last = row.months or (None, None)
    return {
        "standing": "held",
        "precision": key.precision,
        "sparsity": key.sparsity,
        "interconnect": {
            "grade": key.possible[0] if len(key.possible) == 1 else None,
            "possible": list(key.possible),
            "vectors": list(row.vectors),
        },
        "scale": key.scale,
        "period": {
            "month": key.month,
            "first": first,
            "last": last,
            "undated_rows": row.undated_rows,
        },
        "devices": list(row.devices),
        **_time(amounts),
        "capacity": _measure(amounts.capacity),
        "reference_units": _measure(amounts.reference),
        "tpp_hours": _measure(amounts.processing_time),
        "operations": _operations(amounts.sums),
    }


def _totals(position: Position) -> dict[str, Any]:
    """Return the sums over all rows, capacity by format."""
    amounts = position.totals
    return {
        **_time(amounts),
        "capacity": [
            {
                "precision": precision,
                "sparsity": sparsity,
                "capacity": _measure(sums.capacity),
            }
            for (precision, sparsity), sums in position.by_format.items()
        ],
        "reference_units": _measure(amounts.reference),
        "tpp_hours": _measure(amounts.processing_time),
        "operations": _operations(amounts.sums),
    }


def _time(amounts: Amounts) -> dict[str, Any]:
    """Return the rows and the device time."""
    known = amounts.device_time.total is not None
    return {
        "rows": amounts.sums.rows,
        "device_us": str(amounts.sums.device_us) if known else None,
        "device_us_unknown_rows": amounts.sums.device_us_unknown,
        "device_hours": _exact(amounts.device_time.total),
    }


def _exact(quantity: Quantity | None) -> dict[str, str] | None:
    """Return an exact number with its decimal."""
    if quantity is None:
        return None
    return {"exact": exact(quantity.value), "decimal": decimal(quantity.value)}


def _measure(partial: Partial) -> dict[str, Any]:
    """Return a sum and what it leaves out."""
    return {
        "value": _exact(partial.total),
        "missing_rows": partial.missing_rows,
    }


def _operations(sums: GradeSums) -> dict[str, Any]:
    """Return the legal interval of the operations."""
    interval = sums.operations
    return {
        "low": str(interval.lo),
        "high": None if interval.hi is None else str(interval.hi),
        "unbounded_rows": sums.operations_unbounded,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    """Return one gap of the document."""
    return {
        "what": gap.what,
        "why": gap.why,
        "missing": list(gap.missing),
        "possible": list(gap.possible),
        "rows": gap.rows,
        "device_us": str(gap.device_us) if gap.rows > gap.unknown_rows else None,
        "device_us_unknown_rows": gap.unknown_rows,
    }
