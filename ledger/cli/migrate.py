"""``flopledger migrate`` copies the ledger into another store and proves that it is the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ledger.cli.asking import evaluator_of, with_records
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.init import check_writer
from ledger.cli.opening import location_of
from ledger.cli.output import emit, output_options
from ledger.cli.place import LedgerPlace, place_of
from ledger.engines import ENGINES
from ledger.errors import IntegrityError
from ledger.journeys.checking import Question
from ledger.journeys.equivalence import Answers, Compared, answers_of, compare
from ledger.pack import read_pack
from ledger.report.table import Column, Table
from ledger.resources import rules_root
from ledger.stores.address import Address
from ledger.stores.migration import Migrated, check_unmoved, retire_key
from ledger.stores.migration import migrate as copy_ledger

__all__ = ["migrate"]

EPILOG = """\b
Examples:
  flopledger --ledger lab.db migrate --to postgresql://owner@db.example/lab --writer lab_writer
  flopledger --ledger postgresql://owner@db.example/lab migrate --to back.db
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A migration that was done and compared."""

    source: str
    target: str
    migrated: Migrated
    compared: tuple[Compared, ...]
    retired: Path | None


@click.command(epilog=EPILOG)
@click.option(
    "--to",
    required=True,
    metavar="PATH|URL",
    type=LedgerPlace(),
    help="Where: a new database file, or postgresql://USER@HOST/DATABASE without a ledger.",
)
@click.option(
    "--to-files",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Folder of the key, secret and checkpoints of a target on a server.",
)
@click.option("--writer", metavar="ROLE", help="On a server: a role that may append.")
@click.option(
    "--keep-key",
    is_flag=True,
    help="Leave the signing key with the source too; appending to both makes a fork.",
)
@output_options
@pass_context
def migrate(
    context: Context,
    *,
    to: Path | Address,
    to_files: Path | None,
    writer: str | None,
    keep_key: bool,
    fmt: str | None,
    output: str | None,
) -> None:
    """Copy the ledger into another store, byte for byte, and prove that both are the same.

    Both are verified, and their totals and determinations compared. The source stays as it is,
    but its private key is renamed to X.key.pem.migrated: nobody should append to both.
    """
    path, server = place_of(to, to_files)
    target = replace(context, ledger=path, server=server)
    check_writer(location_of(target), writer)
    outcome = _migrate(context, target, writer, keep_key=keep_key)
    emit(_document(outcome), _table(outcome), fmt=fmt, output=output)


def _migrate(context: Context, target: Context, writer: str | None, *, keep_key: bool) -> Outcome:
    """Copy, ask both, and retire the key of the source.

    Raises:
        ConflictError: If somebody added to the source meanwhile.
        IntegrityError: If the two do not answer alike.
    """
    source, place = location_of(context), location_of(target)
    migrated = copy_ledger(source, place, writer)
    moment = now()
    today = moment.date()
    question = Question(today, today, today, moment)
    first, second = (_answers(each, question) for each in (context, target))
    compared = compare(first, second)
    size = migrated.source.size
    if not all(one.equal for one in compared):
        check_unmoved(source, place, size)
        raise IntegrityError(
            "the copy verifies, and its determinations come out otherwise",
            where=str(place),
            why=", ".join(one.what for one in compared if not one.equal),
            remedy="go on with the source, and add nothing to the target, which holds the signing "
            "key too; report this with what `check -f json` says of both",
        )
    retired = None if keep_key else retire_key(source, place, size)
    return Outcome(str(source), str(place), migrated, compared, retired)


def _answers(context: Context, question: Question) -> Answers:
    """Ask one side everything."""
    engine = ENGINES[0]
    pack = read_pack(rules_root(context.rules))
    return with_records(
        replace(context, reread=True),
        question,
        engine,
        lambda records: answers_of(question, records, pack, evaluator_of(engine)),
    )


def _document(outcome: Outcome) -> dict[str, Any]:
    """Return what was migrated and compared as ``flopledger/migrate.v1``."""
    verdict = outcome.migrated.target
    return {
        "schema": "flopledger/migrate.v1",
        "source": outcome.source,
        "target": outcome.target,
        "origin": verdict.origin,
        "size": verdict.size,
        "root": verdict.root.hex(),
        "signed_size": verdict.signed_size,
        "openings": outcome.migrated.openings,
        "keys": outcome.migrated.keys,
        "compared": [
            {"what": one.what, "count": one.count, "equal": one.equal} for one in outcome.compared
        ],
        "retired_key": None if outcome.retired is None else str(outcome.retired),
    }


def _table(outcome: Outcome) -> Table:
    """Return the same for people."""
    verdict, migrated = outcome.migrated.target, outcome.migrated
    rows = [
        ("entries", str(verdict.size)),
        ("signed entries", str(verdict.signed_size)),
        ("openings", str(migrated.openings)),
        ("idempotency keys", str(migrated.keys)),
        *((one.what, str(one.count)) for one in outcome.compared),
    ]
    retired = (
        "the source still has its key: append to one of the two only"
        if outcome.retired is None
        else f"the key of the source is now {outcome.retired}; it takes no more entries"
    )
    return Table(
        f"{verdict.origin}: {outcome.source} is now in {outcome.target}",
        (Column("the same in both"), Column("count", "right")),
        tuple(rows),
        (f"root {verdict.root.hex()}, verified in both", retired),
    )
