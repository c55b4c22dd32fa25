"""``flopledger rules whatif`` asks a ledger under a law that might be; nothing is recorded."""

from __future__ import annotations

from typing import Any

import click

from ledger.cli.asking import asking_options, evaluator_of, form_of, with_records
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.cli.supposing import book_options, refuse_place
from ledger.cli.whatif_asking import Supposition, ask_with_book, save, supposition
from ledger.journeys.whatif import Ledgers, WhatIf, what_if
from ledger.journeys.whatif_book import BookWhatIf
from ledger.report.whatif import whatif_csv, whatif_tables
from ledger.report.whatif_book import whatif_book_csv, whatif_book_tables
from ledger.report.whatif_book_document import whatif_book_document
from ledger.report.whatif_document import whatif_document

__all__ = ["whatif"]

EPILOG = """\b
The law in use is asked first, then the scenario: figures set, drafts laid over the rules, and the
readings and standings given with --reading and --assume. Without --in-force-on the law of today is
asked, or that of the last day given with from= if it is later.

\b
Examples:
  flopledger rules whatif --set 'eu.aia/systemic-risk-flop=3*10^25 FLOP,from=2027-08-02'
  flopledger rules whatif --draft drafts/us.xx.yaml --assume us.xx=in_force
  flopledger rules whatif --reading rl-rollout=not-named -o redline.md
  flopledger rules whatif --pack draft.yaml --slip fwd-2027-q1=30 --save raised.scenario.json
  flopledger rules whatif --scenario raised.scenario.json --detailed-exitcode

\b
A change of a contract, or --book, asks the forward book too: the crossings of every line stand side
by side with today. Every regime that is not optional is then asked, not only those that the change
touches, as a contract can move any of them. A scenario is saved as a file of its own, never as
rules, never as a record, and never over a file that is no scenario.

Exit codes: 0 worked out, 1 something changes and --exit-code is given, 2 could not evaluate,
3 there is no subject, 4 integrity failure. With --detailed-exitcode: 0 nothing changes, 1 an error
or no subject, 2 something changes, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="REGIME/PARAMETER=VALUE[,from=DATE]",
    help="Set a figure of the law; repeatable.",
)
@click.option(
    "--draft",
    "--pack",
    "drafts",
    multiple=True,
    metavar="DIR|FILE",
    help="Lay a folder of rules, a pack file or one regime file over the rules; repeatable.",
)
@click.option(
    "--reading-today",
    multiple=True,
    metavar="ID=ALT",
    help="A reading that is taken under both laws; see --reading.",
)
@asking_options
@book_options
@click.option(
    "--book",
    is_flag=True,
    help="Show the forward book too, and ask every regime: crossings, contracts.",
)
@click.option("--scenario", "saved", metavar="FILE", help="Ask a saved scenario again.")
@click.option("--save", "save_to", metavar="FILE", help="Save it, apart from rules and book.")
@click.option("--all", "everything", is_flag=True, help="List every subject.")
@click.option("--exit-code", is_flag=True, help="Leave with 1 when something changes.")
@click.option(
    "--detailed-exitcode",
    "detailed",
    is_flag=True,
    help="Leave with 0 if nothing changes, 1 for an error, 2 if something does.",
)
@output_options
@pass_context
def whatif(
    context: Context,
    /,
    *,
    settings: tuple[str, ...],
    drafts: tuple[str, ...],
    reading_today: tuple[str, ...],
    book: bool,
    saved: str | None,
    save_to: str | None,
    everything: bool,
    exit_code: bool,
    detailed: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Say who enters, who leaves and which dates move if the law or the book were another."""
    parts: dict[str, Any] = {"settings": settings, "drafts": drafts, "taken": reading_today}
    parts |= {"book": book, "saved": saved}
    if save_to is not None:
        refuse_place(save_to, context.rules, drafts)
    supposed = supposition(context, parts, options)
    if supposed.asks_book:
        told = ask_with_book(context, supposed)
        found, different = told.found, bool(told)
    else:
        told, found = None, _ask(context, supposed)
        different = bool(found.effects)
    chosen = form_of(fmt, output)
    cautions = told.cautions if told is not None and chosen == "csv" else ()
    _tell(context, found, (*supposed.notes, *cautions), notes=chosen == "csv")
    _write(found, told, everything=everything, fmt=chosen, output=output)
    if save_to is not None:
        save(context, supposed, found.records.origin, save_to)
    if not any(counts.determinations for counts in found.counts):
        return 1 if detailed else 3
    return 2 * different if detailed else int(exit_code and different)


def _ask(context: Context, supposed: Supposition) -> WhatIf:
    """Ask the ledger under the law in use and under the scenario."""
    question, engine = supposed.question, supposed.engine
    return with_records(
        context,
        question,
        engine,
        lambda records: what_if(
            supposed.law, question, supposed.taken, Ledgers(records), evaluator_of(engine)
        ),
    )


def _write(
    found: WhatIf, told: BookWhatIf | None, *, everything: bool, fmt: str, output: str | None
) -> None:
    """Write what a scenario does, with the book if it was asked."""
    if told is None:
        document = whatif_document(found) if fmt == "json" else {}
        csv, tables = whatif_csv(found), whatif_tables(found, everything=everything)
    else:
        document = whatif_book_document(told) if fmt == "json" else {}
        csv, tables = whatif_book_csv(told), whatif_book_tables(told, everything=everything)
    emit(document, csv if fmt == "csv" else tables, fmt=fmt, output=output)


def _tell(context: Context, found: WhatIf, more: tuple[str, ...], *, notes: bool) -> None:
    """Say on stderr what a reader of the result must know and the result does not say."""
    tail = found.records.unsigned_tail
    if tail:
        context.say(f"warning: {tail} entries after the newest checkpoint are not counted")
    for note in (*more, *(found.notes if notes else ())):
        context.say(f"note: {note}")
