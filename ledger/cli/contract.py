"""``flopledger contract`` keeps the forward book: capacity agreed for later."""

from __future__ import annotations

from datetime import date
from typing import Any

import click

from ledger.capacity import reference_units
from ledger.cli.booking import Standing, day_of, desk_of, share_of, standing
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.cli.record import read_input
from ledger.contract import read_contract
from ledger.errors import InputError
from ledger.grade import GradeTable
from ledger.hardware import Catalogue
from ledger.journeys.contracting import (
    Changed,
    Purpose,
    add,
    allocate,
    deliver,
    expire,
    novate,
)
from ledger.journeys.deals import find_deal
from ledger.journeys.json_lines import Lines, read_objects
from ledger.journeys.recording import read_record
from ledger.pack import Pack, read_pack
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.contracts import change_table, contract_tables, contracts_table
from ledger.report.contracts_document import change_document, contracts_document
from ledger.resources import rules_root

__all__ = ["contract"]

_NOBODY = "none"

EPILOG = """\b
Examples:
  flopledger contract add forward.yaml
  flopledger contract list
  flopledger contract show fwd-2027-q1
  flopledger contract allocate fwd-2027-q1 --model falcon-2 --share 1/2
  flopledger contract deliver fwd-2027-q1 january.jsonl
  flopledger contract novate fwd-2027-q1 --buyer "Lab C" --since 2027-02-01
  flopledger contract expire fwd-2027-q1 --on 2027-04-01

A contract is recorded month by month; deliveries are allocations that name it, and net off what is
open. The form of the file is in schemas/contract.v1.md. A policy with four eyes wants an approval
for every reversal, and allocate, novate and expire record reversals.

Exit codes: 0 shown or recorded, 2 refused and nothing recorded, 4 integrity failure.
"""


@click.group(epilog=EPILOG)
def contract() -> None:
    """Keep the forward book: contracts for capacity that is still to be delivered."""


@contract.command("add", epilog="\b\nExamples:\n  flopledger contract add forward.yaml\n")
@click.argument("file", metavar="FILE|-")
@output_options
@pass_context
def add_(context: Context, *, file: str, fmt: str | None, output: str | None) -> None:
    """Record the contract in FILE: all of it, or nothing."""
    pack = read_pack(rules_root(context.rules))
    catalogue = Catalogue.from_pack(pack)
    units = tuple(reference_units(pack))
    found = read_contract(read_input(file), file, catalogue, GradeTable.from_pack(pack), units)
    deals = standing(context, now().date()).deals
    _tell(add(desk_of(context).log, found, catalogue, deals), "added", fmt=fmt, output=output)


@contract.command("list", epilog="\b\nExamples:\n  flopledger contract list -f json\n")
@click.option("--as-of", metavar="D", help="Last day whose contracts and deliveries count; today.")
@output_options
@pass_context
def list_(context: Context, *, as_of: str | None, fmt: str | None, output: str | None) -> None:
    """List the contracts that stand."""
    book = standing(context, day_of(as_of))
    document = contracts_document(book.ledger.origin, book.agreed, book.as_of)
    emit(document, contracts_table(book.agreed, book.as_of), fmt=fmt, output=output)


@contract.command("show", epilog="\b\nExamples:\n  flopledger contract show fwd-2027-q1\n")
@click.argument("name", metavar="CONTRACT")
@click.option("--as-of", metavar="D", help="Last day whose contracts and deliveries count; today.")
@output_options
@pass_context
def show(
    context: Context, *, name: str, as_of: str | None, fmt: str | None, output: str | None
) -> None:
    """Show one contract: terms, price by grade, months, deliveries."""
    book = standing(context, day_of(as_of))
    deal = find_deal(book.agreed, name)
    document = contracts_document(book.ledger.origin, (deal,), book.as_of)
    emit(document, contract_tables(deal, book.as_of), fmt=fmt, output=output)


@contract.command(
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
@click.option("--share", default="1", show_default=True, help="Share of each month, such as 1/4.")
@click.option("--since", metavar="D", help="First day of delivery that changes; today.")
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
    fmt: str | None,
    output: str | None,
) -> None:
    """Mean capacity that is still to come for a model, or for none."""
    book, day = _book(context, since)
    purpose = Purpose(None if model == _NOBODY else model, developer, activity)
    deal = find_deal(book.deals, name)
    done = allocate(desk_of(context), deal, purpose, share=share_of(share), since=day)
    _tell(done, f"{share} allocated to {model}", fmt=fmt, output=output)


@contract.command(
    "deliver", epilog="\b\nExamples:\n  flopledger contract deliver fwd-2027-q1 january.jsonl\n"
)
@click.argument("name", metavar="CONTRACT")
@click.argument("file", metavar="FILE|-")
@output_options
@pass_context
def deliver_(
    context: Context, *, name: str, file: str, fmt: str | None, output: str | None
) -> None:
    """Record the allocations in FILE (JSON Lines) as deliveries under a contract."""
    vocabulary = load_vocabulary(_pack(context))
    records = read_objects(Lines(read_input(file), file))
    drafts = [read_record(record, vocabulary) for record in records]
    if not drafts:
        raise InputError("no allocation is given", where=file, remedy="give one a line")
    deal = find_deal(standing(context, date.max).deals, name)
    _tell(deliver(desk_of(context), deal, drafts), "delivered", fmt=fmt, output=output)


@contract.command(
    "novate",
    epilog="\b\nExamples:\n"
    '  flopledger contract novate fwd-2027-q1 --buyer "Lab C" --since 2027-02-01\n',
)
@click.argument("name", metavar="CONTRACT")
@click.option("--buyer", metavar="NAME", help="Who buys from now on.")
@click.option("--seller", metavar="NAME", help="Who delivers from now on.")
@click.option("--since", metavar="D", help="First day of delivery that changes; today.")
@output_options
@pass_context
def novate_(
    context: Context,
    *,
    name: str,
    buyer: str | None,
    seller: str | None,
    since: str | None,
    fmt: str | None,
    output: str | None,
) -> None:
    """Put another party in the place of one, for what is still to come."""
    if (buyer is None) == (seller is None):
        raise InputError("one party changes at a time", remedy="give --buyer or --seller")
    book, day = _book(context, since)
    deal = find_deal(book.deals, name)
    side, party = ("buyer", buyer) if buyer is not None else ("seller", str(seller))
    done = novate(desk_of(context), deal, side=side, party=str(party), since=day)
    _tell(done, f"novated to another {side}", fmt=fmt, output=output)


@contract.command(
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
    on = day_of(day)
    deal = find_deal(standing(context, on).deals, name)
    _tell(expire(desk_of(context), deal, on=on), "expired", fmt=fmt, output=output)


def _book(context: Context, since: str | None) -> tuple[Standing, date]:
    """Return the book with every delivery in it, and the first day that changes."""
    return standing(context, date.max), day_of(since)


def _pack(context: Context) -> Pack:
    """Return the rules in use."""
    return read_pack(rules_root(context.rules))


def _tell(changed: Changed, what: str, **form: Any) -> None:  # noqa: ANN401 - output options
    """Write what a change recorded."""
    emit(change_document(changed, what), change_table(changed, what), **form)
