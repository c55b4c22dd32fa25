"""``flopledger rules whatif``: who enters, who leaves, which dates move, what is touched."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lawbooks import E24, book, contract, found_ledger, pack_file, regime_file, says, work
from regimes import SMALL, changed

from ledger.report.whatif_document import rules_whatif_schema

Run = Callable[..., Any]
GENERAL = "model.significant_generality"
LATER = "2026-11-20"


@pytest.fixture
def lab(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Found a ledger with models on every side of 10^25, and return a pack file of the law."""
    found_ledger(
        flopledger,
        tmp_path,
        monkeypatch,
        *(says(m, GENERAL, value=True) for m in ("big", "huge", "near", "plan", "low")),
        work("big", 12 * E24),
        work("huge", 50 * E24, "2026-03-02"),
        work("near", 9 * E24, "2026-03-03", run="n"),
        work("plan", 6 * E24, "2026-03-04", run="p"),
        work("low", 10**23, "2026-03-05", run="l"),
        contract("plan", 6 * E24, "fw-1", agreed_on="2026-11-10"),
        contract("near", 25 * E24, "fw-2", agreed_on="2026-11-05"),
        contract("big", E24, "opt", agreed_on="2026-11-05", kind="option"),
        contract("low", E24, "fw-3", agreed_on="2026-11-05"),
        contract(None, 90 * E24, "open", agreed_on="2026-11-05"),
    )
    return pack_file(tmp_path / "law.json", SMALL)


@pytest.fixture
def whatif(flopledger: Run, lab: str) -> Callable[..., dict[str, Any]]:
    """Ask what if, expect a status, and return the valid document."""

    def asked(*arguments: str, code: int = 0) -> dict[str, Any]:
        ran = flopledger("--rules", lab, "rules", "whatif", "-f", "json", *arguments)
        assert ran.code == code, ran.err
        document: dict[str, Any] = json.loads(ran.out)
        jsonschema.Draft202012Validator(rules_whatif_schema()).validate(document)
        return document

    return asked


def effects(document: dict[str, Any], rule: str = "above") -> dict[str, dict[str, Any]]:
    """Return the effects under one rule by subject."""
    return {e["subject"]: e for e in document["effects"] if e["rule"] == rule}


def turned(effect: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Return what is said otherwise."""
    return {turn["what"]: (turn["old"], turn["new"]) for turn in effect["turns"]}


def test_whatif_a_line_is_raised_from_a_day_on(whatif: Run) -> None:
    document = whatif("--set", f"xx.small/line=3*10^25 FLOP,from={LATER}")
    found = effects(document)
    kinds = {subject: (e["kind"], e["since"]) for subject, e in found.items()}
    assert kinds == {
        "model:big": ("leaves", LATER),
        "model:plan": ("leaves", LATER),
        "model:huge": ("moves", None),
        "model:near": ("moves", None),
    }
    assert turned(found["model:big"])["finding"] == ("met", "not_met")
    assert turned(found["model:plan"])["foreseen"] == ("met", "not_met")
    assert turned(found["model:near"])["due tell"] == ("2026-11-19", "2026-12-04")
    assert turned(found["model:huge"])["due tell"] == ("2026-03-16", "2026-12-04")
    assert any("stays due by the law of those days" in note for note in document["notes"])


def test_whatif_everything_is_stamped_hypothetical(whatif: Run, flopledger: Run, lab: str) -> None:
    document = whatif("--set", "xx.small/line=3*10^25 FLOP")
    assert document["hypothetical"] is True
    assert all(effect["new"]["hypothetical"] for effect in document["effects"])
    assert not any(effect["old"]["hypothetical"] for effect in document["effects"])
    asked = ("--rules", lab, "rules", "whatif", "--set", "xx.small/line=3*10^25 FLOP")
    titles = [
        line
        for line in flopledger(*asked, "-f", "markdown").out.splitlines()
        if line.startswith("## ")
    ]
    assert len(titles) > 4
    assert all(title.startswith("## Hypothetical") for title in titles)
    rows = list(csv.DictReader(io.StringIO(flopledger(*asked, "-f", "csv").out)))
    assert {row["hypothetical"] for row in rows} == {"true"}
    assert {row["part"] for row in rows} == {"effect", "commitment"}


def test_whatif_writes_neither_the_ledger_nor_the_rules(
    whatif: Run, tmp_path: Path, lab: str
) -> None:
    def digests() -> dict[str, str]:
        files = [p for p in tmp_path.iterdir() if p.is_file()]
        return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    before = digests()
    assert Path(lab).name in before
    whatif("--set", "xx.small/line=3*10^25 FLOP")
    assert digests() == before


def test_whatif_names_the_scenario_by_a_digest_of_its_own(whatif: Run, tmp_path: Path) -> None:
    document = whatif("--set", "xx.small/line=3*10^25 FLOP")
    assert document["pack"] == book(SMALL).digest
    assert document["scenario"]["pack"] not in {document["pack"], None}
    assert document["scenario"]["settings"] == ["xx.small/line=3*10^25 FLOP"]
    text = changed("10^25 FLOP\n        cite", "3*10^25 FLOP\n        cite")
    draft = regime_file(tmp_path / "draft.yaml", text)
    drafted = whatif("--draft", draft)
    assert drafted["scenario"]["pack"] == book(text).digest
    assert drafted["scenario"]["drafts"] == [{"regime": "xx.small", "given": draft}]
    assert [e["subject"] for e in drafted["effects"]] == [e["subject"] for e in document["effects"]]


def test_whatif_a_line_is_lowered(whatif: Run) -> None:
    document = whatif("--set", "xx.small/line=1*10^24 FLOP")
    found = effects(document)
    assert (found["model:low"]["kind"], found["model:low"]["since"]) == ("enters", "2025-06-01")
    assert turned(found["model:low"])["foreseen"] == ("not_met", "met")
    assert turned(found["model:low"])["foreseen_on"] == (None, "2026-11-05")
    assert turned(found["model:low"])["due tell"] == (None, "2026-11-19")
    assert found["model:near"]["kind"] == "moves"
    assert turned(found["model:near"])["met_from"] == (None, "2026-03-03")
    counts = document["counts"]
    assert counts["new"]["met"] > counts["old"]["met"]


def test_whatif_lists_the_commitments_that_are_touched(whatif: Run) -> None:
    document = whatif("--set", f"xx.small/line=3*10^25 FLOP,from={LATER}")
    found = {each["contract"]: each for each in document["commitments"]}
    assert set(found) == {"fw-1", "fw-2", "opt"}, "not that of low, whose outcome stays, nor open"
    first = found["fw-1"]
    assert (first["kind"], first["model"], first["agreed_on"]) == ("forward", "plan", "2026-11-10")
    assert (first["window_start"], first["window_end"]) == ("2026-06-01", "2026-09-01")
    assert first["operations"] == {"low": None, "point": str(6 * E24), "high": None}
    assert first["outcomes"] == [{"regime": "xx.small", "rule": "above", "subject": "model:plan"}]
    assert (first["counts"], found["opt"]["counts"]) == (True, False)


def test_whatif_a_period_moves_only_dates(whatif: Run) -> None:
    document = whatif("--set", "xx.small/notice=21 day")
    found = effects(document)
    assert {e["kind"] for e in document["effects"]} == {"moves"}
    assert turned(found["model:big"]) == {"due tell": ("2026-03-15", "2026-03-22")}


def test_whatif_a_later_day_is_asked_where_a_figure_begins_later(whatif: Run) -> None:
    document = whatif("--set", "xx.small/line=3*10^25 FLOP,from=2026-12-15")
    assert document["asked"]["in_force_on"] == "2026-12-15"
    assert effects(document)["model:big"]["since"] == "2026-12-15"
    today = whatif(
        "--set", "xx.small/line=3*10^25 FLOP,from=2026-12-15", "--in-force-on", "2026-11-23"
    )
    assert today["effects"] == []
    assert any("--in-force-on 2026-12-15" in note for note in today["notes"])


def test_whatif_a_reading_is_taken_by_the_scenario_or_by_both(
    whatif: Run, flopledger: Run, tmp_path: Path
) -> None:
    path = tmp_path / "more.jsonl"
    rollout = work("near", 2 * E24, "2026-04-01", run="rl", activity="rl_rollout")
    path.write_text(json.dumps(rollout) + "\n", encoding="utf-8")
    assert flopledger("record", str(path)).code == 0
    out = effects(whatif("--reading", "rollouts=out"))
    assert turned(out["model:near"])["finding"] == ("met", "not_met")
    both = whatif("--reading-today", "rollouts=out", "--set", "xx.small/line=9*10^24 FLOP")
    assert both["asked"]["readings"] == ["rollouts=out"]
    assert both["scenario"]["readings"] == ["xx.small/rollouts=out"]
    assert "model:near" not in effects(both), "9 * 10^24 is not above it, and rollouts are out"
    undone = whatif("--reading-today", "rollouts=out", "--reading", "rollouts=in")
    assert turned(effects(undone)["model:near"])["finding"] == ("not_met", "met")


def test_whatif_a_draft_is_added_and_assumed_to_be_in_force(whatif: Run, tmp_path: Path) -> None:
    text = SMALL.replace("xx.small", "xx.bill").replace("event: applies", "event: proposed")
    text = text.replace("event: enters_force", "event: proposed")
    draft = regime_file(tmp_path / "bill.yaml", text)
    quiet = whatif("--draft", draft)
    assert quiet["scenario"]["regimes_added"] == ["xx.bill"]
    assert quiet["effects"] == []
    assert any("--assume xx.bill=in_force" in note for note in quiet["notes"])
    document = whatif("--draft", draft, "--assume", "xx.bill=in_force")
    assert {e["regime"] for e in document["effects"]} == {"xx.bill"}
    assert effects(document)["model:big"]["kind"] == "enters"
    assert effects(document)["model:big"]["old"] is None


def test_whatif_a_law_that_ended_were_in_force(whatif: Run) -> None:
    document = whatif("--assume", "xx.small=in_force", "--in-force-on", "2027-06-01")
    found = effects(document)["model:big"]
    assert (found["kind"], found["since"]) == ("enters", "2027-01-01")
    assert (found["old"]["law"], found["old"]["finding"]) == ("rescinded", None)
    assert document["asked"]["assumptions"] == []
    assert document["scenario"]["assumptions"] == ["xx.small=in_force"]


def test_whatif_a_law_ends(whatif: Run, tmp_path: Path) -> None:
    text = changed("{ on: 2027-01-01, event: rescinded", "{ on: 2026-08-01, event: rescinded")
    document = whatif("--draft", regime_file(tmp_path / "end.yaml", text))
    found = effects(document)
    assert (found["model:big"]["kind"], found["model:big"]["since"]) == ("leaves", "2026-08-01")
    assert turned(found["model:big"])["law"] == ("in_force", "rescinded")
    assert found["model:low"]["kind"] == "other"


def test_whatif_what_is_decided_can_open_and_settle(whatif: Run, tmp_path: Path) -> None:
    narrow = "when: { gt: [compute, line] }"
    asks = changed(narrow, "when: { all: [{ gt: [compute, line] }, model.is_foundation_model] }")
    opened = effects(whatif("--draft", regime_file(tmp_path / "asks.yaml", asks)))
    assert opened["model:big"]["kind"] == "opens"
    assert opened["model:big"]["since"] == "2025-06-01"
    loose = SMALL.replace("    choose:\n", "    when: { gt: [own, line] }\n    choose:\n", 1)
    start, stop = loose.index("    choose:\n"), loose.index("cases:\n")
    settled = whatif("--draft", regime_file(tmp_path / "s.yaml", loose[:start] + loose[stop:]))
    assert effects(settled, "modifier")["model:near"]["kind"] == "settles"


def test_whatif_status_is_one_only_where_it_is_asked_for(whatif: Run) -> None:
    setting = ("--set", "xx.small/line=3*10^25 FLOP")
    whatif(*setting)
    whatif(*setting, "--exit-code", code=1)
    same = whatif("--set", "xx.small/line=1.1*10^25 FLOP", "--exit-code")
    assert same["effects"] == []


def test_whatif_of_an_empty_ledger_is_three(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_ledger(flopledger, tmp_path, monkeypatch)
    law = pack_file(tmp_path / "law.json", SMALL)
    ran = flopledger("--rules", law, "rules", "whatif", "--set", "xx.small/notice=1 day")
    assert ran.code == 3
    assert "nothing was determined" in ran.out


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        ((), "nothing is supposed", "write --set REGIME/PARAMETER=VALUE"),
        (("--set", "xx.small/line"), "sets nothing", "from=2027-01-01"),
        (("--set", "line=10^26 FLOP"), "sets nothing", "from=2027-01-01"),
        (
            ("--set", "xx.smal/line=10^26 FLOP"),
            "no rule file has that figure",
            "mean xx.small/line",
        ),
        (
            ("--set", "xx.small/lines=10^26 FLOP"),
            "no rule file has that figure",
            "mean xx.small/line",
        ),
        (("--set", "xx.small/line=1e26 FLOP"), "'1e26' is a float", "write 10^26 FLOP"),
        (("--set", "xx.small/line=10^26"), "has no unit", "write the unit"),
        (
            ("--set", "xx.small/line=1025"),
            "has no unit",
            "write 10^25 FLOP if its exponent was lost",
        ),
        (("--set", "xx.small/line=500000"), "has no unit", "the figure now is 10^25 FLOP"),
        (("--set", "xx.small/line=10^26 FLIP"), "is not a unit", "FLOP"),
        (("--set", "xx.small/line=10^26 USD"), "of dimension money_usd", "figure now, 10^25 FLOP"),
        (("--set", "xx.small/line=1026 FLOP"), "looks like a power", "write 10^26 FLOP"),
        (("--set", "xx.small/line=2027-01-01"), "of dimension date", "figure now, 10^25 FLOP"),
        (("--set", "xx.small/line=10^26 FLOP,from=soon"), "is not a date", "2026-11-22"),
        (
            ("--set", "xx.small/line=10^26 FLOP", "--set", "xx.small/line=10^27 FLOP"),
            "'10^26 FLOP' and '10^27 FLOP'",
            "set it once",
        ),
        (("--reading", "rollouts=maybe"), "no alternative 'maybe'", "in, out"),
        (
            ("--reading-today", "rollout=in", "--set", "xx.small/notice=1 day"),
            "rollout",
            "rollouts",
        ),
        (("--assume", "xx.small=dead"), "assumes nothing", "REGIME=in_force"),
        (("--draft", "none.yaml"), "there is no none.yaml", "one regime file"),
    ],
)
def test_whatif_refuses_what_it_cannot_suppose(
    flopledger: Run, lab: str, arguments: tuple[str, ...], message: str, remedy: str
) -> None:
    ran = flopledger("--rules", lab, "rules", "whatif", *arguments)
    assert ran.code == 2
    assert message in ran.err
    assert remedy in ran.err
    assert ran.out == ""


def test_whatif_a_wrong_draft_is_named_by_its_file(
    flopledger: Run, lab: str, tmp_path: Path
) -> None:
    draft = regime_file(tmp_path / "d.yaml", SMALL.replace("10^25 FLOP\n", "10^25 FLOPS\n"))
    ran = flopledger("--rules", lab, "rules", "whatif", "--draft", draft)
    assert ran.code == 2
    assert f"{draft}: parameters.line.values[0].value" in ran.err


def test_whatif_both_engines_say_the_same(whatif: Run) -> None:
    setting = ("--set", f"xx.small/line=3*10^25 FLOP,from={LATER}")
    assert whatif(*setting, "--engine", "plain") == whatif(*setting)


def test_whatif_under_the_law_as_it_ships(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_ledger(flopledger, tmp_path, monkeypatch, work("m", 20 * E24), work("n", 40 * E24))
    setting = "eu.aia/systemic-risk-flop=3*10^25 FLOP,from=2027-08-02"
    ran = flopledger("rules", "whatif", "--set", setting, "-f", "json")
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert document["asked"]["in_force_on"] == "2027-08-02"
    (value,) = (v for v in document["scenario"]["values"] if v["old"] is None)
    assert (value["new"]["value"], value["new"]["from"]) == (str(3 * 10**25), "2027-08-02")
    found = effects(document, "gpaisr-presumption")
    before, after = turned(found["model:m"])["finding"]
    assert before in {"met", "undetermined"}
    assert after != "met"
    assert found["model:m"]["since"] == "2027-08-02"
