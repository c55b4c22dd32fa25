"""A Slurm table is what `sacct --parsable` prints: no quoting, any delimiter, stray line ends.

A cell may hold a line end or bytes that are no text, because users write job names and command
lines. Physical lines are joined until the cells are as many as the header's; what never fits is
refused, and reading goes on with the next line that fits by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["XDMOD", "Header", "Misfit", "Record", "header_of", "records"]

XDMOD: Final = (
    *("jobid", "jobidraw", "cluster", "partition", "qos", "account", "group", "gid", "user", "uid"),
    *("submit", "eligible", "start", "end", "elapsed", "exitcode", "state", "nnodes", "ncpus"),
    *("reqcpus", "reqmem", "reqtres", "alloctres", "timelimit", "nodelist", "jobname"),
)
"""The columns of the export without a header that Open XDMoD prescribes."""

_JOINED_MAX: Final = 2000  # physical lines of one record
_KNOWN: Final = frozenset(
    {"jobid", "jobidraw", "start", "end", "state", "alloctres", "submit", "elapsed", "account"}
)
_NAME: Final = re.compile(r"[A-Za-z]+(?:%-?[0-9]+)?")
_HEADER: Final = re.compile(r"(?P<first>[A-Za-z]+)(?P<delimiter>[^A-Za-z0-9]{1,8})[A-Za-z]")
_TIME: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}|Unknown|None|")


@dataclass(frozen=True, slots=True)
class Header:
    """How the cells of a table are told apart.

    Attributes:
        names: Columns in lower case.
        delimiter: What stands between cells.
        closed: Whether a delimiter also ends each line.
        stated: Whether the file itself has a header line.
    """

    names: tuple[str, ...]
    delimiter: str
    closed: bool
    stated: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One record.

    Attributes:
        line: Physical line on which it begins, from 1.
        cells: Cell by column in lower case.
    """

    line: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Misfit:
    """Lines that make no record.

    Attributes:
        line: Physical line on which they begin.
        cells: How many cells they have.
        wanted: How many the header has.
    """

    line: int
    cells: int
    wanted: int


def header_of(first: str) -> Header | None:
    """Return how a table is told apart by its first line, or None if it is none of Slurm's.

    Args:
        first: The first line.
    """
    found = _HEADER.match(first)
    if found:
        delimiter = found["delimiter"]
        names = first.split(delimiter)
        closed = names[-1] == ""
        names = names[:-1] if closed else names
        plain = tuple(name.partition("%")[0].lower() for name in names)
        known = "jobid" in plain and len(_KNOWN & set(plain)) > 1
        if known and all(_NAME.fullmatch(name) for name in names):
            return Header(plain, delimiter, closed, stated=True)
    cells = first.split("|")
    width = len(XDMOD)
    closed = len(cells) == width + 1 and cells[-1] == ""
    if (len(cells) == width or closed) and all(_TIME.fullmatch(cell) for cell in cells[10:14]):
        return Header(XDMOD, "|", closed, stated=False)
    return None


def records(lines: Iterable[bytes], header: Header) -> Iterator[Record | Misfit]:
    """Yield the records of a table, and what makes none.

    Args:
        lines: Every physical line, the header line included if there is one.
        header: How cells are told apart.
    """
    wanted = len(header.names) - 1 + header.closed
    pending: list[str] = []
    begun = 0
    for number, raw in enumerate(lines, start=1):
        if number == 1 and header.stated:
            continue
        line = raw.decode("utf-8", errors="replace")
        found = line.count(header.delimiter)
        if pending and found != wanted and len(pending) < _JOINED_MAX:
            joined = sum(part.count(header.delimiter) for part in pending)
            if joined + found <= wanted or _last_is_free(header):
                pending.append(line)
                if joined + found >= wanted:
                    yield _record("\n".join(pending), begun, header, wanted)
                    pending = []
                continue
        if pending:
            yield _misfit("\n".join(pending), begun, header)
            pending = []
        if not line.strip():
            continue
        if found < wanted:
            pending, begun = [line], number
        else:
            yield _record(line, number, header, wanted)
    if pending:
        yield _misfit("\n".join(pending), begun, header)


_FREE: Final = frozenset(
    {
        *("jobname", "submitline", "workdir", "container", "wckey", "constraints", "licenses"),
        *("comment", "admincomment", "systemcomment", "extra", "reason"),
        *("stdin", "stdout", "stderr"),
    }
)
"""Columns in which users write what they like."""


def _last_is_free(header: Header) -> bool:
    """Return whether the last column is the one in which users write what they like."""
    return header.names[-1] in _FREE and not header.closed


def _record(text: str, line: int, header: Header, wanted: int) -> Record | Misfit:
    """Return the record of a text with enough delimiters."""
    cells = text.split(header.delimiter)
    more = len(cells) - 1 - wanted
    if more > 0:
        free = [place for place, name in enumerate(header.names) if name in _FREE]
        if len(free) != 1:
            return _misfit(text, line, header)
        # Only there a user can have written the delimiter; of two, nobody knows in which.
        (place,) = free
        name = header.delimiter.join(cells[place : place + more + 1])
        cells[place : place + more + 1] = [name]
    found = dict(zip(header.names, cells, strict=False))
    # A column that was exported twice says the same twice, or the cells slipped.
    if len(found) != len(header.names):
        named = zip(header.names, cells, strict=False)
        if any(found[name] != cell for name, cell in named):
            return _misfit(text, line, header)
    return Record(line, found)


def _misfit(text: str, line: int, header: Header) -> Misfit:
    """Return why a text makes no record."""
    cells = text.count(header.delimiter) + 1 - header.closed
    return Misfit(line, cells, len(header.names))
