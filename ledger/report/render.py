"""Rendering writes documents and tables as terminal text, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.report.table import Column, Table, visible

__all__ = ["FORMATS", "to_csv", "to_json", "to_markdown", "to_terminal"]

FORMATS = ("table", "json", "csv", "markdown")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_json(document: Mapping[str, Any]) -> str:
    """Return indented JSON in the document's own order, ended by a newline."""
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_csv(tables: Sequence[Table]) -> str:
    """Return the tables as CSV, an empty line between them.

    A cell that a spreadsheet would run as a formula is quoted with an apostrophe; a plain number
    keeps its sign.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for index, table in enumerate(tables):
        if index:
            buffer.write("\n")
        writer.writerow([column.name for column in table.columns])
        writer.writerows([[_cell(text) for text in row] for row in table.rows])
    return buffer.getvalue()


def _cell(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    if text.startswith(_FORMULA_STARTS) and not text[1:].replace(".", "", 1).isdigit():
        return "'" + text
    return text


def to_markdown(tables: Sequence[Table]) -> str:
    """Return the tables as Markdown with headings and notes."""
    blocks = []
    for table in tables:
        lines = [f"## {visible(table.title)}", ""] if table.title else []
        if table.columns:
            lines.append(_markdown_row([column.name for column in table.columns]))
            marks = ["---:" if column.align == "right" else "---" for column in table.columns]
            lines.append(f"| {' | '.join(marks)} |")
            lines += [_markdown_row(row) for row in table.rows]
        if table.notes:
            lines += ["", *(f"- {visible(note)}" for note in table.notes)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    """Return one row; bars, angle brackets and line ends in cells are escaped."""
    safe = [
        visible(cell).replace("|", "\\|").replace("<", "&lt;").replace("\n", "<br>")
        for cell in cells
    ]
    return f"| {' | '.join(safe)} |"


def to_terminal(tables: Sequence[Table], *, width: int | None, color: bool) -> str:
    """Return the tables as text that fits a terminal.

    Args:
        tables: What to show, in order.
        width: Columns of the terminal, or None to let every line be as long as it needs.
        color: Whether headings may be emphasised.
    """
    from rich.console import Console  # noqa: PLC0415 - only this format needs rich
    from rich.text import Text  # noqa: PLC0415

    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width or 400,
        force_terminal=color,
        no_color=not color or "NO_COLOR" in os.environ,
        highlight=False,
        legacy_windows=False,
    )
    for index, table in enumerate(tables):
        if index:
            console.print()
        if table.title:
            console.print(Text(visible(table.title), style="bold"))
        if table.rows:
            console.print(_grid(table))
        for note in table.notes:
            console.print(Text(visible(note)), soft_wrap=width is None)
    return "\n".join(line.rstrip() for line in buffer.getvalue().split("\n"))


def _grid(table: Table) -> Any:  # noqa: ANN401 - a rich object, which stays inside this module
    """Return a rich table."""
    from rich import box  # noqa: PLC0415
    from rich.table import Table as Grid  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Grid(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in table.columns:
        grid.add_column(column.name, justify=column.align, no_wrap=_keeps_line(column))
    for row in table.rows:
        grid.add_row(*(Text(visible(cell)) for cell in row))
    return grid


def _keeps_line(column: Column) -> bool:
    """Return whether the cells of a column stay on one line."""
    return not column.wide
