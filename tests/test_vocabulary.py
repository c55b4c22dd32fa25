"""The vocabulary: the facts that rules ask, the activities that records name."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from regimes import ROOT, shipped_pack, shipped_words

from ledger.errors import InputError, RuleError
from ledger.pack import Pack
from ledger.record.fields import Activity
from ledger.regime.vocabulary import (
    ACTIVITIES,
    ACTIVITIES_PATH,
    FACTS_PATH,
    Vocabulary,
    load_vocabulary,
)
from ledger.yamltree import Tree, parse_tree


def vocabulary_with(path: str, change: dict[str, Tree | None]) -> Vocabulary:
    """Load the shipped vocabulary with entries of one file replaced, or removed by None."""
    trees = dict(shipped_pack().under("vocabulary"))
    entries = {**shipped_pack().tree(path), **change}
    trees[path] = {name: entry for name, entry in entries.items() if entry is not None}
    return load_vocabulary(Pack.of(trees))


def a_fact(**changes: Tree) -> dict[str, Tree]:
    """Return a valid fact."""
    fact: dict[str, Tree] = {
        "subject": "model",
        "type": "boolean",
        "description": {"en": "x"},
        "example": "yes",
    }
    return fact | changes


def test_vocabulary_activities_are_those_of_records_in_their_order() -> None:
    assert tuple(shipped_words().activities) == ACTIVITIES == get_args(Activity)
    assert len(ACTIVITIES) == 23
    written = parse_tree((ROOT / "rules" / ACTIVITIES_PATH).read_text("utf-8"), where="file")
    assert tuple(written) == ACTIVITIES


def test_vocabulary_examples_can_be_recorded() -> None:
    for name, fact in shipped_words().facts.items():
        text = fact.example
        value = text[1:-1].split(", ") if text.startswith("[") else text
        assert shipped_words().read_value(name, value)["kind"] in {
            "boolean", "set", "quantity", "date", "text",
        }  # fmt: skip


def test_vocabulary_holds_what_the_shipped_rules_ask() -> None:
    text = "".join(path.read_text("utf-8") for path in (ROOT / "rules/regimes").rglob("*.yaml"))
    for name in ("model.output_modalities", "developer.group_revenue_prior_calendar_year"):
        assert name in text
        assert name in shipped_words().facts


@pytest.mark.parametrize(
    ("name", "written", "recorded"),
    [
        ("model.is_modification", "no", {"kind": "boolean", "value": False}),
        ("model.output_modalities", ["text", "audio_speech"],
         {"kind": "set", "value": ["audio_speech", "text"]}),
        ("model.output_modalities", "text, audio_speech",
         {"kind": "set", "value": ["audio_speech", "text"]}),
        ("developer.group_revenue_prior_calendar_year", "5*10^8 USD",
         {"kind": "quantity", "value": "500000000 USD"}),
        ("device.applicable_die_area", "400.01 mm2",
         {"kind": "quantity", "value": "40001/100 mm2"}),
        ("model.placed_on_market_on", "2025-08-02", {"kind": "date", "value": "2025-08-02"}),
    ],
)  # fmt: skip
def test_vocabulary_reads_a_value_by_its_type(
    name: str, written: str | list[str], recorded: dict[str, object]
) -> None:
    assert shipped_words().read_value(name, written) == recorded


@pytest.mark.parametrize(
    ("name", "written", "remedy"),
    [
        ("model.is_modification", "maybe", "write yes or no"),
        ("model.is_modification", ["yes"], "such as no"),
        ("model.output_modalities", ["txt"], "did you mean text?"),
        ("developer.group_revenue_prior_calendar_year", "5*10^8 EUR", "write it like"),
        ("developer.group_revenue_prior_calendar_year", "5e9", "number and its unit, such as 7"),
        ("cluster.peak_rate", "1e20 OP/s", "10^20"),
        ("model.placed_on_market_on", "2025-8-2", "write it as 2026-11-22"),
        ("model.placed_on_market_on", "2025-02-30", "check the calendar"),
    ],
)
def test_vocabulary_refuses_a_value_of_another_type(
    name: str, written: str | list[str], remedy: str
) -> None:
    with pytest.raises(InputError) as caught:
        shipped_words().read_value(name, written)
    assert name in caught.value.message or name.partition(".")[2] in caught.value.message
    assert remedy in caught.value.remedy


def test_vocabulary_names_the_nearest_fact() -> None:
    with pytest.raises(RuleError) as caught:
        shipped_words().fact("model.output_modality")
    assert "model.output_modalities" in caught.value.remedy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model.new": a_fact(type="quantity")}, "dimension None"),
        ({"model.new": a_fact(dimension="ratio")}, "type boolean and dimension ratio"),
        ({"model.new": a_fact(type="enum")}, "has no value list"),
        ({"model.new": a_fact(values=["a"])}, "has a value list"),
        ({"model.new": a_fact(type="number")}, "does not belong here"),
        ({"model.new": a_fact(unit="FLOP")}, "'unit' is not a key here"),
        ({"model.new": a_fact(subject="run")}, "does not begin with its subject run"),
        ({"Model.New": a_fact()}, "wrong form"),
    ],
)
def test_vocabulary_refuses_a_fact_that_cannot_be_read(
    change: dict[str, Tree | None], message: str
) -> None:
    with pytest.raises(RuleError, match=message) as caught:
        vocabulary_with(FACTS_PATH, change)
    assert caught.value.where.startswith(FACTS_PATH)


def test_vocabulary_activities_are_closed() -> None:
    entry: Tree = {"title": {"en": "Nap"}, "description": {"en": "Sleep."}}
    for change in ({"nap": entry}, {"idle": None}):
        with pytest.raises(RuleError, match="the activities differ"):
            vocabulary_with(ACTIVITIES_PATH, change)


def test_rule_that_compares_a_network_says_which_rate_of_it_is_taken() -> None:
    asked = set[str]()
    for path, tree in shipped_pack().under("regimes").items():
        regime: Any = tree
        for rule in regime["rules"]:
            if "fabric_rate" in json.dumps(rule.get("when")):
                asked.add(regime["id"])
                assert "largest of them is recorded" in rule["interpretation"], path
    assert asked >= {"us.eo14110", "us.bis.nprm2024", "us.iaas.nprm2024", "us.ca.sb1047"}
    for name in ("cluster.fabric_rate", "model.training_cluster_fabric_rate"):
        description = shipped_words().facts[name].description["en"]
        assert "the largest of that of a link, a machine and an accelerator" in description
