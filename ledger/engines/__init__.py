"""Engines fold the log into exact totals; every one of them gives equal values.

``plain`` is the definition, ``polars`` the fast one; ``pool`` and ``dask`` add up as ``polars``
does, in processes of this machine and of others. An engine is imported only when chosen.
"""

from __future__ import annotations

import importlib

from ledger.engines.leaves import Leaves
from ledger.engines.means import Means
from ledger.engines.place import Place
from ledger.errors import InputError, MissingError
from ledger.measure import Engine

__all__ = ["ENGINES", "INLINE", "Means", "Place", "inline", "open_engine"]

ENGINES = ("polars", "plain", "pool", "dask")
"""Names for ``--engine``, the default first."""

INLINE = ENGINES[:2]
"""Those that use their own process alone."""


def inline(name: str) -> str:
    """Return the engine that a small fold uses where one of this name was asked for."""
    return name if name in INLINE else INLINE[0]


def open_engine(
    name: str, source: Leaves, projection: Place | None = None, means: Means | None = None
) -> Engine:
    """Return an engine over a source of leaves.

    Args:
        name: One of ``ENGINES``.
        source: Where the entries are read from.
        projection: Where derived files are kept; a temporary folder if None or not writable.
            ``plain`` needs none.
        means: What it may use beside its own process.

    Raises:
        InputError: If the engine does not go with its means.
        MissingError: If there is no such engine, or what it needs is not there.
    """
    if name not in ENGINES:
        raise MissingError(f"there is no engine {name!r}", remedy="use: " + ", ".join(ENGINES))
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
