"""Deadlines: duties of every rule by day, what comes back, what is late, what was filed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import vobject
from jsonschema import validate
from tables import csv_text

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "deadlines.v1.schema.json"
NOTICE = "eu.aia/gpaisr-presumption/notify-commission"
UNDATED = {"start": "", "end": "", "devices": "", "device": ""}


@pytest.fixture
def ledger(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A ledger whose model crossed the lines of Europe and California on 2026-11-22."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/duties").code == 0
    row = {**UNDATED, "not_after": "2026-11-22", "run": "a", "model": "m", "developer": "acme"}
    Path("t.csv").write_text(csv_text({**row, "operations": "2*10^26"}))
    assert flopledger("import", "t.csv", "--source", "csv").code == 0
    facts = (
        ("developer:acme", "developer.group_revenue_prior_calendar_year", "600000000 USD"),
        ("model:m", "model.placed_on_market_on", "2026-12-01"),
        ("model:m", "model.is_foundation_model", "yes"),
    )
    for fact in facts:
        assert flopledger("fact", "set", *fact).code == 0
    return flopledger


def found(run: Run, *options: str, code: int = 0) -> list[dict[str, Any]]:
    """Ask for deadlines as JSON, which the published schema must describe."""
    done = run("deadlines", "-f", "json", *options)
    assert done.code == code, done.err
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    held: list[dict[str, Any]] = document["deadlines"]
    return held


def of(held: list[dict[str, Any]], obligation: str, subject: str = "") -> list[dict[str, Any]]:
    """Those of one duty, in order."""
    return [e for e in held if e["obligation"] == obligation and subject in e["subject"]]


def send(run: Run, sent_at: str, path: str, subject: str) -> None:
    """Record that a duty, ``regime/rule/obligation``, was met."""
    regime, rule, obligation = path.split("/")
    body = {
        "type": "filing",
        "regime": regime,
        "rule": rule,
        "obligation": obligation,
        "subject": subject,
        "sent": "notice",
        "sent_at": sent_at,
        "receipt": None,
    }
    Path("filing.jsonl").write_text(json.dumps(body) + "\n")
    done = run("record", "filing.jsonl")
    assert done.code == 0, done.err


def test_two_weeks_that_end_on_a_sunday_show_both_days(ledger: Run) -> None:
    (notice,) = of(found(ledger, "--regime", "eu.aia"), "notify-commission")
    shown = {name: notice[name] for name in ("on", "runs_on_to", "day_off", "days_left", "state")}
    assert shown == {
        "on": "2026-12-06",
        "runs_on_to": "2026-12-07",
        "day_off": "Sunday",
        "days_left": 13,
        "state": "due",
    }
    table = ledger("deadlines", "--regime", "eu.aia").out
    assert "Sun 2026-12-06" in table
    assert "Mon 2026-12-07" in table
    assert "Europe/Brussels" in table
    assert "memory" in table  # nobody has checked the regulation


def test_a_date_that_passed_runs_on_to_monday_and_is_then_late(ledger: Run) -> None:
    def notice(day: str) -> dict[str, Any]:
        held = found(ledger, "--regime", "eu.aia", "--as-of", day, code=1)
        return of(held, "notify-commission")[0]

    assert notice("2026-12-07")["state"] == "runs_on"
    late = notice("2026-12-20")
    assert (late["state"], late["days_left"]) == ("overdue", -14)
    table = ledger("deadlines", "--regime", "eu.aia", "--as-of", "2026-12-20").out
    assert "14 late" in table


def test_a_filing_closes_a_duty_and_says_how_late_it_was(ledger: Run) -> None:
    send(ledger, "2026-12-07T09:00:00Z", NOTICE, "model:m")
    held = found(ledger, "--regime", "eu.aia", "--as-of", "2026-12-20")
    (notice,) = of(held, "notify-commission")
    assert (notice["state"], notice["sent_on"], notice["days_late"]) == ("closed", "2026-12-07", 0)


def test_a_filing_after_the_day_that_the_law_runs_on_to_is_late(ledger: Run) -> None:
    send(ledger, "2026-12-10T09:00:00Z", NOTICE, "model:m")
    held = found(ledger, "--regime", "eu.aia", "--as-of", "2026-12-20")
    (notice,) = of(held, "notify-commission")
    assert (notice["state"], notice["days_late"]) == ("closed", 3)
    assert "3 late" in ledger("deadlines", "--regime", "eu.aia", "--as-of", "2026-12-20").out


def test_a_duty_comes_back_and_each_filing_closes_its_own_time(ledger: Run) -> None:
    summary = "risk-assessment-summary"
    path = f"us.ca.sb53/large-frontier-developer/{summary}"
    ledger("fact", "set", "developer:acme", "developer.other_summary_schedule", "no")
    asked = ("--regime", "us.ca.sb53", "--until", "2027-12-31")
    first = of(found(ledger, *asked), summary)
    assert [each["on"] for each in first] == [
        "2027-02-22",
        "2027-05-22",
        "2027-08-22",
        "2027-11-22",
        "2028-02-22",  # the next one is always told
    ]
    send(ledger, "2027-02-20T09:00:00Z", path, "developer:acme")
    send(ledger, "2027-02-21T09:00:00Z", path, "developer:acme")  # a correction in the same quarter
    later = found(ledger, *asked, "--as-of", "2027-06-01", code=1)
    states = [(each["on"], each["state"]) for each in of(later, summary)]
    assert states[:3] == [
        ("2027-02-22", "closed"),
        ("2027-05-22", "overdue"),
        ("2027-08-22", "due"),
    ]


def test_a_duty_without_a_first_day_comes_back_a_year_after_it_began(ledger: Run) -> None:
    held = found(ledger, "--regime", "us.ca.sb53", "--until", "2028-12-31")
    reviews = of(held, "framework-review", "acme")
    assert [each["on"] for each in reviews] == ["2027-11-22", "2028-11-22", "2029-11-22"]
    assert reviews[0]["runs_on_to"] is None  # Monday
    assert reviews[0]["calendar"] == "us.ca"


def test_days_of_the_year_come_back(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")
    assert flopledger("init", "--origin", "ledger.example/veu").code == 0
    done = flopledger("fact", "set", "company:acme", "company.veu_authorisations", "data_center")
    assert done.code == 0, done.err
    held = found(flopledger, "--regime", "us.ear.dcveu")
    reports = [(each["on"], each["state"]) for each in of(held, "reexporter-report")]
    assert reports == [("2027-01-15", "due"), ("2027-07-15", "due"), ("2028-01-15", "due")]


def test_business_days_are_counted_by_the_calendar(ledger: Run) -> None:
    for name, value in (
        ("model.provider_signed_safety_chapter", "yes"),
        ("model.has_systemic_risk", "yes"),
        ("model.framework_confirmed_on", "2026-12-23"),
    ):
        ledger("fact", "set", "model:m", name, value)
    held = found(ledger, "--regime", "vol.eu.cop", "--optional", code=1)
    (access,) = of(held, "framework-access")
    assert access["on"] == "2026-12-31"  # Christmas Day and a weekend lie between
    # What others must be able to work out again is asked without anybody's calendar.
    checked = json.loads(ledger("check", "--regime", "vol.eu.cop", "--optional", "-f", "json").out)
    dues = {due["obligation"]: due["on"] for d in checked["determinations"] for due in d["due"]}
    assert dues["framework-access"] is None


def test_a_duty_that_waits_for_an_event_names_it(ledger: Run) -> None:
    held = found(ledger, "--regime", "us.ca.sb53")
    waiting = [each for each in held if each["state"] == "waits"]
    assert waiting
    assert all(each["waits_for"] for each in waiting)
    assert all(each["on"] is None for each in waiting)
    assert "Duties that wait for an event" in ledger("deadlines", "--regime", "us.ca.sb53").out


def test_assumed_law_is_marked_and_presses_nobody(ledger: Run) -> None:
    asked = ("--regime", "us.eo14110", "--assume", "us.eo14110=in_force")
    held = found(ledger, *asked, "--as-of", "2027-12-31")
    dated = [each for each in held if each["on"]]
    assert dated
    assert all(each["hypothetical"] for each in dated)
    assert any(each["state"] == "overdue" for each in dated)


def test_a_calendar_file_is_read_by_a_foreign_parser(ledger: Run) -> None:
    done = ledger("deadlines", "--regime", "eu.aia", "--ics", "duties.ics")
    assert done.code == 0, done.err
    once = Path("duties.ics").read_bytes()
    calendar = vobject.readOne(once.decode())
    events = {str(event.summary.value): event for event in calendar.vevent_list}
    (name,) = [name for name in events if name.startswith("notify-commission")]
    event = events[name]
    assert event.dtstart.value == date(2026, 12, 6)
    assert "2026-12-07" in event.description.value
    assert "Act by the earlier day" in event.description.value
    assert len(event.valarm_list) == 2
    assert len({str(each.uid.value) for each in calendar.vevent_list}) == len(calendar.vevent_list)
    assert max(map(len, once.split(b"\r\n"))) <= 75
    ledger("deadlines", "--regime", "eu.aia", "--ics", "duties.ics")
    assert Path("duties.ics").read_bytes() == once


def test_what_stands_in_a_ledger_cannot_make_an_event(ledger: Run) -> None:
    name = "x\\nEND:VEVENT"
    row = {**UNDATED, "not_after": "2026-11-22", "run": "b", "model": name}
    Path("u.csv").write_text(csv_text({**row, "operations": "2*10^26"}))
    ledger("import", "u.csv", "--source", "csv")
    ledger("deadlines", "--regime", "eu.aia", "--ics", "duties.ics")
    calendar = vobject.readOne(Path("duties.ics").read_text())
    held = found(ledger, "--regime", "eu.aia")
    dated = [each for each in held if each["state"] in {"due", "overdue", "runs_on"}]
    assert len(calendar.vevent_list) == len(dated)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--until", "2500-01-01"), "too far away"),
        (("--until", "soon"), "soon"),
        (("--regime", "eu.aja"), "eu.aia"),
        (("--ics", "."), "."),
    ],
)
def test_bad_questions_are_refused(ledger: Run, options: tuple[str, ...], told: str) -> None:
    done = ledger("deadlines", *options)
    assert done.code == 2
    assert told in done.err


def test_an_empty_ledger_has_no_dates(flopledger: Run) -> None:
    assert flopledger("init", "--origin", "ledger.example/empty").code == 0
    done = flopledger("deadlines")
    assert done.code == 0
    assert "No date is due" in done.out
