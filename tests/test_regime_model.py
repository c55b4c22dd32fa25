"""The models of a rule file: what they turn text into, and what they refuse."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from regimes import FILE, SMALL, load, small

from ledger.quantity import Quantity
from ledger.regime.diagnosis import parse_node
from ledger.regime.expression import (
    All,
    Any,
    Choose,
    Expression,
    Gt,
    Mul,
    Not,
    Sum,
    walk,
)
from ledger.regime.name import is_fact, is_factor, is_local, reading_named, rule_named
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.source import ParameterValue
from ledger.yamltree import Tree, parse_tree

HEAD = """\
id: r
title: { en: R }
subject: model
effect: indication
cite: { source: act }
"""


def rule(text: str) -> Rule:
    """Return a rule written as YAML."""
    found, flaws = parse_node(Rule, parse_tree(HEAD + text, where=FILE), FILE)
    assert found is not None, flaws
    return found


def test_model_reads_numbers_of_the_law_exactly() -> None:
    line = small().parameters["line"].values[0]
    share = small().parameters["share"].values[0]
    assert isinstance(line.value, Quantity)
    assert isinstance(share.value, Quantity)
    assert line.value.exact_int() == 10**25 != int(1e25)
    assert share.value.base * 3 == 1
    assert line.from_ == date(2025, 6, 1)
    assert line.until is None


def test_model_reads_a_day_where_the_dimension_is_date() -> None:
    value, _ = parse_node(
        ParameterValue,
        {
            "from": "2025-08-02",
            "known": "2024-07-12",
            "value": "2027-08-02",
            "cite": {"source": "act"},
            "provenance": "verified",
        },
        FILE,
    )
    assert value is not None
    assert value.value == date(2027, 8, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("NO", "'NO' is neither yes nor no"),
        ("true", "'true' is neither yes nor no"),
        ("1", "'1' is neither yes nor no"),
    ],
)
def test_model_takes_only_yes_or_no_for_a_boolean(text: str, message: str) -> None:
    wrong = SMALL.replace(
        "above: { m: { finding: met } }", f"above: {{ m: {{ finding: met, robust: {text} }} }}"
    )
    regime, flaws = load(wrong)
    assert regime is None
    assert [flaw.message for flaw in flaws] == [message]


def test_model_keeps_norway_a_word() -> None:
    text = SMALL.replace("jurisdiction: XX", "jurisdiction: NO")
    assert small(text).jurisdiction == "NO"


def test_model_builds_the_tree_of_an_expression() -> None:
    found = rule("when: { any: [{ not: model.x }, { all: [rule:a, { gt: [b, c] }] }] }\n")
    assert found.condition == Any(
        items=(Not(item="model.x"), All(items=("rule:a", Gt(operands=("b", "c")))))
    )


def test_model_gives_a_choose_as_the_condition() -> None:
    arms = "[{ case: model.x, then: model.y }, { case: { not: model.x }, then: model.z }]"
    condition = rule(f"choose: {arms}\n").condition
    assert isinstance(condition, Choose)
    assert [str(arm.then) for arm in condition.arms] == ["model.y", "model.z"]


def test_model_keeps_lets_in_the_order_of_the_file() -> None:
    found = rule(
        "let: { b: { sum: operations, counting: work, lineage: own }, a: { mul: [2, b] } }\n"
        "when: { gt: [a, b] }\n"
    )
    assert list(found.let) == ["b", "a"]
    assert found.let["a"] == Mul(factors=("2", "b"))
    assert found.let["b"] == Sum(field="operations", counting="work", lineage="own")


def test_model_expressions_are_values() -> None:
    first, second = Gt(operands=("a", "b")), Gt(operands=("a", "b"))
    assert first == second
    assert len({first, second, Not(item=first)}) == 2
    with pytest.raises(ValidationError, match="frozen"):
        first.operands = ("b", "a")  # type: ignore[misc]


def test_model_walk_yields_every_node_in_the_order_of_the_file() -> None:
    condition = rule("when: { all: [a.x, { gt: [p, { mul: [2, q] }] }, { not: rule:z }] }\n")
    assert condition.when is not None
    names = [node for node in walk(condition.when) if isinstance(node, str)]
    assert names == ["a.x", "p", "2", "q", "rule:z"]


def test_model_names_say_what_they_stand_for() -> None:
    assert is_fact("model.x")
    assert not is_fact("rule:a")
    assert is_local("line")
    assert not is_local("model.x")
    assert is_factor("2")
    assert rule_named("rule:a-b") == "a-b"
    assert rule_named("a-b") is None
    assert reading_named("reading:parent=whole-lineage") == ("parent", "whole-lineage")
    assert reading_named("parent") is None


def test_model_foreseen_view_needs_commitments() -> None:
    views = "when: a.x\nviews: { foreseen: { basis: [%s] } }\n"
    assert rule(views % "actual, committed").foresees
    assert not rule(views % "actual").foresees
    assert not rule("when: a.x\n").foresees


def conditions() -> st.SearchStrategy[Expression]:
    """Return generated conditions of every operator over names."""
    leaf: st.SearchStrategy[Expression] = st.sampled_from(
        ["model.x", "rule:a", "reading:r=b", Gt(operands=("p", "q"))]
    )
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            inner.map(lambda item: Not(item=item)),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: All(items=tuple(items))),
            st.lists(inner, min_size=1, max_size=3).map(lambda items: Any(items=tuple(items))),
        ),
        max_leaves=12,
    )


def as_tree(value: object) -> Tree:
    """Return a dumped model as a file would hold it."""
    if isinstance(value, dict):
        return {key: as_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_tree(item) for item in value]
    assert isinstance(value, str)
    return value


@given(conditions())
def test_model_expression_survives_a_file(condition: Expression) -> None:
    dumped = condition.model_dump(by_alias=True) if isinstance(condition, Node) else condition
    tree = parse_tree(HEAD + "when: model.x\n", where=FILE)
    assert isinstance(tree, dict)
    found, flaws = parse_node(Rule, tree | {"when": as_tree(dumped)}, FILE)
    assert found is not None, flaws
    assert found.when == condition


def test_model_deep_nesting_is_refused_before_it_hurts() -> None:
    with pytest.raises(Exception, match="deeper than"):
        parse_tree("when: " + "{not: " * 100 + "a" + "}" * 100 + "\n", where=FILE)
