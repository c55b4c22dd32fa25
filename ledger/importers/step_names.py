"""Step names are what runs are called of which only the logs are known: by file, else by folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from unicodedata import normalize

from ledger.form.plain import visible

__all__ = ["run_name", "run_names"]

_GENERIC: Final = frozenset(
    {"console", "err", "log", "out", "output", "stderr", "stdout", "train", "training"}
)
_LEVELS_MAX: Final = 6  # folders that a name takes in


def run_name(path: Path) -> str:
    """Return the name of a run by its log: without folder and endings."""
    name = path.name.removesuffix(".gz")
    for ending in (".log", ".txt", ".out"):
        name = name.removesuffix(ending)
    return _plain(name) or "log"


def run_names(paths: Sequence[Path]) -> list[str]:
    """Return the names of runs that have a log each, no two alike.

    A log that is called as every program calls its log has the name of its folder. Where two would
    have one name, their folders stand before it.
    """
    levels = [0] * len(paths)
    names = [_named(path, 0) for path in paths]
    for _ in range(_LEVELS_MAX):
        counts = Counter(names)
        alike = [place for place, name in enumerate(names) if counts[name] > 1]
        if not alike:
            break
        for place in alike:
            levels[place] += 1
            names[place] = _named(paths[place], levels[place])
    return names


def _named(path: Path, level: int) -> str:
    """Return a name with so many folders before it; a generic one is left out as long as it may."""
    name = run_name(path)
    folders = [folder for folder in path.resolve().parent.parts if folder.strip("/")]
    if name.lower() in _GENERIC and level == 0:
        return _plain(folders[-1]) if folders else name
    return _plain("/".join([*folders[len(folders) - level :], name])) or name


def _plain(text: str) -> str:
    """Return a text as it can stand in a record, shortened from its front."""
    return normalize("NFC", visible(text).strip())[-200:].strip()
