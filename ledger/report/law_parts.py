"""The parts of a law document: the published JSON of ``rules show``, ``flopledger/rules-show.v2``.

Numbers are exact texts with their unit, days are ISO dates, and null is not stated.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.regime.counting import Effect, SameProvider
from ledger.regime.source import Binding, EventKind, LawStatus, Provenance, StanceKind

__all__ = [
    "SHOW_SCHEMA",
    "AlternativePart",
    "CitePart",
    "CountedPart",
    "CountingPart",
    "EventPart",
    "ExceptionPart",
    "LawDocument",
    "NeedPart",
    "NotePart",
    "ObligationPart",
    "ParameterPart",
    "PenaltyPart",
    "ReadingPart",
    "RebuttalPart",
    "RulePart",
    "SentencePart",
    "SetPart",
    "SetValuePart",
    "SourcePart",
    "StancePart",
    "ValuePart",
    "law_schema",
]

SHOW_SCHEMA = "flopledger/rules-show.v2"
_ID = "https://flopledger.example/schemas/rules-show.v2.schema.json"


class _Part(BaseModel):
    """A part of the document: closed, strict and frozen."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class CitePart(_Part):
    """Where something stands."""

    id: str = Field(description="Id of the source in the document.")
    source: str = Field(description="How the source is cited.")
    at: str | None
    phrase: str | None = Field(description="The deciding words of the law.")


class ValuePart(_Part):
    """One dated value of a figure."""

    value: str = Field(description="Exact number, a fraction in lowest terms, or a day.")
    unit: str | None = Field(description="Unit of the number; null for a day.")
    shown: str = Field(description="The same for a reader, with its unit.")
    from_: date = Field(alias="from")
    until: date | None = Field(description="First day on which it no longer holds.")
    known: date
    provenance: Provenance
    retroactive: str | None = Field(description="Why it was known only after it binds.")
    cite: CitePart


class ParameterPart(_Part):
    """A figure or day of the law."""

    id: str
    dimension: str
    note: str | None
    compared: list[Literal["gt", "ge", "lt", "le"]] = Field(
        description="How an amount stands to it where a rule takes hold."
    )
    binding: int | None = Field(description="Place of the value that binds on the day, from 0.")
    values: list[ValuePart]


class SetValuePart(_Part):
    """The members of a list over some days."""

    members: list[str]
    from_: date = Field(alias="from")
    until: date | None
    known: date
    provenance: Provenance
    cite: CitePart


class SetPart(_Part):
    """A list that the law fixes."""

    id: str
    of: str
    values: list[SetValuePart]


class SentencePart(_Part):
    """One line of a condition."""

    depth: int = Field(ge=0, description="How far it stands below the first.")
    text: str


class ExceptionPart(_Part):
    """A circumstance that takes a subject out."""

    id: str
    title: str | None
    condition: str
    sentences: list[SentencePart]
    cite: CitePart


class RebuttalPart(_Part):
    """A recorded decision that answers a presumption."""

    fact: str
    cite: CitePart


class ObligationPart(_Part):
    """What somebody must do once the rule is met."""

    id: str
    actor: str
    action: str
    recipient: str | None
    content: list[str]
    due: str = Field(description="The clock in words; standing if it has none.")
    more: dict[str, str] = Field(description="What else the rule file states of it.")
    provenance: Provenance | None
    cite: CitePart


class RulePart(_Part):
    """One test of the law."""

    id: str
    title: str
    subject: str
    effect: str
    provenance: Provenance | None
    scope: list[SentencePart] = Field(description="Empty where every subject is concerned.")
    let: dict[str, str] = Field(description="Names of amounts, and what they are.")
    condition: str = Field(description="The condition in one line of the rule language.")
    sentences: list[SentencePart]
    unless: list[ExceptionPart]
    rebuttal: RebuttalPart | None
    foreseen: bool = Field(description="Whether commitments count before the compute is spent.")
    interpretation: str | None
    cite: CitePart
    obligations: list[ObligationPart]


class CountedPart(_Part):
    """How one kind of work, operation or parent is classified."""

    place: str = Field(description="Such as activities.eval or lineage.relations.derived.")
    title: str
    effect: Effect
    reading: str | None = Field(description="The open question that it rests on.")


class CountingPart(_Part):
    """What one counting set counts, under the readings chosen."""

    id: str
    title: str
    provenance: Provenance | None
    interpretation: str | None
    counted: list[CountedPart]
    left_out: list[CountedPart]
    open: list[CountedPart] = Field(description="Those of either that rest on a reading.")
    relations: list[CountedPart]
    same_provider: SameProvider
    same_provider_reading: str | None
    cite: CitePart


class AlternativePart(_Part):
    """One answer to an open question."""

    id: str
    title: str
    effect: Effect | None


class ReadingPart(_Part):
    """A question that the text leaves open."""

    id: str
    question: str
    chosen: str
    default: str
    alternatives: list[AlternativePart]
    why: str
    cite: CitePart | None
    asked_by: list[str] = Field(description="Counting sets and rules that rest on it.")


class NeedPart(_Part):
    """A fact that no compute figure tells, and that the rules ask about."""

    fact: str
    subject: str
    type: str
    values: list[str]
    description: str
    example: str
    unstated: str | None = Field(
        description="What is taken where nobody states it; null where it stays unknown."
    )
    asked_by: list[str] = Field(description="Rules that ask.")


class EventPart(_Part):
    """A day on which the standing changed."""

    on: date
    until: date | None
    event: EventKind
    known: date | None
    note: str | None
    current: bool = Field(description="Whether it gives the standing on the day.")
    cite: CitePart


class StancePart(_Part):
    """How the authority enforces over some days."""

    stance: StanceKind
    from_: date = Field(alias="from")
    until: date | None
    known: date | None
    note: str | None
    current: bool
    cite: CitePart | None


class PenaltyPart(_Part):
    """What a breach costs, in words."""

    text: str
    provenance: Provenance | None
    cite: CitePart


class NotePart(_Part):
    """Something that happened and changes no rule."""

    on: date
    text: str
    cite: CitePart


class SourcePart(_Part):
    """A published text."""

    id: str
    cite: str
    published: date
    known: date = Field(description="Day from which it could be read.")
    binding: Binding
    url: str | None
    eli: str | None
    replaces: str | None
    note: str | None


class LawDocument(_Part):
    """What ``flopledger rules show -f json`` prints."""

    schema_: Literal["flopledger/rules-show.v2"] = Field(alias="schema")
    pack: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="Digest of the rule pack.")]
    in_force_on: date = Field(description="Day on which the law is asked.")
    law_known_on: date | None = Field(
        description="What was published after this day is hidden; null hides nothing."
    )
    id: str
    title: str
    jurisdiction: str
    law: LawStatus | None = Field(
        description="Standing on the day; null when nothing of it was known or had happened."
    )
    since: date | None
    applies_from: date | None
    enforcement: StanceKind | None
    review: Literal["draft", "checked"]
    review_note: str | None = Field(description="What was read, and what was not compared.")
    checked_by: list[str] = Field(description="Who compared the file with the text of the law.")
    readings: dict[str, str] = Field(description="Alternative chosen for every reading.")
    hidden: list[str] = Field(description="Parts of the file not published by law_known_on.")
    parameters: list[ParameterPart]
    sets: list[SetPart]
    rules: list[RulePart]
    counting: list[CountingPart]
    open_questions: list[ReadingPart]
    needs: list[NeedPart]
    penalties: list[PenaltyPart]
    lifecycle: list[EventPart]
    stances: list[StancePart]
    notes: list[NotePart]
    sources: list[SourcePart]


def law_schema() -> dict[str, Any]:
    """Return the published schema, generated from the models."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _ID,
        **LawDocument.model_json_schema(by_alias=True, mode="serialization"),
    }
