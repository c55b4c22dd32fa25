"""A page is a report as one HTML file: no script, no network, light and dark, screen and paper.

Everything is inside: the style, and the charts as SVG. Texts of a ledger are escaped wherever they
stand. The same briefing gives the same bytes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ledger.journeys.briefing import NOT_PROVEN, Briefing
from ledger.report.briefing_words import news_table
from ledger.report.deadlines import deadlines_tables
from ledger.report.forecast import forecast_tables
from ledger.report.lackings import lacking_table
from ledger.report.page_charts import duties_html, evidence_html, growth_html, position_html
from ledger.report.page_first import others_html, standing_html, verdict_html
from ledger.report.page_stamp import stamp_html
from ledger.report.page_style import STYLE
from ledger.report.page_table import listed, noted, section, table_html, text
from ledger.report.position import Basis
from ledger.report.position_table import position_tables

__all__ = ["page"]

_NEWS_MAX: Final = 30
_MISSING_MAX: Final = 12
_DUTIES_MAX: Final = 60

_PARTS: Final = (
    ("standing", "How it stands"),
    ("news", "What changed since the last report"),
    ("missing", "What is missing"),
    ("limits", "What this does not prove"),
    ("growth", "How operations grew, and what is signed"),
    ("duties", "Duties and their dates"),
    ("position", "Capacity held"),
    ("evidence", "Evidence"),
    ("others", "Other findings"),
    ("stamp", "Stamp"),
)


def page(briefing: Briefing) -> str:
    """Return the page.

    Args:
        briefing: What it says.
    """
    makers = {
        "standing": standing_html,
        "news": _news,
        "missing": _missing,
        "limits": lambda _: listed(NOT_PROVEN),
        "growth": _growth,
        "duties": _duties,
        "position": _position,
        "evidence": evidence_html,
        "others": others_html,
        "stamp": stamp_html,
    }
    origin = text(briefing.checked.document.ledger.origin)
    links = "".join(f'<li><a href="#{name}">{title}</a></li>' for name, title in _PARTS)
    body = "\n".join(section(name, title, makers[name](briefing)) for name, title in _PARTS)
    at = briefing.checked.document.coordinates
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>Compute report: {origin}, {at.as_of}</title>\n<style>{STYLE}</style>\n</head>\n"
        '<body>\n<a class="skip" href="#standing">Skip to how it stands</a>\n'
        f"<header><h1>Compute report: {origin}, as of {at.as_of}</h1></header>\n<main>\n"
        f"{verdict_html(briefing)}\n"
        f'<nav aria-label="Parts of the report"><ul>{links}</ul></nav>\n{body}\n</main>\n'
        f'<footer><p class="note">Made by flopledger {text(briefing.stamp.program)} at '
        f"{text(at.evaluated_at)}. This page loads nothing and sends nothing.</p></footer>\n"
        "</body>\n</html>\n"
    )


def _news(briefing: Briefing) -> str:
    """Return what changed."""
    if briefing.news is None:
        return "<p>No earlier report was given, so nothing can be said of changes.</p>" + noted(
            (
                (
                    "Keep the output of `flopledger check -f json` beside each report, and give it "
                    "to the next one with --since."
                ),
            )
        )
    return table_html(news_table(briefing.news, most=_NEWS_MAX))


def _missing(briefing: Briefing) -> str:
    """Return the facts that would decide what is open, and what the check left out."""
    first = sorted(briefing.missing, key=lambda item: -len(item.rules))  # what decides most
    table = lacking_table(first[:_MISSING_MAX])
    left = len(briefing.missing) - len(table.rows)
    notes = [problem.message + "; " + problem.remedy for problem in briefing.checked.problems]
    tail = briefing.checked.document.ledger.unsigned_tail
    if tail:
        notes.insert(0, f"{tail:,} entries after the newest checkpoint are not counted.")
    if left:
        notes.append(f"{left:,} more: flopledger fact missing.")
    if table.rows:
        return table_html(replace(table, notes=tuple(notes)))
    return "<p>No finding waits for a fact.</p>" + noted(notes)


def _growth(briefing: Briefing) -> str:
    """Return the curves, and when lines are crossed."""
    tables = forecast_tables(briefing.forecasts, (), None)
    return growth_html(briefing) + "".join(map(table_html, tables))


def _duties(briefing: Briefing) -> str:
    """Return the timeline and the dates."""
    tables = deadlines_tables(briefing.due, everything=False)
    shown = [
        replace(table, rows=table.rows[:_DUTIES_MAX], notes=(*table.notes, *_left(len(table.rows))))
        for table in tables
    ]
    return duties_html(briefing) + "".join(map(table_html, shown))


def _left(rows: int) -> tuple[str, ...]:
    """Return how many dates are not shown, if so."""
    left = rows - _DUTIES_MAX
    return (f"{left:,} more: flopledger deadlines",) if left > 0 else ()


def _position(briefing: Briefing) -> str:
    """Return the capacity held, by grade."""
    document = briefing.checked.document
    basis = Basis(
        origin=document.ledger.origin,
        size=document.ledger.size,
        root=document.ledger.root,
        unsigned_tail=document.ledger.unsigned_tail,
        recorded_by=document.coordinates.recorded_by,
        as_of=str(document.coordinates.as_of),
        pack=document.coordinates.pack,
        by_month=False,
    )
    tables = position_tables(briefing.position, briefing.tables, basis)
    return position_html(briefing) + "".join(map(table_html, tables))
