"""Supposing says what one missing fact or figure would decide: what if it were so?"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.book import Scope
from ledger.determination.standpoint import Standpoint
from ledger.facts import FactEntry, FactState, FactValue
from ledger.holdings import HeldDevices
from ledger.lineage import Edge
from ledger.measure import Measured
from ledger.quantity import UNITS
from ledger.regime.answered import Answers
from ledger.regime.counting import CountingSet
from ledger.regime.environment import Rates
from ledger.regime.interpret import Finding, Interpreter, Outcome
from ledger.regime.law import Law
from ledger.regime.rule import ViewName
from ledger.regime.trace import Reason
from ledger.regime.vocabulary import Vocabulary
from ledger.regime.words import SIGNS, value_in_words

__all__ = ["Supposition", "suppositions"]

_OPERATIONS: Final = "operations"


@dataclass(frozen=True, slots=True)
class Supposition:
    """One thing missing, and what would come of it.

    Attributes:
        missing: Its name.
        asked_for: What it is, in words of the vocabulary; empty if the name says it.
        outcomes: Value supposed, in words, and the finding it leads to.
        deciding: Comparisons that it decides, in words.
    """

    missing: str
    asked_for: str
    outcomes: tuple[tuple[str, str], ...]
    deciding: tuple[str, ...]


def suppositions(
    law: Law, outcome: Outcome, missing: Iterable[str], standpoint: Standpoint, words: Vocabulary
) -> tuple[Supposition, ...]:
    """Say what each missing name would decide.

    Args:
        law: The law.
        outcome: What is undetermined.
        missing: Names, as the determination gives them.
        standpoint: What the records say.
        words: Facts that a rule may ask about.
    """
    return tuple(_supposed(law, outcome, name, standpoint, words) for name in missing)


def _supposed(
    law: Law, outcome: Outcome, name: str, standpoint: Standpoint, words: Vocabulary
) -> Supposition:
    """Say what one missing name would decide."""
    fact_name, _, elsewhere = name.partition("@")
    fact = words.facts.get(fact_name)
    if fact is None:
        return Supposition(name, "", (), tuple(_comparisons(outcome, name)))
    subject = elsewhere or outcome.subject
    values: list[FactValue]
    match fact.type:
        case "boolean":
            values = [True, False]
        case "enum" | "set":
            values = [frozenset((value,)) for value in fact.values or ()]
        case _:
            values = []
    found = []
    for value in values:
        supposed = _Supposed(standpoint, subject, fact_name, value)
        answers = Answers(law, supposed)
        finding = Interpreter(law, answers, outcome.subject).outcome(outcome.rule).finding
        found.append((value_in_words(value), _words(finding)))
    deciding = () if values else tuple(_comparisons(outcome, name))
    return Supposition(name, fact.description["en"], tuple(found), deciding)


@dataclass(frozen=True, slots=True)
class _Supposed:
    """A standpoint with one fact supposed.

    Attributes:
        below: The standpoint.
        subject: Of whom the fact is supposed.
        name: Which fact.
        value: What is supposed.
    """

    below: Standpoint
    subject: str
    name: str
    value: FactValue

    def fact(self, subject: str, name: str) -> FactState:
        """Return what is supposed, else what is recorded."""
        if (subject, name) == (self.subject, self.name):
            return FactState(subject, name, "known", self.value, ())
        return self.below.fact(subject, name)

    def total(self, subject: str, counting: CountingSet, scope: Scope, view: ViewName) -> Measured:
        """Return what is recorded."""
        return self.below.total(subject, counting, scope, view)

    def stated(self, name: str) -> Collection[str]:
        """Return the subject supposed and those recorded."""
        return {self.subject, *self.below.stated(name)}

    @property
    def day(self) -> date:
        """The day of what is recorded."""
        return self.below.day

    def members(self, relation: str, subject: str) -> Iterable[str]:
        """Return what is recorded."""
        return self.below.members(relation, subject)

    def holdings(self) -> Iterable[HeldDevices]:
        """Return what is recorded."""
        return self.below.holdings()

    def amounts(self, subject: str, name: str) -> Iterable[FactEntry]:
        """Return what is recorded."""
        return self.below.amounts(subject, name)

    def steps(self, model: str) -> tuple[Edge, ...]:
        """Return what is recorded."""
        return self.below.steps(model)

    def rates(self, device: str) -> Iterable[Rates] | None:
        """Return what is recorded."""
        return self.below.rates(device)


def _comparisons(outcome: Outcome, name: str) -> Iterator[str]:
    """Yield the undecided comparisons that a figure would decide, each once."""
    seen = set[str]()
    for root in outcome.reasons:
        for reason in root.walk():
            text = _deciding(reason, name)
            if text and text not in seen:
                seen.add(text)
                yield text


def _deciding(reason: Reason, name: str) -> str:
    """Say how far a comparison is from being decided, or nothing if the name is not in it."""
    if reason.operands is None or reason.truth is not None:
        return ""
    left, right = reason.operands
    figure = name.partition("@")[0] == _OPERATIONS
    about = reason.missing if not figure else left.missing
    if not (name in about or (figure and any(m.startswith(_OPERATIONS) for m in about))):
        return ""
    text = f"{left.text} {SIGNS[reason.operator]} {right.text}"
    if not right.span.known:
        return f"{text}, of which both sides are open"
    below = right.span.lo - left.span.lo
    if below < 0:
        return text
    unit = next((u.symbol for u in UNITS.values() if u.dimension == left.dimension), "")
    return f"{text}: {math.ceil(below):,} {unit} below the line so far"


def _words(finding: Finding | None) -> str:
    """Return a finding in words."""
    return "out of scope" if finding is None else finding.replace("_", " ")
