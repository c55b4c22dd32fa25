"""``flopledger key`` shows the public key of the ledger."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_reader

__all__ = ["key"]

EPILOG = """\b
Examples:
  flopledger key show
"""


@click.group()
def key() -> None:
    """Show the public key of the ledger."""


@key.command(epilog=EPILOG)
@pass_context
def show(context: Context) -> None:
    """Print the key that signs the ledger's checkpoints, in C2SP form.

    Whoever verifies the ledger should have this text from you on another way than the ledger.
    """
    click.echo(open_reader(context).vkey())
