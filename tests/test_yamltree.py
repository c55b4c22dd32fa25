"""YAML as syntax only: every scalar is a text, and nothing has two meanings."""

from __future__ import annotations

import pytest

from ledger.errors import RuleError
from ledger.yamltree import parse_tree


def test_tree_scalars_are_texts() -> None:
    tree = parse_tree("a: NO\nb: 1e25\nc: 010\nd: 12:30:45\ne: 2025-08-02\nf: ~\n", where="x")
    assert tree == {
        "a": "NO",
        "b": "1e25",
        "c": "010",
        "d": "12:30:45",
        "e": "2025-08-02",
        "f": "~",
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: 1\na: 2\n", "stands twice"),
        ("a: &x 1\nb: *x\n", "anchors"),
        ("a: !!int 1\n", "tags"),
        ("<<: {a: 1}\n", "merge"),
        ("a: [1\n", "not YAML"),
        ("", "empty"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("%YAML 1.2\n---\na: 1\n", "directives"),
        ("? [a]\n: 1\n", "key must be a word"),
        ("[" * 80 + "]" * 80, "nested"),
    ],
)
def test_tree_that_could_mean_two_things_is_refused(text: str, fault: str) -> None:
    with pytest.raises(RuleError, match=fault) as caught:
        parse_tree(text, where="rules/x.yaml")
    assert caught.value.where.startswith("rules/x.yaml")


def test_tree_fault_names_its_line() -> None:
    with pytest.raises(RuleError) as caught:
        parse_tree("a: 1\nb: 2\na: 3\n", where="x.yaml")
    assert caught.value.where == "x.yaml:3"
