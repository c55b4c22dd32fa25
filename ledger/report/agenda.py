"""An agenda is what is due as an iCalendar file: one all-day event a deadline, with reminders."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Final

from icalendar import Alarm, Calendar, Event

from ledger.journeys.checking import Checked
from ledger.journeys.deadlines import Deadline, Deadlines
from ledger.period import parse_instant
from ledger.report.deadlines import left_in_words

__all__ = ["agenda"]

_REMIND_DAYS: Final = (7, 1)
_DAY: Final = timedelta(days=1)


def agenda(checked: Checked, found: Deadlines) -> bytes:
    """Return what is overdue or due as an iCalendar file (RFC 5545).

    The same check gives the same bytes: ids of events come from what they are about, and their
    time stamp is that of the check.

    Args:
        checked: What the deadlines were worked out from.
        found: The deadlines.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//flopledger//deadlines//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Compute duties of {checked.document.ledger.origin}")
    for each in found.those("overdue", "runs_on", "due"):
        calendar.add_component(_event(checked, each))
    return bytes(calendar.to_ical())


def _event(checked: Checked, each: Deadline) -> Event:
    """Return one deadline as an event of one day."""
    assert each.on is not None
    d, document = each.determination, checked.document
    event = Event()
    event.add("uid", _uid(document.ledger.origin, each))
    event.add("dtstamp", parse_instant(document.coordinates.evaluated_at))
    event.add("dtstart", each.on)
    event.add("dtend", each.on + _DAY)
    assumed = "HYPOTHETICAL: " if d.hypothetical else ""
    event.add("summary", f"{assumed}{each.obligation.id}: {d.subject} ({d.regime}/{d.rule})")
    event.add("description", "\n".join(_said(each)))
    event.add("categories", [d.regime])
    event.add("transp", "TRANSPARENT")
    for days in _REMIND_DAYS:
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"{each.obligation.id}: {d.subject}")
        alarm.add("trigger", timedelta(days=-days))
        event.add_component(alarm)
    return event


def _said(each: Deadline) -> list[str]:
    """Return what a reader of one event must know, line by line."""
    duty, calendar = each.obligation, each.calendar
    lines = [duty.action["en"], f"Who: {duty.actor}"]
    if duty.recipient is not None:
        lines.append(f"To: {duty.recipient['en']}")
    lines += [f"- {item}" for item in duty.content]
    if each.days_left is not None and each.days_left < 0:
        lines.append(f"As of {each.as_of}: {left_in_words(each)}")
    if each.only_where is not None:
        lines.append(f"Binds only where: {each.only_where}")
    if each.runs_on_to is not None and calendar is not None:
        lines.append(
            f"{each.on} is {each.day_off}: by {calendar.cite} the period runs on to "
            f"{each.runs_on_to}. Act by the earlier day."
        )
    zone = "UTC" if calendar is None else calendar.zone
    return [*lines, f"The day ends at midnight in {zone}.", f"Law: {each.cite}"]


def _uid(origin: str, each: Deadline) -> str:
    """Return the id of an event, the same whenever it is about the same duty."""
    d = each.determination
    parts = (origin, d.regime, d.rule, d.subject, each.obligation.id, str(each.occurrence))
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
    return f"{digest}@flopledger"
