"""A layout writes markup in the one form: two blanks a level, brackets only where they fit.

What is written in brackets stays so while it fits on a line and holds no comment, and goes one
entry a line otherwise; what is written one entry a line stays so. A text that is too long for its
line is folded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from ledger.regime.markup import Entry, Group, Part, Scalar
from ledger.regime.wording import blocked, inline

__all__ = ["WIDTH", "written"]

WIDTH: Final = 100
_INDENT: Final = 2


def written(document: Entry) -> str:
    """Write a document in the one form, ended by a newline.

    Args:
        document: An entry without a key.
    """
    value = document.value
    lines = [*_remarks(document.above, 0, first=True)]
    if isinstance(value, Group) and not _in_brackets(value, 0):
        lines += [*_remarks(document.beside, 0), *_entries(value, 0)]
    else:
        lines += _beside(_value("", value, 0), document)
    return "\n".join(lines) + "\n"


def _entries(group: Group, indent: int) -> Iterator[str]:
    """Yield the lines of a mapping or list, one entry a line or more."""
    for number, entry in enumerate(group.entries):
        yield from _entry(entry, indent, first=number == 0)
    yield from _remarks(group.foot, indent)


def _entry(entry: Entry, indent: int, *, first: bool) -> Iterator[str]:
    """Yield the lines of an entry with its comments."""
    yield from _remarks(entry.above, indent, first=first)
    if entry.key is not None:
        yield from _remarks(entry.beside[1:], indent)
        head = f"{' ' * indent}{inline(entry.key, brackets=False)}:"
        yield from _beside(_value(head, entry.value, indent), entry)
    elif isinstance(entry.value, Group) and not _in_brackets(entry.value, indent + _INDENT):
        yield from _item(entry, entry.value, indent)
    else:
        yield from _remarks(entry.beside[1:], indent)
        yield from _beside(_value(f"{' ' * indent}-", entry.value, indent), entry)


def _item(entry: Entry, group: Group, indent: int) -> Iterator[str]:
    """Yield the lines of a mapping or list in a list: its first entry stands beside the dash."""
    opening, *rest = group.entries
    yield from _remarks((*entry.beside, *opening.above), indent, first=True)
    inside = replace(group, entries=(replace(opening, above=()), *rest))
    dash = f"{' ' * indent}- "
    for number, line in enumerate(_entries(inside, indent + _INDENT)):
        yield line if number else dash + line[len(dash) :]


def _value(head: str, value: Part, indent: int) -> list[str]:
    """Return the lines of a value after its key or dash."""
    if isinstance(value, Scalar):
        return _text(head, value, indent)
    if _in_brackets(value, len(head) + 1 if head else 0):
        return [_after(head, _bracketed(value))]
    return [head, *_entries(value, indent + _INDENT)]


def _text(head: str, scalar: Scalar, indent: int) -> list[str]:
    """Return the lines of a text after its key or dash: on the line, or as a block below it."""
    line = _after(head, inline(scalar, brackets=False))
    if "\n" not in scalar.text and len(line) <= WIDTH:
        return [line]
    room = WIDTH - indent - _INDENT
    block = blocked(scalar, room)
    # One word that is too long for any line is not helped by a line of its own.
    if block is None or ("\n" not in scalar.text and len(block[1][0]) > room):
        return [line]
    sign, lines = block
    margin = " " * (indent + _INDENT)
    return [_after(head, sign), *(margin + each if each else "" for each in lines)]


def _after(head: str, text: str) -> str:
    """Return a text after its key or dash; the document itself has neither."""
    return f"{head} {text}" if head else text


def _in_brackets(group: Group, used: int) -> bool:
    """Return whether a group is written in brackets after so many columns."""
    if not group.entries and not group.foot:
        return True
    return group.flow and not _remarked(group) and used + len(_bracketed(group)) <= WIDTH


def _bracketed(part: Part) -> str:
    """Return a value on one line, mappings and lists in brackets."""
    if isinstance(part, Scalar):
        return inline(part, brackets=True)
    inside = ", ".join(
        _bracketed(entry.value)
        if entry.key is None
        else f"{inline(entry.key, brackets=True)}: {_bracketed(entry.value)}"
        for entry in part.entries
    )
    if not part.mapping:
        return f"[{inside}]"
    return f"{{ {inside} }}" if inside else "{}"


def _remarked(group: Group) -> bool:
    """Return whether a comment stands anywhere in a group."""
    if any(group.foot):
        return True
    return any(
        any(entry.above)
        or bool(entry.beside)
        or (isinstance(entry.value, Group) and _remarked(entry.value))
        for entry in group.entries
    )


def _remarks(lines: Iterable[str], indent: int, *, first: bool = False) -> Iterator[str]:
    """Yield comments and the blank lines between them, one at most; none at the very beginning."""
    blank = first
    for line in lines:
        if line or not blank:
            yield f"{' ' * indent}{line}" if line else ""
        blank = not line


def _beside(lines: list[str], entry: Entry) -> Iterator[str]:
    """Yield the lines of an entry, its comment after the first, where it stood if there is room."""
    head, *rest = lines
    if entry.beside:
        head = f"{head}  ".ljust(entry.column) + entry.beside[0]
    yield head
    yield from rest
