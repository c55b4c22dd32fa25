"""A band is when a line is crossed at each end of what is known; the flows are added up once.

Many lines of the law count alike: what is to come is the same for all of them, and only what was
done and the line itself differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final, Self

from ledger.forecast import Crossing, End, Flow, Growth, joined

__all__ = ["Band", "Coming"]

_ENDS: Final[tuple[End, ...]] = ("low", "point", "high")


@dataclass(frozen=True, slots=True)
class Band:
    """Crossings at the ends of what is known.

    Attributes:
        low: With the least operations: the latest crossing.
        point: With those expected.
        high: With the most: the earliest crossing.
        first: With the most, and the starting total at the upper end of its stated error.
        last: With the least, and the starting total at the lower end of its stated error.
    """

    low: Crossing
    point: Crossing
    high: Crossing
    first: Crossing
    last: Crossing


@dataclass(frozen=True, slots=True)
class Coming:
    """What is to come for lines that count alike, added up once.

    Attributes:
        flows: What is expected.
        late: What windows that are over still owe of it.
        growth: What the flows add up to, at each end.
    """

    flows: tuple[Flow, ...]
    late: tuple[Flow, ...]
    growth: Mapping[End, Growth]

    @classmethod
    def of(cls, flows: tuple[Flow, ...], late: tuple[Flow, ...]) -> Self:
        """Add flows up."""
        held = joined(flows)
        return cls(flows, late, {end: Growth(held, end) for end in _ENDS})

    def band(self, base: Mapping[str, int | None], line: Fraction) -> Band:
        """Return the crossings of a line at every end."""
        found: dict[tuple[int | None, End], Crossing] = {}

        def at(start: str, end: End) -> Crossing:
            place = (base[start], end)
            if place not in found:
                found[place] = self._crossing(base[start], base["low"] or 0, line, end)
            return found[place]

        return Band(
            low=at("low", "low"),
            point=at("point", "point"),
            high=at("high", "high"),
            first=at("first", "high"),
            last=at("last", "low"),
        )

    def _crossing(self, begin: int | None, least: int, line: Fraction, end: End) -> Crossing:
        """Return when a line is crossed from what was done, or from what was surely done."""
        growth = self.growth[end]
        if begin is None:
            return replace(growth.reached(least, line), unbounded=True)
        found = growth.reached(begin, line)
        if found.second is not None or not self.late:
            return found
        return _with_late(found, line - begin - growth.total, self.late, end)


def _with_late(found: Crossing, missing: Fraction, late: Sequence[Flow], end: End) -> Crossing:
    """Return a crossing that is not dated, with what windows that are over still owe.

    Args:
        found: Without it.
        missing: Operations that are still missing when all that is to come has come.
        late: What they owe.
        end: Which end of it is taken.
    """
    amounts = [flow.amount(end) for flow in late]
    if sum((each for each in amounts if each is not None), Fraction(0)) >= missing:
        return replace(found, undated=True)
    return replace(found, unbounded=found.unbounded or None in amounts)
