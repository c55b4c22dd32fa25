"""Records of a CSV text, block by block, before a cell of them is looked at."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

import polars as pl

from ledger.errors import Problem
from ledger.importers.columns import COLUMNS
from ledger.importers.faults import Source, second_header
from ledger.importers.rows import ROW
from ledger.importers.stored_text import RefusedText

__all__ = ["ROWS_MAX", "Cut", "Quoted", "Records", "plain", "quoted"]

ROWS_MAX = 10_000
"""Records of a block that is read one by one."""


class Records(NamedTuple):
    """Some records of a text.

    Attributes:
        names: The header.
        frame: String columns and `ROW`.
        problems: Lines that have no place in the frame.
    """

    names: list[str]
    frame: pl.DataFrame
    problems: list[Problem]


class Cut(Protocol):
    """Cuts a text into records."""

    def __call__(self, blocks: Iterator[str], source: Source) -> Iterator[Records]:
        """Yield the records, at least one block of them, of none if there are none."""


class Quoted(Exception):  # noqa: N818 - it is no failure
    """A text has quotes, which may hold commas and line ends."""


def plain(blocks: Iterator[str], source: Source) -> Iterator[Records]:
    """Yield the records of a text without quotes: a line is a record.

    Raises:
        Quoted: If it has quotes.
        RefusedText: If it is no table.
    """
    names: list[str] | None = None
    place = 1
    for text in _one_at_least(blocks):
        if '"' in text:
            raise Quoted
        lines = text.removesuffix("\n").split("\n")
        if names is None:
            head, *lines = lines
            names = [name.strip() for name in head.split(",")]
            place += 1
            if len(names) == 1:
                if any('"' in more for more in blocks):
                    raise Quoted
                raise RefusedText(_no_table(head, source))
        yield _lines(names, lines, place, source)
        place += len(lines)


def _one_at_least(blocks: Iterator[str]) -> Iterator[str]:
    """Yield the blocks of a text, one that is empty if it has none."""
    yield next(blocks, "")
    yield from blocks


def _lines(names: list[str], lines: list[str], first: int, source: Source) -> Records:
    """The records of some lines, the first of which has this number."""
    commas = len(names) - 1
    kept, places, problems = [], [], []
    for place, line in enumerate(lines, start=first):
        if line.count(",") == commas:
            kept.append(line)
            places.append(place)
        elif line.strip():
            problems.append(_ragged(line.split(","), len(names), source, place))
    schema = dict.fromkeys(_columns(names), pl.String)
    frame = pl.DataFrame(schema=schema)
    if kept:
        # How a file begins may tell polars what it is: the first row must not be its beginning.
        data = "\n".join(("," * commas, *kept)).encode()
        frame = pl.read_csv(data, has_header=False, schema=schema, quote_char=None)[1:]
    assert frame.height == len(places), "without quotes, a line is a row"
    return Records(names, frame.with_columns(pl.Series(ROW, places, dtype=pl.Int64)), problems)


def quoted(blocks: Iterator[str], source: Source) -> Iterator[Records]:
    """Yield the records of a text with quotes, which may hold commas and line ends.

    Raises:
        RefusedText: If it is no table, or the quoting is broken.
    """
    first: list[str] = []
    reader = csv.reader(_physical(blocks, first), strict=True)
    names: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    problems: list[Problem] = []
    place = 1
    try:
        for cells in reader:
            if not names:
                names = [name.strip() for name in cells]
                if len(names) <= 1:
                    raise RefusedText(_no_table(first[0].removesuffix("\n"), source))
            elif len(cells) == len(names):
                rows.append((place, cells))
            elif cells:
                problems.append(_ragged(cells, len(names), source, place))
            place = reader.line_num + 1
            if len(rows) >= ROWS_MAX:
                yield _records(names, rows, problems)
                rows, problems = [], []
    except csv.Error as error:
        remedy = "close the quote, and double a quote inside a cell"
        message = f"the quoting is broken: {error}"
        raise RefusedText(Problem(source.path, place, "not-csv", message, remedy)) from error
    yield _records(names, rows, problems)


def _physical(blocks: Iterator[str], first: list[str]) -> Iterator[str]:
    """Yield the lines of a text with their ends, and keep the first one."""
    for text in blocks:
        for line in io.StringIO(text, newline="\n"):
            if not first:
                first.append(line)
            yield line


def _records(
    names: list[str], rows: Sequence[tuple[int, list[str]]], problems: list[Problem]
) -> Records:
    """The frame of some records, each with its place."""
    columns = zip(*(cells for _, cells in rows), strict=True) if rows else ([] for _ in names)
    cells_by_name = dict(zip(_columns(names), map(list, columns), strict=True))
    frame = pl.DataFrame(cells_by_name, schema=dict.fromkeys(cells_by_name, pl.String))
    places = pl.Series(ROW, [place for place, _ in rows], dtype=pl.Int64)
    return Records(names, frame.with_columns(places), problems)


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
