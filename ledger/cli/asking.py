"""Asking is what ``check`` and ``explain`` share: the coordinates as options, and the wiring."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from ledger.cli.clock import now
from ledger.cli.context import Context
from ledger.cli.folding import FoldedLedger, with_fold
from ledger.cli.opening import files_of, open_reader
from ledger.determination import Evaluator, PlainEvaluator
from ledger.engines import AUTO, ENGINES
from ledger.engines.sized import SizedEvaluator
from ledger.journeys.checking import Question, Records
from ledger.journeys.parties import Parties
from ledger.measure import Engine, Leg
from ledger.period import parse_day, parse_instant
from ledger.stores.keyfiles import read_secret

__all__ = [
    "asking_options",
    "by_pseudonym",
    "evaluator_of",
    "form_of",
    "parties_of",
    "question_of",
    "records_of",
    "with_records",
]

P = ParamSpec("P")
R = TypeVar("R")


def _kept(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Keep an option among the global ones, where the fold finds it."""
    if value is not None:
        context.obj = replace(context.obj, **{str(parameter.name): value})


_OPTIONS = (
    click.option("--in-force-on", metavar="DATE", help="Ask the law of that day; default today."),
    click.option(
        "--law-known-on", metavar="DATE", help="Hide what was published after that day; today."
    ),
    click.option("--recorded-by", metavar="TIME", help="Count only entries sealed by then, …Z."),
    click.option("--as-of", metavar="DATE", help="Last day whose work and facts count; today."),
    click.option(
        "--assume",
        multiple=True,
        metavar="REGIME=in_force",
        help="Ask a regime as if it were in force; its findings are hypothetical.",
    ),
    click.option(
        "--reading",
        multiple=True,
        metavar="ID=ALT",
        help="Choose an alternative where the law is open; see rules show.",
    ),
    click.option(
        "--optional",
        is_flag=True,
        help="Ask optional regimes too: voluntary frameworks, proposals for treaties.",
    ),
    click.option(
        "--engine",
        type=click.Choice(ENGINES),
        default=ENGINES[0],
        show_default=True,
        help="What adds up and compares; all say the same.",
    ),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        expose_value=False,
        callback=_kept,
        help="With --engine dask: the cluster to add up on, tcp://HOST:8786.",
    ),
    click.option(
        "--segments",
        metavar="URL",
        expose_value=False,
        callback=_kept,
        help="With --engine dask: where its workers find segments, if not in the ledger's folder.",
    ),
    click.option(
        "--reread",
        is_flag=True,
        expose_value=False,
        callback=_kept,
        help="Read every entry again, those of sealed segments too.",
    ),
)


def asking_options(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the coordinates of a determination as options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def question_of(options: Mapping[str, Any]) -> Question:
    """Return what is asked, days not given being today.

    Args:
        options: Values of the options, and ``regime``, ``rule`` and ``subject`` if there are any.

    Raises:
        InputError: If a day or time is not written as it must be.
    """
    moment = now()
    recorded_by = options["recorded_by"]

    def day(name: str) -> date:
        text = options[name]
        return moment.date() if text is None else parse_day(text)

    return Question(
        in_force_on=day("in_force_on"),
        law_known_on=day("law_known_on"),
        as_of=day("as_of"),
        evaluated_at=moment,
        recorded_by=None if recorded_by is None else parse_instant(recorded_by),
        regimes=tuple(options.get("regime", ())),
        rules=tuple(options.get("rule", ())),
        subjects=tuple(options.get("subject", ())),
        readings=tuple(options["reading"]),
        assumptions=tuple(options["assume"]),
        optional=options["optional"],
    )


def parties_of(context: Context) -> Parties | None:
    """Return whom holdings name in confidence, or None to who does not have the secret.

    Raises:
        MissingError: If there is no ledger.
    """
    secret = files_of(context).secret
    if not os.access(secret, os.R_OK):
        return None
    from ledger.log.identity import pseudonym  # noqa: PLC0415 - few ask by name

    return Parties(partial(pseudonym, read_secret(secret)), open_reader(context))


def by_pseudonym(context: Context, question: Question) -> Question:
    """Return a question in which the names of parties are their pseudonyms.

    Who does not have the secret of the ledger gives pseudonyms, and nothing is changed.
    """
    parties = parties_of(context) if question.subjects else None
    if parties is None:
        return question
    return replace(question, subjects=tuple(parties.stand_in(name) for name in question.subjects))


def with_records(
    context: Context,
    question: Question,
    engine: str,
    use: Callable[[Records], R],
    *,
    size: int | None = None,
) -> R:
    """Fold the ledger for a question and call ``use`` while its snapshot is open.

    Args:
        context: The global options.
        question: What is asked.
        engine: Name of the engine.
        use: What is done with the records.
        size: Entries under an earlier checkpoint; None takes the newest.

    Raises:
        MissingError: If there is no ledger, or no checkpoint of that size.
        IntegrityError: If the entries do not reproduce the signed root.
    """
    return with_fold(
        context,
        lambda fold, ledger: use(records_of(fold, ledger, question.as_of)),
        as_of=question.as_of,
        recorded_by=question.recorded_by,
        engine=engine,
        size=size,
    )


def records_of(fold: Engine, ledger: FoldedLedger, as_of: date) -> Records:
    """Return what a question is asked of, while the snapshot of the fold is open.

    Legs are read once, whoever asks for them: the book, the check, a scenario.
    """
    limit = ledger.folded.limit
    held: dict[str, tuple[Leg, ...]] = {}

    def legs(models: frozenset[str]) -> Mapping[str, tuple[Leg, ...]]:
        assert limit is not None
        more = models - held.keys()
        if more:
            held.update(dict.fromkeys(more, ()), **fold.legs(more, limit=limit, as_of=as_of))
        return {model: held[model] for model in models}

    assert limit is not None, "a fold of a ledger says how many entries it counts"
    return Records(
        ledger.origin,
        ledger.folded,
        ledger.unsigned_tail,
        legs,
        lambda: fold.above(limit=limit),
    )


def form_of(fmt: str | None, output: str | None) -> str:
    """Return the form of the output: the one given, else by the suffix of the file, else table."""
    endings = {".json": "json", ".csv": "csv", ".md": "markdown"}
    return fmt or endings.get(Path(output or "").suffix, "table")


def evaluator_of(engine: str) -> Evaluator:
    """Return the evaluator of an engine's name."""
    if engine == "plain":
        return PlainEvaluator()
    if engine == AUTO:
        return SizedEvaluator()
    from ledger.engines.evaluate import ColumnEvaluator  # noqa: PLC0415 - polars loads slowly

    return ColumnEvaluator()
