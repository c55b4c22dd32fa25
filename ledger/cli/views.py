"""Views are folds of prefixes of a ledger, as they stood and as they would have stood corrected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import partial

from ledger.canonical import JSON
from ledger.engines import chosen, inline, open_engine
from ledger.engines.corrected import Corrected, supposed_entry
from ledger.engines.leaves import Leaves
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.journeys.checking import Records

__all__ = ["LedgerViews"]


class LedgerViews:
    """Folds prefixes of one ledger whose entries were checked against the signed root."""

    def __init__(self, source: Leaves, origin: str, engine: str) -> None:
        """Name the ledger.

        Args:
            source: Where entries are read from, within one snapshot.
            origin: Name of the ledger.
            engine: Name of the engine that folds.
        """
        self._source = source
        self._origin = origin
        self._engine = engine

    def records(
        self, size: int, supposed: Sequence[tuple[str, dict[str, JSON]]], as_of: date
    ) -> Records:
        """Fold the first entries, and record types and bodies that are supposed behind them."""
        source: Leaves = self._source
        if supposed:
            sealed = self._sealed(size)
            entries = [
                supposed_entry(size + place, sealed, kind, body)
                for place, (kind, body) in enumerate(supposed)
            ]
            source = Corrected(self._source, size, entries)
        whole = size + len(supposed)
        fold = open_engine(inline(chosen(self._engine, whole)), source)
        folded = fold.fold(size=whole, limit=whole, as_of=as_of)
        return Records(self._origin, folded, 0, partial(fold.legs, limit=whole, as_of=as_of))

    def _sealed(self, size: int) -> str:
        """Return when the last entry of a prefix was sealed."""
        row = next(self._source.read(size - 1, size), None)
        if row is None:
            raise IntegrityError(f"entry {size - 1} is missing", seq=size - 1)
        return Entry.parse(row.bytes).recorded_at
