"""A lone file is telemetry, or a trainer state, without the facts of the run that it belongs to."""

from __future__ import annotations

import re
from pathlib import Path

from ledger.errors import Problem
from ledger.importers.source_file import beside

__all__ = ["lone_file", "lone_files"]

_PART = re.compile(r"(?:telemetry_(?P<pipe>.+)\.csv|trainer_state_(?P<state>.+)\.json)")


def lone_files(path: Path) -> tuple[Path, ...]:
    """Return the lone files below a directory, sorted; none for a file."""
    if not path.is_dir():
        return ()
    return tuple(sorted(found for found in path.rglob("*_*") if _run_of(found) and _lone(found)))


def lone_file(path: Path) -> Problem | None:
    """Return what is wrong with a file that is a part of a run and not its facts, or None."""
    run = _run_of(path)
    if run is None:
        return None
    if not _lone(path):
        return Problem(
            str(path),
            None,
            "part-of-run",
            f"this is a part of the run {run}, not its facts",
            f"give run_{run}.json: what lies beside it is read with it",
        )
    return Problem(
        str(path),
        None,
        "run-missing",
        f"there is no run_{run}.json beside it: nothing of this file is recorded",
        "add the facts of the run and import again",
        "finding",
        "without them nobody knows which run this is and what it held",
    )


def _run_of(path: Path) -> str | None:
    """Return the id of the run that a part names, or None if it is no part."""
    named = _PART.fullmatch(path.name.removesuffix(".gz"))
    return None if named is None else named["pipe"] or named["state"]


def _lone(path: Path) -> bool:
    """Return whether a part has no run facts beside it."""
    return path.is_file() and beside(path, f"run_{_run_of(path)}.json") is None
