"""The part of ``flopledger check`` that determines again what an earlier check wrote."""

from __future__ import annotations

import click
from click.core import ParameterSource

from ledger.cli.asking import evaluator_of, with_records
from ledger.cli.context import Context
from ledger.cli.output import emit
from ledger.cli.record import read_input
from ledger.errors import InputError
from ledger.journeys.replaying import question_of_file, read_check, replay
from ledger.pack import read_pack
from ledger.report.check_json import check_json
from ledger.report.replay import replay_document, replay_table
from ledger.resources import rules_root

__all__ = ["replay_check"]

_OF_THE_OUTPUT = frozenset({"engine", "fmt", "output", "replay"})


def replay_check(
    context: Context, file: str, *, engine: str, fmt: str | None, output: str | None
) -> int:
    """Determine again what a file states, and say whether every byte came out.

    Args:
        context: The global options.
        file: What ``check -f json`` wrote.
        engine: Name of the engine.
        fmt: Form of the output.
        output: Where it goes.

    Returns:
        0 when the file came out again, 1 when something differs.

    Raises:
        InputError: If the file is no check, or an option would change what it asks.
        RuleError: If the rules in use are not those of the file.
        IntegrityError: If the entries are not those of the file.
    """
    _refuse_others()
    data = read_input(file)
    document = read_check(data, where=file)
    pack = read_pack(rules_root(context.rules))
    replayed = with_records(
        context,
        question_of_file(document),
        engine,
        lambda records: replay(document, records, pack, evaluator_of(engine)),
        size=document.coordinates.checkpoint.size,
    )
    again = "".join(check_json(replayed.document))
    reproduced = again.encode() == data
    emit(
        replay_document(replayed, reproduced=reproduced),
        replay_table(replayed, reproduced=reproduced),
        fmt=fmt,
        output=output,
    )
    return int(not reproduced)


def _refuse_others() -> None:
    """Refuse every option that asks something; the file says all that is asked."""
    asked = click.get_current_context()
    given = [
        option.opts[0]
        for option in asked.command.params
        if option.name not in _OF_THE_OUTPUT
        and asked.get_parameter_source(str(option.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise InputError(
            f"{', '.join(given)} cannot be given with --replay",
            why="the file states what is asked, and another question proves nothing about it",
            remedy="leave it out, or check without --replay",
        )
