"""Deadlines are the dates of all duties of all rules that are met, now or foreseen.

A determination says when the first period of a duty ends. Here the duty comes back as often as its
law says, a filing closes the occurrence in whose period it was sent, business days are counted by
the calendar of the jurisdiction, and a period that ends on a day off shows the day to which that
law lets it run on. The earlier of both days is the one to act on.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import Final, Literal, TypeAlias

from ledger.determination import Determination, binds
from ledger.determination.ground import cited
from ledger.journeys.checking import Checked
from ledger.obligations import binding_since, moved
from ledger.regime.dated import standing_on
from ledger.regime.law import Law
from ledger.regime.model import Regime, Regimes
from ledger.regime.rule import Obligation, Rule
from ledger.workcalendar import WorkCalendar, WorkCalendars

__all__ = ["Deadline", "Deadlines", "State", "deadlines_of"]

OCCURRENCES_MAX: Final = 400  # of one duty; a horizon that needs more is a mistake

State: TypeAlias = Literal["overdue", "runs_on", "due", "waits", "standing", "closed"]


@dataclass(frozen=True, slots=True)
class Deadline:
    """One occurrence of one duty of one subject.

    Attributes:
        determination: Where it comes from.
        obligation: The duty.
        occurrence: 1 for the first time, counted up for a duty that comes back.
        on: Day on which its period ends; None if it has no date, or waits for an event.
        runs_on_to: Later day to which the law lets the period run on; None if it does not.
        day_off: Why nobody works on the day its period ends, where that is so.
        waits_for: Facts, dates of the subject, from which it runs and which nobody recorded.
        binds: Whether it binds the subject; None while a fact is missing.
        only_where: What it binds only under, in words, while that is not known.
        sent_on: Day of the filing that closed it, or None.
        filing: Entry of that filing, or None.
        calendar: How its law counts days, if anybody wrote it down.
        cite: Where the duty stands.
        as_of: Day from which it is looked at.
    """

    determination: Determination
    obligation: Obligation
    occurrence: int
    on: date | None
    runs_on_to: date | None
    day_off: str | None
    waits_for: tuple[str, ...]
    binds: bool | None
    only_where: str | None
    sent_on: date | None
    filing: int | None
    calendar: WorkCalendar | None
    cite: str
    as_of: date

    @property
    def state(self) -> State:
        """How it stands on the day; ``runs_on``: over by the period, not yet by the calendar."""
        if self.sent_on is not None:
            return "closed"
        if self.on is None:
            return "waits" if self.waits_for else "standing"
        if self.on >= self.as_of:
            return "due"
        return "runs_on" if self.runs_on_to and self.runs_on_to >= self.as_of else "overdue"

    @property
    def days_left(self) -> int | None:
        """Days until its period ends, negative when it has; None without a date."""
        return None if self.on is None else (self.on - self.as_of).days

    @property
    def days_late(self) -> int | None:
        """Days by which the filing came after the last day that the law allows; None without."""
        if self.sent_on is None or self.on is None:
            return None
        return max(0, (self.sent_on - (self.runs_on_to or self.on)).days)

    @property
    def pressing(self) -> bool:
        """Whether its day has passed, under law that is not only assumed."""
        late = self.state in {"overdue", "runs_on"}
        return late and self.binds is not False and not self.determination.hypothetical


@dataclass(frozen=True, slots=True)
class Deadlines:
    """What is due, in order of days; what has no date comes last.

    Attributes:
        held: Every deadline.
        until: Last day for which duties that come back are listed.
        as_of: Day from which they are looked at.
    """

    held: tuple[Deadline, ...]
    until: date
    as_of: date

    def those(self, *states: State) -> tuple[Deadline, ...]:
        """Return the deadlines that stand in one of some ways."""
        return tuple(each for each in self.held if each.state in states)

    @property
    def calendars(self) -> tuple[WorkCalendar, ...]:
        """The calendars used, by id."""
        found = {each.calendar.id: each.calendar for each in self.held if each.calendar}
        return tuple(found[name] for name in sorted(found))


def deadlines_of(
    checked: Checked, regimes: Regimes, calendars: WorkCalendars, *, until: date
) -> Deadlines:
    """Return what is due under every rule that is met, now or foreseen.

    Args:
        checked: A check for which business days were counted by the same calendars.
        regimes: The regimes asked.
        calendars: How each jurisdiction counts days.
        until: Last day for which duties that come back are listed; the next one always is.
    """
    asking = _Asking(checked, regimes, calendars, until)
    held = [each for d in checked.document.determinations if d.met for each in asking.of(d)]
    held.sort(key=_order)
    return Deadlines(tuple(held), until, checked.document.coordinates.as_of)


def _order(each: Deadline) -> tuple[date, str, str, str, str, int]:
    """Return what deadlines are sorted by."""
    d = each.determination
    return (each.on or date.max, d.regime, d.rule, d.subject, each.obligation.id, each.occurrence)


class _Asking:
    """Works out deadlines of determinations, keeping the law of each regime."""

    def __init__(
        self, checked: Checked, regimes: Regimes, calendars: WorkCalendars, until: date
    ) -> None:
        """Ask about one check."""
        self._world = checked.world
        self._at = checked.document.coordinates
        self._regimes = regimes
        self._calendars = calendars
        self._until = until
        self._laws: dict[str, tuple[Law, date | None]] = {}

    def of(self, d: Determination) -> Iterator[Deadline]:
        """Yield the deadlines of one determination."""
        law, applies_from = self._law(d)
        rule = law.regime.rule(d.rule)
        if rule is None:
            return
        for obligation in rule.obligations:
            first = self._first(d, law, rule, obligation)
            if first is None or first.binds is False:
                continue
            dates = _occurrences(law, obligation, first.on, max(self._until, self._at.as_of))
            if obligation.repeats is not None and obligation.due is None:
                anchor = _begins(d, binding_since(law, rule, applies_from))
                if anchor is None and obligation.repeats.days is not None:
                    anchor = self._at.as_of - timedelta(days=1)  # what came before is not known
                dates = _occurrences(law, obligation, anchor, max(self._until, self._at.as_of))[1:]
            yield from self._closed(d, first, dates or [first.on])

    def _law(self, d: Determination) -> tuple[Law, date | None]:
        """Return the law of a determination, and since when its regime applies."""
        if d.regime not in self._laws:
            regime: Regime = self._regimes[d.regime]
            at = self._at
            standing = standing_on(regime, at.in_force_on, at.law_known_on)
            self._laws[d.regime] = (
                Law.on(
                    regime,
                    at.in_force_on,
                    law_known_on=at.law_known_on,
                    readings=at.readings.get(d.regime),
                    assumed=d.regime in at.assumptions,
                ),
                standing.applies_from,
            )
        return self._laws[d.regime]

    def _first(
        self, d: Determination, law: Law, rule: Rule, obligation: Obligation
    ) -> Deadline | None:
        """Return the first occurrence of a duty; None for one that has not begun or binds not."""
        bound = binds(law, self._world, rule, d.subject, obligation)
        on = None
        if obligation.due is not None:
            known = {due.obligation: due.on for due in d.due}
            known |= {closed.obligation: closed.due_on for closed in d.closed_by or ()}
            if obligation.id not in known:
                return None
            on = known[obligation.id]
        when = obligation.when
        return Deadline(
            determination=d,
            obligation=obligation,
            occurrence=1,
            on=on,
            runs_on_to=None,
            day_off=None,
            waits_for=() if on is not None else tuple(self._waits(d, obligation)),
            binds=bound,
            only_where=law.words_of(when) if when is not None and bound is None else None,
            sent_on=None,
            filing=None,
            calendar=self._calendars.of(d.regime),
            cite=cited(law, obligation.cite),
            as_of=self._at.as_of,
        )

    def _waits(self, d: Determination, obligation: Obligation) -> Iterator[str]:
        """Yield the dates of the subject that a period runs from and that nobody recorded."""
        due = obligation.due
        if due is None:
            return
        named = due.after.moments if due.after is not None else (due.before or "",)
        for name in named:
            if name in {"met", "foreseen", ""}:
                continue
            if not isinstance(self._world.present.fact(d.subject, name).value, date):
                yield name

    def _closed(
        self, d: Determination, first: Deadline, dates: Sequence[date | None]
    ) -> Iterator[Deadline]:
        """Yield occurrences, each closed by the first filing sent in its period.

        A late filing closes the earliest that is still open, and a second one in the same period
        closes nothing more.
        """
        sent = sorted(
            (closed.sent_on, closed.seq)
            for closed in d.closed_by or ()
            if closed.obligation == first.obligation.id
        )
        for number, on in enumerate(dates, start=1):
            taken = sent[0] if sent else None
            # Whatever else was sent by the end of this period is about this period.
            sent = [each for each in sent[1:] if on is not None and each[0] > on]
            yield replace(
                first,
                occurrence=number,
                on=on,
                day_off=_day_off(first.calendar, on),
                runs_on_to=_runs_on(first.calendar, on),
                sent_on=None if taken is None else taken[0],
                filing=None if taken is None else taken[1],
            )


def _day_off(calendar: WorkCalendar | None, on: date | None) -> str | None:
    """Return why nobody works on a day, if so."""
    return None if calendar is None or on is None else calendar.day_off(on)


def _runs_on(calendar: WorkCalendar | None, on: date | None) -> date | None:
    """Return the day to which a period that ends on a day runs on, if it does."""
    return None if calendar is None or on is None else calendar.runs_on_to(on)


def _begins(d: Determination, since: date | None) -> date | None:
    """Return the day on which a duty without a first date begins."""
    days: Iterable[date | None] = (
        None if d.met_on is None else d.met_on.latest,
        None if d.foreseen is None else d.foreseen.on,
    )
    known = min((day for day in days if day is not None), default=None)
    return known if known is None or since is None else max(known, since)


def _occurrences(
    law: Law, obligation: Obligation, first: date | None, until: date
) -> list[date | None]:
    """Return the first day of a duty and those on which it comes back, up to a day and one more."""
    found: list[date | None] = [first]
    repeats = obligation.repeats
    if first is None or repeats is None:
        return found
    for day in _returning(law, obligation, first):
        found.append(day)
        if day > until or len(found) > OCCURRENCES_MAX:
            break
    return found


def _returning(law: Law, obligation: Obligation, first: date) -> Iterator[date]:
    """Yield the days after the first on which a duty comes back; nothing if the law names none."""
    repeats = obligation.repeats
    assert repeats is not None
    if repeats.every is not None:
        for times in count(1):
            # From the first day, so that the end of a short month shortens no later one.
            day = moved(law, repeats.every, first, times)
            if day is None or day <= first:
                return
            yield day
    days = sorted(law.members(repeats.days or "") or ())
    for year in count(first.year) if days else ():
        for name in days:
            month = int(name[:2])
            day = date(year, month, min(int(name[3:]), monthrange(year, month)[1]))
            if day > first:
                yield day
