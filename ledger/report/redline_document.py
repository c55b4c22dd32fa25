"""The redline document is the published JSON of two laws compared, ``flopledger/rules-diff.v1``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from ledger.journeys.comparing import CaseFlip, Compared, OnLedger, Redline
from ledger.regime.difference import Kind
from ledger.regime.edition import Lawbook
from ledger.regime.likeness import Answer
from ledger.regime.model import Regime
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

__all__ = ["RulesDiffDocument", "redline_document", "rules_diff_schema"]


class LawPart(Part):
    """One of the two laws."""

    given: str = Field(description="What was named: a folder, a pack file or one regime file.")
    pack: Hex = Field(description="Digest of the rule pack that was compared.")
    regimes: Annotated[int, Field(ge=0)] = Field(description="How many regimes it holds.")


class RegimePart(Part):
    """A regime that only one of the laws has."""

    regime: str
    title: str
    kind: Literal["added", "removed"]


class ConditionPart(Part):
    """What became of a condition that is written otherwise.

    Facts are taken as independent of each other, and so are comparisons of different numbers.
    """

    regime: str
    rule: str
    place: str = Field(description="Path inside the rule, such as when or unless.narrow.")
    answer: Answer = Field(
        description="equivalent: both say the same, whatever is unknown. equivalent_when_known: "
        "they part only while something is unknown. differs: they part. not_tried: there are too "
        "many combinations to try."
    )
    witness: list[str] = Field(description="Facts and comparisons on which they part.")
    old: bool | None = Field(description="What the old one says there; null for unknown.")
    new: bool | None = Field(description="What the new one says there; null for unknown.")
    changed: list[str] = Field(
        description="Figures, lists, counting sets and rules in it that mean something else; the "
        "answer takes them as the same."
    )


class CasePart(Part):
    """A case of a rule file that is new, gone or otherwise."""

    regime: str
    case: str
    kind: Kind


class FilePart(Part):
    """One place in which a file differs that holds no regime."""

    place: str = Field(description="Path of the file and path inside it.")
    kind: Kind
    old: str | None
    new: str | None


class FlipPart(Part):
    """A subject that comes out otherwise under a rule."""

    regime: str
    rule: str
    subject: str
    turns: list[TurnPart] = Field(min_length=1)


class CaseFlipPart(FlipPart):
    """A subject of a case that comes out otherwise."""

    case: str = Field(description="Name of the case.")
    of: Literal["both", "old", "new"] = Field(description="Which file holds the case.")


class UnaskedPart(Part):
    """A case that one of the laws cannot be asked about."""

    regime: str
    case: str
    law: Literal["old", "new"]
    why: str


class CasesFound(Part):
    """What comes out otherwise on the cases of both files."""

    flips: list[CaseFlipPart]
    unasked: list[UnaskedPart]


class LedgerFound(Part):
    """What comes out otherwise on a ledger."""

    asked: AskedPart
    flips: list[FlipPart]


class RulesDiffDocument(Part):
    """What ``flopledger rules diff -f json`` prints."""

    schema_: Literal["flopledger/rules-diff.v1"] = Field(alias="schema")
    old: LawPart
    new: LawPart
    same: bool = Field(description="Whether nothing differs but how files are written.")
    regimes: list[RegimePart] = Field(description="Regimes that only one of the laws has.")
    changes: list[ChangePart]
    values: list[ValueChangePart] = Field(description="Values of figures.")
    conditions: list[ConditionPart]
    cases: list[CasePart]
    files: list[FilePart] = Field(description="Vocabulary, catalogue, units and grades.")
    rewritten: list[str] = Field(description="Regimes that are only written otherwise.")
    on_cases: CasesFound | None = Field(description="Null when a ledger was asked.")
    on_ledger: LedgerFound | None = Field(description="Null when no ledger was asked.")


def rules_diff_schema() -> dict[str, Any]:
    """The published schema ``schemas/rules-diff.v1.schema.json``, generated from the model."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/rules-diff.v1.schema.json",
        **RulesDiffDocument.model_json_schema(by_alias=True, mode="serialization"),
    }


def redline_document(redline: Redline) -> dict[str, Any]:
    """Return a comparison of laws as the document of ``schemas/rules-diff.v1.schema.json``."""
    compared = redline.compared
    found = RulesDiffDocument(
        schema="flopledger/rules-diff.v1",
        old=_law(redline.given[0], compared.old),
        new=_law(redline.given[1], compared.new),
        same=not compared,
        regimes=[
            *(_lone(regime, "added") for regime in compared.added),
            *(_lone(regime, "removed") for regime in compared.removed),
        ],
        changes=change_parts(compared),
        values=value_change_parts(compared),
        conditions=list(_conditions(compared)),
        cases=[
            CasePart(regime=each.new.id, case=case.name, kind=case.kind)
            for each in compared.differences
            for case in each.cases
        ],
        files=[FilePart(place=c.place, kind=c.kind, old=c.old, new=c.new) for c in compared.files],
        rewritten=list(compared.rewritten),
        on_cases=None if redline.ledger is not None else _on_cases(redline),
        on_ledger=None if redline.ledger is None else _on_ledger(redline.ledger),
    )
    return found.model_dump(mode="json", by_alias=True)


def _law(given: str, book: Lawbook) -> LawPart:
    """Return one of the two laws."""
    return LawPart(given=given, pack=book.pack.digest, regimes=len(book.regimes))


def _lone(regime: Regime, kind: Literal["added", "removed"]) -> RegimePart:
    """Return a regime that only one of the laws has."""
    return RegimePart(regime=regime.id, title=regime.title["en"], kind=kind)


def _conditions(compared: Compared) -> Iterator[ConditionPart]:
    """Yield what became of the conditions that are written otherwise."""
    for each in compared.differences:
        for found in each.likenesses:
            yield ConditionPart(
                regime=each.new.id,
                rule=found.rule,
                place=found.place,
                answer=found.answer,
                witness=list(found.witness),
                old=found.old,
                new=found.new,
                changed=list(found.changed),
            )


def _on_cases(redline: Redline) -> CasesFound:
    """Return what comes out otherwise on cases."""
    return CasesFound(
        flips=[_case_flip(found) for found in redline.cases],
        unasked=[
            UnaskedPart(regime=u.regime, case=u.case, law=u.law, why=u.why) for u in redline.unasked
        ],
    )


def _case_flip(found: CaseFlip) -> CaseFlipPart:
    """Return one flip on a case."""
    flip = found.flip
    return CaseFlipPart(
        regime=flip.regime,
        rule=flip.rule,
        subject=flip.subject,
        turns=turn_parts(flip.turns),
        case=found.case,
        of=found.of,
    )


def _on_ledger(found: OnLedger) -> LedgerFound:
    """Return what comes out otherwise on a ledger."""
    return LedgerFound(
        asked=asked_part(found.question, found.records),
        flips=[
            FlipPart(
                regime=flip.regime,
                rule=flip.rule,
                subject=flip.subject,
                turns=turn_parts(flip.turns),
            )
            for flip in found.flips
        ],
    )
