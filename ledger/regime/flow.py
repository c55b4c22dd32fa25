"""A flow is what amounts recorded for periods add up to over a window of days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from ledger.quantity import Quantity
from ledger.regime.environment import Amount
from ledger.regime.grouping import Between
from ledger.regime.trace import Span

__all__ = ["flow_of"]


def flow_of(amounts: Iterable[Amount], window: Between) -> tuple[Span, str | None]:
    """Return the amounts for the periods of a window, added up, and their dimension.

    A day that no period covers leaves the sum without an upper end; periods that overlap, or
    state two amounts, leave it open altogether.
    """
    periods: dict[tuple[date, date], Quantity] = {}
    for amount in amounts:
        first, until = amount.valid_from, amount.valid_until
        if not isinstance(amount.value, Quantity) or first is None or until is None:
            continue
        if until <= window.start or window.stop <= first:
            continue
        if periods.setdefault((first, until), amount.value).base != amount.value.base:
            return Span.unknown(), None
    return _added(periods, window)


def _added(
    periods: Mapping[tuple[date, date], Quantity], window: Between
) -> tuple[Span, str | None]:
    """Add up amounts by period; only periods that fill the window without overlap have an end."""
    total, reached, gap = Fraction(0), window.start, False
    dimensions = {str(amount.dimension) for amount in periods.values()}
    for (first, until), amount in sorted(periods.items(), key=lambda item: item[0]):
        if first < reached or until > window.stop or len(dimensions) > 1:
            return Span.unknown(), None
        gap = gap or first > reached
        total, reached = total + amount.base, until
    whole = reached == window.stop and not gap
    return Span(total, total if whole else None), next(iter(dimensions), None)
