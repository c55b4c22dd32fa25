"""A deadlines report: what is overdue and due, what waits for an event, what was filed."""

from __future__ import annotations

from datetime import date

from ledger.journeys.deadlines import Deadline, Deadlines
from ledger.report.table import Column, Table
from ledger.workcalendar import WorkCalendar

__all__ = ["deadlines_tables", "left_in_words"]

_SHORT = "%a %Y-%m-%d"


def deadlines_tables(found: Deadlines, *, everything: bool) -> tuple[Table, ...]:
    """Return the tables that have rows, the most pressing first.

    Args:
        found: What is due.
        everything: Whether duties without a date are listed too.
    """
    tables = [_dated(found), _waiting(found), _closed(found)]
    standing = found.those("standing")
    if everything:
        tables.append(_standing(standing))
    shown = [table for table in tables if table.rows]
    if not shown:
        shown = [Table("No date is due", (Column(""),), ())]
    notes = list(_notes(found))
    if standing and not everything:
        notes.append(
            f"{len(standing):,} duties without a date bind too: flopledger deadlines --all"
        )
    last = shown[-1]
    shown[-1] = Table(last.title, last.columns, last.rows, (*last.notes, *notes))
    return tuple(shown)


def left_in_words(each: Deadline) -> str:
    """Return how far the day of a deadline is."""
    days = each.days_left
    if days is None:
        return "no date"
    if days >= 0:
        return "today" if days == 0 else f"{days:,} left"
    return f"{-days:,} late" if each.state == "overdue" else f"{-days:,} late, runs on"


def _dated(found: Deadlines) -> Table:
    """Return what is overdue or due."""
    rows = tuple(
        (
            _day(each.on),
            "" if each.runs_on_to is None else _day(each.runs_on_to),
            left_in_words(each),
            _duty(each),
            each.determination.subject,
            f"{each.determination.regime}/{each.determination.rule}",
        )
        for each in found.those("overdue", "runs_on", "due")
    )
    columns = (
        Column("act by"),
        Column("runs on to"),
        Column("days"),
        Column("duty", wide=True),
        Column("subject", wide=True),
        Column("rule", wide=True),
    )
    return Table(f"Dates due, seen from {found.as_of}", columns, rows)


def _waiting(found: Deadlines) -> Table:
    """Return duties whose period runs from an event that nobody recorded."""
    rows = tuple(
        (", ".join(each.waits_for), _duty(each), each.determination.subject, _rule(each))
        for each in found.those("waits")
    )
    columns = (
        Column("runs from", wide=True),
        Column("duty", wide=True),
        Column("subject", wide=True),
        Column("rule", wide=True),
    )
    return Table("Duties that wait for an event", columns, rows)


def _closed(found: Deadlines) -> Table:
    """Return what was filed."""
    rows = tuple(
        (
            str(each.sent_on),
            "" if each.on is None else str(each.on),
            f"{each.days_late:,} late" if each.days_late else "in time",
            _duty(each),
            each.determination.subject,
            f"entry {each.filing}",
        )
        for each in found.those("closed")
    )
    columns = (
        Column("sent"),
        Column("was due"),
        Column("days"),
        Column("duty", wide=True),
        Column("subject", wide=True),
        Column("filing"),
    )
    return Table("Filed", columns, rows)


def _standing(held: tuple[Deadline, ...]) -> Table:
    """Return duties without a date."""
    rows = tuple(
        (_duty(each), each.determination.subject, _rule(each), each.obligation.action["en"])
        for each in held
    )
    columns = (
        Column("duty", wide=True),
        Column("subject", wide=True),
        Column("rule", wide=True),
        Column("what", wide=True),
    )
    return Table("Duties without a date", columns, rows)


def _notes(found: Deadlines) -> tuple[str, ...]:
    """Return how days are counted, and what a reader must know."""
    notes = [f"duties that come back are listed up to {found.until}"]
    notes += [_counted(calendar) for calendar in found.calendars]
    if any(each.calendar is None for each in found.held):
        notes.append("where no calendar is named, days are UTC and no period runs on")
    if any(each.binds is None for each in found.held):
        notes.append("(?) binds only under a condition that a missing fact leaves open")
    if any(each.determination.hypothetical for each in found.held):
        notes.append("(assumed) the law is assumed, not found")
    return tuple(notes)


def _counted(calendar: WorkCalendar) -> str:
    """Return how a jurisdiction counts days, as one sentence."""
    rule = {
        True: "a period that ends on a day off runs on to the next working day",
        False: "a period ends on its day, even a day off",
        None: "whether a period that ends on a day off runs on is not known here",
    }[calendar.runs_on]
    checked = "" if calendar.provenance == "verified" else f"; {calendar.provenance}"
    where = "-".join(part for part in (calendar.country, calendar.subdivision) if part)
    return (
        f"{calendar.id}: days in {calendar.zone}, public holidays of {where}; {rule} "
        f"({calendar.cite}{checked})"
    )


def _duty(each: Deadline) -> str:
    """Return the name of a duty, how often it has come, and what is open about it."""
    name = each.obligation.id
    if each.occurrence > 1:
        name += f" #{each.occurrence}"
    if each.binds is None:
        name += " (?)"
    return f"{name} (assumed)" if each.determination.hypothetical else name


def _rule(each: Deadline) -> str:
    """Return where a duty stands."""
    return f"{each.determination.regime}/{each.determination.rule}"


def _day(day: date | None) -> str:
    """Return a day with its weekday."""
    return "" if day is None else day.strftime(_SHORT)
