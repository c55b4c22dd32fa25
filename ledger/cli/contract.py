"""``flopledger contract`` keeps the forward book: capacity agreed for later."""

from __future__ import annotations

from datetime import date

import click

from ledger.capacity import reference_units
from ledger.cli.booking import day_of, desk_of, standing
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.contract_change import allocate_, exercise_, expire_, novate_, tell
from ledger.cli.output import emit, output_options
from ledger.cli.record import read_input
from ledger.contract import read_contract
from ledger.errors import InputError
from ledger.grade import GradeTable
from ledger.hardware import Catalogue
from ledger.journeys.contracting import add, deliver
from ledger.journeys.deals import find_deal
from ledger.journeys.json_lines import Lines, read_objects
from ledger.journeys.recording import read_record
from ledger.pack import Pack, read_pack
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.contracts import contract_tables, contracts_table
from ledger.report.contracts_document import contracts_document
from ledger.resources import rules_root

__all__ = ["contract"]

EPILOG = """\b
Examples:
  flopledger contract add forward.yaml
  flopledger contract list
  flopledger contract show fwd-2027-q1
  flopledger contract allocate fwd-2027-q1 --model falcon-2 --share 1/2
  flopledger contract deliver fwd-2027-q1 january.jsonl
  flopledger contract exercise opt-2027-q2 --on 2027-02-01
  flopledger contract novate fwd-2027-q1 --buyer "Lab C" --since 2027-02-01
  flopledger contract expire fwd-2027-q1 --on 2027-04-01

A contract is recorded month by month; deliveries are allocations that name it, and net off what is
open. The form of the file is in schemas/contract.v1.md. A policy with four eyes wants an approval
for every reversal, and allocate, exercise, novate and expire record reversals.

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
    today = now().date()
    deals = standing(context, today).deals
    done = add(desk_of(context).log, found, catalogue, deals, today)
    tell(done, "added", fmt=fmt, output=output)


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
    today = now().date()
    drafts = [read_record(record, vocabulary, today) for record in records]
    if not drafts:
        raise InputError("no allocation is given", where=file, remedy="give one a line")
    deal = find_deal(standing(context, date.max).deals, name)
    tell(deliver(desk_of(context), deal, drafts), "delivered", fmt=fmt, output=output)


for change in (allocate_, exercise_, novate_, expire_):
    contract.add_command(change)


def _pack(context: Context) -> Pack:
    """Return the rules in use."""
    return read_pack(rules_root(context.rules))
