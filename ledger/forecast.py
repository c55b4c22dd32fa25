"""A forecast is when a growing total reaches a line, by exact arithmetic of flows over time.

A flow is work spread evenly over a window, known between a least and a most amount. No chance is
drawn: the earliest and the latest crossing follow from the ends, and the expected one from the
points.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Final, Literal, TypeAlias

__all__ = ["Crossing", "End", "Flow", "Growth", "crossing", "joined", "level"]

End: TypeAlias = Literal["low", "point", "high"]
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY: Final = _EPOCH.toordinal()
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
        unbounded: Whether nobody says how much some of it is: then it is reached by that second
            at the latest, or perhaps at one that nobody knows.
        undated: Whether it is reached, but only with work whose window is over and that nobody
            recorded, so that no day can be given.
    """

    second: Fraction | None
    unbounded: bool = False
    undated: bool = False

    @property
    def reached(self) -> bool:
        """Whether the line is reached, or may be for all that is stated."""
        return self.second is not None or self.unbounded or self.undated

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
    return Growth(flows, end).reached(base, line)


class Growth:
    """What flows add up to over time, at one end of what is known: made once, asked of many lines.

    No flow is negative, so that it never falls.
    """

    def __init__(self, flows: Iterable[Flow], end: End) -> None:
        """Add the flows up.

        Args:
            flows: What is expected, in any order.
            end: Which end of every flow is taken.
        """
        self._unbounded = False
        changes: dict[int, Fraction] = {}
        for flow in flows:
            amount = flow.amount(end)
            if amount is None:
                self._unbounded = True
                continue
            start, stop = _second(flow.start), _second(flow.end)
            speed = amount / (stop - start)
            changes[start] = changes[start] + speed if start in changes else speed
            changes[stop] = changes[stop] - speed if stop in changes else -speed
        self._edges = sorted(changes)
        self._rates = list(accumulate(changes[edge] for edge in self._edges))
        grown = (
            rate * (stop - begin)
            for rate, (begin, stop) in zip(self._rates, pairwise(self._edges), strict=False)
        )
        self._totals = list(accumulate(grown, initial=Fraction(0)))

    @property
    def total(self) -> Fraction:
        """What they add up to in the end, as far as anybody says."""
        return self._totals[-1]

    def reached(self, base: int | Fraction, line: Fraction) -> Crossing:
        """Return when a total that starts at ``base`` reaches a line; see ``crossing``."""
        if not self._edges:
            return Crossing(None, self._unbounded)
        missing = line - base
        place = bisect_left(self._totals, missing)
        if place == 0:
            return Crossing(Fraction(self._edges[0]), self._unbounded)
        if place == len(self._totals):
            return Crossing(None, self._unbounded)
        took = (missing - self._totals[place - 1]) / self._rates[place - 1]
        return Crossing(self._edges[place - 1] + took, self._unbounded)


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
        done = min(max(_second(day) - _second(flow.start), 0), _length(flow))
        amount = flow.amount(end)
        if done and amount is None:
            return None
        total += (amount or Fraction(0)) * done / _length(flow)
    return total


def _length(flow: Flow) -> int:
    """Return the seconds of a window."""
    return (flow.end - flow.start).days * _DAY_S


def _second(day: date) -> int:
    """Return the seconds from 1970 to the beginning of a day, UTC."""
    return (day.toordinal() - _EPOCH_DAY) * _DAY_S
