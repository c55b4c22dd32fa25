"""What a place of a rule file bears on: no other rule comes out otherwise when it changes."""

from __future__ import annotations

import random

import pytest
from gating import bench
from regimes import changed, shipped_pack, small

from ledger.journeys.gate import outcome_of
from ledger.regime.bearing import bearing
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.mutation import mutants

BENCH = bench()
ALL = {"above", "modifier"}


@pytest.mark.parametrize(
    ("path", "borne"),
    [
        (("rules", 0, "when"), {"above"}),
        (("rules", 1, "choose", 0, "then"), {"modifier"}),
        (("parameters", "notice", "values", 0, "value"), {"above"}),
        (("parameters", "share", "values", 0, "value"), {"modifier"}),
        (("parameters", "line", "values", 0, "value"), ALL),
        (("counting", "work", "activities", "eval"), ALL),
        (("readings", "rollouts", "default"), ALL),
        (("sources", "act", "published"), ALL),
        (("lifecycle", 0, "on"), ALL),
        (("enforcement", 0, "from_"), ALL),
    ],
)
def test_bearing_of_a_place(path: tuple[str | int, ...], borne: set[str]) -> None:
    assert bearing(small(), path) == borne


def test_bearing_reaches_the_rules_that_ask_a_rule() -> None:
    asks = changed(
        "{ gt: [own, { mul: [share, line] }] }",
        '{ any: ["rule:above", { gt: [own, { mul: [share, line] }] }] }',
    )
    assert bearing(small(asks), ("rules", 0, "when")) == ALL
    assert bearing(small(asks), ("parameters", "notice", "values", 0, "value")) == ALL


def test_bearing_of_a_counting_set_reaches_who_asks_for_a_figure_of_the_original() -> None:
    """Every counting set tells whether there is one, also one that no rule sums by."""
    regime = small()
    sums, asks = regime.rules
    kept = asks.model_copy(update={"let": {}})
    bare = regime.model_copy(update={"rules": (sums, kept)})
    assert bearing(bare, ("counting", "work", "activities", "eval")) == ALL
    assert bearing(bare, ("readings", "rollouts", "default")) == ALL


@pytest.mark.parametrize("name", ["eu.aia", "us.diffusion.exceptions", "us.bis.nprm2024", "small"])
def test_bearing_leaves_out_only_rules_that_come_out_alike(name: str) -> None:
    """Cases are asked of changed files, by all rules that the change is said not to bear on."""
    regime: CasedRegime = small() if name == "small" else load_cased(shipped_pack())[name]
    chance = random.Random(name)
    written = [(case, BENCH.world(case)) for case in regime.cases]
    partial = [m for m in mutants(regime) if len(bearing(regime, m.path)) < len(regime.rules)]
    asked = 0
    for mutant in chance.sample(partial, min(len(partial), 20)):
        others = frozenset(rule.id for rule in regime.rules) - bearing(regime, mutant.path)
        for case, world in chance.sample(written, min(len(written), 4)):
            before = outcome_of(BENCH, regime, case, world, others)
            assert outcome_of(BENCH, mutant.regime, case, world, others) == before, mutant.id
            asked += len(before)
    assert asked > 20
