"""A case becomes records: the same ones that an import would append, in the order recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.canonical import JSON
from ledger.quantity import Quantity
from ledger.record.draft import Draft, draft_of
from ledger.regime.case import (
    AtLeast,
    Case,
    CaseCommitment,
    CaseHolding,
    CaseLineage,
    CaseTraining,
    Range,
    stated_facts,
)
from ledger.regime.vocabulary import Vocabulary

__all__ = ["Recorded", "records_of", "subject_of"]

_EVIDENCE: Final[dict[str, JSON]] = {
    "source_kind": "assertion",
    "file_sha256": None,
    "locator": "case",
    "importer": "case",
    "importer_version": "1",
}
_FABRIC: Final[dict[str, JSON]] = {
    "scale_up_gb_per_s": None,
    "scale_up_domain": None,
    "scale_out_gbit_per_s": None,
    "topology": "unknown",
    "concurrent_devices": None,
}
# A contract needs a size so that what is still to be delivered of it can be told; nothing in a
# case is delivered, so any size will do.
_CONTRACTED_US: Final = "3600000000"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A record of a case, and when the ledger learnt it.

    Attributes:
        on: UTC day of recording.
        draft: The record.
    """

    on: date
    draft: Draft


def records_of(case: Case, vocabulary: Vocabulary) -> tuple[Recorded, ...]:
    """Turn everything that a case holds into records, in the order recorded.

    Args:
        case: The case; rates of devices are no records and are passed over.
        vocabulary: Types of facts.

    Raises:
        RuleError: If the case states a fact that the vocabulary does not know.
        InputError: If a value does not fit its fact, or a figure is no whole number.
    """
    day = case.evaluated_on
    found = [
        *(_training(row, index, day) for index, row in enumerate(case.training)),
        *(_commitment(row, index, day) for index, row in enumerate(case.commitments)),
        *(_lineage(row, day) for row in case.lineage),
        *(_holding(row, day) for row in case.holdings),
        *_facts(case, vocabulary, day),
    ]
    return tuple(sorted(found, key=lambda recorded: recorded.on))


def subject_of(name: str, kind: str) -> str:
    """Return a subject with its prefix: a case may leave out the one that its place implies."""
    return name if ":" in name.partition("/")[0] else f"{kind}:{name}"


def _training(row: CaseTraining, index: int, day: date) -> Recorded:
    """Return the allocation of one row; without a time of day it takes its first hour."""
    body: dict[str, Any] = {
        "run": row.run or f"run-{index}",
        "model": row.model,
        "developer": row.developer,
        "activity": row.activity,
        "extent": row.extent,
        "start": None if row.on is None else f"{row.on}T00:00:00Z",
        "start_ms": 0,
        "end": None if row.on is None else f"{row.on}T01:00:00Z",
        "end_ms": 0,
        "not_after": None if row.not_after is None else row.not_after.isoformat(),
        "device": None,
        "milli_devices": None,
        "device_us": None,
        "precision": "unknown",
        "sparsity": "unknown",
        "operation_kind": row.kind,
        **_FABRIC,
        "catalogue_digest": None,
        "peak_operations_per_s": None,
        "ceiling_operations": None,
        **_figures(row.operations),
        "operations_executed": None,
        "method": "none",
        "method_inputs": {},
        "evidence": _EVIDENCE,
        "commitment": None,
        "status": "final",
        "role": "primary",
    }
    return Recorded(row.recorded or day, draft_of("allocation", body))


def _commitment(row: CaseCommitment, index: int, day: date) -> Recorded:
    """Return the commitment of one row."""
    body: dict[str, Any] = {
        "contract": row.contract or f"contract-{index}",
        "kind": row.kind,
        "window_start": row.window_start.isoformat(),
        "window_end": row.window_end.isoformat(),
        "device": None,
        "milli_devices": None,
        "device_us": _CONTRACTED_US,
        "precision": "unknown",
        "sparsity": "unknown",
        **_FABRIC,
        **_figures(row.operations),
        "firmness": row.firmness,
        "agreed_on": row.agreed_on.isoformat(),
        "exercised_on": None if row.exercised_on is None else row.exercised_on.isoformat(),
        "model": row.model,
        "developer": row.developer,
        "activity": row.activity,
        "operation_kind": row.operation_kind,
        "evidence": _EVIDENCE,
    }
    return Recorded(row.recorded or day, draft_of("commitment", body))


def _lineage(row: CaseLineage, day: date) -> Recorded:
    """Return the step of one row; ``unknown`` is a parent that nobody names."""
    body: dict[str, Any] = {
        "model": row.model,
        "parent": None if row.parent == "unknown" else row.parent,
        "relation": row.relation,
        "same_provider": row.same_provider,
        "on": None if row.on is None else row.on.isoformat(),
        "evidence": _EVIDENCE,
    }
    return Recorded(day, draft_of("lineage", body))


def _holding(row: CaseHolding, day: date) -> Recorded:
    """Return the holding of one row; a case hides nothing, so names stand for pseudonyms."""
    body: dict[str, Any] = {
        "device": row.device,
        "quantity": row.quantity.exact_int(),
        "headquarters": row.headquarters,
        "destination": row.destination,
        "event": row.event,
        "authorisation": row.authorisation,
        "on": row.on.isoformat(),
        "evidence": _EVIDENCE,
    }
    named = {"consignee": row.consignee, "ultimate_parent": row.company, "site": row.site}
    hidden = {name: value for name, value in named.items() if value is not None}
    return Recorded(row.recorded or day, draft_of("holding", body, hidden=hidden))


def _facts(case: Case, vocabulary: Vocabulary, day: date) -> Iterator[Recorded]:
    """Yield a record for each fact; one without days always holds."""
    for name, facts in case.facts.items():
        for fact, stated in facts.items():
            for dated in stated_facts(stated):
                body: dict[str, Any] = {
                    "subject": subject_of(name, fact.partition(".")[0]),
                    "name": fact,
                    "value": vocabulary.read_value(fact, dated.value),
                    "valid_from": None if dated.from_ is None else dated.from_.isoformat(),
                    "valid_until": None if dated.until is None else dated.until.isoformat(),
                    "evidence": _EVIDENCE,
                }
                yield Recorded(dated.recorded or day, draft_of("fact", body))


def _figures(stated: Quantity | str | Range | AtLeast) -> Mapping[str, JSON]:
    """Return the three figures of a record; ``unknown`` leaves all of them open."""
    low = point = high = None
    match stated:
        case Quantity():
            point = str(stated.exact_int())
        case Range():
            low, high = str(stated.low.exact_int()), str(stated.high.exact_int())
            point = None if stated.point is None else str(stated.point.exact_int())
        case AtLeast():
            low = str(stated.at_least.exact_int())
        case _:
            assert stated == "unknown", "the model lets no other word through"
    return {"operations": point, "operations_low": low, "operations_high": high}
