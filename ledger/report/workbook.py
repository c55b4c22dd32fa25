"""A workbook is a report as spreadsheet, whose totals are formulas that anybody can recompute.

The same briefing gives the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import xlsxwriter

from ledger.journeys.briefing import NOT_PROVEN, Briefing
from ledger.period import parse_instant
from ledger.report.briefing_words import news_table
from ledger.report.deadlines import deadlines_tables
from ledger.report.forecast import forecast_tables
from ledger.report.lackings import lacking_table
from ledger.report.page_stamp import counts_words, types_words
from ledger.report.table import Table
from ledger.report.workbook_first import first_sheet
from ledger.report.workbook_sheet import Formats, Sheet
from ledger.report.workbook_sums import capacity_sheet, models_sheet, operations_sheet

__all__ = ["workbook"]

_NEWS_MAX: Final = 10_000
_OPTIONS: Final = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
Maker = Callable[[Sheet, Formats, Briefing], None]


def workbook(briefing: Briefing) -> bytes:
    """Return the bytes of the workbook (Office Open XML)."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, _OPTIONS)
    at = briefing.checked.document.coordinates
    book.set_properties(
        {
            "title": f"Compute report as of {at.as_of}",
            "created": parse_instant(at.evaluated_at).replace(tzinfo=None),
        }
    )
    formats = Formats(book)
    makers: tuple[tuple[str, Maker], ...] = (
        ("Report", first_sheet),
        ("Operations", operations_sheet),
        ("Models", models_sheet),
        ("Capacity", capacity_sheet),
        ("Forecast", _forecast),
        ("Duties", _duties),
        ("Changes", _changes),
        ("Missing", _missing),
        ("Stamp", _stamp),
    )
    for name, make in makers:
        across = 3 if make is first_sheet else 1
        make(Sheet(book, formats, name, across=across), formats, briefing)
    book.close()
    return held.getvalue()


def _forecast(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write when lines are crossed."""
    _tables(sheet, formats, forecast_tables(briefing.forecasts, (), None))


def _duties(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write what is due."""
    _tables(sheet, formats, deadlines_tables(briefing.due, everything=True))


def _missing(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write the facts that would decide what is open."""
    _tables(sheet, formats, (lacking_table(briefing.missing),))


def _changes(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write what changed since an earlier report."""
    if briefing.news is None:
        sheet.note(0, "What changed since the last report", formats.title)
        sheet.note(1, "No earlier report was given, so nothing can be said of changes.")
        sheet.close()
    else:
        _tables(sheet, formats, (news_table(briefing.news, most=_NEWS_MAX),))


def _tables(sheet: Sheet, formats: Formats, tables: tuple[Table, ...]) -> None:
    """Write tables for people one below the other."""
    row = 0
    for table in tables:
        sheet.note(row, table.title, formats.title)
        row = sheet.table(row + 1, table) + 1
    sheet.close()


def _stamp(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write what the report was made from, and what it does not prove."""
    document, stamp = briefing.checked.document, briefing.stamp
    at = document.coordinates
    sheet.note(0, "Stamp", formats.title)
    rows = (
        ("command", stamp.command),
        ("program", f"flopledger {stamp.program}"),
        ("ledger", document.ledger.origin),
        ("entries", f"{document.ledger.size:,} under the newest checkpoint"),
        ("not counted", f"{document.ledger.unsigned_tail:,} entries after it"),
        ("root", document.ledger.root),
        ("head", stamp.head or "no entry yet"),
        ("signed by", stamp.vkey),
        ("rule pack", at.pack),
        ("law of", f"{at.in_force_on}, as known on {at.law_known_on}"),
        ("evaluated at", at.evaluated_at),
        ("recorded by", at.recorded_by or "nothing recorded"),
        ("counts", counts_words(briefing)),
        ("entries by type", types_words(briefing)),
        ("control total, low", str(stamp.control.lo)),
        ("control total, high", str(stamp.control.hi)),
        ("without an upper end", f"{stamp.control.unbounded:,} allocations"),
    )
    for row, (name, words) in enumerate(rows, 1):
        sheet.text(row, 0, name)
        sheet.text(row, 1, words)
    below = len(rows) + 2
    sheet.note(below, "What this does not prove", formats.title)
    for place, sentence in enumerate(NOT_PROVEN, 1):
        sheet.note(below + place, sentence)
    sheet.close()
