"""A table is a titled grid of texts with notes below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Column", "Table", "visible"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        name: Heading.
        align: Numbers stand right, texts left.
        wide: Whether the column may wrap when the terminal is narrow.
    """

    name: str
    align: Literal["left", "right"] = "left"
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A titled grid of texts.

    Attributes:
        title: One line above the grid; may be empty.
        columns: Headings, left to right.
        rows: One tuple of texts a row, as long as ``columns``.
        notes: Sentences below the grid.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Every row fills every column."""
        assert all(len(row) == len(self.columns) for row in self.rows)


def visible(text: str) -> str:
    """Return the text with control characters written out, so that it cannot move a cursor."""
    return "".join(c if c.isprintable() or c == "\n" else f"\\x{ord(c):02x}" for c in text)
