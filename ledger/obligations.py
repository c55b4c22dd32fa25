"""An obligation falls due a period after the rule was met or foreseen, until a filing closes it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from ledger.errors import Problem
from ledger.measure import StoredRecord
from ledger.period import parse_instant
from ledger.quantity import Dimension, Quantity
from ledger.regime.expression import Expression, walk
from ledger.regime.grouping import months_before
from ledger.regime.law import Law
from ledger.regime.model import Regimes
from ledger.regime.rule import Due, Obligation, Rule
from ledger.regime.scalar import nearest
from ledger.regime.source import ParameterValue

__all__ = [
    "DueDate",
    "Filed",
    "Filings",
    "Moments",
    "Workdays",
    "binding_since",
    "due_date",
    "filings_of_nothing",
    "moved",
]

_DAY_SECONDS = 86_400

Moments = Mapping[str, date | None]
"""Day of each moment that a period can run from: ``met``, ``foreseen``, or the name of a fact."""


class Workdays(Protocol):
    """Counts the working days of a regime."""

    def moved(self, regime: str, day: date, days: int) -> date | None:
        """Return the day that many working days away; None if nobody names the holidays."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A filing under a rule.

    Attributes:
        seq: Entry of the filing.
        obligation: Id of the obligation that it names, which the rule may not know.
        sent_on: UTC day on which it was sent.
    """

    seq: int
    obligation: str
    sent_on: date


@dataclass(frozen=True, slots=True)
class DueDate:
    """When an obligation falls due.

    Attributes:
        obligation: Its id in the rule.
        since: Day from which its period runs; None for a fixed day, or while it is not known.
        on: Day on which it falls due; None while the day it runs from is not known.
    """

    obligation: str
    since: date | None
    on: date | None


class Filings:
    """The filings of a prefix of the log that still stand."""

    def __init__(self, records: Iterable[StoredRecord], *, as_of: date) -> None:
        """Index the filings sent by the end of a day.

        Args:
            records: Filing records that still stand, in order.
            as_of: Last day of sending that counts.
        """
        self._held: dict[tuple[str, str, str], list[Filed]] = {}
        for record in records:
            body: Mapping[str, Any] = record.body
            filed = Filed(record.seq, body["obligation"], parse_instant(body["sent_at"]).date())
            if filed.sent_on <= as_of:
                place = (body["regime"], body["rule"], body["subject"])
                self._held.setdefault(place, []).append(filed)

    def of(self, regime: str, rule: str, subject: str) -> tuple[Filed, ...]:
        """Return what was filed for a subject under a rule; the subject with or without prefix."""
        names = (subject, subject.partition(":")[2])
        found = [filed for name in names for filed in self._held.get((regime, rule, name), ())]
        return tuple(sorted(found, key=lambda filed: filed.seq))


def filings_of_nothing(regimes: Regimes, records: Iterable[StoredRecord]) -> Iterator[Problem]:
    """Yield a finding for each filing that names an obligation which no rule file has.

    Args:
        regimes: All regimes of the rules in use.
        records: Filing records that still stand.
    """
    known = {
        f"{regime.id}/{rule.id}/{obligation.id}"
        for regime in regimes.values()
        for rule in regime.rules
        for obligation in rule.obligations
    }
    for record in records:
        body: Mapping[str, Any] = record.body
        named = f"{body['regime']}/{body['rule']}/{body['obligation']}"
        if named not in known:
            yield Problem(
                source=f"entry {record.seq}",
                line=None,
                code="filing-of-nothing",
                message=f"filing in entry {record.seq} closes nothing: no obligation {named!r}",
                remedy=nearest(named, known),
                severity="finding",
            )


def due_date(
    law: Law,
    obligation: Obligation,
    moments: Moments,
    *,
    not_before: date | None,
    workdays: Workdays | None = None,
) -> DueDate | None:
    """Return when an obligation falls due, or None for a standing one or one not yet begun.

    Args:
        law: The regime on a day, whose parameters state the period or the day.
        obligation: The obligation.
        moments: Days known; a moment that is not there has not come.
        not_before: First day on which a clock can start; None if there is no bound.
        workdays: Counts business days; without it the day that they lead to is not known.
    """
    due = obligation.due
    if due is None:
        return None
    if due.before is not None:
        return DueDate(obligation.id, None, _ahead(law, due, moments.get(due.before), workdays))
    fixed = _fixed(law, due)
    if due.after is None:
        return DueDate(obligation.id, None, fixed)
    known = [day for name in due.after.moments if (day := moments.get(name)) is not None]
    if due.after.latest is not None and len(known) < len(due.after.moments):
        known = []
    if not known:
        return DueDate(obligation.id, None, None)
    since = min(known) if due.after.earliest is not None else max(known)
    if not_before is not None:
        since = max(since, not_before)
    end = _later(law, due, since, workdays)
    if end is None or fixed is None:
        return DueDate(obligation.id, since, end)  # the later of a known and an unknown is unknown
    return DueDate(obligation.id, since, max(end, fixed))


def binding_since(law: Law, rule: Rule, applies_from: date | None) -> date | None:
    """Return the first day from which the rule applies with the figures it has on the law's day.

    A figure that was only stated again keeps its first day.

    Args:
        law: The regime on a day.
        rule: The rule.
        applies_from: First day on which the regime applies, or None.
    """
    days = [] if applies_from is None else [applies_from]
    roots: list[Expression] = [rule.condition, *rule.let.values()]
    named = {node for root in roots for node in walk(root) if isinstance(node, str)}
    for name in sorted(named & law.regime.parameters.keys()):
        first = _first_day_of_value(law, name)
        if first is not None:
            days.append(first)
    return max(days, default=None)


def _first_day_of_value(law: Law, name: str) -> date | None:
    """Return the day since which a parameter has the value that binds on the law's day."""
    now = law.parameter(name)
    if now is None or not now.binding:
        return None
    values = [v for v in law.regime.parameters[name].values if _known(v, law.law_known_on)]
    since: date | None = None
    for value in sorted(values, key=lambda v: v.from_, reverse=True):
        if value.from_ > law.in_force_on:
            continue
        if value.value != now.value:
            break
        since = value.from_
    return since


def _known(value: ParameterValue, day: date | None) -> bool:
    """Whether a value was published by a day; None sees all."""
    return day is None or value.known <= day


def _fixed(law: Law, due: Due) -> date | None:
    """Return the day that the law itself fixes, if it does."""
    if due.on is None:
        return None
    found = law.parameter(due.on)
    return found.value if found is not None and isinstance(found.value, date) else None


def _later(law: Law, due: Due, since: date, workdays: Workdays | None) -> date | None:
    """Return the day on which a period that begins on a day has run out."""
    return None if due.within is None else moved(law, due.within, since, 1, workdays)


def _ahead(law: Law, due: Due, day: date | None, workdays: Workdays | None) -> date | None:
    """Return the last day that is a period ahead of a day, or the day itself without a period."""
    return day if day is None or due.ahead is None else moved(law, due.ahead, day, -1, workdays)


def moved(
    law: Law, period: str, day: date, times: int, workdays: Workdays | None = None
) -> date | None:
    """Return the day that lies a period of the law after a day, several times or back.

    Args:
        law: The regime on a day.
        period: Name of the parameter that states the period.
        day: The day it is counted from.
        times: How often; negative for days before.
        workdays: Counts business days; without it the day that they lead to is not known.

    Returns:
        The day, or None if the law states no such period.
    """
    found = law.parameter(period)
    if found is None or not isinstance(found.value, Quantity):
        return None
    match found.value.dimension:
        case Dimension.CALENDAR_PERIOD:
            return months_before(day, -times * found.value.exact_int())
        case Dimension.DURATION:
            # A period in hours runs from a moment that records give only to the day.
            return day + times * timedelta(days=-(-found.value.exact_int() // _DAY_SECONDS))
        case Dimension.BUSINESS_PERIOD if workdays is not None:
            return workdays.moved(law.regime.id, day, times * found.value.exact_int())
        case _:
            # Business days need a calendar of holidays; until one is named the day is not known.
            return None
