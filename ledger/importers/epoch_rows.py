"""Epoch rows: one model each, as the tables of Epoch AI ("Data on AI Models") print them.

Figures are decimal text, often the text of a float (``5.0000000000001e+26``), and are read digit
by digit. Names may hold commas; a list of base models is taken apart with the names at hand.
"""

from __future__ import annotations

import csv
import io
import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from ledger.errors import InputError, Problem
from ledger.importers.decimals import exact_fraction
from ledger.importers.line_error import LineError
from ledger.period import parse_day
from ledger.quantity import OPERATIONS_MAX

__all__ = ["Figure", "Row", "read_rows", "split_bases"]

MODEL = "Model"
COMPUTE = "Training compute (FLOP)"
FINETUNE = "Finetune compute (FLOP)"
PUBLISHED = "Publication date"
ORGANIZATION = "Organization"
BASE = "Base model"
CONFIDENCE = "Confidence"
LOW, HIGH = "Training compute lower bound", "Training compute upper bound"

REQUIRED = (MODEL, COMPUTE, PUBLISHED, ORGANIZATION)
"""Columns without which a table is not one of models."""

_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{2}))?", re.ASCII)
_NAME_MAX = 200
_FIELD_MAX = 10_000_000  # characters of a cell; abstracts and notes are long


@dataclass(frozen=True, slots=True)
class Figure:
    """A count of operations as printed.

    Attributes:
        text: The cell.
        value: Its exact value, which need not be whole.
    """

    text: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class Row:
    """One model.

    Attributes:
        line: Line of the file on which the row ends, from 1.
        name: Name of the model on one line, white space around it removed.
        mended: Whether that changed it.
        organization: Organisation or organisations as written; may be empty.
        not_after: Day by whose end the model was published, or None if not given.
        day_inferred: Whether only a year or a month is given, so that the day is its last.
        bases: Names of the base models.
        compute: Training compute including base models, or None if blank.
        finetune: Training compute on top of the base models, or None if blank.
        low: Stated lower bound of the compute, or None.
        high: Stated upper bound of the compute, or None.
        confidence: ``Confident``, ``Likely``, ``Speculative``, another word, or empty.
    """

    line: int
    name: str
    mended: bool
    organization: str
    not_after: str | None
    day_inferred: bool
    bases: tuple[str, ...]
    compute: Figure | None
    finetune: Figure | None
    low: Fraction | None
    high: Fraction | None
    confidence: str


def read_rows(text: str, source: str, problems: list[Problem]) -> tuple[Row, ...]:
    """Read a table.

    Args:
        text: The CSV with its header.
        source: Name of the file.
        problems: Grows by a refused row for each that cannot be read.

    Raises:
        InputError: It is not a table of models.
    """
    csv.field_size_limit(_FIELD_MAX)
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in REQUIRED if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"not a table of models: columns missing: {', '.join(missing)}",
            why="other tables of Epoch AI (hardware, clusters) hold no training runs",
            remedy="give notable_ai_models, large_scale_ai_models or frontier_ai_models",
        )
    cells = list(_cells(reader))
    names = frozenset(_one_line(row[MODEL]) for _, row in cells)
    rows = []
    for line, row in cells:
        try:
            rows.append(_row(line, row, names))
        except InputError as error:
            problems.append(
                Problem(source, line, error.code, error.message, error.remedy, why=error.why)
            )
    return tuple(rows)


def split_bases(text: str, names: frozenset[str]) -> tuple[str, ...]:
    """Take a list of base models apart.

    Args:
        text: Names with commas between them; a name may hold commas itself.
        names: Names of the table, preferred as they stand.

    Returns:
        The names in order, each once: at each place the longest known one, else all up to the
        next comma outside parentheses.
    """
    found: list[str] = []
    at = 0
    while at < len(text):
        stop = _stop_of_name(text, at, names)
        found.append(text[at:stop].strip())
        at = stop + 1
    return tuple(name for name in dict.fromkeys(found) if name)


def _one_line(text: str) -> str:
    """Return a text with every run of white space, line breaks included, as one blank."""
    return " ".join(text.split())


def _stop_of_name(text: str, at: int, names: frozenset[str]) -> int:
    """Return where the name that starts at a place stops."""
    commas = [place for place in range(at, len(text)) if text[place] == ","]
    for stop in (len(text), *reversed(commas)):
        if text[at:stop].strip() in names:
            return stop
    for stop in commas:
        if text.count("(", at, stop) <= text.count(")", at, stop):
            return stop
    return len(text)


def _cells(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line and the cells of each row; short rows are filled with blanks."""
    try:
        for row in reader:
            yield reader.line_num, {name: row[name] or "" for name in reader.fieldnames or ()}
    except csv.Error as error:
        raise LineError(f"not a table: {error}", reader.line_num, remedy="copy it again") from error


def _row(line: int, cells: Mapping[str, str], names: frozenset[str]) -> Row:
    """Read one row."""
    if all(cells[column] == column for column in REQUIRED):
        raise InputError(
            "the header stands here again: these are two files in one",
            why="the parts may be two versions of one table, and would count twice",
            remedy="cut the file here and import the parts, or delete the line",
        )
    name = _one_line(cells[MODEL])
    if not name or len(name) > _NAME_MAX or any(ord(character) < ord(" ") for character in name):
        raise InputError(f"the name of the model is {name[:60]!r}", remedy="give it a name")
    day, inferred = _published(cells[PUBLISHED].strip())
    low, high = _figure(cells, LOW), _figure(cells, HIGH)
    return Row(
        line=line,
        name=name,
        mended=name != cells[MODEL],
        organization=_one_line(cells[ORGANIZATION]),
        not_after=day,
        day_inferred=inferred,
        bases=split_bases(_one_line(cells.get(BASE, "")), names),
        compute=_figure(cells, COMPUTE),
        finetune=_figure(cells, FINETUNE),
        low=None if low is None else low.value,
        high=None if high is None else high.value,
        confidence=cells.get(CONFIDENCE, "").strip(),
    )


def _figure(cells: Mapping[str, str], column: str) -> Figure | None:
    """Return a figure exactly, or None if the cell is blank."""
    text = cells.get(column, "").strip()
    if not text:
        return None
    value = exact_fraction(text)
    if value > OPERATIONS_MAX:
        raise InputError(
            f"{column} is {text!r}, more than 10^28",
            why="no run of any size comes near it, so a unit is likely to be wrong",
            remedy="check the table",
        )
    return Figure(text, value)


def _published(text: str) -> tuple[str | None, bool]:
    """Return the last day that a date allows, and whether that had to be inferred."""
    if not text:
        return None, False
    match = _MONTH.fullmatch(text)
    if match is None:
        return parse_day(text).isoformat(), False
    first = parse_day(f"{match[1]}-{match[2] or '12'}-01")
    return first.replace(day=monthrange(first.year, first.month)[1]).isoformat(), True
