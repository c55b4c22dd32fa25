"""The command `fact`: one fact is set, or those that determinations lack are listed."""

from __future__ import annotations

from typing import get_args

import click

from ledger.cli.asking import (
    asking_options,
    by_pseudonym,
    evaluator_of,
    question_of,
    with_records,
)
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_log, open_reader
from ledger.cli.output import emit, output_options, write_text
from ledger.cli.record import tell
from ledger.journeys.checking import check
from ledger.journeys.lacking import lacking
from ledger.journeys.parties import Parties
from ledger.journeys.recording import FactGiven, record_fact
from ledger.pack import read_pack
from ledger.record.fields import SourceKind
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.lackings import lacking_document, lacking_form, lacking_table
from ledger.report.records import recorded_document, recorded_table
from ledger.report.render import FORMATS
from ledger.resources import rules_root

__all__ = ["fact"]

MISSING_EPILOG = """\b
Examples:
  flopledger fact missing -o form.jsonl
  flopledger record form.jsonl
  flopledger fact missing --regime eu.aia -f table

Fill in each null value, delete the lines that you cannot fill, and give the form to record.
"""

EPILOG = """\b
Examples:
  flopledger fact set model:falcon-2 model.output_modalities text,image_from_text
  flopledger fact set developer:acme developer.group_revenue_prior_calendar_year \\
      "750_000_000 USD" --valid-from 2026-01-01 --valid-until 2027-01-01 --source "annual report"

The names are in rules/vocabulary/facts.yaml. Yes-or-no facts take yes, no, true or false, in
lower case. A value that contradicts an earlier one is recorded, and said on stderr.
"""


GROUP_EPILOG = """\b
Examples:
  flopledger fact set model:falcon-2 model.is_modification yes
  flopledger fact missing -o form.jsonl
"""


@click.group("fact", epilog=GROUP_EPILOG)
def fact() -> None:
    """Set one fact, or list the facts that are missing."""


@fact.command("set", epilog=EPILOG)
@click.argument("subject")
@click.argument("name")
@click.argument("value")
@click.option("--valid-from", metavar="DATE", help="First day it holds; always if left out.")
@click.option("--valid-until", metavar="DATE", help="First day it no longer holds.")
@click.option("--source", default="", metavar="TEXT", help="Where it is written down.")
@click.option(
    "--evidence",
    type=click.Choice(get_args(SourceKind)),
    default="assertion",
    show_default=True,
    help="What kind of source that is.",
)
@output_options
@pass_context
def set_(
    context: Context,
    *,
    subject: str,
    name: str,
    value: str,
    valid_from: str | None,
    valid_until: str | None,
    source: str,
    evidence: str,
    fmt: str | None,
    output: str | None,
) -> int:
    """Record that a subject has a property, such as what a model can generate."""
    given = FactGiven(subject, name, value, valid_from, valid_until, source, evidence)
    log = open_log(context)
    vocabulary = load_vocabulary(read_pack(rules_root(context.rules)))
    reader = open_reader(context)
    parties = Parties(log.pseudonym, reader)
    recorded = record_fact(log, given, vocabulary, reader, parties)
    tell(context, recorded, dry_run=False)
    emit(
        recorded_document(recorded, dry_run=False), recorded_table(recorded), fmt=fmt, output=output
    )
    return 0


@fact.command("missing", epilog=MISSING_EPILOG)
@click.option("--regime", multiple=True, metavar="ID", help="Ask this regime only; repeatable.")
@click.option("--rule", multiple=True, metavar="ID", help="Ask this rule only; repeatable.")
@click.option("--subject", multiple=True, metavar="NAME", help="Ask of this subject only.")
@asking_options
@click.option(
    "-f",
    "--format",
    "fmt",
    type=click.Choice(FORMATS),
    help="Form of the output; if left out, JSON Lines to fill in, as record reads them.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
@pass_context
def missing(
    context: Context, /, *, engine: str, fmt: str | None, output: str | None, **options: object
) -> None:
    """Write a form of the facts that open determinations need, to fill and give to record."""
    question = by_pseudonym(context, question_of(options))
    pack = read_pack(rules_root(context.rules))
    checked = with_records(
        context,
        question,
        engine,
        lambda records: check(question, records, pack, evaluator_of(engine)),
    )
    items = lacking(checked.document.determinations, load_vocabulary(pack))
    facts = sum(item.record is not None for item in items)
    context.say(f"facts to fill in: {facts:,}; other things missing: {len(items) - facts:,}")
    if fmt is None:
        write_text(lacking_form(items), output)
    else:
        emit(lacking_document(items), lacking_table(items), fmt=fmt, output=output)
