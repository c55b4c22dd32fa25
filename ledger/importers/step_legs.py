"""Step legs: the steps of sessions gathered by UTC day, apart by whether they were done again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from itertools import pairwise
from typing import Final, cast

from ledger.canonical import JSON
from ledger.estimate import parts
from ledger.importers.step_sessions import Placed, Session
from ledger.record.whole import Series, Whole

__all__ = ["KINDS", "Amounts", "StepLeg", "gather", "step_whole"]

_DAY_MS: Final = 86_400_000

KINDS: Final = ("training", "again")
"""Words for the legs of a session in their keys: what counts, and what was done again later."""


@dataclass(frozen=True, slots=True)
class Amounts:
    """What adds up.

    Attributes:
        count: Steps.
        busy: Nanoseconds they took.
        unrated: How many of them have no figure.
        figure: Operations a device times 10^9.
        low: The least that rounds to the printed figures.
        high: The most.
    """

    count: int
    busy: int
    unrated: int
    figure: int
    low: int
    high: int

    def plus(self, other: Amounts) -> Amounts:
        """Return the sum."""
        return Amounts(
            self.count + other.count,
            self.busy + other.busy,
            self.unrated + other.unrated,
            self.figure + other.figure,
            self.low + other.low,
            self.high + other.high,
        )

    def cut(self, weights: Sequence[int]) -> list[Amounts]:
        """Return parts in proportion to weights that add up exactly."""
        columns = [parts(value, weights) for value in astuple(self)]
        return [Amounts(*row) for row in zip(*columns, strict=True)]


@dataclass(frozen=True, slots=True)
class StepLeg:
    """Steps of one session on one UTC day.

    Attributes:
        session: Number of the session.
        wasted: Whether they were done again later.
        begin: Milliseconds since 1970, or None.
        end: When they end.
        lines: First and last line that tells of them.
        last: Their last step.
        amounts: What they came to.
    """

    session: int
    wasted: bool
    begin: int | None
    end: int | None
    lines: tuple[int, int]
    last: int
    amounts: Amounts

    def absorbs(self, other: StepLeg) -> bool:
        """Return whether another piece belongs to this leg."""
        return self._place() == other._place()

    def plus(self, other: StepLeg) -> StepLeg:
        """Return this leg with a piece that comes directly after."""
        return replace(
            self,
            end=other.end,
            last=other.last,
            lines=(self.lines[0], other.lines[1]),
            amounts=self.amounts.plus(other.amounts),
        )

    def _place(self) -> tuple[int, bool, int | None]:
        """Return session, kind and day."""
        return (self.session, self.wasted, None if self.begin is None else self.begin // _DAY_MS)


def step_whole(key: tuple[str, ...], evidence: JSON) -> Whole:
    """Return what the legs of a session are of: those that count, and those done again.

    Args:
        key: What tells the session from every other.
        evidence: Where the log tells of it.
    """
    series = tuple(Series(("allocation", *key, kind)) for kind in KINDS)
    return Whole(key, series, cast("Mapping[str, JSON]", evidence))


def gather(placed: Iterable[Placed], sessions: Sequence[Session]) -> Iterator[StepLeg]:
    """Yield legs of sessions that are no copies, in the order of the files.

    Args:
        placed: The steps, as the tracker gives them.
        sessions: The sessions, settled.
    """
    leg: StepLeg | None = None
    for steps in placed:
        session = sessions[steps.session]
        if session.copy:
            continue
        for piece in _pieces(steps, session.waste_after):
            if leg is not None and leg.absorbs(piece):
                leg = leg.plus(piece)
                continue
            if leg is not None:
                yield leg
            leg = piece
    if leg is not None:
        yield leg


def _pieces(steps: Placed, waste_after: int | None) -> Iterator[StepLeg]:
    """Yield the steps of a line, cut where waste begins and at midnights."""
    lines = (steps.line, steps.line)
    last = steps.step.last
    wasted = 0 if waste_after is None else min(max(last - waste_after, 0), steps.count)
    kept = steps.count - wasted
    whole = StepLeg(steps.session, kept == 0, steps.begin, steps.end, lines, last, _amounts(steps))
    if not wasted or not kept:
        yield from _days(whole)
        return
    first, second = _cut(whole, (kept, wasted))
    yield from _days(replace(first, last=last - wasted))
    yield from _days(replace(second, wasted=True))


def _amounts(steps: Placed) -> Amounts:
    """Return what the steps of a line came to."""
    rate, time, count = steps.step.rate, steps.step.time, steps.count
    if rate is None:
        return Amounts(count, count * time.value, count, 0, 0, 0)
    low = max(rate.value - rate.half, 0) * max(time.value - time.half, 0)
    high = (rate.value + rate.half) * (time.value + time.half)
    busy = count * time.value
    return Amounts(count, busy, 0, rate.value * busy, low * count, high * count)


def _days(leg: StepLeg) -> Iterator[StepLeg]:
    """Yield a piece cut at UTC midnights."""
    if leg.begin is None or leg.end is None:
        yield leg
        return
    first, final = leg.begin // _DAY_MS, (leg.end - 1) // _DAY_MS
    midnights = [day * _DAY_MS for day in range(first + 1, final + 1)]
    if not midnights:
        yield leg
        return
    yield from _cut(leg, [b - a for a, b in pairwise([leg.begin, *midnights, leg.end])])


def _cut(leg: StepLeg, weights: Sequence[int]) -> list[StepLeg]:
    """Cut a piece in proportion to weights; amounts and time add up to it exactly."""
    amounts = leg.amounts.cut(weights)
    if leg.begin is None or leg.end is None:
        return [replace(leg, amounts=amount) for amount in amounts]
    pieces, done = [], 0
    span, whole = leg.end - leg.begin, sum(weights)
    for amount, weight in zip(amounts, weights, strict=True):
        begin = leg.begin + span * done // whole
        done += weight
        end = leg.begin + span * done // whole
        pieces.append(replace(leg, begin=begin, end=end, amounts=amount))
    return pieces
