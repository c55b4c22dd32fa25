"""Rules about what is held: caps in a window, stocks, shares, flows of money, what is unsaid."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from regimes import load, shipped_words

from ledger.determination import Evaluator, PlainEvaluator
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.regime.case import Case
from ledger.regime.cased import CasedRegime
from ledger.regime.grouping import Place, calendar_window, months_before

HELD = Path(__file__).parent / "rules" / "held.yaml"


def held() -> CasedRegime:
    regime, flaws = load(HELD.read_text("utf-8"))
    assert regime is not None, flaws
    return regime


@pytest.mark.parametrize("evaluator", [PlainEvaluator(), ColumnEvaluator()])
@pytest.mark.parametrize("case", held().cases, ids=lambda case: case.name)
def test_holding_rules_come_out_as_the_cases_say(case: Case, evaluator: Evaluator) -> None:
    found = Bench(shipped_words(), PlainEngine, evaluator).run(held(), case)
    assert found.passed, found.mismatches


def test_holding_rule_places_are_read_back() -> None:
    place = Place.parse("company:acme/destination:IN/2026-Q1")
    assert place is not None
    assert place.keys == {"company": "acme", "destination": "IN"}
    assert place.window is not None
    assert (place.window.start, place.window.stop) == (date(2026, 1, 1), date(2026, 4, 1))
    assert Place.parse("model:meta/llama-3") is None
    assert calendar_window("quarter", date(2026, 12, 31))[0] == "2026-Q4"
    assert months_before(date(2026, 3, 31), 1) == date(2026, 2, 28)
    assert months_before(date(2026, 1, 31), -13) == date(2027, 2, 28)
    assert months_before(date(1, 6, 30), 12) == date.min
    assert months_before(date(9999, 6, 30), -12) == date.max
    assert months_before(date(9999, 12, 31), 1) == date(9999, 11, 30)
