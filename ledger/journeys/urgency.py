"""Urgency is the order of determinations: what somebody must act on comes first."""

from __future__ import annotations

from fractions import Fraction

from ledger.determination import Determination

__all__ = ["nearness", "urgency"]


def urgency(d: Determination) -> tuple[int, Fraction, str, str, str]:
    """Return the place of a determination: what needs somebody first."""
    order = (
        d.overdue,
        d.actionable and d.finding == "met",
        d.actionable,
        d.finding == "met",
        d.met,
        d.finding == "undetermined",
        d.undetermined,
        d.finding == "excepted",
        d.robust is False,
        d.finding == "not_met",
    )
    first = order.index(True) if True in order else len(order)
    return (first, -nearness(d), d.regime, d.rule, d.subject)


def nearness(d: Determination) -> Fraction:
    """Return the amount surely reached as a share of the line, 0 where there is none."""
    band = next(iter((d.measured or {}).values()), None)
    if band is None or d.threshold in {None, "0"}:
        return Fraction(0)
    return Fraction(band.low) / Fraction(d.threshold or "1")
