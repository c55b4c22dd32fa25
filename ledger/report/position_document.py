"""The position document is the published JSON of a position, ``flopledger/position.v1``.

Large numbers are decimal strings. An exact number that is not whole is a fraction in lowest terms
beside its decimal, which is rounded down at the sixth place. Null is not known, never zero.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Coordinates",
    "Digits",
    "Exact",
    "FormatCapacity",
    "GapOut",
    "Interconnect",
    "LedgerOut",
    "Measure",
    "Month",
    "Operations",
    "Part",
    "PeriodOut",
    "PositionDocument",
    "RateOut",
    "RowOut",
    "TotalsOut",
    "UnitOut",
    "position_schema",
]

Digits: TypeAlias = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]
Ratio: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]+(/[1-9][0-9]*)?$")]
Decimal: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]{1,6})?$")]
Hex: TypeAlias = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Month: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}$")]


class Part(BaseModel):
    """A part of the document: closed, frozen, strict."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Exact(Part):
    """An exact non-negative number."""

    exact: Ratio = Field(description="The number, a fraction in lowest terms.")
    decimal: Decimal = Field(description="The same, rounded down at the sixth place.")


class Measure(Part):
    """A sum and what it leaves out."""

    value: Exact | None = Field(description="Sum of what is known; null if nothing is.")
    missing_rows: int = Field(ge=0, description="Allocations that add nothing to it.")


class Operations(Part):
    """Work done: the legal interval."""

    low: Digits
    high: Digits | None = Field(description="Null while any allocation has no upper end.")
    unbounded_rows: int = Field(ge=0)


class LedgerOut(Part):
    """Which ledger, and how far it is signed."""

    origin: str
    size: int = Field(ge=0)
    root: Hex
    unsigned_tail: int = Field(ge=0)


class Coordinates(Part):
    """What the position can be replayed from."""

    recorded_by: str | None = Field(description="Time of the last entry counted.")
    as_of: str = Field(description="Last day whose work counts.")
    pack: Hex
    catalogue: Hex
    interconnect: str
    scale: str
    unit: str


class Interconnect(Part):
    """The interconnect grade."""

    grade: str | None = Field(description="Null while several grades are possible.")
    possible: tuple[str, ...]
    vectors: tuple[str, ...] = Field(description="Letters of the measured numbers.")


class PeriodOut(Part):
    """When the work of a row happened."""

    month: Month | None = Field(description="The month of the row, if months are rows.")
    first: Month | None
    last: Month | None
    undated_rows: int = Field(ge=0)


class RowOut(Part):
    """One row by grade. The five measures never add to each other."""

    standing: Literal["held", "committed", "open"]
    precision: str
    sparsity: Literal["dense", "structured", "unknown"]
    interconnect: Interconnect
    scale: str | None
    period: PeriodOut
    devices: tuple[str, ...]
    rows: int
    device_us: Digits | None
    device_us_unknown_rows: int = Field(ge=0)
    device_hours: Exact | None
    capacity: Measure = Field(description="PFLOP-hours at the dense peak of the format.")
    reference_units: Measure
    tpp_hours: Measure
    operations: Operations


class FormatCapacity(Part):
    """Capacity of one format; formats do not add."""

    precision: str
    sparsity: Literal["dense", "structured", "unknown"]
    capacity: Measure


class TotalsOut(Part):
    """Sums over all rows, each within its own dimension."""

    rows: int
    device_us: Digits | None
    device_us_unknown_rows: int = Field(ge=0)
    device_hours: Exact | None
    capacity: tuple[FormatCapacity, ...]
    reference_units: Measure
    tpp_hours: Measure
    operations: Operations


class UnitOut(Part):
    """The unit of reference capacity."""

    id: str
    symbol: str
    title: str
    at_least: str = Field(description="Lowest interconnect grade that delivers it.")
    factors: dict[str, Ratio] = Field(description="Units for one PFLOP-hour of each format.")


class RateOut(Part):
    """Reference units of one device-hour in one format."""

    device: str
    precision: str
    units_per_device_hour: Exact


class GapOut(Part):
    """Something that could not be graded or stated."""

    what: Literal[
        "interconnect",
        "scale",
        "device-hours",
        "pflop-hours",
        "reference-units",
        "tpp-hours",
        "operations",
    ]
    why: str
    missing: tuple[str, ...]
    possible: tuple[str, ...]
    rows: int
    device_us: Digits | None = Field(description="Device time concerned; null if none is known.")
    device_us_unknown_rows: int = Field(ge=0)


class PositionDocument(Part):
    """A position."""

    schema_: Literal["flopledger/position.v1"] = Field(alias="schema")
    ledger: LedgerOut
    coordinates: Coordinates
    by_month: bool
    rows: tuple[RowOut, ...]
    totals: TotalsOut
    unit: UnitOut
    rates: tuple[RateOut, ...]
    gaps: tuple[GapOut, ...]
    corroborating_rows: int = Field(ge=0)
    cumulative_rows: int = Field(ge=0)


def position_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document, as published."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/position.v1.schema.json",
        **PositionDocument.model_json_schema(),
    }
