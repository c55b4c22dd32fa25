"""The charts of a page, each a figure with its words."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from ledger.journeys.briefing import Briefing
from ledger.journeys.curve import Curve
from ledger.journeys.position import PositionRow
from ledger.report.briefing_words import GRADES
from ledger.report.chart_bars import amounts_chart, shares_chart
from ledger.report.chart_growth import growth_chart
from ledger.report.chart_timeline import timeline_chart
from ledger.report.figure import readable
from ledger.report.page_table import listed, noted, text
from ledger.report.table import visible

__all__ = ["duties_html", "evidence_html", "growth_html", "position_html"]

_DUTIES_MAX: Final = 14
_BARS_MAX: Final = 12


def growth_html(briefing: Briefing) -> str:
    """Return how the operations of each model grew."""
    if not briefing.curves:
        return "<p>No operations are compared with a line, so there is nothing to draw.</p>"
    drawn = "".join(
        _figure(growth_chart(f"growth-{place}", curve), _of_growth(curve))
        for place, curve in enumerate(briefing.curves, 1)
    )
    left = briefing.curves_left
    notes = (f"{left:,} more curves are left out; the tables have every line.",) if left else ()
    return drawn + noted(notes)


def duties_html(briefing: Briefing) -> str:
    """Return duties by day."""
    dated = [each for each in briefing.due.those("overdue", "runs_on", "due", "closed") if each.on]
    if not dated:
        return ""
    held = dated[:_DUTIES_MAX]
    left = len(dated) - len(held)
    more = f" The first {len(held):,} of {len(dated):,} dates are drawn." if left else ""
    words = (
        "Each duty by the day on which its period ends; the sign says whether it is late, due or "
        f"filed. A bar after the sign reaches to the day to which the period runs on.{more}"
    )
    return _figure(timeline_chart("timeline", held, briefing.due.as_of), words)


def position_html(briefing: Briefing) -> str:
    """Return the device-hours held, by grade."""
    rows = [
        (_grade(row), Fraction(row.amounts.device_time.total.value))
        for row in briefing.position.rows
        if row.amounts.device_time.total is not None
    ]
    if not rows:
        return ""
    rows.sort(key=lambda row: -row[1])
    shown = [(label, value, readable(value)) for label, value in rows[:_BARS_MAX]]
    title = "Device-hours held, by precision, sparsity, interconnect grade and scale"
    left = len(rows) - len(shown)
    more = f" {left:,} smaller rows are in the table only." if left else ""
    chart = amounts_chart("held", shown, title=title, unit="device-hours")
    return _figure(chart, f"{title}. Device-hours of unlike devices are not alike in worth.{more}")


def evidence_html(briefing: Briefing) -> str:
    """Return the shares of the operations by evidence grade."""
    bars: dict[str, dict[str, Fraction]] = {}
    for row in briefing.rows:
        share = row.determination.evidence_share
        parts = {letter: Fraction(getattr(share, letter), 10**6) for letter in GRADES}
        if any(parts.values()):
            bars.setdefault(f"{row.determination.subject}|{parts}", parts)
    grades = listed(f"{letter}: {words}" for letter, words in GRADES.items())
    if not bars:
        return f"<p>No operations are counted, so there are no shares.</p>{grades}"
    shown = [(key.partition("|")[0], parts) for key, parts in list(bars.items())[:_BARS_MAX]]
    title = "Share of the operations counted, by evidence grade"
    left = len(bars) - len(shown)
    more = f" {left:,} more are in the table only." if left else ""
    return (
        _figure(shares_chart("shares", shown, title=title), f"{title}, A the strongest.{more}")
        + grades
    )


def _of_growth(curve: Curve) -> str:
    """Return the words below a curve."""
    rules = ", ".join(f"{d.regime}/{d.rule}" for d in curve.lines)
    words = (
        f"{curve.subject}, counted as by {rules}. Solid: surely done. Ribbon: stated error. "
        "Work without a day counts on its last possible day, and in the ribbon from the first day."
    )
    if curve.forecasts and curve.forecasts[0].flows:
        words += " Dashed: what is signed for the model, with its fan; a diamond marks a crossing."
    if len(curve.points) < curve.days:
        words += f" {len(curve.points):,} of {curve.days:,} days are drawn."
    return words


def _figure(svg: str, words: str) -> str:
    """Return a chart with the words below it."""
    return f"<figure>{svg}<figcaption>{text(words)}</figcaption></figure>"


def _grade(row: PositionRow) -> str:
    """Return what a row of a position covers."""
    parts = (
        row.key.precision,
        row.key.sparsity,
        row.key.possible[0] if len(row.key.possible) == 1 else "grade ?",
        row.key.scale or "scale ?",
    )
    return visible(" · ".join(parts))
