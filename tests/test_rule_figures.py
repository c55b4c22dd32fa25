"""Figures of rule files that cannot be read are answered with what to write instead."""

from __future__ import annotations

import pytest
from regimes import changed, load


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("true", "write a number with its unit, for example 10^25 FLOP"),
        ("12:30:45", "write a number with its unit, for example 10^25 FLOP"),
        ("10\u00b2\u2076 OP", "write 10^26 OP, if that is meant"),
        ("10(26) OP", "write 10^26 OP, if that is meant"),
        ("3*1025 OP", "write 3*10^25 OP, if that is meant"),
        ("100,000,000,000 OP", "write 100_000_000_000 OP, if that is meant"),
        ("10^26 op", "write OP, as units are spelled"),
        ("1.0e+26", "write 10^26 FLOP"),
        ("25", "write the unit, for example 25 FLOP"),
    ],
)
def test_a_damaged_figure_is_answered_with_the_one_probably_meant(
    written: str, remedy: str
) -> None:
    regime, flaws = load(changed("value: 10^25 FLOP", f'value: "{written}"'))
    assert regime is None
    assert [(flaw.place, flaw.remedy) for flaw in flaws] == [
        ("parameters.line.values[0].value", remedy)
    ]
