"""Syncing: spools go into a ledger once, grow, end, and replace what was provisional."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from spools import head, mark, spooled

Run = Callable[..., Any]
SOON, LATER = "now=2026-03-01T10:05:00Z", "now=2026-03-09T00:00:00Z"
DAY = 86_400_000


def synced(flopledger: Run, *more: str, now: str = LATER, code: int = 0) -> dict[str, Any]:
    done = flopledger("sync", "spool", "--set", now, "-f", "json", *more)
    assert done.code == code, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def counts(document: dict[str, Any]) -> tuple[int, int, int]:
    return document["new"], document["same"], document["changed"]


@pytest.fixture
def folder(flopledger: Run, tmp_path: Path) -> Path:
    assert flopledger("init", "--origin", "ledger.example/lab").code == 0
    (tmp_path / "spool").mkdir()
    return tmp_path / "spool"


def live_bodies(flopledger: Run) -> list[dict[str, Any]]:
    """The allocations that nothing reverses."""
    assert flopledger("export", "-o", "all.jsonl").code == 0
    entries = [json.loads(line) for line in Path("all.jsonl").read_text().splitlines()]
    gone = {e["body"]["reverses"] for e in entries if e["type"] == "reversal"}
    return [e["body"] for e in entries if e["type"] == "allocation" and e["seq"] not in gone]


def test_sync_twice_adds_nothing_the_second_time(flopledger: Run, folder: Path) -> None:
    spooled(folder, head(), mark(1, DAY, "end", operations="7", tokens="5"))
    assert counts(synced(flopledger)) == (2, 0, 0)
    assert counts(synced(flopledger)) == (0, 2, 0)
    done = flopledger("import", "spool", "--set", LATER, "-f", "json")
    assert (done.code, counts(json.loads(done.out))) == (0, (0, 2, 0))


def test_run_that_goes_on_grows_and_its_end_replaces_it(flopledger: Run, folder: Path) -> None:
    lines = [head(), mark(1, 60_000, operations="10")]
    older = spooled(folder, *lines).read_bytes()
    assert counts(synced(flopledger, now=SOON)) == (1, 0, 0)
    lines.append(mark(2, 120_000, operations="30", tokens="5"))
    spooled(folder, *lines)
    assert counts(synced(flopledger, now=SOON)) == (1, 0, 0)
    (body,) = live_bodies(flopledger)
    assert (body["operations"], body["status"]) == ("30", "provisional")
    # An older copy of the file adds nothing and takes nothing back.
    (folder / "a.spool").write_bytes(older)
    assert counts(synced(flopledger, now=SOON)) == (0, 1, 0)
    # It falls silent: the total has no upper end; then it ends after all, and is final.
    spooled(folder, *lines)
    assert counts(synced(flopledger, code=1)) == (1, 0, 0)
    assert live_bodies(flopledger)[0]["operations_low"] == "30"
    assert counts(synced(flopledger, now=SOON)) == (0, 1, 0)
    spooled(folder, *lines, mark(3, 180_000, "end", operations="31", tokens="6"))
    assert counts(synced(flopledger)) == (1, 0, 0)
    (body,) = live_bodies(flopledger)
    assert (body["operations"], body["operations_low"], body["status"]) == ("31", None, "final")
    spooled(folder, *lines)
    assert counts(synced(flopledger, code=1)) == (0, 1, 0)
    assert flopledger("verify").code == 0


def test_days_that_are_over_are_final_while_the_run_goes_on(flopledger: Run, folder: Path) -> None:
    lines = [head(), mark(1, DAY, operations="1000")]
    spooled(folder, *lines)
    now = "now=2026-03-02T10:01:00Z"
    assert counts(synced(flopledger, now=now)) == (2, 0, 0)
    assert [body["status"] for body in live_bodies(flopledger)] == ["final", "provisional"]
    spooled(folder, *lines, mark(2, DAY + 60_000, operations="1001"))
    assert counts(synced(flopledger, now=now)) == (1, 1, 0)
    assert sum(int(body["operations"]) for body in live_bodies(flopledger)) == 1001


def test_many_files_and_one_that_is_torn(flopledger: Run, folder: Path) -> None:
    for n in range(3):
        first = head(session=f"{n:032x}")
        spooled(folder, first, mark(1, 1000, "end", operations="7"), name=f"{n}.spool")
    spooled(folder, head(session="f" * 32)[:100], name="torn.spool")
    document = synced(flopledger, code=2)
    assert (counts(document), document["refused"]) == ((3, 0, 0), 1)
    twice = [p for p in document["problems"] if p["code"] == "counted-twice"]
    assert len(twice) == 2  # three processes that were told no rank: two of them see a later one


def test_dry_run_writes_nothing(flopledger: Run, folder: Path) -> None:
    spooled(folder, head(), mark(1, 1000, "end", operations="7"))
    assert counts(synced(flopledger, "--dry-run")) == (1, 0, 0)
    assert counts(synced(flopledger)) == (1, 0, 0)


def test_two_syncs_at_once_add_once(flopledger: Run, folder: Path) -> None:
    for n in range(10):
        first = head(session=f"{n:032x}", run=f"run-{n}")
        spooled(folder, first, mark(1, 1000, "end", operations="7"), name=f"{n}.spool")
    command = [sys.executable, "-m", "ledger", "--quiet", "sync", "spool", "--set", LATER]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    both = [
        subprocess.Popen([*command, "-f", "json"], env=environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    found = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(document["new"] for document in found) == 10
    assert sum(document["same"] for document in found) == 10
    assert len(live_bodies(flopledger)) == 10


def test_spool_beside_a_trainers_own_count_is_told(flopledger: Run, folder: Path) -> None:
    spooled(folder, head(run="bert"), mark(1, 1000, "end", operations="7"))
    synced(flopledger)
    state = {
        "global_step": 1,
        "log_history": [],
        "max_steps": 1,
        "num_train_epochs": 1,
        "total_flos": 1e15,
    }
    Path("bert_trainer_state.json").write_text(json.dumps(state))
    settings = ("--set", "activity=sft", "--set", "not_after=2026-06-30")
    done = flopledger("import", "bert_trainer_state.json", *settings)
    assert "counted-twice" in done.err
