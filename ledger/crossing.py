"""A crossing is the day from which a rule is met, found over the legs of the models concerned.

Undated legs make two of it: placed at the beginning of time they give the earliest day, placed on
their ``not_after`` the latest. Between two days on which a fact or a step changes, a rule whose
totals only stand on the growing side of ``>`` can only turn from not met to met, so the day is
found by halving; any other rule is asked for every day.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from functools import cache
from operator import add
from typing import NamedTuple, TypeAlias

from ledger.errors import IntegrityError
from ledger.measure import Leg, Sums, TotalKey
from ledger.quantity import Interval
from ledger.regime.answered import BASE_OBTAINABLE
from ledger.regime.expression import (
    All,
    Any,
    Choose,
    Condition,
    Exists,
    Expression,
    Flow,
    Ge,
    Gt,
    Le,
    Lt,
    Not,
    Sum,
    Total,
    walk,
)
from ledger.regime.law import Law
from ledger.regime.name import rule_named
from ledger.regime.rule import Rule

__all__ = [
    "BEFORE",
    "Constant",
    "Daily",
    "Days",
    "Rows",
    "Undated",
    "by_day",
    "first_day",
    "grows",
    "rows_on",
]

Rows: TypeAlias = Mapping[str, Sequence[tuple[TotalKey, Sums]]]
"""Primary totals by model."""

Daily: TypeAlias = "Sequence[tuple[_Part, Sums]]"
"""What the legs of a model add on each day."""

Constant: TypeAlias = Callable[[Rule, Condition], bool | None]
"""Truth of a condition of a rule, if it is the same on every day."""

BEFORE = date.min
"""Stands for a day before every record."""


_NOTHING = (0,) * 8


class _Part(NamedTuple):
    """What legs share that are added up together: their group, and when they were done."""

    key: TotalKey
    day: date | None
    not_after: date | None


class Undated(Enum):
    """Where undated work is placed."""

    EARLY = "at the beginning of time"
    LATE = "on the last day it can have happened"


@dataclass(frozen=True, slots=True)
class Days:
    """Days on which an answer can change, in order, up to the day asked for.

    Attributes:
        all: Every such day.
        breaks: Those on which more than a total changes: a fact begins or ends, a step happens.
    """

    all: tuple[date, ...]
    breaks: frozenset[date]

    @classmethod
    def of(cls, totals: Iterable[date], breaks: Iterable[date], *, until: date) -> Days:
        """Put the days in order and leave out those after ``until``."""
        changes = frozenset(day for day in breaks if day <= until)
        return cls(tuple(sorted({day for day in totals if day <= until} | changes)), changes)


def by_day(model: str, legs: Iterable[Leg]) -> Daily:
    """Return what the legs of a model add on each day, in the order of their first ones.

    Sums at the end of a day are asked for many times; there are as many days as ever, however many
    legs there are.
    """
    found: dict[_Part, list[int]] = {}
    for leg in legs:
        error = leg.error or Interval(leg.lo, leg.hi)
        part = _Part(_key(model, leg), leg.day, leg.not_after)
        added = (
            *(leg.rows, leg.lo, leg.hi or 0, leg.hi is None),
            *(error.lo, error.hi or 0, error.hi is None, 0),
        )
        found[part] = list(map(add, found.get(part, _NOTHING), added))
    return tuple((part, Sums(*sums)) for part, sums in found.items())


def rows_on(daily: Mapping[str, Daily], day: date, undated: Undated) -> Rows:
    """Return what legs add up to by the end of a day.

    Args:
        daily: Legs by model, added up by ``by_day``; an engine gave them for a day not before
            ``day``.
        day: Last day whose work counts.
        undated: Where undated legs are placed.

    Returns:
        Groups by model; a model whose legs all lie later has a group that says so.
    """
    found: dict[str, list[tuple[TotalKey, Sums]]] = {}
    for model, held in daily.items():
        groups: dict[TotalKey, Sums] = {}
        for part, sums in held:
            added = _by_end_of(day, part, sums, undated)
            before = groups.get(part.key)
            groups[part.key] = added if before is None else before + added
        if groups:
            found[model] = list(groups.items())
    return found


def first_day(
    days: Days, holds: Callable[[date], bool], *, monotone: Callable[[date], bool]
) -> date | None:
    """Return the first day of the stretch, up to the last day, in which something holds.

    Args:
        days: Days on which it can change; it must hold on the last one and from there on.
        holds: Asked of ``BEFORE`` and of the days.
        monotone: Asked of the first day between two breaks, or of ``BEFORE``: whether until the
            next break it can only begin to hold, not end.

    Returns:
        The day, or None when it has held since before every record.

    Raises:
        IntegrityError: If it does not hold on the last day.
    """
    points = (BEFORE, *days.all)
    end = len(points) - 1
    holds = cache(holds)
    if not holds(points[end]):
        raise _unheld(points[end])
    while end > 0:
        start = _segment_start(points, end, days.breaks)
        # Between two neighbours there is nothing to search, and so nothing to know of the stretch.
        if end - start > 1 and not monotone(points[start]):
            start = end
        if not holds(points[start]):
            return points[_first(points, start, end, holds)]
        end = start - 1
        if end >= 0 and not holds(points[end]):
            return points[start]
    return None


def grows(law: Law, rule: Rule, *, committed: bool, constant: Constant) -> bool:
    """Return whether more operations can only turn a rule from not met to met.

    So it is when every sum stands on the growing side of a comparison, under no ``not`` and in no
    exception, here and in every rule that this one asks; what another part has settled for good
    does not matter.

    Args:
        law: The law that the rule stands in.
        rule: The rule.
        committed: Whether deliveries under commitments are in play: those that do less than was
            expected take operations away from what is foreseen.
        constant: Gives the truth of a condition that rests on no operations if it is the same on
            every day in question, else None.
    """
    return _Growth(law, committed, constant).of(rule)


@dataclass(frozen=True, slots=True)
class _Growth:
    """How totals bear on the rules of one law.

    Attributes:
        law: The law.
        committed: Whether deliveries under commitments are in play.
        constant: Truth of a condition that is the same every day.
    """

    law: Law
    committed: bool
    constant: Constant

    def of(self, rule: Rule) -> bool:
        """Whether the rule can only turn from not met to met."""
        totals = frozenset(name for name, number in rule.let.items() if _sums_up(number))
        within = _Within(self, rule, totals)
        if rule.scope is not None and within.settled(rule.scope, truth=False):
            return True
        return (
            not any(within.rests(item.when) for item in rule.unless)
            and (rule.scope is None or within.grows(rule.scope))
            and within.grows(rule.condition)
        )


@dataclass(frozen=True, slots=True)
class _Within:
    """How totals bear on the conditions of one rule.

    Attributes:
        growth: What holds for every rule.
        rule: The rule.
        totals: Names of its lets that depend on operations.
    """

    growth: _Growth
    rule: Rule
    totals: frozenset[str]

    def grows(  # noqa: PLR0911 - one return for each operator
        self, node: Expression
    ) -> bool:
        """Whether a condition can only turn true as operations grow."""
        match node:
            case str():
                named = rule_named(node)
                if named is not None:
                    asked = self.growth.law.regime.rule(named)
                    return asked is None or self.growth.of(asked)
                return node != BASE_OBTAINABLE
            case Gt() | Ge():
                return not self.rests(node.right)
            case Lt() | Le():
                return not self.rests(node.left)
            case Not():
                return not self.rests(node.item)
            case Exists():
                foreseen = node.view == "foreseen" and self.growth.committed
                return not foreseen and self.grows(node.such_that)
            case Choose():
                cases = any(self.rests(arm.case) for arm in node.arms)
                return not cases and all(self.grows(arm.then) for arm in node.arms)
            case _:
                return not self.rests(node) or all(self.grows(part) for part in node.parts)

    def rests(self, node: Expression) -> bool:
        """Whether a node depends on operations at all."""
        match node:
            case str():
                elsewhere = rule_named(node) is not None or node == BASE_OBTAINABLE
                return elsewhere or node in self.totals
            case Sum() | Exists() | Total() | Flow():
                return True
            case All() | Any():
                decisive = isinstance(node, Any)
                if any(self.settled(item, truth=decisive) for item in node.items):
                    return False
        return any(self.rests(part) for part in node.parts)

    def settled(self, node: Condition, *, truth: bool) -> bool:
        """Whether a condition that rests on no operations has this truth on every day."""
        return not self.rests(node) and self.growth.constant(self.rule, node) is truth


def _unheld(day: date) -> IntegrityError:
    """Build the error for an answer that the records of its last day do not bear out."""
    when = "before every record" if day == BEFORE else f"on {day}, the last day it can change"
    return IntegrityError(
        f"what holds on the day asked for does not hold {when}",
        why="the totals and the work behind them disagree, so no first day can be given",
        remedy="run: flopledger verify; if nothing is wrong there, report this",
    )


def _sums_up(number: Expression) -> bool:
    """Whether a let depends on amounts that grow from day to day."""
    return any(isinstance(below, Sum | Total | Flow) for below in walk(number))


def _segment_start(points: Sequence[date], end: int, breaks: frozenset[date]) -> int:
    """Return the index of the last break up to ``end``, or 0."""
    return next((i for i in range(end, 0, -1) if points[i] in breaks), 0)


def _first(points: Sequence[date], start: int, end: int, holds: Callable[[date], bool]) -> int:
    """Return the first index in (start, end] that holds; not at start, but at the end."""
    return bisect_left(range(end + 1), 1, lo=start + 1, hi=end, key=lambda i: holds(points[i]))


def _key(model: str, leg: Leg) -> TotalKey:
    """Return the group that a leg falls into."""
    return TotalKey(
        model=model,
        developer=leg.developer,
        activity=leg.activity,
        operation_kind=leg.operation_kind,
        extent=leg.extent,
        role="primary",
        evidence=leg.evidence,
        run=leg.run if leg.extent == "cumulative" else None,
    )


def _by_end_of(day: date, part: _Part, sums: Sums, undated: Undated) -> Sums:
    """Return what the legs of a part add by the end of a day."""
    if part.day is not None and part.day > day:
        return Sums(later=sums.rows)
    late = part.day is None and undated is Undated.LATE
    sure = not late or (part.not_after is not None and part.not_after <= day)
    return sums if sure else replace(sums, lo=0, error_lo=0)
