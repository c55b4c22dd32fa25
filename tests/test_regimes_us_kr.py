"""What is particular to California, the rescinded order and Korea beside their cases."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.pack import read_pack
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.dated import standing_on
from ledger.regime.expression import Sum
from ledger.regime.law import Law
from ledger.regime.lint import lint_regime
from ledger.resources import rules_root

DAY = date(2026, 11, 22)


@pytest.fixture(scope="module", name="regimes")
def _regimes() -> dict[str, CasedRegime]:
    return load_cased(read_pack(rules_root(None)))


def test_comparators_part_at_the_line(regimes: dict[str, CasedRegime]) -> None:
    """The same figure, and at exactly 10^26 a system is in scope in Korea and not in California."""
    for regime, parameter, phrase in (
        ("us.ca.sb53", "frontier-ops", "greater than"),
        ("us.eo14110", "model-ops", "greater than"),
        ("kr.aiba", "safety-flop", "\uc774\uc0c1"),  # isang: or more
    ):
        value = regimes[regime].parameters[parameter].values[0]
        assert str(value.value).partition(" ")[0] == str(10**26)
        assert (value.cite.phrase, value.provenance) == (phrase, "verified")


def test_united_states_count_integers_and_korea_does_not(regimes: dict[str, CasedRegime]) -> None:
    for name in ("us.ca.sb53", "us.eo14110"):
        (counting,) = Law.on(regimes[name], DAY).counting.values()
        assert counting.operation_kinds == {"float", "integer", "unknown"}
    (korea,) = Law.on(regimes["kr.aiba"], DAY).counting.values()
    assert korea.operation_kinds == {"float", "unknown"}


def test_california_parent_compute_is_a_switch(regimes: dict[str, CasedRegime]) -> None:
    """Not of the steps followed, so that the developer's own earlier work counts either way."""
    california = regimes["us.ca.sb53"]
    for reading in ("whole-lineage", "developer-own"):
        law = Law.on(california, DAY, readings={"parent-compute": reading})
        steps = law.counting["computing-power"].relations
        assert steps == {"derived", "merged", "initialised"}
    (model,) = (rule for rule in california.rules if rule.id == "frontier-model")
    assert [arm.case for arm in model.choose or ()] == [
        "reading:parent-compute=whole-lineage",
        "reading:parent-compute=developer-own",
    ]
    scopes = {name: number.lineage for name, number in model.let.items() if isinstance(number, Sum)}
    assert scopes == {"compute": "cumulative", "own-compute": "own"}


def test_california_counts_the_three_things_it_names(regimes: dict[str, CasedRegime]) -> None:
    found = regimes["us.ca.sb53"].counting["computing-power"].activities
    named = {"pretrain", "continued_pretrain", "sft", "preference", "rl_update"}
    assert {name for name, word in found.items() if word == "counted"} == named


def test_korean_counting_says_that_its_notice_was_not_read(regimes: dict[str, CasedRegime]) -> None:
    korea = regimes["kr.aiba"]
    assert korea.counting["system-training"].provenance == "secondary"
    assert korea.rules[0].provenance == "secondary"
    assert "not found" in (korea.sources["draft-notice"].note or "").replace("\n", " ")


@pytest.mark.parametrize(
    ("regime", "day", "law", "enforcement"),
    [
        ("us.ca.sb53", date(2025, 9, 28), None, None),
        ("us.ca.sb53", date(2025, 12, 31), "enacted", None),
        ("us.ca.sb53", date(2026, 1, 1), "in_force", "enforced"),
        ("us.eo14110", date(2023, 10, 29), None, None),
        ("us.eo14110", date(2023, 10, 30), "in_force", "enforced"),
        ("us.eo14110", date(2025, 1, 19), "in_force", "enforced"),
        ("us.eo14110", date(2025, 1, 20), "rescinded", "none"),
        ("kr.aiba", date(2026, 1, 21), "enacted", None),
        ("kr.aiba", date(2026, 1, 22), "in_force", "grace_period"),
    ],
)
def test_standing_changes_on_the_days_of_the_law(
    regimes: dict[str, CasedRegime],
    regime: str,
    day: date,
    law: str | None,
    enforcement: str | None,
) -> None:
    found = standing_on(regimes[regime], day)
    assert (found.law, found.enforcement) == (law, enforcement)


def test_rescission_was_known_on_its_day(regimes: dict[str, CasedRegime]) -> None:
    """The Federal Register printed it a week later; everyone knew."""
    order, day = regimes["us.eo14110"], date(2025, 1, 21)
    assert standing_on(order, day, law_known_on=day).law == "rescinded"
    assert standing_on(order, day, law_known_on=date(2025, 1, 19)).law == "in_force"


@pytest.mark.parametrize("name", ["eu.aia", "us.ca.sb53", "us.eo14110", "kr.aiba"])
def test_rule_file_has_no_findings(regimes: dict[str, CasedRegime], name: str) -> None:
    assert lint_regime(f"{name}.yaml", regimes[name]) == ()
