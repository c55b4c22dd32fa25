"""A place is where a projection is kept from one command to the next."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """A folder of derived files, and what seals them.

    Attributes:
        folder: Made if it is not there.
        secret: The ledger's secret: files that were not sealed under it are built again.
    """

    folder: Path
    secret: bytes
