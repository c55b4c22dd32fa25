"""A year's book of 200 contracts and 50 models forecasts while somebody waits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from yearbook import CONTRACTS, MODELS, year

from ledger.forecast import End, Flow, Growth
from ledger.journeys import band
from ledger.pack import packed_bytes

Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parent.parent
SECONDS = 2.0


def kept(run: Run, monkeypatch: pytest.MonkeyPatch, **size: int) -> tuple[str, ...]:
    """Record a year's book, and return how to ask it by a packed law, as it ships."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert run("init", "--origin", "ledger.example/year").code == 0
    Path("year.jsonl").write_text("".join(json.dumps(each) + "\n" for each in year(**size)))
    done = run("record", "year.jsonl")
    assert done.code == 0, done.err
    Path("law.json").write_bytes(packed_bytes(ROOT / "rules"))
    return ("--rules", "law.json")


def test_every_contract_and_model_of_a_small_year_is_forecast(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = kept(flopledger, monkeypatch, contracts=20, models=5)
    listed = json.loads(flopledger(*law, "contract", "list", "-f", "json").out)
    assert len(listed["contracts"]) == 20
    asked = flopledger(*law, "forecast", "--regime", "eu.aia", "-f", "json")
    assert asked.code in {0, 1}, asked.err
    found = json.loads(asked.out)
    lines = [*found["met"], *found["passed"], *found["open"]]
    lines += [f"{f['regime']}/{f['rule']} {f['subject']}" for f in found["forecasts"]]
    for number in range(5):
        assert f"eu.aia/gpaisr-presumption model:m-{number}" in lines


def test_what_is_to_come_is_added_up_once_for_lines_that_count_alike(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = kept(flopledger, monkeypatch, contracts=20, models=5)
    made = []

    class Counted(Growth):
        def __init__(self, flows: Iterable[Flow], end: End) -> None:
            made.append(end)
            super().__init__(flows, end)

    monkeypatch.setattr(band, "Growth", Counted)
    asked = flopledger(*law, "forecast", "-f", "json")
    assert asked.code == 1, asked.err
    assert len(json.loads(asked.out)["forecasts"]) > 20
    # Of each model, with and without what is meant for none, at three ends.
    assert len(made) == 5 * 2 * 3


@pytest.mark.slow
def test_a_year_of_200_contracts_and_50_models_forecasts_in_two_seconds(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = kept(flopledger, monkeypatch, contracts=CONTRACTS, models=MODELS)
    flopledger(*law, "forecast", "-f", "json")  # what is loaded once is loaded
    begun = time.process_time()
    asked = flopledger(*law, "forecast", "-f", "json")
    took = time.process_time() - begun
    assert asked.code == 1, asked.err
    assert len(json.loads(asked.out)["forecasts"]) > MODELS
    assert took < SECONDS, f"{took:.2f} s of processor time"
