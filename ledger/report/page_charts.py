"""The charts of a page, each a figure with its words."""

from __future__ import annotations

from ledger.journeys.briefing import Briefing

__all__ = ["duties_html", "evidence_html", "growth_html", "position_html"]


def duties_html(briefing: Briefing) -> str:
    del briefing
    return ""


evidence_html = growth_html = position_html = duties_html
