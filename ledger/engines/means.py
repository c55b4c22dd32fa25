"""Means are what an engine may use beside its own process, and how it tells people of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ledger.engines.leaves import Again

__all__ = ["Means", "silent"]


def silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True)
class Means:
    """What the command line allows an engine.

    Attributes:
        scheduler: Address of a Dask scheduler, such as ``tcp://host:8786``; None if none is given.
        segments: URL of a folder or object store where workers find segments; None where they
            see the folder of the projection under its own name.
        say: Tells people a warning, one line.
        reread: Whether the leaves of sealed segments are read and hashed again, all of them.
        again: Opens the ledger in another process, so that many segments are built side by side;
            None where this process builds alone.
    """

    scheduler: str | None = None
    segments: str | None = None
    say: Callable[[str], None] = silent
    reread: bool = False
    again: Again | None = None
