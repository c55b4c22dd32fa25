"""``flopledger explain`` gives the reasons of one determination, down to entries and law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from ledger.cli.asking import (
    asking_options,
    by_pseudonym,
    evaluator_of,
    form_of,
    question_of,
    with_records,
)
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.journeys.explaining import explain as explain_records
from ledger.pack import read_pack
from ledger.report.explanation import explanation_document, explanation_tables
from ledger.resources import rules_root

__all__ = ["explain"]

EPILOG = """\b
Examples:
  flopledger explain eu.aia/gpaisr-presumption model:m
  flopledger explain us.ca.sb53/large-frontier-developer acme -f json

Exit codes: 0 explained, 2 could not evaluate, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.argument("path", metavar="REGIME/RULE")
@click.argument("subject")
@asking_options
@click.option("--all", "everything", is_flag=True, help="List all work, however much it is.")
@output_options
@pass_context
def explain(
    context: Context,
    /,
    *,
    path: str,
    subject: str,
    everything: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Give the reasons of one determination: records, law, and what is missing."""
    asked = replace(question_of(options), rules=(path,), subjects=(subject,))
    question = by_pseudonym(context, asked)
    pack = read_pack(rules_root(context.rules))
    evaluator = evaluator_of(options["engine"])
    found = with_records(
        context,
        question,
        options["engine"],
        lambda records: explain_records(question, records, pack, evaluator),
    )
    document = explanation_document(found) if form_of(fmt, output) == "json" else {}
    emit(document, explanation_tables(found, everything=everything), fmt=fmt, output=output)
    return 0
