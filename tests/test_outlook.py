"""The outlook: lines near, dates due and facts missing on one screen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import csv_text

Run = Callable[..., Any]


@pytest.fixture
def ledger(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A ledger with one model just above the European line, one below, one without a figure."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")
    assert flopledger("init", "--origin", "ledger.example/outlook").code == 0
    undated = {"start": "", "end": "", "not_after": "2026-11-20", "devices": "", "device": ""}
    rows = (
        {**undated, "run": "a", "model": "above", "operations": "10000000000000000000000001"},
        {**undated, "run": "b", "model": "below", "operations": "9*10^24"},
        {**undated, "run": "c", "model": "open", "operations": ""},
    )
    Path("t.csv").write_text(csv_text(*rows))
    done = flopledger("import", "t.csv", "--source", "csv")
    assert done.code == 0, done.err
    return flopledger


def test_status_shows_what_is_near_due_and_missing(ledger: Run) -> None:
    outlook = json.loads(ledger("status", "-f", "json").out)["outlook"]
    presumption = [row for row in outlook["near"] if row["rule"] == "gpaisr-presumption"]
    assert [(row["subject"], row["reached_ppm"]) for row in presumption] == [
        ("model:above", 1_000_000),
        ("model:below", 900_000),
    ]
    assert outlook["due"] == [
        {
            "regime": "eu.aia",
            "rule": "gpaisr-presumption",
            "subject": "model:above",
            "obligation": "notify-commission",
            "on": "2026-12-04",
        },
        # Nobody recorded when the model was placed on the market, so this may bind.
        {
            "regime": "eu.aia",
            "rule": "gpaisr-presumption",
            "subject": "model:above",
            "obligation": "transition-of-older-systemic-risk-models",
            "on": "2027-08-02",
        },
    ]
    assert "operations" in {row["fact"] for row in outlook["missing"]}
    table = ledger("status").out
    assert "2026-12-04" in table
    assert "11 left" in table


def test_status_of_an_empty_ledger_has_no_outlook(flopledger: Run) -> None:
    assert flopledger("init", "--origin", "ledger.example/outlook").code == 0
    done = flopledger("status", "-f", "json")
    assert done.code == 0
    assert json.loads(done.out)["outlook"] is None
