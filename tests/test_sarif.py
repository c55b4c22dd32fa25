"""SARIF: what lint finds, in the structure that version 2.1.0 asks for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from regimes import ROOT, SMALL, changed
from supplied import supplied

from ledger.journeys.linting import Linted
from ledger.regime.diagnosis import Flaw
from ledger.regime.registry import REGISTRY
from ledger.report.checks import PAGE_NAME
from ledger.report.sarif import sarif_document

Run = Callable[..., Any]
TEXT = {"type": "string"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
URI = {"type": "string", "format": "uri"}


def node(required: list[str], **properties: Any) -> dict[str, Any]:
    """Return the schema of an object with these properties and no others."""
    return {
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": False,
    }


def listed(item: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": item, **more}


# The objects of the standard that a lint log uses, with the properties that it gives each.
MESSAGE = node(["text"], text=TEXT, markdown=TEXT)
ARTIFACT = node([], uri={**TEXT, "format": "uri-reference"}, uriBaseId=TEXT, description=MESSAGE)
REGION = node(["startLine"], startLine={"type": "integer", "minimum": 1})
LOCATION = node(
    [],
    physicalLocation=node(["artifactLocation"], artifactLocation=ARTIFACT, region=REGION),
    logicalLocations=listed(node([], fullyQualifiedName=TEXT), uniqueItems=True),
)
DESCRIPTOR = node(
    ["id"],
    id=TEXT,
    shortDescription=MESSAGE,
    fullDescription=MESSAGE,
    help=MESSAGE,
    helpUri=URI,
    defaultConfiguration=node([], level=LEVEL),
    properties=node([], tags=listed(TEXT, uniqueItems=True)),
)
RESULT = node(
    ["message"],
    ruleId=TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=LEVEL,
    message=MESSAGE,
    locations=listed(LOCATION),
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    suppressions=listed(
        node(["kind"], kind={"enum": ["inSource", "external"]}, justification=TEXT),
        uniqueItems=True,
    ),
)
DRIVER = node(
    ["name"],
    name=TEXT,
    semanticVersion=TEXT,
    informationUri=URI,
    rules=listed(DESCRIPTOR, uniqueItems=True),
)
RUN = node(
    ["tool"],
    tool=node(["driver"], driver=DRIVER),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    invocations=listed(node(["executionSuccessful"], executionSuccessful={"type": "boolean"})),
    originalUriBaseIds={"type": "object", "additionalProperties": ARTIFACT},
    results=listed(RESULT),
)
LOG = node(
    ["version", "runs"],
    **{"$schema": URI, "version": {"const": "2.1.0"}, "runs": listed(RUN)},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder of rules with a hostile name, in which one regime has two mistakes."""
    rules = tmp_path / "the law #1"
    (rules / "vocabulary").mkdir(parents=True)
    for path in (ROOT / "rules" / "vocabulary").glob("*.yaml"):
        (rules / "vocabulary" / path.name).write_bytes(path.read_bytes())
    (rules / "regimes" / "xx").mkdir(parents=True)
    wrong = changed("    when: { gt: [compute, line] }", "    when: { ge: [compute, line] }")
    wrong = changed("  share:\n", "  spare:\n", text=wrong).replace("[share,", "[spare,")
    (rules / "regimes" / "xx" / "xx.small.yaml").write_text(wrong, encoding="utf-8")
    return rules


def logged(flopledger: Run, rules: Path) -> dict[str, Any]:
    """Return the log of a folder, which follows the structure."""
    jsonschema = supplied("jsonschema", "jsonschema")
    document = json.loads(flopledger("--rules", str(rules), "rules", "lint", "-f", "sarif").out)
    jsonschema.Draft202012Validator(LOG).validate(document)
    assert isinstance(document, dict)
    return document


def test_sarif_names_every_check_with_its_page(flopledger: Run, folder: Path) -> None:
    (run,) = logged(flopledger, folder)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(REGISTRY)
    for rule in rules:
        check = REGISTRY[rule["id"]]
        assert rule["helpUri"].endswith(f"/schemas/{PAGE_NAME}#{check.id}")
        assert rule["fullDescription"]["text"] == check.why
        assert rule["defaultConfiguration"]["level"] == check.level
        assert check.remedy.split()[0] in rule["help"]["text"]


def test_sarif_result_points_into_the_file(flopledger: Run, folder: Path) -> None:
    (run,) = logged(flopledger, folder)["runs"]
    rules = run["tool"]["driver"]["rules"]
    text = (folder / "regimes" / "xx" / "xx.small.yaml").read_text("utf-8").splitlines()
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "comparator"
    assert result["level"] == "error"
    assert "write gt, or quote the words" in result["message"]["text"]
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert "when: { ge:" in text[physical["region"]["startLine"] - 1]
    uri = urlsplit(physical["artifactLocation"]["uri"])
    assert not uri.fragment
    assert (folder.parent / unquote(uri.path)).is_file()
    assert location["logicalLocations"] == [{"fullyQualifiedName": "rules[0].when"}]


def test_sarif_of_rules_elsewhere_names_no_folder_of_the_machine(
    flopledger: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    document = logged(flopledger, folder)
    (run,) = document["runs"]
    artifact = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact == {"uri": "regimes/xx/xx.small.yaml", "uriBaseId": "RULES"}
    assert "RULES" in run["originalUriBaseIds"]
    assert str(tmp_path) not in json.dumps(document)


def test_sarif_passes_over_with_the_reason(flopledger: Run, folder: Path) -> None:
    (folder / "lint.yaml").write_text(
        "schema: lint/1\nexceptions:\n  - { check: comparator, file: regimes/xx/xx.small.yaml, "
        "rule: above, reason: Read as at least., until: 2999-01-01 }\n",
        encoding="utf-8",
    )
    (run,) = logged(flopledger, folder)["runs"]
    (result,) = run["results"]
    assert result["suppressions"] == [{"kind": "external", "justification": "Read as at least."}]


def test_sarif_of_files_that_do_not_load_and_of_none_wrong(
    flopledger: Run, folder: Path, tmp_path: Path
) -> None:
    file = folder / "regimes" / "xx" / "xx.small.yaml"
    file.write_text("a: [", encoding="utf-8")
    (run,) = logged(flopledger, folder)["runs"]
    assert [(item["ruleId"], item["level"]) for item in run["results"]] == [("yaml", "error")]
    file.write_text(SMALL, encoding="utf-8")
    (run,) = logged(flopledger, folder)["runs"]
    assert run["results"] == []
    done = flopledger("--rules", str(folder), "rules", "lint", "-o", "lint.sarif")
    assert done.code == 0
    assert json.loads((tmp_path / "lint.sarif").read_text("utf-8"))["version"] == "2.1.0"
    other = flopledger("--rules", str(folder), "rules", "list", "-o", "list.sarif")
    assert other.code == 0
    assert "xx.small" in (tmp_path / "list.sarif").read_text("utf-8")


def test_sarif_names_a_check_that_the_registry_lacks() -> None:
    flaw = Flaw("regimes/a.yaml", "", "new-kind", "what", "")
    (run,) = sarif_document(Linted(None, 0, 1, (flaw,), ()), "")["runs"]
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "new-kind"
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}
