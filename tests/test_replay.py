"""The clocks of a determination, each moved alone, and the replay of a check."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ledgers import lineage
from regimes import ROOT, packed_rules
from test_check import CLOCK, E24, PRESUMPTION, general, of, on

from ledger.canonical import encode, parse
from ledger.report.replay import replay_schema

Run = Callable[..., Any]
Record = Callable[..., None]
RULE = ("--rule", PRESUMPTION)


@pytest.fixture
def record(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Record:
    """Found a ledger at a fixed time and return what records into it some hours later.

    The law is the pack ``law.json``.
    """
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp())))
    (tmp_path / "law.json").write_bytes(packed_rules())
    assert flopledger("init", "--origin", "ledger.example/t").code == 0

    monkeypatch.setenv("FLOPLEDGER_RULES", "law.json")

    def recorded(*records: dict[str, Any], hours: int = 0) -> None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(CLOCK.timestamp()) + 3600 * hours))
        path = tmp_path / "records.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in records), encoding="utf-8")
        ran = flopledger("record", str(path))
        assert ran.code == 0, ran.err

    return recorded


@cache
def edited() -> bytes:
    """Return a pack of the same rules with another line in the law."""
    value = parse(packed_rules(), limit=64_000_000)
    assert isinstance(value, dict)
    assert isinstance(value["files"], dict)
    name = "regimes/eu/eu.aia.yaml"
    text = encode(value["files"][name]).decode()
    line = '"value":"10^25 FLOP"'
    assert text.count(line) == 1
    act = parse(text.replace(line, '"value":"10^24 FLOP"').encode(), limit=64_000_000)
    return encode({**value, "files": {**value["files"], name: act}})


def finding(flopledger: Run, *arguments: str) -> Any:
    """Return what the presumption finds for the model m."""
    ran = flopledger("check", *RULE, "-f", "json", *arguments)
    found = of(json.loads(ran.out), PRESUMPTION)
    return found["law"], found["finding"], found["missing"]


def test_clocks_each_moves_a_determination_alone(flopledger: Run, record: Record) -> None:
    record(*general("m"), on("2026-06-01", 6 * E24))
    record(on("2026-07-01", 6 * E24, run="late"), hours=5)
    assert finding(flopledger) == ("in_force", "met", [])
    # The law of another day; the law as known on another; what was recorded by then; what had
    # happened by then.
    assert finding(flopledger, "--in-force-on", "2025-08-01") == ("enacted", None, [])
    law, found, missing = finding(flopledger, "--law-known-on", "2025-07-17")
    assert (law, found) == ("in_force", "undetermined")
    assert "counting:cumulative" in missing
    by = ("--recorded-by", "2026-11-23T16:59:59Z")
    assert finding(flopledger, *by) == ("in_force", "not_met", [])
    assert finding(flopledger, "--as-of", "2026-06-30") == ("in_force", "not_met", [])


def test_clocks_law_that_was_not_published_binds_nobody(flopledger: Run, record: Record) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24))
    known = ("--law-known-on", "2024-12-31")
    rule = "eu.aia/gpai-indicative"
    ran = flopledger("check", "--rule", rule, *known, "-f", "json")
    found = of(json.loads(ran.out), rule)
    assert (ran.code, found["law"], found["enforcement"], found["finding"]) == (0, None, None, None)
    assert found["notes"] == ["nothing of this rule was published by 2024-12-31"]
    told = flopledger("explain", rule, "m", *known).out
    assert "nothing of this rule was published by 2024-12-31" in told.lower()
    assert "Law: not known." in told
    told = " ".join(flopledger("explain", PRESUMPTION, "m", *known).out.split())
    assert "nothing: this part of the law was not published by 2024-12-31" in told


def write(flopledger: Run, file: str, *arguments: str) -> dict[str, Any]:
    """Write a check into a file and return it."""
    flopledger("check", "-o", file, *arguments)
    document: dict[str, Any] = json.loads(Path(file).read_text("utf-8"))
    return document


def replayed(flopledger: Run, file: str, *before: str, code: int) -> dict[str, Any]:
    """Replay a file as JSON, expect an exit status, and return the document."""
    ran = flopledger(*before, "check", "--replay", file, "-f", "json")
    assert ran.code == code, ran.err
    document: dict[str, Any] = json.loads(ran.out)
    jsonschema.Draft202012Validator(replay_schema()).validate(document)
    return document


def test_replay_published_schema_is_the_one_the_models_give() -> None:
    path = ROOT / "schemas" / "replay.v1.schema.json"
    text = json.dumps(replay_schema(), indent=2, ensure_ascii=False) + "\n"
    assert path.read_text("utf-8") == text, "write it again: python tests/regenerate.py"


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        RULE,
        ("--regime", "eu.aia", "--subject", "model:n"),
        ("--in-force-on", "2025-08-01", "--law-known-on", "2024-12-31"),
        ("--recorded-by", "2026-11-23T12:30:00Z", "--as-of", "2026-06-30"),
        ("--assume", "us.eo14110=in_force", "--reading", "eu.aia/rl-rollout=not-named"),
        ("--subject", "stranger"),
    ],
)
def test_replay_is_byte_equal_after_entries_and_an_edit_of_the_rules(
    flopledger: Run, record: Record, arguments: tuple[str, ...]
) -> None:
    step = {"type": "lineage", **lineage("n", "m", "no")}
    record(*general("m"), on("2026-06-01", 6 * E24), step)
    record(on("2026-07-01", None, model="n"), on("2026-07-02", 6 * E24, run="b"), hours=1)
    document = write(flopledger, "check.json", *arguments)
    assert replayed(flopledger, "check.json", code=0)["reproduced"] is True

    record(on("2026-07-03", 6 * E24, run="c"), hours=2)
    Path("law.json").rename("old.json")
    Path("law.json").write_bytes(edited())
    refused = flopledger("check", "--replay", "check.json")
    assert refused.code == 2
    assert document["coordinates"]["pack"] in refused.err
    assert "--rules PACK.json check --replay" in refused.err
    replay = ("--rules", "old.json", "check", "--replay", "check.json", "--engine")
    for engine in ("polars", "plain"):
        again = flopledger(*replay, engine)
        assert (again.code, again.out.splitlines()[0]) == (0, "reproduced"), again.out + again.err


def test_replay_with_the_files_that_a_pack_was_made_of_is_byte_equal(
    flopledger: Run, record: Record
) -> None:
    record(*general("m"), on("2026-06-01", 6 * E24), on("2026-07-01", None, model="n"))
    write(flopledger, "check.json")
    shutil.copytree(ROOT / "rules", "law", ignore=shutil.ignore_patterns("pack.v1.json"))
    assert replayed(flopledger, "check.json", "--rules", "law", code=0)["reproduced"] is True


def test_replay_of_an_empty_ledger_comes_out_again(flopledger: Run, record: Record) -> None:
    assert write(flopledger, "check.json")["coordinates"]["recorded_by"] is None
    record(on("2026-06-01", E24))
    assert replayed(flopledger, "check.json", code=0)["determinations"] == 0


def test_replay_names_every_field_that_was_changed(flopledger: Run, record: Record) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24))
    document = write(flopledger, "check.json")
    found = of(document, PRESUMPTION)
    place = next(d for d in document["determinations"] if d == found)
    place["finding"], place["margin"] = "not_met", "1"
    document["counts"]["met"] -= 1
    Path("check.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    replay = replayed(flopledger, "check.json", code=1)
    assert (replay["reproduced"], replay["same_content"]) == (False, False)
    told = [(d["place"], d["field"], d["stated"], d["found"]) for d in replay["differences"]]
    met = document["counts"]["met"]
    assert told == [
        ("counts", "met", met, met + 1),
        (f"{PRESUMPTION} model:m", "finding", "not_met", "met"),
        (f"{PRESUMPTION} model:m", "margin", "1", str(E24)),
    ]
    shown = flopledger("check", "--replay", "check.json").out
    assert shown.startswith("not reproduced\n")
    assert "not_met" in shown


def test_replay_notices_a_determination_taken_out_put_in_or_doubled(
    flopledger: Run, record: Record
) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24), on("2026-06-02", E24, model="n"))
    document = write(flopledger, "check.json", "--regime", "eu.aia")
    held = document["determinations"]

    def differing(determinations: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
        changed = {**document, "determinations": determinations}
        Path("changed.json").write_text(json.dumps(changed, indent=2, ensure_ascii=False) + "\n")
        found = replayed(flopledger, "changed.json", code=1)["differences"]
        return [(d["place"], d["stated"], d["found"]) for d in found if not d["field"]]

    first = f"{held[0]['regime']}/{held[0]['rule']} {held[0]['subject']}"
    assert differing(held[1:]) == [(first, "nothing", "a determination")]
    assert differing([held[0], *held]) == [(first, "2 determinations", "one determination")]
    stranger = {**held[0], "subject": "model:x"}
    name = f"{held[0]['regime']}/{held[0]['rule']} model:x"
    assert differing([*held, stranger]) == [(name, "a determination", "nothing")]
    no_rule = {**held[0], "rule": "no-such-rule"}
    assert differing([*held, no_rule])[0][1:] == ("a determination", "nothing")
    assert differing(held[::-1]) == []


def test_replay_says_what_the_file_does_not_ask(flopledger: Run, record: Record) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24), on("2026-06-02", E24, model="n"))
    write(flopledger, "all.json")
    held = replayed(flopledger, "all.json", code=0)["coverage"]
    assert (held["rules"], held["subjects"]) == (held["rules_held"], held["subjects_held"])
    assert "every rule of the pack" in flopledger("check", "--replay", "all.json").out
    write(flopledger, "one.json", *RULE, "--subject", "m")
    part = replayed(flopledger, "one.json", code=0)["coverage"]
    assert part == {
        "rules": 1,
        "rules_held": held["rules_held"],
        "subjects": 1,
        "subjects_held": 2,
    }
    assert "has 1 of 2 subjects" in flopledger("check", "--replay", "one.json").out


def test_replay_of_another_layout_has_the_same_content_and_other_bytes(
    flopledger: Run, record: Record
) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24))
    document = write(flopledger, "check.json")
    Path("check.json").write_text(json.dumps(document))
    replay = replayed(flopledger, "check.json", code=1)
    assert (replay["reproduced"], replay["same_content"]) == (False, True)
    assert "not laid out as check writes it" in flopledger("check", "--replay", "check.json").out


def test_replay_of_other_entries_is_an_integrity_failure(flopledger: Run, record: Record) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24))
    document = write(flopledger, "check.json")
    root = document["ledger"]["root"]
    forged = Path("check.json").read_text().replace(root, root[::-1])
    Path("forged.json").write_text(forged)
    ran = flopledger("check", "--replay", "forged.json")
    assert (ran.code, ran.out) == (4, "")
    assert root[::-1] in ran.err
    # A signed state that a ledger never had is not a part of it.
    unknown = Path("check.json").read_text().replace('"size": 6', '"size": 5')
    Path("unknown.json").write_text(unknown)
    ran = flopledger("check", "--replay", "unknown.json")
    assert ran.code == 2
    assert "no checkpoint over 5 entries" in ran.err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("coordinates"), "coordinates: Field required"),
        (lambda d: d.update(schema="flopledger/check.v2"), "not the output of a check: schema"),
        (lambda d: d.update(extra=1), "Extra inputs"),
        (lambda d: d["ledger"].update(size=1), "a checkpoint over 6"),
        (lambda d: d["coordinates"].update(evaluated_at="now"), "'now' is not a UTC time"),
        (lambda d: d["coordinates"].update(readings={"eu.aia": {"x": "y"}}), "no rule rests on"),
        (lambda d: d["coordinates"].update(assumptions={"eu.xx": "in_force"}), "no regime"),
    ],
)
def test_replay_refuses_what_is_no_check(
    flopledger: Run, record: Record, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24))
    document = write(flopledger, "check.json", *RULE)
    change(document)
    Path("check.json").write_text(json.dumps(document))
    ran = flopledger("check", "--replay", "check.json")
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_replay_takes_no_other_question_and_needs_its_file(flopledger: Run, record: Record) -> None:
    record(on("2026-06-01", E24))
    write(flopledger, "check.json")
    for given in (("--regime", "eu.aia"), ("--as-of", "2026-01-01"), ("--all",)):
        ran = flopledger("check", "--replay", "check.json", *given)
        assert ran.code == 2
        assert f"{given[0]} cannot be given with --replay" in ran.err
    assert flopledger("check", "--replay", "none.json").code == 2
    Path("check.json").write_bytes(b"\xff{")
    assert flopledger("check", "--replay", "check.json").code == 2


def test_replay_takes_over_what_no_ledger_can_contradict(flopledger: Run, record: Record) -> None:
    record(*general("m"), on("2026-06-01", 11 * E24))
    notes = Path("ledger.db.checkpoints")
    signed = notes.read_bytes()
    record(on("2026-07-01", 6 * E24, run="late"))
    after = notes.read_bytes()
    notes.write_bytes(signed)
    assert write(flopledger, "check.json")["ledger"]["unsigned_tail"] == 1
    notes.write_bytes(after)
    assert replayed(flopledger, "check.json", code=0)["reproduced"] is True
