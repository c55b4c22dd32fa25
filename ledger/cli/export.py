"""``flopledger export`` writes the leaves, or tables of them, to a file."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.destination import writing
from ledger.cli.opening import newest_note, open_reader
from ledger.cli.output import print_bytes
from ledger.errors import InputError
from ledger.journeys import exporting
from ledger.stores.contract import LedgerStore

__all__ = ["export"]

EPILOG = """\b
Examples:
  flopledger export -o ledger.jsonl
  flopledger export --type allocation -o allocations.parquet
"""


@click.command(epilog=EPILOG)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    help="FILE.jsonl holds the leaf bytes, FILE.parquet and FILE.csv tables; - is stdout.",
)
@click.option("--type", "record", metavar="TYPE", help="Tables only: one record type, by field.")
@pass_context
def export(context: Context, *, output: str, record: str | None) -> None:
    """Write all entries to a file.

    A .jsonl file holds what was hashed and signed, one entry a line; confidential fields stand
    in it only as digests. With --type, a table has a column for each field of that record type.
    """
    store = open_reader(context)
    with store.snapshot():
        size = store.head().size
        _write(store, output, record, size)
    unsigned = size - newest_note(context)[1].size
    tail = f", the last {unsigned} of them unsigned" if unsigned > 0 else ""
    counted = "1 entry" if size == 1 else f"{size} entries"
    context.say(f"wrote {counted}{tail}" if record is None else f"wrote the {record} records")


def _write(store: LedgerStore, output: str, record: str | None, size: int) -> None:
    """Write in the form that the suffix names."""
    suffix = ".jsonl" if output == "-" else Path(output).suffix
    if suffix == ".jsonl" and record is not None:
        raise InputError(
            "a .jsonl export holds the leaves as they are",
            remedy="use --type with .csv or .parquet",
        )
    if output == "-":
        print_bytes(exporting.leaf_lines(store.read(0, size)))
        return
    if suffix not in {".jsonl", ".parquet", ".csv"}:
        raise InputError(
            f"export writes .jsonl, .parquet and .csv, not {suffix or 'a file without suffix'!r}",
            where=output,
            remedy="name the file ledger.jsonl, for instance",
        )
    with writing(output) as file:
        if suffix == ".jsonl":
            file.writelines(exporting.leaf_lines(store.read(0, size)))
        else:
            _write_table(store, file, suffix, record, size)


def _write_table(
    store: LedgerStore, file: BinaryIO, suffix: str, record: str | None, size: int
) -> None:
    """Write a table; polars is loaded only here."""
    from ledger.stores import frames  # noqa: PLC0415 - it takes a fifth of a second

    columns = exporting.columns_of(record)
    rows = exporting.rows_of(store.read(0, size), columns)
    write = frames.write_parquet if suffix == ".parquet" else frames.write_csv
    write(rows, columns, file)
