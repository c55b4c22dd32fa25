"""A clerk is a process: it is killed, stopped, interrupted, or never begun, and nothing is lost."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, cast

import pytest
from clerks import Direct
from sealed import copied, found, leg
from supplied import lacking
from test_bulk import month
from test_overlap import BATCHES, assert_same, one_by_one, overlapping
from waiting import SECONDS

from ledger.cli.context import Context
from ledger.cli.opening import location_of
from ledger.journeys.importing import CHUNK
from ledger.log import Batch, Head, overlap
from ledger.stores import clerk as beside
from ledger.stores.clerk import Clerk, hire
from ledger.stores.sqlite import SqliteStore


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "_LARGE", 1)
    monkeypatch.setattr(beside, "cores", lambda: 2)


def test_a_clerk_that_is_killed_costs_nothing(tmp_path: Path) -> None:
    context, other = found(tmp_path), found(tmp_path, "other.db")
    with overlapping(context) as log, log.overlapped():
        told = [log.append(BATCHES[0]), log.append(BATCHES[1])]
        (process,) = multiprocessing.active_children()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join(SECONDS)
        told += [log.append(batch) for batch in BATCHES[2:]]
    assert told == one_by_one(other, BATCHES)
    assert_same(context, other)


def test_a_stopped_clerk_can_be_ended(tmp_path: Path) -> None:
    clerk = Clerk(partial(location_of(found(tmp_path)).open, writable=True))
    (process,) = multiprocessing.active_children()
    assert process.pid is not None
    os.kill(process.pid, signal.SIGSTOP)
    clerk.end()
    assert multiprocessing.active_children() == []


def test_with_one_core_or_no_processes_nobody_is_hired(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    opens = partial(location_of(context).open, writable=True)
    monkeypatch.setattr(beside, "cores", lambda: 1)
    assert hire(opens) is None
    monkeypatch.setattr(beside, "cores", lambda: 2)

    for name, value in (("executable", ""), ("executable", None), ("frozen", True)):
        with monkeypatch.context() as patch:
            patch.setattr(sys, name, value, raising=False)
            assert hire(opens) is None

    def refused(_: object) -> Clerk:
        raise OSError("no more processes")

    monkeypatch.setattr(beside, "Clerk", refused)
    assert hire(opens) is None


def test_a_clerk_that_cannot_open_the_ledger_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clerk = Clerk(partial(SqliteStore, tmp_path / "none.db", writable=True))
    assert clerk.done() is False
    clerk.end()
    assert capfd.readouterr() == ("", "")


def test_a_clerk_that_is_given_rubbish_says_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    clerk = Clerk(partial(location_of(found(tmp_path)).open, writable=True))
    clerk._pipe.send_bytes(b"rubbish")
    assert clerk.done() is False
    clerk.end()
    assert capfd.readouterr() == ("", "")


def test_a_clerk_killed_in_a_row_costs_nothing(tmp_path: Path) -> None:
    context, other = found(tmp_path), found(tmp_path, "other.db")
    with overlapping(context) as log, log.overlapped(several=True):
        told = [log.append(batch) for batch in BATCHES[:3]]
        (process,) = multiprocessing.active_children()
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        told += [log.append(batch) for batch in BATCHES[3:]]
    assert told == one_by_one(other, BATCHES)
    assert_same(context, other)


def test_a_long_table_is_imported_by_two_processes_and_verifies(
    flopledger: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = list[Clerk | None]()

    def counted(opens: Callable[[], Any]) -> Clerk | None:
        begun.append(hire(opens))
        return begun[-1]

    monkeypatch.setattr(beside, "hire", counted)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    month(Path("month.csv"), 2 * CHUNK + 500)
    done = flopledger("import", "month.csv", "-f", "json")
    assert json.loads(done.out)["new"] == 2 * CHUNK + 500
    assert len(list(filter(None, begun))) == 1
    assert flopledger("verify").code == 0
    again = flopledger("import", "month.csv", "--dry-run", "-f", "json")
    assert json.loads(again.out)["same"] == 2 * CHUNK + 500
    assert len(begun) == 1


def given(context: Context) -> list[tuple[Head, Batch]]:
    """Return what a clerk would be given for this ledger, batch behind batch: a few, and many."""
    other = copied(context, context.ledger.parent / "copy")
    clerk = Direct(other)
    with overlapping(other, lambda: clerk) as log, log.overlapped(several=True):
        log.append(BATCHES[0])
        log.append([leg(number) for number in range(100, 1_100)])
    return clerk.given


def hired(context: Context) -> tuple[Clerk, BaseProcess]:
    """Begin a clerk, and return its process too."""
    clerk = Clerk(partial(location_of(context).open, writable=True))
    return clerk, clerk._process


def size_of(context: Context) -> int:
    with SqliteStore(context.ledger) as store:
        return store.extent()[1]


def test_a_clerk_reads_the_next_batch_while_it_commits_one(tmp_path: Path) -> None:
    context = found(tmp_path)
    few, many = given(context)
    clerk, _ = hired(context)
    with closing(sqlite3.connect(context.ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        # It waits for the other one; a pipe holds a tenth of the second batch.
        assert clerk.begin(*few)
        assert clerk.begin(*many)
        assert size_of(context) == 0
        other.execute("ROLLBACK")
    assert clerk.done()
    assert clerk.done()
    clerk.end()
    assert size_of(context) == 1_010


def test_a_clerk_commits_nothing_behind_a_batch_that_it_cannot_commit(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = found(tmp_path)
    few, many = given(context)
    clerk, process = hired(context)
    clerk.begin(*many)
    clerk.begin(*few)
    assert not clerk.done()
    process.join(SECONDS)
    assert not process.is_alive()
    clerk.end()
    assert size_of(context) == 0
    assert capfd.readouterr() == ("", "")


def test_a_clerk_commits_no_batch_of_which_it_has_a_part(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    context = found(tmp_path)
    few, many = given(context)
    clerk, process = hired(context)
    assert clerk.begin(*few)
    assert clerk.done()
    data = ForkingPickler.dumps(many)
    os.write(clerk._pipe.fileno(), struct.pack("!i", len(data)) + data[:10_000])
    clerk._pipe.close()
    process.join(SECONDS)
    assert not process.is_alive()
    assert size_of(context) == 10
    assert capfd.readouterr() == ("", "")


def test_a_clerk_that_cannot_read_on_leaves_once_it_did_what_came(
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Failing:
        def __init__(self) -> None:
            self.messages = [b"one", b"two"]

        def recv_bytes(self) -> bytes:
            if not self.messages:
                raise MemoryError
            return self.messages.pop(0)

    assert list(beside._messages(cast("Any", Failing()))) == [b"one", b"two"]
    assert capfd.readouterr() == ("", "")


FIRST = """
import sys
from functools import partial
from pathlib import Path
from ledger.stores.clerk import Clerk
from ledger.stores.sqlite import SqliteStore
clerk = Clerk(partial(SqliteStore, Path(sys.argv[1]), writable=True))
status = Path(f"/proc/{clerk._process.pid}/status").read_text()
clerk.end()
(blocked,) = [line.split()[1] for line in status.splitlines() if line.startswith("SigBlk")]
print(int(blocked, 16) >> 1 & 1)
"""


def test_the_first_process_of_a_program_sees_no_interruption(tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        lacking("/proc, which tells the signals of a process")
    # Elsewhere processes were begun before, with all that goes with the first one.
    command = [sys.executable, "-c", FIRST, str(found(tmp_path).ledger)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("1\n", "")
