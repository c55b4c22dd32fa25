"""`flopledger run`: the program goes first; its signals, its status, and then what is captured."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from spools import HEAD, mark, spooled
from tables import catalogue

from ledger.capture.epilog import epilog
from ledger.capture.session import WITHIN
from ledger.importers.spool import IMPORTER
from ledger.importers.spool_session import SpoolSession, read_session
from ledger.spool import encode_line, parse_line

Run = Callable[..., Any]
SH = ("--", "sh", "-c")


@pytest.fixture(autouse=True)
def _outside_of_any_job(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RANK", "SLURM_PROCID", "SLURM_JOB_ID", "FLOPLEDGER_SPOOL", WITHIN):
        monkeypatch.delenv(name, raising=False)


def only(folder: Path) -> SpoolSession:
    (path,) = folder.glob("*.spool")
    with path.open("rb") as stream:
        return read_session(line.rstrip(b"\n") for line in stream)


@pytest.mark.parametrize(
    ("script", "status", "ending"),
    [
        ("exit 0", 0, ("done", "status 0")),
        ("exit 7", 7, ("failed", "status 7")),
        ("kill -9 $$", 137, ("failed", "signal 9")),
    ],
)
def test_run_gives_back_the_status_and_records_time_held(
    flopledger: Run, tmp_path: Path, script: str, status: int, ending: tuple[str, str]
) -> None:
    options = ("--model", "m", "--device", "h100", "--devices", "8", "--precision", "bf16")
    assert flopledger("run", *options, *SH, f"sleep 0.05; {script}").code == status
    found = only(tmp_path / "spool")
    assert found.ended is not None
    assert (found.ended["outcome"], found.ended["status"]) == ending
    assert (found.head["by"], found.head["milli_devices"]) == ("command", 8000)
    assert found.legs[0].stop - found.legs[0].start >= 50
    assert found.ended["operations"] is None


def test_run_passes_on_output_arguments_and_the_session(flopledger: Run, tmp_path: Path) -> None:
    done = flopledger("run", "--run", "r", *SH, f'echo "$1" ${WITHIN}', "x", "--devices")
    found = only(tmp_path / "spool")
    assert done.out == f"--devices {found.head['session']}\n"
    assert found.head["run"] == "r"


def test_run_says_what_cannot_be_run(flopledger: Run, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no program")
    assert flopledger("run", "--", "./nothing-here").code == 127
    assert flopledger("run", "--", "./plain").code == 126
    done = flopledger("run")
    assert (done.code, "no program is given" in done.err) == (2, True)


def test_run_goes_on_where_nothing_can_be_captured(flopledger: Run) -> None:
    done = flopledger("run", "--spool", "/dev/null/no", *SH, "echo fine; exit 3")
    assert (done.code, done.out) == (3, "fine\n")
    assert "cannot be written" in done.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_run_passes_signals_on(tmp_path: Path, number: signal.Signals) -> None:
    name = number.name.removeprefix("SIG")
    script = f"trap 'echo got; exit 41' {name}; echo ready; while :; do sleep 0.05; done"
    command = [sys.executable, "-m", "ledger", "run", "--spool", str(tmp_path), *SH, script]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.communicate(timeout=30)[0] == "got\n"
    assert process.returncode == 41
    ended = only(tmp_path).ended
    assert ended is not None
    assert ended["status"] == "status 41"


def test_other_ranks_run_and_write_nothing(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_PROCID", "3")
    assert flopledger("run", *SH, "exit 5").code == 5
    assert not (tmp_path / "spool").exists()


def run_epilog(folder: Path, job: str) -> None:
    environment = {"PATH": os.environ["PATH"], "SLURM_JOB_ID": job}
    script = epilog("slurm", str(folder))
    done = subprocess.run(
        ["sh", "-c", script], env=environment, check=True, capture_output=True, timeout=20
    )
    assert (done.stdout, done.stderr) == (b"", b"")


def test_epilog_bounds_the_tail_of_a_job_that_was_killed(flopledger: Run, tmp_path: Path) -> None:
    now = time.time_ns() // 1_000_000 - 3_600_000
    head = encode_line({**HEAD, "wall_ms": now})
    beat = mark(1, 1000, operations="5", wall_ms=now + 1000)
    path = spooled(tmp_path, head, beat)
    run_epilog(tmp_path, "4711")
    (closed,) = tmp_path.glob("*.closed")
    assert parse_line(closed.read_bytes()[:-1])["job"] == "4711"
    reading = IMPORTER.read(path, {}, catalogue())
    assert [p.code for p in reading.problems] == ["bounded-tail"]
    found = [dict(draft.body) for draft in reading.drafts]
    assert (found[0]["operations"], found[-1]["activity"]) == ("5", "unknown")
    printed = flopledger("run", "--print-epilog", "slurm", "--spool", "/x/y").out
    assert 'SPOOL="${FLOPLEDGER_SPOOL:-/x/y}"' in printed


def test_epilog_never_fails_and_believes_no_odd_job(tmp_path: Path) -> None:
    for job in ("", "../../x", "1;touch y"):
        run_epilog(tmp_path, job)
    run_epilog(tmp_path / "absent", "1")
    assert list(tmp_path.iterdir()) == []
    assert "`" not in epilog("slurm", '/x`"$(id)')
