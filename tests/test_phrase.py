"""Phrases: the deciding words of a law are read as the comparator that they ask for."""

from __future__ import annotations

import pytest

from ledger.regime.phrase import comparator_of


@pytest.mark.parametrize(
    ("phrase", "comparator"),
    [
        ("greater than", "gt"),
        ("is greater than 10(^25)", "gt"),
        ("exceeds", "gt"),
        ("in excess of", "gt"),
        ("over", "gt"),
        ("more than", "gt"),
        ("or more", "ge"),
        ("at least", "ge"),
        ("equal to or greater than", "ge"),
        ("greater than or equal to", "ge"),
        ("not less than", "ge"),
        ("no fewer than", "ge"),
        ("4800 or more", "ge"),
        ("\uc774\uc0c1", "ge"),
        ("\ucd08\uacfc", "gt"),
        ("less than", "lt"),
        ("below", "lt"),
        ("no more than", "le"),
        ("not more than", "le"),
        ("at most", "le"),
        ("up to", "le"),
        ("does not exceed", "le"),
        ("theoretical maximum computing capacity of", None),
        ("moreover", None),
        ("no less than 10^26", "ge"),
        ("not below", "ge"),
        ("not lower than", "ge"),
        ("meets or exceeds", "ge"),
        ("equals or exceeds", "ge"),
        ("10^26 and above", "ge"),
        ("10^26 and over", "ge"),
        ("reaches", "ge"),
        ("or beyond", "ge"),
        ("not to exceed 25 percent", "le"),
        ("not in excess of", "le"),
        ("not over", "le"),
        ("does not go above", "le"),
        ("shall not be greater than", "le"),
        ("in no event later than 30 calendar days", "le"),
        ("no later than two weeks before", "le"),
        ("up to but not including", "lt"),
        ("over the preceding year, less than", "lt"),
        ("180 days before any exports", "lt"),
        ("surpasses", "gt"),
        ("under section 3, more than", "gt"),
        ("greater than 10 but less than 20", None),
        ("not less frequently than annually", None),
        ("computing power", None),
    ],
)
def test_the_comparator_is_read_from_the_words(phrase: str, comparator: str | None) -> None:
    assert comparator_of(phrase) == comparator
