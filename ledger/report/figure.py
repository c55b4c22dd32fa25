"""A figure is an exact number written for people; it is only ever rounded down."""

from __future__ import annotations

from fractions import Fraction

__all__ = ["DECIMALS", "SIGNIFICANT", "decimal", "exact", "readable", "scientific"]

DECIMALS = 6
"""Decimal places of a rounded figure in a document."""

SIGNIFICANT = 6
"""Digits that a person is shown of a number that is not whole."""

_MANTISSA = 4  # digits of a number written as a power of ten
_SCIENTIFIC_MIN = 10_000  # shorter numbers are written in full
_READABLE_MAX = 10**12  # longer numbers are written as powers of ten


def exact(value: Fraction) -> str:
    """Return ``p`` or ``p/q`` in lowest terms."""
    return str(value)


def decimal(value: Fraction, places: int = DECIMALS) -> str:
    """Return a non-negative number as a decimal rounded down, without trailing zeros.

    Args:
        value: The number.
        places: Most digits after the point.
    """
    assert value >= 0
    scaled = value.numerator * 10**places // value.denominator
    whole, part = divmod(scaled, 10**places)
    tail = f"{part:0{places}d}".rstrip("0") if places else ""
    return f"{whole}.{tail}" if tail else str(whole)


def readable(value: Fraction) -> str:
    """Return a number with thousands marked, its first six digits or all of a whole number."""
    whole = value.numerator // value.denominator
    if whole >= _READABLE_MAX:
        return scientific(whole)
    # A number below one keeps its digits after the leading zeros.
    digits = len(str(whole)) if whole else -_leading_zeros(value)
    places = max(0, SIGNIFICANT - digits)
    text = decimal(value, places)
    head, point, tail = text.partition(".")
    return f"{int(head):,}{point}{tail}"


def scientific(value: int, *, up: bool = False) -> str:
    """Return a whole number as ``3.501*10^22``: four digits, the rest cut off or rounded up.

    Args:
        value: The number, not negative.
        up: Whether to round up, as the upper end of an interval must be.
    """
    if value < _SCIENTIFIC_MIN:
        return str(value)
    step = 10 ** (len(str(value)) - _MANTISSA)
    digits = str(-(-value // step) * step if up else value)
    power = len(digits) - 1
    head, tail = digits[0], digits[1:_MANTISSA].rstrip("0")
    mantissa = f"{head}.{tail}" if tail else head
    return f"10^{power}" if mantissa == "1" else f"{mantissa}*10^{power}"


def _leading_zeros(value: Fraction) -> int:
    """Return the zeros between the point and the first digit of a number below one."""
    if value == 0:
        return 0
    zeros = 0
    while value.numerator * 10 ** (zeros + 1) < value.denominator:
        zeros += 1
    return zeros
