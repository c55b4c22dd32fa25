"""A law document is a regime, or a list of them, as JSON with stable keys and exact numbers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ledger.quantity import Quantity
from ledger.regime.counting import resolve
from ledger.regime.dated import Standing
from ledger.regime.index import IndexEntry
from ledger.regime.model import Regime, Regimes
from ledger.regime.rule import Obligation, Rule
from ledger.regime.source import Citation, ParameterValue
from ledger.regime.words import in_words
from ledger.report.law import LawView, due_in_words

__all__ = ["law_document", "list_document"]


def list_document(
    regimes: Regimes,
    index: Iterable[IndexEntry],
    digest: str,
    in_force_on: date,
    law_known_on: date | None,
) -> dict[str, Any]:
    """Return the list of regimes, and of what was looked at and has no rule.

    Args:
        regimes: Regime by id.
        index: What has no rule.
        digest: Digest of the rule pack.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen; None sees all.
    """
    views = [LawView.of(regime, in_force_on, law_known_on) for regime in regimes.values()]
    return {
        "schema": "flopledger/rules-list.v2",
        "pack": digest,
        **_days(in_force_on, law_known_on),
        "regimes": [
            _head(view.regime, view.standing)
            | {
                "optional": view.regime.optional,
                "rules": [rule.id for rule in view.regime.rules],
                "cases": len(view.regime.cases),
            }
            for view in views
        ],
        "index": [_entry(entry) for entry in index],
    }


def law_document(view: LawView, digest: str) -> dict[str, Any]:
    """Return a regime: its standing, and every figure with its quotation.

    Args:
        view: The regime as it is shown.
        digest: Digest of the rule pack.
    """
    regime = view.regime
    return {
        "schema": "flopledger/rules-show.v1",
        "pack": digest,
        **_days(view.in_force_on, view.law_known_on),
        **_head(regime, view.standing),
        "review": regime.review.state,
        "readings": dict(view.readings),
        "parameters": [
            {"id": name, "dimension": item.dimension, "values": _values(regime, item.values)}
            for name, item in regime.parameters.items()
        ],
        "rules": [_rule(regime, rule) for rule in regime.rules],
        "counting": [_counting(view, name) for name in regime.counting],
        "penalties": [
            {"text": item.text["en"], "cite": _cite(regime, item.cite)} for item in regime.penalties
        ],
    }


def _entry(entry: IndexEntry) -> dict[str, Any]:
    """Return what was looked at and has no rule."""
    return {
        "id": entry.id,
        "title": entry.title["en"],
        "jurisdiction": entry.jurisdiction,
        "cite": entry.cite,
        "status": entry.status,
        "why": entry.why,
        "provenance": entry.provenance,
        "looked_at": str(entry.looked_at),
    }


def _days(in_force_on: date, law_known_on: date | None) -> dict[str, Any]:
    """Return the two days of the law."""
    known = None if law_known_on is None else str(law_known_on)
    return {"in_force_on": str(in_force_on), "law_known_on": known}


def _head(regime: Regime, standing: Standing) -> dict[str, Any]:
    """Return what a regime is and where it stands."""
    return {
        "id": regime.id,
        "title": regime.title["en"],
        "jurisdiction": regime.jurisdiction,
        "law": standing.law,
        "since": None if standing.since is None else str(standing.since),
        "applies_from": None if standing.applies_from is None else str(standing.applies_from),
        "enforcement": standing.enforcement,
    }


def _cite(regime: Regime, citation: Citation) -> dict[str, Any]:
    """Return a citation with the title of its source."""
    return {
        "source": regime.sources[citation.source].cite,
        "at": citation.at,
        "phrase": citation.phrase,
    }


def _values(regime: Regime, values: Iterable[ParameterValue]) -> list[dict[str, Any]]:
    """Return the dated values of a parameter; numbers are exact texts with their unit."""
    return [
        {
            "value": str(value.value.value)
            if isinstance(value.value, Quantity)
            else str(value.value),
            "unit": value.value.unit.symbol if isinstance(value.value, Quantity) else None,
            "from": str(value.from_),
            "until": None if value.until is None else str(value.until),
            "known": str(value.known),
            "provenance": value.provenance,
            "cite": _cite(regime, value.cite),
        }
        for value in values
    ]


def _rule(regime: Regime, rule: Rule) -> dict[str, Any]:
    """Return one rule with its condition in words."""
    return {
        "id": rule.id,
        "title": rule.title["en"],
        "subject": rule.subject,
        "effect": rule.effect,
        "scope": None if rule.scope is None else in_words(rule.scope),
        "let": {name: in_words(number) for name, number in rule.let.items()},
        "condition": in_words(rule.condition),
        "unless": [{"id": item.id, "condition": in_words(item.when)} for item in rule.unless],
        "foreseen": rule.foresees,
        "interpretation": rule.interpretation,
        "cite": _cite(regime, rule.cite),
        "obligations": [_obligation(regime, duty) for duty in rule.obligations],
    }


def _obligation(regime: Regime, duty: Obligation) -> dict[str, Any]:
    """Return one obligation."""
    return {
        "id": duty.id,
        "actor": duty.actor,
        "action": duty.action["en"],
        "recipient": None if duty.recipient is None else duty.recipient["en"],
        "content": list(duty.content),
        "due": due_in_words(duty.due),
        "cite": _cite(regime, duty.cite),
    }


def _counting(view: LawView, name: str) -> dict[str, Any]:
    """Return a counting set as it counts under the readings chosen."""
    counting = view.regime.counting[name]
    settled = resolve(name, counting, view.regime.readings, view.readings)
    return {
        "id": name,
        "title": counting.title["en"],
        "counted": sorted(settled.activities),
        "excluded": sorted(settled.excluded_activities),
        "operation_kinds": sorted(settled.operation_kinds),
        "relations": sorted(settled.relations),
        "same_provider": settled.same_provider,
        "open": list(counting.open_readings()),
    }
