"""The parts of a redline that its documents share: changes, values, turns, and what was asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ledger.journeys.checking import Question, Records
from ledger.journeys.comparing import Compared
from ledger.journeys.flip import Turn
from ledger.period import format_instant
from ledger.quantity import Quantity
from ledger.regime.difference import Kind
from ledger.regime.model import Regime
from ledger.regime.source import ParameterValue, Provenance

__all__ = [
    "AskedPart",
    "ChangePart",
    "Hex",
    "Part",
    "TurnPart",
    "ValueChangePart",
    "asked_part",
    "change_parts",
    "turn_parts",
    "value_change_parts",
]

Hex: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Part(BaseModel):
    """A part of the document: closed, strict and frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ChangePart(Part):
    """One place in which a regime differs, values of figures and cases apart."""

    regime: str
    section: str = Field(description="Part of the file, such as lifecycle, counting or rules.")
    place: str = Field(description="Path inside the file, such as rules.above.when.all[0].")
    kind: Kind = Field(description="moved: the same things stand in another order.")
    old: str | None = Field(description="What stood there, in words; null for nothing.")
    new: str | None = Field(description="What stands there; null for nothing.")


class CitationPart(Part):
    """Where a figure stands."""

    source: str = Field(description="Citation of the text.")
    at: str | None = Field(description="Place in it.")
    phrase: str | None = Field(description="Words of the law that decide.")


class ValuePart(Part):
    """A value of a figure."""

    value: str = Field(description="Exact number, or a day.")
    unit: str | None = Field(description="Unit of the number; null for a day.")
    from_: date = Field(alias="from", description="First day on which it binds.")
    until: date | None = Field(description="First day on which it no longer does.")
    known: date = Field(description="Day from which it was known.")
    provenance: Provenance = Field(description="How far it was checked against its source.")
    cite: CitationPart
    retroactive: str | None = Field(description="Why it binds before it was known.")


class ValueChangePart(Part):
    """A value of a figure that is new, gone or otherwise."""

    regime: str
    parameter: str
    changed: list[str] = Field(description="Keys that say something else; empty if new or gone.")
    old: ValuePart | None
    new: ValuePart | None


class TurnPart(Part):
    """One thing that is said otherwise of a subject."""

    what: str = Field(
        description="finding, exception, in_scope, law, foreseen, foreseen_on, "
        "met_from, met_by, or due and an obligation."
    )
    old: str | None
    new: str | None


class AskedPart(Part):
    """Which records were asked, and on which days."""

    origin: str = Field(description="Name of the ledger.")
    size: Annotated[int, Field(ge=0)] = Field(description="Entries under the newest checkpoint.")
    root: Hex = Field(description="RFC 6962 root over them.")
    unsigned_tail: Annotated[int, Field(ge=0)] = Field(
        description="Entries after the checkpoint; they are not counted."
    )
    in_force_on: date = Field(description="Day on which the law is asked.")
    law_known_on: date = Field(description="Day after which nothing published is seen.")
    recorded_by: str | None = Field(
        description="Time after which nothing recorded is seen; null for an empty ledger."
    )
    as_of: date = Field(description="Last day whose work and facts count.")
    evaluated_at: str = Field(description="When it was worked out.")
    readings: list[str] = Field(description="Readings chosen, as given; others take the default.")
    assumptions: list[str] = Field(description="Standings assumed, as given.")


def change_parts(compared: Compared) -> list[ChangePart]:
    """Return the places in which regimes differ."""
    return [
        ChangePart(
            regime=each.new.id,
            section=change.section,
            place=change.place,
            kind=change.kind,
            old=change.old,
            new=change.new,
        )
        for each in compared.differences
        for change in each.changes
    ]


def value_change_parts(compared: Compared) -> list[ValueChangePart]:
    """Return the values of figures that are new, gone or otherwise."""
    return [
        ValueChangePart(
            regime=each.new.id,
            parameter=value.parameter,
            changed=list(value.changed),
            old=None if value.old is None else _value(each.old, value.old),
            new=None if value.new is None else _value(each.new, value.new),
        )
        for each in compared.differences
        for value in each.values
    ]


def turn_parts(turns: Iterable[Turn]) -> list[TurnPart]:
    """Return what is said otherwise of a subject."""
    return [TurnPart(what=turn.what, old=turn.old, new=turn.new) for turn in turns]


def asked_part(question: Question, records: Records) -> AskedPart:
    """Return which records were asked, and on which days."""
    folded, given = records.folded, question.recorded_by
    return AskedPart(
        origin=records.origin,
        size=folded.size,
        root=folded.root.hex(),
        unsigned_tail=records.unsigned_tail,
        in_force_on=question.in_force_on,
        law_known_on=question.law_known_on,
        recorded_by=folded.recorded_by if given is None else format_instant(given),
        as_of=question.as_of,
        evaluated_at=format_instant(question.evaluated_at),
        readings=list(question.readings),
        assumptions=list(question.assumptions),
    )


def _value(regime: Regime, value: ParameterValue) -> ValuePart:
    """Return a value of a figure with its citation in full."""
    held, cite = value.value, value.cite
    return ValuePart.model_validate(
        {
            "value": str(held.value) if isinstance(held, Quantity) else str(held),
            "unit": held.unit.symbol if isinstance(held, Quantity) else None,
            "from": value.from_,
            "until": value.until,
            "known": value.known,
            "provenance": value.provenance,
            "cite": CitationPart(
                source=regime.sources[cite.source].cite, at=cite.at, phrase=cite.phrase
            ),
            "retroactive": value.retroactive,
        }
    )
