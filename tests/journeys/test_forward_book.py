"""Treasury signs a capacity forward on 2026-11-22, and compliance asks what that starts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracted import contract_text, delivery
from jsonschema import validate
from tables import csv_text

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "forecast.v1.schema.json"
PRESUMPTION = "gpaisr-presumption"
FORWARD = "fwd-2027-q1"


@pytest.fixture
def lab(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A lab whose model stands at 6*10^24, known to 30 %, on the day after the signature."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    row = {
        "run": "a",
        "model": "falcon-2",
        "developer": "lab-a",
        "start": "",
        "end": "",
        "not_after": "2026-11-20",
        "devices": "",
        "device": "",
        "operations": "6*10^24",
        "operations_low": "42*10^23",
        "operations_high": "78*10^23",
    }
    Path("t.csv").write_text(csv_text(row))
    assert flopledger("import", "t.csv", "--source", "csv").code == 0
    placed = ("model:falcon-2", "model.placed_on_market_on", "2027-06-01")
    assert flopledger("fact", "set", *placed).code == 0
    return flopledger


def sign(run: Run, **changes: Any) -> None:
    """Record the forward."""
    Path("c.yaml").write_text(contract_text(**changes))
    done = run("contract", "add", "c.yaml")
    assert done.code == 0, done.err


def ask(run: Run, *options: str, code: int = 1) -> dict[str, Any]:
    """Forecast the European lines as JSON, which the published schema must describe."""
    done = run("forecast", "--regime", "eu.aia", "-f", "json", *options)
    assert done.code == code, done.err
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    assert isinstance(document, dict)
    return document


def line(found: dict[str, Any], rule: str = PRESUMPTION) -> dict[str, Any]:
    """The forecast of one line of the flagship."""
    asked = (rule, "model:falcon-2")
    (held,) = [each for each in found["forecasts"] if (each["rule"], each["subject"]) == asked]
    assert isinstance(held, dict)
    return held


def days(crossing: dict[str, Any]) -> dict[str, str | None]:
    """The day of each end, UTC."""
    return {name: each["at"] and each["at"][:10] for name, each in crossing.items()}


def days_of(found: dict[str, Any]) -> str | None:
    """The expected day."""
    return days(found["crossing"])["point"]


def test_the_day_on_which_the_line_is_crossed_and_the_day_to_act_by(lab: Run) -> None:
    sign(lab)
    found = line(ask(lab))
    assert found["crossing"]["point"]["at"] == "2027-01-31T01:30:34Z"
    assert days(found["crossing"]) == {
        "point": "2027-01-31",
        "low": "2027-02-08",
        "high": "2027-01-25",
        "first": "2027-01-14",
        "last": "2027-02-25",
    }
    # Knowledge dates from the signature; two weeks end on a Sunday.
    assert found["known_on"] == "2026-11-22"
    assert (found["obligation"], found["notify_by"]) == ("notify-commission", "2026-12-06")
    told = lab("forecast", "--regime", "eu.aia").out
    assert "2026-12-06 (runs on to 2026-12-07)" in " ".join(told.split())
    assert (found["zone"], found["certain"]) == ("Europe/Brussels", True)


def test_each_regime_names_the_day_in_its_own_zone(lab: Run) -> None:
    sign(lab, delivery=[{"from": "2027-01-01", "until": "2027-04-01", "devices": "96192"}])
    asked = ("forecast", "--regime", "us.ca.sb53")
    (found,) = json.loads(lab(*asked, "-f", "json").out)["forecasts"]
    assert found["zone"] == "America/Los_Angeles"
    assert found["crossing"]["point"]["at"] == "2027-01-31T01:59:22Z"
    # That is still 30 January in California.
    assert ",2027-01-30," in lab(*asked, "-f", "csv").out


def test_nobody_is_told_to_know_of_capacity_that_is_meant_for_no_model(lab: Run) -> None:
    sign(lab, model="none")
    found = line(ask(lab, code=3))  # another line hangs on a fact that nobody recorded
    assert days(found["crossing"])["point"] is None
    assert found["known_on"] is None
    assert found["notify_by"] is None
    # The worst case is shown all the same.
    assert days(found["worst"])["point"] == "2027-01-31"
    assert found["unallocated"] == [FORWARD]
    assert "starts no clock" in lab("forecast", "--regime", "eu.aia").out
    assert lab("deadlines", "--regime", "eu.aia", "-f", "json").out.count("notify-commission") == 0


@pytest.mark.parametrize(
    ("supposed", "point"),
    [
        (("--slip", f"{FORWARD}=30"), "2027-03-02"),
        (("--reallocate", f"{FORWARD}=owl-1@1/4"), "2027-02-10"),
        (("--reallocate", f"{FORWARD}=none"), None),
        (("--substitute", f"{FORWARD}=nvidia-b200"), "2027-01-14"),
        (("--substitute", f"{FORWARD}=nvidia-b200:1/2"), "2027-01-27"),
        (("--precision", f"{FORWARD}=fp8"), "2027-01-16"),
    ],
)
def test_a_supposed_change_moves_the_day_and_records_nothing(
    lab: Run, supposed: tuple[str, str], point: str | None
) -> None:
    sign(lab)
    before = Path("ledger.db").read_bytes()
    found = ask(lab, *supposed)
    scenario = found["scenario"]
    assert scenario["hypothetical"] is True
    assert days(line(scenario)["crossing"])["point"] == point
    # Today's book stands beside it, unchanged.
    assert days(line(found)["crossing"])["point"] == "2027-01-31"
    assert "HYPOTHETICAL" in lab("forecast", "--regime", "eu.aia", *supposed).out
    assert Path("ledger.db").read_bytes() == before


def test_an_option_counts_once_it_is_exercised(lab: Run) -> None:
    sign(lab, kind="option")
    found = ask(lab, "--exercise", FORWARD, code=3)
    assert days(line(found)["crossing"])["point"] is None
    assert days(line(found["scenario"])["crossing"])["point"] == "2027-01-31"


def test_what_expired_is_not_still_to_come(lab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(lab)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1801483200")  # 2027-02-01T16:00:00Z
    done = lab("contract", "expire", FORWARD)  # January did not come
    assert done.code == 0, done.err
    found = line(ask(lab, "--as-of", "2027-01-31"))
    assert days(found["crossing"])["point"] == "2027-03-03"


def test_knowledge_of_capacity_that_was_free_dates_from_the_decision(
    lab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(lab, model="none")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1801483200")  # 2027-02-01T16:00:00Z
    free = ("--model", "falcon-2", "--since", "2027-02-01")
    assert lab("contract", "allocate", FORWARD, *free).code == 0
    found = line(ask(lab))
    assert found["known_on"] == "2027-02-01"
    assert found["notify_by"] == "2027-02-15"
    duties = json.loads(lab("deadlines", "--regime", "eu.aia", "-f", "json").out)
    assert "2026-12-06" not in json.dumps(duties)


def test_what_keeps_its_purpose_keeps_its_day(lab: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(lab, delivery=[{"from": "2027-01-01", "until": "2027-04-01", "devices": "40960"}])
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795946400")  # 2026-11-29T10:00:00Z
    given = ("--model", "owl-1", "--share", "1/2", "--since", "2027-01-01")
    assert lab("contract", "allocate", FORWARD, *given).code == 0
    documents = json.loads(
        lab("check", "--regime", "eu.aia", "--rule", PRESUMPTION, "-f", "json").out
    )
    known = {each["subject"]: each["foreseen"]["on"] for each in documents["determinations"]}
    assert known["model:falcon-2"] == "2026-11-22"


def test_substitutes_that_came_are_not_still_to_come(lab: Run) -> None:
    sign(lab)
    days = [
        delivery(f"2027-01-{day:02d}", 2048, device="nvidia-b200", operations="1")
        for day in range(1, 31)
    ]
    last = delivery(
        "2027-01-31", 2048, device="nvidia-b200", operations="1", end="2027-02-01T00:00:00Z"
    )
    Path("d.jsonl").write_text("".join(json.dumps(each) + "\n" for each in (*days, last)))
    assert lab("contract", "deliver", FORWARD, "d.jsonl").code == 0
    found = line(ask(lab, "--as-of", "2027-01-31"))
    # January is done with: February and March are all that is still to come.
    assert [flow["start"] for flow in found["flows"]] == ["2027-02-01", "2027-03-01"]
    assert days_of(found) == "2027-03-03"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--slip", f"{FORWARD}=soon"), "no number of days"),
        (("--slip", "fwd-2028=30"), "nothing is to come under"),
        (("--slip", FORWARD), "CONTRACT=VALUE"),
        (("--exercise", FORWARD), "which nobody exercises"),
        (("--exercise", f"{FORWARD}=yes"), "write CONTRACT"),
        (("--substitute", f"{FORWARD}=h1oo"), "h1oo"),
        (("--substitute", f"{FORWARD}=nvidia-b200:0"), "cannot be"),
        (("--precision", f"{FORWARD}=fp4"), "no dense peak in fp4"),
        (("--reallocate", f"{FORWARD}=owl-1@3/2"), "cannot be"),
    ],
)
def test_what_cannot_be_supposed_is_refused(lab: Run, options: tuple[str, str], told: str) -> None:
    sign(lab)
    done = lab("forecast", *options)
    assert done.code == 2
    assert told in done.err
