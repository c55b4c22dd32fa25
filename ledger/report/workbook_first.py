"""The first sheet of a workbook: the verdict, and every finding with formulas for its distance."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from ledger.determination import Determination
from ledger.journeys.briefing import Briefing, Row
from ledger.regime.words import SIGNS
from ledger.report.briefing_words import GRADES, band_of, verdict_words
from ledger.report.determinations import finding_in_words
from ledger.report.workbook_exact import letters
from ledger.report.workbook_sheet import Formats, Sheet

__all__ = ["first_sheet"]

FIRST: Final = 5
"""Row of the first finding, from 0."""

_HEADS: Final = (
    *("regime", "rule", "subject", "law", "finding", "unit"),
    *("low, exact", "high, exact", "error low, exact", "error high, exact"),
    *("compared", "line, exact", "low", "line", "share of line", "left to line"),
    *(f"evidence {letter}" for letter in GRADES),
    *("evidence, sum", "next date", "days left", "duty", "crosses, UTC"),
)
_AT: Final = {name: place for place, name in enumerate(_HEADS)}


def first_sheet(sheet: Sheet, formats: Formats, briefing: Briefing) -> None:
    """Write the first sheet."""
    document = briefing.checked.document
    sheet.note(0, f"Compute report: {document.ledger.origin}", formats.title)
    sheet.note(1, verdict_words(briefing))
    sheet.text(2, 0, "as of")
    sheet.day(2, 1, briefing.due.as_of)
    sheet.heads(FIRST - 1, _HEADS)
    for place, row in enumerate(briefing.rows):
        _finding(sheet, formats, FIRST + place, row)
    end = FIRST + len(briefing.rows)
    sheet.text(end + 1, 0, "findings listed", formats.total)
    formula = f"=COUNTA(A{FIRST + 1}:A{max(end, FIRST + 1)})"
    sheet.formula(end + 1, 1, formula, len(briefing.rows), formats.count_total)
    sheet.text(
        end + 2,
        0,
        "exact: every digit, as text, since a cell keeps 15; `low` and `line` are the nearest "
        "numbers. An empty high end is not known. Findings out of scope are counted in the stamp.",
    )
    sheet.close()


def _finding(sheet: Sheet, formats: Formats, at: int, row: Row) -> None:
    """Write one finding."""
    d, band = row.determination, band_of(row.determination)
    texts = (d.regime, d.rule, d.subject, (d.law or "unknown").replace("_", " "))
    for column, words in enumerate((*texts, finding_in_words(d), d.unit or "")):
        sheet.text(at, column, words)
    if band is not None:
        ends = (band.low, band.high, band.error_low, band.error_high)
        for column, digits in enumerate(ends, _AT["low, exact"]):
            if digits is not None:
                sheet.text(at, column, digits, formats.digits)
    if d.comparison is not None:
        sheet.text(at, _AT["compared"], SIGNS[d.comparison])
    if d.threshold is not None:
        sheet.text(at, _AT["line, exact"], d.threshold, formats.digits)
        _value(sheet, formats, at, "line", d.threshold)
        if band is not None:
            _value(sheet, formats, at, "low", band.low)
            _distance(sheet, formats, at, d)
    _evidence(sheet, formats, at, d)
    _next(sheet, formats, at, row)


def _cell(name: str, at: int) -> str:
    """Return the name of a cell of a row."""
    return f"{letters(_AT[name])}{at + 1}"


def _value(sheet: Sheet, formats: Formats, at: int, name: str, digits: str) -> None:
    """Write the nearest number to an exact text."""
    formula = f"=VALUE({_cell(f'{name}, exact', at)})"
    sheet.formula(at, _AT[name], formula, float(Fraction(digits)), formats.power)


def _distance(sheet: Sheet, formats: Formats, at: int, d: Determination) -> None:
    """Write how much of the line is surely reached, and what is left."""
    band = band_of(d)
    assert band is not None
    low, line = Fraction(band.low), Fraction(d.threshold or "0")
    share = float(low / line) if line else ""
    low_cell, line_cell = _cell("low", at), _cell("line", at)
    formula = f'=IF({line_cell}=0,"",{low_cell}/{line_cell})'
    sheet.formula(at, _AT["share of line"], formula, share, formats.share)
    formula = f"={line_cell}-{low_cell}"
    left = float(line) - float(low)
    sheet.formula(at, _AT["left to line"], formula, left, formats.power)


def _evidence(sheet: Sheet, formats: Formats, at: int, d: Determination) -> None:
    """Write the shares by evidence grade, and their sum."""
    shares = [getattr(d.evidence_share, letter) for letter in GRADES]
    for letter, ppm in zip(GRADES, shares, strict=True):
        formula = f"={ppm}/1000000"
        sheet.formula(at, _AT[f"evidence {letter}"], formula, ppm / 1_000_000, formats.share)
    cells = f"{_cell('evidence A', at)}:{_cell('evidence E', at)}"
    total = sum(shares) / 1_000_000
    sheet.formula(at, _AT["evidence, sum"], f"=SUM({cells})", total, formats.share)


def _next(sheet: Sheet, formats: Formats, at: int, row: Row) -> None:
    """Write the next date, the days left to it, and when the line is crossed."""
    each = row.deadline
    if each is not None and each.on is not None:
        sheet.day(at, _AT["next date"], each.on)
        formula = f"={_cell('next date', at)}-$B$3"
        sheet.formula(at, _AT["days left"], formula, each.days_left, formats.count)
        sheet.text(at, _AT["duty"], each.obligation.id)
    if row.forecast is not None and (instant := row.forecast.band.point.instant) is not None:
        sheet.day(at, _AT["crosses, UTC"], instant.date())
