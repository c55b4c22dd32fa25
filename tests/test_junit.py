"""JUnit: one suite a regime, one test case a case, and counts that agree with the document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from regimes import ROOT, SMALL, changed, shipped_words, small

from ledger.determination import PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench, CaseResult, Mismatch
from ledger.regime.boundary import Boundary, lines
from ledger.report.junit import junit_text

Run = Callable[..., Any]
HOSTILE = "over <&>\"'\x00\x1b[31m\ud800\ufffe ]]> \u2028 \U0001f600"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of rules in which one case of two regimes comes out otherwise."""
    rules = tmp_path / "law"
    (rules / "vocabulary").mkdir(parents=True)
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (rules / "vocabulary" / path.name).write_bytes(path.read_bytes())
    (rules / "regimes" / "xx").mkdir(parents=True)
    wrong = changed("operations: 10^25 FLOP, on", "operations: 10000000000000000000000001 FLOP, on")
    (rules / "regimes" / "xx" / "xx.small.yaml").write_text(wrong, encoding="utf-8")
    other = SMALL.replace("id: xx.small", "id: xx.other")
    (rules / "regimes" / "xx" / "xx.other.yaml").write_text(other, encoding="utf-8")
    return rules


def count(element: ET.Element) -> dict[str, int]:
    """Return the counts that an element states."""
    return {key: int(element.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}


def found(element: ET.Element) -> dict[str, int]:
    """Return the counts of what stands below an element."""
    return {
        "tests": len(element.findall(".//testcase")),
        "failures": len(element.findall(".//failure")),
        "errors": len(element.findall(".//error")),
        "skipped": len(element.findall(".//skipped")),
    }


def test_junit_counts_agree_with_what_stands_there_and_with_the_document(
    flopledger: Run, folder: Path
) -> None:
    asked = ("--rules", str(folder), "rules", "test")
    done = flopledger(*asked, "-f", "junit")
    assert done.code == 1
    document = json.loads(flopledger(*asked, "-f", "json").out)
    root = ET.fromstring(done.out)
    assert root.tag == "testsuites"
    assert count(root) == found(root)
    suites = root.findall("testsuite")
    assert [suite.attrib["name"] for suite in suites] == ["xx.other", "xx.small"]
    for suite in suites:
        assert count(suite) == found(suite)
        own = [case for case in document["cases"] if case["regime"] == suite.attrib["name"]]
        cases = [case for case in suite.findall("testcase") if case.find("skipped") is None]
        assert [case.attrib["name"] for case in cases] == [case["name"] for case in own]
        for case, stated in zip(cases, own, strict=True):
            assert (case.find("failure") is None) == stated["passed"]
            kind = "generated" if stated["generated"] else "written"
            assert case.attrib["classname"] == f"{suite.attrib['name']}.{kind}"
            marked = case.find("properties/property")
            assert marked is not None
            assert marked.attrib == {"name": "generated", "value": str(stated["generated"]).lower()}
    assert count(root)["failures"] == document["failed"] > 0
    assert count(root)["tests"] == len(document["cases"]) + len(document["without_case"])
    packs = {each.attrib["value"] for each in root.iterfind("testsuite/properties/property")}
    assert packs == {document["pack"]}


def test_junit_failure_says_what_was_expected_and_found(flopledger: Run, folder: Path) -> None:
    done = flopledger(
        "--rules", str(folder), "rules", "test", "xx.small", "--written", "-o", "cases.xml"
    )
    assert done.code == 1
    root = ET.parse(folder.parent / "cases.xml").getroot()
    (failure,) = root.iterfind(".//failure")
    told = "above model:m finding: expected not_met, found undetermined"
    assert told in str(failure.attrib["message"])
    assert told in str(failure.text)
    assert count(root)["skipped"] == 0


def test_junit_holds_any_name() -> None:
    regime = small()
    case = regime.cases[0].model_copy(update={"name": HOSTILE})
    wrong = Mismatch("above", HOSTILE, "finding", "<met>", "]]>\x08")
    text = junit_text(
        "0" * 64, [CaseResult("xx.small", case, generated=False, mismatches=(wrong,))], []
    )
    root = ET.fromstring(text)
    (element,) = root.iterfind(".//testcase")
    name = element.attrib["name"]
    for part in ("<&>\"'", "\\x00", "\\x1b[31m", "\\xd800", "\\xfffe", "]]>", "\U0001f600"):
        assert part in name
    (failure,) = root.iterfind(".//failure")
    assert "expected <met>, found ]]>\\x08" in failure.attrib["message"]
    assert text.encode("utf-8").decode("utf-8") == text


def test_junit_shows_a_line_without_a_case_as_skipped() -> None:
    regime = small()
    bench = Bench(shipped_words(), PlainEngine, PlainEvaluator())
    _, unreached = bench.run_generated(regime)
    silent = [Boundary(line, ()) for line in lines(regime)][:2] + list(unreached)
    root = ET.fromstring(junit_text("0" * 64, [], [(regime.id, each) for each in silent]))
    assert count(root) == found(root)
    assert count(root)["skipped"] == len(silent)
    (suite,) = root
    assert suite.attrib["name"] == "xx.small"


def test_junit_of_nothing_is_an_empty_report() -> None:
    root = ET.fromstring(junit_text("0" * 64, [], []))
    assert count(root) == {"tests": 0, "failures": 0, "errors": 0, "skipped": 0}
