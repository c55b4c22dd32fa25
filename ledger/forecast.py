"""A forecast is when a growing total reaches a line, by exact arithmetic of flows over time.

A flow is work spread evenly over a window, known between a least and a most amount. No chance is
drawn: the earliest and the latest crossing follow from the ends, and the expected one from the
points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal, TypeAlias

__all__ = ["Crossing", "End", "Flow", "crossing", "level"]

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
    total = Fraction(base)
    edges = sorted({day for flow, _ in known for day in (flow.start, flow.end)})
    if total >= line:
        return Crossing(_second(edges[0]), unbounded)
    rates = [(f.start, f.end, amount / _length(f)) for f, amount in known]
    for begin, stop in pairwise(edges):
        rate = sum((r for start, over, r in rates if start <= begin < over), Fraction(0))
        grown = rate * (_second(stop) - _second(begin))
        if rate and total + grown >= line:
            return Crossing(_second(begin) + (line - total) / rate, unbounded)
        total += grown
    return Crossing(None, unbounded)


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
