"""The rule document is the published JSON of one rule told, ``flopledger/rules-explain.v1``."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field

from ledger.journeys.expounding import Counts, Duty, Expounded, OpenQuestion, Said
from ledger.quantity import Quantity
from ledger.regime.gist import gist
from ledger.regime.sentence import Wording
from ledger.regime.source import LawStatus, Provenance, StanceKind
from ledger.report.redline_parts import Hex, Part

__all__ = ["RulesExplainDocument", "rule_document", "rules_explain_schema"]


class WordingPart(Part):
    """The law's own words for a number."""

    figure: str
    value: str | None = Field(description="Exact number, or a day; null when none is known.")
    unit: str | None = Field(description="Unit of the number; null for a day.")
    phrase: str | None = Field(description="Words that decide; null if the file quotes none.")
    cite: str
    provenance: Provenance | None


class SentencePart(Part):
    """One node of a condition."""

    depth: int = Field(description="How many nodes stand above it.", ge=0)
    kind: str = Field(description="Kind of node, such as all, gt or fact.")
    text: str = Field(description="The node in a sentence, without the nodes below it.")
    infix: str = Field(description="The node and all below it on one line.")
    figures: list[str] = Field(description="Figures compared.")


class SaidPart(Part):
    """A condition as one line of operators and in sentences."""

    infix: str
    sentences: list[SentencePart] = Field(min_length=1)


class LetPart(Part):
    """A number that the rule names."""

    name: str
    infix: str
    text: str


class ExceptionPart(Part):
    """A circumstance that takes a subject out although the condition holds."""

    id: str
    title: str | None
    condition: SaidPart
    cite: str


class RebuttalPart(Part):
    """The decision that answers the presumption."""

    fact: str
    text: str
    cite: str


class CountsPart(Part):
    """What a counting set counts under the readings chosen."""

    id: str
    title: str
    cite: str
    counted: list[str]
    excluded: list[str]
    operation_kinds: list[str]
    relations: list[str]
    same_provider: str
    open: dict[str, str] = Field(description="Reading by the place that rests on it.")
    interpretation: str | None


class AlternativePart(Part):
    """One answer to an open question."""

    id: str
    title: str


class QuestionPart(Part):
    """A question that the text leaves open."""

    id: str
    question: str
    chosen: AlternativePart
    is_default: bool
    others: list[AlternativePart]
    why: str


class DutyPart(Part):
    """What someone must do once the rule is met."""

    id: str
    actor: str
    action: str
    recipient: str | None
    content: list[str]
    due: str = Field(description="When it falls due, in words.")
    more: dict[str, str] = Field(description="Whatever else the file says of it.")
    cite: str


class AskedRule(Part):
    """Another rule that the rule asks."""

    id: str
    title: str


class RulesExplainDocument(Part):
    """What ``flopledger rules explain -f json`` prints."""

    schema_: Literal["flopledger/rules-explain.v1"] = Field(alias="schema")
    pack: Hex = Field(description="Digest of the rule pack.")
    in_force_on: date
    law_known_on: date
    regime: str
    rule: str
    title: str
    subject: str = Field(description="Kind of subject that it asks about.")
    group: str | None = Field(description="How holdings are grouped into subjects, in words.")
    effect: str
    cite: str
    law: LawStatus | None
    since: date | None
    applies_from: date | None
    enforcement: StanceKind | None
    provenance: Provenance | None = Field(description="The weakest check among its figures.")
    interpretation: str | None
    foreseen: bool = Field(description="Whether commitments can meet it before the work is done.")
    lets: list[LetPart]
    scope: SaidPart | None = Field(description="Null for every subject of its kind.")
    condition: SaidPart
    exceptions: list[ExceptionPart]
    rebuttal: RebuttalPart | None
    figures: list[WordingPart]
    standing_in: list[str] = Field(
        description="Figures of which no value binds on the day; the nearest one is given."
    )
    asks: list[AskedRule]
    counting: list[CountsPart]
    readings: list[QuestionPart]
    obligations: list[DutyPart]


def rules_explain_schema() -> dict[str, Any]:
    """The published schema ``schemas/rules-explain.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/rules-explain.v1.schema.json",
        **RulesExplainDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def rule_document(found: Expounded) -> dict[str, Any]:
    """Return a rule as the document of ``schemas/rules-explain.v1.schema.json``."""
    law, rule, standing, ground = found.law, found.rule, found.standing, found.ground
    assert law.law_known_on is not None, "a question names the day of knowledge"
    document = RulesExplainDocument(
        schema="flopledger/rules-explain.v1",
        pack=found.pack,
        in_force_on=law.in_force_on,
        law_known_on=law.law_known_on,
        regime=law.regime.id,
        rule=rule.id,
        title=rule.title["en"],
        subject=rule.subject,
        group=None if rule.group is None else gist(rule.group),
        effect=rule.effect,
        cite=ground.cite,
        law=standing.law,
        since=standing.since,
        applies_from=standing.applies_from,
        enforcement=standing.enforcement,
        provenance=ground.provenance,
        interpretation=rule.interpretation,
        foreseen=rule.foresees,
        lets=[LetPart(name=n, infix=infix, text=text) for n, infix, text in found.lets],
        scope=None if found.scope is None else _said(found.scope),
        condition=_said(found.condition),
        exceptions=[
            ExceptionPart(id=e.id, title=e.title, condition=_said(e.said), cite=e.cite)
            for e in found.exceptions
        ],
        rebuttal=_rebuttal(found),
        figures=[_wording(found, wording) for wording in found.figures],
        standing_in=list(ground.stands_in),
        asks=[AskedRule(id=rule_id, title=title) for rule_id, title in found.asks],
        counting=[_counts(each) for each in found.counts],
        readings=[_question(each) for each in found.questions],
        obligations=[_duty(each) for each in found.duties],
    )
    return document.model_dump(mode="json", by_alias=True)


def _said(said: Said) -> SaidPart:
    """Return a condition."""
    sentences = [
        SentencePart(
            depth=each.depth,
            kind=each.kind,
            text=each.text,
            infix=each.infix,
            figures=[wording.figure for wording in each.wordings],
        )
        for each in said.sentences
    ]
    return SaidPart(infix=said.infix, sentences=sentences)


def _wording(found: Expounded, wording: Wording) -> WordingPart:
    """Return the law's words for a number."""
    value = wording.value
    number = value.value if isinstance(value, Quantity) else value
    return WordingPart(
        figure=wording.figure,
        value=None if number is None else str(number),
        unit=value.unit.symbol if isinstance(value, Quantity) else None,
        phrase=wording.phrase,
        cite=found.cite_of(wording),
        provenance=wording.provenance,
    )


def _rebuttal(found: Expounded) -> RebuttalPart | None:
    """Return the decision that answers the presumption."""
    if found.rebuttal is None:
        return None
    fact, text, cite = found.rebuttal
    return RebuttalPart(fact=fact, text=text, cite=cite)


def _counts(counts: Counts) -> CountsPart:
    """Return what a counting set counts."""
    return CountsPart(
        id=counts.id,
        title=counts.title,
        cite=counts.cite,
        counted=list(counts.counted),
        excluded=list(counts.excluded),
        operation_kinds=list(counts.kinds),
        relations=list(counts.relations),
        same_provider=counts.same_provider,
        open=dict(counts.resting),
        interpretation=counts.interpretation,
    )


def _question(question: OpenQuestion) -> QuestionPart:
    """Return an open question."""
    return QuestionPart(
        id=question.id,
        question=question.question,
        chosen=AlternativePart(id=question.chosen[0], title=question.chosen[1]),
        is_default=question.is_default,
        others=[AlternativePart(id=key, title=title) for key, title in question.others],
        why=question.why,
    )


def _duty(duty: Duty) -> DutyPart:
    """Return what someone must do."""
    return DutyPart(
        id=duty.id,
        actor=duty.actor,
        action=duty.action,
        recipient=duty.recipient,
        content=list(duty.content),
        due=duty.clock,
        more=dict(duty.more),
        cite=duty.cite,
    )
