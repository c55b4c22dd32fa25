"""Spans and comparators: what holds for every value holds, what holds for none does not."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from stated import LINE

from ledger.regime.trace import Span, Truth, compare


@pytest.mark.parametrize(
    ("comparator", "below", "at", "above"),
    [
        ("gt", False, False, True),
        ("ge", False, True, True),
        ("lt", True, False, False),
        ("le", True, True, False),
    ],
)
def test_compare_holds_at_the_line_as_the_comparator_says(
    comparator: Any,
    below: Truth,
    at: Truth,
    above: Truth,
) -> None:
    line = Span.point(LINE)
    found = [compare(comparator, Span.point(LINE + step), line) for step in (-1, 0, 1)]
    assert found == [below, at, above]


@pytest.mark.parametrize("comparator", ["gt", "ge", "lt", "le"])
def test_compare_of_spans_says_what_every_pair_of_values_says(comparator: Any) -> None:
    """Against the meaning itself, over every small pair of spans."""
    tests = {
        "gt": int.__gt__,
        "ge": int.__ge__,
        "lt": int.__lt__,
        "le": int.__le__,
    }
    top = 9  # stands for a bound that is far away
    ends = [(lo, hi) for lo, hi in product(range(4), (*range(4), None)) if hi is None or hi >= lo]
    for (a, b), (c, d) in product(ends, ends):
        left = range(a, (top if b is None else b) + 1)
        right = range(c, (top if d is None else d) + 1)
        answers = {tests[comparator](x, y) for x, y in product(left, right)}
        expected = answers.pop() if len(answers) == 1 else None
        assert compare(comparator, _span(a, b), _span(c, d)) == expected, (a, b, c, d)


def _span(lo: int, hi: int | None) -> Span:
    return Span(Fraction(lo), None if hi is None else Fraction(hi))


def test_span_of_nothing_times_anything_is_nothing() -> None:
    assert Span.point(0).times(Span.unknown()) == Span.point(0)
    assert Span.unknown().times(Span.point(2)) == Span.unknown()
