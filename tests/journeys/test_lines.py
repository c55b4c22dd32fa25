"""Stories told through the command line: who stands above which line, to the operation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import csv_text

Run = Callable[..., Any]

UNDATED = {"start": "", "end": "", "not_after": "2026-11-20", "devices": "", "device": ""}


@pytest.fixture
def ledger(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An empty ledger on 2026-11-23."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")
    assert flopledger("init", "--origin", "ledger.example/lines").code == 0
    return flopledger


def findings(done: Any, rule: str) -> dict[str, str]:
    """Return the finding of each subject under one rule."""
    rows = json.loads(done.out)["determinations"]
    return {row["subject"]: row["finding"] for row in rows if row["rule"] == rule}


@pytest.mark.parametrize("engine", ["polars", "plain"])
def test_line_of_10_to_the_25_is_exact_to_one_operation(ledger: Run, engine: str) -> None:
    figures = {"under": 10**25 - 1, "at": 10**25, "over": 10**25 + 1}
    rows = [
        {**UNDATED, "run": name, "model": name, "operations": str(figure)}
        for name, figure in figures.items()
    ]
    Path("t.csv").write_text(csv_text(*rows))
    assert ledger("import", "t.csv", "--source", "csv").code == 0
    done = ledger("check", "--rule", "gpaisr-presumption", "--engine", engine, "-f", "json")
    assert done.code == 1
    assert findings(done, "gpaisr-presumption") == {
        "model:under": "not_met",
        "model:at": "not_met",
        "model:over": "met",
    }
    table = ledger("check", "--rule", "gpaisr-presumption", "--engine", engine, "--all").out
    lines = {
        line.split("model:")[1].split()[0]: line for line in table.splitlines() if "model:" in line
    }
    assert "exactly on the line" in lines["at"]
    assert "above the line by 1 FLOP" in lines["over"]
    assert "1 FLOP away" in lines["under"]


def test_line_of_10_to_the_26_is_met_in_korea_and_not_in_california(ledger: Run) -> None:
    row = {**UNDATED, "run": "r", "model": "m", "operations": "10^26"}
    Path("t.csv").write_text(csv_text(row))
    assert ledger("import", "t.csv", "--source", "csv").code == 0
    for fact, value in (
        ("model.most_advanced_technology", "yes"),
        ("model.broad_serious_risk", "yes"),
        ("model.solely_defence_or_national_security", "no"),
        ("model.is_foundation_model", "yes"),
    ):
        assert ledger("fact", "set", "model:m", fact, value).code == 0
    done = ledger("check", "--regime", "kr.aiba", "--regime", "us.ca.sb53", "-f", "json")
    assert findings(done, "safety-duty") == {"model:m": "met"}
    assert findings(done, "frontier-model") == {"model:m": "not_met"}


def test_published_models_above_the_lines_are_counted(
    ledger: Run, shared_path: Callable[[str], Path]
) -> None:
    table = shared_path("data/epoch/notable_ai_models_2025-12-02.csv.gz")
    assert ledger("import", str(table), "--source", "epoch").code == 0
    only = ("--regime", "eu.aia", "--regime", "us.ca.sb53")
    document = json.loads(ledger("check", *only, "-f", "json").out)
    lines = {"gpai-indicative": 10**23, "gpaisr-presumption": 10**25, "frontier-model": 10**26}
    above = Counter(
        row["rule"]
        for row in document["determinations"]
        if row["rule"] in lines and int(row["measured"]["operations"]["low"]) > lines[row["rule"]]
    )
    assert above["gpai-indicative"] == 125
    assert above["gpaisr-presumption"] == 19
    assert above["frontier-model"] == 3
    undecided = [
        row
        for row in document["determinations"]
        if row["rule"] == "gpaisr-presumption" and row["finding"] == "undetermined"
    ]
    assert undecided
    assert all(row["missing"] for row in undecided)
    (near,) = (
        row
        for row in document["determinations"]
        if (row["rule"], row["subject"]) == ("gpaisr-presumption", "model:Inflection-2")
    )
    assert (near["finding"], near["robust"]) == ("met", False)
    assert json.loads(ledger("position", "-f", "json").out)["cumulative_rows"] > 900
    again = ledger("import", str(table), "--source", "epoch", "-f", "json")
    assert json.loads(again.out)["new"] == 0
