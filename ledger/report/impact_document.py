"""The impact document is the published JSON of an impact, ``flopledger/impact.v1``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from ledger.determination import Determination
from ledger.journeys.check_document import describe
from ledger.journeys.impact import Affected, AttestationUsed, CommitmentUsed, FilingUsed, Impact
from ledger.period import format_instant
from ledger.report.redline_parts import Hex, Part, TurnPart, turn_parts

__all__ = ["ImpactDocument", "impact_document", "impact_schema"]

Seq = Annotated[int, Field(ge=0)]
Digits = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]*)$")]


class ReplacementPart(Part):
    """A record in the place of the entry."""

    type: str
    body: dict[str, Any]


class CorrectionPart(Part):
    """The entry and its correction."""

    seq: Seq
    type: str
    hash: Hex
    recorded: Seq | None = Field(description="Entry of the reversal; null while only supposed.")
    reason: str
    root_cause: str | None
    discovered_on: date | None
    replacements: list[ReplacementPart]


class LatePart(Part):
    """A duty that is overdue after the correction."""

    obligation: str
    on: date
    days: Annotated[int, Field(ge=1)] = Field(description="Days from then to as_of.")


class AffectedPart(Part):
    """A determination that rests on the entry."""

    regime: str
    rule: str
    subject: str
    flips: bool = Field(description="Whether more than figures is another.")
    turns: list[TurnPart]
    late: list[LatePart]
    old: Determination | None = Field(description="As it stood; null if the subject was unknown.")
    new: Determination | None = Field(description="Corrected; null if it is unknown then.")


class StatementPart(Part):
    """A signed statement over entries among which the entry is."""

    seq: Seq
    number: Seq
    size: Seq
    recorded_at: str
    kept: bool = Field(description="Whether the statement was at hand, with its coordinates.")
    changes: list[AffectedPart]


class FilingPart(Part):
    """A filing that rests on the entry, as known on the day it was sent."""

    seq: Seq
    obligation: str
    sent_at: str
    change: AffectedPart


class DeliveredPart(Part):
    """Device-microseconds delivered on a contract, as far as known."""

    old: Digits
    new: Digits


class PlacePart(Part):
    """A rule and a subject."""

    regime: str
    rule: str
    subject: str


class CommitmentPart(Part):
    """A commitment touched."""

    seq: Seq
    contract: str
    delivered: DeliveredPart
    foreseen: list[PlacePart]


class ImpactDocument(Part):
    """What ``flopledger impact -f json`` prints."""

    schema_: Literal["flopledger/impact.v1"] = Field(alias="schema")
    correction: CorrectionPart
    size: Seq = Field(description="Entries over which both sides are asked, before the correction.")
    in_force_on: date
    law_known_on: date
    as_of: date
    evaluated_at: str
    asked: Seq = Field(description="Determinations asked.")
    determinations: list[AffectedPart]
    attestations: list[StatementPart]
    filings: list[FilingPart]
    commitments: list[CommitmentPart]
    alike: list[Seq] = Field(description="Entries of the same source file and device.")


def impact_schema() -> dict[str, Any]:
    """The published schema ``schemas/impact.v1.schema.json``, generated from the model."""
    schema = ImpactDocument.model_json_schema(by_alias=True, mode="serialization")
    for part in (schema, *schema["$defs"].values()):
        describe(part)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/impact.v1.schema.json",
        **schema,
    }


def impact_document(found: Impact) -> dict[str, Any]:
    """Return an impact as the document of ``schemas/impact.v1.schema.json``."""
    on = found.question
    document = ImpactDocument(
        schema="flopledger/impact.v1",
        correction=_correction(found),
        size=found.size,
        in_force_on=on.in_force_on,
        law_known_on=on.law_known_on,
        as_of=on.as_of,
        evaluated_at=format_instant(on.evaluated_at),
        asked=found.asked,
        determinations=[_affected(each) for each in found.determinations],
        attestations=[_statement(each) for each in found.attestations],
        filings=[_filing(each) for each in found.filings],
        commitments=[_commitment(each) for each in found.commitments],
        alike=list(found.alike),
    )
    return document.model_dump(mode="json", by_alias=True)


def _correction(found: Impact) -> CorrectionPart:
    """Return the entry and its correction."""
    correction = found.correction
    body: dict[str, Any] = correction.reversal
    discovered = body["discovered_on"]
    return CorrectionPart(
        seq=correction.entry.seq,
        type=correction.entry.type,
        hash=body["hash"],
        recorded=correction.recorded,
        reason=body["reason"],
        root_cause=body["root_cause"],
        discovered_on=None if discovered is None else date.fromisoformat(discovered),
        replacements=[
            ReplacementPart(type=kind, body=dict(said)) for kind, said in correction.replacements
        ],
    )


def _affected(each: Affected) -> AffectedPart:
    """Return one determination on both sides."""
    regime, rule, subject = each.place
    return AffectedPart(
        regime=regime,
        rule=rule,
        subject=subject,
        flips=each.flips,
        turns=turn_parts(each.turns),
        late=[LatePart(obligation=d.obligation, on=d.on, days=d.days) for d in each.late],
        old=each.old,
        new=each.new,
    )


def _statement(each: AttestationUsed) -> StatementPart:
    """Return one signed statement."""
    body: Any = each.record.body
    return StatementPart(
        seq=each.record.seq,
        number=body["number"],
        size=body["size"],
        recorded_at=each.record.recorded_at,
        kept=each.kept,
        changes=[_affected(change) for change in each.changes],
    )


def _filing(each: FilingUsed) -> FilingPart:
    """Return one filing."""
    body: Any = each.record.body
    return FilingPart(
        seq=each.record.seq,
        obligation=body["obligation"],
        sent_at=body["sent_at"],
        change=_affected(each.change),
    )


def _commitment(each: CommitmentUsed) -> CommitmentPart:
    """Return one commitment."""
    old, new = each.delivered
    return CommitmentPart(
        seq=each.record.seq,
        contract=str(each.record.body["contract"]),
        delivered=DeliveredPart(old=str(old), new=str(new)),
        foreseen=[PlacePart(regime=r, rule=rule, subject=s) for r, rule, s in each.foreseen],
    )
