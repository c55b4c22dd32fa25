"""A window in progress is cut: what was delivered early stays, and no capacity is open anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from contracted import HOUR_US, NAME, contract_text, deliver, delivery, shown, size, total
from ledgers import commitment

Run = Callable[..., Any]
NOVEMBER_23 = "1795428000"  # 2026-11-23T10:00:00Z
JANUARY_11 = "1799661600"  # 2027-01-11T10:00:00Z
DAY_US = 4096 * 24 * HOUR_US  # one day of all devices agreed

CHANGES = [
    ("forward", ("novate", "--buyer", "Lab C")),
    ("forward", ("allocate", "--model", "owl-1")),
    ("forward", ("allocate", "--model", "owl-1", "--share", "1/4")),
    ("option", ("exercise",)),
]


def days_of(contract: dict[str, Any], name: str) -> dict[tuple[str, str], Fraction]:
    """Some device time of a contract, in days of all devices, by window."""
    found: dict[tuple[str, str], Fraction] = {}
    for part in contract["parts"]:
        place = (part["start"][5:], part["end"][5:])
        found[place] = found.get(place, Fraction(0)) + Fraction(int(part[name]), DAY_US)
    return found


@pytest.fixture
def loaded(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Run]:
    """The contract of a kind, of whose January 30 of 31 days came on its first ten days."""

    def of(kind: str) -> Run:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", NOVEMBER_23)
        assert flopledger("init", "--origin", "ledger.example/book").code == 0
        Path("c.yaml").write_text(contract_text(kind=kind, tolerance="0 %"))
        assert flopledger("contract", "add", "c.yaml").code == 0
        monkeypatch.setenv("SOURCE_DATE_EPOCH", JANUARY_11)
        early = [delivery(f"2027-01-{day:02d}", 3 * 4096) for day in range(1, 11)]
        assert deliver(flopledger, *early).code == 0
        return flopledger

    return of


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_a_change_after_early_deliveries_opens_no_capacity(
    loaded: Callable[[str], Run], kind: str, change: tuple[str, ...]
) -> None:
    run = loaded(kind)
    january = ("01-01", "02-01")
    assert days_of(shown(run), "open_us")[january] == 1
    name, *options = change
    done = run("contract", name, NAME, *options)
    assert done.code == 0, done.err
    found = shown(run)
    first, second = ("01-01", "01-11"), ("01-11", "02-01")
    agreed, still_open = days_of(found, "agreed_us"), days_of(found, "open_us")
    assert (agreed[first], agreed[second]) == (30, 1)
    assert (still_open[first], still_open[second]) == (0, 1)
    assert total(found) == 90 * DAY_US
    # How many devices there are at once is no longer what the window says.
    cut = [p["milli_devices"] for p in found["parts"] if p["end"] <= "2027-02-01"]
    assert set(cut) == {None}
    assert run("verify").code == 0


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_what_is_delivered_after_a_change_is_what_the_book_says_is_open(
    loaded: Callable[[str], Run], kind: str, change: tuple[str, ...]
) -> None:
    run = loaded(kind)
    name, *options = change
    assert run("contract", name, NAME, *options).code == 0
    over = delivery("2027-01-12", 1, key=["over"])
    assert deliver(run, delivery("2027-01-11", 4096), over).code == 2
    assert deliver(run, delivery("2027-01-11", 4096)).code == 0
    done = deliver(run, over)
    assert done.code == 2
    assert "beyond what was agreed" in done.err
    found = days_of(shown(run), "open_us")
    assert sum(days for (_, end), days in found.items() if end <= "02-01") == 0


def test_a_change_of_party_leaves_the_forecast_of_early_deliveries(
    loaded: Callable[[str], Run],
) -> None:
    run = loaded("forward")

    def coming() -> Fraction:
        done = run("forecast", "--regime", "eu.aia", "-f", "json")
        return sum(
            (
                Fraction(flow["point"])
                for each in json.loads(done.out)["forecasts"]
                if each["rule"] == "gpaisr-presumption"
                for flow in each["flows"]
            ),
            Fraction(0),
        )

    before = coming()
    assert run("contract", "novate", NAME, "--buyer", "Lab C").code == 0
    assert before > 0
    assert abs(coming() - before) <= 1  # operations are whole


def test_a_share_weighs_what_really_moves(loaded: Callable[[str], Run]) -> None:
    # One day of all devices is open: half of it is half a day, and asking twice changes nothing.
    run = loaded("forward")
    asked = ("contract", "allocate", NAME, "--model", "owl-1", "--share", "1/2")
    assert run(*asked).code == 0
    owl = [p for p in shown(run)["parts"] if p["model"] == "owl-1" and p["end"] == "2027-02-01"]
    assert [Fraction(int(p["agreed_us"]), DAY_US) for p in owl] == [Fraction(1, 2)]
    before = size(run)
    assert run(*asked).code == 2
    assert size(run) == before


def test_an_exercise_leaves_what_came_from_its_day_on(
    loaded: Callable[[str], Run],
) -> None:
    # Five days' worth came by the day of the exercise, and the rest later: its days stay whole.
    run = loaded("option")
    assert run("contract", "exercise", NAME, "--on", "2027-01-05").code == 0
    found = shown(run)
    first, second = ("01-01", "01-05"), ("01-05", "02-01")
    agreed, still_open = days_of(found, "agreed_us"), days_of(found, "open_us")
    assert (agreed[first], agreed[second]) == (12, 19)
    assert (still_open[first], still_open[second]) == (0, 1)


def test_an_option_delivered_in_full_is_not_cut(
    loaded: Callable[[str], Run],
) -> None:
    run = loaded("option")
    assert deliver(run, delivery("2027-01-10", 4096, key=["last"])).code == 0
    assert run("contract", "exercise", NAME).code == 0
    found = days_of(shown(run), "agreed_us")
    assert list(found) == [("01-01", "02-01"), ("02-01", "03-01"), ("03-01", "04-01")]


@pytest.mark.parametrize(("kind", "change"), CHANGES)
def test_no_window_is_cut_of_which_nobody_knows_what_came(
    loaded: Callable[[str], Run], kind: str, change: tuple[str, ...]
) -> None:
    run = loaded(kind)
    odd = delivery("2027-01-05", 8, device_us=None, milli_devices=None, commitment=NAME)
    Path("odd.jsonl").write_text(json.dumps({**odd, "key": ["odd"]}))
    assert run("record", "odd.jsonl").code == 0
    before = size(run)
    name, *options = change
    done = run("contract", name, NAME, *options)
    assert done.code == 2
    assert "nobody can say how much was delivered to falcon-2 on 2027-01-05" in " ".join(
        done.err.split()
    )
    assert size(run) == before


def test_no_window_is_cut_that_does_not_say_its_device_time(
    booked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = {"window_start": "2027-01-01", "window_end": "2027-02-01"}
    body = commitment("m", "acme", contract="bare", agreed_on="2026-11-20", **window)
    came = delivery("2027-01-05", 8, commitment="bare", model="m")
    rows = [{"type": "commitment", **body}, came]
    Path("bare.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert booked("record", "bare.jsonl").code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", JANUARY_11)
    done = booked("contract", "allocate", "bare", "--model", "owl-1")
    assert done.code == 2
    assert "it does not say how much device time was agreed" in " ".join(done.err.split())
