"""A memo is a text with headings, for people: sections of entries, and lines below each entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ledger.report.table import Column, Table, visible

__all__ = ["Entry", "Line", "Memo", "Section", "memo_markdown", "memo_table", "memo_text"]

_STEP = "  "
_BULLET = "- "
_ESCAPED = {"\\": "\\\\", "*": "\\*", "`": "\\`", "<": "&lt;", ">": "&gt;"}
_ESCAPED |= {"&": "&amp;", "[": "\\["}
_OPENING = re.compile(r"^([0-9]+(?=[.)] )|(?=[-#+=|~]))")  # of a heading, a list or a rule


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an entry.

    Attributes:
        label: What it tells; empty for a line that speaks for itself.
        text: What it says.
        depth: How far it is indented.
        quoted: Whether it is in the words of somebody else.
    """

    label: str
    text: str
    depth: int = 0
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a section speaks of.

    Attributes:
        title: What it is called; empty for an entry of a section that has only one.
        lines: What is told of it.
    """

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a memo.

    Attributes:
        title: Its heading.
        entries: What it speaks of, in order.
        opening: Sentences before the first entry.
    """

    title: str
    entries: tuple[Entry, ...]
    opening: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Memo:
    """A memo.

    Attributes:
        title: Its heading.
        opening: Sentences below the heading.
        sections: Its parts.
        closing: Sentences at the end.
    """

    title: str
    opening: tuple[str, ...]
    sections: tuple[Section, ...]
    closing: tuple[str, ...]


def memo_markdown(memo: Memo) -> str:
    """Return a memo as Markdown: headings, bullets, quotations as quotations."""
    blocks = [f"# {_safe(memo.title)}", *map(_safe, memo.opening)]
    for section in memo.sections:
        blocks.append(f"## {_safe(section.title)}")
        blocks += map(_safe, section.opening)
        for entry in section.entries:
            if entry.title:
                blocks.append(f"### {_safe(entry.title)}")
            blocks += _markdown_lines(entry.lines)
    blocks += ["---", *map(_safe, memo.closing)] if memo.closing else []
    return "\n\n".join(blocks) + "\n"


def memo_text(memo: Memo, *, width: int | None, color: bool) -> str:
    """Return a memo as text that fits a terminal.

    Args:
        memo: The memo.
        width: Columns of the terminal, or None to let every line be as long as it needs.
        color: Whether headings may be emphasised.
    """
    from ledger.report.grid import wrapped  # noqa: PLC0415 - only this needs rich

    def strong(text: str) -> Iterator[str]:
        for part in wrapped(visible(text), width):
            yield f"\x1b[1m{part}\x1b[0m" if color and part else part

    lines = [*strong(memo.title)]
    lines += [part for text in memo.opening for part in wrapped(visible(text), width)]
    for section in memo.sections:
        lines += ["", *strong(section.title.upper())]
        lines += [part for text in section.opening for part in wrapped(visible(text), width)]
        for number, entry in enumerate(section.entries):
            lines += [""] if number and entry.title else []
            lines += strong(entry.title) if entry.title else ()
            for line in entry.lines:
                lines += wrapped(visible(_plain(line)), width)
    for text in memo.closing:
        lines += ["", *wrapped(visible(text), width)]
    return "\n".join([line.rstrip() for line in lines] + [""])


def memo_table(memo: Memo) -> Table:
    """Return a memo as a grid for spreadsheets: one row a line."""
    columns = (Column("section"), Column("entry"), Column("what"), Column("depth"), Column("text"))
    rows = tuple(
        (section.title, entry.title, line.label, str(line.depth), line.text)
        for section in memo.sections
        for entry in section.entries
        for line in entry.lines
    )
    return Table(memo.title, columns, rows)


def _plain(line: Line) -> str:
    """Return a line for a terminal."""
    bullet = _BULLET if line.depth else ""
    label = f"{line.label}: " if line.label else ""
    return f"{_STEP * (line.depth + 1)}{bullet}{label}{_quoted(line)}"


def _quoted(line: Line) -> str:
    """Return the text of a line, in quotation marks if somebody else said it."""
    if not line.quoted:
        return line.text
    return f"\N{LEFT DOUBLE QUOTATION MARK}{line.text}\N{RIGHT DOUBLE QUOTATION MARK}"


def _markdown_lines(lines: tuple[Line, ...]) -> Iterator[str]:
    """Yield the lines of an entry as blocks: quotations, and lists of the lines between them."""
    held: list[str] = []
    for line in lines:
        if line.quoted and not line.depth:
            if held:
                yield "\n".join(held)
            held = []
            yield f"> {_safe(line.text)}"
            continue
        label = f"**{_safe(line.label)}:** " if line.label else ""
        held.append(f"{_STEP * line.depth}{_BULLET}{label}{_safe(_quoted(line))}")
    if held:
        yield "\n".join(held)


def _safe(text: str) -> str:
    """Return a text that Markdown shows as it stands, on one line."""
    flat = " ".join(visible(text).split())
    return _OPENING.sub(r"\1\\", "".join(_ESCAPED.get(char, char) for char in flat))
