from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.report.figure import decimal, exact, readable, scientific


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (Fraction(0), "0"),
        (Fraction(24_576), "24,576"),
        (Fraction("24315.4999"), "24,315.4"),
        (Fraction("389087232.9"), "389,087,232"),
        (Fraction(1, 3), "0.333333"),
        (Fraction(1, 3000), "0.000333333"),
        (Fraction(2, 3), "0.666666"),
        (Fraction(10**13), "10^13"),
    ],
)
def test_figure_is_readable_and_never_rounded_up(number: Fraction, shown: str) -> None:
    assert readable(number) == shown


@given(st.fractions(min_value=0, max_value=10**30))
def test_figure_decimal_is_just_below_the_number(number: Fraction) -> None:
    shown = Fraction(decimal(number))
    assert shown <= number < shown + Fraction(1, 10**6)
    assert Fraction(exact(number)) == number


@given(st.integers(0, 10**40))
def test_figure_power_of_ten_brackets_the_number(number: int) -> None:
    def read(text: str) -> Fraction:
        mantissa, _, power = text.rpartition("10^")
        if not power or "^" not in text:
            return Fraction(text)
        return Fraction(mantissa.rstrip("*") or "1") * 10 ** int(power)

    low, high = read(scientific(number)), read(scientific(number, up=True))
    assert low <= number <= high
    assert high - low <= Fraction(number, 1000)
