"""Narrowing a question to what one law knows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from bundled import pack

from ledger.journeys.checking import Question
from ledger.journeys.narrowing import about, about_everything, narrowed
from ledger.regime.difference import Change
from ledger.regime.edition import Lawbook, lawbook

DAY = date(2026, 11, 22)
EU = "eu.aia/assignments=counted"
KR = "kr.aiba/parent-compute=operator-own"
QUESTION = Question(DAY, DAY, DAY, datetime(2026, 11, 22, tzinfo=UTC), readings=(EU, KR))


@pytest.fixture(scope="module")
def law() -> Lawbook:
    """Return the law that ships."""
    return lawbook(pack(), {})


def claim(*regimes: str, **readings: dict[str, str]) -> Any:
    """Return what is read of a claimed check."""
    chosen = {name.replace("_", "."): held for name, held in readings.items()}
    at = SimpleNamespace(readings=chosen, assumptions=dict.fromkeys(regimes, "in_force"))
    return SimpleNamespace(
        coordinates=at, determinations=[SimpleNamespace(regime=name) for name in regimes]
    )


def test_what_the_law_knows_of_a_claim_is_asked_and_the_rest_is_told(law: Lawbook) -> None:
    said = claim(
        *("eu.aia", "xx.gone"),
        eu_aia={"assignments": "counted", "data-processing": "guessed", "gone": "either"},
        kr_aiba={"parent-compute": "operator-own"},
        xx_gone={"this": "that"},
    )
    found = narrowed(said, law, "the rules in use")
    assert found.regimes == ("eu.aia",)
    assert found.readings == (EU,)
    assert found.assumptions == ("eu.aia=in_force",)
    assert found.lost == (
        "the rules in use have no xx.gone: its determinations are not compared",
        "the rules in use do not know eu.aia/data-processing=guessed",
        "the rules in use do not know eu.aia/gone=either",
        "the rules in use do not know xx.gone/this=that",
    )


def test_claim_of_which_the_law_knows_nothing_asks_for_no_regime(law: Lawbook) -> None:
    found = narrowed(claim("xx.gone"), law, "the rules in use")
    assert (found.regimes, len(found.lost)) == ((), 1)


def test_question_about_one_regime_keeps_the_readings_of_that_one(law: Lawbook) -> None:
    assert about(QUESTION, (law.regimes["eu.aia"],)).readings == (EU,)
    bare = replace(QUESTION, readings=("assignments=counted", "parent-compute=operator-own"))
    asked = about(bare, (law.regimes["kr.aiba"],))
    assert (asked.regimes, asked.readings) == (("kr.aiba",), ("parent-compute=operator-own",))


def test_question_about_everything_leaves_the_readings_of_optional_regimes_out(
    law: Lawbook,
) -> None:
    optional = "vol.meta.scaling-v2/parent-compute=whole-lineage"
    narrow = replace(QUESTION, regimes=("eu.aia",), rules=("r",), readings=(EU, optional))
    asked = about_everything(narrow, law)
    assert (asked.rules, asked.subjects, asked.readings) == ((), (), (EU,))
    assert "kr.aiba" in asked.regimes
    assert "vol.meta.scaling-v2" not in asked.regimes
    every = about_everything(replace(narrow, optional=True), law)
    assert every.readings == (EU, optional)


@pytest.mark.parametrize(
    ("place", "whether"),
    [
        ("rules.above", True),
        ("rules.above.when.all[0]", True),
        ("rules.above[0]", True),
        ("rules.above-all.when", False),
        ("rules.above2", False),
        ("parameters.above", False),
    ],
)
def test_change_is_of_the_rule_that_it_names(place: str, *, whether: bool) -> None:
    assert Change(place, "changed", "a", "b").is_of("above") is whether
