"""A bundle verdict is written as one document, ``flopledger/verify-bundle.v1``, and as tables."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from ledger.policy import MEMBERS, Policy
from ledger.report.table import Column, Table
from ledger.verify.bundle import UNPROVEN, BundleVerdict, Cause, Contrast, Outcome, Step

__all__ = [
    "CAUSES",
    "OUTCOMES",
    "Occasion",
    "bundle_document",
    "bundle_tables",
    "headline",
    "not_asked",
    "result_of",
    "shown",
]

SCHEMA: Final = "flopledger/verify-bundle.v1"
_RESULTS: Final[Mapping[int, str]] = {0: "holds", 1: "finding", 3: "incomplete", 4: "failed"}
OUTCOMES: Final[Mapping[Outcome, str]] = {
    "held": "holds",
    "failed": "FAILS",
    "finding": "look at this",
    "withheld": "not checkable",
    "not_asked": "not asked",
    "not_reached": "not reached",
}
"""The word for people of each outcome."""
CAUSES: Final[Mapping[Cause, str]] = {
    "altered": "changed",
    "other_law": "other law",
    "withheld": "fact not in the leaves",
    "other_reading": "other reading",
    "other_subject": "asked by one side only",
}
"""The word for people of each cause."""
_VALUE_MAX: Final = 60  # characters of a value in a table; the document has all of it


@dataclass(frozen=True, slots=True)
class Occasion:
    """Under what a bundle was verified, and when.

    Attributes:
        policy: SHA-256 of the policy file, 64 hex digits.
        not_asked: Members of a policy that ask for nothing in this one.
        at: When, UTC; only a transcript states it.
        program: Version of the program.
    """

    policy: str
    not_asked: tuple[str, ...]
    at: str
    program: str

    @classmethod
    def of(cls, data: bytes, policy: Policy, at: str, program: str) -> Self:
        """Return the occasion of a policy file."""
        return cls(hashlib.sha256(data).hexdigest(), policy.not_asked(), at, program)


def result_of(verdict: BundleVerdict) -> str:
    """Return ``holds``, ``finding``, ``incomplete`` or ``failed``."""
    return _RESULTS[verdict.exit_status]


def headline(verdict: BundleVerdict) -> str:
    """Return what came out, in one sentence."""
    if verdict.fault is not None:
        step = verdict.steps[verdict.fault.step - 1]
        return f"does not hold: step {step.number}, {step.name}, at {verdict.fault.where}"
    assert verdict.bundle is not None
    held = verdict.steps[3].count
    entries = "1 entry" if held == 1 else f"{held} entries"
    what = f"internally consistent: {entries} of {verdict.bundle.origin}"
    return {
        0: what,
        1: f"{what}, with something to look at",
        3: f"{what}; something could not be checked",
        4: "does not hold: a step was not taken",
    }[verdict.exit_status]


def not_asked(occasion: Occasion) -> tuple[str, ...]:
    """Return what the policy does not ask for, a sentence each."""
    return tuple(f"the policy does not say {MEMBERS[name]} ({name})" for name in occasion.not_asked)


def shown(value: object) -> str:
    """Return a value short enough for a table."""
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _VALUE_MAX else text[: _VALUE_MAX - 1] + "…"


def bundle_document(verdict: BundleVerdict, occasion: Occasion) -> dict[str, Any]:
    """Return a verdict as ``flopledger/verify-bundle.v1``."""
    bundle, fault = verdict.bundle, verdict.fault
    return {
        "schema": SCHEMA,
        "result": result_of(verdict),
        "exit_status": verdict.exit_status,
        "bundle": None
        if bundle is None
        else {
            "digest": bundle.digest,
            "kind": bundle.kind,
            "origin": bundle.origin,
            "size": bundle.size,
            "root": bundle.root or None,
            "witnessed": bundle.witnessed,
            "audience": bundle.audience,
        },
        "policy": {"sha256": occasion.policy, "not_asked": list(occasion.not_asked)},
        "steps": [_step(step) for step in verdict.steps],
        "failure": None
        if fault is None
        else {
            "step": fault.step,
            "message": fault.message,
            "where": fault.where,
            "seq": fault.seq,
            "why": fault.why,
            "remedy": fault.remedy,
        },
        "attested": list(verdict.attested),
        "differences": [_difference(each) for each in verdict.contrasts],
        "unknown_signatures": list(verdict.unknown),
        "not_proven": list(UNPROVEN),
    }


def bundle_tables(verdict: BundleVerdict, occasion: Occasion) -> list[Table]:
    """Return a verdict for people: the steps, what differs, and what none of it proves."""
    columns = (
        Column("step", "right"),
        Column("check"),
        Column("outcome"),
        Column("count", "right"),
        Column("of"),
        Column("note", wide=True),
    )
    rows = tuple(
        (
            str(step.number),
            step.name,
            OUTCOMES[step.outcome],
            str(step.count),
            step.unit,
            "; ".join(step.notes),
        )
        for step in verdict.steps
    )
    tables = [Table(headline(verdict), columns, rows, _notes(verdict))]
    if verdict.contrasts:
        tables.append(_differences(verdict))
    if occasion.not_asked:
        tables.append(Table("Not asked for by the policy", (), (), _dashed(not_asked(occasion))))
    return [*tables, Table("What none of this proves", (), (), _dashed(UNPROVEN))]


def _notes(verdict: BundleVerdict) -> tuple[str, ...]:
    """Return what stands below the steps."""
    notes = list(verdict.attested)
    fault = verdict.fault
    if fault is not None:
        texts = (("where", fault.where), ("why", fault.why), ("next", fault.remedy))
        notes += [f"{label}: {text}" for label, text in texts if text]
    if verdict.bundle is not None:
        notes.append(f"bundle {verdict.bundle.digest}, made for the {verdict.bundle.audience}")
        if verdict.bundle.root:
            notes.append(f"root {verdict.bundle.root}")
    return (*notes, *(f"unknown, not trusted: {each}" for each in verdict.unknown))


def _differences(verdict: BundleVerdict) -> Table:
    """Return what the verifier's own law says otherwise."""
    columns = (
        Column("determination", wide=True),
        Column("what"),
        Column("attested"),
        Column("under your law"),
        Column("cause"),
        Column("why", wide=True),
    )
    rows = tuple(
        (
            each.place,
            each.field or "all of it",
            shown(each.stated),
            shown(each.found),
            CAUSES[each.cause],
            each.why,
        )
        for each in verdict.contrasts
    )
    return Table("Under your own rules", columns, rows)


def _step(step: Step) -> dict[str, Any]:
    """Return one step as JSON values."""
    return {
        "step": step.number,
        "name": step.name,
        "outcome": step.outcome,
        "count": step.count,
        "unit": step.unit,
        "notes": list(step.notes),
    }


def _difference(contrast: Contrast) -> dict[str, Any]:
    """Return one difference as JSON values."""
    return {
        "place": contrast.place,
        "field": contrast.field,
        "stated": contrast.stated,
        "found": contrast.found,
        "cause": contrast.cause,
        "why": contrast.why,
    }


def _dashed(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return sentences as a list."""
    return tuple(f"- {text}" for text in texts)
