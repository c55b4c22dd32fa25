"""The what-if document of law and book is published JSON, ``flopledger/whatif-book.v1``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal

from pydantic import Field

from ledger.journeys.check_document import describe
from ledger.journeys.forecasting import Forecast
from ledger.journeys.whatif_book import BookWhatIf, Shift, ShiftKind
from ledger.report.forecast_document import ForecastOut, forecast_out
from ledger.report.redline_parts import Part
from ledger.report.whatif_document import OutcomePlace, RulesWhatIfDocument, whatif_document

__all__ = ["whatif_book_document", "whatif_book_schema"]


class SupposedPart(Part):
    """One change of the forward book that is supposed."""

    change: Literal["reallocate", "slip", "substitute", "precision", "exercise"]
    contract: str
    value: str | None = Field(description="To what, as it was written; null for an exercise.")


class ShiftPart(Part):
    """A line whose crossing is another under the scenario."""

    kind: ShiftKind = Field(
        description="enters: crossed as expected only under the scenario. leaves: no longer "
        "crossed. moves: crossed under both, at another instant. other: only the ends, the line, "
        "the worst case or the day to act by is another."
    )
    regime: str
    rule: str
    subject: str
    days: str | None = Field(description="Days by which the expected crossing moves, exact.")
    act_by_today: date | None
    act_by_then: date | None
    today: ForecastOut | None = Field(description="Null where the line is met or not asked.")
    then: ForecastOut | None = Field(description="Hypothetical; null where met or not asked.")


class AffectedPart(Part):
    """A contract that is changed, or on which another outcome rests."""

    contract: str
    supposed: list[str] = Field(description="What is supposed of it, in words.")
    outcomes: list[OutcomePlace]


class WhatIfBookDocument(Part):
    """What ``flopledger rules whatif --book -f json`` prints: nothing in it is a finding of law."""

    schema_: Literal["flopledger/whatif-book.v1"] = Field(alias="schema")
    hypothetical: Literal[True] = Field(description="Always true.")
    law: RulesWhatIfDocument = Field(description="What comes out otherwise, rules and book.")
    book: list[SupposedPart]
    cautions: list[str] = Field(description="Where what is supposed is not what the contracts say.")
    crossings: list[ShiftPart]
    contracts: list[AffectedPart]


def whatif_book_schema() -> dict[str, Any]:
    """The published schema ``schemas/whatif-book.v1.schema.json``, generated from the model."""
    schema = WhatIfBookDocument.model_json_schema(by_alias=True, mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        describe(part)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/whatif-book.v1.schema.json",
        **schema,
    }


def whatif_book_document(told: BookWhatIf) -> dict[str, Any]:
    """Return what a scenario of law and book does as the published document."""
    parts: dict[str, Sequence[Part]] = {
        "book": [
            SupposedPart(change=c.kind, contract=c.contract, value=c.value or None)
            for c in told.changes
        ],
        "crossings": [_shift(shift) for shift in told.shifts],
        "contracts": [
            AffectedPart(
                contract=each.contract,
                supposed=list(each.changes),
                outcomes=[OutcomePlace(regime=r, rule=u, subject=s) for r, u, s in each.places],
            )
            for each in told.contracts
        ],
    }
    return {
        "schema": "flopledger/whatif-book.v1",
        "hypothetical": True,
        "law": whatif_document(told.found),
        "cautions": list(told.cautions),
        **{
            name: [part.model_dump(mode="json", by_alias=True) for part in held]
            for name, held in parts.items()
        },
    }


def _shift(shift: Shift) -> ShiftPart:
    """Return a line whose crossing is another."""
    regime, rule, subject = shift.place
    return ShiftPart(
        kind=shift.kind,
        regime=regime,
        rule=rule,
        subject=subject,
        days=_days(shift),
        act_by_today=_act_by(shift.present),
        act_by_then=_act_by(shift.then),
        today=None if shift.present is None else forecast_out(shift.present),
        then=None if shift.then is None else forecast_out(shift.then),
    )


def _days(shift: Shift) -> str | None:
    """Return the days by which the expected crossing moves, as an exact number."""
    if shift.present is None or shift.then is None:
        return None
    before, after = shift.present.band.point.second, shift.then.band.point.second
    return None if before is None or after is None else str((after - before) / 86_400)


def _act_by(each: Forecast | None) -> date | None:
    """Return the day to act by."""
    return None if each is None or each.notify is None else each.notify.on
