"""Killed at a random moment, the ledger verifies, and the same import completes it."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sealed import ORIGIN, checked, found, opened, said

from ledger.cli.context import Context
from ledger.stores.keyfiles import Files

TESTS = Path(__file__).resolve().parent.parent
CHUNK = 1000
CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sealed import identity, leg, opened
from ledger.cli.context import Context
from ledger.record import Draft
one = leg(0)
def made(n):
    return Draft(one.type, {**one.body, "run": f"run-{n}"}, one.hidden, ("leg", str(n)))
rows, chunk = int(sys.argv[3]), int(sys.argv[4])
context = Context(Path(sys.argv[2]), None, True, True, False)
with opened(context, identity(seed=sys.argv[5])) as log:
    for start in range(0, rows, chunk):
        done = log.append([made(n) for n in range(start, start + chunk)])
        print(start + chunk, len(done.new), done.same, flush=True)
"""


def importing(context: Context, rows: int, seed: str) -> subprocess.Popen[str]:
    """Begin an import of generated allocations in another process."""
    arguments = [str(TESTS), str(context.ledger), str(rows), str(CHUNK), seed]
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_and_complete(folder: Path, rows: int, seed: int) -> int:
    """Kill an import once and run it again; return how many entries had survived."""
    chance = random.Random(seed)
    context = found(folder, f"{seed}.db")
    child = importing(context, rows, f"first {seed}")
    assert child.stdout is not None
    # Not before the first commit, and then anywhere: within a transaction, a note, or between.
    for _ in range(chance.randrange(1, rows // CHUNK - 1)):
        child.stdout.readline()
    time.sleep(chance.random() * 0.08)
    child.kill()
    child.communicate()
    assert child.returncode == -signal.SIGKILL
    verdict = checked(context)
    assert verdict.size % CHUNK == 0
    assert verdict.size - verdict.signed_size in {0, CHUNK}
    survived = verdict.size
    child = importing(context, rows, f"second {seed}")
    out, err = child.communicate()
    assert child.returncode == 0, err
    lines = [[int(part) for part in line.split()] for line in out.splitlines()]
    assert sum(same for _, _, same in lines) == survived
    assert sum(new for _, new, _ in lines) == rows - survived
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (rows, rows)
    return survived


@pytest.mark.parametrize("seed", range(3))
def test_kill_during_an_import_leaves_a_ledger_that_it_completes(tmp_path: Path, seed: int) -> None:
    assert 0 < kill_and_complete(tmp_path, 20_000, seed) <= 20_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_kill_during_a_large_import_leaves_a_ledger_that_it_completes(
    tmp_path: Path, seed: int
) -> None:
    assert 0 < kill_and_complete(tmp_path, 200_000, seed) <= 200_000


def test_kill_of_a_founding_never_looks_like_a_ledger(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import os, signal; from pathlib import Path\n"
        "from ledger.stores import founding\n"
        "founding.NotesFile.create = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from sealed import found; found(Path(sys.argv[2]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(TESTS), str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not (tmp_path / "ledger.db").exists()
    for path in tmp_path.iterdir():
        path.unlink()
    context = found(tmp_path)
    with opened(context) as log:
        log.append([said(0)])
    assert checked(context).origin == ORIGIN
    assert not Files(context.ledger).partial.exists()
