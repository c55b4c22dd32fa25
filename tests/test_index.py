"""The index: what was looked at and has no rule, why, and what keeps it from lying."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from regimes import ROOT, SMALL, shipped_pack

from ledger.pack import Pack
from ledger.regime.cased import load_cased
from ledger.regime.index import INDEX_PATH, load_index, read_index
from ledger.yamltree import Tree, parse_tree

Run = Callable[..., Any]
ENTRY: dict[str, Tree] = {
    "id": "zz.bill",
    "title": {"en": "A bill"},
    "jurisdiction": "ZZ",
    "cite": "Bill 1",
    "status": "failed",
    "why": "It names no number.",
    "provenance": "secondary",
    "looked_at": "2026-11-22",
}


def packed(*entries: dict[str, Tree]) -> Pack:
    """A pack with an index and nothing else."""
    return Pack.of({INDEX_PATH: {"schema": "index/1", "entries": list(entries)}})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of rules with the small regime and an index of one entry."""
    rules = tmp_path / "law"
    (rules / "vocabulary").mkdir(parents=True)
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (rules / "vocabulary" / path.name).write_bytes(path.read_bytes())
    (rules / "regimes").mkdir()
    (rules / "regimes" / "xx.small.yaml").write_text(SMALL, encoding="utf-8")
    write(rules, ENTRY)
    return rules


def write(rules: Path, *entries: dict[str, Tree]) -> None:
    """Write the index of a folder; JSON is YAML."""
    text = json.dumps({"schema": "index/1", "entries": list(entries)})
    (rules / INDEX_PATH).write_text(text, encoding="utf-8")


def test_index_lists_nothing_that_has_a_rule() -> None:
    entries = load_index(shipped_pack())
    ids = [entry.id for entry in entries]
    assert ids == sorted(set(ids))
    assert not set(ids) & set(load_cased(shipped_pack()))
    assert len(ids) > 50


def test_index_says_why_in_sentences_and_marks_what_nobody_read() -> None:
    for entry in load_index(shipped_pack()):
        assert entry.why.endswith("."), entry.id
        assert len(entry.why) > 15, entry.id
        # A text whose figures were not read never claims that there is no number.
        if entry.status == "unchecked":
            assert any(w in entry.why for w in ("verified", "read", "checked")), entry.id


def test_index_names_documents_known_to_be_false() -> None:
    false = {entry.id for entry in load_index(shipped_pack()) if entry.status == "false"}
    assert "false.eu.implementing-act-26" in false
    assert all(name.startswith("false.") for name in false)


@pytest.mark.parametrize(
    ("entries", "regimes", "code", "words"),
    [
        ((ENTRY, ENTRY), (), "duplicate", "zz.bill stands twice"),
        ((ENTRY,), ("zz.bill",), "duplicate", "zz.bill has a rule file"),
        (({**ENTRY, "status": "dead"},), (), "word", ""),
        (({**ENTRY, "because": "x"},), (), "unknown-key", "'because' is not a key here"),
        (({k: v for k, v in ENTRY.items() if k != "why"},), (), "missing", ""),
        (({**ENTRY, "looked_at": "yesterday"},), (), "date", ""),
    ],
)
def test_index_that_is_wrong_says_where(
    entries: tuple[dict[str, Tree], ...], regimes: tuple[str, ...], code: str, words: str
) -> None:
    found, flaws = read_index(packed(*entries), regimes)
    assert found == ()
    assert [flaw.code for flaw in flaws] == [code]
    assert flaws[0].file == INDEX_PATH
    assert flaws[0].place.startswith("entries[")
    assert flaws[0].remedy
    assert words in flaws[0].message


def test_rules_without_an_index_have_an_empty_one() -> None:
    assert load_index(Pack.of({"a.yaml": parse_tree("a: b", where="a.yaml")})) == ()


def test_rules_list_shows_what_has_no_rule_apart(flopledger: Run, folder: Path) -> None:
    asked = ("--rules", str(folder), "rules", "list")
    out = flopledger(*asked).out
    assert out.index("xx.small") < out.index("Looked at, and no rule") < out.index("zz.bill")
    assert "It names no number." in out
    alone = flopledger(*asked, "--index").out
    assert "zz.bill" in alone
    assert "xx.small" not in alone
    (folder / INDEX_PATH).unlink()
    assert "Looked at" not in flopledger(*asked).out


def test_rules_list_document_holds_the_index(flopledger: Run, folder: Path) -> None:
    schema = json.loads((ROOT / "schemas" / "rules-list.v2.schema.json").read_text("utf-8"))
    asked = ("--rules", str(folder), "rules", "list", "-f", "json")
    whole, alone = (json.loads(flopledger(*asked, *extra).out) for extra in ((), ("--index",)))
    for document in (whole, alone):
        Draft202012Validator(schema).validate(document)
        assert [entry["why"] for entry in document["index"]] == ["It names no number."]
    assert [regime["id"] for regime in whole["regimes"]] == ["xx.small"]
    assert alone["regimes"] == []


def test_rules_list_of_the_shipped_rules_follows_its_schema(flopledger: Run) -> None:
    schema = json.loads((ROOT / "schemas" / "rules-list.v2.schema.json").read_text("utf-8"))
    document = json.loads(flopledger("rules", "list", "-f", "json").out)
    Draft202012Validator(schema).validate(document)
    optional = {regime["id"] for regime in document["regimes"] if regime["optional"]}
    assert {"vol.eu.cop", "intl.miri.2025", "us.gladstone.2024"} <= optional
    assert not {"eu.aia", "kr.aiba"} & optional


def test_rules_lint_refuses_an_index_that_is_wrong(flopledger: Run, folder: Path) -> None:
    asked = ("--rules", str(folder), "rules", "lint")
    assert flopledger(*asked).code == 0
    write(folder, {**ENTRY, "id": "xx.small"})
    done = flopledger(*asked)
    assert done.code == 2
    assert "xx.small has a rule file" in done.out
    listed = flopledger("--rules", str(folder), "rules", "list")
    assert listed.code == 2
    assert "take it out of the index" in listed.err
