"""``flopledger anchor`` records that somebody outside saw a checkpoint of the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import open_checkpoint
from ledger.cli.opening import earlier_note, files_of, newest_note, open_log, open_reader
from ledger.cli.output import emit, output_options
from ledger.cli.record import read_input
from ledger.entry import Entry
from ledger.errors import InputError, MissingError
from ledger.journeys.anchoring import Evidence, cosigned, record_anchor
from ledger.period import format_instant
from ledger.report.table import Column, Table
from ledger.stores.envelopes import keep_file
from ledger.stores.keyfiles import Files
from ledger.timestamp import parse_roots, read_timestamp, verify_timestamp

__all__ = ["anchor"]

_DER = b"\x30"  # a timestamp response is a SEQUENCE; a note is text

EPILOG = """\b
Examples:
  flopledger anchor add cosigned.txt
  flopledger checkpoint show | head -3 > body.txt
  openssl ts -query -data body.txt -sha256 -cert -out request.tsq
  flopledger anchor add response.tsr --root authority.pem
  flopledger anchor list

An entry behind an anchor cannot be older than the evidence whose digest the anchor holds, and an
entry under a checkpoint that was seen outside cannot be younger. Whoever verifies checks the
evidence with keys and roots of their own.
"""

ADD_EPILOG = """\b
Examples:
  flopledger anchor add cosigned.txt
  flopledger anchor add response.tsr --size 1402 --root authority.pem
"""

LIST_EPILOG = """\b
Examples:
  flopledger anchor list
"""


@click.group(epilog=EPILOG)
def anchor() -> None:
    """Record that somebody outside saw a checkpoint, so that entries cannot be back-dated."""


@anchor.command(epilog=ADD_EPILOG)
@click.argument("file", metavar="FILE|-")
@click.option("--size", type=click.IntRange(min=0), help="Entries under the stamped checkpoint.")
@click.option("--root", metavar="FILE", help="Trusted root of the timestamp authority, PEM.")
@pass_context
def add(context: Context, *, file: str, size: int | None, root: str | None) -> None:
    """Record a cosigned checkpoint, or an RFC 3161 timestamp over one, as an anchor.

    A timestamp is over the first three lines of a checkpoint: of the newest, or that of --size.
    """
    data = read_input(file)
    if data.startswith(_DER):
        evidence = _stamped(context, data, size, root)
    else:
        stated = _checkpoint_in(data, file)
        open_checkpoint(context, open_reader(context), data)
        evidence = cosigned(data, earlier_note(context, stated.size)[1])
    log = open_log(context)
    _keep(files_of(context), evidence)
    seq = record_anchor(log, evidence)
    when = evidence.stated_time or "an unknown time"
    context.say(f"entry {seq}: the checkpoint over {evidence.size} entries was seen at {when}")


def _checkpoint_in(data: bytes, file: str) -> Checkpoint:
    """Read the checkpoint that a file states, or say which file is no evidence."""
    try:
        return Checkpoint.parse(Note.parse(data).text)
    except InputError as error:
        raise InputError(
            f"neither a cosigned checkpoint nor an RFC 3161 timestamp: {error.message}",
            where=file,
            remedy="take the file as the witness or the authority returned it",
        ) from error


@anchor.command("list", epilog=LIST_EPILOG)
@output_options
@pass_context
def list_(context: Context, *, fmt: str | None, output: str | None) -> None:
    """List the anchors of the ledger, and whether their evidence is kept."""
    files = files_of(context)
    rows = [
        _row(files, entry)
        for entry in open_reader(context).mentioning("anchor")
        if entry.type == "anchor"
    ]
    columns = (
        Column("entry", "right"),
        Column("kind"),
        Column("over entries", "right"),
        Column("states"),
        Column("evidence", wide=True),
    )
    note = "times are claims until whoever verifies has checked the evidence"
    table = Table(
        f"{len(rows)} anchors", columns, tuple(tuple(map(str, r.values())) for r in rows), (note,)
    )
    emit({"schema": "flopledger/anchors.v1", "anchors": rows}, table, fmt=fmt, output=output)


def _stamped(context: Context, data: bytes, size: int | None, root: str | None) -> Evidence:
    """Read a timestamp, and check it where a root is trusted."""
    note, stated = newest_note(context) if size is None else earlier_note(context, size)
    open_checkpoint(context, open_reader(context), note)
    try:
        if root is None:
            stamp = read_timestamp(data, stated.text())
            context.say("warning: the timestamp was read and not checked; name --root to check it")
        else:
            stamp = verify_timestamp(data, stated.text(), parse_roots(read_input(root)))
    except MissingError as error:
        raise InputError(error.message, why=error.why, remedy=error.remedy) from error
    return Evidence("timestamp", stated.size, data, format_instant(stamp.at))


def _keep(files: Files, evidence: Evidence) -> None:
    """Keep the evidence durably before an entry names it; a token also under its size."""
    keep_file(_kept(files, evidence.sha256, evidence.kind), evidence.data)
    by_size = files.timestamps / f"{evidence.size:012}.tsr"
    if evidence.kind == "timestamp" and not by_size.exists():
        keep_file(by_size, evidence.data)


def _kept(files: Files, digest: str, kind: str) -> Path:
    """Return where the evidence of a digest is kept."""
    return files.anchors / f"{digest}.{'tsr' if kind == 'timestamp' else 'note'}"


def _row(files: Files, entry: Entry) -> dict[str, Any]:
    """Return one anchor."""
    digest, kind = str(entry.body["evidence_sha256"]), str(entry.body["kind"])
    kept = _kept(files, digest, kind).exists()
    return {
        "seq": entry.seq,
        "kind": kind,
        "size": entry.body["size"],
        "stated_time": entry.body["stated_time"],
        "evidence": digest if kept else f"{digest}, its file is not here",
    }
