"""An outlook report: three short lists for the status screen."""

from __future__ import annotations

from typing import Any

from ledger.journeys.outlook import Dated, Near, Outlook
from ledger.report.determinations import finding_in_words
from ledger.report.table import Column, Table

__all__ = ["outlook_document", "outlook_tables"]

_PERCENT = 10_000  # parts per million in one percent


def outlook_document(outlook: Outlook) -> dict[str, Any]:
    """Return the outlook for programs."""
    return {
        "near": [
            {**_names(near), "finding": near.determination.finding, "reached_ppm": near.ppm}
            for near in outlook.near
        ],
        "due": [
            {**_names(dated), "obligation": dated.due.obligation, "on": str(dated.due.on)}
            for dated in outlook.due
        ],
        "due_count": outlook.due_count,
        "missing": [{"fact": fact, "asked": count} for fact, count in outlook.missing],
        "open_count": outlook.open_count,
    }


def _names(row: Near | Dated) -> dict[str, str]:
    """Return which determination a row speaks of."""
    d = row.determination
    return {"regime": d.regime, "rule": d.rule, "subject": d.subject}


def outlook_tables(outlook: Outlook) -> tuple[Table, ...]:
    """Return the lists that have rows."""
    tables = (_near(outlook), _due(outlook), _missing(outlook))
    return tuple(table for table in tables if table.rows)


def _near(outlook: Outlook) -> Table:
    """Return who stands nearest to a line."""
    rows = tuple(
        (
            f"{near.determination.regime}/{near.determination.rule}",
            near.determination.subject,
            f"{near.ppm // _PERCENT:,} %",
            finding_in_words(near.determination),
        )
        for near in outlook.near
    )
    columns = (Column("rule"), Column("subject", wide=True), Column("of line", "right"))
    return Table("Lines near", (*columns, Column("finding")), rows)


def _due(outlook: Outlook) -> Table:
    """Return the next dates."""
    rows = tuple(
        (
            str(dated.due.on),
            dated.due.obligation,
            dated.determination.subject,
            _left(dated.due.days_left),
        )
        for dated in outlook.due
    )
    more = outlook.due_count - len(rows)
    notes = (f"{more} more: flopledger check",) if more else ()
    columns = (Column("due"), Column("duty"), Column("subject", wide=True), Column("days"))
    return Table("Dates next", columns, rows, notes)


def _left(days: int | None) -> str:
    """Return how far a date is."""
    if days is None:
        return "not known"
    return f"{-days} late" if days < 0 else f"{days} left"


def _missing(outlook: Outlook) -> Table:
    """Return the facts asked for most."""
    rows = tuple((fact, f"{count:,}") for fact, count in outlook.missing)
    columns = (Column("fact"), Column("determinations", "right"))
    notes = (f"{outlook.open_count:,} determinations are open: flopledger fact missing",)
    return Table("Facts missing", columns, rows, notes)
