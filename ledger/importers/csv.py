"""CSV: our own table as text, one row a piece of a run; the columns are in `schemas/csv.v1.md`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ledger.errors import InputError, Problem
from ledger.hardware import Catalogue
from ledger.importers.columns import COLUMNS
from ledger.importers.csv_records import Cut, Quoted, plain, quoted
from ledger.importers.faults import Source
from ledger.importers.frame import Table, header_problems
from ledger.importers.held_time import refusal
from ledger.importers.source_file import find_files, opening
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.importers.stored_text import RefusedText, StoredText
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "CsvImporter"]

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_KNOWN_MIN = 3
"""Columns of ours that a header must have to be claimed."""


class CsvImporter:
    """Reads the table of `schemas/csv.v1.md` from CSV, plain or gzipped."""

    name = "csv"
    version = "1"
    settings: frozenset[str] = frozenset()

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the first line has mostly our columns."""
        if not head:
            return path.is_dir() and any(_claimed_inside(self, p) for p in path.iterdir())
        text = head.decode("utf-16", "replace") if head.startswith(_UTF16) else opening(head)
        names = [name.strip('" ') for name in text.partition("\n")[0].strip("\r").split(",")]
        known = sum(name in COLUMNS for name in names)
        return known >= _KNOWN_MIN and 2 * known >= len(names)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The file, or the CSV files of a directory."""
        return find_files(path, _is_csv, "CSV files")

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads and checks one table whole."""
        del settings  # There are none; an unknown one has been refused.
        source = Source(str(path), "", self.name, self.version, "line")
        try:
            try:
                return _read(StoredText(path), plain, source, catalogue)
            except Quoted:
                return _read(StoredText(path), quoted, source, catalogue)
        except RefusedText as refused:
            return Reading((), (refused.problem,), 0)
        except InputError as error:
            return Reading((), (refusal(str(path), error),), 0)


IMPORTER = CsvImporter()


def _claimed_inside(importer: CsvImporter, path: Path) -> bool:
    """Whether a file of a folder is a table of ours."""
    if not _is_csv(path.name) or not path.is_file():
        return False
    head = read_head(path, HEAD_MAX)
    return bool(head) and importer.claims(head, path)


def _is_csv(name: str) -> bool:
    """Whether a file name is one of a CSV file."""
    return name.casefold().removesuffix(".gz").endswith(".csv")


def _read(text: StoredText, cut: Cut, source: Source, catalogue: Catalogue) -> Reading:
    """Reads a text as the records into which it is cut.

    Raises:
        Quoted: It has quotes, and is not to be cut at every comma and line end.
        RefusedText: It is no table, or not UTF-8.
        InputError: It cannot be read.
    """
    problems: list[Problem] = []
    wrong: tuple[Problem, ...] = ()
    table: Table | None = None
    blocks = text.blocks()
    try:
        for names, frame, ragged in cut(blocks, source):
            if table is None and not wrong:
                wrong = header_problems(names, source)
            if wrong:
                continue  # What else is wrong with the text comes first.
            table = table or Table(names, source, catalogue)
            table.add(frame)
            problems += ragged
    except RefusedText:
        for _ in blocks:
            pass  # A text that cannot be decoded is told before what it says.
        raise
    if table is None:
        return Reading((), wrong, 0)
    return table.reading(text.sha256, problems)
