"""``flopledger report`` writes the report that an officer hands over: a page, or a workbook."""

from __future__ import annotations

import importlib.util
import shlex
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import click

from ledger import __version__
from ledger.cli.asking import (
    asking_options,
    by_pseudonym,
    evaluator_of,
    question_of,
    with_records,
)
from ledger.cli.booking import standing
from ledger.cli.context import Context, pass_context
from ledger.cli.destination import writing
from ledger.cli.keeping import current_key, open_checkpoint
from ledger.cli.opening import earlier_note, files_of, open_reader
from ledger.cli.record import read_input
from ledger.entry import Entry
from ledger.errors import InputError, IntegrityError, MissingError
from ledger.journeys.briefing import Asked, Briefing, brief
from ledger.journeys.checking import Checked, Question, check, exit_status
from ledger.journeys.deadlines import deadlines_of
from ledger.journeys.forecasting import forecast
from ledger.journeys.grading import Tables
from ledger.journeys.news import News, news_since
from ledger.journeys.outlays import outlays_of
from ledger.journeys.replaying import read_check
from ledger.pack import read_pack
from ledger.publicholidays import public_holiday
from ledger.regime.grouping import months_before
from ledger.regime.load import load_regimes
from ledger.regime.vocabulary import load_vocabulary
from ledger.resources import rules_root
from ledger.workcalendar import WorkCalendars

__all__ = ["report"]

_YEARS: Final = range(1970, 2101)
_YEAR_MONTHS: Final = 12
_NEEDS: Final = {".html": "matplotlib", ".xlsx": "xlsxwriter"}
_REPEATED: Final = ("regime", "rule", "subject", "assume", "reading")

EPILOG = """\b
Examples:
  flopledger report -o report.html
  flopledger report -o report.xlsx --regime eu.aia
  flopledger check -f json -o q3.json    (keep this with the report of the third quarter)
  flopledger report -o q4.html --since q3.json

The page is one file: it loads nothing, runs no script, and prints on A4 and Letter. In the workbook
every total is a formula. Both need `pip install 'flopledger[report]'`.

Exit codes: 0 nothing to act on, 1 a line met or a date overdue, 2 could not evaluate,
3 a needed fact is missing or there is no subject, 4 integrity failure.
"""


@click.command(epilog=EPILOG)
@click.option("-o", "--output", required=True, metavar="FILE", help="Write FILE.html or FILE.xlsx.")
@click.option("--since", metavar="FILE", help="Say what changed since this `check -f json`.")
@click.option("--regime", multiple=True, metavar="ID", help="Report on this regime only.")
@click.option("--rule", multiple=True, metavar="ID", help="Report on this rule only.")
@click.option("--subject", multiple=True, metavar="NAME", help="Report on this subject only.")
@asking_options
@pass_context
def report(
    context: Context,
    /,
    *,
    output: str,
    since: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> int:
    """Write a report that can be handed over: how every line stands, and what it rests on."""
    form = _form(output)
    briefing = _brief(context, options, since)
    with writing(output) as file:
        file.write(_rendered(form, briefing))
    context.say(f"wrote {output}")
    return exit_status(briefing.checked)


def _form(output: str) -> str:
    """Return the suffix of the file, once what it needs is installed.

    Raises:
        InputError: If it is neither a page nor a workbook.
        MissingError: If what writes it is not installed.
    """
    form = Path(output).suffix.lower()
    if form not in _NEEDS:
        raise InputError(
            f"a report is a page or a workbook, and {output!r} names neither",
            remedy="write -o FILE.html or -o FILE.xlsx; for programs: flopledger check -f json",
        )
    if importlib.util.find_spec(_NEEDS[form]) is None:
        raise MissingError(
            f"{_NEEDS[form]} is not installed, and {form} reports are made with it",
            remedy="run: pip install 'flopledger[report]'",
        )
    return form


def _rendered(form: str, briefing: Briefing) -> bytes:
    """Return the bytes of the report."""
    if form == ".xlsx":
        from ledger.report.workbook import workbook  # noqa: PLC0415 - loads slowly

        return workbook(briefing)
    from ledger.report.page import page  # noqa: PLC0415 - loads slowly

    return page(briefing).encode()


def _refuse_far(day: date) -> None:
    """Refuse a day that no chart reaches.

    Raises:
        InputError: If it is one.
    """
    if day.year not in _YEARS:
        raise InputError(
            f"a report as of {day} cannot be drawn",
            why=f"its charts reach from {_YEARS[0]} to {_YEARS[-1]}",
            remedy="give a day of those years",
        )


def _brief(context: Context, options: dict[str, Any], since: str | None) -> Briefing:
    """Check the ledger and put together what the report says."""
    pack = read_pack(rules_root(context.rules))
    calendars = WorkCalendars.from_pack(pack, public_holiday)
    question = replace(by_pseudonym(context, question_of(options)), workdays=calendars)
    _refuse_far(question.as_of)
    regimes = load_regimes(pack)
    outlays = outlays_of(standing(context, question.as_of).deals, question.as_of)
    evaluator = evaluator_of(options["engine"])
    until = months_before(question.as_of, -_YEAR_MONTHS)
    command = _command(question, options, since)

    def made(checked: Checked) -> Briefing:
        due = deadlines_of(checked, regimes, calendars, until=until)
        asked = Asked(
            checked=checked,
            regimes=regimes,
            forecasts=forecast(checked, regimes, calendars, outlays, due),
            due=due,
            tables=Tables.from_pack(pack),
            vocabulary=load_vocabulary(pack),
            news=None if since is None else _news(context, checked, since),
        )
        return brief(
            asked,
            command=command,
            program=__version__,
            head=_head(context, checked),
            vkey=current_key(files_of(context), open_reader(context)).encode(),
        )

    # What is handed over rests on the entries as they are now, every one of them.
    return with_records(
        replace(context, reread=True),
        question,
        options["engine"],
        lambda records: made(check(question, records, pack, evaluator)),
    )


def _news(context: Context, checked: Checked, since: str) -> News:
    """Return what changed since an earlier check of the same ledger.

    Raises:
        InputError: If the file is no check, or one of another ledger.
        MissingError: If no checkpoint was signed over the entries that it counts.
        IntegrityError: If those entries are others now.
    """
    earlier = read_check(read_input(since), where=since)
    news = news_since(earlier, checked.document)
    data, _ = earlier_note(context, earlier.ledger.size)
    signed = open_checkpoint(context, open_reader(context), data)
    if signed.root.hex() != earlier.ledger.root:
        raise IntegrityError(
            f"the first {earlier.ledger.size:,} entries are not those of the earlier report",
            where=since,
            why=f"it states the root {earlier.ledger.root}, the checkpoint {signed.root.hex()}",
            remedy="keep both files as evidence, and run: flopledger verify",
        )
    return news


def _head(context: Context, checked: Checked) -> str | None:
    """Return the hash of the last entry under the checkpoint, None for an empty ledger."""
    size = checked.document.ledger.size
    leaf = open_reader(context).leaf_at(size - 1) if size else None
    return None if leaf is None else Entry.parse(leaf).hash().hex()


def _command(question: Question, options: dict[str, Any], since: str | None) -> str:
    """Return the command line that makes this report again, on whatever day."""
    words = ["flopledger", "report", "-o", "FILE"]
    days = (question.in_force_on, question.law_known_on, question.as_of)
    for name, day in zip(("--in-force-on", "--law-known-on", "--as-of"), days, strict=True):
        words += [name, str(day)]
    if options["recorded_by"] is not None:
        words += ["--recorded-by", options["recorded_by"]]
    for name in _REPEATED:
        for value in options[name]:
            words += [f"--{name}", value]
    words += ["--optional"] if options["optional"] else []
    words += [] if since is None else ["--since", since]
    return shlex.join(words)
