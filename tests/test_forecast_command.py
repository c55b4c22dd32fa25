"""``flopledger forecast``: what it says when the book is late, early, unsized or only supposed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contracted import contract_text
from jsonschema import validate
from tables import csv_text

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "forecast.v1.schema.json"
PRESUMPTION = "gpaisr-presumption"
FORWARD = "fwd-2027-q1"
EU = ("--regime", "eu.aia", "--rule", PRESUMPTION)


def work(model: str, operations: str, **changes: str) -> dict[str, str]:
    """Work of one model by 2026-11-20."""
    times = {"start": "", "end": "", "not_after": "2026-11-20", "devices": "", "device": ""}
    return {"run": model, "model": model, "developer": "lab-a", "operations": operations} | (
        times | changes
    )


@pytest.fixture
def lab(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A lab whose model stands at 6*10^24 on 2026-11-23, asked under one line of Europe."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    Path("t.csv").write_text(csv_text(work("falcon-2", "6*10^24")))
    assert flopledger("import", "t.csv", "--source", "csv").code == 0
    placed(flopledger, "falcon-2")
    return flopledger


def placed(run: Run, model: str) -> None:
    """Record when a model is to be placed on the market: the duties of newer models are its."""
    fact = ("model.placed_on_market_on", "2027-06-01")
    assert run("fact", "set", f"model:{model}", *fact).code == 0


def sign(run: Run, **changes: Any) -> None:
    """Record the forward."""
    Path("c.yaml").write_text(contract_text(**changes))
    done = run("contract", "add", "c.yaml")
    assert done.code == 0, done.err


def ask(run: Run, *options: str, code: int = 1) -> dict[str, Any]:
    """Forecast one line as JSON, which the published schema must describe."""
    done = run("forecast", *EU, "-f", "json", *options)
    assert done.code == code, (done.code, done.err)
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    assert isinstance(document, dict)
    return document


def line(found: dict[str, Any], model: str = "falcon-2") -> dict[str, Any]:
    """The forecast of one model."""
    (held,) = [each for each in found["forecasts"] if each["subject"] == f"model:{model}"]
    assert isinstance(held, dict)
    return held


def told(run: Run, *options: str) -> str:
    """The forecast for people, its spaces made one."""
    return " ".join(run("forecast", *EU, *options).out.split())


def test_what_is_agreed_or_exercised_later_is_not_in_the_book_of_a_day(lab: Run) -> None:
    sign(lab)
    before = line(ask(lab, "--as-of", "2026-11-21", code=0))
    assert (before["flows"], before["crossing"]["point"]["at"]) == ([], None)
    listed = json.loads(lab("contract", "list", "--as-of", "2026-11-21", "-f", "json").out)
    assert listed["contracts"] == []
    assert lab("contract", "show", FORWARD, "--as-of", "2026-11-21").code == 2
    assert lab("contract", "show", FORWARD).code == 0
    refused = lab("forecast", *EU, "--slip", f"{FORWARD}=3", "--as-of", "2026-11-21")
    assert (refused.code, "nothing is to come" in refused.err) == (2, True)


def test_an_option_exercised_later_counts_in_no_view_of_an_earlier_day(
    lab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(lab, kind="option")
    with monkeypatch.context() as then:
        then.setenv("SOURCE_DATE_EPOCH", "1797760800")  # 2026-12-20T10:00:00Z
        assert lab("contract", "exercise", FORWARD, "--on", "2026-12-20").code == 0
    assert line(ask(lab, code=0))["flows"] == []
    book = json.loads(lab("position", "--book", "-f", "json").out)
    assert {row["counts"] for row in book["rows"] if row["contract"]} == {False}
    later = ("--as-of", "2026-12-20")
    assert line(ask(lab, *later))["known_on"] == "2026-12-20"
    book = json.loads(lab("position", "--book", "-f", "json", *later).out)
    assert {row["counts"] for row in book["rows"] if row["contract"]} == {True}
    # Supposed exercised today, it is known today.
    found = ask(lab, "--exercise", FORWARD, code=0)
    assert line(found["scenario"])["crossing"]["point"]["at"] == "2027-01-31T01:30:34Z"


def test_what_past_windows_still_owe_is_never_said_to_be_never_crossed(
    lab: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(lab)
    over = ("--as-of", "2027-04-05")
    found = ask(lab, *over)
    checked = json.loads(lab("check", *EU, *over, "-f", "json").out)
    (model,) = [d for d in checked["determinations"] if d["subject"] == "model:falcon-2"]
    assert model["foreseen"] == {"finding": "met", "on": "2026-11-22"}
    held = line(found)
    assert held["flows"] == []
    assert {flow["contract"] for flow in held["late"]} == {FORWARD}
    assert held["crossing"]["point"] == {"at": None, "unbounded": False, "undated": True}
    assert held["notify_by"] == "2026-12-06"
    assert [(each["start"], each["device_us"]) for each in found["overdue"]] == [
        (f"2027-0{month}-01", str(4096 * days * 86_400 * 10**6))
        for month, days in ((1, 31), (2, 28), (3, 31))
    ]
    told_ = told(lab, *over)
    assert "No line is crossed" not in told_
    assert "no day known" in told_
    assert "flopledger contract expire" in told_
    # What is still to come reaches the line alone: that has a day, whatever is owed beside it.
    dated = ask(lab, "--as-of", "2027-03-15")
    assert line(dated)["crossing"]["point"]["at"][:10] == "2027-03-31"
    assert [each["start"] for each in dated["overdue"]] == ["2027-01-01", "2027-02-01"]
    # Once somebody says that it will not come, nothing is owed, and nothing is crossed.
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1806919200")  # 2027-04-05T10:00:00Z
    assert lab("contract", "expire", FORWARD).code == 0
    gone = ask(lab, *over, code=0)
    assert gone["overdue"] == []
    assert line(gone)["crossing"]["point"] == {"at": None, "unbounded": False, "undated": False}


def scenario(found: dict[str, Any], model: str = "falcon-2") -> dict[str, Any]:
    """What would be forecast of one model."""
    held = line(found["scenario"], model)
    return {
        "at": held["crossing"]["point"]["at"],
        "known_on": held["known_on"],
        "notify_by": held["notify_by"],
    }


def test_what_a_scenario_knows_and_owes_is_its_own(lab: Run) -> None:
    sign(lab)
    # Meant for nobody, nothing is foreseen of the model, and nothing falls due.
    found = ask(lab, "--reallocate", f"{FORWARD}=none")
    assert scenario(found) == {"at": None, "known_on": None, "notify_by": None}
    assert line(found)["known_on"] == "2026-11-22"
    assert line(found)["notify_by"] == "2026-12-06"


def test_a_model_that_only_one_of_both_books_knows_is_told(lab: Run) -> None:
    sign(lab, model="owl-9")
    told_ = told(lab, "--reallocate", f"{FORWARD}=owl-1@1/8")
    assert "HYPOTHETICAL" in told_
    assert "model:owl-9 2027-03-17 or earlier 2027-03-27 or earlier" in told_
    assert "+11" in told_
    gone = told(lab, "--reallocate", f"{FORWARD}=hawk-3")
    assert "model:owl-9 2027-03-17 or earlier not asked" in gone
    assert "model:hawk-3 not asked 2027-03-17 or earlier" in gone


def test_what_is_not_known_is_said_and_which_contract_lacks_the_figure(lab: Run) -> None:
    sign(lab, utilisation=None)
    found = ask(lab, code=3)
    assert found["gaps"] == {FORWARD: "states neither operations nor a utilisation"}
    told_ = told(lab)
    assert f"how much is to come is not known of {FORWARD}: it states neither" in told_
    assert "not known, perhaps never" in told_
    assert "not known to never" not in told_


def test_a_model_of_which_no_work_is_recorded_crosses_by_a_day_at_the_latest(lab: Run) -> None:
    sign(lab, model="owl-9")
    point = line(ask(lab), "owl-9")["crossing"]["point"]
    assert (point["at"][:10], point["unbounded"]) == ("2027-03-17", True)
    assert "how much was done is not known of model:owl-9" in told(lab)


def test_a_supposed_use_is_known_from_the_day_asked_and_not_since_the_signature(lab: Run) -> None:
    sign(lab)
    placed(lab, "owl-1")
    whole = ask(lab, "--reallocate", f"{FORWARD}=owl-1", "--as-of", "2026-11-30")
    assert line(whole["scenario"], "owl-1")["known_on"] == "2026-11-30"
    assert line(whole["scenario"], "owl-1")["notify_by"] == "2026-12-14"
    # What stays with its model was known since the signature.
    part = ask(lab, "--reallocate", f"{FORWARD}=owl-1@1/4", "--as-of", "2026-11-30")
    assert scenario(part)["known_on"] == "2026-11-22"
    told_ = lab("rules", "whatif", "--reallocate", f"{FORWARD}=owl-1", "-f", "json")
    assert told_.code == 0, told_.err
    (met,) = [
        each["new"]["foreseen"]["on"]
        for each in json.loads(told_.out)["law"]["effects"]
        if (each["rule"], each["subject"]) == (PRESUMPTION, "model:owl-1")
    ]
    assert met == "2026-11-23"


def test_only_what_is_supposed_on_top_is_known_from_the_day_asked(lab: Run) -> None:
    sign(lab, delivery=[{"from": "2027-01-01", "until": "2027-04-01", "devices": "1024"}])
    later = ("--as-of", "2026-11-30")
    # A quarter of the devices does not reach the line; in FP8, or as B200, it does.
    for changed in (("--precision", f"{FORWARD}=fp8"), ("--substitute", f"{FORWARD}=nvidia-b200")):
        found = ask(lab, *changed, *later, code=0)
        assert line(found)["crossing"]["point"]["at"] is None
        assert scenario(found)["known_on"] == "2026-11-30"
        assert scenario(found)["at"] is not None


def test_nothing_is_supposed_to_have_come_before_the_day_asked(lab: Run) -> None:
    sign(lab)
    done = lab("forecast", *EU, "--slip", f"{FORWARD}=-39")
    assert done.code == 2
    assert f"--slip {FORWARD}=-38" in done.err
    found = ask(lab, "--slip", f"{FORWARD}=-38")
    assert line(found["scenario"])["flows"][0]["start"] == "2026-11-24"
    assert "delivered 38 days earlier" in found["scenario"]["supposed"][0]
    # A month in progress has begun: what is left of it cannot come earlier.
    now = lab("forecast", *EU, "--slip", f"{FORWARD}=-1", "--as-of", "2027-01-10")
    assert (now.code, "suppose a later delivery" in now.err) == (2, True)


def test_the_last_days_of_the_calendar_are_no_internal_error(lab: Run) -> None:
    sign(lab)
    for command in (
        ("forecast", *EU),
        ("contract", "list"),
        ("contract", "show", FORWARD),
        ("position", "--book"),
        ("check", *EU),
        ("deadlines", *EU),
    ):
        done = lab(*command, "--as-of", "9999-12-31")
        assert done.code in {0, 1, 3}, (command, done.err)
    done = lab("report", "-o", "r.html", "--as-of", "9999-12-31")
    assert (done.code, "its charts reach from 1970 to 2100" in done.err) == (2, True)


def test_substitutes_stated_in_the_open_are_known_without_the_terms(lab: Run) -> None:
    sign(lab)
    with sqlite3.connect("ledger.db") as database:
        database.execute("DELETE FROM openings")
    for device, told_ in (
        ("nvidia-b200:1/2", []),
        (
            "nvidia-h200-sxm",
            [f"nvidia-h200-sxm is not allowed by {FORWARD}: it allows nvidia-b200"],
        ),
    ):
        assert ask(lab, "--substitute", f"{FORWARD}={device}")["scenario"]["cautions"] == told_


def test_a_substitute_that_the_contract_does_not_allow_is_said_to_be_none(lab: Run) -> None:
    sign(lab)

    def cautions(value: str) -> list[str]:
        found: list[str] = ask(lab, "--substitute", f"{FORWARD}={value}")["scenario"]["cautions"]
        return found

    assert cautions("nvidia-b200:1/2") == []
    (ratio,) = cautions("nvidia-b200")
    assert ratio == (
        f"the ratio that {FORWARD} states is 1/2 nvidia-b200 for one nvidia-h100-sxm5: use :1/2"
    )
    (other,) = cautions("nvidia-h200-sxm")
    assert other == f"nvidia-h200-sxm is not allowed by {FORWARD}: it allows nvidia-b200"
    assert other in told(lab, "--substitute", f"{FORWARD}=nvidia-h200-sxm")
    asked = ("rules", "whatif", "--substitute", f"{FORWARD}=nvidia-h200-sxm")
    assert json.loads(lab(*asked, "-f", "json").out)["cautions"] == [other]
    assert other in " ".join(lab(*asked).out.split())
    assert other in lab(*asked, "-f", "csv").err


@pytest.mark.parametrize(
    ("operations", "asked", "code"),
    [
        ("2*10^25", EU, 1),
        ("6*10^24", EU, 0),
        ("6*10^23", ("--regime", "eu.aia"), 3),  # another line hangs on what nobody recorded
    ],
)
def test_a_forecast_leaves_as_a_check_of_the_same_lines_does(
    lab: Run, operations: str, asked: tuple[str, ...], code: int
) -> None:
    Path("k.csv").write_text(csv_text(work("hawk-3", operations)))
    assert lab("import", "k.csv", "--source", "csv").code == 0
    asked = (*asked, "--subject", "model:hawk-3")
    done = lab("forecast", *asked)
    assert (done.code, lab("check", *asked).code) == (code, code), done.out


def test_a_forecast_of_nothing_is_never_clean(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    assert flopledger("forecast", "--regime", "eu.aia").code == 3


@pytest.mark.parametrize("value", ["@1/2", " @1/2", ""])
def test_nothing_is_supposed_to_be_meant_for_a_model_without_a_name(lab: Run, value: str) -> None:
    sign(lab)
    done = lab("forecast", *EU, "--reallocate", f"{FORWARD}={value}")
    assert done.code == 2
    assert value == "" or "names no model" in done.err
