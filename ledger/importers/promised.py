"""Promised drafts are built when somebody asks for them, each time anew, so that none are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ledger.record import Draft

__all__ = ["Promised"]


@dataclass(frozen=True, slots=True)
class Promised:
    """Drafts that are read from a source as they are asked for.

    Attributes:
        build: Goes over the source once and yields its drafts.
    """

    build: Callable[[], Iterator[Draft]]

    def __iter__(self) -> Iterator[Draft]:
        """Go over the source once more."""
        return self.build()
