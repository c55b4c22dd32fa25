"""An outlook is what somebody should look at next: lines near, dates due, facts missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ledger.determination import Determination
from ledger.determination.model import Due

__all__ = ["Dated", "Near", "Outlook", "look_out"]

ROWS_MAX = 5  # one screen holds three short lists
LINE = 10**6  # parts per million of the line itself


@dataclass(frozen=True, slots=True)
class Near:
    """A line that binds and how much of it is surely reached.

    Attributes:
        determination: The outcome.
        ppm: Amount surely reached, in parts per million of the line, rounded down.
    """

    determination: Determination
    ppm: int


@dataclass(frozen=True, slots=True)
class Dated:
    """A duty with its day.

    Attributes:
        determination: Where it comes from.
        due: The duty.
    """

    determination: Determination
    due: Due


@dataclass(frozen=True, slots=True)
class Outlook:
    """What somebody should look at next, the most pressing first.

    Attributes:
        near: Who stands nearest to a line of binding law, on either side; at most five.
        due: The next dates, at most five.
        due_count: How many dates there are in all.
        missing: Facts that determinations lack, most asked for first, at most five.
        open_count: Determinations that a missing fact leaves open.
    """

    near: tuple[Near, ...]
    due: tuple[Dated, ...]
    due_count: int
    missing: tuple[tuple[str, int], ...]
    open_count: int


def look_out(determinations: Iterable[Determination]) -> Outlook:
    """Choose what is pressing among the determinations of a whole ledger."""
    binding = [d for d in determinations if d.binding]
    near = sorted(
        (Near(d, _ppm(d)) for d in binding if d.finding in {"met", "not_met", "undetermined"}),
        key=lambda n: (abs(n.ppm - LINE), n.determination.regime, n.determination.subject),
    )
    due = sorted(
        (Dated(d, due) for d in binding for due in d.due if due.on is not None),
        key=lambda dated: (str(dated.due.on), dated.determination.subject),
    )
    undecided = [d for d in binding if d.undetermined]
    facts = Counter(name.partition("@")[0] for d in undecided for name in set(d.missing))
    return Outlook(
        tuple(n for n in near[:ROWS_MAX] if n.ppm),
        tuple(due[:ROWS_MAX]),
        len(due),
        tuple(sorted(facts.items(), key=lambda item: (-item[1], item[0]))[:ROWS_MAX]),
        len(undecided),
    )


def _ppm(determination: Determination) -> int:
    """Return the share of the line that is surely reached, 0 where none is known."""
    band = next(iter((determination.measured or {}).values()), None)
    if band is None or determination.threshold in {None, "0"}:
        return 0
    return int(Fraction(band.low) * LINE // Fraction(determination.threshold or "1"))
