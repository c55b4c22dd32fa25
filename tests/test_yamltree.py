"""YAML as syntax only: every scalar is a text, and nothing has two meanings."""

from __future__ import annotations

import pytest

from ledger.errors import RuleError
from ledger.yamltree import line_numbers, parse_tree


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


@pytest.mark.parametrize(
    ("text", "kind", "line"),
    [
        ("a: 1\na: 2\n", "duplicate-key", 2),
        ("a: 1\nb: &x 1\n", "anchor", 2),
        ("b: *x\n", "anchor", 1),
        ("a: !!int 1\n", "tag", 1),
        ("a: 1\n<<: {a: 1}\n", "merge-key", 2),
        ("a: [1\n", "yaml", 2),
        ("a:\n\tb: c\n", "yaml", 2),
        ('a: "\\U00110000"\n', "yaml", None),
        ("", "empty", None),
        ("# nothing\n", "empty", None),
        ("%YAML 1.2\n---\na: 1\n", "directive", 1),
        ("a: 1\n? [a]\n: 1\n", "key", 2),
        ("a:\n  " + "[" * 5_000 + "]" * 5_000, "too-deep", 2),
        ("a" * 2_000_001, "too-large", None),
        ('a: 1\nb: "\\ud800"\n', "encoding", 2),
    ],
)
def test_tree_fault_has_a_kind_a_line_and_a_remedy(text: str, kind: str, line: int | None) -> None:
    with pytest.raises(RuleError) as caught:
        parse_tree(text, where="x.yaml")
    assert (caught.value.kind, caught.value.line) == (kind, line)
    assert caught.value.where == ("x.yaml" if line is None else f"x.yaml:{line}")
    assert caught.value.remedy


def test_tree_parts_have_their_lines() -> None:
    text = """\
# above
a: 1
b:
  - x: 1
    y: [p,
      q]
  - z
"model.c": { d: e }
"""
    assert line_numbers(text, where="x") == {
        "": 2,
        "a": 2,
        "b": 3,
        "b[0]": 4,
        "b[0].x": 4,
        "b[0].y": 5,
        "b[0].y[0]": 5,
        "b[0].y[1]": 6,
        "b[1]": 7,
        "model.c": 8,
        "model.c.d": 8,
    }


def test_tree_lines_need_yaml() -> None:
    with pytest.raises(RuleError, match="not YAML"):
        line_numbers("a: [", where="x")
