"""A curve is how the operations of one model grew, counted as one or more rules count them.

Rules that count alike share a curve, and each draws its own line across it. Every point is the sum
that the rule would have compared on that day; undated work adds to the upper end from the first
day, and to the lower end from the last day on which it can have happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from ledger.book import Scope
from ledger.crossing import Undated
from ledger.determination import Determination, World
from ledger.determination.standpoint import Standpoint, bare
from ledger.journeys.checking import Checked
from ledger.journeys.forecasting import Forecast, Forecasts
from ledger.journeys.summed import summed_by
from ledger.measure import Measured
from ledger.quantity import Interval
from ledger.regime.counting import CountingSet
from ledger.regime.model import Regimes

__all__ = ["Curve", "Curves", "Point", "curves_of"]

POINTS_MAX: Final = 180
"""Days that one curve shows; more would stand closer than a line is wide."""


@dataclass(frozen=True, slots=True)
class Point:
    """What was done by the end of a day.

    Attributes:
        day: The day, UTC.
        legal: Operations counted, as a rule compares them.
        error: The same by the stated error.
    """

    day: date
    legal: Interval
    error: Interval


@dataclass(frozen=True, slots=True)
class Curve:
    """How the operations of one model grew under one way of counting.

    Attributes:
        subject: The model, with its prefix.
        points: In order of days; the last is the day of the report.
        days: Days on which the sum can have changed; more than the points where some are left out.
        lines: Determinations whose lines stand against it, the most pressing first.
        forecasts: When it crosses the lines that are ahead of it, the earliest first.
    """

    subject: str
    points: tuple[Point, ...]
    days: int
    lines: tuple[Determination, ...]
    forecasts: tuple[Forecast, ...]


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of a report.

    Attributes:
        drawn: Those that were worked out.
        left: How many more there are.
    """

    drawn: tuple[Curve, ...]
    left: int


@dataclass(frozen=True, slots=True)
class _Count:
    """What is counted for a curve.

    Attributes:
        subject: The model, with its prefix.
        scope: Own work, what came before it, or both.
        counting: What counts; without its name, so that sets that count alike are one.
    """

    subject: str
    scope: Scope
    counting: CountingSet

    def measured(self, standpoint: Standpoint) -> Measured:
        """Return the sum by the day of a standpoint."""
        return standpoint.total(self.subject, self.counting, self.scope, "actual")


def curves_of(
    checked: Checked,
    regimes: Regimes,
    forecasts: Forecasts,
    rows: Iterable[Determination],
    *,
    most: int,
) -> Curves:
    """Return the curves behind some determinations, in their order.

    The snapshot that the check was made from must still be open.

    Args:
        checked: The check.
        regimes: The regimes asked.
        forecasts: Forecasts of the same check.
        rows: Determinations; those that compare no operations of a model have no curve.
        most: How many are worked out.
    """
    groups: dict[_Count, list[Determination]] = {}
    for d in rows:
        if not d.subject.startswith("model:") or d.unit not in {"OP", "FLOP"} or not d.threshold:
            continue
        found = summed_by(regimes, checked.document.coordinates, d.regime, d.rule)
        if found is not None:
            count = _Count(d.subject, found[0].lineage, replace(found[1], id=""))
            groups.setdefault(count, []).append(d)
    drawn = tuple(
        _curve(checked.world, count, groups[count], forecasts.held) for count in list(groups)[:most]
    )
    return Curves(drawn, len(groups) - len(drawn))


def _curve(
    world: World,
    count: _Count,
    lines: Sequence[Determination],
    held: Sequence[Forecast],
) -> Curve:
    """Return one curve."""
    subject = count.subject
    models = world.closure(subject) | {bare(subject)}
    days = [d for d in world.days(subject, models, Undated.LATE).all if d < world.as_of]
    points = [
        _point(day, count.measured(world.on(day, models, Undated.LATE))) for day in _thinned(days)
    ]
    now = count.measured(world.present)
    own = {id(d) for d in lines}
    return Curve(
        subject=subject,
        points=(*points, _point(world.as_of, now)),
        days=len(days) + 1,
        lines=tuple(lines),
        forecasts=tuple(each for each in held if id(each.determination) in own),
    )


def _point(day: date, measured: Measured) -> Point:
    """Return what was measured by a day."""
    return Point(day, measured.legal, measured.error)


def _thinned(days: Sequence[date]) -> Sequence[date]:
    """Return the days shown: all of them, or every so many and the last."""
    step = -(-len(days) // POINTS_MAX)
    return days if step <= 1 else [*days[:-1:step], days[-1]]
