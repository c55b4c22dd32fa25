"""``flopledger key`` shows the public key of the ledger, and makes keys for people who sign."""

from __future__ import annotations

from pathlib import Path

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import open_reader
from ledger.cli.signing import passphrase_of, passphrase_option
from ledger.keys import FileSigner, check_origin
from ledger.stores.keyfiles import SECRET_BYTES, write_signer

__all__ = ["key"]

EPILOG = """\b
Examples:
  flopledger key show
"""

NEW_EPILOG = """\b
Examples:
  flopledger key new law.example/anna -o anna.key.pem
  flopledger key new law.example/anna -o anna.key.pem --passphrase-file passphrase.txt
"""


@click.group()
def key() -> None:
    """Show the public key of the ledger, or make a key for a person who signs."""


@key.command(epilog=EPILOG)
@pass_context
def show(context: Context) -> None:
    """Print the key that signs the ledger's checkpoints, in C2SP form.

    Whoever verifies the ledger should have this text from you on another way than the ledger.
    """
    click.echo(open_reader(context).vkey())


@key.command(epilog=NEW_EPILOG)
@click.argument("name")
@click.option("-o", "--output", required=True, metavar="FILE", help="New file for the private key.")
@passphrase_option
@pass_context
def new(context: Context, *, name: str, output: str, passphrase_file: str | None) -> None:
    """Make a signing key for a person, and print its public key.

    NAME is an address without scheme, as law.example/anna. The file can be read by you alone;
    whoever trusts your signatures needs the public key, on another way than what you sign. With a
    passphrase the file is locked.
    """
    context.chance.check(check_origin(name))
    passphrase = passphrase_of(passphrase_file)
    signer = FileSigner.from_seed(name, context.chance.draw(SECRET_BYTES))
    path = write_signer(Path(output), signer, passphrase)
    click.echo(signer.verifier.encode())
    locked = "" if passphrase is None else ", locked with the passphrase"
    context.say(f"the private key is in {path}{locked}, keep a copy")
