"""``flopledger status`` is one screen: size, head, who signs, lines near, dates, facts missing."""

from __future__ import annotations

from typing import Any

import click

from ledger.cli.asking import evaluator_of, with_records
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import current_key
from ledger.cli.opening import files_of, location_of, newest_note, open_reader
from ledger.cli.output import emit, output_options
from ledger.engines import ENGINES
from ledger.errors import IntegrityError
from ledger.journeys.checking import Question, check
from ledger.journeys.outlook import Outlook, look_out
from ledger.pack import read_pack
from ledger.report.outlook import outlook_document, outlook_tables
from ledger.report.table import Column, Table
from ledger.resources import rules_root

__all__ = ["status"]

EPILOG = """\b
Examples:
  flopledger status
  flopledger --ledger sites/lab-b.db status -f json
"""


@click.command(epilog=EPILOG)
@output_options
@pass_context
def status(context: Context, *, fmt: str | None, output: str | None) -> int:
    """Say how large the ledger is and who signs it, which lines are near, and what is missing.

    Exit status 4 says that signed entries are missing.
    """
    document = _ledger(context)
    tables = [_table(document)]
    if document["size"] and not document["behind"]:
        outlook = _outlook(context)
        document["outlook"] = outlook_document(outlook)
        tables += outlook_tables(outlook)
    emit(document, tables, fmt=fmt, output=output)
    return IntegrityError.exit_code if document["behind"] else 0


def _ledger(context: Context) -> dict[str, Any]:
    """Return what the database and the newest checkpoint say."""
    store = open_reader(context)
    _, checkpoint = newest_note(context)
    head = store.head()
    return {
        "schema": "flopledger/status.v1",
        "path": str(location_of(context)),
        "origin": store.origin(),
        "size": head.size,
        "root": head.range.root().hex(),
        "head": head.prev if head.size else None,
        "recorded_at": head.recorded_at or None,
        "vkey": current_key(files_of(context), store).encode(),
        "signed_size": checkpoint.size,
        "unsigned_tail": max(0, head.size - checkpoint.size),
        "behind": max(0, checkpoint.size - head.size),
        "outlook": None,
    }


def _outlook(context: Context) -> Outlook:
    """Ask the law of today about the whole ledger."""
    moment = now()
    today = moment.date()
    question = Question(today, today, today, moment)
    pack = read_pack(rules_root(context.rules))
    engine = ENGINES[0]
    checked = with_records(
        context,
        question,
        engine,
        lambda records: check(question, records, pack, evaluator_of(engine)),
    )
    return look_out(checked.document.determinations)


def _table(document: dict[str, Any]) -> Table:
    """Return the status for people."""
    rows = [
        ("entries", str(document["size"])),
        ("last recorded", document["recorded_at"] or "nothing yet"),
        ("head", document["head"] or "none"),
        ("root", document["root"]),
        ("signed", f"{document['signed_size']} entries"),
        ("key", document["vkey"]),
        ("file", document["path"]),
    ]
    notes = ["`flopledger verify` re-reads every byte; this screen trusts the database"]
    if document["unsigned_tail"]:
        notes.insert(
            0,
            f"unsigned entries at the end: {document['unsigned_tail']}; the next append signs them",
        )
    if document["behind"]:
        notes.insert(0, f"signed entries MISSING: {document['behind']}; run flopledger verify")
    return Table(document["origin"], (Column("what"), Column("value")), tuple(rows), tuple(notes))
