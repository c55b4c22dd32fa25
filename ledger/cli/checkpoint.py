"""``flopledger checkpoint`` shows the newest signed checkpoint."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import open_checkpoint
from ledger.cli.opening import newest_note, open_reader

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
    store = open_reader(context)
    note, _ = newest_note(context)
    open_checkpoint(context, store, note)
    click.echo(note, nl=False)
