"""The command `fact`: one typed property of one subject."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tables import csv_text, small_rules

from ledger.report.lackings import missing_schema

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "missing.v1.schema.json"


@pytest.fixture
def fact(flopledger: Run, tmp_path: Path) -> Run:
    """`fact set` in a new ledger."""
    rules = small_rules(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    return lambda *arguments: flopledger("--rules", str(rules), "fact", "set", *arguments)


def body(flopledger: Run, seq: int) -> dict[str, Any]:
    """The body of an entry."""
    shown: dict[str, Any] = json.loads(flopledger("show", str(seq), "-f", "json").out)
    recorded: dict[str, Any] = shown["body"]
    return recorded


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (["model:b", "model.is_modification", "yes"], {"kind": "boolean", "value": True}),
        (
            ["model:b", "model.output_modalities", "text,image_from_text, text"],
            {"kind": "set", "value": ["image_from_text", "text"]},
        ),
        (
            [
                "developer:acme",
                "developer.group_revenue_prior_calendar_year",
                "600_000_000 USD",
            ],
            {"kind": "quantity", "value": "600000000 USD"},
        ),
        (
            ["model:b", "model.placed_on_market_on", "2026-06-30"],
            {"kind": "date", "value": "2026-06-30"},
        ),
    ],
)
def test_fact_of_each_type_is_recorded(
    fact: Run, flopledger: Run, words: list[str], value: dict[str, Any]
) -> None:
    done = fact(*words)
    assert done.code == 0, done.err
    recorded = body(flopledger, 0)
    assert [recorded["subject"], recorded["name"], recorded["value"]] == [*words[:2], value]
    assert (recorded["valid_from"], recorded["valid_until"]) == (None, None)


def test_fact_keeps_its_validity_and_source(fact: Run, flopledger: Run) -> None:
    done = fact(
        *("developer:acme", "developer.group_revenue_prior_calendar_year", "1 USD"),
        *("--valid-from", "2026-01-01", "--valid-until", "2027-01-01"),
        *("--source", "annual report, page 7", "--evidence", "publication", "-f", "json"),
    )
    assert json.loads(done.out)["entries"] == [0]
    recorded = body(flopledger, 0)
    assert (recorded["valid_from"], recorded["valid_until"]) == ("2026-01-01", "2027-01-01")
    assert recorded["evidence"] == {
        "source_kind": "publication",
        "file_sha256": None,
        "locator": "annual report, page 7",
        "importer": "hand",
        "importer_version": "1",
    }


def test_fact_set_again_adds_nothing_and_another_value_is_kept_beside(fact: Run) -> None:
    assert "1 new" in fact("model:b", "model.is_modification", "yes").err
    assert fact("model:b", "model.is_modification", "true").err.startswith("0 new, 1 same")
    contrary = fact("model:b", "model.is_modification", "no")
    assert (contrary.code, "1 new" in contrary.err) == (0, True)
    assert "model.is_modification of model:b is no here and yes in entry 0" in contrary.err
    assert "flopledger record --help" in contrary.err


def test_fact_contradicts_only_a_standing_value_of_the_same_days(
    fact: Run, flopledger: Run
) -> None:
    name = "developer.group_revenue_prior_calendar_year"
    fact("developer:b", name, "1 USD", "--valid-until", "2026-01-01")
    later = fact("developer:b", name, "2 USD", "--valid-from", "2026-01-01")
    assert later.err.startswith("1 new")
    other = fact("developer:b", name, "3 USD", "--valid-from", "2026-06-01", "-f", "json")
    (problem,) = json.loads(other.out)["problems"]
    assert (problem["code"], problem["severity"]) == ("contradicts", "finding")
    assert "2 USD in entry 1" in problem["message"]
    shown = json.loads(flopledger("show", "1", "-f", "json").out)
    reversal = {
        "type": "reversal",
        "reverses": 1,
        "hash": shown["hash"],
        "reversed_type": "fact",
        "reversed": shown["body"],
        "reason": "withdrawn",
        "root_cause": None,
        "discovered_on": None,
    }
    Path("r.jsonl").write_text(json.dumps(reversal))
    assert flopledger("record", "r.jsonl").code == 0
    again = fact("developer:b", name, "3 USD", "--valid-from", "2026-06-01")
    assert again.err.startswith("0 new, 1 same")


def test_fact_of_a_subject_that_nothing_speaks_of_is_noted(fact: Run, flopledger: Run) -> None:
    Path("t.csv").write_text(csv_text({"model": "Falcon-2", "run": "r-1", "device": ""}))
    assert flopledger("import", "t.csv").code == 0
    typo = fact("model:falcn-2", "model.is_modification", "yes")
    assert typo.code == 0
    assert "note[unheard-of]: no other record speaks of model:falcn-2" in typo.err
    assert "did you mean model:Falcon-2?" in typo.err
    assert fact("model:Falcon-2", "model.is_modification", "yes").err.startswith("1 new")
    # The first fact of a subject is a record of it for the second.
    assert fact("model:falcn-2", "model.placed_on_market_on", "2026-01-01").err.startswith("1 new")


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["model:b", "model.is_modificaton", "yes"], "not a fact", "model.is_modification"),
        (["b", "model.is_modification", "yes"], "a fact of a model", "write model:b"),
        (["developer:b", "model.is_modification", "yes"], "a fact of a model", "write model:b"),
        (["model:", "model.is_modification", "yes"], "a fact of a model", "write model:NAME"),
        (["model:b", "model.is_modification", "Yes"], "neither yes nor no", "in lower case"),
        (["model:b", "model.output_modalities", "txt"], "'txt' is not a value", "text"),
        (
            ["developer:a", "developer.group_revenue_prior_calendar_year", "5"],
            "no known unit",
            "USD",
        ),
        (
            ["developer:a", "developer.group_revenue_prior_calendar_year", "5 TPP"],
            "not money_usd",
            "USD",
        ),
        (["model:b", "model.placed_on_market_on", "30.6.2026"], "not a date", "2026-11-22"),
        (
            ["model:b", "model.is_modification", "yes", "--valid-from", "tomorrow"],
            "valid_from",
            "mend",
        ),
        (
            [
                *("model:b", "model.is_modification", "yes"),
                *("--valid-from", "2026-02-01", "--valid-until", "2026-02-01"),
            ],
            "on no day",
            "first day",
        ),
    ],
)
def test_fact_that_cannot_be_read_is_refused(
    fact: Run, flopledger: Run, arguments: list[str], message: str, remedy: str
) -> None:
    done = fact(*arguments)
    assert done.code == 2
    assert message in done.err
    assert remedy in done.err
    assert "Traceback" not in done.err
    assert flopledger("checkpoint", "show").out.splitlines()[1] == "0"


@pytest.fixture
def eu(flopledger: Run) -> Run:
    """The program, all the law, and a ledger with one model above 10^23 and one that is unknown."""
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    rows = [{"model": "falcon-2"}, {"model": "owl", "run": "r-9", "operations": ""}]
    plain = {"device": "", "devices": "", "operations": "2*10^23"}
    Path("t.csv").write_text(csv_text(*({**plain, **row} for row in rows)))
    assert flopledger("import", "t.csv").code == 0
    where = ("--regime", "eu.aia", "--rule", "gpai-indicative", "--in-force-on", "2026-11-23")
    return lambda *arguments: flopledger("fact", "missing", *where, *arguments)


def test_fact_missing_gives_a_form_that_record_takes_back(eu: Run, flopledger: Run) -> None:
    done = eu("-o", "form.jsonl")
    assert done.code == 0, done.err
    form = [json.loads(line) for line in Path("form.jsonl").read_text().splitlines()]
    assert [item["subject"] for item in form] == sorted(item["subject"] for item in form)
    names = [item["name"] for item in form if item["subject"] == "model:falcon-2"]
    assert "model.output_modalities" in names
    assert {item["value"]["value"] for item in form} == {None}

    unfilled = flopledger("record", "form.jsonl")
    assert unfilled.code == 2
    assert "is filled in" in unfilled.err
    assert "delete the line" in unfilled.err

    filled = {"boolean": True, "set": ["text"]}
    for item in form:
        item["value"]["value"] = filled[item["value"]["kind"]]
    Path("form.jsonl").write_text("".join(json.dumps(item) + "\n" for item in form))
    taken = flopledger("record", "form.jsonl")
    assert taken.err.startswith(f"{len(form)} new")
    assert eu("--subject", "model:falcon-2").out == ""


def test_fact_missing_lists_what_is_no_fact_too(eu: Run) -> None:
    document = json.loads(eu("-f", "json").out)
    jsonschema.validate(document, missing_schema())
    run = next(item for item in document["missing"] if item["name"] == "operations")
    assert (run["subject"], run["record"]) == ("run:r-9", None)
    assert run["rules"] == ["eu.aia/gpai-indicative model:owl"]
    table = eu("-f", "table")
    assert "run:r-9" in table.out
    assert table.err.startswith("facts to fill in: ")


def test_fact_missing_schema_is_the_published_one() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == missing_schema()


def test_import_help_lists_settings_and_refuses_stdin_in_words(flopledger: Run) -> None:
    told = flopledger("import", "--help").out
    for word in ("table_date", "peak_clock_mhz", "not_after"):
        assert word in told
    done = flopledger("import", "-")
    assert (done.code, "not stdin" in done.err, "record -" in done.err) == (2, True, True)


def test_fact_missing_offers_no_form_for_facts_that_differ(eu: Run, flopledger: Run) -> None:
    for value in ("yes", "no"):
        told = ("model:falcon-2", "model.significant_generality", value)
        assert flopledger("fact", "set", *told).code == 0
    missing = json.loads(eu("-f", "json").out)["missing"]
    (item,) = (
        each
        for each in missing
        if (each["subject"], each["name"]) == ("model:falcon-2", "model.significant_generality")
    )
    assert item["record"] is None
    assert item["values"] == "contradictory: reverse one of entries 2, 3"
