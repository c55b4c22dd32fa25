"""Older copies put back, and clocks that go back: what stops it, and what the user reads."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from recorded import work
from sealed import checked, entries

from ledger.cli.context import Context

Run = Callable[..., Any]
NAME = "regulator.example/w1"
NOON = 1_795_435_200  # 2026-11-23T12:00:00Z
DATABASE = ("ledger.db",)
LEDGER = (*DATABASE, "ledger.db.checkpoints")
WITNESS = ("witness.db",)


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A ledger of two entries, cosigned, with a copy of everything; then two more, cosigned."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON))
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    key = flopledger("key", "show").out.strip()
    (tmp_path / "log.key").write_text(key)
    made = flopledger("witness", "init", "--name", NAME, "--log", key)
    (tmp_path / "witness.key").write_text(made.out.strip())
    recorded(flopledger, tmp_path, 0, 1)
    cosigned(flopledger, tmp_path, old=0)
    copied(tmp_path, tmp_path / "older")
    recorded(flopledger, tmp_path, 2, 3)
    cosigned(flopledger, tmp_path, old=2)
    copied(tmp_path, tmp_path / "newer")
    return flopledger


def recorded(flopledger: Run, folder: Path, *numbers: int) -> Any:
    """Record one allocation for each number."""
    lines = [json.dumps(work(f"m{n}", 10**20 + n, "2026-05-01")) + "\n" for n in numbers]
    (folder / "more.jsonl").write_text("".join(lines))
    return flopledger("record", "more.jsonl")


def cosigned(flopledger: Run, folder: Path, *, old: int) -> Any:
    """Let the witness cosign the newest checkpoint, and keep its answer."""
    assert flopledger("checkpoint", "request", "--old", str(old), "-o", "request").code == 0
    answer = flopledger("witness", "cosign", "request")
    if answer.code == 0:
        (folder / "answer").write_text(answer.out)
        key = (folder / "witness.key").read_text()
        assert flopledger("checkpoint", "add", "answer", "--vkey", key).code == 0
    return answer


def copied(source: Path, target: Path, *names: str) -> None:
    """Copy the files of a folder, or those of these names."""
    target.mkdir(exist_ok=True)
    for path in source.iterdir():
        if path.is_file() and (not names or path.name in names):
            shutil.copy2(path, target / path.name)


def size(folder: Path) -> int:
    """Return how many entries a ledger holds, once it verifies."""
    found = checked(Context(folder / "ledger.db", None, quiet=True, no_input=True, debug=False))
    return found.size


@pytest.mark.parametrize(
    "command",
    [
        ("record", "more.jsonl"),
        ("verify",),
        ("bundle", "out.zip"),
        ("prove", "0"),
        ("checkpoint", "request", "--old", "2"),
    ],
)
def test_older_database_is_refused_by_its_own_checkpoints(
    ledger: Run, tmp_path: Path, command: tuple[str, ...]
) -> None:
    copied(tmp_path / "older", tmp_path, *DATABASE)
    before = (tmp_path / "ledger.db").read_bytes()
    done = ledger(*command)
    assert done.code == 4
    assert done.err.startswith("error[integrity]: ")
    assert "2" in done.err
    assert "4" in done.err
    assert "next: " in done.err
    assert (tmp_path / "ledger.db").read_bytes() == before
    assert not (tmp_path / "out.zip").exists()
    # What is to be done is to put the newest copy back.
    copied(tmp_path / "newer", tmp_path, *DATABASE)
    assert recorded(ledger, tmp_path, 4).code == 0
    assert size(tmp_path) == 5


def test_older_database_and_checkpoints_are_refused_by_what_was_cosigned(
    ledger: Run, tmp_path: Path
) -> None:
    copied(tmp_path / "older", tmp_path, *LEDGER)
    # By itself the older state is a sound ledger: nothing in it says that there was more.
    assert ledger("verify").code == 0
    done = recorded(ledger, tmp_path, 7)
    assert done.code == 4
    assert "a witness cosigned 4 entries" in done.err
    assert "put the newest copy of both back" in done.err
    assert size(tmp_path) == 2


def test_older_copy_of_everything_is_refused_by_the_witness(ledger: Run, tmp_path: Path) -> None:
    kept = (tmp_path / "newer" / "witness.db").read_bytes()
    copied(tmp_path / "older", tmp_path)
    (tmp_path / "witness.db").write_bytes(kept)
    # The laboratory goes on from the older copy, and signs another third and fourth entry.
    assert recorded(ledger, tmp_path, 8, 9).code == 0
    assert size(tmp_path) == 4
    for old, words in ((2, "409 Conflict"), (4, "409 Conflict")):
        refused = cosigned(ledger, tmp_path, old=old)
        assert refused.code == 4
        assert words in refused.err
    assert "fork" in refused.err
    # And the two histories prove it to anybody else.
    assert ledger("checkpoint", "show").code == 0
    (tmp_path / "one").write_text(ledger("checkpoint", "show").out)
    shown = ledger("witness", "show", "ledger.example/lab-a", "-o", "other")
    assert shown.code == 0
    found = ledger("witness", "compare", "one", "other", "-o", "fork.txt")
    assert found.code == 4
    assert "fork of ledger.example/lab-a" in found.err
    key = (tmp_path / "log.key").read_text()
    assert ledger("witness", "check-fork", "fork.txt", "--vkey", key).code == 0


def test_older_copy_of_everything_is_refused_by_who_remembers_a_checkpoint(
    ledger: Run, tmp_path: Path
) -> None:
    remembered = ledger("checkpoint", "show").out
    copied(tmp_path / "older", tmp_path)
    assert recorded(ledger, tmp_path, 8, 9, 10).code == 0
    assert ledger("bundle", "out.zip").code == 0
    asked = {
        "schema": "flopledger/policy.v1",
        "tlog_policy": [f"log {(tmp_path / 'log.key').read_text()}", "quorum none"],
    }
    (tmp_path / "policy.json").write_text(json.dumps(asked))
    assert ledger("verify", "out.zip", "--policy", "policy.json").code == 0
    (tmp_path / "policy.json").write_text(json.dumps({**asked, "remembered": [remembered]}))
    done = ledger("verify", "out.zip", "--policy", "policy.json")
    assert done.code == 4
    assert "fork" in done.out + done.err


def test_older_state_of_a_witness_says_its_size_and_a_fork_it_signs_is_proved(
    ledger: Run, tmp_path: Path
) -> None:
    saved = ledger("checkpoint", "show").out
    (tmp_path / "one").write_text(saved)
    copied(tmp_path / "older", tmp_path, *WITNESS)
    stale = cosigned(ledger, tmp_path, old=4)
    assert stale.code == 4
    assert "409 Conflict" in stale.err
    assert "--old 2" in stale.err
    # An honest log is followed again from there: it still holds what the witness forgot.
    assert cosigned(ledger, tmp_path, old=2).code == 0
    # A log that forked meanwhile gets a cosignature, as the help of `witness init` says it may ...
    copied(tmp_path / "older", tmp_path)
    assert recorded(ledger, tmp_path, 8, 9).code == 0
    assert cosigned(ledger, tmp_path, old=2).code == 0
    # ... and both stand under the names of log and witness for whoever compares.
    (tmp_path / "other").write_text(ledger("checkpoint", "show").out)
    key = (tmp_path / "log.key").read_text()
    assert ledger("witness", "compare", "one", "other", "--vkey", key).code == 4


def test_clock_that_went_back_is_told_and_no_time_decreases(
    ledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON - 86_400))
    done = recorded(ledger, tmp_path, 4)
    assert done.code == 0
    assert "the clock says 2026-11-22T12:00:00Z" in done.err
    assert "the last entry was recorded at 2026-11-23T12:00:00Z" in done.err
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON + 60))
    done = recorded(ledger, tmp_path, 5)
    assert "clock" not in done.err
    context = Context(tmp_path / "ledger.db", None, quiet=True, no_input=True, debug=False)
    times = [entry.recorded_at for entry in entries(context)]
    assert times == [*["2026-11-23T12:00:00Z"] * 5, "2026-11-23T12:01:00Z"]
    assert size(tmp_path) == 6


def test_clock_of_a_witness_that_went_back_gives_no_earlier_cosignature(
    ledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded(ledger, tmp_path, 4)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON - 86_400))
    assert cosigned(ledger, tmp_path, old=4).code == 0
    (log,) = json.loads(ledger("witness", "show", "-f", "json").out)["logs"]
    assert log["seen"]["size"] == 5
    assert log["seen"]["time"] == "2026-11-23T12:00:00Z"
