"""The made-up world for tests: built once in a run, whoever asks first, and then only read."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ledger.cli.app import run
from ledger.cli.stage import inside
from ledger.cli.world import build

TODAY = 1_795_428_000  # 2026-11-23T10:00:00Z
CONTENT = re.compile(r"\$\(cat ([^)]+)\)")


def built(factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the world; workers of one run share it."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "world").exists():
            build(shared / "world")
    return shared / "world"


@contextmanager
def entered(folder: Path) -> Iterator[Callable[[str], int]]:
    """Stand in the world on its day; yields what runs a command line and returns the status."""
    with inside(folder, TODAY):
        yield lambda command: run([CONTENT.sub(_content, word) for word in shlex.split(command)])


def _content(found: re.Match[str]) -> str:
    """Return what a shell would put in the place of ``$(cat FILE)``."""
    return Path(found[1]).read_text("utf-8").strip()


def page(world: Path, name: str) -> dict[str, Any]:
    """Read a page in JSON."""
    found: dict[str, Any] = json.loads((world / "pages" / name).read_text("utf-8"))
    return found
