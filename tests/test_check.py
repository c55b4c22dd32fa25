"""``check`` on a recorded ledger: the document, the exit status, the table, and its replay."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import EVIDENCE, allocation, commitment, fact, lineage
from regimes import ROOT
from tables import csv_text

from ledger.journeys.check_document import check_schema

Run = Callable[..., Any]
CLOCK = datetime(2026, 11, 23, 12, tzinfo=UTC)
E24 = 10**24


def on(day: str, operations: int | None, model: str = "m", **changes: Any) -> dict[str, Any]:
    """Return an allocation record on a day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    return {"type": "allocation", **allocation(model, operations, **{**times, **changes})}


def general(model: str) -> list[dict[str, Any]]:
    """Return facts that take a model out of doubt under the EU rules."""
    says = {
        "model.significant_generality": ("boolean", True),
        "model.output_modalities": ("set", ["text"]),
        "model.designated_systemic_risk": ("boolean", False),
        "model.is_foundation_model": ("boolean", True),
        "model.placed_on_market_on": ("date", "2026-03-01"),
    }
    return [
        {"type": "fact", **fact(f"model:{model}", name, kind, value)}
        for name, (kind, value) in says.items()
    ]


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Found a ledger at a fixed time and return what records into it."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp())))
    assert flopledger("init", "--origin", "ledger.example/t").code == 0

    def record(*records: dict[str, Any]) -> None:
        path = tmp_path / "records.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
        ran = flopledger("record", str(path))
        assert ran.code == 0, ran.err

    return record


def checked(flopledger: Run, *arguments: str, code: int) -> dict[str, Any]:
    """Check as JSON, expect an exit status, and return the document."""
    ran = flopledger("check", "-f", "json", *arguments)
    assert ran.code == code, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    jsonschema.Draft202012Validator(check_schema()).validate(document)
    return document


def of(document: dict[str, Any], rule: str, subject: str = "model:m") -> dict[str, Any]:
    """Return one determination of a document."""
    (found,) = (
        d
        for d in document["determinations"]
        if f"{d['regime']}/{d['rule']}" == rule and d["subject"] == subject
    )
    return dict(found)


PRESUMPTION = "eu.aia/gpaisr-presumption"
EU = ("--regime", "eu.aia")


def test_check_published_schema_is_the_one_the_models_give() -> None:
    path = ROOT / "schemas" / "check.v1.schema.json"
    text = json.dumps(check_schema(), indent=2, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == text, "write it again: python tests/regenerate.py"


def test_check_states_a_met_line_in_full(flopledger: Run, ledger: Run) -> None:
    invoice = {**EVIDENCE, "source_kind": "invoice"}
    ledger(*general("m"), on("2026-11-20", 11 * E24, evidence=invoice))
    document = checked(flopledger, *EU, code=1)
    assert document["schema"] == "flopledger/check.v1"
    assert document["ledger"]["size"] == 6
    assert document["coordinates"]["evaluated_at"] == "2026-11-23T12:00:00Z"
    found = of(document, PRESUMPTION)
    assert {k: found[k] for k in ("law", "enforcement", "in_scope", "finding", "robust")} == {
        "law": "in_force",
        "enforcement": "enforced",
        "in_scope": True,
        "finding": "met",
        "robust": True,
    }
    band = dict.fromkeys(("low", "point", "high", "error_low", "error_high"), str(11 * E24))
    assert found["measured"] == {"operations": band}
    assert (found["comparison"], found["threshold"], found["unit"]) == ("gt", str(10**25), "FLOP")
    assert found["margin"] == str(E24)
    assert found["met_on"] == {"earliest": "2026-11-20", "latest": "2026-11-20"}
    due = {"obligation": "notify-commission", "on": "2026-12-04", "days_left": 11}
    assert found["due"] == [due]
    assert found["evidence_share"] == {"A": 0, "B": 1_000_000, "C": 0, "D": 0, "E": 0}
    assert found["cite"] == "Regulation (EU) 2024/1689, Art. 51(2)"
    assert found["provenance"] == "verified"


def test_check_filing_closes_the_line_and_leaves_nothing_to_act_on(
    flopledger: Run, ledger: Run
) -> None:
    ledger(*general("m"), on("2026-03-01", 11 * E24))
    only = ("--rule", PRESUMPTION)
    assert of(checked(flopledger, *only, code=1), PRESUMPTION)["due"][0]["days_left"] < 0
    ledger(
        {
            "type": "filing",
            "regime": "eu.aia",
            "rule": "gpaisr-presumption",
            "obligation": "notify-commission",
            "subject": "model:m",
            "sent": "notice of Art. 52(1)",
            "sent_at": "2026-03-10T09:00:00Z",
            "receipt": None,
        }
    )
    found = of(checked(flopledger, *only, code=0), PRESUMPTION)
    assert (found["finding"], found["due"]) == ("met", [])
    assert found["closed_by"][0]["sent_on"] == "2026-03-10"


def test_check_plan_is_a_finding_before_the_work_is_done(flopledger: Run, ledger: Run) -> None:
    plan = commitment("m", "acme", kind="plan", operations=str(7 * E24), agreed_on="2026-11-22")
    ledger(*general("m"), on("2026-06-01", 6 * E24), {"type": "commitment", **plan})
    found = of(checked(flopledger, "--rule", PRESUMPTION, code=1), PRESUMPTION)
    assert found["finding"] == "not_met"
    assert found["foreseen"] == {"finding": "met", "on": "2026-11-22"}
    assert found["due"][0]["on"] == "2026-12-06"


def test_check_missing_fact_or_figure_is_three(flopledger: Run, ledger: Run) -> None:
    ledger(*general("m"), on("2026-06-01", 8 * E24), on("2026-06-02", None, run="r2"))
    found = of(checked(flopledger, "--rule", PRESUMPTION, code=3), PRESUMPTION)
    assert found["missing"] == ["operations@run:r2"]


def test_check_clean_ledger_is_zero(flopledger: Run, ledger: Run) -> None:
    ledger(*general("m"), on("2026-06-01", E24))
    document = checked(flopledger, "--rule", PRESUMPTION, code=0)
    assert document["counts"]["not_met"] == document["counts"]["determinations"] == 1


def test_check_finding_weighs_more_than_an_open_question(flopledger: Run, ledger: Run) -> None:
    ledger(*general("m"), on("2026-06-01", 11 * E24), on("2026-06-02", None, model="n"))
    document = checked(flopledger, "--rule", PRESUMPTION, code=1)
    assert document["counts"]["undetermined"] == 1


def test_check_nothing_to_ask_about_is_never_clean(flopledger: Run, ledger: Run) -> None:
    ran = flopledger("check")
    assert ran.code == 3
    assert "there is no subject" in ran.err
    ledger(*general("m"), on("2026-06-01", E24))
    ran = flopledger("check", "--rule", PRESUMPTION, "--subject", "model:mm")
    assert ran.code == 3
    assert "'model:mm'; did you mean model:m?" in ran.err
    # One known subject does not hide that the other is not there.
    ran = flopledger("check", "--rule", PRESUMPTION, "--subject", "m", "--subject", "stranger")
    assert ran.code == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("--regime", "eu.aja"),
        ("--rule", "gpaisr"),
        ("--assume", "us.eo14110=proposed"),
        ("--assume", "us.eo99999=in_force"),
        ("--reading", "rl-rollout"),
        ("--reading", "no-such=thing"),
        ("--reading", "rl-rollout=no-such"),
        ("--in-force-on", "yesterday"),
        ("--recorded-by", "2026-11-23"),
    ],
)
def test_check_question_that_means_nothing_is_two(
    flopledger: Run, ledger: Run, arguments: tuple[str, ...]
) -> None:
    ledger(on("2026-06-01", E24))
    ran = flopledger("check", *arguments)
    assert ran.code == 2
    assert "next:" in ran.err
    assert ran.out == ""


def test_check_assumed_law_is_hypothetical_and_no_finding(flopledger: Run, ledger: Run) -> None:
    ledger(on("2026-06-01", 2 * 10**26), *general("m"))
    rule = "us.eo14110/reportable-model"
    asked = ("--rule", rule)
    rescinded = of(checked(flopledger, *asked, code=0), rule)
    assert (rescinded["law"], rescinded["in_scope"], rescinded["finding"]) == (
        "rescinded",
        False,
        None,
    )
    document = checked(flopledger, *asked, "--assume", "us.eo14110=in_force", code=0)
    found = of(document, rule)
    assert (found["law"], found["finding"], found["hypothetical"]) == ("rescinded", "met", True)
    assert document["coordinates"]["assumptions"] == {"us.eo14110": "in_force"}


def test_check_law_of_another_day_and_readings_are_coordinates(
    flopledger: Run, ledger: Run
) -> None:
    rollouts = on("2026-06-01", 11 * E24, activity="rl_rollout")
    ledger(*general("m"), rollouts, on("2026-05-01", 1))
    asked = ("--rule", PRESUMPTION)
    assert of(checked(flopledger, *asked, code=1), PRESUMPTION)["finding"] == "met"
    document = checked(flopledger, *asked, "--reading", "eu.aia/rl-rollout=not-named", code=0)
    assert document["coordinates"]["readings"] == {"eu.aia": {"rl-rollout": "not-named"}}
    before = checked(flopledger, *asked, "--in-force-on", "2025-08-01", code=0)
    assert of(before, PRESUMPTION)["law"] == "enacted"


def test_check_later_work_and_later_records_are_not_seen(
    flopledger: Run, ledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger(*general("m"), on("2026-06-01", 6 * E24))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp()) + 3600))
    ledger(on("2026-07-01", 6 * E24, run="late"))
    asked = ("--rule", PRESUMPTION)
    assert of(checked(flopledger, *asked, code=1), PRESUMPTION)["finding"] == "met"
    earlier = checked(flopledger, *asked, "--as-of", "2026-06-30", code=0)
    assert of(earlier, PRESUMPTION)["entries_counted"] == 1
    known = checked(flopledger, *asked, "--recorded-by", "2026-11-23T12:30:00Z", code=0)
    assert known["coordinates"]["recorded_by"] == "2026-11-23T12:30:00Z"
    assert known["ledger"]["size"] == 7


def test_check_same_coordinates_give_the_same_bytes_from_both_engines(
    flopledger: Run, ledger: Run
) -> None:
    step = {"type": "lineage", **lineage("n", "m", "no")}
    ledger(*general("m"), on("2026-06-01", 11 * E24), on("2026-06-02", None, model="n"), step)
    first = flopledger("check", "-f", "json")
    again = flopledger("check", "-f", "json")
    plain = flopledger("check", "-f", "json", "--engine", "plain")
    assert first.out == again.out == plain.out
    assert (first.code, plain.code) == (1, 1)


def test_check_entries_that_were_changed_are_four(
    flopledger: Run, ledger: Run, tmp_path: Path
) -> None:
    ledger(on("2026-06-01", E24))
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as database:
        database.execute("DROP TRIGGER entries_fixed")
        (leaf,) = database.execute("SELECT bytes FROM entries WHERE seq = 0").fetchone()
        forged = leaf.replace(str(E24).encode(), str(E24 - 1).encode())
        assert forged != leaf
        database.execute("UPDATE entries SET bytes = ? WHERE seq = 0", (forged,))
        database.commit()
    ran = flopledger("check", "-f", "json")
    assert ran.code == 4
    assert ran.out == ""


def test_check_unsigned_tail_is_reported_and_not_counted(
    flopledger: Run, ledger: Run, tmp_path: Path
) -> None:
    notes = tmp_path / "ledger.db.checkpoints"
    ledger(*general("m"), on("2026-06-01", 6 * E24))
    signed = notes.read_bytes()
    ledger(on("2026-07-01", 6 * E24, run="late"))
    notes.write_bytes(signed)
    ran = flopledger("check", "--rule", PRESUMPTION, "-f", "json")
    assert ran.code == 3
    assert "1 entries after the newest checkpoint are not counted" in ran.err
    document = json.loads(ran.out)
    assert document["ledger"]["unsigned_tail"] == 1
    assert of(document, PRESUMPTION)["entries_counted"] == 1


def test_check_table_shows_what_matters_and_counts_the_rest(
    flopledger: Run, ledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    near = {"operations_low": str(6 * E24), "operations_high": str(13 * E24)}
    ledger(
        *general("m"),
        on("2026-11-20", 11 * E24, **near),
        *(on("2026-06-01", 1, model=f"small-{i}") for i in range(50)),
    )
    ran = flopledger("check", "--rule", PRESUMPTION)
    assert "met (!)" in ran.out
    assert "The line lies inside the stated error" in ran.out
    assert "notify-commission due 2026-12-04, 11 days left" in " ".join(ran.out.split())
    assert "50 more are counted below" in ran.out
    assert "1 met + 50 not met + 0 undetermined" in ran.out
    assert "small-7" not in ran.out
    assert "small-7" in flopledger("check", "--rule", PRESUMPTION, "--all").out
    assert max(len(line) for line in ran.out.splitlines()) <= 100


def test_check_csv_has_a_row_for_every_determination(flopledger: Run, ledger: Run) -> None:
    ledger(*general("m"), on("2026-06-01", 11 * E24))
    ran = flopledger("check", *EU, "-f", "csv")
    lines = ran.out.splitlines()
    assert lines[0].startswith("regime,rule,subject,law,enforcement,in_scope,finding")
    assert len(lines) == 7
    assert any(str(11 * E24) in line for line in lines)


def test_check_markdown_names_every_rule(flopledger: Run, ledger: Run) -> None:
    ledger(*general("m"), on("2026-06-01", 11 * E24))
    out = flopledger("check", *EU, "-f", "markdown").out
    assert "## eu.aia/gpaisr-presumption > 10^25 FLOP (in_force, enforced)" in out
    assert "| eu.aia/modifier-one-third |" in out


def test_check_accounts_for_every_model_of_a_published_table(
    flopledger: Run, ledger: Run, shared_path: Callable[[str], Path]
) -> None:
    del ledger
    folder = shared_path("data/epoch")
    table = folder / "notable_ai_models_2025-12-02.csv.gz"
    assert flopledger("import", str(table), "--source", "epoch").code in {0, 1}
    document = checked(flopledger, "--rule", PRESUMPTION, code=1)
    counts = document["counts"]
    kept = ("met", "not_met", "undetermined", "excepted", "out_of_scope")
    assert sum(counts[name] for name in kept) == counts["determinations"] > 900
    assert of(document, PRESUMPTION, "model:Llama 3.1-405B")["finding"] == "met"


def test_check_filing_that_names_no_obligation_is_told_on_stderr(
    flopledger: Run, ledger: Run
) -> None:
    filing = {
        "type": "filing",
        "regime": "eu.xx",
        "rule": "zz",
        "obligation": "notify-commission",
        "subject": "model:m",
        "sent": "notice",
        "sent_at": "2026-11-21T09:00:00Z",
        "receipt": None,
    }
    known = {**filing, "regime": "eu.aia", "rule": "gpaisr-presumption"}
    ledger(*general("m"), on("2026-11-20", 11 * E24), filing, known)
    err = flopledger("check", "--rule", PRESUMPTION).err
    assert "no obligation 'eu.xx/zz/notify-commission'" in err
    assert err.count("filing-of-nothing") == 1


def test_check_reading_chosen_twice_is_refused_unless_it_is_the_same(
    flopledger: Run, ledger: Run
) -> None:
    ledger(*general("m"), on("2026-06-01", E24))
    asked = ("check", "--rule", PRESUMPTION, "--reading", "rl-rollout=not-named", "--reading")
    ran = flopledger(*asked, "eu.aia/rl-rollout=as-training-data")
    assert ran.code == 2
    assert "chosen as 'not-named' and as 'as-training-data'" in ran.err
    same = flopledger(*asked, "eu.aia/rl-rollout=not-named")
    assert same.code == 0, same.err


def test_check_table_says_what_stands_in_guidance(flopledger: Run, ledger: Run) -> None:
    ledger(*general("m"), on("2026-06-01", 11 * E24))
    told = "stands in guidance, not in law"
    assert told in " ".join(flopledger("check", "--rule", "eu.aia/gpai-indicative").out.split())
    assert told not in " ".join(flopledger("check", "--rule", PRESUMPTION).out.split())


def test_check_that_leaves_out_unsigned_entries_is_never_clean(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")
    assert flopledger("init", "--origin", "ledger.example/tail").code == 0
    undated = {"start": "", "end": "", "not_after": "2026-11-20", "devices": "", "device": ""}
    for run, operations in (("a", "9*10^24"), ("b", "9*10^25")):
        row = {**undated, "run": run, "model": "m", "operations": operations}
        Path(f"{run}.csv").write_text(csv_text(row))
        assert flopledger("import", f"{run}.csv", "--source", "csv").code == 0
    only = ("check", "--rule", "gpaisr-presumption", "--all")
    assert flopledger(*only).code == 1
    notes = Path("ledger.db.checkpoints")
    newest = notes.read_bytes().rindex(b"ledger.example/tail\n2\n")
    notes.write_bytes(notes.read_bytes()[:newest])
    done = flopledger("--quiet", *only)
    assert done.code == 3
    assert "not signed and not counted: 1" in done.out
