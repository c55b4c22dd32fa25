"""The JSON Schema of rule files: an editor sees with it what can be seen without the law."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from regimes import FILE, ROOT, SMALL, shipped_words
from supplied import supplied

from ledger.errors import RuleError
from ledger.regime.cased import load_regime
from ledger.regime.form import SERVER
from ledger.yamltree import Tree, parse_tree

jsonschema = supplied("jsonschema", "jsonschema")
SCHEMAS = ROOT / "schemas"
REGIMES = sorted((ROOT / "rules" / "regimes").rglob("*.yaml"))
HOSTILE = sorted((ROOT / "tests" / "hostile" / "rules").glob("*.yaml"))
# What a schema cannot say: that a name leads somewhere, that things are of one kind, that days
# follow each other, that a word names a fact. Everything else an editor underlines.
UNSEEN = {
    "after",
    "basis",
    "condition",
    "cycle",
    "date",
    "dimension",
    "due",
    "duplicate",
    "effect",
    "events",
    "fact",
    "fact-type",
    "group",
    "literal",
    "moment",
    "overlap",
    "range",
    "repeats",
    "shadow",
    "subject",
    "type",
    "unclassified",
    "unknown-activity",
    "unknown-counting",
    "unknown-fact",
    "unresolved",
    "until",
    "value",
    "window",
}


def checker(name: str) -> Any:
    """Return what validates by a published schema."""
    return jsonschema.Draft202012Validator(json.loads((SCHEMAS / name).read_text("utf-8")))


REGIME = checker("regime.v1.schema.json")


def tree_of(path: Path) -> Tree | None:
    """Return a file as strings, or None if it is no YAML that is allowed."""
    try:
        return parse_tree(path.read_text("utf-8"), where=FILE)
    except RuleError:
        return None


@pytest.mark.parametrize("path", REGIMES, ids=lambda path: path.stem)
def test_schema_accepts_every_shipped_regime_as_strings(path: Path) -> None:
    errors = [
        f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in REGIME.iter_errors(tree_of(path))
    ]
    assert errors == []


def test_schema_accepts_the_regime_that_the_hostile_ones_were_made_from() -> None:
    assert REGIME.is_valid(parse_tree(SMALL, where=FILE))


def test_schema_accepts_the_shipped_facts() -> None:
    assert checker("facts.v1.schema.json").is_valid(
        tree_of(ROOT / "rules" / "vocabulary" / "facts.yaml")
    )


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_schema_refuses_what_it_can_see(path: Path) -> None:
    tree = tree_of(path)
    if tree is None:
        return  # an editor says that it is no YAML
    _, flaws = load_regime(FILE, tree, shipped_words())
    codes = {flaw.code for flaw in flaws}
    assert codes
    if not codes <= UNSEEN:
        assert not REGIME.is_valid(tree), codes


def test_schema_sees_most_of_the_hostile_files() -> None:
    trees = [tree for tree in map(tree_of, HOSTILE) if tree is not None]
    refused = [tree for tree in trees if not REGIME.is_valid(tree)]
    assert len(refused) >= 38
    seen = set[str]()
    for path in HOSTILE:
        tree = tree_of(path)
        if tree is not None and REGIME.is_valid(tree):
            seen |= {flaw.code for flaw in load_regime(FILE, tree, shipped_words())[1]}
    assert seen == UNSEEN, "a kind that the schema has come to see leaves the list"


@pytest.mark.parametrize(
    "path",
    [*REGIMES, ROOT / "rules" / "vocabulary" / "facts.yaml"],
    ids=lambda path: path.stem,
)
def test_schema_line_for_the_editor_leads_to_the_schema(path: Path) -> None:
    first = path.read_text("utf-8").split("\n", 1)[0]
    assert first.startswith(SERVER)
    schema = (path.parent / first.removeprefix(SERVER)).resolve()
    assert schema.parent == SCHEMAS
    assert schema.is_file()


@pytest.mark.parametrize(
    ("part", "good", "bad"),
    [
        ("value", "10^25 FLOP", "1e25 FLOP"),
        ("value", "500_000_000 USD", "500_000_000"),
        ("value", "2025-08-02", "2 August 2025"),
        ("from", "2025-08-02", "2025-8-2"),
        ("provenance", "verified", "sure"),
    ],
)
def test_schema_underlines_while_one_types(part: str, good: str, bad: str) -> None:
    tree = parse_tree(SMALL, where=FILE)
    assert isinstance(tree, dict)
    value: Any = tree["parameters"]["line"]["values"][0]  # type: ignore[call-overload, index]
    value[part] = good
    assert REGIME.is_valid(tree)
    value[part] = bad
    assert not REGIME.is_valid(tree)
