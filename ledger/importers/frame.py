"""A frame: the cells of a table of our own format, checked and kept block by block.

CSV and Parquet files meet here. No more than one block of rows is in memory at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.importers.cells import nearest
from ledger.importers.checks import Checks
from ledger.importers.columns import COLUMNS, INPUT_PREFIX, REQUIRED, input_column
from ledger.importers.faults import Source
from ledger.importers.paged import PagedDrafts
from ledger.importers.rows import ROW
from ledger.importers.survey import Survey
from ledger.journeys.importing import Reading

__all__ = ["ROWS_MAX", "Table", "header_problems", "read_frame"]

ROWS_MAX = 10_000
"""Rows that are looked at together."""

_INPUT = re.compile(re.escape(INPUT_PREFIX) + r"[a-z][a-z0-9_]{0,39}", re.ASCII)

_FAMILIAR = {
    "compute": "operations",
    "flo": "operations",
    "flop": "operations",
    "flops": "operations",
    "gpu": "device",
    "gpu_hours": "device_hours",
    "gpu_type": "device",
    "gpus": "devices",
    "hours": "device_hours",
    "num_gpus": "devices",
    "stage": "activity",
    "stop": "end",
}
"""Words that other tables use for our columns; they are named in the refusal, never accepted."""


def header_problems(names: Sequence[str], source: Source) -> tuple[Problem, ...]:
    """Says what is wrong with the names of the columns: repeated, unknown, missing."""
    found = []
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            found.append(("repeated-column", f"column {name!r} stands twice", "keep one of them"))
        if name not in COLUMNS and not _INPUT.fullmatch(name):
            known = _FAMILIAR.get(name.casefold())
            near = f"nearest: {known}" if known else nearest(name, COLUMNS)
            found.append(("unknown-column", f"there is no column {name!r}", f"{near}; or drop it"))
    found += [
        ("missing-column", f"the column {name!r} is missing", f"add {name}: {meaning}")
        for name, meaning in ((name, COLUMNS[name].meaning) for name in REQUIRED)
        if name not in names
    ]
    line = 1 if source.place == "line" else None
    why = "a column that is not read would be left out without a word"
    return tuple(Problem(source.path, line, *parts, why=why) for parts in found)


class Table:
    """A table that is being read."""

    def __init__(self, names: Sequence[str], source: Source, catalogue: Catalogue) -> None:
        """Begin with no row.

        Args:
            names: the header, which has been checked.
            source: the file; its digest may come at the end.
            catalogue: the devices.
        """
        columns = [COLUMNS.get(name) or input_column(name) for name in names]
        self._source = source
        self._catalogue = catalogue
        self._checks = Checks(columns, source, catalogue)
        self._survey = Survey(names, source, catalogue)
        self._cells: list[Problem] = []
        self._rules: list[Problem] = []

    def add(self, frame: pl.DataFrame) -> None:
        """Checks some more rows.

        Args:
            frame: String columns named as in the header, and `ROW` with the line or number of
                each row.
        """
        for block in frame.iter_slices(ROWS_MAX):
            checked = self._checks.of(block)
            self._cells += checked.cells
            self._rules += checked.rules
            self._survey.add(checked.good, checked.broken)

    def reading(self, sha256: str, problems: Sequence[Problem] = ()) -> Reading:
        """Looks at the table as a whole, and turns the rows that pass into allocations.

        Args:
            sha256: digest of the file.
            problems: of places that have no row.

        Returns:
            Drafts of the rows that pass, and a problem for everything that does not.
        """
        surveyed = self._survey.finish()
        told = [*problems, *self._cells, *self._rules, *surveyed.problems]
        told.sort(key=lambda problem: problem.line or 0)
        source = replace(self._source, sha256=sha256)
        drafts = PagedDrafts(surveyed.legs, source, self._catalogue)
        return Reading(drafts, tuple(told), surveyed.runs, surveyed.lines)


def read_frame(frame: pl.DataFrame, source: Source, catalogue: Catalogue) -> Reading:
    """Checks a table that is in memory and turns its rows into allocations.

    Args:
        frame: String columns named as in the header, which has been checked, and `ROW` with the
            line or number of each row.
        source: the file.
        catalogue: the devices.

    Returns:
        Drafts of the rows that pass, and a problem for everything that does not.
    """
    names = [name for name in frame.columns if name != ROW]
    table = Table(names, source, catalogue)
    table.add(frame)
    return table.reading(source.sha256)
