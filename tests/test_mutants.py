"""No mistake in the law goes unnoticed: every mutant of every rule file dies, or has a reason."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from regimes import shipped_pack, shipped_words, small

from ledger.determination import PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.journeys.checking import devices_of
from ledger.journeys.gate import Gate, Verdict
from ledger.regime.load import load_regimes
from ledger.regime.model import Regime
from ledger.regime.mutation import mutants

Run = Callable[..., Any]

ROOT = Path(__file__).resolve().parent.parent
REGIMES = load_regimes(shipped_pack())
BENCH = Bench(shipped_words(), PlainEngine, PlainEvaluator(), devices_of(shipped_pack()))
# Mutants of a regime tried on every run: of its comparators and thresholds, and of all others.
LINES, OTHERS = 8, 4


@cache
def equivalents() -> dict[str, dict[str, str]]:
    """Return the mutants that no case can tell, with the reason, by regime and id."""
    text = (ROOT / "tests" / "mutants" / "equivalent.yaml").read_text("utf-8")
    found = yaml.safe_load(text) or {}
    return {regime: dict(listed) for regime, listed in found.items()}


def survivors(regime: Regime, verdicts: list[Verdict]) -> list[str]:
    listed = equivalents().get(regime.id, {})
    return [v.mutant.id for v in verdicts if v.survives and v.mutant.id not in listed]


@pytest.mark.parametrize("name", sorted(REGIMES))
def test_a_sample_of_mutants_dies(name: str) -> None:
    """All of them are tried by hand and nightly: ``pytest -m slow tests/test_mutants.py``."""
    regime = REGIMES[name]
    listed = equivalents().get(name, {})
    every = [m for m in mutants(regime) if m.id not in listed]
    lines = [m for m in every if m.kind in {"comparator", "threshold"}]
    others = [m for m in every if m.kind not in {"comparator", "threshold"}]
    seed = os.environ.get("PYTEST_RANDOMLY_SEED", "1")
    chance = random.Random(f"{seed} {name}")
    some = chance.sample(lines, min(LINES, len(lines)))
    some += chance.sample(others, min(OTHERS, len(others)))
    assert not survivors(regime, list(Gate(BENCH, regime).verdicts(some)))


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(REGIMES))
def test_mutants_all_die(name: str) -> None:
    regime = REGIMES[name]
    verdicts = list(Gate(BENCH, regime).verdicts())
    assert not survivors(regime, verdicts)
    alive = {verdict.mutant.id for verdict in verdicts if verdict.survives}
    stale = equivalents().get(name, {}).keys() - alive
    assert not stale, "listed as equivalent, and told apart or gone: take it off the list"


def test_mutants_listed_as_equivalent_exist_and_say_why() -> None:
    for name, listed in equivalents().items():
        ids = {mutant.id for mutant in mutants(REGIMES[name])}
        assert listed.keys() <= ids
        assert all(len(reason) > 20 for reason in listed.values())


def test_mutants_are_one_change_each_and_all_different() -> None:
    regime = small()
    every = list(mutants(regime))
    assert len({mutant.id for mutant in every}) == len(every)
    assert all(mutant.regime != regime for mutant in every)
    assert {mutant.kind for mutant in every} == {
        *("comparator", "threshold", "day", "counting", "reading", "structure")
    }
    ids = {mutant.id for mutant in every}
    assert "rules[0].when: gt to ge" in ids
    exact = "parameters.line.values[0].value: 10000000000000000000000000 FLOP to "
    assert f"{exact}10000000000000000000000001 FLOP" in ids
    assert "lifecycle[3].on: 2025-06-01 to 2025-06-02" in ids
    assert "counting.work.activities.eval: counted to excluded" in ids
    assert "rules[0].unless[0].when: without not" in ids


def test_gate_lets_mutants_live_where_cases_and_probes_say_nothing() -> None:
    """The gate can fail: without cases probes tell mutants, and without those nothing does."""
    bare = small().model_copy(update={"cases": ()})
    verdicts = list(Gate(BENCH, bare).verdicts())
    assert {verdict.by for verdict in verdicts} == {"check", "probe", None}
    blind = Gate(BENCH, bare)
    blind._probes = []
    alive = {verdict.mutant.kind for verdict in blind.verdicts() if verdict.survives}
    assert alive >= {"threshold", "day", "counting", "reading"}
    full = list(Gate(BENCH, small()).verdicts())
    assert sum(v.by == "case" for v in full) > 0
    assert sum(v.survives for v in full) <= sum(v.survives for v in verdicts)


def test_gate_command_names_survivors_and_fits_its_schema(flopledger: Run) -> None:
    done = flopledger("rules", "mutants", "us.fed.hr9917", "-f", "json")
    document = json.loads(done.out)
    schema = json.loads((ROOT / "schemas" / "rules-mutants.v1.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(document)
    (told,) = document["regimes"]
    parts = ("by_case", "by_check", "by_probe", "equivalent")
    assert told["mutants"] == sum(told[part] for part in parts) + len(told["survivors"])
    assert done.code == int(bool(told["survivors"]))
