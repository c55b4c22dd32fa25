"""``flopledger rules diff`` puts two laws side by side: figures, rules, and findings that flip."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from ledger.cli.asking import asking_options, evaluator_of, form_of, question_of, with_records
from ledger.cli.bench import bench_of, pack_of
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options
from ledger.journeys.comparing import Redline, compare, flips_on_cases, flips_on_ledger
from ledger.regime.edition import read_edition
from ledger.report.redline import redline_csv, redline_tables
from ledger.report.redline_document import redline_document

__all__ = ["diff"]

EPILOG = """\b
OLD and NEW are each a folder of rules, a file that rules pack wrote, or one regime file; one
regime file is read over the other, or over the rules in use.

\b
Examples:
  flopledger rules diff law-2026.json ./rules
  flopledger rules diff eu.aia.yaml draft/eu.aia.yaml -o redline.md
  flopledger --ledger lab.db rules diff law-2026.json ./rules -f json

Exit codes: 0 no difference, 1 differences, 2 could not evaluate, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option("--on-ledger", is_flag=True, help="List who flips on the ledger; so does --ledger.")
@asking_options
@click.option("--all", "everything", is_flag=True, help="List every subject that flips.")
@output_options
@pass_context
def diff(
    context: Context,
    /,
    *,
    old: str,
    new: str,
    on_ledger: bool,
    everything: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Say where two laws differ, and whose findings flip: on a ledger, else on their cases."""
    redline = _redline(context, (old, new), options, on_ledger=on_ledger or _ledger_is_named())
    chosen = form_of(fmt, output)
    document = redline_document(redline) if chosen == "json" else {}
    tables = (
        redline_csv(redline) if chosen == "csv" else redline_tables(redline, everything=everything)
    )
    emit(document, tables, fmt=chosen, output=output)
    return int(bool(redline.compared))


def _redline(
    context: Context, given: tuple[str, str], options: dict[str, Any], *, on_ledger: bool
) -> Redline:
    """Compare two laws, and what they lead to."""
    first, second = (read_edition(Path(path), path) for path in given)
    redline = Redline(given, compare(first, second, pack_of(context)))
    if not on_ledger:
        cases, unasked = flips_on_cases(
            redline.compared, lambda book: bench_of(book.pack, book.words, "plain")
        )
        return replace(redline, cases=cases, unasked=unasked)
    question, engine = question_of(options), options["engine"]
    found = with_records(
        context,
        question,
        engine,
        lambda records: flips_on_ledger(redline.compared, question, records, evaluator_of(engine)),
    )
    if found.records.unsigned_tail:
        tail = found.records.unsigned_tail
        context.say(f"warning: {tail} entries after the newest checkpoint are not counted")
    return replace(redline, ledger=found)


def _ledger_is_named() -> bool:
    """Return whether the command line itself names a ledger."""
    root = click.get_current_context().find_root()
    return root.get_parameter_source("ledger") is ParameterSource.COMMANDLINE
