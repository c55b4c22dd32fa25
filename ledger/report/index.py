"""An index in a report names what was looked at and has no rule, and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ledger.regime.index import IndexEntry
from ledger.report.table import Column, Table

__all__ = ["entry_document", "index_table"]


def index_table(entries: Iterable[IndexEntry]) -> Table:
    """Return one row a text or jurisdiction that was looked at."""
    columns = (
        Column("looked at"),
        Column("title", wide=True),
        Column("status"),
        Column("why there is no rule", wide=True),
        Column("cite", wide=True),
    )
    rows = tuple((e.id, e.title["en"], e.status, e.why, e.cite) for e in entries)
    return Table("Looked at, and no rule", columns, rows)


def entry_document(entry: IndexEntry) -> dict[str, Any]:
    """Return an entry as JSON."""
    return {
        "id": entry.id,
        "title": entry.title["en"],
        "jurisdiction": entry.jurisdiction,
        "cite": entry.cite,
        "status": entry.status,
        "why": entry.why,
        "provenance": entry.provenance,
        "looked_at": str(entry.looked_at),
    }
