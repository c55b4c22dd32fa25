"""``flopledger deadlines`` lists the dates of all duties, and writes them as a calendar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import click

from ledger.cli.asking import (
    asking_options,
    by_pseudonym,
    evaluator_of,
    question_of,
    with_records,
)
from ledger.cli.context import Context, pass_context
from ledger.cli.destination import writing
from ledger.cli.output import emit, output_options
from ledger.errors import InputError
from ledger.journeys.checking import Checked, check
from ledger.journeys.deadlines import Deadlines, deadlines_of
from ledger.pack import read_pack
from ledger.period import parse_day
from ledger.publicholidays import public_holiday
from ledger.regime.grouping import months_before
from ledger.regime.load import load_regimes
from ledger.report.deadlines import deadlines_tables
from ledger.report.deadlines_document import deadlines_document
from ledger.resources import rules_root
from ledger.workcalendar import WorkCalendars

__all__ = ["deadlines"]

_YEAR_MONTHS = 12

EPILOG = """\b
Examples:
  flopledger deadlines
  flopledger deadlines --regime eu.aia --subject model:m
  flopledger deadlines --until 2028-01-01 --ics duties.ics
  flopledger deadlines --as-of 2027-03-01 -f json

A period that ends on a weekend or public holiday may run on by the law of its place; both days are
shown, and the earlier is the one to act on. A `filing` record closes a duty.

Exit codes: 0 nothing is late, 1 a date has passed, 2 could not evaluate, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.option("--regime", multiple=True, metavar="ID", help="Duties of this regime only.")
@click.option("--rule", multiple=True, metavar="ID", help="Duties of this rule only.")
@click.option("--subject", multiple=True, metavar="NAME", help="Duties of this subject only.")
@asking_options
@click.option("--until", metavar="DATE", help="List duties that come back up to then; one year.")
@click.option("--ics", metavar="FILE", help="Write what is due as an iCalendar file too.")
@click.option("--all", "everything", is_flag=True, help="List duties without a date too.")
@output_options
@pass_context
def deadlines(
    context: Context,
    /,
    *,
    until: str | None,
    ics: str | None,
    everything: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """List when duties fall due, what is late, and what was filed."""
    made = _ask(context, options, until)
    if ics is not None:
        from ledger.report.agenda import agenda  # noqa: PLC0415 - loads slowly

        with writing(ics) as file:
            file.write(agenda(made.checked, made.found))
        context.say(f"wrote {ics}")
    document = deadlines_document(made.checked, made.found)
    emit(document, deadlines_tables(made.found, everything=everything), fmt=fmt, output=output)
    return 1 if any(each.pressing for each in made.found.held) else 0


@dataclass(frozen=True, slots=True)
class _Made:
    """What was worked out.

    Attributes:
        checked: The check.
        found: The deadlines.
    """

    checked: Checked
    found: Deadlines


def _ask(context: Context, options: dict[str, Any], until: str | None) -> _Made:
    """Check the ledger and work out what is due."""
    question = by_pseudonym(context, question_of(options))
    last = months_before(question.as_of, -_YEAR_MONTHS) if until is None else _until(until)
    pack = read_pack(rules_root(context.rules))
    calendars = WorkCalendars.from_pack(pack, public_holiday)
    question = replace(question, workdays=calendars)
    engine = options["engine"]
    checked = with_records(
        context,
        question,
        engine,
        lambda records: check(question, records, pack, evaluator_of(engine)),
    )
    found = deadlines_of(checked, load_regimes(pack), calendars, until=last)
    return _Made(checked, found)


def _until(text: str) -> date:
    """Read the last day asked for.

    Raises:
        InputError: If it is further away than calendars of holidays reach.
    """
    day = parse_day(text)
    if day.year > 2100:  # noqa: PLR2004 - where tables of holidays end
        raise InputError(
            f"--until {day} is too far away",
            why="nobody knows the public holidays of those years",
            remedy="give a day before 2100",
        )
    return day
