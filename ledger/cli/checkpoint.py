"""``flopledger checkpoint`` shows signed checkpoints and has witnesses cosign them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from ledger.checkpoint import NOTE_MAX
from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import open_checkpoint
from ledger.cli.noted import note_over
from ledger.cli.opening import newest_note, open_reader
from ledger.cli.output import write_text
from ledger.cli.trusting import read_bytes, trust_options, trusted
from ledger.journeys.verifying import hashed_anew
from ledger.witness import request_of

__all__ = ["checkpoint"]

EPILOG = """\b
Examples:
  flopledger checkpoint show > given-to-the-regulator.txt
"""

REQUEST_EPILOG = """\b
Examples:
  flopledger checkpoint request --old 0 -o request.txt
  flopledger checkpoint request --old 1200 -o request.txt
"""

ADD_EPILOG = """\b
Examples:
  flopledger checkpoint add answer.txt --vkey "$(cat key-of-the-witness.txt)"
  flopledger checkpoint add answer.txt --policy policy.txt
"""


@click.group()
def checkpoint() -> None:
    """Show the signed checkpoints, and have witnesses cosign them."""


@checkpoint.command(epilog=EPILOG)
@click.option("--size", type=click.IntRange(min=0), help="Entries it covers; else the newest.")
@pass_context
def show(context: Context, *, size: int | None) -> None:
    """Print a signed note: whoever keeps it can later prove that nothing was changed.

    It carries the cosignatures that were added.
    """
    store = open_reader(context)
    note = note_over(context, size)
    open_checkpoint(context, store, note)
    click.echo(note, nl=False)


@checkpoint.command(epilog=REQUEST_EPILOG)
@click.option(
    "--old",
    type=click.IntRange(min=0),
    required=True,
    help="Size that the witness cosigned last; 0 if it never did.",
)
@click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
@pass_context
def request(context: Context, *, old: int, output: str | None) -> None:
    """Write the request for a witness: the newest checkpoint, and that the log only grew.

    It is the body of a C2SP tlog-witness request. The witness answers with a line for
    `checkpoint add`; if it cosigned another size than OLD, it says which.
    """
    store = open_reader(context)
    note, newest = newest_note(context)
    open_checkpoint(context, store, note)
    leaves = hashed_anew(store, newest.size)
    write_text(request_of(leaves, note, old).encode().decode(), output)


@checkpoint.command(epilog=ADD_EPILOG)
@click.argument("cosignature", metavar="FILE|-")
@click.option("--size", type=click.IntRange(min=0), help="Entries under the checkpoint it is for.")
@click.option("--unchecked", is_flag=True, help="Keep a line that none of the keys made.")
@trust_options
@pass_context
def add(
    context: Context,
    *,
    cosignature: str,
    size: int | None,
    unchecked: bool,
    vkey: Sequence[str],
    policy: str | None,
) -> None:
    """Keep what a witness answered with the checkpoint that it cosigned."""
    from ledger.cli.adding import add_cosignatures  # noqa: PLC0415 - the others need it not

    lines = read_bytes(cosignature, NOTE_MAX)
    witnesses = trusted(vkey, policy)
    for line in add_cosignatures(context, lines, witnesses, size, unchecked=unchecked):
        click.echo(line)
