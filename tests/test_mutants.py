"""No mistake in the law goes unnoticed: every mutant of every rule file dies, or has a reason."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from gating import (
    FOLDER,
    bench,
    digest,
    digests,
    equivalents,
    fate,
    gate,
    recorded,
    stale,
    written,
)
from jsonschema import Draft202012Validator
from regimes import FILE, SMALL, changed, shipped_pack, small

from ledger.journeys.gate import Gate, Verdict
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.mutation import mutants
from ledger.yamltree import parse_tree

Run = Callable[..., Any]

ROOT = Path(__file__).resolve().parent.parent
REGIMES = load_cased(shipped_pack())
BENCH = bench()
# Mutants of a regime tried on every run: of its comparators and thresholds, and of all others.
LINES, OTHERS = 8, 4


def survivors(regime: CasedRegime, verdicts: list[Verdict]) -> list[str]:
    return [v.mutant.id for v in verdicts if fate(regime.id, v) == "lives"]


def test_mutants_of_every_rule_file_were_all_tried_as_it_stands() -> None:
    """Trying all of them takes long: the record says of which files it was done, and how it went.

    A file changed since fails here: run ``python tests/gating.py``, and write the cases that its
    survivors ask for.
    """
    gated, not_gated = recorded()
    untried = [name for name in stale(gated) if name not in not_gated]
    assert not untried, f"changed since all mutants were tried: {', '.join(untried)}"
    assert gated.keys() <= REGIMES.keys()
    assert not_gated.keys() <= set(stale(gated)), "gated after all: take it off not_gated"
    assert all(len(why) > 20 for why in not_gated.values())


def test_mutants_recorded_as_tried_are_those_that_there_are() -> None:
    """A mutant of a new kind, or one more on the list of equivalents, has not been tried."""
    gated, _ = recorded()
    now = digests()
    for name, record in gated.items():
        assert record.adds_up, name
        if record.file == now[name]:
            assert record.mutants == sum(1 for _ in mutants(REGIMES[name])), name
            assert record.listed == len(equivalents().get(name, {})), name
    text = (FOLDER / "gated.yaml").read_text("utf-8")
    assert text == written(*recorded())


def meant(text: str) -> str:
    """Return the digest of what a text means."""
    return digest(parse_tree(text, where=FILE))


def test_record_of_a_rule_file_ends_with_its_meaning_and_not_with_its_words() -> None:
    before = meant(SMALL)
    for old, new in (
        ("Small Act }", "Little Act }"),
        ("question: { en: Do rollouts count }", "question: { en: Whether rollouts count }"),
        ("why: The act is silent.", "why: The act says nothing."),
        ("state: draft, encoded_by: tests", "state: draft, encoded_by: others"),
        ("name: nobody knows", "name: who knows"),
    ):
        assert meant(changed(old, new)) == before, new
    for old, new in (
        ("value: 10^25 FLOP", "value: 10^24 FLOP"),
        ("phrase: greater than", "phrase: or more"),
        ("published: 2025-01-10", "published: 2025-01-11"),
        ("eval: counted", "eval: excluded"),
        ('default: "in"', "default: out"),
        ("gt: [compute, line]", "ge: [compute, line]"),
        ("operations: 3*10^25 FLOP", "operations: 4*10^25 FLOP"),
        ("    why: The act is silent.\n", ""),
    ):
        assert meant(changed(old, new)) != before, new


def test_record_is_made_only_where_no_mutant_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "us.fed.hr9917"
    made, alive = gate(BENCH, REGIMES[name], digests()[name])
    assert (made, alive) == (recorded()[0][name], [])
    # Without cases and probes a mutant lives, and nothing may be recorded.
    monkeypatch.setattr(Gate, "_held_probes", lambda _: ())
    bare = REGIMES[name].model_copy(update={"cases": ()})
    made, alive = gate(BENCH, bare, digests()[name])
    assert made is None
    assert any("parameters." in each for each in alive)


def test_fate_of_a_mutant_that_is_listed_and_told_apart_is_to_live() -> None:
    """A list of equivalents that says too much hides what a case would tell."""
    name, listed = next(iter(equivalents().items()))
    mutant = next(m for m in mutants(REGIMES[name]) if m.id in listed)
    other = next(m for m in mutants(REGIMES[name]) if m.id not in listed)
    assert fate(name, Verdict(mutant, None)) == "listed"
    assert fate(name, Verdict(mutant, "case", "a case")) == "lives"
    assert fate(name, Verdict(mutant, None, same="a reason")) == "lives"
    assert fate(name, Verdict(other, None)) == "lives"
    assert fate(name, Verdict(other, "probe", "a probe")) == "probe"
    assert fate(name, Verdict(other, None, same="a reason")) == "same"


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
    # One listed as equivalent that is told apart after all has to be taken off the list.
    assert not survivors(regime, list(Gate(BENCH, regime).verdicts()))


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
