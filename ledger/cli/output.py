"""Output is where a command's document and tables leave the program."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from ledger.errors import InputError
from ledger.report.render import FORMATS, to_csv, to_json, to_markdown, to_terminal
from ledger.report.table import Table

__all__ = ["emit", "output_options", "write_text"]

P = ParamSpec("P")
R = TypeVar("R")

_WIDTH_MIN = 60
_BY_SUFFIX = {".json": "json", ".csv": "csv", ".md": "markdown", ".txt": "table"}


def output_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command ``-f/--format`` and ``-o/--output`` as ``fmt`` and ``output``."""
    output = click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
    fmt = click.option(
        "-f",
        "--format",
        "fmt",
        type=click.Choice(FORMATS),
        help="Form of the output; taken from the suffix of FILE, else table.",
    )
    return fmt(output(command))


def emit(
    document: Mapping[str, Any],
    tables: Table | Sequence[Table],
    *,
    fmt: str | None,
    output: str | None,
) -> None:
    """Write a result in the form asked for.

    Args:
        document: The whole result, for JSON.
        tables: The same result for people.
        fmt: One of the formats, or None to go by the suffix of ``output``.
        output: File to write, or None or ``-`` for stdout.

    Raises:
        InputError: If the file cannot be written.
    """
    grids = [tables] if isinstance(tables, Table) else list(tables)
    to_file = output not in {None, "-"}
    chosen = fmt or (_BY_SUFFIX.get(Path(output).suffix, "table") if output else "table")
    if chosen == "json":
        text = to_json(document)
    elif chosen == "csv":
        text = to_csv(grids)
    elif chosen == "markdown":
        text = to_markdown(grids)
    else:
        tty = sys.stdout.isatty() and not to_file
        text = to_terminal(grids, width=_width(tty=tty), color=tty)
    write_text(text, output)


def write_text(text: str, output: str | None) -> None:
    """Write to stdout, or to a file by way of a temporary one so that nothing is half-written.

    Raises:
        InputError: If the file cannot be written.
    """
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    target = Path(output)
    partial = target.with_name(target.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(target)
    except OSError as error:
        raise InputError(
            f"cannot write {output}: {error.strerror}", remedy="choose another file with -o"
        ) from error


def _width(*, tty: bool) -> int | None:
    """Return the columns of the terminal; a pipe gets lines as long as they need."""
    if not tty and "COLUMNS" not in os.environ:
        return None
    return max(_WIDTH_MIN, shutil.get_terminal_size().columns)
