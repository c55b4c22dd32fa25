"""Determinations for programs: one row each, every figure in full."""

from __future__ import annotations

from typing import Final

from ledger.determination import Determination
from ledger.journeys.check_document import CheckDocument
from ledger.report.table import Column, Table

__all__ = ["check_csv"]

_CSV: Final = (
    "regime",
    "rule",
    "subject",
    "law",
    "enforcement",
    "in_scope",
    "finding",
    "exception",
    "foreseen",
    "foreseen_on",
    "hypothetical",
    "met_earliest",
    "met_latest",
    "low",
    "high",
    "error_low",
    "error_high",
    "comparison",
    "threshold",
    "unit",
    "margin",
    "robust",
    "missing",
    "due",
    "closed_by",
    "provenance",
    "cite",
    "entries_counted",
    "notes",
)


def check_csv(document: CheckDocument) -> Table:
    """Return every determination as one row of full figures, for programs."""
    columns = tuple(Column(name) for name in _CSV)
    return Table("", columns, tuple(_csv_row(d) for d in document.determinations))


def _csv_row(d: Determination) -> tuple[str, ...]:
    """Return one determination with full figures."""
    band = next(iter((d.measured or {}).values()), None)
    ahead, since = d.foreseen, d.met_on
    cells: tuple[object, ...] = (
        d.regime,
        d.rule,
        d.subject,
        d.law,
        d.enforcement,
        _word(d.in_scope),
        d.finding,
        d.exception,
        None if ahead is None else ahead.finding,
        None if ahead is None else ahead.on,
        _word(d.hypothetical),
        None if since is None else since.earliest,
        None if since is None else since.latest,
        *((None,) * 4 if band is None else (band.low, band.high, band.error_low, band.error_high)),
        d.comparison,
        d.threshold,
        d.unit,
        d.margin,
        _word(d.robust),
        " ".join(d.missing),
        " ".join(f"{due.obligation}:{due.on}" for due in d.due),
        " ".join(f"{closed.obligation}:{closed.seq}" for closed in d.closed_by or ()),
        d.provenance,
        d.cite,
        d.entries_counted,
        "; ".join(d.notes),
    )
    return tuple("" if cell is None else str(cell) for cell in cells)


def _word(value: object) -> object:
    """Return a truth as the JSON document writes it."""
    return str(value).lower() if isinstance(value, bool) else value
