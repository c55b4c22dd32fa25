"""Quantities: exact, with units, and never mixed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import UnitError
from ledger.quantity import (
    UNITS,
    Dimension,
    Interval,
    Quantity,
    parse_number,
    parse_quantity,
)

BOUNDS = st.integers(0, 10**30)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("10^25", Fraction(10**25)),
        ("3.8*10^25", Fraction(38 * 10**24)),
        ("500_000_000", Fraction(500_000_000)),
        ("5.92", Fraction(592, 100)),
        ("1/3", Fraction(1, 3)),
        ("0", Fraction(0)),
    ],
)
def test_number_is_read_exactly(text: str, number: Fraction) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e25",
        "1.0e+25",
        "-1",
        "+1",
        "NaN",
        "inf",
        "1/0",
        "10**25",
        "1,000",
        "١٢",
        "0x10",
        "10^99",
        "1.",
        ".5",
        "1 000",
        "9" * 200,
    ],
)
def test_number_in_another_form_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        parse_number(text)


def test_number_in_e_notation_says_what_to_write() -> None:
    with pytest.raises(UnitError) as caught:
        parse_number("1.5e25")
    assert "1.5*10^25" in caught.value.remedy


def test_quantity_without_a_unit_is_refused() -> None:
    with pytest.raises(UnitError, match="no known unit"):
        Quantity.parse("10^25")
    with pytest.raises(UnitError, match="no known unit"):
        Quantity.parse("10^25 FLOPS")


def test_quantity_operations_and_capacity_do_not_add() -> None:
    work, held = Quantity.parse("3.6*10^18 FLOP"), Quantity.parse("1 PFLOP-hour")
    with pytest.raises(UnitError, match="capacity, not operations"):
        work + held
    with pytest.raises(UnitError):
        held - work
    with pytest.raises(UnitError):
        assert held < work


@pytest.mark.parametrize("dimension", list(Dimension))
def test_quantity_of_each_dimension_adds_only_to_its_own(dimension: Dimension) -> None:
    of = {
        d: Quantity(Fraction(1), next(u for u in UNITS.values() if u.dimension is d))
        for d in Dimension
    }
    mine = of.pop(dimension)
    assert (mine + mine).base == 2 * mine.base
    for other in of.values():
        with pytest.raises(UnitError):
            mine + other


def test_quantity_converts_exactly_within_a_dimension() -> None:
    assert Quantity.parse("1 device_h").exact_int() == 3_600_000_000
    assert (Quantity.parse("1 day") + Quantity.parse("24 hour")).exact_int() == 2 * 86_400
    assert Quantity.parse("400 Gbit/s").base == 400 * 10**9
    assert parse_quantity("2 week", Dimension.DURATION).exact_int() == 14 * 86_400


def test_quantity_that_is_no_whole_number_says_so() -> None:
    with pytest.raises(UnitError, match="whole number"):
        Quantity.parse("1.5 FLOP").exact_int()


def test_quantity_survives_its_text() -> None:
    for text in ("10^25 FLOP", "1/3 ratio", "400.01 mm2"):
        quantity = Quantity.parse(text)
        assert str(quantity).endswith(quantity.unit.symbol)
        assert quantity.value == parse_number(text.split(" ")[0])


@given(BOUNDS, BOUNDS, BOUNDS, BOUNDS)
def test_interval_sum_holds_every_sum_of_members(a: int, b: int, c: int, d: int) -> None:
    left, right = Interval(min(a, b), max(a, b)), Interval(min(c, d), max(c, d))
    total = left + right
    assert total == Interval(left.lo + right.lo, (left.hi or 0) + (right.hi or 0))


def test_interval_without_an_end_stays_without_one() -> None:
    assert (Interval.unknown() + Interval.point(5)) == Interval(5, None)
    assert Interval.unknown(7) == Interval(0, 7)
    assert Interval.point(3).known
    assert not Interval.unknown().known
    with pytest.raises(UnitError, match="backward"):
        Interval(2, 1)
