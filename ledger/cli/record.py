"""The command `record`: records as JSON Lines go into the ledger, all of them or none."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_log, open_reader
from ledger.cli.output import emit, output_options
from ledger.errors import InputError, MissingError
from ledger.journeys.json_lines import Lines
from ledger.journeys.parties import Parties
from ledger.journeys.recording import Recorded, record_lines
from ledger.pack import read_pack
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.problems import problem_lines
from ledger.report.records import recorded_document, recorded_summary, recorded_table
from ledger.resources import rules_root

__all__ = ["BYTES_MAX", "read_input", "record", "tell"]

BYTES_MAX = 1_000_000_000
"""Bytes of one file of records; larger ones are better cut."""

EPILOG = """\b
Examples:
  flopledger record facts.jsonl
  flopledger fact missing -o form.jsonl
  flopledger record form.jsonl
  flopledger show 17 -f json | jq -c '{type: "reversal", reverses: .seq, hash,
      reversed_type: .type, reversed: .body, reason: "wrong_amount", root_cause: null,
      discovered_on: null}' | flopledger record -

The form of missing facts is filled in before it is recorded. The last example reverses entry
17: its amounts are subtracted, and the right record can then be imported or recorded.

A line is one object: {"type": "lineage", "model": "b", "parent": "a", …}. The forms are in
schemas/record-*.v1.schema.json. Exit codes: 0 all is recorded, 1 the ledger holds a record
with other content, 2 a line was refused and nothing was appended.
"""


@click.command("record", epilog=EPILOG)
@click.argument("file", metavar="FILE|-")
@click.option("--dry-run", is_flag=True, help="Say what would happen; append nothing.")
@output_options
@pass_context
def record(
    context: Context, *, file: str, dry_run: bool, fmt: str | None, output: str | None
) -> int:
    """Append records from JSON Lines."""
    log = open_log(context, writable=not dry_run)
    vocabulary = load_vocabulary(read_pack(rules_root(context.rules)))
    parties = Parties(log.pseudonym, open_reader(context))
    lines = Lines(read_input(file), file)
    asked = vocabulary, now().date()
    recorded = record_lines(log, lines, asked, parties=parties, dry_run=dry_run)
    tell(context, recorded, dry_run=dry_run)
    document = recorded_document(recorded, dry_run=dry_run)
    emit(document, recorded_table(recorded), fmt=fmt, output=output)
    return 2 if recorded.refused else 1 if recorded.changed else 0


def read_input(file: str) -> bytes:
    """The bytes of a file, or of stdin for `-`.

    Raises:
        MissingError: there is no such file.
        InputError: it cannot be read, or is larger than `BYTES_MAX`.
    """
    try:
        if file == "-":
            data = sys.stdin.buffer.read(BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(BYTES_MAX + 1)
    except FileNotFoundError as error:
        raise MissingError(
            "there is no such file", where=file, remedy="check the path, or give - for stdin"
        ) from error
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=file, remedy="check the path"
        ) from error
    if len(data) > BYTES_MAX:
        raise InputError(f"more than {BYTES_MAX:,} bytes", where=file, remedy="cut the file")
    return data


def tell(context: Context, recorded: Recorded, *, dry_run: bool) -> None:
    """Writes problems and counts to stderr; all but notes show even when quiet."""
    shown = [p for p in recorded.problems if p.severity != "note" or not context.quiet]
    for line in problem_lines(shown):
        click.echo(line, err=True)
    context.say(recorded_summary(recorded, dry_run=dry_run))
