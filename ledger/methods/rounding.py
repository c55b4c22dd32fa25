"""Forms in which the guidelines on the EU AI Act let a figure be told; none is ever stored.

The guidelines (2025, Annex A.2) accept an estimate within an overall error of 30 % of the figure
reported, and print their examples with two digits. A line is never compared with such a form: one
of the printed examples, 10^23, is exactly 1.08*10^23 and so on the other side of the line.
"""

from __future__ import annotations

from ledger.estimate import MILLION

__all__ = ["MARGIN_PPM", "margin", "two_digits"]

MARGIN_PPM = 300_000
"""The overall error that is accepted, parts per million of the figure either way."""

_DIGITS = 2


def margin(operations: int) -> tuple[int, int]:
    """Return both ends of the accepted error, rounded outwards."""
    low = operations * (MILLION - MARGIN_PPM) // MILLION
    return low, -(-operations * (MILLION + MARGIN_PPM) // MILLION)


def two_digits(operations: int) -> str:
    """Return a figure as ``6.6*10^23``: two digits, to the nearest, halves up."""
    text = str(operations)
    if len(text) <= _DIGITS:
        return text
    step = 10 ** (len(text) - _DIGITS)
    rounded = str((2 * operations + step) // (2 * step))
    power = len(text) - 1 + len(rounded) - _DIGITS
    return f"{rounded[0]}.{rounded[1]}*10^{power}"
