"""Steps that the ledger holds from another log: every run is looked up, or it is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from megatronlogs import HEAD, step, written
from retelling import Imports
from sealed import found, opened
from tables import catalogue

from ledger.cli.context import Context
from ledger.cli.opening import open_reader
from ledger.importers.megatron import IMPORTER
from ledger.journeys.importing import Request, import_files
from ledger.journeys.resumed import done_before
from ledger.record import Draft

ZONE = {"zone": "UTC", "activity": "pretrain"}


def logs(folder: Path, number: int, *, begin: int = 0, head: str = HEAD) -> Path:
    """Logs of that many runs, each an hour after the one before."""
    folder.mkdir()
    for n in range(number):
        at = begin + 3600 * n
        lines = (step(100, at + 100), step(200, at + 200))
        written(folder, *lines, head=head, name=f"run{n:02}.log")
    return folder


def codes(told: Any) -> list[str]:
    return [problem.code for problem in told.problems]


@pytest.mark.parametrize("chunk", [1, 10_000])
def test_what_the_first_records_do_not_add_is_told_with_those_that_do(
    tmp_path: Path, chunk: int
) -> None:
    context = found(tmp_path)
    first, again = logs(tmp_path / "first", 3), logs(tmp_path / "again", 3, begin=100_000)
    (again / "run00.log").write_bytes((first / "run00.log").read_bytes())
    for folder, told in ((first, 0), (again, 2)):
        with opened(context) as log:
            request = Request(IMPORTER, ZONE, catalogue(), chunk=chunk, shelf=open_reader(context))
            assert codes(import_files(log, request, [folder])).count("steps-held") == told


@pytest.mark.parametrize("chunk", [1, 10_000])
def test_steps_of_every_run_are_looked_up_whatever_the_chunk(tmp_path: Path, chunk: int) -> None:
    context: Context = found(tmp_path)
    first, again = logs(tmp_path / "first", 3), logs(tmp_path / "again", 3, begin=100_000)
    for folder, told in ((first, 0), (again, 3)):
        with opened(context) as log:
            request = Request(IMPORTER, ZONE, catalogue(), chunk=chunk, shelf=open_reader(context))
            assert codes(import_files(log, request, [folder])).count("steps-held") == told


def test_runs_that_are_not_looked_up_are_said(imports: Imports, tmp_path: Path) -> None:
    asked = ("--set", "zone=UTC", "--set", "activity=pretrain")
    ran = imports(logs(tmp_path / "first", 20), *asked)
    assert "steps-not-asked" not in [problem["code"] for problem in ran["problems"]]
    ran = imports(logs(tmp_path / "again", 23, begin=100_000), *asked)
    told = [problem for problem in ran["problems"] if problem["code"] == "steps-not-asked"]
    (note,) = told
    assert note["message"].startswith("3 more runs of these logs were not looked up")
    assert [problem["code"] for problem in ran["problems"]].count("steps-held") == 20


def test_nothing_is_gone_through_where_nobody_can_be_asked() -> None:
    def never() -> Iterator[Draft]:
        raise AssertionError
        yield

    assert done_before(never(), None, "run.log") == ()
