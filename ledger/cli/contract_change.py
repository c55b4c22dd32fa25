"""The commands of ``flopledger contract`` that change what was agreed."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from ledger.cli.booking import day_of, desk_of, share_of, standing
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.errors import InputError
from ledger.journeys.altering import Purpose, allocate, exercise, expire, novate
from ledger.journeys.contracting import Changed
from ledger.journeys.deals import Deal, find_deal
from ledger.journeys.novation import Novation
from ledger.report.contracts import change_table
from ledger.report.contracts_document import change_document

__all__ = ["allocate_", "exercise_", "expire_", "novate_", "tell"]

_NOBODY = "none"


@click.command(
    "allocate",
    epilog="\b\nExamples:\n"
    "  flopledger contract allocate fwd-2027-q1 --model falcon-2\n"
    "  flopledger contract allocate fwd-2027-q1 --model none --activity inference_service \\\n"
    "      --share 1/2 --since 2027-02-01\n",
)
@click.argument("name", metavar="CONTRACT")
@click.option("--model", required=True, metavar="MODEL|none", help="What it is meant for now.")
@click.option("--developer", metavar="NAME", help="Who will use it.")
@click.option("--activity", metavar="WORD", help="What for, such as pretrain.")
@click.option(
    "--share",
    default="1",
    show_default=True,
    help="Share of each month that is then meant for it, such as 1/4.",
)
@click.option("--since", metavar="D", help="First day of delivery that changes; today.")
@click.option("--on", metavar="D", help="Day of the decision, from which it is known; today.")
@output_options
@pass_context
def allocate_(
    context: Context,
    *,
    name: str,
    model: str,
    developer: str | None,
    activity: str | None,
    share: str,
    since: str | None,
    on: str | None,
    fmt: str | None,
    output: str | None,
) -> None:
    """Mean capacity that is still to come for a model, or for none."""
    purpose = Purpose(None if model == _NOBODY else model, _past(on), developer, activity)
    deal = _deal(context, name)
    done = allocate(desk_of(context), deal, purpose, share=share_of(share), since=day_of(since))
    tell(done, f"{share} of each month allocated to {model}", fmt=fmt, output=output)


@click.command(
    "exercise", epilog="\b\nExamples:\n  flopledger contract exercise opt-2027-q2 --on 2027-02-01\n"
)
@click.argument("name", metavar="CONTRACT")
@click.option("--on", metavar="D", help="Day on which it was exercised; today.")
@output_options
@pass_context
def exercise_(
    context: Context, *, name: str, on: str | None, fmt: str | None, output: str | None
) -> None:
    """Record that an option was exercised: what is to come from that day on counts."""
    day = _past(on)
    done = exercise(desk_of(context), _deal(context, name), on=day)
    tell(done, f"exercised on {day}", fmt=fmt, output=output)


@click.command(
    "novate",
    epilog="\b\nExamples:\n"
    '  flopledger contract novate fwd-2027-q1 --buyer "Lab C" --since 2027-02-01\n',
)
@click.argument("name", metavar="CONTRACT")
@click.option("--buyer", metavar="NAME", help="Who buys from now on.")
@click.option("--seller", metavar="NAME", help="Who delivers from now on.")
@click.option("--customer", metavar="NAME|none", help="Whose capacity it is with that buyer.")
@click.option("--parent", metavar="NAME|none", help="Ultimate parent of that customer.")
@click.option("--since", metavar="D", help="First day of delivery that changes; today.")
@output_options
@pass_context
def novate_(
    context: Context,
    *,
    name: str,
    buyer: str | None,
    seller: str | None,
    customer: str | None,
    parent: str | None,
    since: str | None,
    fmt: str | None,
    output: str | None,
) -> None:
    """Put another party in the place of one, for what is still to come."""
    novation = Novation.of(buyer, seller, customer, parent)
    done = novate(desk_of(context), _deal(context, name), novation, since=day_of(since))
    tell(done, f"novated to another {novation.side}", fmt=fmt, output=output)


@click.command(
    "expire",
    epilog="\b\nExamples:\n  flopledger contract expire fwd-2027-q1 --on 2027-04-01\n",
)
@click.argument("name", metavar="CONTRACT")
@click.option("--on", "day", metavar="D", help="Day by which windows must have ended; today.")
@output_options
@pass_context
def expire_(
    context: Context, *, name: str, day: str | None, fmt: str | None, output: str | None
) -> None:
    """Close what was not delivered in windows that are over."""
    done = expire(desk_of(context), _deal(context, name), on=_past(day))
    tell(done, "expired", fmt=fmt, output=output)


def tell(changed: Changed, what: str, **form: Any) -> None:  # noqa: ANN401 - output options
    """Write what a change recorded."""
    emit(change_document(changed, what), change_table(changed, what), **form)


def _deal(context: Context, name: str) -> Deal:
    """Return a contract with every delivery in it."""
    return find_deal(standing(context, date.max).deals, name)


def _past(text: str | None) -> date:
    """Return a day given, or today; a change is known from that day.

    Raises:
        InputError: If it is still to come.
    """
    day, today = day_of(text), now().date()
    if day > today:
        raise InputError(
            f"{day} is still to come; today is {today}",
            why="the ledger says what was done, and nothing that may yet be done otherwise",
            remedy="record it on that day; what would come of a change, flopledger forecast tells",
        )
    return day
