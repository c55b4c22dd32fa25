"""A list of flaws in a report is what is wrong in rule files, one row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger.regime.diagnosis import Flaw
from ledger.report.table import Column, Table

__all__ = ["flaw_document", "flaw_table"]


def flaw_table(title: str, flaws: Sequence[Flaw]) -> Table:
    """Return what is wrong in rule files as a table."""
    columns = (
        Column("where", wide=True),
        Column("check"),
        Column("what", wide=True),
        Column("do", wide=True),
    )
    rows = tuple((flaw.where, flaw.code, flaw.message, flaw.remedy) for flaw in flaws)
    return Table(title, columns, rows)


def flaw_document(digest: str, regimes: int, flaws: Sequence[Flaw]) -> dict[str, Any]:
    """Return what is wrong in rule files as a document.

    Args:
        digest: Digest of the rule pack.
        regimes: Number of regimes looked at.
        flaws: What is wrong.
    """
    return {
        "schema": "flopledger/rules-lint.v1",
        "pack": digest,
        "regimes": regimes,
        "findings": [
            {
                "file": flaw.file,
                "place": flaw.place,
                "check": flaw.code,
                "message": flaw.message,
                "remedy": flaw.remedy,
            }
            for flaw in flaws
        ],
    }
