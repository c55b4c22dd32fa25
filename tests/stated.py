"""A world that a test states outright, and a regime around the rules that it asks about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ledger.quantity import Interval, Quantity
from ledger.regime.cased import CasedRegime
from ledger.regime.diagnosis import parse_node
from ledger.regime.environment import Amount, Bounds, FactValue, Holding, ends_of
from ledger.regime.interpret import Outcome, interpret
from ledger.regime.law import Law
from ledger.regime.vocabulary import ACTIVITIES

DAY = date(2026, 11, 22)
LINE = 10**25


@dataclass(frozen=True)
class Stated:
    value: FactValue | None = None
    entries: tuple[int, ...] = ()


@dataclass(frozen=True)
class Counted:
    legal: Interval
    error: Interval
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Made:
    model: str
    parent: str | None
    relation: str = "derived"
    same_provider: str = "no"
    certain: bool = True


@dataclass
class World:
    """Records that a test states outright."""

    facts: dict[tuple[str, str], Stated] = field(default_factory=dict)
    totals: dict[tuple[str, str, str], Counted] = field(default_factory=dict)
    models: dict[str, list[str]] = field(default_factory=dict)
    made: list[Made] = field(default_factory=list)
    rows: dict[str, list[dict[str, Quantity]]] = field(default_factory=dict)

    def fact(self, subject: str, name: str) -> Stated:
        return self.facts.get((subject, name), Stated())

    def total(self, subject: str, counting: Any, scope: str, view: str) -> Counted:
        assert counting.id == "everything"
        unknown = Counted(
            Interval.unknown(), Interval.unknown(), (f"operations@{subject.replace(':', '-')}",)
        )
        return self.totals.get((subject, scope, view), unknown)

    def bounds(self, subjects: Sequence[str], counting: Any, scope: str, view: str) -> Bounds:
        return Bounds.of(ends_of(self.total(each, counting, scope, view)) for each in subjects)

    def members(self, relation: str, subject: str) -> list[str]:
        return self.models.get(subject, []) if relation == "developer.models" else []

    def stated(self, name: str) -> list[str]:
        return [subject for subject, stated in self.facts if stated == name]

    def descended(self) -> list[str]:
        return [f"model:{each.model}" for each in self.made]

    @property
    def day(self) -> date:
        return DAY

    def holdings(self) -> list[Holding]:
        return []

    def amounts(self, subject: str, name: str) -> list[Amount]:
        assert subject
        assert name
        return []

    def steps(self, model: str) -> list[Made]:
        return [step for step in self.made if f"model:{step.model}" == model]

    def rates(self, device: str) -> list[dict[str, Quantity]] | None:
        return self.rows.get(device)


def exactly(value: int, error: Interval | None = None) -> Counted:
    legal = Interval.point(value)
    return Counted(legal, error or legal)


def regime(*rules: dict[str, Any], **more: Any) -> CasedRegime:
    cite = {"source": "act", "at": "1", "phrase": "greater than"}
    everything = {
        "title": {"en": "everything"},
        "cite": {"source": "act"},
        "operation_kinds": dict.fromkeys(("float", "integer", "unknown"), "counted"),
        "activities": dict.fromkeys(ACTIVITIES, "counted"),
        "lineage": {
            "relations": dict.fromkeys(("derived", "merged", "initialised", "distilled"), "follow"),
            "same_provider": "collapse",
        },
    }

    def value(text: str) -> dict[str, Any]:
        stated = {"from": "2025-01-01", "known": "2025-01-01", "value": text, "cite": cite}
        return stated | {"provenance": "verified"}

    tree = {
        "schema": "regime/1",
        "id": "zz.test",
        "title": {"en": "test"},
        "jurisdiction": "ZZ",
        "review": {"state": "draft", "encoded_by": "nobody"},
        "sources": {"act": {"cite": "Act", "published": "2025-01-01", "binding": "law"}},
        "lifecycle": [{"on": "2025-01-01", "event": "applies", "cite": {"source": "act"}}],
        "parameters": {
            "line": {"dimension": "operations", "values": [value("10^25 FLOP")]},
            "third": {"dimension": "ratio", "values": [value("1/3 ratio")]},
            "money": {"dimension": "money_usd", "values": [value("500_000_000 USD")]},
            "day": {"dimension": "date", "values": [value("2026-01-01")]},
            "tpp": {"dimension": "processing_performance", "values": [value("4800 TPP")]},
        },
        "counting": {"everything": everything},
        "rules": [
            {
                "title": {"en": "a rule"},
                "subject": "model",
                "effect": "definition",
                "cite": {"source": "act"},
                **rule,
            }
            for rule in rules
        ],
        **more,
    }
    found, flaws = parse_node(CasedRegime, tree, "zz.test.yaml")
    assert found is not None, flaws
    return found


def ask(
    found: CasedRegime,
    world: World,
    *,
    rule: str = "r",
    subject: str = "model:m",
    view: Any = "actual",
    **readings: str,
) -> Outcome:
    return interpret(Law.on(found, DAY, readings=readings), rule, subject, world, view)


SUM = {"compute": {"sum": "operations", "counting": "everything", "lineage": "cumulative"}}
ABOVE = {"id": "r", "let": SUM, "when": {"gt": ["compute", "line"]}}
FACTS = ("model.a", "model.b")
