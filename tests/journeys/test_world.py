"""One world of labs and clouds: every page opens, every trial ends as its guide says."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pytest
import yaml
from builtworld import page
from icalendar import Calendar

from ledger.cli.app import run
from ledger.cli.world import build
from ledger.cli.world_guide import TRIALS, trials
from ledger.cli.world_steps import PAGES
from ledger.errors import ConflictError

pytestmark = pytest.mark.slow  # minutes; run by hand with `pytest -m slow`
ROOT = Path(__file__).resolve().parents[2]
LABS = ("lab-a", "lab-b", "lab-c")
VOID = {"meta", "link", "br", "hr", "img", "input", "col"}
Within = Callable[[str], int]


class Balanced(HTMLParser):
    """Reads a page and refuses a tag that is closed out of turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what is open; a page to keep asks nobody for anything."""
        assert not [
            value for name, value in attrs if name in {"src", "href"} and "//" in str(value)
        ]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost tag."""
        assert self.open.pop() == tag, self.getpos()

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.text += data


def shown(calendar: Calendar) -> str:
    """Return a calendar as the parser would write it."""
    written: bytes = calendar.to_ical()
    return written.decode().replace("\r\n", "\n")


def opened(path: Path) -> Any:
    """Open a file with a parser of its kind."""
    if path.suffix == ".xlsx":
        return [sheet.title for sheet in openpyxl.load_workbook(path)]
    text = path.read_text("utf-8")
    match path.suffix:
        case ".json":
            return json.loads(text)
        case ".csv":
            tables = [list(csv.reader(part.splitlines())) for part in text.strip().split("\n\n")]
            assert all(len({len(row) for row in table}) == 1 for table in tables)
            return tables
        case ".ics":
            calendar = Calendar.from_ical(text)
            assert not calendar.errors
            # The parser forgives an end of another name.
            ends = re.findall(r"^(BEGIN|END):(\w+)$", text, re.MULTILINE)
            assert ends == re.findall(r"^(BEGIN|END):(\w+)$", shown(calendar), re.MULTILINE)
            return calendar
        case ".html":
            reader = Balanced()
            reader.feed(text)
            reader.close()
            assert reader.open == []
            return reader.text
        case ".txt":
            return text
    raise AssertionError(f"no parser for {path}")


def schema_of(document: dict[str, Any]) -> dict[str, Any] | None:
    """Return the published schema that a page names, if one is published for it."""
    path = ROOT / "schemas" / f"{document['schema'].removeprefix('flopledger/')}.schema.json"
    found: dict[str, Any] | None = json.loads(path.read_text("utf-8")) if path.exists() else None
    return found


def numbers(world: Path) -> dict[str, str]:
    """Return the numbers of entries that the guide gives."""
    text = (world / "README.txt").read_text("utf-8")
    return {
        "h20": re.findall(r"impact (\d+)", text)[0],
        "forged": re.findall(r"Entry (\d+) of broken/forged", text)[0],
    }


def test_every_page_opens_and_is_what_it_says(world: Path) -> None:
    pages = sorted((world / "pages").iterdir())
    suffixes = {path.suffix for path in pages}
    assert suffixes == {".json", ".csv", ".ics", ".html", ".txt", ".xlsx"}
    validated = 0
    for path in pages:
        found = opened(path)
        assert found, path
        if path.suffix == ".json" and (schema := schema_of(found)) is not None:
            jsonschema.Draft202012Validator(schema).validate(found)
            validated += 1
    assert validated >= 15
    asked = " ".join(step.command for step in PAGES)
    assert all(f"pages/{path.name}" in asked for path in pages)


def test_the_calendars_hold_the_dates_of_the_list(world: Path) -> None:
    for lab in LABS:
        events = opened(world / "pages" / f"{lab}-duties.ics").walk("VEVENT")
        assert len(events) >= 1
        assert all(event["UID"] and event["DTSTART"] for event in events)


def test_the_guide_tells_of_every_file(world: Path) -> None:
    told = (world / "README.txt").read_text("utf-8").splitlines()
    here = {str(path.relative_to(world)) for path in world.rglob("*") if path.is_file()}
    made_later = {path for path in here if ".projection" in path or path.endswith(("-wal", "-shm"))}
    assert here - made_later <= set(told)


LIGHT = ("contract", "position", "reconcile", "verify", "witness")
"""Words of trials that take well under a second; the others are among the pages, too."""


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(
            number,
            marks=[] if any(word in each.command for word in LIGHT) else pytest.mark.slow,
            id=each.command.replace("--ledger ", "")[:40],
        )
        for number, each in enumerate(TRIALS)
    ],
)
def test_each_trial_ends_as_the_guide_says(
    world: Path, within: Within, number: int, capfd: pytest.CaptureFixture[str]
) -> None:
    trial = trials(numbers(world))[number]
    assert within(trial.command) == trial.status, capfd.readouterr().err


def test_the_forged_entry_is_named(
    world: Path, within: Within, capfd: pytest.CaptureFixture[str]
) -> None:
    assert within("--ledger broken/forged/ledger.db verify") == 4
    assert f"entry {numbers(world)['forged']}:" in capfd.readouterr().err
    # The ledger that it was copied from verifies.
    assert page(world, "lab-b-verify.json")["ledger"]["size"] > int(numbers(world)["forged"])


def test_three_labs_record_eight_models_over_two_years(world: Path) -> None:
    models, days, parents = set[str](), set[str](), set[str]()
    for lab in LABS:
        with closing(sqlite3.connect(world / "labs" / lab / "ledger.db")) as store:
            bodies = [json.loads(data) for (data,) in store.execute("SELECT bytes FROM entries")]
        days |= {entry["recorded_at"][:10] for entry in bodies}
        steps = [entry["body"] for entry in bodies if entry["type"] == "lineage"]
        models |= {step["model"] for step in steps}
        parents |= {step["parent"] for step in steps}
    assert len(models) == len(parents) == 8
    assert all(model.startswith("synth-") for model in models)
    assert (min(days), max(days)) == ("2024-11-25", "2026-11-23")


def test_figures_of_real_models_are_those_that_ship(world: Path) -> None:
    shipped = (ROOT / "ledger" / "_demo" / "published_runs.csv").read_text("utf-8").splitlines()
    copied = [
        line
        for lab in LABS
        for line in (world / "labs" / lab / "work" / "published-parents.csv")
        .read_text("utf-8")
        .splitlines()
    ]
    assert set(copied) <= set(shipped)
    assert len(copied) == 8 + len(LABS)


def test_the_correction_would_cross_the_line(world: Path) -> None:
    found = page(world, "lab-a-impact.json")
    turned = {
        (f"{each['regime']}/{each['rule']}", each["subject"]): (
            each["old"]["finding"],
            each["new"]["finding"],
        )
        for each in found["determinations"]
    }
    assert turned["eu.aia/gpaisr-presumption", "model:synth-a3"] == ("not_met", "met")


def test_the_forward_book_has_every_kind_of_contract(world: Path) -> None:
    files = [*world.glob("*/contracts/*.yaml"), *world.glob("*/*/contracts/*.yaml")]
    sheets = [yaml.safe_load(path.read_text("utf-8")) for path in files]
    assert len(sheets) == 12
    assert {sheet["kind"] for sheet in sheets} == {"forward", "option", "reservation", "plan"}
    assert {sheet["grade"]["interconnect"] for sheet in sheets} >= {"H", "Hx", "A", "B"}
    priced = [sheet["price"] for sheet in sheets if sheet["price"] != "none"]
    assert {price["interconnect"] for price in priced} == {"included", "apart"}
    standing = {each["contract"]: each for each in page(world, "lab-a-contracts.json")["contracts"]}
    expired = {sheet["contract"] for sheet in sheets} - set(standing)
    assert expired == {"fwd-2026-q2-expired"}
    assert standing["fwd-2027-q2-novated"]["seller"] == "Reseller"
    delivered = {
        name: sum(int(part["delivered_us"]) for part in each["parts"])
        for name, each in standing.items()
    }
    assert [name for name, us in delivered.items() if us] == ["res-2026-q4"]


def test_a_line_will_be_crossed_and_has_a_day_to_act_by(world: Path) -> None:
    held = page(world, "lab-a-forecast.json")["forecasts"]
    (found,) = (
        each
        for each in held
        if (each["rule"], each["subject"]) == ("gpaisr-presumption", "model:synth-a1")
    )
    assert found["crossing"]["point"]["at"][:10] == "2027-02-04"
    # Two weeks after the signature of 2026-11-16.
    assert (found["known_on"], found["notify_by"]) == ("2026-11-16", "2026-11-30")


def test_what_the_provider_signed_gives_a_run_its_grade(world: Path) -> None:
    found = page(world, "lab-a-reconcile.json")["runs"]
    grades = {each["run"]: each["grade"]["letter"] for each in found}
    assert grades["a2-preference"] == "B"
    assert grades["a1-continue"] == "D"


def test_the_draft_lets_models_leave(world: Path) -> None:
    effects = page(world, "lab-a-whatif.json")["effects"]
    leaving = {each["subject"] for each in effects if each["kind"] == "leaves"}
    assert "model:synth-a2" in leaving


def test_bundles_are_archives_that_the_authority_verifies(world: Path) -> None:
    for lab in LABS:
        with zipfile.ZipFile(world / "authority" / f"{lab}.zip") as archive:
            assert archive.testzip() is None
        assert "lab" in opened(world / "pages" / f"{lab}-verdict.html")


def test_a_real_ledger_of_the_world_takes_nothing_more(
    within: Within, capfd: pytest.CaptureFixture[str]
) -> None:
    status = within(
        "--ledger labs/lab-a/ledger.db fact set model:synth-a1 model.free_and_open_source no"
    )
    assert status == 2
    assert "keys and salts are public" in capfd.readouterr().err


def test_nothing_is_built_where_something_is(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", "utf-8")
    for place in (tmp_path / "mine", tmp_path / "mine" / "letter.txt"):
        with pytest.raises(ConflictError, match="already there"):
            build(place)
    assert run(["demo", "--world", str(tmp_path / "mine")]) == 2
    assert run(["demo", "--world", str(tmp_path / "new"), "--keep", str(tmp_path / "old")]) == 2
    assert [path.name for path in tmp_path.rglob("*")] == ["mine", "letter.txt"]


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    asked = [sys.executable, "-m", "ledger", "demo", "--world", "w"]
    with subprocess.Popen(asked, cwd=tmp_path, stderr=subprocess.PIPE, env=os.environ) as building:
        while not list(tmp_path.glob(".w.*/labs/lab-a/ledger.db")):
            assert building.poll() is None
            time.sleep(0.05)
        building.send_signal(signal.SIGINT)
        _, told = building.communicate()
    # Python kills itself by the signal if it came while a text was executed, as dataclasses do;
    # to a shell that is 130 as well.
    assert building.returncode in {130, -signal.SIGINT}
    assert b"nothing is half-written" in told
    assert [path.name for path in tmp_path.iterdir()] == ["w"]
    assert list((tmp_path / "w").iterdir()) == []


@pytest.mark.slow
def test_the_world_repeats_byte_for_byte(world: Path, tmp_path: Path) -> None:
    build(tmp_path / "again")
    files = [path for path in world.rglob("*") if path.is_file()]
    databases = {".db", ".db-wal", ".db-shm"}
    for path in files:
        if path.suffix not in databases and ".projection" not in str(path):
            other = tmp_path / "again" / path.relative_to(world)
            assert other.read_bytes() == path.read_bytes(), path
