"""Supposing says what one missing fact or figure would decide: what if it were so?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.book import Scope
from ledger.determination.standpoint import Standpoint
from ledger.facts import FactEntry, FactState, FactValue
from ledger.holdings import HeldDevices
from ledger.journeys.turning import Turning, days_in_words, turning_of, units_in_words
from ledger.lineage import Edge
from ledger.measure import Measured
from ledger.quantity import UNITS, Interval, Quantity
from ledger.regime.answered import PINNED, Answers
from ledger.regime.counting import CountingSet
from ledger.regime.environment import Bounds, Rates, ends_of
from ledger.regime.interpret import Finding, Interpreter, Outcome
from ledger.regime.law import Law
from ledger.regime.rule import ViewName
from ledger.regime.trace import Reason
from ledger.regime.vocabulary import Fact, Vocabulary
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
        turning: From which amount on another finding holds, in words; empty where none does.
        deciding: Comparisons that it decides, in words.
    """

    missing: str
    asked_for: str
    outcomes: tuple[tuple[str, str], ...]
    turning: str
    deciding: tuple[str, ...]


def suppositions(
    law: Law,
    outcome: Outcome,
    missing: Mapping[str, str],
    standpoint: Standpoint,
    words: Vocabulary,
) -> tuple[Supposition, ...]:
    """Say what each missing name would decide.

    Args:
        law: The law.
        outcome: What is undetermined.
        missing: Names, as the determination gives them, each with the name that totals give it:
            operations missing in a run are missing of its model.
        standpoint: What the records say.
        words: Facts that a rule may ask about.
    """
    supposing = _Supposing(law, outcome, standpoint, words)
    alone = Counter(missing.values())
    return tuple(supposing.of(name, gap, alone[gap] == 1) for name, gap in missing.items())


@dataclass(frozen=True, slots=True)
class _Supposing:
    """Asks one rule of one subject again, as if something were known.

    Attributes:
        law: The law.
        outcome: What is undetermined.
        standpoint: What the records say.
        words: Facts that a rule may ask about.
    """

    law: Law
    outcome: Outcome
    standpoint: Standpoint
    words: Vocabulary

    def of(self, name: str, gap: str, alone: bool) -> Supposition:  # noqa: FBT001 - of the gap
        """Say what one missing name would decide.

        Args:
            name: As the determination gives it.
            gap: As totals give it.
            alone: Whether nothing else is missing under the same name of totals.
        """
        if _unpublished(self.law, name):
            told = f"nothing: this part of the law was not published by {self.law.law_known_on}"
            return Supposition(name, "", (), "", (told,))
        fact_name, _, elsewhere = name.partition("@")
        fact = self.words.facts.get(fact_name)
        if fact is None:
            turning = self._of_operations(gap, alone) if gap.startswith(_OPERATIONS) else ""
            return Supposition(name, "", (), turning, tuple(_comparisons(self.outcome, gap)))
        subject = elsewhere or self.outcome.subject
        values: list[FactValue]
        match fact.type:
            case "boolean":
                values = [True, False]
            case "enum" | "set":
                values = [frozenset((value,)) for value in fact.values or ()]
            case _:
                values = []
        found = [
            (value_in_words(value), _words(self._finding(self._with(subject, fact_name, value))))
            for value in values
        ]
        deciding = () if values else tuple(_comparisons(self.outcome, name))
        turning = self._of_fact(subject, fact_name, fact)
        return Supposition(name, fact.description["en"], tuple(found), turning, deciding)

    def _with(self, subject: str, name: str, value: FactValue) -> _Supposed:
        """Return the records with one fact supposed."""
        return _Supposed(self.standpoint, subject=subject, name=name, value=value)

    def _finding(self, supposed: _Supposed) -> Finding | None:
        """Ask the rule again."""
        answers = Answers(self.law, supposed)
        return (
            Interpreter(self.law, answers, self.outcome.subject).outcome(self.outcome.rule).finding
        )

    def _of_fact(self, subject: str, name: str, fact: Fact) -> str:
        """Say from which amount or day on another finding holds."""
        if fact.type == "date":
            low, high = date.min.toordinal(), date.max.toordinal()
            turning = turning_of(
                lambda day: self._finding(self._with(subject, name, date.fromordinal(day))),
                low=low,
                high=high,
            )
            return _told(turning, days_in_words)
        if fact.type != "quantity" or fact.dimension is None:
            return ""
        dimension = str(fact.dimension)
        unit = next(u for u in UNITS.values() if u.dimension == dimension and u.factor == 1)
        turning = turning_of(
            lambda amount: self._finding(
                self._with(subject, name, Quantity(Fraction(amount), unit))
            )
        )
        return _told(turning, lambda amount: units_in_words(amount, dimension))

    def _of_operations(self, gap: str, alone: bool) -> str:  # noqa: FBT001 - of the gap
        """Say from how many operations on another finding holds."""
        turning = turning_of(
            lambda amount: self._finding(
                _Supposed(self.standpoint, gap=gap, operations=amount, settled=alone)
            )
        )
        return _told(turning, lambda amount: units_in_words(amount, _OPERATIONS))


def _told(turning: Turning | None, in_words: Callable[[int], str]) -> str:
    """Write where a finding turns."""
    if turning is None:
        return ""
    below, above = _words(turning.below), _words(turning.above)
    if turning.first == turning.last + 1:
        return f"{below} up to {in_words(turning.last)}, {above} if more"
    return f"{below} up to {in_words(turning.last)}, {above} from {in_words(turning.first)}"


def _unpublished(law: Law, name: str) -> bool:
    """Whether a name stands for a part of the law that was not published."""
    kind, _, part = name.partition(":")
    match kind:
        case "counting":
            return part not in law.regime.counting
        case "reading":
            return part not in law.readings
        case "rule":
            return law.regime.rule(part) is None
        case "parameter":
            return part not in law.regime.parameters
        case _:
            return False


@dataclass(frozen=True, slots=True)
class _Supposed:
    """A standpoint with one fact supposed, or one missing amount of operations.

    Attributes:
        below: The standpoint.
        subject: Of whom the fact is supposed.
        name: Which fact.
        value: What is supposed.
        gap: Name under which totals miss operations.
        operations: How many there are supposed to be.
        settled: Whether nothing else is missing under that name.
    """

    below: Standpoint
    subject: str = ""
    name: str = ""
    value: FactValue | None = None
    gap: str = ""
    operations: int = 0
    settled: bool = False

    def fact(self, subject: str, name: str) -> FactState:
        """Return what is supposed, else what is recorded; pinned prices are supposed with it."""
        if self.value is not None and (subject, name) == (self.subject, self.name):
            return FactState(subject, name, "known", self.value, ())
        found = self.below.fact(subject, name)
        pinned = self.subject == subject and name in PINNED.get(self.name, ())
        if pinned and found.value is None:
            return FactState(subject, name, "known", "supposed", ())
        return found

    def total(self, subject: str, counting: CountingSet, scope: Scope, view: ViewName) -> Measured:
        """Return what is recorded, with the operations supposed where they are missing."""
        found = self.below.total(subject, counting, scope, view)
        if not self.gap or self.gap not in found.missing:
            return found
        rest = tuple(name for name in found.missing if name != self.gap)
        lo = found.legal.lo + self.operations
        if rest or not self.settled:
            hi = None if found.legal.hi is None else max(lo, found.legal.hi)
            return replace(found, legal=Interval(lo, hi))
        error = Interval(found.error.lo + self.operations, found.error.lo + self.operations)
        return replace(found, legal=Interval(lo, lo), error=error, missing=())

    def bounds(
        self, subjects: Iterable[str], counting: CountingSet, scope: Scope, view: ViewName
    ) -> Bounds:
        """Return the same of many subjects."""
        return Bounds.of(ends_of(self.total(each, counting, scope, view)) for each in subjects)

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

    def descended(self) -> Collection[str]:
        """Return what is recorded."""
        return self.below.descended()

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
