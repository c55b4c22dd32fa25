"""The what-if document is the published JSON of a scenario, ``flopledger/rules-whatif.v1``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from ledger.determination import Counts, Determination
from ledger.journeys.check_document import describe
from ledger.journeys.whatif import Effect, EffectKind, Touched, WhatIf
from ledger.period import parse_day
from ledger.report.redline_parts import (
    AskedPart,
    ChangePart,
    Hex,
    Part,
    TurnPart,
    ValueChangePart,
    asked_part,
    change_parts,
    turn_parts,
    value_change_parts,
)

__all__ = ["OutcomePlace", "RulesWhatIfDocument", "rules_whatif_schema", "whatif_document"]


class DraftPart(Part):
    """A regime laid over the rules in use."""

    regime: str
    given: str = Field(description="Where it was given.")


class ScenarioPart(Part):
    """The law as it might be."""

    pack: Hex = Field(description="Digest of the rule pack that the scenario makes.")
    settings: list[str] = Field(description="Figures set, REGIME/PARAMETER=VALUE,from=DATE.")
    drafts: list[DraftPart]
    readings: list[str] = Field(description="Readings under the scenario.")
    assumptions: list[str] = Field(description="Standings assumed under the scenario.")
    regimes_added: list[str]
    changes: list[ChangePart] = Field(description="What the scenario changes in the law.")
    values: list[ValueChangePart] = Field(description="Values of figures that it changes.")


class EffectPart(Part):
    """What the scenario does to one subject under one rule."""

    kind: EffectKind = Field(
        description="enters: met or foreseen only under the scenario. leaves: no longer met nor "
        "foreseen. opens: no longer decided. settles: decided, not met. moves: met or foreseen "
        "under both, on other days or with other dates due. other: only the standing of the law, "
        "the scope or the exception is another."
    )
    regime: str
    rule: str
    subject: str
    since: date | None = Field(
        description="First day of law from which on the two part so, up to the day asked; null "
        "for moves and other."
    )
    turns: list[TurnPart] = Field(min_length=1)
    old: Determination | None = Field(description="Under the law in use; null if not asked.")
    new: Determination | None = Field(description="Under the scenario, always hypothetical.")


class OutcomePlace(Part):
    """A rule and a subject whose outcome is another."""

    regime: str
    rule: str
    subject: str


class OperationsPart(Part):
    """Operations expected of a commitment, as decimal strings."""

    low: str | None
    point: str | None
    high: str | None


class CommitmentPart(Part):
    """A commitment to a model whose outcome is another."""

    seq: Annotated[int, Field(ge=0)] = Field(description="Entry of the commitment.")
    contract: str
    kind: str
    model: str
    agreed_on: date
    window_start: date
    window_end: date = Field(description="First day after the window.")
    operations: OperationsPart
    counts: bool = Field(description="Whether it counts toward what is foreseen by the day asked.")
    outcomes: list[OutcomePlace] = Field(min_length=1)


class CountsPart(Part):
    """How many determinations came out how."""

    old: Counts = Field(description="Under the law in use.")
    new: Counts = Field(description="Under the scenario.")


class RulesWhatIfDocument(Part):
    """What ``flopledger rules whatif -f json`` prints: nothing in it is a finding of the law."""

    schema_: Literal["flopledger/rules-whatif.v1"] = Field(alias="schema")
    hypothetical: Literal[True] = Field(description="Always true.")
    asked: AskedPart = Field(description="Records and days; readings of the law in use.")
    pack: Hex = Field(description="Digest of the rule pack in use.")
    scenario: ScenarioPart
    regimes: list[str] = Field(description="Regimes that were asked under both laws.")
    counts: CountsPart = Field(description="How many determinations came out how.")
    effects: list[EffectPart]
    commitments: list[CommitmentPart]
    notes: list[str]


def rules_whatif_schema() -> dict[str, Any]:
    """The published schema ``schemas/rules-whatif.v1.schema.json``, generated from the model."""
    schema = RulesWhatIfDocument.model_json_schema(by_alias=True, mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        describe(part)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/rules-whatif.v1.schema.json",
        **schema,
    }


def whatif_document(found: WhatIf) -> dict[str, Any]:
    """Return what a scenario does as the document of ``schemas/rules-whatif.v1.schema.json``."""
    scenario, law = found.scenario, found.scenario.law
    old, new = found.counts
    document = RulesWhatIfDocument(
        schema="flopledger/rules-whatif.v1",
        hypothetical=True,
        asked=asked_part(found.question, found.records),
        pack=law.old.pack.digest,
        scenario=ScenarioPart(
            pack=law.new.pack.digest,
            settings=[str(setting) for setting in scenario.settings],
            drafts=[DraftPart(regime=r, given=given) for r, given in scenario.drafts.items()],
            readings=list(found.supposed.readings),
            assumptions=list(found.supposed.assumptions),
            regimes_added=[regime.id for regime in law.added],
            changes=change_parts(law),
            values=value_change_parts(law),
        ),
        regimes=list(found.asked),
        counts=CountsPart(old=old, new=new),
        effects=[_effect(effect) for effect in found.effects],
        commitments=[_commitment(touched) for touched in found.touched],
        notes=list(found.notes),
    )
    return document.model_dump(mode="json", by_alias=True)


def _effect(effect: Effect) -> EffectPart:
    """Return what the scenario does to one subject."""
    regime, rule, subject = effect.place
    return EffectPart(
        kind=effect.kind,
        regime=regime,
        rule=rule,
        subject=subject,
        since=effect.since,
        turns=turn_parts(effect.turns),
        old=effect.old,
        new=effect.new,
    )


def _commitment(touched: Touched) -> CommitmentPart:
    """Return one commitment."""
    body: Mapping[str, Any] = touched.record.body
    return CommitmentPart(
        seq=touched.record.seq,
        contract=body["contract"],
        kind=body["kind"],
        model=body["model"],
        agreed_on=parse_day(body["agreed_on"]),
        window_start=parse_day(body["window_start"]),
        window_end=parse_day(body["window_end"]),
        operations=OperationsPart(
            low=body["operations_low"], point=body["operations"], high=body["operations_high"]
        ),
        counts=touched.counts,
        outcomes=[
            OutcomePlace(regime=regime, rule=rule, subject=subject)
            for regime, rule, subject in touched.places
        ],
    )
