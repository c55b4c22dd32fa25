"""``flopledger init`` creates a ledger, its key and its first checkpoint."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import files_of
from ledger.cli.passphrase import passphrase_of, passphrase_option
from ledger.keys import FileSigner, check_origin
from ledger.stores.keyfiles import SECRET_BYTES

__all__ = ["init"]

EPILOG = """\b
Examples:
  flopledger init --origin ledger.example/lab-a
  flopledger --ledger sites/lab-b.db init --origin ledger.example/lab-b
"""


@click.command(epilog=EPILOG)
@click.option(
    "--origin",
    required=True,
    metavar="NAME",
    help="Name of the ledger, for ever: an address without scheme, as ledger.example/lab-a.",
)
@passphrase_option
@pass_context
def init(context: Context, *, origin: str, passphrase_file: str | None) -> None:
    """Create a ledger and its signing key, and print the public key.

    Give the public key to everybody who will verify the ledger. Keep copies of the .key.pem and
    .secret files: without them the ledger cannot be continued. With a passphrase the key file is
    locked, and FLOPLEDGER_KEY_PASSPHRASE must be set whenever something is appended.
    """
    passphrase = passphrase_of(passphrase_file)
    context.chance.check(check_origin(origin))
    signer = FileSigner.from_seed(origin, context.chance.draw(SECRET_BYTES))
    # SQLModel takes half a second to load and serves only here.
    from ledger.stores.founding import found_ledger  # noqa: PLC0415

    files = files_of(context)
    found_ledger(files, signer, context.chance.draw(SECRET_BYTES), passphrase)
    click.echo(signer.verifier.encode())
    context.say(f"created {files.database}; its private key is in {files.key}, keep a copy")
