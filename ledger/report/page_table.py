"""The tables of a page: headers with their scope, cells escaped, cards where the page is narrow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from ledger.report.table import Column, Table, visible

__all__ = ["code", "kept", "kinds", "listed", "noted", "pairs", "section", "table_html", "text"]

_DAY: Final = re.compile(r"\b\d{4}-\d{2}(?:-\d{2})?\b")
_LONG: Final = 26  # letters of a word that may break


def text(words: str) -> str:
    """Return a text in which nothing is markup, and nothing can turn the direction of a line."""
    return escape(visible(words), quote=True)


def code(words: str) -> str:
    """Return a digest or a command."""
    return f"<code>{text(words)}</code>"


def kinds(words: str, *names: str) -> str:
    """Return the class attribute of a cell: long words may break anywhere, others never do."""
    held = [name for name in names if name]
    if not words:
        held.append("empty")
    if any(len(word) > _LONG for word in words.split()):
        held.append("long")
    return f' class="{" ".join(held)}"' if held else ""


def section(identifier: str, title: str, body: str) -> str:
    """Return a part of the page under a heading that names it."""
    return (
        f'<section aria-labelledby="{identifier}"><h2 id="{identifier}">{text(title)}</h2>\n'
        f"{body}\n</section>"
    )


def listed(items: Iterable[str]) -> str:
    """Return sentences as a list."""
    return "<ul>" + "".join(f"<li>{text(item)}</li>" for item in items) + "</ul>"


def noted(notes: Iterable[str]) -> str:
    """Return sentences below a table or chart."""
    return "".join(f'<p class="note">{text(note)}</p>' for note in notes if note.strip())


def pairs(rows: Iterable[tuple[str, str]]) -> str:
    """Return names with values that are markup already."""
    held = "".join(f"<dt>{text(name)}</dt><dd>{value}</dd>" for name, value in rows)
    return f"<dl>{held}</dl>"


def table_html(table: Table, *, caption: str | None = None) -> str:
    """Return a table for people as markup; one without rows is its notes.

    Args:
        table: The table.
        caption: Title to show; that of the table if not given.
    """
    title = table.title if caption is None else caption
    notes = noted(table.notes)
    if not table.rows:
        return (f"<p>{text(title)}</p>" if title else "") + notes
    heads = "".join(_head(column) for column in table.columns)
    rows = "".join(_row(table.columns, row) for row in table.rows)
    said = f"<caption>{text(title)}</caption>" if title else ""
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{text(title or "table")}">'
        f'<table class="cards" role="table">{said}<thead role="rowgroup"><tr role="row">{heads}'
        f'</tr></thead><tbody role="rowgroup">{rows}</tbody></table></div>{notes}'
    )


def _head(column: Column) -> str:
    """Return the heading of a column."""
    kind = ' class="right"' if column.align == "right" else ""
    return f'<th scope="col" role="columnheader"{kind}>{text(column.name)}</th>'


def _row(columns: Sequence[Column], row: Sequence[str]) -> str:
    """Return a row; its first cell names it."""
    first = f'<th scope="row" role="rowheader"{kinds(row[0])}>{text(row[0])}</th>'
    return f'<tr role="row">{first}' + "".join(map(_cell, columns[1:], row[1:])) + "</tr>"


def _cell(column: Column, words: str) -> str:
    """Return a cell that knows its heading where the page is narrow."""
    kind = kinds(words, "right" if column.align == "right" else "")
    return f'<td role="cell" data-label="{text(column.name)}"{kind}>{kept(text(words))}</td>'


def kept(markup: str) -> str:
    """Return the markup of a cell in which no day is broken at its hyphens."""
    return _DAY.sub(r'<span class="keep">\g<0></span>', markup)
