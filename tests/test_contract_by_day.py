"""What expired is asked about as of days before: every command shows it as it stood."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from contracted import HOUR_US, NAME, deliver, delivery, shown, total

from ledger.engines import INLINE

Run = Callable[..., Any]
JANUARY_10 = "1799575200"  # 2027-01-10T10:00:00Z
MAY_1 = "1809165600"  # 2027-05-01T10:00:00Z
BEFORE = ["2027-01-20", "2027-04-30"]


@pytest.fixture
def late(booked: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The forward, one day of which was delivered, on the day on which the rest expires."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", JANUARY_10)
    assert deliver(booked, delivery("2027-01-10", 4096)).code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", MAY_1)
    return booked


def flows(run: Run, day: str) -> dict[tuple[str, str], int]:
    """Operations to come of one line by window; whole, as a cut rounds each of its pieces."""
    document = json.loads(run("forecast", "--regime", "eu.aia", "--as-of", day, "-f", "json").out)
    found: dict[tuple[str, str], int] = {}
    for each in document["forecasts"]:
        if each["rule"] == "gpaisr-presumption":
            for flow in each["flows"]:
                place = (flow["start"], flow["end"])
                found[place] = found.get(place, 0) + round(float(flow["point"]) / 10**20)
    return found


def finding(run: Run, day: str, *options: str) -> tuple[int, Any]:
    """The exit status of a check, and what it foresees of one line."""
    done = run("check", "--regime", "eu.aia", "--as-of", day, "-f", "json", *options)
    rules = {each["rule"]: each for each in json.loads(done.out)["determinations"]}
    return done.code, rules["gpaisr-presumption"]["foreseen"]


def open_days(run: Run, day: str) -> int:
    """Days of all devices that are open by the position of the book."""
    document = json.loads(run("position", "--book", "--as-of", day, "-f", "json").out)
    held = [int(row["device_us"]) for row in document["rows"] if row["standing"] == "open"]
    return sum(held) // (4096 * 24 * HOUR_US)


@pytest.mark.parametrize("day", ["2027-01-20", "2027-03-30"])
def test_forecast_by_a_day_before_the_expiry_is_as_it_was(late: Run, day: str) -> None:
    before = flows(late, day)
    assert before
    assert late("contract", "expire", NAME).code == 0
    assert flows(late, day) == before
    assert flows(late, "2027-05-01") == {}


@pytest.mark.parametrize("engine", INLINE)
@pytest.mark.parametrize("day", BEFORE)
def test_check_by_a_day_before_the_expiry_is_as_it_was(late: Run, day: str, engine: str) -> None:
    code, foreseen = finding(late, day, "--engine", engine)
    assert (code, foreseen["finding"]) == (1, "met")
    assert late("contract", "expire", NAME).code == 0
    again, same = finding(late, day, "--engine", engine)
    assert (again, same["finding"], same["on"]) == (1, "met", foreseen["on"])
    after, gone = finding(late, "2027-05-01", "--engine", engine)
    assert after == 3
    assert gone is None or gone["finding"] != "met"


@pytest.mark.parametrize("day", BEFORE)
def test_the_book_by_a_day_before_the_expiry_is_as_it_was(late: Run, day: str) -> None:
    contract = shown(late, "--as-of", day)
    assert open_days(late, day) == 89
    assert late("contract", "expire", NAME).code == 0
    assert open_days(late, day) == 89
    found = shown(late, "--as-of", day)
    for name in ("agreed_us", "delivered_us", "open_us"):
        assert total(found, name) == total(contract, name)
    # On the day of the expiry only what was delivered stands.
    assert open_days(late, "2027-05-01") == 0
    left = shown(late, "--as-of", "2027-05-01")
    assert (total(left), total(left, "open_us")) == (4096 * 24 * HOUR_US, 0)
