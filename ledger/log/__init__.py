"""The log appends records: it seals drafts, links them, and signs what it has written.

``store`` says what a store and a checkpoint log must do, ``seal`` turns drafts into entries,
``append`` commits them and signs the new head.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log.outcome import Appended, Conflict
from ledger.log.store import Batch, CheckpointLog, Head, KeyRow, Row, Store, Tail

if TYPE_CHECKING:
    from ledger.log.append import Log
    from ledger.log.identity import Identity

__all__ = [
    "Appended",
    "Batch",
    "CheckpointLog",
    "Conflict",
    "Head",
    "Identity",
    "KeyRow",
    "Log",
    "Row",
    "Store",
    "Tail",
]

_SEALING = {"Identity": "identity", "Log": "append"}


def __getattr__(name: str) -> object:
    """Load sealing only when it is asked for: reading a ledger needs no record types."""
    if name not in _SEALING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - as above

    return getattr(import_module(f"{__name__}.{_SEALING[name]}"), name)
