"""A turning point is the value of one missing amount at which the finding changes.

Amounts are tried as whole base units and found by halving; what lies between two findings is told
as the last value that leaves one and the first that gives the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.quantity import OPERATIONS_MAX, UNITS, Dimension
from ledger.regime.interpret import Finding

__all__ = ["AMOUNT_MAX", "Turning", "days_in_words", "turning_of", "units_in_words"]

AMOUNT_MAX: Final = OPERATIONS_MAX
"""No record states a larger amount."""


@dataclass(frozen=True, slots=True)
class Turning:
    """Where the finding turns as one amount grows.

    Attributes:
        below: What it is at the least amount.
        last: The last amount that leaves it so.
        first: The first amount that gives ``above``; later than ``last`` by one, or by more where
            another finding lies between.
        above: What it is at the greatest amount.
    """

    below: Finding | None
    last: int
    first: int
    above: Finding | None


def turning_of(
    finding: Callable[[int], Finding | None], *, low: int = 0, high: int = AMOUNT_MAX
) -> Turning | None:
    """Find where a finding turns, or return None if it is the same at both ends.

    Args:
        finding: What comes out for an amount; it leaves ``low``'s finding once and reaches
            ``high``'s once.
        low: Least amount.
        high: Greatest amount.
    """
    below, above = finding(low), finding(high)
    if below == above:
        return None
    first_other = _first(lambda amount: finding(amount) != below, low, high)
    first_above = _first(lambda amount: finding(amount) == above, first_other - 1, high)
    return Turning(below, first_other - 1, first_above, above)


def units_in_words(amount: int, dimension: str) -> str:
    """Write an amount of base units with the unit."""
    unit = next(u for u in UNITS.values() if u.dimension == Dimension(dimension) and u.factor == 1)
    return f"{amount:,} {unit.symbol}"


def days_in_words(amount: int) -> str:
    """Write a day by its place in the calendar."""
    return date.fromordinal(amount).isoformat()


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first amount in (low, high] that holds; it holds at the high end."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
