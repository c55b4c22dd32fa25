"""A delegated act proposes another line: counsel drafts it, and asks what it would do."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from contracted import contract_text
from jsonschema import validate
from tables import csv_text

from ledger.errors import InputError
from ledger.journeys.saved_scenario import read_scenario

pytestmark = pytest.mark.slow  # minutes; run by hand with `pytest -m slow`
Run = Callable[..., Any]
ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "schemas" / "whatif-book.v1.schema.json"
FORWARD = "fwd-2027-q1"
OLD = """      - from: 2025-08-02
        known: 2024-07-12
        value: 10^25 FLOP
"""
NEW = """      - from: 2025-08-02
        until: 2027-08-02
        known: 2024-07-12
        value: 10^25 FLOP
        cite: { source: ai-act, at: Art. 51(2), phrase: greater than }
        provenance: verified
      - from: 2027-08-02
        known: 2026-11-20
        value: 3*10^25 FLOP
"""
LATER = ("--in-force-on", "2027-08-02")


@pytest.fixture
def lab(flopledger: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A lab with one model at 6*10^24, one at 2*10^25, and the forward for the first."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795428000")  # 2026-11-23T10:00:00Z
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    row = {"developer": "lab-a", "start": "", "end": "", "not_after": "2026-11-20"}
    row |= {"devices": "", "device": ""}
    small = row | {"run": "a", "model": "falcon-2", "operations": "6*10^24"}
    large = row | {"run": "b", "model": "owl-1", "operations": "2*10^25"}
    Path("t.csv").write_text(csv_text(small, large))
    assert flopledger("import", "t.csv", "--source", "csv").code == 0
    Path("c.yaml").write_text(contract_text())
    done = flopledger("contract", "add", "c.yaml")
    assert done.code == 0, done.err
    return flopledger


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A copy of the rules in which one line is raised from a day on."""
    folder = tmp_path / "draft"
    shutil.copytree(ROOT / "rules", folder)
    (folder / "pack.v1.json").unlink()
    path = folder / "regimes" / "eu" / "eu.aia.yaml"
    text = path.read_text("utf-8")
    assert text.count(OLD) == 1
    path.write_text(text.replace(OLD, NEW), "utf-8")
    return path


def digests(*folders: Path) -> dict[str, str]:
    """Digests of all files below."""
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def whatif(run: Run, *options: str, code: int = 0) -> dict[str, Any]:
    """Ask what if, as JSON, which the published schema must describe."""
    done = run("rules", "whatif", "-f", "json", *options)
    assert done.code == code, done.err
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    assert isinstance(document, dict)
    return document


def crossing(document: dict[str, Any], subject: str = "model:falcon-2") -> dict[str, Any]:
    """What happens to the crossing of the presumption."""
    (found,) = [
        each
        for each in document["crossings"]
        if (each["rule"], each["subject"]) == ("gpaisr-presumption", subject)
    ]
    assert isinstance(found, dict)
    return found


def test_a_line_is_raised_in_a_draft_and_saved_as_a_scenario(lab: Run, draft: Path) -> None:
    rules = str(draft.parents[2])
    linted = lab("--rules", rules, "rules", "lint")
    assert linted.code == 0, linted.out + linted.err
    tested = lab("--rules", rules, "rules", "test", "eu.aia", "--written")
    assert tested.code == 0, tested.out + tested.err

    before = digests(ROOT / "rules", draft.parent), Path("ledger.db").read_bytes()
    asked = ("--pack", str(draft), "--slip", f"{FORWARD}=30", *LATER)
    document = whatif(lab, *asked, "--save", "raised.scenario.json")
    # The law alone decides: the model no longer crosses, and the other is no longer above it.
    moved = crossing(document)
    assert moved["kind"] == "leaves"
    assert moved["today"]["crossing"]["point"]["at"] == "2027-01-31T01:30:34Z"
    assert moved["then"]["crossing"]["point"]["at"] is None
    effects = {(each["rule"], each["subject"]): each["kind"] for each in document["law"]["effects"]}
    assert effects["gpaisr-presumption", "model:owl-1"] == "leaves"
    assert effects["gpaisr-presumption", "model:falcon-2"] == "leaves"
    (contract,) = document["contracts"]
    assert contract["contract"] == FORWARD
    assert contract["supposed"] == [f"{FORWARD} delivered 30 days later"]
    assert {"regime": "eu.aia", "rule": "gpaisr-presumption", "subject": "model:falcon-2"} in (
        contract["outcomes"]
    )
    # Everything is stamped, and nothing in use was touched.
    assert document["hypothetical"] is document["law"]["hypothetical"] is True
    told = lab("rules", "whatif", *asked, "-f", "markdown").out
    titles = [line for line in told.splitlines() if line.startswith("## ")]
    assert titles
    assert all(title.startswith("## Hypothetical") for title in titles)
    assert (digests(ROOT / "rules", draft.parent), Path("ledger.db").read_bytes()) == before

    # Asked again from the file, it is the same; and it is no law.
    again = whatif(lab, "--scenario", "raised.scenario.json")
    for held in (again, document):  # the draft is named as it was given, or by its whole path
        (named,) = held["law"]["scenario"]["drafts"]
        assert Path(named.pop("given")).resolve() == draft.resolve()
    assert again == document
    assert lab("--rules", "raised.scenario.json", "rules", "list").code == 2
    assert (
        lab("rules", "whatif", "--set", "eu.aia/x=1", "--draft", "raised.scenario.json").code == 2
    )


def test_law_and_book_move_one_line_together(lab: Run) -> None:
    lower = ("--set", "eu.aia/systemic-risk-flop=9*10^24 FLOP")
    law = crossing(whatif(lab, "--book", *lower))
    book = crossing(whatif(lab, "--slip", f"{FORWARD}=30"))
    both = crossing(whatif(lab, *lower, "--slip", f"{FORWARD}=30"))
    days = {
        name: each["then"]["crossing"]["point"]["at"][:10]
        for name, each in (("law", law), ("book", book), ("both", both))
    }
    assert days == {"law": "2027-01-23", "book": "2027-03-02", "both": "2027-02-22"}
    assert both["today"]["crossing"]["point"]["at"][:10] == "2027-01-31"
    assert (both["kind"], round(Fraction(both["days"]))) == ("moves", 22)


def test_capacity_meant_for_another_model_is_known_of_that_model(lab: Run) -> None:
    document = whatif(lab, "--reallocate", f"{FORWARD}=lark-3")
    effects = {(each["rule"], each["subject"]): each for each in document["law"]["effects"]}
    assert effects["gpaisr-presumption", "model:falcon-2"]["kind"] == "leaves"
    entered = effects["gpaisr-presumption", "model:lark-3"]
    assert entered["kind"] == "enters"
    assert entered["new"]["hypothetical"] is True
    # The commitment as it is, and as it is supposed.
    names = {each["contract"]: each["model"] for each in document["law"]["commitments"]}
    assert names == {FORWARD: "falcon-2", f"{FORWARD} (supposed)": "lark-3"}


def test_statuses_tell_same_error_and_different_apart(lab: Run) -> None:
    detailed = ("rules", "whatif", "--detailed-exitcode")
    assert lab(*detailed, "--slip", f"{FORWARD}=30").code == 2
    assert lab(*detailed, "--slip", f"{FORWARD}=0").code == 0
    assert lab(*detailed, "--slip", "nothing=30").code == 1
    assert lab(*detailed, "--no-such-option").code == 1
    assert lab("rules", "whatif", "--slip", f"{FORWARD}=30").code == 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        # A lost exponent is no line.
        (("--set", "eu.aia/systemic-risk-flop=1025 FLOP"), "looks like a power"),
        # A retroactive figure must be said to be one: it binds before it was known.
        (("--set", "eu.aia/systemic-risk-flop=10^26 FLOPS"), "FLOPS"),
        (("--book",), "nothing is supposed"),
        (("--scenario", "none.json"), "cannot read none.json"),
        (("--scenario", "t.csv"), "t.csv"),
    ],
)
def test_what_cannot_be_supposed_is_refused(lab: Run, options: tuple[str, ...], told: str) -> None:
    done = lab("rules", "whatif", *options)
    assert done.code == 2
    assert told in done.err
    assert done.out == ""


def test_a_scenario_is_the_one_that_was_saved_or_is_refused(lab: Run, draft: Path) -> None:
    asked = ("rules", "whatif", "--pack", str(draft), *LATER)
    assert lab(*asked, "--save", "s.json").code == 0
    # Never among rules, over its draft, or over the ledger.
    beside = str(draft.parent / "s.json")
    rules = str(draft.parents[2])
    refused = lab("--rules", rules, "rules", "whatif", "--slip", f"{FORWARD}=1", "--save", beside)
    assert (refused.code, "lies among rules" in refused.err) == (2, True)
    assert lab(*asked, "--save", str(draft)).code == 2
    assert lab(*asked, "--save", "ledger.db").code == 2
    mixed = lab("rules", "whatif", "--scenario", "s.json", "--slip", f"{FORWARD}=1")
    assert (mixed.code, "as it was saved" in mixed.err) == (2, True)
    # What the draft says may not change.
    draft.write_text(draft.read_text("utf-8").replace("3*10^25 FLOP", "4*10^25 FLOP"), "utf-8")
    changed = lab("rules", "whatif", "--scenario", "s.json")
    assert (changed.code, "says something else" in changed.err) == (2, True)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"hypothetical": "false"},
        {"more": "x"},
        {"pack": "12"},
        {"as_of": "soon"},
        {"book": [{"change": "slip", "contract": "c"}]},
        {"book": [{"change": "exercise", "contract": "c", "value": "30"}]},
        {"drafts": [{"file": "d.yaml"}]},
        {"schema": "flopledger/pack.v1"},
        {"schema": "flopledger/scenario.v1"},
        {"asks_book": "false"},
        {"asks_book": "perhaps"},
    ],
)
def test_a_scenario_is_read_strictly(spoilt: dict[str, Any]) -> None:
    text = (ROOT / "tests" / "vectors" / "scenario.v2.json").read_text()
    saved = read_scenario(text.encode(), "s.json")
    assert json.loads(text) == saved.document()
    with pytest.raises(InputError):
        read_scenario(json.dumps(json.loads(text) | spoilt).encode(), "s.json")


def test_the_file_of_a_scenario_is_published(lab: Run) -> None:
    options = ("--set", "eu.aia/systemic-risk-flop=3*10^25 FLOP,from=2027-08-02")
    book = ("--slip", f"{FORWARD}=30", "--reallocate", f"{FORWARD}=owl-1@1/4")
    assert lab("rules", "whatif", *options, *book, "--save", "s.json").code == 0
    saved = json.loads(Path("s.json").read_text())
    pack = saved.pop("pack")
    assert len(pack) == 64
    golden = json.loads((ROOT / "tests" / "vectors" / "scenario.v2.json").read_text())
    golden.pop("pack")
    assert saved == golden
    assert list(saved) == list(golden)


def test_old_days_are_asked_under_the_law_of_those_days(lab: Run, draft: Path) -> None:
    # Before the day on which the draft begins, nothing changes, and a note says when it does.
    found = lab("rules", "whatif", "--pack", str(draft), "-f", "json")
    document = json.loads(found.out)
    assert document["effects"] == []
    assert any("2027-08-02" in note for note in document["notes"])
