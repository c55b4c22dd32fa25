"""``flopledger rules diff``: two laws side by side, and whose findings flip."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from lawbooks import E24, book, contract, found_ledger, pack_file, regime_file, says, work
from regimes import ROOT, SMALL, changed

from ledger.report.redline_document import rules_diff_schema

Run = Callable[..., Any]
RAISED = changed("10^25 FLOP\n        cite", "3*10^25 FLOP\n        cite")
OTHER = SMALL.replace("xx.small", "xx.other")


@pytest.fixture
def diff(flopledger: Run, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Compare two sets of regime texts as JSON; return the status and the valid document."""

    def compared(
        old: tuple[str, ...], new: tuple[str, ...], *more: str, options: tuple[str, ...] = ()
    ) -> tuple[int, dict[str, Any]]:
        ours = pack_file(tmp_path / "old.json", *old)
        theirs = pack_file(tmp_path / "new.json", *new)
        ran = flopledger(*options, "rules", "diff", ours, theirs, "-f", "json", *more)
        assert ran.code in {0, 1}, ran.err
        document: dict[str, Any] = json.loads(ran.out)
        jsonschema.Draft202012Validator(rules_diff_schema()).validate(document)
        return ran.code, document

    return compared


def turned(flip: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """Return what is said otherwise in a flip."""
    return {turn["what"]: (turn["old"], turn["new"]) for turn in flip["turns"]}


def test_rules_diff_of_a_law_and_itself_is_nothing(diff: Run) -> None:
    code, document = diff((SMALL,), (SMALL,))
    assert code == 0
    assert document["same"] is True
    assert document["old"]["pack"] == document["new"]["pack"] == book(SMALL).digest
    parts = ("regimes", "changes", "values", "conditions", "cases", "files", "rewritten")
    assert {part: document[part] for part in parts} == {part: [] for part in parts}
    assert document["on_cases"] == {"flips": [], "unasked": []}
    assert document["on_ledger"] is None


def test_rules_diff_of_a_figure_gives_both_values_and_who_flips_on_the_cases(diff: Run) -> None:
    code, document = diff((SMALL,), (RAISED,))
    assert code == 1
    (value,) = document["values"]
    assert (value["regime"], value["parameter"], value["changed"]) == (
        "xx.small",
        "line",
        ["value"],
    )
    assert value["old"] == {
        "value": str(10**25),
        "unit": "FLOP",
        "from": "2025-06-01",
        "until": None,
        "known": "2025-01-10",
        "provenance": "verified",
        "cite": {"source": "Small Act 2025", "at": "s. 2", "phrase": "greater than"},
        "retroactive": None,
    }
    assert value["new"] == {**value["old"], "value": str(3 * 10**25)}
    assert document["changes"] == []
    assert document["conditions"] == []
    flips = {(f["case"], f["rule"]): f for f in document["on_cases"]["flips"]}
    over = flips["over", "above"]
    assert (over["of"], over["subject"]) == ("both", "model:m")
    assert turned(over)["finding"] == ("met", "not_met")
    assert turned(over)["due tell"] == ("2026-01-19", None)


def test_rules_diff_of_standing_and_counting_and_conditions(diff: Run) -> None:
    text = changed("event: applies, cite", "event: applies, known: 2025-05-01, cite")
    text = changed("integer: excluded", "integer: counted", text=text)
    text = changed("when: { gt: [compute, line] }", "when: { lt: [line, compute] }", text=text)
    code, document = diff((SMALL,), (text,))
    assert code == 1
    changes = {
        c["place"]: (c["section"], c["kind"], c["old"], c["new"]) for c in document["changes"]
    }
    assert changes == {
        "lifecycle[applies].known": ("lifecycle", "added", None, "2025-05-01"),
        "counting.work.operation_kinds.integer": ("counting", "changed", "excluded", "counted"),
        "rules.above.when": ("rules", "changed", "compute > line", "line < compute"),
    }
    (condition,) = document["conditions"]
    assert (condition["rule"], condition["place"], condition["answer"]) == (
        "above",
        "when",
        "equivalent",
    )
    assert condition["changed"] == ["work"]


def test_rules_diff_names_regimes_that_come_and_go(diff: Run) -> None:
    code, document = diff((SMALL,), (OTHER,))
    assert code == 1
    assert document["regimes"] == [
        {"regime": "xx.other", "title": "Small Act", "kind": "added"},
        {"regime": "xx.small", "title": "Small Act", "kind": "removed"},
    ]


def test_rules_diff_of_a_case_alone_says_which_and_that_no_rule_differs(
    diff: Run, flopledger: Run, tmp_path: Path
) -> None:
    text = changed("operations: 10^25 FLOP, on", "operations: 9*10^24 FLOP, on")
    code, document = diff((SMALL,), (text,))
    assert code == 1
    assert document["cases"] == [{"regime": "xx.small", "case": "under", "kind": "changed"}]
    assert document["on_cases"]["flips"] == []
    out = flopledger("rules", "diff", str(tmp_path / "old.json"), str(tmp_path / "new.json")).out
    assert "1 case changed. No rule says anything else than before." in out


def test_rules_diff_of_another_spelling_is_no_difference(diff: Run) -> None:
    respelt = changed("value: 10^25 FLOP", "value: 1*10^25 FLOP")
    code, document = diff((SMALL,), (f"# a remark\n{respelt}",))
    assert code == 0
    assert document["rewritten"] == ["xx.small"]
    assert document["old"]["pack"] != document["new"]["pack"]


def test_rules_diff_sees_what_is_no_regime(flopledger: Run, tmp_path: Path) -> None:
    ours = pack_file(tmp_path / "old.json", SMALL)
    text = (tmp_path / "old.json").read_text("utf-8")
    changed_text = text.replace("Whether the model displays significant", "Whether it displays", 1)
    (tmp_path / "new.json").write_text(changed_text, encoding="utf-8")
    ran = flopledger("rules", "diff", ours, str(tmp_path / "new.json"), "-f", "json")
    assert ran.code == 1
    (change,) = json.loads(ran.out)["files"]
    assert change["place"] == ("vocabulary/facts.yaml.model.significant_generality.description.en")


def test_rules_diff_runs_the_cases_of_both_files_on_both_laws(diff: Run) -> None:
    new_case = (
        "  - name: only new\n    law: { in_force_on: 2026-02-01 }\n"
        "    training: [{ model: m, operations: 2*10^25 FLOP, on: 2026-01-05 }]\n"
        "    facts: { m: { model.significant_generality: yes } }\n"
        "    expect: { above: { m: { finding: not_met } } }\n"
    )
    _, document = diff((SMALL,), (RAISED + new_case,))
    found = {(flip["case"], flip["of"]) for flip in document["on_cases"]["flips"]}
    assert ("only new", "new") in found
    assert ("over", "both") in found


def test_rules_diff_says_which_case_one_law_cannot_answer(diff: Run) -> None:
    more = changed(
        "out: { title: { en: They do not }, effect: excluded }",
        "out: { title: { en: They do not }, effect: excluded }\n"
        "      half: { title: { en: Half of them }, effect: counted }",
        text=RAISED,
    )
    more = changed(
        "  - name: nobody knows\n    law: { in_force_on: 2026-02-01 }\n",
        "  - name: nobody knows\n    law: { in_force_on: 2026-02-01 }\n"
        "    readings: { rollouts: half }\n",
        text=more,
    )
    _, document = diff((SMALL,), (more,))
    (unasked,) = document["on_cases"]["unasked"]
    assert (unasked["case"], unasked["law"]) == ("nobody knows", "old")
    assert "half" in unasked["why"]


def test_rules_diff_takes_folders_packs_and_single_files(flopledger: Run, tmp_path: Path) -> None:
    packed = pack_file(tmp_path / "p.json", SMALL, OTHER)
    ours = regime_file(tmp_path / "ours.yaml", SMALL)
    theirs = regime_file(tmp_path / "theirs.yaml", RAISED)
    assert flopledger("--rules", packed, "rules", "diff", ours, ours).code == 0
    other = pack_file(tmp_path / "q.json", SMALL.replace("xx.small", "xx.third"))
    for rules, pair in ((packed, (ours, theirs)), (other, (packed, theirs))):
        ran = flopledger("--rules", rules, "rules", "diff", *pair, "-f", "json")
        assert ran.code == 1, ran.err
        document = json.loads(ran.out)
        assert [v["parameter"] for v in document["values"]] == ["line"]
        assert document["regimes"] == [], "a single file says nothing of other regimes"
    backwards = flopledger("--rules", other, "rules", "diff", theirs, packed, "-f", "json")
    assert json.loads(backwards.out)["regimes"] == []
    folder = tmp_path / "law"
    (folder / "regimes").mkdir(parents=True)
    (folder / "vocabulary").mkdir()
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (folder / "vocabulary" / path.name).write_bytes(path.read_bytes())
    regime_file(folder / "regimes" / "s.yaml", SMALL)
    assert flopledger("--rules", str(folder), "rules", "pack", "-o", "law.json").code == 0
    assert flopledger("rules", "diff", str(folder), "law.json").code == 0
    assert flopledger("--rules", "law.json", "rules", "show", "xx.small").code == 0


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("none.yaml", None, "there is no"),
        ("bad.yaml", SMALL.replace("10^25 FLOP\n", "1e25 FLOP\n"), "write 10^25 FLOP"),
        ("bad.yaml", "a: [", "not YAML"),
        ("bad.json", "{}", "not a rule pack"),
    ],
)
def test_rules_diff_of_what_cannot_be_read_is_two_and_names_the_file(
    flopledger: Run, tmp_path: Path, name: str, text: str | None, message: str
) -> None:
    packed = pack_file(tmp_path / "p.json", SMALL)
    if text is not None:
        (tmp_path / name).write_text(text, encoding="utf-8")
    for pair in ((packed, name), (name, packed)):
        ran = flopledger("--rules", packed, "rules", "diff", *pair)
        assert ran.code == 2
        assert message in ran.err
        assert name in ran.err


def test_rules_diff_lists_who_flips_on_a_ledger(
    flopledger: Run, diff: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_ledger(
        flopledger,
        tmp_path,
        monkeypatch,
        *(says(model, "model.significant_generality", value=True) for model in ("a", "b", "c")),
        work("a", 12 * E24),
        work("b", 40 * E24),
        work("c", 5 * E24),
        contract("c", 20 * E24, "fw-1", agreed_on="2026-11-01"),
    )
    longer = changed("value: 14 day", "value: 21 day", text=RAISED)
    code, document = diff((SMALL,), (longer,), "--on-ledger", "--in-force-on", "2026-11-23")
    assert code == 1
    assert document["on_cases"] is None
    found = document["on_ledger"]
    assert found["asked"]["origin"] == "ledger.example/t"
    assert found["asked"]["size"] == 7
    flips = {flip["subject"]: turned(flip) for flip in found["flips"] if flip["rule"] == "above"}
    assert flips["model:a"]["finding"] == ("met", "not_met")
    assert flips["model:b"] == {"due tell": ("2026-03-15", "2026-03-22")}
    assert flips["model:c"]["foreseen"] == ("met", "not_met")
    assert flips["model:c"]["due tell"] == ("2026-11-15", None)
    named = ("--ledger", str(tmp_path / "ledger.db"))
    _, again = diff((SMALL,), (longer,), "--in-force-on", "2026-11-23", options=named)
    assert again == document
    code, same = diff((SMALL,), (SMALL,), "--on-ledger")
    assert (code, same["on_ledger"]["flips"]) == (0, [])


def test_rules_diff_on_a_ledger_takes_a_reading_that_one_law_knows(
    flopledger: Run, diff: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_ledger(
        flopledger,
        tmp_path,
        monkeypatch,
        says("a", "model.significant_generality", value=True),
        work("a", 5 * E24),
        work("a", 12 * E24, run="rl", activity="rl_rollout"),
    )
    closed = changed("rl_rollout: { open: rollouts }", "rl_rollout: counted")
    start, stop = closed.index("readings:"), closed.index("rules:\n")
    closed = closed[:start] + closed[stop:]
    asked = ("--on-ledger", "--in-force-on", "2026-11-23", "--reading", "rollouts=out")
    _, document = diff((SMALL,), (closed,), *asked)
    (flip,) = (flip for flip in document["on_ledger"]["flips"] if flip["rule"] == "above")
    assert turned(flip)["finding"] == ("not_met", "met")
    packs = (str(tmp_path / "old.json"), str(tmp_path / "new.json"))
    wrong = flopledger("rules", "diff", *packs, "--on-ledger", "--reading", "rollout=out")
    assert wrong.code == 2
    assert "rollout" in wrong.err


def test_rules_diff_on_a_ledger_that_is_not_there_is_two(flopledger: Run, tmp_path: Path) -> None:
    packed = pack_file(tmp_path / "p.json", SMALL)
    ran = flopledger("rules", "diff", packed, packed, "--on-ledger")
    assert ran.code == 2
    assert "ledger.db" in ran.err


def test_rules_diff_reads_for_people_and_for_spreadsheets(flopledger: Run, tmp_path: Path) -> None:
    text = changed("when: { gt: [compute, line] }", "when: { ge: [compute, line] }", text=RAISED)
    pair = (pack_file(tmp_path / "o.json", SMALL), pack_file(tmp_path / "n.json", text))
    table = flopledger("rules", "diff", *pair).out
    for part in (
        "10^25 FLOP",
        "3*10^25 FLOP",
        "“greater than”",
        "compute ≥ line",
        "not equivalent",
    ):
        assert part in table
    assert "Findings that flip on the cases of both files" in table
    markdown = flopledger("rules", "diff", *pair, "-f", "markdown").out
    assert markdown.startswith("## The law before and after")
    rows = list(csv.DictReader(io.StringIO(flopledger("rules", "diff", *pair, "-f", "csv").out)))
    parts = {row["part"] for row in rows}
    assert parts == {"law", "figure", "condition", "case finding"}
    (condition,) = (row for row in rows if row["part"] == "condition")
    assert (condition["kind"], condition["old"], condition["new"]) == ("differs", "no", "yes")
    assert condition["detail"].endswith("changed: line")


def test_rules_diff_shows_the_first_of_many_unless_all_are_asked(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [work(f"m{number:02}", 12 * E24, run=f"r{number}") for number in range(45)]
    found_ledger(flopledger, tmp_path, monkeypatch, *rows)
    pair = (pack_file(tmp_path / "o.json", SMALL), pack_file(tmp_path / "n.json", RAISED))
    asked = ("rules", "diff", *pair, "--on-ledger", "--in-force-on", "2026-11-23")
    short, long = flopledger(*asked).out, flopledger(*asked, "--all").out
    assert "5 more; --all shows them." in short
    assert "model:m44" not in short
    assert "model:m44" in long
