"""``flopledger check`` determines which legal lines are met, foreseen, or cannot be decided."""

from __future__ import annotations

from typing import Any

import click

from ledger.cli.asking import asking_options, evaluator_of, form_of, question_of, with_records
from ledger.cli.check_replay import replay_check
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.journeys.checking import Checked, exit_status
from ledger.journeys.checking import check as check_records
from ledger.pack import read_pack
from ledger.report.determinations import check_tables
from ledger.report.determinations_csv import check_csv
from ledger.resources import rules_root

__all__ = ["check"]

EPILOG = """\b
Examples:
  flopledger check
  flopledger check --regime eu.aia --subject model:m -f json
  flopledger check --in-force-on 2027-01-01 --law-known-on 2026-01-31
  flopledger check --assume us.eo14110=in_force --reading rl-rollout=not-named
  flopledger check -f json -o check.json && flopledger rules pack -o law.json
  flopledger --rules law.json check --replay check.json

--replay takes everything that is asked from the file, and exits 0 when every byte of it comes out
again, 1 when something differs, 4 when the entries are not those that it speaks of.

Exit codes: 0 nothing to act on, 1 a line met or a date overdue, 2 could not evaluate,
3 a needed fact is missing or there is no subject, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.option("--regime", multiple=True, metavar="ID", help="Ask this regime only; repeatable.")
@click.option("--rule", multiple=True, metavar="ID", help="Ask this rule only; repeatable.")
@click.option("--subject", multiple=True, metavar="NAME", help="Ask of this subject only.")
@asking_options
@click.option(
    "--replay", metavar="FILE", help="Determine again what check -f json wrote into FILE."
)
@click.option("--all", "everything", is_flag=True, help="Give every determination a row.")
@output_options
@pass_context
def check(
    context: Context,
    /,
    *,
    everything: bool,
    replay: str | None,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Determine which legal lines are met, now or foreseen, and which cannot be decided."""
    engine = options["engine"]
    if replay is not None:
        return replay_check(context, replay, engine=engine, fmt=fmt, output=output)
    question = question_of(options)
    pack = read_pack(rules_root(context.rules))
    form = form_of(fmt, output)
    whole = everything or form in {"json", "csv"}
    checked = with_records(
        context,
        question,
        engine,
        lambda records: check_records(question, records, pack, evaluator_of(engine), whole=whole),
    )
    _tell(context, checked)
    _emit(checked, form=form, output=output, everything=everything)
    return exit_status(checked)


def _emit(checked: Checked, *, form: str, output: str | None, everything: bool) -> None:
    """Write the result; only what is written is worked out, since it can be long."""
    document = checked.document
    if form == "json":
        emit(document.model_dump(mode="json", by_alias=True), (), fmt=form, output=output)
    elif form == "csv":
        emit({}, check_csv(document), fmt=form, output=output)
    else:
        tables = check_tables(document, checked.tallies, everything=everything)
        emit({}, tables, fmt=form, output=output)


def _tell(context: Context, checked: Checked) -> None:
    """Say on stderr what a reader of the result must know."""
    tail = checked.document.ledger.unsigned_tail
    if tail:
        context.say(f"warning: {tail} entries after the newest checkpoint are not counted")
    for problem in checked.problems:
        context.say(f"warning[{problem.code}]: {problem.message}; {problem.remedy}")
    for name in checked.strangers:
        context.say(f"warning: no rule asked knows a subject {name!r}")
    if not checked.tallies:
        context.say("nothing was determined: there is no subject for the rules asked")
