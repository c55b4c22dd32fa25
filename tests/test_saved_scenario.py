"""Saved scenarios: asked again as they were saved, and never written over something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contracted import contract_text
from lawbooks import pack_file
from regimes import SMALL

from ledger.journeys.saved_scenario import read_scenario

Run = Callable[..., Any]
VECTORS = Path(__file__).resolve().parent / "vectors"
RAISED = ("--set", "xx.small/line=3*10^25 FLOP")


@pytest.fixture
def lab(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A lab with one forward, asked under a small act."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    law = pack_file(tmp_path / "law.json", SMALL)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    Path("c.yaml").write_text(contract_text())
    assert flopledger("contract", "add", "c.yaml").code == 0
    return lambda *options: flopledger("--rules", law, "rules", "whatif", "-f", "json", *options)


def test_a_scenario_that_asks_the_book_asks_it_again(lab: Run) -> None:
    asked = lab(*RAISED, "--book", "--save", "s.json")
    assert json.loads(asked.out)["schema"] == "flopledger/whatif-book.v1", asked.err
    again = lab("--scenario", "s.json")
    assert json.loads(again.out) == json.loads(asked.out)
    # One of the law alone asks of the law alone, and of the book where somebody says so.
    assert lab(*RAISED, "--save", "law-only.json").code == 0
    plain, more = lab("--scenario", "law-only.json"), lab("--scenario", "law-only.json", "--book")
    assert json.loads(plain.out)["schema"] == "flopledger/rules-whatif.v1"
    assert json.loads(more.out)["schema"] == "flopledger/whatif-book.v1"


def test_the_version_before_is_read_too() -> None:
    first = read_scenario((VECTORS / "scenario.v1.json").read_bytes(), "s.json")
    second = read_scenario((VECTORS / "scenario.v2.json").read_bytes(), "s.json")
    assert first == second
    assert first.asks_book
    tree = json.loads((VECTORS / "scenario.v1.json").read_text()) | {"book": []}
    law_only = read_scenario(json.dumps(tree).encode(), "s.json")
    assert law_only == replace(first, book=(), asks_book=False)


def test_a_scenario_replaces_no_file_that_is_none(lab: Run) -> None:
    before = Path("c.yaml").read_bytes()
    refused = lab(*RAISED, "--save", "c.yaml")
    assert (refused.code, refused.out) == (2, "")
    assert "is no saved scenario" in refused.err
    assert Path("c.yaml").read_bytes() == before
    assert lab(*RAISED, "--save", "s.json").code == 0
    saved = Path("s.json").read_bytes()
    assert lab("--set", "xx.small/line=4*10^25 FLOP", "--save", "s.json").code == 0
    assert Path("s.json").read_bytes() != saved
