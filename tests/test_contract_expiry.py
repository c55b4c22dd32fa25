"""Expiry by command: what did not come of windows that are over is closed, and stays priced."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracted import HOUR_US, NAME, deliver, delivery, shown, size
from ledgers import commitment

Run = Callable[..., Any]
FEBRUARY = "1801476000"  # 2027-02-01T10:00:00Z
APRIL = "1806573600"  # 2027-04-01T10:00:00Z


@pytest.fixture
def expire(booked: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Expires the forward at an instant, and sets the clock to it."""

    def at(epoch: str, *options: str) -> Any:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
        return booked("contract", "expire", NAME, *options)

    return at


@pytest.mark.parametrize("day", ["2026-11-24", "2030-01-01"])
def test_what_is_still_to_come_does_not_expire_today(booked: Run, day: str) -> None:
    before = size(booked)
    done = booked("contract", "expire", NAME, "--on", day)
    assert done.code == 2
    assert f"{day} is still to come" in done.err
    assert size(booked) == before


def test_nothing_is_recorded_as_expired_before_its_day(
    booked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = commitment("m", "acme", window_start="2026-10-01", window_end="2026-11-01")
    row = {"type": "commitment", **body, "expired_on": "2026-11-24"}
    Path("late.jsonl").write_text(json.dumps(row))
    before = size(booked)
    done = booked("record", "late.jsonl")
    assert done.code == 2
    assert "expired_on is 2026-11-24, which is still to come: today is 2026-11-23" in done.err
    assert size(booked) == before
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795478400")  # 2026-11-24T00:00:00Z
    assert booked("record", "late.jsonl").code == 0


def test_what_a_later_delivery_made_up_for_does_not_expire(
    booked: Run, expire: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    # February delivers what January and it owe: with that, nothing of January is missing.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", APRIL)
    days = [delivery(f"2027-02-{day:02d}", 8_800) for day in range(1, 28)]
    days.append(delivery("2027-01-05", 4096))
    assert deliver(booked, *days).code == 0
    before = shown(booked, "--as-of", "2027-03-01")
    done = expire(APRIL, "--on", "2027-02-01")
    assert done.code == 2
    assert "with something open" in done.err
    assert shown(booked, "--as-of", "2027-03-01") == before


def test_expiry_closes_what_was_not_delivered_and_keeps_what_was(booked: Run, expire: Run) -> None:
    assert deliver(booked, delivery("2027-01-01", 4096)).code == 0
    done = expire(FEBRUARY)
    assert done.code == 0, done.err
    found = shown(booked, "--as-of", "2027-02-01")
    (january, *_) = found["parts"]
    assert january["agreed_us"] == january["delivered_us"] == str(4096 * 24 * HOUR_US)
    assert january["open_us"] == "0"
    assert [part["start"] for part in found["parts"]] == ["2027-01-01", "2027-02-01", "2027-03-01"]
    twice = expire(FEBRUARY)
    assert twice.code == 2
    assert "with something open" in twice.err


def test_what_expired_is_still_to_be_paid_for(booked: Run, expire: Run) -> None:
    assert deliver(booked, delivery("2027-01-01", 4096)).code == 0
    assert expire(APRIL).code == 0
    document = json.loads(booked("position", "--book", "-f", "json", "--as-of", "2027-04-01").out)
    rows = {(row["standing"], row["month"]): row for row in document["rows"]}
    gone = rows["expired", "2027-01"]
    assert gone["device_us"] == str(30 * 4096 * 24 * HOUR_US)
    assert gone["take_or_pay"]["amount"]["exact"] == gone["money"]["amount"]["exact"] != "0"
    assert rows["committed", "2027-01"]["device_us"] == str(4096 * 24 * HOUR_US)
    assert ("committed", "2027-02") not in rows
    assert not [row for row in document["rows"] if row["standing"] == "open"]
    assert booked("verify").code == 0


def test_a_contract_that_expired_wholly_is_still_to_be_paid_for(booked: Run, expire: Run) -> None:
    assert expire(APRIL).code == 0
    document = json.loads(booked("position", "--book", "-f", "json", "--as-of", "2027-04-01").out)
    (total_,) = document["totals"]
    assert (total_["standing"], total_["device_us"]) == ("expired", str(4096 * 90 * 24 * HOUR_US))


def test_who_expires_what_nobody_knows_is_told_which_delivery(booked: Run, expire: Run) -> None:
    odd = delivery("2027-01-05", 8, device_us=None, milli_devices=None, commitment=NAME)
    Path("odd.jsonl").write_text(json.dumps(odd))
    assert booked("record", "odd.jsonl").code == 0
    done = expire(FEBRUARY)
    assert done.code == 2
    assert "delivered to falcon-2 on 2027-01-05 (entry 3)" in " ".join(done.err.split())
    # What is still to come can be meant for another model all the same.
    later = ("--model", "owl-1", "--since", "2027-02-01")
    assert booked("contract", "allocate", NAME, *later).code == 0


def test_a_closed_contract_no_longer_stands(booked: Run, expire: Run) -> None:
    assert expire(APRIL).code == 0
    assert booked("contract", "show", NAME).code == 2
    assert "No contract stands" in booked("contract", "list").out


def test_what_of_a_contract_had_all_expired_is_not_listed_by_that_day(booked: Run) -> None:
    windows = {"window_start": "2026-09-01", "window_end": "2026-10-01", "contract": "odd"}
    gone = commitment("m", "acme", **windows, agreed_on="2026-08-01", key=["odd", "1"])
    windows |= {"window_end": "2026-11-01"}
    later = commitment("m", "acme", **windows, agreed_on="2026-10-20", key=["odd", "2"])
    rows = [{**gone, "expired_on": "2026-10-02"}, later]
    Path("odd.jsonl").write_text(
        "".join(json.dumps({"type": "commitment", **row}) + "\n" for row in rows)
    )
    assert booked("record", "odd.jsonl").code == 0
    asked = ("--as-of", "2026-10-10")
    for form in ((), ("-f", "json")):
        listed = booked("contract", "list", *asked, *form)
        assert listed.code == 0, listed.err
        assert "odd" not in listed.out
    assert booked("contract", "show", "odd", *asked).code == 2
    assert booked("contract", "show", "odd").code == 0
    assert booked("contract", "show", "odd", "--as-of", "2026-10-01").code == 0
    assert booked("contract", "show", "odd", "--as-of", "2026-10-02").code == 2
