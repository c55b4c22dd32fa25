"""An operand in a report is a number that a rule compared or added up, in full with its unit."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from ledger.quantity import UNITS
from ledger.regime.trace import Operand, Span

__all__ = ["in_full"]


def in_full(operand: Operand) -> str:
    """Return a number in full, thousands apart, with its unit; a day as a date."""
    unit = next((u.symbol for u in UNITS.values() if u.dimension == operand.dimension), "")
    if operand.dimension == "date" and operand.span.known:
        return date.fromordinal(int(operand.span.lo)).isoformat()
    return f"{_span(operand.span)} {unit}".rstrip()


def _span(span: Span) -> str:
    """Return a span in full."""
    if span.known:
        return _grouped(span.lo)
    if span.hi is None:
        return f"{_grouped(span.lo)} or more" if span.lo else "unknown"
    return f"{_grouped(span.lo)} to {_grouped(span.hi)}"


def _grouped(value: Fraction) -> str:
    """Return a number with thousands apart; a fraction in lowest terms."""
    return f"{value.numerator:,}" if value.denominator == 1 else str(value)
