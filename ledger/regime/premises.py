"""Premises are what a rule takes as given on some days: the figures and lists of the law."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import pairwise

from ledger.quantity import Quantity
from ledger.regime.counting import Reading
from ledger.regime.dated import applies_from, members_on, parameter_on
from ledger.regime.expression import AnyOf, Comparison, Condition, Member, Number
from ledger.regime.gaps import end_of
from ledger.regime.model import Regime
from ledger.regime.rule import Rule
from ledger.regime.source import DatedSet, Parameter
from ledger.regime.term import Division, Sign, division_of, term_of
from ledger.regime.usage import asked
from ledger.regime.vocabulary import Fact

__all__ = ["Days", "Premises", "premises_of"]


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of days.

    Attributes:
        start: The first, or None for every day.
        stop: The first that no longer belongs, or None without end.
    """

    start: date | None
    stop: date | None

    @property
    def told(self) -> str:
        """The stretch in words, to stand before a sentence; empty for every day."""
        if self.start is None:
            return ""
        return f"from {self.start}" + ("" if self.stop is None else f" until {self.stop}")


@dataclass(frozen=True, slots=True)
class Premises:
    """What is given beside the facts of a subject, on the days asked about.

    Attributes:
        readings: Readings of the file; exactly one alternative of each is chosen.
        lets: Numbers that the rule names.
        amounts: Parameters with a known value, in base units.
        members: Sets with known members.
        facts: Facts of the vocabulary; one that is missing here may be anything.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
    lets: Mapping[str, Number] = field(default_factory=dict)
    amounts: Mapping[str, Fraction] = field(default_factory=dict)
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def division(self, leaf: Comparison) -> Division | Sign:
        """Return where a comparison divides which axis, or how it always comes out."""
        left, right = (term_of(side, self.lets, self.amounts) for side in leaf.operands)
        return division_of(left, right)

    def values(self, leaf: Condition) -> tuple[str, frozenset[str]] | None:
        """Return (fact, values of which one suffices) for a test of one, or None."""
        if isinstance(leaf, AnyOf):
            return leaf.fact, frozenset(leaf.values)
        if isinstance(leaf, Member) and leaf.set_id in self.members:
            return leaf.fact, self.members[leaf.set_id]
        return None


def premises_of(
    regime: Regime, rule: Rule, facts: Mapping[str, Fact]
) -> Iterator[tuple[Days, Premises]]:
    """Yield what a rule takes as given on each stretch of days between two changes of the law.

    Args:
        regime: The regime; all that is known of it by now is seen.
        rule: One of its rules.
        facts: Facts of the vocabulary; empty when it is not known.
    """
    names = asked(rule)
    parameters = {name: each for name, each in regime.parameters.items() if name in names}
    sets = {name: each for name, each in regime.sets.items() if name in names}
    for days in _stretches(regime, [*parameters.values(), *sets.values()]):
        amounts, members = dict[str, Fraction](), dict[str, frozenset[str]]()
        if days.start is not None:
            for name, parameter in parameters.items():
                found = parameter_on(parameter, days.start)
                if found is not None:
                    amounts[name] = _amount(found.value)
            for name, dated in sets.items():
                held = members_on(dated, days.start)
                if held is not None:
                    members[name] = held
        yield days, Premises(regime.readings, rule.let, amounts, members, facts)


def _stretches(regime: Regime, items: list[Parameter | DatedSet]) -> Iterator[Days]:
    """Yield the days between two changes of the figures, from when the regime applies."""
    changes = {day for item in items for value in item.values for day in (value.from_, value.until)}
    start, end = applies_from(regime), end_of(regime)
    days = sorted(day for day in changes if day is not None)
    first = min(days, default=None) if start is None else start
    if not days or first is None:
        yield Days(None, None)
        return
    inside = [day for day in days if day > first and (end is None or day < end)]
    for begin, stop in pairwise([first, *inside, end]):
        assert begin is not None, "only the last stretch is without end"
        yield Days(begin, stop)


def _amount(value: Quantity | date) -> Fraction:
    """Return a figure in base units; a day is its number in the calendar."""
    return value.base if isinstance(value, Quantity) else Fraction(value.toordinal())
