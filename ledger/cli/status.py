"""``flopledger status`` is one screen: size, head, who signs, what is unsigned."""

from __future__ import annotations

from typing import Any

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import newest_note, open_reader
from ledger.cli.output import emit, output_options
from ledger.errors import IntegrityError
from ledger.report.table import Column, Table

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
    """Say how large the ledger is, where it ends, who signs it, and what is not signed.

    Exit status 4 says that signed entries are missing.
    """
    store = open_reader(context)
    _, checkpoint = newest_note(context)
    head = store.head()
    document: dict[str, Any] = {
        "schema": "flopledger/status.v1",
        "path": str(context.ledger),
        "origin": store.origin(),
        "size": head.size,
        "root": head.range.root().hex(),
        "head": head.prev if head.size else None,
        "recorded_at": head.recorded_at or None,
        "vkey": store.vkey(),
        "signed_size": checkpoint.size,
        "unsigned_tail": max(0, head.size - checkpoint.size),
        "behind": max(0, checkpoint.size - head.size),
    }
    emit(document, _table(document), fmt=fmt, output=output)
    return IntegrityError.exit_code if document["behind"] else 0


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
            0, f"{document['unsigned_tail']} entries are unsigned: the next append signs them"
        )
    if document["behind"]:
        notes.insert(0, f"{document['behind']} signed entries are MISSING: run flopledger verify")
    return Table(document["origin"], (Column("what"), Column("value")), tuple(rows), tuple(notes))
