"""Killing a captured training: what is in the spool stays whole, and the rest stays open."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.importers.spool import IMPORTER
from ledger.importers.spool_session import SpoolSession, read_session

TRAINING = """
import sys
from ledger.capture import capture
with capture(run="r", model="m", activity="pretrain", spool=sys.argv[1], every=0.01) as c:
    print("ready", flush=True)
    while True:
        c.add(tokens=3, operations=7)
        if c.session.tally._tokens % 30_000 == 0:
            with c.activity("eval"):
                c.add(tokens=3, operations=7)
"""
FULL = """
import resource, sys, time
from ledger.capture import capture
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
with capture(run="r", model="m", spool=sys.argv[1], every=0.01, textfile=sys.argv[1] + "/x") as c:
    for _ in range(40):
        c.add(operations=7)
        time.sleep(0.01)
print("trained")
"""


def only(folder: Path) -> tuple[Path, SpoolSession]:
    (path,) = folder.glob("*.spool")
    with path.open("rb") as stream:
        return path, read_session(line.rstrip(b"\n") for line in stream)


def killed(folder: Path, after: float) -> None:
    """Train, and be killed a moment later."""
    command = [sys.executable, "-c", TRAINING, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        while not any(path.stat().st_size for path in folder.glob("*.spool")):
            time.sleep(0.01)  # a disk may take longer than the second that a start waits
        time.sleep(after)
        process.kill()
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(s, marks=pytest.mark.slow) for s in range(3, 40))]
)
def test_killed_training_ends_at_its_last_heartbeat_with_an_open_tail(
    tmp_path: Path, seed: int
) -> None:
    killed(tmp_path, random.Random(seed).uniform(0.0, 0.3))
    path, found = only(tmp_path)
    assert found.ended is None
    counted: list[Any] = [leg.counts for leg in found.legs]
    tokens, operations = (sum(c[n] or 0 for c in counted) for n in (0, 2))
    assert tokens * 7 == operations * 3  # a line is there whole or not at all
    # The importer does not take the kill for the end.
    reading = IMPORTER.read(path, {"now": "2099-01-01T00:00:00Z"}, catalogue())
    assert "unknown-tail" in [problem.code for problem in reading.problems]
    last = dict(list(reading.drafts)[-1].body)
    assert (last["operations"], last["ceiling_operations"]) == (None, None)
    assert (
        sum(int(d.body["operations"] or d.body["operations_low"] or 0) for d in reading.drafts)
        == operations
    )


def test_training_goes_on_where_its_files_may_not_grow(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout == "trained\n"
    assert "the training goes on" in done.stderr
    path, found = only(tmp_path)
    assert path.stat().st_size <= 2000
    assert found.ended is None
    reading = IMPORTER.read(path, {"now": "2099-01-01T00:00:00Z"}, catalogue())
    assert "unknown-tail" in [problem.code for problem in reading.problems]
