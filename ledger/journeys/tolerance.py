"""A tolerance is how far a figure of a method may be from another before they disagree.

Figures are compared as ranges: what is stated, widened by the tolerance of its method. The defaults
are this program's, not the law's, and every one can be set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from ledger.errors import InputError
from ledger.estimate import MILLION
from ledger.journeys.lanes import FAMILIES, Lane

__all__ = ["DEFAULTS", "agree", "comparable", "independent", "parse_tolerances", "percent_down"]

DEFAULTS: Final[Mapping[str, int]] = {
    "architecture": 100_000,
    "framework": 100_000,
    "counter": 25_000,
    "telemetry": 200_000,
    "hardware": 200_000,
    "provider": 100_000,
    "time": 20_000,
    "coverage": 20_000,
}
"""Parts per million of the figure, either way, by method; ``time`` is for device-time in bills,
receipts and schedulers, ``coverage`` for time that telemetry did not see."""


def parse_tolerances(texts: Sequence[str]) -> dict[str, int]:
    """Return the tolerances, those given in the place of the defaults.

    Args:
        texts: ``NAME=PPM`` each.

    Raises:
        InputError: A name is unknown or stands twice, or a number is none from 0 to 1,000,000.
    """
    given: dict[str, int] = {}
    for text in texts:
        name, _, digits = text.partition("=")
        if name not in DEFAULTS or name in given:
            raise InputError(
                f"the tolerance {name!r} " + ("stands twice" if name in given else "is unknown"),
                where="--tolerance",
                remedy=f"write NAME=PPM with one of: {', '.join(DEFAULTS)}",
            )
        short = len(digits) <= len(str(MILLION))
        if not (short and digits.isascii() and digits.isdecimal() and int(digits) <= MILLION):
            raise InputError(
                f"the tolerance of {name} is {digits[:20]!r}, no number from 0 to 1000000",
                where="--tolerance",
                remedy=f"parts per million: {name}=50000 is a twentieth",
            )
        given[name] = int(digits)
    return {**DEFAULTS, **given}


def independent(left: Lane, right: Lane) -> bool:
    """Return whether two lanes rest on different things and were not read from one file."""
    one, other = FAMILIES.get(left.name), FAMILIES.get(right.name)
    return None not in {one, other} and one != other and not left.files & right.files


def comparable(lane: Lane, tolerances: Mapping[str, int]) -> bool:
    """Return whether a lane states a figure, or a range no wider than its own tolerance."""
    if lane.low is None or lane.high is None or lane.name not in tolerances:
        return False
    return (lane.high - lane.low) * MILLION <= tolerances[lane.name] * lane.high


def agree(left: Lane, right: Lane, tolerances: Mapping[str, int]) -> bool:
    """Return whether the widened ranges of two comparable lanes meet.

    Device counters see what was executed: they are compared with the figure that counts
    recomputation, where the other lane states one.
    """
    ends = []
    for lane, other in ((left, right), (right, left)):
        low, high = lane.low, lane.high
        assert low is not None
        assert high is not None
        if other.name == "telemetry" and lane.executed is not None:
            low = high = lane.executed
        error = tolerances[lane.name]
        ends.append((low * (MILLION - error), high * (MILLION + error)))
    (low, high), (other_low, other_high) = ends
    return low <= other_high and other_low <= high


def percent_down(ratio: Fraction) -> str:
    """Return a ratio as a percentage with two decimals, rounded down."""
    hundredths = 10_000 * ratio.numerator // ratio.denominator
    return f"{hundredths // 100}.{hundredths % 100:02} %"
