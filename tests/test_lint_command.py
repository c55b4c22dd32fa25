"""``flopledger rules lint``: where it points, what it passes over, and how it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from regimes import ROOT, SMALL, changed
from supplied import supplied

from ledger.cli.app import program
from ledger.journeys.linting import lint_rules
from ledger.regime.registry import REGISTRY
from ledger.report.checks import PAGE_NAME, check_page

Run = Callable[..., Any]
SMALL_FILE = "regimes/xx/xx.small.yaml"
WRONG = changed("    when: { gt: [compute, line] }", "    when: { ge: [compute, line] }")
NO_CASE = changed("finding: not_met } }, modifier", "margin: 0 FLOP } }, modifier")
WAIVER = """\
schema: lint/1
exceptions:
  - check: comparator
    file: regimes/xx/xx.small.yaml
    rule: above
    reason: The office reads it as at least.
    until: {until}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of rules with the shipped vocabulary and the small regime, on a fixed day."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")  # 2026-11-22
    rules = tmp_path / "law"
    (rules / "vocabulary").mkdir(parents=True)
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (rules / "vocabulary" / path.name).write_bytes(path.read_bytes())
    write(rules, SMALL)
    return rules


def write(rules: Path, text: str, name: str = SMALL_FILE) -> None:
    """Write one file of a folder of rules."""
    (rules / name).parent.mkdir(parents=True, exist_ok=True)
    (rules / name).write_text(text, encoding="utf-8")


def linted(flopledger: Run, rules: Path, *arguments: str) -> tuple[int, Any]:
    """Return status and document of lint."""
    done = flopledger("--rules", str(rules), "rules", "lint", "-f", "json", *arguments)
    return done.code, json.loads(done.out)


def line_of(text: str, part: str) -> int:
    """Return the line of a text in which a part stands first."""
    return 1 + text[: text.index(part)].count("\n")


def test_lint_points_at_the_line(flopledger: Run, folder: Path) -> None:
    write(folder, WRONG)
    code, document = linted(flopledger, folder)
    assert code == 1
    (finding,) = document["findings"]
    assert finding["line"] == line_of(WRONG, "    when: { ge:")
    assert (finding["check"], finding["level"]) == ("comparator", "error")
    assert document["counts"] == {"error": 1, "warning": 0, "note": 0}
    shown = flopledger("--rules", str(folder), "rules", "lint").out
    assert f"{SMALL_FILE}:{finding['line']}: rules[0].when" in shown
    assert "rules lint --explain comparator" in shown


def test_lint_points_at_the_nearest_part_of_what_is_missing(flopledger: Run, folder: Path) -> None:
    text = changed("        cite: { source: act, at: s. 2, phrase: greater than }\n", "")
    write(folder, text)
    code, document = linted(flopledger, folder)
    assert code == 2
    (finding,) = document["findings"]
    assert finding["place"] == "parameters.line.values[0].cite"
    assert finding["line"] == line_of(text, "      - from: 2025-06-01\n        known")
    assert document["refused"] == 1


def test_lint_shows_files_that_are_no_yaml_beside_the_others(flopledger: Run, folder: Path) -> None:
    write(folder, WRONG)
    write(folder, "schema: regime/1\nid: [\n", "regimes/xx/xx.broken.yaml")
    (folder / "regimes" / "xx" / "xx.latin.yaml").write_bytes(b"title: caf\xe9\n")
    code, document = linted(flopledger, folder)
    assert code == 2
    assert document["pack"] is None
    assert (document["regimes"], document["refused"]) == (1, 2)
    told = [(item["file"], item["line"], item["check"]) for item in document["findings"]]
    assert told == [
        ("regimes/xx/xx.broken.yaml", 3, "yaml"),
        ("regimes/xx/xx.latin.yaml", None, "encoding"),
        (SMALL_FILE, line_of(WRONG, "    when: { ge:"), "comparator"),
    ]


def test_lint_of_a_broken_vocabulary_says_so(flopledger: Run, folder: Path) -> None:
    write(folder, "a: [", "vocabulary/facts.yaml")
    code, document = linted(flopledger, folder)
    assert code == 2
    assert [item["file"] for item in document["findings"]] == ["vocabulary/facts.yaml"]


def test_lint_of_nothing_is_no_success(flopledger: Run, folder: Path) -> None:
    (folder / SMALL_FILE).unlink()
    done = flopledger("--rules", str(folder), "rules", "lint")
    assert done.code == 2
    assert "there is no regime below regimes/" in done.err


def test_lint_two_files_of_one_regime_are_refused(flopledger: Run, folder: Path) -> None:
    write(folder, SMALL, "regimes/yy/xx.small.yaml")
    code, document = linted(flopledger, folder)
    assert code == 2
    (finding,) = document["findings"]
    assert (finding["file"], finding["check"], finding["line"]) == (
        "regimes/yy/xx.small.yaml",
        "duplicate",
        2,
    )


@pytest.mark.parametrize(
    ("fail_on", "wrong", "code"),
    [
        ("error", WRONG, 1),
        ("error", NO_CASE, 0),
        ("warning", NO_CASE, 1),
        ("note", NO_CASE, 1),
        ("note", SMALL, 0),
    ],
)
def test_lint_fails_on_the_level_asked_for(
    flopledger: Run, folder: Path, fail_on: str, wrong: str, code: int
) -> None:
    write(folder, wrong)
    assert linted(flopledger, folder, "--fail-on", fail_on)[0] == code


def test_lint_old_review_is_a_note_of_the_day(
    flopledger: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = changed("encoded_by: tests }", "encoded_by: tests, reviewed_on: 2026-05-26 }")
    write(folder, text)
    assert linted(flopledger, folder)[1]["findings"] == []
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(1795305600 + 86_400))
    code, document = linted(flopledger, folder)
    assert code == 0
    assert [item["check"] for item in document["findings"]] == ["review-old"]
    assert linted(flopledger, folder, "--fail-on", "note")[0] == 1
    write(folder, text.replace("2026-05-26", "2026-12-01"))
    (finding,) = linted(flopledger, folder)[1]["findings"]
    assert "has not come" in finding["message"]


def test_lint_passes_over_what_is_excepted_until_its_day(flopledger: Run, folder: Path) -> None:
    write(folder, WRONG)
    write(folder, WAIVER.format(until="2026-11-23"), "lint.yaml")
    code, document = linted(flopledger, folder)
    assert code == 0
    assert document["findings"] == []
    (passed,) = document["excepted"]
    assert (passed["check"], passed["until"]) == ("comparator", "2026-11-23")
    assert passed["line"] == line_of(WRONG, "    when: { ge:")
    assert "lint.yaml passes over 1 finding, the first until 2026-11-23" in (
        flopledger("--rules", str(folder), "rules", "lint").out
    )
    write(folder, WAIVER.format(until="2026-11-22"), "lint.yaml")
    code, document = linted(flopledger, folder)
    assert code == 1
    told = [(item["file"], item["line"], item["check"]) for item in document["findings"]]
    assert ("lint.yaml", 7, "exception-expired") in told
    assert (SMALL_FILE, line_of(WRONG, "    when: { ge:"), "comparator") in told


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [
        ("rule: above", "rule: modifier", "exception-unused"),
        ("rule: above", "rule: nobody", "exception-unused"),
        ("rule: above", "place: rules[0].whe", "exception-unused"),
        ("rule: above", "place: rules[0].when", None),
        ("rule: above", "place: rules", None),
        ("xx.small.yaml", "xx.other.yaml", "exception-unused"),
        ("check: comparator", "check: views", "exception-unused"),
        ("rule: above", "rule: above\n    place: rules[0]", "condition"),
        ("    rule: above\n", "", "condition"),
        ("check: comparator", "check: unresolved", "unresolved"),
        ("until: 2027-01-01", "until: soon", "date"),
        ("schema: lint/1", "schema: lint/2", "word"),
    ],
)
def test_lint_exception_covers_its_place_and_no_other(
    flopledger: Run, folder: Path, old: str, new: str, check: str | None
) -> None:
    write(folder, WRONG)
    text = WAIVER.format(until="2027-01-01")
    assert old in text
    write(folder, text.replace(old, new), "lint.yaml")
    code, document = linted(flopledger, folder)
    told = [item["check"] for item in document["findings"] if item["file"] == "lint.yaml"]
    assert told == ([] if check is None else [check])
    assert code == (0 if check is None else 1 if check == "exception-unused" else 2)


def test_lint_exceptions_of_a_file_that_does_not_load_rest(flopledger: Run, folder: Path) -> None:
    write(folder, WRONG.replace("10^25 FLOP", "10^25"))
    write(folder, WAIVER.format(until="2027-01-01"), "lint.yaml")
    _, document = linted(flopledger, folder)
    assert {item["file"] for item in document["findings"]} == {SMALL_FILE}


def test_lint_exceptions_change_no_digest(flopledger: Run, folder: Path) -> None:
    before = linted(flopledger, folder)[1]["pack"]
    write(folder, "schema: lint/1\nexceptions: []\n", "lint.yaml")
    assert linted(flopledger, folder)[1]["pack"] == before


def test_lint_explains_a_check(flopledger: Run) -> None:
    done = flopledger("rules", "lint", "--explain", "float")
    assert done.code == 0
    check = REGISTRY["float"]
    for part in (check.title, "value: 1e25 FLOP", "value: 10^25 FLOP", "keeps the file"):
        assert part in done.out
    wrong = flopledger("rules", "lint", "--explain", "comparater")
    assert wrong.code == 2
    assert "did you mean comparator" in wrong.err


def test_lint_page_has_a_section_for_every_check() -> None:
    page = (ROOT / "schemas" / PAGE_NAME).read_text("utf-8")
    assert page == check_page(), "run: python tests/regenerate.py"
    headings = [line[4:] for line in page.splitlines() if line.startswith("### ")]
    assert headings == list(REGISTRY)
    for check in REGISTRY.values():
        section = page.partition(f"### {check.id}\n")[2].partition("\n### ")[0]
        told = " ".join(section.split())
        assert " ".join(check.why.split()) in told
        assert " ".join(check.remedy.split()) in told


def test_lint_finds_nothing_in_the_shipped_rules_that_is_not_excepted() -> None:
    found = lint_rules(ROOT / "rules", date(2026, 11, 22))
    assert found.refused == 0
    assert [(flaw.where, flaw.code, flaw.message) for flaw in found.findings] == []


def test_lint_documents_follow_the_published_schema(flopledger: Run, folder: Path) -> None:
    jsonschema = supplied("jsonschema", "jsonschema")
    path = ROOT / "schemas" / "rules-lint.v2.schema.json"
    checker = jsonschema.Draft202012Validator(json.loads(path.read_text("utf-8")))
    write(folder, WAIVER.format(until="2027-01-01"), "lint.yaml")
    for text in (SMALL, WRONG, WRONG.replace("10^25 FLOP", "1e25 FLOP"), "a: ["):
        write(folder, text)
        checker.validate(linted(flopledger, folder)[1])
    assert not checker.is_valid({"schema": "flopledger/rules-lint.v2"})


def test_lint_help_has_an_example() -> None:
    rules = program.get_command(None, "rules")  # type: ignore[arg-type]
    assert rules is not None
    lint = rules.commands["lint"]  # type: ignore[attr-defined]
    assert "flopledger rules lint --explain" in str(lint.epilog)
