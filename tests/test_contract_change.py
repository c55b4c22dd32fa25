"""The forward book by command: what was agreed is allocated, exercised, novated, and expires."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from contracted import HOUR_US, NAME, contract_text, deliver, delivery, shown, size, total
from ledgers import commitment

from ledger.drawing import Delivered
from ledger.journeys.deals import Deal, Part
from ledger.report.contracts import contract_tables

Run = Callable[..., Any]


def test_a_share_is_meant_for_another_model_and_no_hour_is_lost(booked: Run) -> None:
    done = booked(
        "contract", "allocate", NAME, "--model", "owl-1", "--share", "1/4", "--since", "2027-02-01"
    )
    assert done.code == 0, done.err
    found = shown(booked)
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    by_model: dict[str, int] = {}
    for part in found["parts"]:
        by_model[part["model"]] = by_model.get(part["model"], 0) + int(part["agreed_us"])
    assert by_model == {
        "falcon-2": 4096 * (31 * 4 + 59 * 3) * 6 * HOUR_US,
        "owl-1": 4096 * 59 * 6 * HOUR_US,
    }
    # The buyer, the terms and the price go along.
    assert found["buyer"] == "Lab A"
    assert {part["model"] for part in found["parts"] if part["start"] == "2027-01-01"} == {
        "falcon-2"
    }
    assert booked("verify").code == 0


def test_capacity_meant_for_inference_leaves_training(booked: Run) -> None:
    changed = ("--model", "none", "--activity", "inference_service", "--share", "50 %")
    assert booked("contract", "allocate", NAME, *changed).code == 0
    found = shown(booked)
    activities = {(part["model"], part["activity"]) for part in found["parts"]}
    assert activities == {(None, "inference_service"), ("falcon-2", "pretrain")}


def test_novation_puts_another_party_in_the_place_of_one(booked: Run) -> None:
    done = booked("contract", "novate", NAME, "--buyer", "Lab C", "--since", "2027-02-01")
    assert done.code == 0, done.err
    found = shown(booked)
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    leaves = {seq: booked("show", str(seq), "-f", "json").out for seq in range(size(booked))}
    assert not [seq for seq, text in leaves.items() if "Lab C" in json.loads(text).get("leaf", "")]


def test_each_month_is_novated_by_its_own_parties(booked: Run) -> None:
    march = ("contract", "novate", NAME, "--since", "2027-03-01")
    assert booked(*march, "--buyer", "Lab C").code == 0
    before = size(booked)
    for party, told in (("--buyer", "is that party already"), ("--seller", "is the other party")):
        done = booked(*march, party, "Lab C")
        assert done.code == 2
        assert told in done.err
    assert size(booked) == before
    found = shown(booked)
    assert [(part["buyer"], part["seller"]) for part in found["parts"]] == [
        ("Lab A", "Cloud B"),
        ("Lab A", "Cloud B"),
        ("Lab C", "Cloud B"),
    ]
    assert "Lab A; Lab C (from 2027-03-01)" in booked("contract", "show", NAME).out
    # From February on, March is Lab C's already, and only February changes.
    assert booked("contract", "novate", NAME, "--since", "2027-02-01", "--buyer", "Lab C").code == 0
    assert [part["buyer"] for part in shown(booked)["parts"]] == ["Lab A", "Lab C", "Lab C"]


def test_a_change_of_party_and_back_is_told_where_it_changes(booked: Run) -> None:
    for buyer, since in (("Lab C", "2027-02-01"), ("Lab A", "2027-03-01")):
        asked = ("contract", "novate", NAME, "--buyer", buyer, "--since", since)
        assert booked(*asked).code == 0
    told = " ".join(booked("contract", "show", NAME).out.split())
    assert "Lab A; Lab C (from 2027-02-01); Lab A (from 2027-03-01)" in told


def test_two_parties_of_one_window_are_told_together() -> None:
    def part(seq: int, month: int, buyer: str) -> Part:
        window = {"window_start": f"2027-0{month}-01", "window_end": f"2027-0{month + 1}-01"}
        return Part(seq, commitment("m", "acme", **window), {"buyer": buyer}, Delivered())

    parts = (part(1, 1, "A"), part(2, 1, "B"), part(3, 2, "B"), part(4, 2, "A"), part(5, 3, "B"))
    terms, *_ = contract_tables(Deal("c-1", parts, (), 0), date(2027, 1, 1))
    assert dict(terms.rows)["buyer"] == "A and B; B (from 2027-03-01)"


def test_a_new_buyer_brings_its_own_customer(flopledger: Run, booked: Run) -> None:
    Path("kyc.yaml").write_text(
        contract_text(contract="kyc", customer="Lab A Ltd", ultimate_parent="Lab A Group")
    )
    assert flopledger("contract", "add", "kyc.yaml").code == 0
    before = size(booked)
    asked = ("contract", "novate", "kyc", "--since", "2027-02-01", "--buyer", "Lab C")
    for options, told in (
        ((), "names the customer of the buyer that goes"),
        (("--customer", "Lab C Ltd"), "names the ultimate parent of the buyer that goes"),
        (("--customer", "", "--parent", "none"), "names nobody"),
    ):
        done = booked(*asked, *options)
        assert done.code == 2
        assert told in done.err
    assert size(booked) == before
    assert booked(*asked, "--customer", "Lab C Ltd", "--parent", "none").code == 0
    parts = json.loads(booked("contract", "show", "kyc", "-f", "json").out)["contracts"][0]["parts"]
    assert [(part["customer"], part["ultimate_parent"]) for part in parts] == [
        ("Lab A Ltd", "Lab A Group"),
        ("Lab C Ltd", None),
        ("Lab C Ltd", None),
    ]


def test_nothing_is_recorded_anew_without_its_confidential_terms(booked: Run) -> None:
    with sqlite3.connect("ledger.db") as database:
        database.execute("DELETE FROM openings")
    before = size(booked)
    for change in (("allocate", NAME, "--model", "owl-1"), ("novate", NAME, "--buyer", "Lab C")):
        done = booked("contract", *change)
        assert done.code == 2
        assert "not held here" in done.err
    assert size(booked) == before


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--buyer", ""), "names nobody"),
        (("--buyer", "none"), "names nobody"),
        (("--seller", "Cloud C", "--customer", "X"), "changes nothing about the customer"),
        (("--buyer", "Lab A"), "is that party already"),
        (("--buyer", "Cloud B"), "is the other party"),
        (("--seller", "Cloud B"), "is that party already"),
        ((), "give --buyer or --seller"),
        (("--buyer", "X", "--since", "2028-01-01"), "is open from 2028-01-01"),
    ],
)
def test_a_novation_to_itself_is_refused(booked: Run, options: tuple[str, ...], told: str) -> None:
    before = size(booked)
    done = booked("contract", "novate", NAME, *options)
    assert done.code == 2
    assert told in done.err
    assert size(booked) == before


def test_an_option_counts_once_it_is_exercised(
    booked: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("o.yaml").write_text(contract_text(contract="opt", kind="option"))
    assert booked("contract", "add", "o.yaml").code == 0
    before = size(booked)
    for name, day, told in (
        ("opt", "2026-11-21", "was agreed on 2026-11-22"),
        ("opt", "2026-11-24", "is still to come"),
        (NAME, "2026-11-23", "a forward is not exercised"),
    ):
        done = booked("contract", "exercise", name, "--on", day)
        assert done.code == 2
        assert told in done.err
    assert size(booked) == before
    assert booked("contract", "exercise", "opt", "--on", "2026-11-23").code == 0
    found = json.loads(booked("contract", "show", "opt", "-f", "json").out)["contracts"][0]
    assert found["exercised_on"] == "2026-11-23"
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    again = booked("contract", "exercise", "opt")
    assert again.code == 2
    assert "was exercised already, on 2026-11-23" in again.err
    # What was over by then is not exercised any more.
    Path("p.yaml").write_text(contract_text(contract="late", kind="option"))
    assert booked("contract", "add", "p.yaml").code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1806000000")  # 2027-03-25T...
    assert booked("contract", "exercise", "late").code == 0
    found = json.loads(booked("contract", "show", "late", "-f", "json").out)["contracts"][0]
    assert found["exercised_on"] == "2027-03-25"
    # March counts from that day on, and not for the days before it.
    march = [(p["start"], p["end"]) for p in found["parts"] if p["start"] >= "2027-03-01"]
    assert march == [("2027-03-01", "2027-03-25"), ("2027-03-25", "2027-04-01")]
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    book = json.loads(booked("position", "--book", "-f", "json").out)
    days = {
        (r["month"], r["counts"]): int(r["device_us"]) // (4096 * 24 * HOUR_US)
        for r in book["rows"]
        if (r["contract"], r["standing"]) == ("late", "committed")
    }
    assert days == {
        ("2027-01", False): 31,
        ("2027-02", False): 28,
        ("2027-03", False): 24,
        ("2027-03", True): 7,
    }


def test_the_share_is_of_the_month_and_asking_twice_changes_nothing(booked: Run) -> None:
    asked = ("contract", "allocate", NAME, "--model", "owl-1", "--share", "1/2")
    assert booked(*asked).code == 0
    before = size(booked)
    again = booked(*asked)
    assert again.code == 2
    assert "not meant for that already" in again.err
    assert size(booked) == before
    assert booked(*asked[:-1], "3/4").code == 0
    found = shown(booked)
    owl = [part for part in found["parts"] if part["model"] == "owl-1"]
    assert sum(int(part["agreed_us"]) for part in owl) == 3 * 1024 * 90 * 24 * HOUR_US
    assert total(found) == 4096 * 90 * 24 * HOUR_US


def test_a_scenario_of_a_share_says_what_the_allocation_of_it_then_does(booked: Run) -> None:
    to_owl = ("contract", "allocate", NAME, "--model", "owl-1", "--share")
    assert booked(*to_owl, "1/4").code == 0
    asked = ("forecast", "--regime", "eu.aia", "-f", "json")
    supposed = json.loads(booked(*asked, "--reallocate", f"{NAME}=owl-1@1/2").out)["scenario"]
    assert booked(*to_owl, "1/2").code == 0
    recorded = json.loads(booked(*asked).out)
    there, here = flows(recorded), flows(supposed)
    assert len(there) == 6
    assert there.keys() == here.keys()
    # What is recorded is whole operations, rounded for each part.
    assert all(abs(there[place] - here[place]) <= 2 for place in there)


def flows(document: dict[str, Any]) -> dict[tuple[str, str], Fraction]:
    """Expected operations by model and first day of what is to come, over all its parts."""
    found: dict[tuple[str, str], Fraction] = {}
    for each in document["forecasts"]:
        if each["rule"] == "gpaisr-presumption":
            for flow in each["flows"]:
                place = (each["subject"], flow["start"])
                found[place] = found.get(place, Fraction(0)) + Fraction(flow["point"])
    return found


def test_no_share_is_allocated_of_a_month_without_device_time(booked: Run) -> None:
    body = commitment("m", "acme", contract="bare", device_us=None, agreed_on="2026-11-20")
    window = {"window_start": "2027-01-01", "window_end": "2027-02-01"}
    Path("bare.jsonl").write_text(json.dumps({"type": "commitment", **body, **window}))
    assert booked("record", "bare.jsonl").code == 0
    before = size(booked)
    asked = ("contract", "allocate", "bare", "--model", "owl-1")
    done = booked(*asked, "--share", "1/2")
    assert done.code == 2
    assert "how much device time 'bare' from 2027-01-01 until 2027-02-01 has" in done.err
    assert size(booked) == before
    assert booked(*asked).code == 0


def test_the_rest_of_a_month_in_progress_is_meant_for_another_model(booked: Run) -> None:
    days = [delivery(f"2027-01-{day:02d}", 4096) for day in range(1, 11)]
    assert deliver(booked, *days).code == 0
    done = booked("contract", "allocate", NAME, "--model", "owl-1", "--since", "2027-01-01")
    assert done.code == 0, done.err
    found = shown(booked, "--as-of", "2027-01-31")
    assert total(found) == 4096 * 90 * 24 * HOUR_US
    first, second, *_ = found["parts"]
    assert (first["start"], first["end"], first["model"]) == (
        "2027-01-01",
        "2027-01-11",
        "falcon-2",
    )
    assert first["open_us"] == "0"
    assert (second["start"], second["end"], second["model"]) == (
        "2027-01-11",
        "2027-02-01",
        "owl-1",
    )
    assert (second["milli_devices"], second["delivered_us"]) == (4_096_000, "0")


def test_a_month_that_cannot_change_any_more_is_named(booked: Run) -> None:
    last = delivery("2027-01-31", 8, end="2027-02-01T00:00:00Z")
    assert deliver(booked, last).code == 0
    done = booked("contract", "allocate", NAME, "--model", "owl-1")
    assert done.code == 0
    assert "2027-01-01 to 2027-02-01 has deliveries until 2027-01-31" in " ".join(done.out.split())
    models = [part["model"] for part in shown(booked)["parts"]]
    assert models == ["falcon-2", "owl-1", "owl-1"]


@pytest.mark.parametrize(
    ("day", "told"), [("2026-11-24", "is still to come"), ("2026-11-21", "was agreed on")]
)
def test_a_decision_is_neither_to_come_nor_older_than_the_contract(
    booked: Run, day: str, told: str
) -> None:
    done = booked("contract", "allocate", NAME, "--model", "owl-1", "--on", day)
    assert done.code == 2
    assert told in done.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--share", "2"), "cannot be allocated"),
        (("--share", "0"), "cannot be allocated"),
        (("--share", "half"), "is no share"),
        (("--share", "1/0"), "is no share"),
        (("--share", "1/3000000007"), "no whole number"),
        (("--since", "2029-01-01"), "nothing of"),
    ],
)
def test_a_bad_allocation_is_refused(booked: Run, options: tuple[str, ...], told: str) -> None:
    before = size(booked)
    done = booked("contract", "allocate", NAME, "--model", "owl-1", *options)
    assert done.code == 2
    assert told in done.err
    assert size(booked) == before
