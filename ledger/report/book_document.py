"""The book document is the published JSON of a book position, ``flopledger/position-book.v1``.

Large numbers are decimal strings. An exact number that is not whole is a fraction in lowest terms
beside its decimal, which is rounded down at the sixth place. Null is not known, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal

from pydantic import Field

from ledger.capacity import Refusal
from ledger.contract.price import Money
from ledger.journeys.book_position import BookPosition
from ledger.journeys.book_rows import BookRow, BookTotal, Expected, Standing, Use
from ledger.journeys.grading import Amounts, Partial, Tables
from ledger.journeys.pricing import Rated
from ledger.quantity import Quantity
from ledger.report.figure import decimal, exact
from ledger.report.position import Basis
from ledger.report.position_document import (
    Coordinates,
    Digits,
    Exact,
    LedgerOut,
    Month,
    Part,
    UnitOut,
)

__all__ = ["book_document", "book_schema"]


class RefusalOut(Part):
    """Why a figure is not given."""

    code: str = Field(description="Word for the reason.")
    why: str


class MeasureOut(Part):
    """A sum and what it leaves out."""

    value: Exact | None = Field(description="Sum of what is known; null if nothing is.")
    missing_rows: int = Field(ge=0, description="Records that add nothing to it.")
    why: str | None = Field(description="Why something is missing; null if nothing is.")


class ExpectedOut(Part):
    """Operations: done, or expected at the utilisation stated. Null where nobody says."""

    low: Exact | None
    point: Exact | None
    high: Exact | None


class MoneyOut(Part):
    """Money by the contract's own price."""

    amount: Exact | None = Field(description="Null where it is refused.")
    currency: str | None
    refused: RefusalOut | None


class RatedOut(Part):
    """A delivery by the schedule of its contract."""

    grade_agreed: str | None = Field(description="Null if its links leave several open.")
    grade_delivered: str | None = Field(description="Null if its links leave several open.")
    below: bool | None = Field(description="Whether it ranks below; null if nobody can say.")
    share: Exact | None = Field(description="Part of a unit agreed that one counts for.")
    unit: str = Field(description="Symbol of the reference unit.")
    reference_units: Exact | None = Field(description="What it is worth; null where refused.")
    refused: RefusalOut | None = Field(description="Why what it is worth is not said.")
    money: MoneyOut


class BookRowOut(Part):
    """One row. Standings, uses, formats and measures never add to each other."""

    standing: Standing = Field(
        description="held: by records of use. committed: agreed. delivered: of what is held, under "
        "this contract. open: of what is committed, not yet drawn on. expired: agreed once, "
        "did not come and will not; committed no more."
    )
    contract: str | None = Field(description="Null for what is held.")
    month: Month | None = Field(description="Null for work without a date.")
    use: Use = Field(
        description="inference: activity inference_service. unknown: activity unknown. training: "
        "every other activity, evaluation and idle time among them."
    )
    model: str | None = Field(description="Null for what is held, and while unallocated.")
    device: str | None
    precision: str
    sparsity: Literal["dense", "structured", "unknown"]
    grade: str | None = Field(description="Interconnect; null while several are possible.")
    possible: tuple[str, ...]
    scale: str | None
    counts: bool = Field(description="Whether totals hold it; options not exercised do not count.")
    device_us: Digits | None
    device_hours: MeasureOut
    pflop_hours: MeasureOut
    reference_units: MeasureOut
    tpp_hours: MeasureOut
    operations: ExpectedOut
    money: MoneyOut
    take_or_pay: MoneyOut | None = Field(description="To be paid whether taken or not.")
    delivered: tuple[RatedOut, ...] = Field(description="By the contract's own schedule.")


class FormatOut(Part):
    """Capacity of one format; formats do not add."""

    precision: str
    sparsity: Literal["dense", "structured", "unknown"]
    pflop_hours: MeasureOut


class CashOut(Part):
    """Money of one currency; currencies are never converted."""

    currency: str
    amount: Exact
    take_or_pay: Exact | None


class TotalOut(Part):
    """The rows of one standing and use that count."""

    standing: Standing
    use: Use
    device_us: Digits | None
    device_hours: MeasureOut
    pflop_hours: tuple[FormatOut, ...]
    reference_units: MeasureOut
    tpp_hours: MeasureOut
    operations: ExpectedOut
    money: tuple[CashOut, ...] = Field(description="One entry a currency.")
    unpriced_rows: int = Field(ge=0, description="Rows that add nothing to the money.")


class BeyondOut(Part):
    """A contract that was delivered more than was agreed."""

    contract: str
    device_us: Digits


class BookDocument(Part):
    """What ``flopledger position --book -f json`` prints."""

    schema_: Literal["flopledger/position-book.v1"] = Field(alias="schema")
    ledger: LedgerOut
    coordinates: Coordinates
    unit: UnitOut
    rows: tuple[BookRowOut, ...]
    totals: tuple[TotalOut, ...]
    beyond: tuple[BeyondOut, ...]
    later: tuple[str, ...] = Field(description="Contracts agreed after the day, left out.")
    strangers: tuple[str, ...] = Field(
        description="Contracts that deliveries name and no commitment stands of."
    )


def book_schema() -> dict[str, Any]:
    """Return ``schemas/position-book.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/position-book.v1.schema.json",
        **BookDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def book_document(book: BookPosition, tables: Tables, basis: Basis) -> dict[str, Any]:
    """Return a book position as the published document."""
    unit = tables.unit
    return BookDocument(
        schema="flopledger/position-book.v1",
        ledger=LedgerOut(
            origin=basis.origin,
            size=basis.size,
            root=basis.root,
            unsigned_tail=basis.unsigned_tail,
        ),
        coordinates=Coordinates(
            recorded_by=basis.recorded_by,
            as_of=basis.as_of,
            pack=basis.pack,
            catalogue=tables.catalogue.digest,
            interconnect=tables.grades.id,
            scale=tables.scale.id,
            unit=unit.id,
        ),
        unit=UnitOut(
            id=unit.id,
            symbol=unit.unit.symbol,
            title=unit.title,
            at_least=unit.floor,
            factors={name: exact(factor) for name, factor in unit.factors.items()},
        ),
        rows=tuple(_row(row) for row in book.rows),
        totals=tuple(_total(*place, total) for place, total in book.totals.items()),
        beyond=tuple(BeyondOut(contract=c, device_us=str(us)) for c, us in book.beyond.items()),
        later=book.later,
        strangers=book.strangers,
    ).model_dump(mode="json", by_alias=True)


def _row(row: BookRow) -> BookRowOut:
    """Return one row."""
    key = row.key
    assert key.sparsity in {"dense", "structured", "unknown"}
    return BookRowOut.model_validate(
        {
            "standing": key.standing,
            "contract": key.contract,
            "month": key.month,
            "use": key.use,
            "model": key.model,
            "device": key.device,
            "precision": key.precision,
            "sparsity": key.sparsity,
            "grade": key.possible[0] if len(key.possible) == 1 else None,
            "possible": key.possible,
            "scale": key.scale,
            "counts": row.counts,
            **_measures(row.amounts, row.why),
            "pflop_hours": _measure(row.amounts.capacity, row.why.get("pflop-hours")),
            "operations": _expected(row.operations),
            "money": _money(row.money),
            "take_or_pay": None if row.take_or_pay is None else _money(row.take_or_pay),
            "delivered": tuple(_rated(each) for each in row.rated),
        }
    )


def _total(standing: Standing, use: Use, total: BookTotal) -> TotalOut:
    """Return the rows of one standing and use that count."""
    return TotalOut.model_validate(
        {
            "standing": standing,
            "use": use,
            **_measures(total.amounts, {}),
            "pflop_hours": tuple(
                FormatOut.model_validate(
                    {
                        "precision": precision,
                        "sparsity": sparsity,
                        "pflop_hours": _measure(capacity, None),
                    }
                )
                for (precision, sparsity), capacity in sorted(total.capacity.items())
            ),
            "operations": _expected(total.operations),
            "money": tuple(
                CashOut(
                    currency=currency,
                    amount=_exact(amount),
                    take_or_pay=None
                    if currency not in total.take_or_pay
                    else _exact(total.take_or_pay[currency]),
                )
                for currency, amount in sorted(total.money.items())
            ),
            "unpriced_rows": total.unpriced,
        }
    )


def _measures(amounts: Amounts, why: Mapping[str, str]) -> dict[str, Any]:
    """Return the measures that rows and totals share."""
    known = amounts.device_time.total is not None
    # The capacity itself is missing where there is no reason of its own.
    lacking = why.get("reference-units") or why.get("pflop-hours")
    return {
        "device_us": str(amounts.sums.device_us) if known else None,
        "device_hours": _measure(amounts.device_time, why.get("device-hours")),
        "reference_units": _measure(amounts.reference, lacking),
        "tpp_hours": _measure(amounts.processing_time, why.get("tpp-hours")),
    }


def _measure(partial: Partial, why: str | None) -> MeasureOut:
    """Return a sum and what it leaves out."""
    value = None if partial.total is None else _exact(partial.total.value)
    missing = value is None or bool(partial.missing_rows)
    return MeasureOut(value=value, missing_rows=partial.missing_rows, why=why if missing else None)


def _expected(expected: Expected) -> ExpectedOut:
    """Return operations at every end."""
    low, point, high = (
        None if end is None else _exact(end)
        for end in (expected.low, expected.point, expected.high)
    )
    return ExpectedOut(low=low, point=point, high=high)


def _money(money: Money | Refusal) -> MoneyOut:
    """Return money, or why there is none."""
    if isinstance(money, Refusal):
        return MoneyOut(amount=None, currency=None, refused=_refusal(money))
    return MoneyOut(amount=_exact(money.amount), currency=money.currency, refused=None)


def _rated(rated: Rated) -> RatedOut:
    """Return a delivery by the schedule of its contract."""
    share, units = rated.share, rated.units
    return RatedOut(
        grade_agreed=share.agreed,
        grade_delivered=share.delivered,
        below=share.below,
        share=None if isinstance(share.share, Refusal) else _exact(share.share),
        unit=rated.unit,
        reference_units=_exact(units.value) if isinstance(units, Quantity) else None,
        refused=_refusal(units) if isinstance(units, Refusal) else None,
        money=_money(rated.money),
    )


def _refusal(refusal: Refusal) -> RefusalOut:
    """Return why a figure is not given."""
    return RefusalOut(code=refusal.code, why=refusal.why)


def _exact(value: Fraction) -> Exact:
    """Return an exact number with its decimal."""
    return Exact(exact=exact(value), decimal=decimal(value))
