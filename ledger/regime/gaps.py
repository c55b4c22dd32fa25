"""A gap is a day on which a regime applies and one of its figures says nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise

from ledger.regime.dated import applies_from
from ledger.regime.expression import AtWindow
from ledger.regime.model import Regime
from ledger.regime.source import Stance, Stretch
from ledger.regime.usage import nodes_of

__all__ = ["end_of", "gaps", "stances", "unknown_when_binding"]


def gaps(regime: Regime) -> Iterator[tuple[str, str, str]]:
    """A figure, once it binds, binds until another replaces it or the regime ends.

    Yields:
        Place, message and remedy of each gap.
    """
    begin, end, tables = applies_from(regime), end_of(regime), frozenset(_tables(regime))
    for family, items in (("parameters", regime.parameters), ("sets", regime.sets)):
        for name, item in items.items():
            table = name in tables
            first, last = (None, _last(item.values)) if table else (begin, end)
            for start, stop in _uncovered(item.values, first, last):
                days = f"from {start}" + ("" if stop is None else f" until {stop}")
                message = f"{name} has no value {days} while the regime applies"
                yield f"{family}.{name}.values", message, "extend a value or add the one that holds"


def stances(regime: Regime) -> Iterator[tuple[str, str, str]]:
    """While a regime applies, there is one stance of the authority on each day.

    Yields:
        Place, message and remedy of each day with two stances or none.
    """
    ordered = sorted(enumerate(regime.enforcement), key=lambda item: item[1].from_)
    yield from _late(regime, [stance for _, stance in ordered])
    for (_, earlier), (index, later) in pairwise(ordered):
        place = f"enforcement[{index}]"
        if earlier.until is None or earlier.until > later.from_:
            message = f"{earlier.stance} still holds when {later.stance} begins on {later.from_}"
            yield place, message, f"close it with until: {later.from_}"
        elif earlier.until < later.from_:
            message = f"no stance is stated from {earlier.until} until {later.from_}"
            yield place, message, "state one, or none"


def _late(regime: Regime, ordered: Sequence[Stance]) -> Iterator[tuple[str, str, str]]:
    """Yield what is missing before the first stance; after the last, nobody may know one."""
    begin = applies_from(regime)
    if ordered and begin is not None and ordered[0].from_ > begin:
        message = f"no stance is stated from {begin}, when it applies, until {ordered[0].from_}"
        remedy = "state the one that held: none, if nobody said anything"
        yield f"enforcement[{regime.enforcement.index(ordered[0])}]", message, remedy


def unknown_when_binding(regime: Regime) -> Iterator[tuple[str, str, str]]:
    """Law was enacted, and a figure known, before it bound, unless the file says why not.

    Yields:
        Place, message and remedy of each value known later than it binds.
    """
    enacted, applies = (
        min((event.on for event in regime.lifecycle if event.event == kind), default=None)
        for kind in ("enacted", "applies")
    )
    if enacted is not None and applies is not None and applies < enacted:
        message = f"it applies from {applies} and was enacted only on {enacted}"
        yield "lifecycle", message, "correct a date"
    for name, parameter in regime.parameters.items():
        for index, value in enumerate(parameter.values):
            if value.known > value.from_ and value.retroactive is None:
                message = f"it binds from {value.from_} and was known only from {value.known}"
                remedy = "correct a date, or say in retroactive: how it reaches back"
                yield f"parameters.{name}.values[{index}]", message, remedy


def end_of(regime: Regime) -> date | None:
    """Return the day on which a regime ended for good, or None."""
    ends = [event.on for event in regime.lifecycle if event.event in {"rescinded", "expired"}]
    start = applies_from(regime)
    return max((day for day in ends if start is None or day >= start), default=None)


def _tables(regime: Regime) -> Iterator[str]:
    """Yield the figures that rules look up for windows only: where their table ends, it ends."""
    nodes = [node for rule in regime.rules for node in nodes_of(rule)]
    named = {node for node in nodes if isinstance(node, str)}
    looked_up = (node.parameter for node in nodes if isinstance(node, AtWindow))
    yield from (name for name in looked_up if name not in named)


def _last(values: Sequence[Stretch]) -> date | None:
    """Return the first day after all values, or None where one has no end."""
    ends = [value.until for value in values if value.until is not None]
    return max(ends) if len(ends) == len(values) else None


def _uncovered(
    values: Sequence[Stretch], begin: date | None, end: date | None
) -> Iterator[tuple[date, date | None]]:
    """Yield the half-open stretches between two days, if they are known, that no value covers."""
    ordered = sorted(values, key=lambda value: value.from_)
    first = ordered[0].from_
    reached: date | None = first if begin is None else min(first, begin)
    for value in ordered:
        if reached is None:
            return
        if value.from_ > reached:
            yield reached, value.from_
        reached = None if value.until is None else max(reached, value.until)
    if reached is not None and (end is None or reached < end):
        yield reached, end
