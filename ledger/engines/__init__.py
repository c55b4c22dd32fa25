"""Engines fold the log into exact totals; every one of them gives equal values.

``plain`` is the definition, ``polars`` the fast one; ``pool`` and ``dask`` add up as ``polars``
does, in processes of this machine and of others. An engine is imported only when chosen: ``auto``
chooses ``plain`` for a ledger so small that it is read sooner than polars is loaded.
"""

from __future__ import annotations

import importlib

from ledger.engines.leaves import Leaves
from ledger.engines.means import Means
from ledger.engines.place import Place
from ledger.errors import InputError, MissingError
from ledger.measure import Engine

__all__ = [
    "AUTO",
    "ENGINES",
    "INLINE",
    "SMALL",
    "Means",
    "Place",
    "chosen",
    "inline",
    "open_engine",
]

AUTO = "auto"
ENGINES = (AUTO, "polars", "plain", "pool", "dask")
"""Names for ``--engine``, the default first."""

INLINE = ("polars", "plain")
"""Those that add up in their own process."""

SMALL = 2_048
"""Entries up to which ``auto`` reads each of them instead of loading polars."""


def chosen(name: str, size: int) -> str:
    """Return the engine for a ledger of so many entries, where one of this name was asked for."""
    small = "plain" if size <= SMALL else "polars"
    return small if name == AUTO else name


def inline(name: str) -> str:
    """Return the engine that a small fold uses where one of this name was asked for."""
    return name if name in INLINE else INLINE[0]


def open_engine(
    name: str, source: Leaves, projection: Place | None = None, means: Means | None = None
) -> Engine:
    """Return an engine over a source of leaves.

    Args:
        name: One of ``ENGINES``, chosen by size where that was ``auto``.
        source: Where the entries are read from.
        projection: Where derived files are kept; a temporary folder if None or not writable.
            ``plain`` needs none.
        means: What it may use beside its own process.

    Raises:
        InputError: If the engine does not go with its means.
        MissingError: If there is no such engine, or what it needs is not there.
    """
    if name not in ENGINES or name == AUTO:
        raise MissingError(f"there is no engine {name!r}", remedy="use: " + ", ".join(ENGINES[1:]))
    if name != "dask" and means is not None and (means.scheduler or means.segments):
        raise InputError(
            f"the engine {name} uses no cluster",
            where="--scheduler" if means.scheduler else "--segments",
            why="what was asked of a cluster would be done by this machine alone",
            remedy="add --engine dask, or leave the option out",
        )
    module = importlib.import_module(f"ledger.engines.{name}")
    engine: Engine = module.engine(source, projection, means or Means())
    return engine
