"""Cases ask of duties when they fall due and whom they bind, and of no duty that is not there."""

from __future__ import annotations

import pytest
from regimes import SMALL, changed, load, shipped_words, small

from ledger.determination import PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench

BENCH = Bench(shipped_words(), PlainEngine, PlainEvaluator())
DUTY = "        action: { en: Tell the office }\n"
MET = "{ above: { m: { finding: met } }"


def asked(binds: str, when: str = "model.monetised", fact: str = "") -> list[str]:
    """What comes out otherwise in a case that says whom the duty binds, under a condition."""
    text = changed(DUTY, f"{DUTY}        when: {when}\n")
    text = changed(MET, f"{{ above: {{ m: {{ binds: {{ tell: {binds} }} }} }}", text=text)
    if fact:
        text = text.replace("significant_generality: yes,", f"significant_generality: yes, {fact},")
    results = BENCH.run_written(small(text))
    return [f"{each.field} {each.found}" for each in results[0].mismatches]


@pytest.mark.parametrize(
    ("fact", "bound"),
    [
        ("model.monetised: yes", "yes"),
        ("model.monetised: no", "no"),
        ("", "undetermined"),
    ],
)
def test_a_case_says_whom_a_duty_binds(fact: str, bound: str) -> None:
    assert asked(bound, fact=fact) == []
    for other in {"yes", "no", "undetermined"} - {bound}:
        assert asked(other, fact=fact) == [f"binds tell {bound}"]


def test_a_duty_without_a_condition_binds_whoever_meets_the_rule() -> None:
    text = changed(MET, "{ above: { m: { binds: { tell: yes } } }")
    assert BENCH.run_written(small(text))[0].passed


@pytest.mark.parametrize("asks", ["due: { tall: none }", "binds: { tall: no }"])
def test_a_case_of_a_duty_that_is_not_there_is_refused(asks: str) -> None:
    # It could not come out wrong: what is not there has no day and binds nobody.
    regime, flaws = load(changed(MET, f"{{ above: {{ m: {{ {asks} }} }}", text=SMALL))
    assert regime is None
    assert [flaw.message for flaw in flaws] == ["rule above has no obligation 'tall'"]
    assert "tell" in flaws[0].remedy
