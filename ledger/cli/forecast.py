"""``flopledger forecast`` says when lines of the law are crossed if what is signed is delivered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from ledger.cli.asking import (
    asking_options,
    by_pseudonym,
    evaluator_of,
    question_of,
)
from ledger.cli.booking import with_book
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.cli.supposing import book_options, supposed_of
from ledger.journeys.forecasting import forecast_status
from ledger.journeys.prospect import Prospect, prospect
from ledger.journeys.supposed_book import Supposed
from ledger.journeys.whatif_book import Desk
from ledger.pack import Pack, read_pack
from ledger.publicholidays import public_holiday
from ledger.regime.edition import lawbook
from ledger.report.forecast import forecast_tables
from ledger.report.forecast_document import forecast_document
from ledger.resources import rules_root
from ledger.workcalendar import WorkCalendars

__all__ = ["forecast_command"]

EPILOG = """\b
Examples:
  flopledger forecast
  flopledger forecast --regime eu.aia --subject model:falcon-2
  flopledger forecast --reallocate fwd-2027-q1=owl-1@1/2
  flopledger forecast --slip fwd-2027-q1=30 --substitute fwd-2027-q1=nvidia-b200
  flopledger forecast --precision fwd-2027-q1=fp8 --exercise option-3 -f json

A contract's remaining operations are spread evenly over what is left of each month. The ends follow
from the utilisation agreed and from the stated error of what was done; nothing is drawn by chance.
What is supposed is shown beside today's book, and recorded nowhere.

Exit codes, of today's book: 0 nothing to act on, 1 a line of binding law is met or will be by what
is signed, or a date is overdue, 2 could not evaluate, 3 a crossing hangs on what is not known or
there is no subject, 4 integrity failure.
"""


@click.command("forecast", epilog=EPILOG)
@click.option("--regime", multiple=True, metavar="ID", help="Lines of this regime only.")
@click.option("--rule", multiple=True, metavar="ID", help="This line only.")
@click.option("--subject", multiple=True, metavar="NAME", help="This model only.")
@asking_options
@book_options
@output_options
@pass_context
def forecast_command(
    context: Context,
    /,
    *,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Forecast when models cross lines of operations, by exact intervals."""
    pack = read_pack(rules_root(context.rules))
    supposed = supposed_of(options)
    asked = _ask(context, options, pack, supposed)
    emit(
        forecast_document(asked),
        forecast_tables(asked.today, asked.changes, asked.then, asked.cautions),
        fmt=fmt,
        output=output,
    )
    return forecast_status(asked.checked, asked.today)


def _ask(
    context: Context, options: dict[str, Any], pack: Pack, supposed: tuple[Supposed, ...]
) -> Prospect:
    """Forecast the lines of the ledger, as the book stands and as it is supposed."""
    calendars = WorkCalendars.from_pack(pack, public_holiday)
    question = replace(by_pseudonym(context, question_of(options)), workdays=calendars)
    law, desk = lawbook(pack, {}), Desk(evaluator_of(options["engine"]), calendars)
    return with_book(
        context,
        question,
        options["engine"],
        lambda records, deals: prospect(question, (records, deals), supposed, law, desk),
    )
