"""Promised drafts are built when somebody asks for them, each time anew, so that none are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Promised"]

Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Promised(Generic[Told]):
    """Drafts that are read from a source as they are asked for, alone or with other things.

    Attributes:
        build: Goes over the source once and yields its drafts.
    """

    build: Callable[[], Iterator[Told]]

    def __iter__(self) -> Iterator[Told]:
        """Go over the source once more."""
        return self.build()
