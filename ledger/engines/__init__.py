"""Engines fold the log into exact totals; every one of them gives equal values.

``plain`` is the definition, ``polars`` the fast one. An engine is imported only when chosen.
"""

from __future__ import annotations

import importlib

from ledger.engines.leaves import Leaves
from ledger.engines.place import Place
from ledger.errors import MissingError
from ledger.measure import Engine

__all__ = ["ENGINES", "Place", "open_engine"]

ENGINES = ("polars", "plain")
"""Names for ``--engine``, the default first."""


def open_engine(name: str, source: Leaves, projection: Place | None = None) -> Engine:
    """Return an engine over a source of leaves.

    Args:
        name: One of ``ENGINES``.
        source: Where the entries are read from.
        projection: Where derived files are kept; a temporary folder if None or not writable.
            ``plain`` needs none.

    Raises:
        MissingError: If there is no such engine.
    """
    if name not in ENGINES:
        raise MissingError(f"there is no engine {name!r}", remedy="use: " + ", ".join(ENGINES))
    module = importlib.import_module(f"ledger.engines.{name}")
    engine: Engine = module.engine(source, projection)
    return engine
