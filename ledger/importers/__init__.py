"""Importers: one module a kind of file, each exposing `IMPORTER`, loaded when it is needed."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Sequence
from pathlib import Path

from ledger.errors import InputError, MissingError
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.importers.unreadable import unreadable
from ledger.journeys.importing import Importer

__all__ = ["MODULES", "load", "mapped", "recognise"]

MODULES = {
    "csv": "ledger.importers.csv",
    "dutycycle": "ledger.importers.dutycycle",
    "epoch": "ledger.importers.epoch",
    "focus": "ledger.importers.focus",
    "kubernetes": "ledger.importers.kubernetes",
    "kueue": "ledger.importers.kueue",
    "maxtext": "ledger.importers.maxtext",
    "megatron": "ledger.importers.megatron",
    "mlperf": "ledger.importers.mlperf",
    "nanogpt": "ledger.importers.nanogpt",
    "openb": "ledger.importers.openb",
    "parquet": "ledger.importers.parquet",
    "prometheus": "ledger.importers.prometheus",
    "slurm": "ledger.importers.slurm",
    "spool": "ledger.importers.spool",
    "telemetry": "ledger.importers.telemetry",
    "trainer": "ledger.importers.trainer",
}
"""The word after `--source`, and the module that holds its importer."""


def load(name: str) -> Importer:
    """Loads the importer of that name.

    Raises:
        InputError: there is none; the error names the nearest.
    """
    if name not in MODULES:
        near = difflib.get_close_matches(name, MODULES, n=1)
        raise InputError(
            f"there is no importer {name!r}",
            where="--source",
            remedy=f"write --source {near[0]}" if near else f"sources: {', '.join(MODULES)}",
        )
    importer: Importer = importlib.import_module(MODULES[name]).IMPORTER
    return importer


def mapped(importer: Importer, path: Path) -> Importer:
    """Returns the importer that reads by a map file.

    Raises:
        InputError: the importer takes no map, or the map is for another one.
        RuleError: the map is wrong.
    """
    from ledger.importers.mapping import Map  # noqa: PLC0415 - most imports need none

    with_map = getattr(importer, "with_map", None)
    if with_map is None:
        raise InputError(
            f"the importer {importer.name} takes no map",
            where="--map",
            remedy="leave it out: its files say themselves what was trained on what",
        )
    mapping = Map.load(path)
    if mapping.file.source != importer.name:
        raise InputError(
            f"the map is for {mapping.file.source}, the files are of {importer.name}",
            where=str(path),
            remedy="give the map that was written for these files",
        )
    found: Importer = with_map(mapping)
    return found


def recognise(paths: Sequence[Path]) -> Importer:
    """Finds the one importer that claims every path.

    Args:
        paths: files and directories, at least one.

    Raises:
        MissingError: a path is not there.
        InputError: no importer claims a path, several do, or the paths are of several kinds.
    """
    assert paths, "there is something to recognise"
    claims = {path: _claims(path) for path in paths}
    for path, names in claims.items():
        fault = None if names else unreadable(path, _head(path))
        if fault is not None:
            message, remedy = fault
            raise InputError(message, where=str(path), remedy=remedy)
        if len(names) != 1:
            raise InputError(
                f"several importers claim this file: {', '.join(names)}"
                if names
                else "no importer knows this kind of file",
                where=str(path),
                why="a file read by the wrong importer would say something else",
                remedy=f"say which with --source: {', '.join(names or MODULES)}",
            )
    kinds = {names[0] for names in claims.values()}
    if len(kinds) > 1:
        raise InputError(
            f"these files are of {len(kinds)} kinds: {', '.join(sorted(kinds))}",
            remedy="import them one kind at a time, each with its --source",
        )
    return load(kinds.pop())


def _claims(path: Path) -> tuple[str, ...]:
    """The names of the importers that claim one path."""
    if not path.exists():
        raise _missing(path)
    head = _head(path)
    return tuple(name for name in MODULES if load(name).claims(head, path))


def _head(path: Path) -> bytes:
    """The first bytes of a file; none of a directory."""
    return read_head(path, HEAD_MAX) if path.is_file() else b""


def _missing(path: Path) -> MissingError:
    """The error for a file that is not there."""
    return MissingError(
        "there is no such file or directory",
        where=str(path),
        remedy="check the path; a pattern such as *.csv is expanded by the shell",
    )
