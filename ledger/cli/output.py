"""Output is where a command's document and tables leave the program."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, ParamSpec, TextIO, TypeVar

import click

from ledger.cli.destination import writing
from ledger.errors import InputError, LedgerError
from ledger.report.memo import Memo, memo_markdown, memo_table, memo_text
from ledger.report.render import FORMATS, to_csv, to_json, to_markdown, to_terminal
from ledger.report.table import Table

__all__ = [
    "emit",
    "emit_memo",
    "output_options",
    "output_options_with",
    "print_bytes",
    "write_parts",
    "write_text",
]

P = ParamSpec("P")
R = TypeVar("R")

_WIDTH_MIN = 60
_BY_SUFFIX = {
    ".json": "json",
    ".csv": "csv",
    ".md": "markdown",
    ".txt": "table",
    ".sarif": "sarif",
    ".xml": "junit",
}


def output_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command ``-f/--format`` and ``-o/--output`` as ``fmt`` and ``output``."""
    return output_options_with()(command)


def output_options_with(*others: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Give a command the options of `output_options`, with formats of its own."""
    output = click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
    fmt = click.option(
        "-f",
        "--format",
        "fmt",
        type=click.Choice((*FORMATS, *others)),
        help="Form of the output; taken from the suffix of FILE, else table.",
    )
    return lambda command: fmt(output(command))


def emit(
    document: Mapping[str, Any],
    tables: Table | Sequence[Table],
    *,
    fmt: str | None,
    output: str | None,
    others: Mapping[str, Callable[[], str | Iterator[str]]] = MappingProxyType({}),
) -> None:
    """Write a result in the form asked for.

    Args:
        document: The whole result, for JSON.
        tables: The same result for people.
        fmt: One of the formats, or None to go by the suffix of ``output``.
        output: File to write, or None or ``-`` for stdout.
        others: Formats that this command makes itself, each with what makes its text, or yields
            it in parts where it may be long.

    Raises:
        InputError: If the file cannot be written, or belongs to a ledger.
    """
    grids = [tables] if isinstance(tables, Table) else list(tables)
    to_file = output not in {None, "-"}
    chosen = _form(fmt, output, others)
    text: str | Iterator[str]
    if chosen in others:
        text = others[chosen]()
    elif chosen == "json":
        text = to_json(document)
    elif chosen == "csv":
        text = to_csv(grids)
    elif chosen == "markdown":
        text = to_markdown(grids)
    else:
        tty = not to_file and _stdout().isatty()
        text = to_terminal(grids, width=_width(tty=tty), color=tty)
    write_parts([text] if isinstance(text, str) else text, output)


def emit_memo(
    document: Mapping[str, Any], memo: Memo, *, fmt: str | None, output: str | None
) -> None:
    """Write a text with headings in the form asked for; see `emit`.

    Args:
        document: The whole result, for JSON.
        memo: The same for people.
        fmt: One of the formats, or None to go by the suffix of ``output``.
        output: File to write, or None or ``-`` for stdout.

    Raises:
        InputError: If the file cannot be written, or belongs to a ledger.
    """
    chosen = _form(fmt, output)
    if chosen == "json":
        text = to_json(document)
    elif chosen == "csv":
        text = to_csv([memo_table(memo)])
    elif chosen == "markdown":
        text = memo_markdown(memo)
    else:
        tty = output in {None, "-"} and _stdout().isatty()
        text = memo_text(memo, width=_width(tty=tty), color=tty)
    write_text(text, output)


def _form(fmt: str | None, output: str | None, others: Iterable[str] = ()) -> str:
    """Return the form of the output: the one given, else by the suffix of the file, else table."""
    found = fmt or _BY_SUFFIX.get(Path(output or "").suffix, "table")
    return found if found in {*FORMATS, *others} else "table"


def write_text(text: str, output: str | None) -> None:
    """Write to stdout, or to a file; see `writing` for what is refused and what is kept.

    Raises:
        InputError: If the file cannot be written, or belongs to a ledger.
        LedgerError: If stdout cannot be written.
    """
    write_parts([text], output)


def write_parts(parts: Iterable[str], output: str | None) -> None:
    """Write a long text part by part, as `write_text` writes a short one."""
    encoded = (part.encode() for part in parts)
    if output is None or output == "-":
        print_bytes(encoded)
        return
    with writing(output) as file:
        file.writelines(encoded)


def print_bytes(parts: Iterable[bytes]) -> None:
    """Write bytes to stdout: a disk that is full there is told like any other.

    Raises:
        InputError: If there is no stdout.
        LedgerError: If stdout goes to a file that takes no more.
    """
    stdout = _stdout()
    try:
        stdout.flush()
        stream = stdout.buffer
        for part in parts:
            # Without a buffer a write may take less than all, and says so only in its result.
            done = stream.write(part)
            while done < len(part):
                done += stream.write(part[done:])
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is left in the buffer would fail once more when the program ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stdout.fileno())
        raise LedgerError(
            f"cannot write to stdout: {error.strerror or error}",
            why="what was printed is not whole",
            remedy="make room, or send the output elsewhere, then run the same command again",
        ) from error


def _stdout() -> TextIO:
    """Return the standard output.

    Raises:
        InputError: If the program was started without one.
    """
    # Python has none where the caller closed it.
    stdout: TextIO | None = sys.stdout
    if stdout is None:
        raise InputError(
            "there is no standard output",
            why="it was closed before the program began, and the answer has nowhere to go",
            remedy="leave it open, or write to a file: -o FILE",
        )
    return stdout


def _width(*, tty: bool) -> int | None:
    """Return the columns of the terminal; a pipe gets lines as long as they need."""
    if not tty and "COLUMNS" not in os.environ:
        return None
    return max(_WIDTH_MIN, shutil.get_terminal_size().columns)
