"""Rendering writes documents and tables as terminal text, JSON, CSV or Markdown."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.report.table import Table, visible

__all__ = ["FORMATS", "to_csv", "to_json", "to_markdown", "to_terminal"]

FORMATS = ("table", "json", "csv", "markdown")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def to_json(document: Mapping[str, Any]) -> str:
    """Return indented JSON in the document's own order, ended by a newline.

    The bytes are those of ``json.dumps`` with an indent of 2, which is three times slower.
    """
    import msgspec  # noqa: PLC0415 - who verifies loads the standard library and no more

    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    return msgspec.json.format(text, indent=2) + "\n"


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
            lines += ["", *("- " + visible(note.removeprefix("- ")) for note in table.notes)]
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
    from ledger.report.grid import lay_out, wrapped  # noqa: PLC0415 - only this needs rich

    lines: list[str] = []
    for index, table in enumerate(tables):
        if index:
            lines.append("")
        if table.title:
            lines += [_bold(line, color=color) for line in wrapped(visible(table.title), width)]
        if table.rows:
            grid = lay_out(table, width)
            *heads, rule = grid.head or ("",)
            lines += [_bold(line, color=color) for line in heads]
            lines += [rule] if rule else []
            lines += grid.body
            # Below blocks a note would look like a part of the last one.
            lines += [""] if table.notes and not grid.head else []
        for note in table.notes:
            lines += wrapped(visible(note), width)
    return "\n".join([line.rstrip() for line in lines] + [""])


def _bold(text: str, *, color: bool) -> str:
    """Return a heading, emphasised where that is wanted."""
    return f"\x1b[1m{text}\x1b[0m" if color and text else text
