"""A grid lays a table out in the columns of a terminal: it wraps, and never cuts a text short."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len

from ledger.report.table import Column, Table, visible

__all__ = ["Grid", "lay_out", "wrapped"]

_GAP = "   "
_FOLD_MIN = 24  # cells that a long name keeps of its line before it is folded
_HANG = 4  # cells by which the rest of an indented line stands further in
_NUMBER = re.compile(r"[-+(≥≤~]*[0-9][0-9_,.*^/e+-]*[^0-9]{0,3}")
_JOINT = re.compile(r"(?<=[._/,:-])")


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as lines.

    Attributes:
        head: Lines of headings and the rule below them; none where each row is a block.
        body: Lines of the rows.
    """

    head: tuple[str, ...]
    body: tuple[str, ...]


def lay_out(table: Table, width: int | None) -> Grid:
    """Return a table as lines that fit.

    Columns that may wrap do so first, then all others between words. A table that does not fit
    even so is given as one block a row, with a line ``name: value`` for each cell.

    Args:
        table: What to lay out.
        width: Cells of a line, or None where lines may be as long as they need.
    """
    heads = tuple(visible(column.name) for column in table.columns)
    rows = tuple(tuple(visible(cell) for cell in row) for row in table.rows)
    widths = _widths(table.columns, (heads, *rows), width)
    if widths is None:
        assert width is not None
        return Grid((), tuple(_blocks(heads, rows, width)))
    rule = "─" * (sum(widths) + len(_GAP) * (len(widths) - 1))
    head = (*_row(heads, widths, table.columns), rule)
    return Grid(head, tuple(line for row in rows for line in _row(row, widths, table.columns)))


def wrapped(text: str, width: int | None) -> list[str]:
    """Return a text as lines no longer than ``width`` cells, broken between words.

    The rest of an indented line is indented further than its start, so that it is taken for no
    line of its own. A word longer than a line is folded.
    """
    lines = text.split("\n")
    if width is None:
        return lines
    return [part for line in lines for part in _wrapped_line(line, width)]


def _wrapped_line(line: str, width: int) -> Iterator[str]:
    """Yield the parts of one line."""
    if cell_len(line) <= width:
        yield line
        return
    start = " " * min(len(line) - len(line.lstrip(" ")), width // 3)
    hang = start + " " * min(_HANG, width // 4) if start else ""
    current, empty = start, True
    for word in line.lstrip(" ").split(" "):
        space = "" if empty else " "
        if cell_len(current + space + word) <= width:
            current, empty = current + space + word, False
            continue
        if not empty:
            yield current
            current = hang
        *full, rest = _folded(word, width - cell_len(current), width - cell_len(hang))
        for piece in full:
            yield current + piece
            current = hang
        current, empty = current + rest, False
    yield current


def _folded(word: str, first: int, later: int) -> list[str]:
    """Return a word in pieces of at most so many cells, at joints of a name where there are any."""
    pieces, room, piece = list[str](), first, ""
    for part in _JOINT.split(word):
        if cell_len(piece + part) <= room:
            piece += part
            continue
        if piece:
            pieces.append(piece)
            room, piece = later, ""
        for char in part:
            if piece and cell_len(piece + char) > room:
                pieces.append(piece)
                room, piece = later, ""
            piece += char
    return [*pieces, piece]


def _widths(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None
) -> list[int] | None:
    """Return the cells of each column, or None if the table does not fit."""
    cells = [[row[i] for row in rows] for i in range(len(columns))]
    natural = [max(cell_len(line) for cell in each for line in cell.split("\n")) for each in cells]
    if width is None:
        return natural
    room = width - len(_GAP) * (len(columns) - 1)
    least = [max(map(_least, each)) for each in cells]
    whole = [
        small if column.wide else most
        for column, small, most in zip(columns, least, natural, strict=True)
    ]
    for smallest in (whole, least):
        if sum(smallest) <= room:
            return _spread(smallest, natural, room)
    return None


def _least(cell: str) -> int:
    """Return the fewest cells in which a text can be read: numbers whole, long names folded."""
    return (
        max(
            cell_len(word) if _NUMBER.fullmatch(word) else min(cell_len(word), _FOLD_MIN)
            for word in cell.split()
        )
        if cell.strip()
        else 1
    )


def _spread(smallest: Sequence[int], natural: Sequence[int], room: int) -> list[int]:
    """Return the widths between the smallest and the natural ones that use the room well."""
    widths = list(smallest)
    left = room - sum(widths)
    # The narrowest of those that still want more grows first: short texts stay on one line.
    while left > 0 and (open_ := [i for i, w in enumerate(widths) if w < natural[i]]):
        widths[min(open_, key=lambda i: widths[i])] += 1
        left -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> Iterator[str]:
    """Yield the lines of one row."""
    parts = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for line in zip_longest(*parts, fillvalue=""):
        padded = [
            " " * (width - cell_len(text)) + text
            if column.align == "right"
            else text + " " * (width - cell_len(text))
            for text, width, column in zip(line, widths, columns, strict=True)
        ]
        yield _GAP.join(padded).rstrip()


def _blocks(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[str]:
    """Yield each row as lines of names and values, an empty line between rows."""
    for number, row in enumerate(rows):
        if number:
            yield ""
        for head, cell in zip(heads, row, strict=True):
            first, *more = (f"{head}: {cell.strip()}" if head else cell.strip()).split("\n")
            indented = " " * _HANG
            yield from _hanging(first, width)
            for line in more:
                yield from (indented + part for part in wrapped(line.strip(), width - _HANG))


def _hanging(line: str, width: int) -> Iterator[str]:
    """Yield the parts of a line, all but the first indented."""
    first, *_ = wrapped(line, width)
    yield first
    if rest := line[len(first) :].lstrip():
        yield from (" " * _HANG + part for part in wrapped(rest, width - _HANG))
