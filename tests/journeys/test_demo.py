"""The demonstration tells its story, repeats byte for byte, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ledger.cli.chance import DEMONSTRATION_ORIGIN, SYSTEM, Chance
from ledger.errors import InputError

SECONDS_MAX = 20


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demonstration in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "ledger", "demo", *arguments],
        cwd=folder,
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_demo_tells_the_story_in_time_and_leaves_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    done = demo(tmp_path)
    took = time.monotonic() - began
    assert done.returncode == 0, done.stderr
    assert "gpaisr-presumption" in done.stdout
    assert "verified" in done.stdout
    assert "integrity" in done.stderr
    assert "flopledger --ledger mine.db init" in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert took < SECONDS_MAX


def test_demo_repeats_byte_for_byte(tmp_path: Path) -> None:
    first, second = (demo(tmp_path, "--keep", name) for name in ("a", "b"))
    assert first.returncode == second.returncode == 0, first.stderr
    assert first.stdout.replace("cd a", "cd b") == second.stdout
    for name in ("ledger.db.checkpoints", "ledger.db.key.pem", "ledger.db.secret"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_demo_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    done = demo(tmp_path, "--keep", "mine")
    assert done.returncode == 2
    assert "already there" in done.stderr
    assert list((tmp_path / "mine").iterdir()) == []


def test_demo_seeds_and_real_ledgers_never_meet() -> None:
    seeded = Chance.from_seed("x")
    seeded.check(DEMONSTRATION_ORIGIN)
    SYSTEM.check("ledger.example/lab")
    with pytest.raises(InputError, match="real ledger"):
        seeded.check("ledger.example/lab")
    with pytest.raises(InputError, match="public"):
        SYSTEM.check(DEMONSTRATION_ORIGIN)
    assert Chance.from_seed("x").salt() == Chance.from_seed("x").salt()
    assert SYSTEM.salt() != SYSTEM.salt()
