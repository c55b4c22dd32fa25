"""The command line as a whole: statuses, messages, files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sealed import altered, fill, found, said

from ledger.cli import clock
from ledger.cli.app import COMMANDS
from ledger.cli.context import Context
from ledger.cli.output import emit
from ledger.cli.progress import Progress
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.report.table import Column, Table

Run = Callable[..., Any]
TABLE = Table("t", (Column("a"),), (("1",),))


def test_cli_help_lists_every_command(flopledger: Run) -> None:
    done = flopledger("--help")
    assert done.code == 0
    for name in COMMANDS:
        assert f"  {name} " in done.out


def test_cli_unknown_command_is_a_usage_error(flopledger: Run) -> None:
    done = flopledger("chekc")
    assert done.code == 2
    assert "chekc" in done.err
    assert "Traceback" not in done.err


def test_cli_missing_ledger_says_how_to_make_one(flopledger: Run) -> None:
    for command in (["status"], ["verify"], ["check"], ["position"], ["show", "0"]):
        done = flopledger("--ledger", "none.db", *command)
        assert done.code == 2, command
        assert "none.db" in done.err
        assert "flopledger" in done.err
        assert "init" in done.err
        assert not Path("none.db").exists()


def test_cli_missing_rules_folder_is_named(flopledger: Run) -> None:
    done = flopledger("--rules", "nowhere", "rules", "list")
    assert done.code == 2
    assert "nowhere" in done.err


def test_cli_version_is_printed(flopledger: Run) -> None:
    done = flopledger("--version")
    assert done.code == 0
    assert done.out.startswith("flopledger, version ")


def test_cli_failed_verify_says_it_once(flopledger: Run, tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    assert "verified, 1 entry\n" in flopledger("verify").out
    with altered(context) as connection:
        connection.execute("UPDATE entries SET hash = zeroblob(32) WHERE seq = 0")
    done = flopledger("verify")
    assert (done.code, done.out) == (4, "")
    assert "error[integrity]" in done.err
    assert json.loads(flopledger("verify", "-f", "json").out)["schema"].startswith("flopledger/")
    assert flopledger("verify", "-o", "verdict.txt").code == 4
    assert "verification failed" in Path("verdict.txt").read_text()


def test_cli_progress_counts_one_file_as_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setattr("ledger.cli.progress.PATIENCE_S", -1)
    context = Context(tmp_path / "x.db", None, quiet=False, no_input=True, debug=False)
    with Progress(context, "records") as progress:
        progress(1, 10_000)
        progress(2, 20_000)
    said_so = capsys.readouterr().err
    assert "\r1 file, 10,000 records" in said_so
    assert "\r2 files, 20,000 records" in said_so


def test_clock_obeys_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795305600")
    assert clock.now().isoformat() == "2026-11-22T00:00:00+00:00"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InputError, match="yesterday"):
        clock.now()


@pytest.mark.parametrize(
    ("name", "start"),
    [("x.json", "{"), ("x.csv", "a\n"), ("x.md", "## t"), ("x.txt", "t\n"), ("x", "t\n")],
)
def test_output_form_follows_the_suffix(tmp_path: Path, name: str, start: str) -> None:
    emit({"a": "1"}, TABLE, fmt=None, output=str(tmp_path / name))
    assert (tmp_path / name).read_text().startswith(start)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_output_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot write"):
        emit({}, TABLE, fmt="json", output=str(tmp_path / "none" / "x.json"))


def test_error_text_says_what_where_why_and_what_next() -> None:
    error = LedgerError("a fails", where="x.csv:3", why="it matters", remedy="type this")
    assert error.diagnostics().splitlines() == [
        "error[error]: a fails",
        "  where: x.csv:3",
        "  why: it matters",
        "  next: type this",
    ]
    assert "where: entry 7" in IntegrityError("bad", seq=7).diagnostics()


def test_error_text_cannot_move_the_cursor() -> None:
    told = IntegrityError("table \x1b[2Jverified", where="x\ny").diagnostics()
    assert "\x1b" not in told
    assert "\\x1b[2Jverified" in told
    assert "x\\x0ay" in told


def test_a_program_that_ends_looks_for_no_cycles_and_loses_nothing(tmp_path: Path) -> None:
    # The cycle would say so if it were found; what is written stands there whole.
    code = """
import sys
class Cycle:
    def __init__(self):
        self.own = self
    def __del__(self):
        print("found", file=sys.stderr)
from ledger.cli.app import main
held = Cycle()
main()
"""
    written = tmp_path / "x.json"
    for more in ([], ["-o", written.name]):
        done = subprocess.run(
            [sys.executable, "-c", code, "rules", "list", "-f", "json", *more],
            cwd=tmp_path,
            capture_output=True,
            check=True,
        )
        assert b"found" not in done.stderr
        found_ = json.loads(written.read_text() if more else done.stdout)
        assert len(found_["regimes"]) > 40
