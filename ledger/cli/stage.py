"""A stage is the folder and the time in which the commands of a demonstration run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["at", "inside"]

_EPOCH = "SOURCE_DATE_EPOCH"
_OWN = (_EPOCH, "FLOPLEDGER_LEDGER", "FLOPLEDGER_FILES", "FLOPLEDGER_RULES", "COLUMNS")


@contextmanager
def inside(folder: Path, seconds: int) -> Iterator[None]:
    """Work in a folder at a fixed time, away from the user's own ledger, rules and terminal.

    Args:
        folder: A folder that is there.
        seconds: The time, in seconds since 1970.
    """
    before = Path.cwd()
    kept = {name: os.environ.pop(name) for name in _OWN if name in os.environ}
    at(seconds)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
        del os.environ[_EPOCH]
        os.environ.update(kept)


def at(seconds: int) -> None:
    """Set the time of the next commands, in seconds since 1970."""
    os.environ[_EPOCH] = str(seconds)
