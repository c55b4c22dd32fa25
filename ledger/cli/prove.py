"""``flopledger prove`` prints the receipt of one entry."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import SignedLeaves, current_key
from ledger.cli.opening import files_of, newest_note, open_reader
from ledger.cli.output import write_text
from ledger.journeys import verifying

__all__ = ["prove"]

EPILOG = """\b
Examples:
  flopledger prove 17
  flopledger prove 17 -o entry-17.tlog-proof
"""


@click.command(epilog=EPILOG)
@click.argument("seq", type=click.IntRange(min=0))
@click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
@pass_context
def prove(context: Context, *, seq: int, output: str | None) -> None:
    """Print the proof that entry SEQ is in the ledger, as a C2SP tlog-proof.

    The proof can be checked offline against the public key of the ledger, and shows nothing of
    any other entry.
    """
    store = open_reader(context)
    note, _ = newest_note(context)
    proof = verifying.prove(SignedLeaves(store, current_key(files_of(context), store)), note, seq)
    write_text(proof.tlog_proof().decode(), output)
