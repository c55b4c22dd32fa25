"""A check that writes a table takes plain models: what it says is what pydantic has it say."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from builtworld import TODAY
from regimes import ROOT

from ledger.cli import models
from ledger.cli.app import COMMANDS, program
from ledger.cli.models import plain_suffice

SAY = "from ledger.modelling import PLAIN; print(PLAIN, 'pydantic' in sys.modules)"
BY_MAIN = f"""
import atexit, sys
from ledger.cli.app import main
def say():
    sys.stdout.flush(); sys.stdout = sys.stderr
    {SAY}
atexit.register(say)
main()
"""
BY_RUN = f"""
import sys
from ledger.cli.app import run
status = run(sys.argv[1:])
sys.stdout.flush(); sys.stdout = sys.stderr
{SAY}
sys.exit(status)
"""


def ran(code: str, folder: Path, *arguments: str) -> tuple[int, bytes, str, str]:
    """Run a command line in a process of its own; return also which models it took."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "SOURCE_DATE_EPOCH": str(TODAY)},
    )
    told = done.stderr.decode().splitlines()
    return done.returncode, done.stdout, "\n".join(told[:-1]), told[-1]


@pytest.mark.parametrize(
    "words",
    [
        "check",
        "--quiet check",
        "--ledger check check",
        "--ledger=x.db --rules law --no-input check --regime eu.aia --subject model:m",
        "check --in-force-on=2026-01-01 --law-known-on 2026-01-01 --as-of 2026-01-01 --optional",
        "check --assume us.eo14110=in_force --reading a=b --rule x --recorded-by 2026-01-01T00:00Z",
    ],
)
def test_models_are_plain_for_a_check_that_writes_a_table(words: str) -> None:
    assert plain_suffice(words.split())


@pytest.mark.parametrize(
    "words",
    [
        "",
        "status",
        "--quiet",
        "check status",
        "check check",
        "status check",
        "--ledger check",
        "--ledger check status",
        "check -f json",
        "check -fjson",
        "check -o x.json",
        "check --format json",
        "check --all",
        "check --replay x.json",
        "check --reconciled",
        "check --names",
        "check --engine dask",
        "check --engine=polars",
        "check --reread",
        "check --help",
        "check -- check",
        "rules check",
        "import check --source csv",
    ],
)
def test_models_are_those_of_pydantic_for_everything_else(words: str) -> None:
    assert not plain_suffice(words.split())


def test_models_are_chosen_by_options_that_there_are() -> None:
    check = program.get_command(click.Context(program), "check")
    assert check is not None
    valued, flags = set[str](), set[str]()
    for option in (*program.params, *check.params):
        assert isinstance(option, click.Option)
        (flags if option.is_flag else valued).update(option.opts)
    assert valued >= models._VALUED
    assert flags >= models._FLAGS
    assert not COMMANDS.keys() & (models._VALUED | models._FLAGS)


@pytest.mark.parametrize(
    "words",
    [
        "check",
        "--quiet check --optional --in-force-on 2030-01-01 --law-known-on 2026-11-26",
        "check --regime eu.aia --subject model:nobody",
        "check --assume us.eo14110=in_force --as-of 2026-06-30",
        "check --regime eu.aia --reading nothing=at-all",
        "--rules flawed check",
        "check --recorded-by 2026-03-01T00:00:00Z",
    ],
)
def test_a_check_by_plain_models_says_what_it_says_by_pydantic(
    words: str, world: Path, tmp_path: Path
) -> None:
    law = tmp_path / "flawed"
    for name in ("vocabulary/facts.yaml", "vocabulary/activities.yaml", "index.yaml"):
        (law / name).parent.mkdir(parents=True, exist_ok=True)
        (law / name).write_bytes((ROOT / "rules" / name).read_bytes())
    (law / "regimes").mkdir()
    (law / "regimes" / "x.yaml").write_text("id: x.y\ntitle: 5\nrules: [{ id: A b }]\n")
    arguments = words.replace("flawed", str(law)).split()
    plain, rich = (ran(code, world, *arguments) for code in (BY_MAIN, BY_RUN))
    assert plain[:3] == rich[:3]
    assert (plain[3], rich[3]) == ("True False", "False True")
    assert len(plain[1]) + len(plain[2]) > 50


@pytest.mark.parametrize("words", ["check -f json", "check --reconciled", "check --all", "status"])
def test_a_command_that_needs_pydantic_has_it(words: str, world: Path) -> None:
    main, run = (ran(code, world, *words.split()) for code in (BY_MAIN, BY_RUN))
    assert main == run
    assert main[3] == "False True"
