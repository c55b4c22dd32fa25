"""``flopledger position`` states the graded compute held and the operations done."""

from __future__ import annotations

import click

from ledger.capacity import REFERENCE
from ledger.cli.asking import form_of
from ledger.cli.booking import Standing, standing
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.folding import FoldedLedger, fold_ledger
from ledger.cli.output import emit, output_options
from ledger.cli.regrading import reconciled_position
from ledger.errors import InputError
from ledger.journeys.book_position import book_position
from ledger.journeys.grading import Tables
from ledger.journeys.position import position as position_of
from ledger.journeys.pricing import Pricing
from ledger.pack import Pack, read_pack
from ledger.period import parse_day, parse_instant
from ledger.report.book_document import book_document
from ledger.report.book_table import book_csv, book_tables
from ledger.report.position import Basis, position_document
from ledger.report.position_csv import position_csv_tables
from ledger.report.position_table import position_tables
from ledger.resources import rules_root

__all__ = ["position"]

EPILOG = """\b
Examples:
  flopledger position
  flopledger position --by-month -o position.csv
  flopledger position --book -o book.csv
  flopledger position --recorded-by 2026-11-01T00:00:00Z -f json
  flopledger position --reconciled

--reconciled works out the evidence grade of every run, as reconcile does, and shows how much of the
totals stands under each grade as recorded and as reconciled. It reads every entry, and says nothing
of the forward book, which is no evidence of work.

Exit codes: 0 stated, 2 could not evaluate, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.option("--by-month", is_flag=True, help="Give each month rows of its own.")
@click.option(
    "--book",
    is_flag=True,
    help="Show the forward book beside: committed, delivered, open; always by month.",
)
@click.option("--recorded-by", metavar="T", help="Count entries sealed by this time, …Z.")
@click.option("--as-of", metavar="D", help="Last day whose work counts; today if not given.")
@click.option("--reconciled", is_flag=True, help="Add the totals by recorded and reconciled grade.")
@click.option("--unit", default=REFERENCE, show_default=True, help="Unit of reference capacity.")
@output_options
@pass_context
def position(
    context: Context,
    *,
    by_month: bool,
    book: bool,
    recorded_by: str | None,
    as_of: str | None,
    reconciled: bool,
    unit: str,
    fmt: str | None,
    output: str | None,
) -> None:
    """State graded FLOP-hours held: by precision, sparsity, interconnect, scale and period."""
    if book and reconciled:
        raise InputError(
            "--book and --reconciled are given",
            why="what is signed has no evidence grade yet: there is nothing to reconcile in it",
            remedy="ask for one after the other",
        )
    pack = read_pack(rules_root(context.rules))
    tables = Tables.from_pack(pack, unit=unit)
    day = now().date() if as_of is None else parse_day(as_of)
    prefix = None if recorded_by is None else parse_instant(recorded_by)
    if book:
        held = standing(context, day, recorded_by=prefix, graded=True)
        _tell_book(held, tables, pack, fmt=fmt, output=output)
        return
    ledger = fold_ledger(context, as_of=day, recorded_by=prefix)
    stated = position_of(ledger.folded, tables, by_month=by_month)
    basis = _basis(ledger, pack, by_month=by_month)
    render = position_csv_tables if form_of(fmt, output) == "csv" else position_tables
    document, shown = position_document(stated, tables, basis), render(stated, tables, basis)
    if reconciled:
        folded, form = ledger.folded, form_of(fmt, output)
        document, graded = reconciled_position(context, folded, document, form)
        shown = (*shown, graded)
    emit(document, shown, fmt=fmt, output=output)


def _tell_book(
    book: Standing, tables: Tables, pack: Pack, *, fmt: str | None, output: str | None
) -> None:
    """Write the position of the forward book."""
    pricing = Pricing.from_pack(pack, tables)
    found = book_position(book.ledger.folded, book.deals, book.graded, tables, pricing)
    basis = _basis(book.ledger, pack, by_month=True)
    csv = form_of(fmt, output) == "csv"
    shown = (book_csv(found, tables),) if csv else book_tables(found, tables, basis)
    emit(book_document(found, tables, basis), shown, fmt=fmt, output=output)


def _basis(ledger: FoldedLedger, pack: Pack, *, by_month: bool) -> Basis:
    """Return what the position was taken from."""
    folded = ledger.folded
    assert folded.as_of is not None
    return Basis(
        origin=ledger.origin,
        size=folded.size,
        root=folded.root.hex(),
        unsigned_tail=ledger.unsigned_tail,
        recorded_by=folded.recorded_by,
        as_of=folded.as_of.isoformat(),
        pack=pack.digest,
        by_month=by_month,
    )
