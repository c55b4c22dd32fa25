"""A FOCUS table is a bill as CSV: quoted cells, line ends inside them, nulls in three spellings."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError

__all__ = ["NEEDED", "Misfit", "Record", "columns_of", "header_of", "record_of", "records"]

NEEDED: Final = ("chargecategory", "chargeperiodstart", "chargeperiodend")
"""Columns without which a table is no bill of this form."""

_NULLS: Final = frozenset({"NULL", "null", "Null"})


@dataclass(frozen=True, slots=True)
class Record:
    """One row.

    Attributes:
        line: Physical line on which it begins, from 1.
        cells: Cell by column in lower case; a null is empty.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Misfit:
    """What makes no row.

    Attributes:
        line: Physical line on which it begins.
        message: What is wrong with it.
    """

    line: int
    message: str


def header_of(first: str) -> tuple[str, ...]:
    """Return the columns of a header line in lower case, or nothing if it is none of a bill.

    Args:
        first: The first line of the file.
    """
    try:
        names = next(csv.reader([first], strict=True), [])
    except csv.Error:
        return ()
    found = tuple(name.strip().lower() for name in names)
    return found if set(NEEDED) <= set(found) else ()


def records(
    lines: Iterable[bytes], renamed: Mapping[str, str] | None = None
) -> Iterator[Record | Misfit]:
    """Yield the rows of a bill, and what makes none.

    A header that stands again, as in exports put one behind the other, is passed over.

    Args:
        lines: Every physical line.
        renamed: Their column, in lower case, to ours.

    Raises:
        InputError: If the first line is no header of a bill, or names a column twice.
    """
    reader = csv.reader(
        (line.decode("utf-8", errors="surrogateescape") + "\n" for line in lines), strict=True
    )
    names: tuple[str, ...] = ()
    header: list[str] = []
    line = 1
    while True:
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if not names:
                raise _headless() from error
            yield Misfit(line, f"the quotes of the row do not close, or a cell is huge: {error}")
            line = reader.line_num + 1
            continue
        if row and not names:
            names = columns_of(row, renamed or {})
            header = row
        elif row and row != header:
            yield record_of(row, names, line)
        line = reader.line_num + 1
    if not names:
        raise _headless()


def columns_of(row: Sequence[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the columns of a header under our names.

    Raises:
        InputError: If it is no header of a bill, or names a column twice.
    """
    names = tuple(renamed.get(name, name) for name in (cell.strip().lower() for cell in row))
    if not set(NEEDED) <= set(names):
        raise _headless()
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(
            f"the column {twice[0]} stands twice in the header",
            why="which of the two is meant cannot be told",
            remedy="export the columns once each",
        )
    return names


def record_of(row: Sequence[str], names: tuple[str, ...], line: int) -> Record | Misfit:
    """Return the cells of a row by column."""
    if len(row) != len(names):
        return Misfit(line, f"the row has {len(row)} cells, the header {len(names)}")
    cells = {name: "" if cell in _NULLS else cell for name, cell in zip(names, row, strict=True)}
    whole = "".join(row)
    if "\0" in whole or _is_torn(whole):
        odd = next(n for n, cell in cells.items() if "\0" in cell or _is_torn(cell))
        return Misfit(line, f"the cell {odd} holds bytes that are not UTF-8 text")
    return Record(line, cells)


def _is_torn(cell: str) -> bool:
    """Return whether a cell holds bytes that could not be decoded."""
    return not cell.isascii() and any("\udc80" <= sign <= "\udcff" for sign in cell)


def _headless() -> InputError:
    """Return the error for a file that is no bill of this form."""
    return InputError(
        "the first line is no header of a FOCUS table",
        why=f"it needs the columns {', '.join(NEEDED)}",
        remedy="export the bill as FOCUS 1.0 or later, as UTF-8 CSV with its header or as Parquet",
    )
