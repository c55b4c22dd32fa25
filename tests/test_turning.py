"""What is missing says from which amount on another finding holds, to one operation or dollar."""

from __future__ import annotations

from typing import Any

import pytest

from ledger.journeys.turning import AMOUNT_MAX, Turning, turning_of


@pytest.mark.parametrize("line", [0, 1, 10**25, AMOUNT_MAX - 1])
def test_turning_is_exact_to_one(line: int) -> None:
    found = turning_of(lambda amount: "met" if amount > line else "not_met")
    assert found == Turning("not_met", line, line + 1, "met")


def test_turning_names_both_ends_of_what_stays_open_between() -> None:
    def finding(amount: int) -> Any:
        return "not_met" if amount <= 10 else "met" if amount >= 20 else "undetermined"

    assert turning_of(finding) == Turning("not_met", 10, 20, "met")
    assert turning_of(lambda _: "undetermined") is None
