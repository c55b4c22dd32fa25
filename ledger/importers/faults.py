"""A fault: a row that a check kept out, told as a problem with its place."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.importers.cells import Fault, explain
from ledger.importers.columns import COLUMNS, input_column
from ledger.importers.rows import REPEATED_ID, ROW, RULES

__all__ = ["Source", "cell_problems", "id_problems", "rule_problems", "second_header"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that is being read.

    Attributes:
        path: its name as the user gave it.
        sha256: digest of its bytes, hex.
        importer: who reads it.
        version: and which version.
        place: what a place in it is called: `line` or `row`.
    """

    path: str
    sha256: str
    importer: str
    version: str
    place: str


def second_header(source: Source, line: int) -> Problem:
    """The refusal of a second header."""
    return Problem(
        source.path,
        line,
        "second-header",
        "the header stands here again: these are two files in one",
        "cut the file here and import the parts, or delete the line",
        why="the parts may be two versions of one export, and would count twice",
    )


def cell_problems(
    rows: pl.DataFrame, flags: pl.DataFrame, source: Source, *, catalogue: Catalogue
) -> list[Problem]:
    """Says for each cell that failed its own check why.

    Args:
        rows: the rows with at least one such cell.
        flags: as many rows; a Boolean column by column of the file, and one for second headers.
        source: the file.
        catalogue: the devices.
    """
    found = []
    faults: dict[tuple[str, str | None], Fault] = {}  # the same cell may stand on every row
    for row, failed in zip(rows.iter_rows(named=True), flags.iter_rows(named=True), strict=True):
        if failed.pop("second-header"):
            found.append(second_header(source, row[ROW]))
            continue
        for name in (name for name, fails in failed.items() if fails):
            cell = name, row[name]
            if cell not in faults:
                faults[cell] = _fault(*cell, catalogue)
            fault = faults[cell]
            found.append(
                Problem(
                    source.path, row[ROW], fault.code, fault.message, fault.remedy, why=fault.why
                )
            )
    return found


def _fault(name: str, cell: str | None, catalogue: Catalogue) -> Fault:
    """Says why a cell failed its own check."""
    column = COLUMNS.get(name) or input_column(name)
    if cell is None:
        return Fault("missing-value", f"{name} is empty", f"fill it: {column.meaning}")
    return explain(column, cell, catalogue)


def rule_problems(rows: pl.DataFrame, broken: pl.DataFrame, source: Source) -> list[Problem]:
    """Says for each row that broke a rule between its cells which rule.

    Args:
        rows: the rows with at least one broken rule.
        broken: as many rows; a Boolean column a rule.
        source: the file.
    """
    rules = {rule.code: rule for rule in RULES}
    found = []
    for row, failed in zip(rows.iter_rows(named=True), broken.iter_rows(named=True), strict=True):
        cells = {name: "(empty)" if value is None else value for name, value in row.items()}
        for code in (code for code, fails in failed.items() if fails):
            rule = rules[code]
            message = rule.message.format_map(cells)
            found.append(Problem(source.path, row[ROW], code, message, rule.remedy, why=rule.why))
    return found


def id_problems(rows: pl.DataFrame, source: Source) -> list[Problem]:
    """Says for each row whose id stands on another one too that it does.

    Args:
        rows: those rows, with `ROW` and `id`.
        source: the file.
    """
    rule = REPEATED_ID
    return [
        Problem(
            source.path, place, rule.code, rule.message.format(id=id_), rule.remedy, why=rule.why
        )
        for place, id_ in rows.select(ROW, "id").iter_rows()
    ]
