"""``flopledger rules explain`` tells one rule by itself, in one line and in sentences."""

from __future__ import annotations

import click

from ledger.cli.bench import pack_of
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.journeys.checking import Question
from ledger.journeys.expounding import expound
from ledger.period import parse_day
from ledger.report.rule_document import rule_document
from ledger.report.rule_told import rule_tables

__all__ = ["explain"]

EPILOG = """\b
Of a subject of your ledger, flopledger explain gives the reasons.

\b
Examples:
  flopledger rules explain eu.aia/gpaisr-presumption
  flopledger rules explain eu.aia/modifier-one-third --reading rl-rollout=not-named -f markdown
"""


@click.command(name="explain", epilog=EPILOG)
@click.argument("path", metavar="REGIME/RULE")
@click.option("--in-force-on", metavar="DATE", help="Tell the law of that day; default today.")
@click.option(
    "--law-known-on", metavar="DATE", help="Hide what was published after that day; today."
)
@click.option("--reading", multiple=True, metavar="ID=ALT", help="Answer an open question.")
@output_options
@pass_context
def explain(
    context: Context,
    *,
    path: str,
    in_force_on: str | None,
    law_known_on: str | None,
    reading: tuple[str, ...],
    fmt: str | None,
    output: str | None,
) -> None:
    """Tell what one rule asks, in sentences, with the words of the law beside each number."""
    moment = now()
    today = moment.date()
    question = Question(
        in_force_on=today if in_force_on is None else parse_day(in_force_on),
        law_known_on=today if law_known_on is None else parse_day(law_known_on),
        as_of=today,
        evaluated_at=moment,
        rules=(path,),
        readings=reading,
    )
    found = expound(question, pack_of(context))
    emit(rule_document(found), rule_tables(found), fmt=fmt, output=output)
