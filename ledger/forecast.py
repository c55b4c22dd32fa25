"""A forecast is when a growing total reaches a line, by exact arithmetic of flows over time.

A flow is work spread evenly over a window, known between a least and a most amount. No chance is
drawn: the earliest and the latest crossing follow from the ends, and the expected one from the
points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, TypeAlias

__all__ = ["Crossing", "End", "Flow", "crossing", "joined", "level"]

End: TypeAlias = Literal["low", "point", "high"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S: Final = 86_400


@dataclass(frozen=True, slots=True)
class Flow:
    """Operations expected in a window, spread evenly.

    Attributes:
        start: First day, UTC.
        end: First day after it.
        low: Least operations.
        point: Operations expected; None if nobody says.
        high: Most operations; None if nothing bounds them.
        source: What it comes from, such as a contract.
    """

    start: date
    end: date
    low: Fraction
    point: Fraction | None
    high: Fraction | None
    source: str

    def amount(self, end: End) -> Fraction | None:
        """Return the operations at one end of what is known."""
        return {"low": self.low, "point": self.point, "high": self.high}[end]


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a total reaches a line.

    Attributes:
        second: Seconds since 1970-01-01T00:00:00Z, exact; None if it never does.
        unbounded: Whether that is because nobody says how much a flow is.
    """

    second: Fraction | None
    unbounded: bool = False

    @property
    def instant(self) -> datetime | None:
        """The second in which it is reached, UTC."""
        if self.second is None:
            return None
        return _EPOCH + timedelta(seconds=self.second.numerator // self.second.denominator)


def crossing(base: int | Fraction, flows: Sequence[Flow], line: Fraction, end: End) -> Crossing:
    """Return when a total that starts at ``base`` and grows by flows reaches a line.

    Whether the line must be reached or passed makes no difference to the instant: the total is
    continuous.

    Args:
        base: Operations done when the first flow begins.
        flows: What is expected, in any order.
        line: Operations.
        end: Which end of every flow is taken.

    Returns:
        The crossing; at the beginning of the first flow if the base is there already.
    """
    amounts = [(flow, flow.amount(end)) for flow in flows]
    known = [(flow, amount) for flow, amount in amounts if amount is not None]
    unbounded = len(known) < len(amounts)
    if not known:
        return Crossing(None, unbounded)
    total, rate = Fraction(base), Fraction(0)
    changes: dict[date, Fraction] = {}
    for flow, amount in known:
        speed = amount / _length(flow)
        changes[flow.start] = changes.get(flow.start, Fraction(0)) + speed
        changes[flow.end] = changes.get(flow.end, Fraction(0)) - speed
    edges = sorted(changes)
    if total >= line:
        return Crossing(_second(edges[0]), unbounded)
    for begin, stop in pairwise(edges):
        rate += changes[begin]
        grown = rate * (_second(stop) - _second(begin))
        if rate and total + grown >= line:
            return Crossing(_second(begin) + (line - total) / rate, unbounded)
        total += grown
    return Crossing(None, unbounded)


def joined(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """Return flows with those of equal windows added up, which changes no crossing.

    Those of which nobody says how much they are stay apart from those of which somebody does.
    """
    found: dict[tuple[date, date, bool, bool], Flow] = {}
    for flow in flows:
        place = (flow.start, flow.end, flow.point is None, flow.high is None)
        held = found.get(place)
        found[place] = flow if held is None else _both(held, flow)
    return tuple(found.values())


def _both(one: Flow, other: Flow) -> Flow:
    """Return two flows of one window as one."""
    return replace(
        one,
        low=one.low + other.low,
        point=None if one.point is None or other.point is None else one.point + other.point,
        high=None if one.high is None or other.high is None else one.high + other.high,
    )


def level(base: int | Fraction, flows: Iterable[Flow], day: date, end: End) -> Fraction | None:
    """Return the total when a day begins; None if nobody says how much a flow is.

    Args:
        base: Operations done when the first flow begins.
        flows: What is expected.
        day: The day.
        end: Which end of every flow is taken.
    """
    total = Fraction(base)
    for flow in flows:
        done = min(max(_second(day) - _second(flow.start), Fraction(0)), _length(flow))
        amount = flow.amount(end)
        if done and amount is None:
            return None
        total += (amount or 0) * done / _length(flow)
    return total


def _length(flow: Flow) -> Fraction:
    """Return the seconds of a window."""
    return Fraction((flow.end - flow.start).days * _DAY_S)


def _second(day: date) -> Fraction:
    """Return the seconds from 1970 to the beginning of a day, UTC."""
    return Fraction((day - _EPOCH.date()).days * _DAY_S)
