"""CSV: our own table as text, one row a piece of a run; the columns are in `schemas/csv.v1.md`."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ledger.errors import InputError, Problem
from ledger.hardware import Catalogue
from ledger.importers.columns import COLUMNS
from ledger.importers.faults import Source, second_header
from ledger.importers.frame import header_problems, read_frame
from ledger.importers.held_time import refusal
from ledger.importers.rows import ROW
from ledger.importers.source_file import find_files, opening
from ledger.importers.stored import (
    HEAD_MAX,
    STORED_MAX,
    encoding_fault,
    read_head,
    read_stored,
    too_large,
)
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "CsvImporter"]

_GZIP = b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_KNOWN_MIN = 3
"""Columns of ours that a header must have to be claimed."""


@dataclass(frozen=True, slots=True)
class _Table:
    """The records of a CSV text before a cell of them is looked at.

    Attributes:
        names: the header.
        frame: String columns and `ROW`.
        problems: lines that have no place in the frame.
    """

    names: list[str]
    frame: pl.DataFrame
    problems: list[Problem]


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
        try:
            stored = read_stored(path)
            data = _unzipped(stored, path)
        except InputError as error:
            return Reading((), (refusal(str(path), error),), 0)
        digest = hashlib.sha256(stored).hexdigest()
        source = Source(str(path), digest, self.name, self.version, "line")
        text = _text(data, path, source)
        if isinstance(text, Problem):
            return Reading((), (text,), 0)
        table = _plain(text, source) if '"' not in text else _quoted(text, source)
        if isinstance(table, Problem):
            return Reading((), (table,), 0)
        wrong = header_problems(table.names, source)
        if wrong:
            return Reading((), wrong, 0)
        reading = read_frame(table.frame, source, catalogue)
        problems = sorted((*table.problems, *reading.problems), key=lambda p: p.line or 0)
        return Reading(reading.drafts, tuple(problems), reading.runs, reading.lines)


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


def _unzipped(stored: bytes, path: Path) -> bytes:
    """The bytes of the text; a file that begins like gzip is unzipped up to the limit."""
    if not stored.startswith(_GZIP):
        return stored
    try:
        with gzip.open(io.BytesIO(stored)) as stream:
            data = stream.read(STORED_MAX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(
            f"the file cannot be unzipped: {error}", where=str(path), remedy="copy it again"
        ) from error
    if len(data) > STORED_MAX:
        raise too_large(path)
    return data


def _text(data: bytes, path: Path, source: Source) -> str | Problem:
    """The text with plain line ends, or why the bytes are not UTF-8 text."""
    fault = encoding_fault(data, path)
    if fault is None:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    where, what = fault
    return Problem(
        source.path,
        where,
        "encoding",
        what,
        "save it as UTF-8; in a spreadsheet: 'CSV UTF-8'" if where else "copy the file again",
        why="a guessed encoding can change a name, and so make a second model of one",
    )


def _plain(text: str, source: Source) -> _Table | Problem:
    """The records of a text without quotes: a line is a record."""
    lines = text.split("\n")
    names = [name.strip() for name in lines[0].split(",")]
    if len(names) == 1:
        return _no_table(lines[0], source)
    commas = len(names) - 1
    kept, places, problems = [], [], []
    for place, line in enumerate(lines[1:], start=2):
        if line.count(",") == commas:
            kept.append(line)
            places.append(place)
        elif line.strip():
            problems.append(_ragged(line.split(","), len(names), source, place))
    schema = dict.fromkeys(_columns(names), pl.String)
    frame = pl.DataFrame(schema=schema)
    if kept:
        data = "\n".join(kept).encode()
        del lines, kept  # a large file would stand in memory twice
        frame = pl.read_csv(data, has_header=False, schema=schema, quote_char=None)
    assert frame.height == len(places), "without quotes, a line is a row"
    return _Table(names, frame.with_columns(pl.Series(ROW, places, dtype=pl.Int64)), problems)


def _quoted(text: str, source: Source) -> _Table | Problem:
    """The records of a text with quotes, which may hold commas and line ends."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    places: list[int] = []
    problems = []
    names: list[str] = []
    place = 1
    try:
        for cells in reader:
            if not names:
                names = [name.strip() for name in cells]
                if len(names) <= 1:
                    return _no_table(text.partition("\n")[0], source)
            elif len(cells) == len(names):
                rows.append(cells)
                places.append(place)
            elif cells:
                problems.append(_ragged(cells, len(names), source, place))
            place = reader.line_num + 1
    except csv.Error as error:
        remedy = "close the quote, and double a quote inside a cell"
        return Problem(source.path, place, "not-csv", f"the quoting is broken: {error}", remedy)
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    cells_by_name = dict(zip(_columns(names), map(list, columns), strict=True))
    frame = pl.DataFrame(cells_by_name, schema=dict.fromkeys(cells_by_name, pl.String))
    return _Table(names, frame.with_columns(pl.Series(ROW, places, dtype=pl.Int64)), problems)


def _columns(names: Sequence[str]) -> list[str]:
    """Names that a frame can have: a repeated one is numbered, and refused right after."""
    return [name if name not in names[:i] else f"{name}\0{i}" for i, name in enumerate(names)]


def _no_table(line: str, source: Source) -> Problem:
    """The refusal of a first line that is not a header with commas."""
    other = next((word for sign, word in ((";", "semicolons"), ("\t", "tabs")) if sign in line), "")
    message = f"the columns are separated by {other}" if other else "the file has no header"
    remedy = "separate them by commas" if other else "begin with the names of the columns"
    return Problem(source.path, 1, "not-csv", message, remedy)


def _ragged(cells: Sequence[str], width: int, source: Source, place: int) -> Problem:
    """The refusal of a record with too many or too few cells."""
    if all(cell.strip() in COLUMNS for cell in cells) and len(cells) > 1:
        return second_header(source, place)
    return Problem(
        source.path,
        place,
        "ragged-row",
        f"the line has {len(cells)} cells, the header {width}",
        "quote a cell that holds a comma, or add the missing ones",
        why="cells would slip under another column",
    )
