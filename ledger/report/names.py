"""Names in a report are those that the ledger holds in confidence, for its owner to read."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.report.table import Column, Table

__all__ = ["names_table"]


def names_table(names: Mapping[str, str]) -> Table:
    """Return the names behind pseudonyms, by ``kind:pseudonym``."""
    columns = (Column("pseudonym"), Column("name", wide=True))
    note = "Held in confidence: whoever is given this table knows the names."
    return Table("Names", columns, tuple(names.items()), (note,))
