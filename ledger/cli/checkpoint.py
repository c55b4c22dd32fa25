"""``flopledger checkpoint`` shows the newest signed checkpoint."""

from __future__ import annotations

import click

from ledger.checkpoint import Checkpoint
from ledger.cli.context import Context, pass_context
from ledger.cli.opening import newest_note, open_reader
from ledger.keys import VerifierKey

__all__ = ["checkpoint"]

EPILOG = """\b
Examples:
  flopledger checkpoint show > given-to-the-regulator.txt
"""


@click.group()
def checkpoint() -> None:
    """Show the newest signed checkpoint."""


@checkpoint.command(epilog=EPILOG)
@pass_context
def show(context: Context) -> None:
    """Print the newest signed note: whoever keeps it can later prove that nothing was changed."""
    key = VerifierKey.parse(open_reader(context).vkey())
    note, _ = newest_note(context)
    Checkpoint.open(note, key)
    click.echo(note, nl=False)
