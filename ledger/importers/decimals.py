"""Decimals: the exact integer behind a figure that a table of somebody else's writes in E notation.

Our own formats refuse `3.8e+25`, because it is how a float is printed. A published table is
different: the text is the source, so it is read digit by digit and never through a float.
"""

from __future__ import annotations

import re
from fractions import Fraction

from ledger.errors import InputError
from ledger.quantity import OPERATIONS_MAX

__all__ = ["EXPONENT_MAX", "exact_fraction", "exact_operations"]

EXPONENT_MAX = 40
"""Larger exponents are nonsense here, and would make huge integers."""

_FIGURE = re.compile(r"\+?(\d{1,60})(?:\.(\d{1,60}))?(?:[eE]([+-]?\d{1,3}))?", re.ASCII)


def exact_fraction(text: str) -> Fraction:
    """Reads a non-negative decimal, with or without an exponent, exactly.

    Args:
        text: for example `3.8e+25`, `1200` or `0.25`; blanks around it are ignored.

    Returns:
        The number as written, as a fraction.

    Raises:
        InputError: not such a number (`NaN`, `inf`, a sign, a unit), or an exponent beyond
            `EXPONENT_MAX`.
    """
    match = _FIGURE.fullmatch(text.strip())
    exponent = int(match[3] or 0) if match else 0
    if match is None or abs(exponent) > EXPONENT_MAX:
        raise InputError(
            f"{text!r} is not a plain number",
            why="a figure is taken digit by digit; anything else would have to be guessed",
            remedy="write digits, as in 3.8e+25 or 1200, without unit or sign",
        )
    digits = match[1] + (match[2] or "")
    return Fraction(int(digits)) * Fraction(10) ** (exponent - len(match[2] or ""))


def exact_operations(text: str) -> int:
    """Reads a count of operations from a published table.

    Args:
        text: for example `3.8e+25`; it must come out as a whole number.

    Returns:
        The count as an exact integer, at most `OPERATIONS_MAX`.

    Raises:
        InputError: not a number, not whole, or larger than a training run can be.
    """
    value = exact_fraction(text)
    if value.denominator != 1:
        raise InputError(
            f"{text!r} is not a whole number of operations",
            why="operations are counted, so there are no parts of one",
            remedy="give the figure in single operations, as in 3.8e+25",
        )
    if value > OPERATIONS_MAX:
        raise InputError(
            f"{text!r} is more than 10^28 operations",
            why="no run of any size comes near it, so a unit is likely to be wrong",
            remedy="check the unit: operations, not operations times a thousand",
        )
    return int(value)
