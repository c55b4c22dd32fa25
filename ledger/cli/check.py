"""``flopledger check`` determines which legal lines are met, foreseen, or cannot be decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from ledger.cli.asking import (
    asking_options,
    by_pseudonym,
    evaluator_of,
    form_of,
    parties_of,
    question_of,
    with_records,
)
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import files_of
from ledger.cli.output import emit, output_options, write_parts
from ledger.cli.regrading import reconciled_check, refuse_reconciled
from ledger.errors import InputError, MissingError
from ledger.journeys.checking import Checked, Question, Records, exit_status
from ledger.journeys.checking import check as check_records
from ledger.pack import read_pack
from ledger.report.check_json import check_json
from ledger.report.determinations import check_tables
from ledger.report.determinations_csv import check_csv
from ledger.report.names import names_table
from ledger.report.table import Table
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
  flopledger check --regime eu.aia --reconciled
  flopledger check --engine dask --scheduler tcp://10.0.0.5:8786
  flopledger check --regime us.diffusion.exceptions --subject "company:Acme Corp" --names

--replay takes everything that is asked from the file and says, in the report that -o writes,
whether it came out again: exit 0 for every byte of it, 1 when something differs, 4 when the entries
are not those that it speaks of.

--reconciled works out the evidence grade of every run, as reconcile does, and shows each total by
the recorded grades and by the reconciled ones. It reads every entry: in a big ledger it takes time.

Whoever has the secret of the ledger may name a company, consignee or site by its own name.

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
@click.option("--reconciled", is_flag=True, help="Add each total by recorded and reconciled grade.")
@click.option("--names", is_flag=True, help="Add the names behind pseudonyms; needs the secret.")
@output_options
@pass_context
def check(
    context: Context,
    /,
    *,
    everything: bool,
    replay: str | None,
    names: bool,
    reconciled: bool,
    fmt: str | None,
    output: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Determine which legal lines are met, now or foreseen, and which cannot be decided."""
    engine, form = options["engine"], form_of(fmt, output)
    if reconciled:
        refuse_reconciled(form, replay)
    if replay is not None:
        from ledger.cli.check_replay import replay_check  # noqa: PLC0415 - few replay

        return replay_check(context, replay, engine=engine, fmt=fmt, output=output)
    question = by_pseudonym(context, question_of(options))
    whole = everything or form in {"json", "csv"}
    checked, graded = _ask(context, question, engine, whole=whole, reconciled=reconciled)
    _tell(context, checked)
    known = _names(context, checked, form) if names else None
    if graded is not None and form == "json":
        emit(graded[0], (), fmt=form, output=output)
    else:
        more = () if graded is None else (graded[1],)
        _emit(checked, known, more, form=form, output=output, everything=everything)
    return exit_status(checked)


def _ask(
    context: Context, question: Question, engine: str, *, whole: bool, reconciled: bool
) -> tuple[Checked, tuple[dict[str, Any], Table] | None]:
    """Check, and work out the reconciled grades of the totals if they are wanted."""
    pack, evaluator = read_pack(rules_root(context.rules)), evaluator_of(engine)

    def ask(records: Records) -> Checked:
        return check_records(question, records, pack, evaluator, whole=whole)

    def use(records: Records) -> tuple[Checked, tuple[dict[str, Any], Table] | None]:
        checked = ask(records)
        graded = reconciled_check(context, records, checked, ask) if reconciled else None
        return checked, graded

    return with_records(context, question, engine, use)


def _names(context: Context, checked: Checked, form: str) -> Mapping[str, str]:
    """Return the names behind the pseudonyms of the subjects, for who has the secret.

    Raises:
        InputError: If the result is to be a document, which others may be given.
        MissingError: If the secret is not there.
    """
    if form in {"json", "csv"}:
        raise InputError(
            f"names are not written into {form}",
            why="it is handed to others, and the ledger holds the names in confidence",
            remedy="leave --names out, or write a table",
        )
    parties = parties_of(context)
    if parties is None:
        raise MissingError(
            "the secret of the ledger cannot be read",
            where=str(files_of(context).secret),
            why="only with it a name is known to belong to a pseudonym",
            remedy="run this where the ledger is kept",
        )
    return parties.names(found.subject for found in checked.document.determinations)


def _emit(
    checked: Checked,
    names: Mapping[str, str] | None,
    graded: Sequence[Table],
    *,
    form: str,
    output: str | None,
    everything: bool,
) -> None:
    """Write the result; only what is written is worked out, since it can be long."""
    document = checked.document
    if form == "json":
        write_parts(check_json(document), output)
    elif form == "csv":
        emit({}, check_csv(document), fmt=form, output=output)
    else:
        tables = check_tables(document, checked.tallies, everything=everything)
        more = () if names is None else (names_table(names),)
        emit({}, (*tables, *graded, *more), fmt=form, output=output)


def _tell(context: Context, checked: Checked) -> None:
    """Say on stderr what a reader of the result must know."""
    tail = checked.document.ledger.unsigned_tail
    if tail:
        context.say(f"warning: {tail} entries after the newest checkpoint are not counted")
    for problem in checked.problems:
        context.say(f"warning[{problem.code}]: {problem.message}; {problem.remedy}")
    for name in checked.strangers:
        near = checked.near(name)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        context.say(f"warning: no rule asked knows a subject {name!r}{hint}")
    if not checked.tallies:
        context.say("nothing was determined: there is no subject for the rules asked")
