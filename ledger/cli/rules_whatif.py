"""``flopledger rules whatif`` asks a ledger under a law that might be; nothing is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import click

from ledger.cli.asking import asking_options, evaluator_of, form_of, question_of, with_records
from ledger.cli.bench import pack_of
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.journeys.checking import Question
from ledger.journeys.scenario import Scenario, scenario
from ledger.journeys.whatif import Ledgers, WhatIf, what_if
from ledger.regime.edition import lawbook, read_edition
from ledger.report.whatif import whatif_csv, whatif_tables
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

Exit codes: 0 worked out, 1 something changes and --exit-code is given, 2 could not evaluate,
3 there is no subject, 4 integrity failure.
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
@click.option("--all", "everything", is_flag=True, help="List every subject.")
@click.option("--exit-code", is_flag=True, help="Leave with 1 when something changes.")
@output_options
@pass_context
def whatif(
    context: Context,
    /,
    *,
    settings: tuple[str, ...],
    drafts: tuple[str, ...],
    reading_today: tuple[str, ...],
    everything: bool,
    exit_code: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Say who enters, who leaves and which dates move if the law were another."""
    base = lawbook(pack_of(context), {})
    law = scenario(base, [read_edition(Path(path), path) for path in drafts], settings)
    question, engine = _question(law, options), options["engine"]
    found = with_records(
        context,
        question,
        engine,
        lambda records: what_if(
            law, question, reading_today, Ledgers(records), evaluator_of(engine)
        ),
    )
    chosen = form_of(fmt, output)
    _tell(context, found, notes=chosen == "csv")
    document = whatif_document(found) if chosen == "json" else {}
    tables = whatif_csv(found) if chosen == "csv" else whatif_tables(found, everything=everything)
    emit(document, tables, fmt=chosen, output=output)
    if not any(counts.determinations for counts in found.counts):
        return 3
    return int(exit_code and bool(found.effects))


def _question(law: Scenario, options: dict[str, Any]) -> Question:
    """Return what is asked; days not given follow the scenario."""
    question = question_of(options)
    starts = [setting.start for setting in law.settings if setting.start is not None]
    in_force_on = max((question.in_force_on, *starts))
    if options["in_force_on"] is not None:
        in_force_on = question.in_force_on
    known: date = max(question.law_known_on, in_force_on)
    if options["law_known_on"] is not None:
        known = question.law_known_on
    return replace(question, in_force_on=in_force_on, law_known_on=known)


def _tell(context: Context, found: WhatIf, *, notes: bool) -> None:
    """Say on stderr what a reader of the result must know and the result does not say."""
    tail = found.records.unsigned_tail
    if tail:
        context.say(f"warning: {tail} entries after the newest checkpoint are not counted")
    for note in found.notes if notes else ():
        context.say(f"note: {note}")
