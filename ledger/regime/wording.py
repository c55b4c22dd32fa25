"""A wording is how one text of a rule file is written: plain, in quotes, or as a block."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ledger.regime.markup import Scalar

__all__ = ["blocked", "inline"]

_NEVER_FIRST: Final = ",[]{}#&*!|>'\"%@`"
_IN_BRACKETS: Final = re.compile(r"[,\[\]{}?]")
_SINGLE_SPACE: Final = re.compile(r"(?<! ) (?! )")
# What some reader of YAML takes for something else than a text, and what a person may.
_AMBIGUOUS: Final = re.compile(
    r"(?:~|null|true|false|yes|no|on|off|y|n|=|<<)"
    r"|[-+]?(?:[0-9][0-9_,.]*|\.[0-9_]+)(?:e[-+]?[0-9]+)?|0[xob][0-9a-f_]+|[-+]?\.(?:inf|nan)"
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*"
    r"|.*[:#\\'\"].*",
    re.IGNORECASE,
)
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def inline(scalar: Scalar, *, brackets: bool) -> str:
    """Return a text on one line, in quotes where it needs them.

    Quotes that were written stay where a reader could take the text for something else.

    Args:
        scalar: The text.
        brackets: Whether it stands in brackets, where commas and question marks end a text.
    """
    text = scalar.text
    kept = scalar.style != "" and _AMBIGUOUS.fullmatch(text) is not None
    return text if _is_plain(text, brackets=brackets) and not kept else _quoted(text)


def blocked(scalar: Scalar, room: int) -> tuple[str, list[str]] | None:
    """Return a text as a block, or None where a block cannot hold it.

    A text of several lines keeps them; one that was folded, or has one line, is folded.

    Args:
        scalar: The text.
        room: Columns that a line may have.

    Returns:
        The sign of the block, and its lines without indentation.
    """
    body = scalar.text.removesuffix("\n")
    lines = body.split("\n")
    if not body or body.startswith(("\n", " ")) or body.endswith("\n"):
        return None
    if not all(line.isprintable() and line == line.rstrip() for line in lines):
        return None
    chomp = "" if scalar.text.endswith("\n") else "-"
    keeps = "\n" in scalar.text and scalar.style != ">"
    if keeps or any(line.startswith(" ") for line in lines):
        return f"|{chomp}", lines
    return f">{chomp}", [*_folded(lines, room)]


def _folded(lines: list[str], room: int) -> Iterator[str]:
    """Yield the lines of a folded block; a line end in the text is a blank line in the block."""
    for number, line in enumerate(lines):
        if number:
            yield ""
        words = _SINGLE_SPACE.split(line)
        reached = words[0]
        for word in words[1:]:
            if len(reached) + 1 + len(word) > room:
                yield reached
                reached = word
            else:
                reached = f"{reached} {word}"
        if reached:
            yield reached


def _is_plain(text: str, *, brackets: bool) -> bool:
    """Return whether a text needs no quotes."""
    if not text or not text.isprintable() or text != text.strip():
        return False
    if text[0] in _NEVER_FIRST or text.startswith(("---", "...")):
        return False
    if text[0] in "-?:" and text[1:2] in {"", " "}:
        return False
    if ": " in text or " #" in text or text.endswith(":"):
        return False
    return not (brackets and _IN_BRACKETS.search(text))


def _quoted(text: str) -> str:
    """Return a text in quotes, what cannot be seen written out."""
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    """Return a character as it stands in quotes."""
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    if number <= 0xFF:  # noqa: PLR2004 - two, four or eight digits
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004 - as above
