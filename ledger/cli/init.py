"""``flopledger init`` creates a ledger, its key and its first checkpoint."""

from __future__ import annotations

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.opening import location_of
from ledger.cli.passphrase import passphrase_of, passphrase_option
from ledger.errors import InputError
from ledger.keys import FileSigner, check_origin
from ledger.stores.keyfiles import SECRET_BYTES
from ledger.stores.location import Location

__all__ = ["check_writer", "init"]

EPILOG = """\b
Examples:
  flopledger init --origin ledger.example/lab-a
  flopledger --ledger sites/lab-b.db init --origin ledger.example/lab-b
  flopledger --ledger postgresql://owner@db.example/lab_c init --origin ledger.example/lab-c
"""


@click.command(epilog=EPILOG)
@click.option(
    "--origin",
    required=True,
    metavar="NAME",
    help="Name of the ledger, for ever: an address without scheme, as ledger.example/lab-a.",
)
@click.option(
    "--writer",
    metavar="ROLE",
    help="On a server: a role that may append, with INSERT and SELECT alone.",
)
@passphrase_option
@pass_context
def init(context: Context, *, origin: str, writer: str | None, passphrase_file: str | None) -> None:
    """Create a ledger and its signing key, and print the public key.

    Give the public key to everybody who will verify the ledger. Keep copies of the .key.pem and
    .secret files: without them the ledger cannot be continued. With a passphrase the key file is
    locked, and FLOPLEDGER_KEY_PASSPHRASE must be set whenever something is appended.
    """
    passphrase = passphrase_of(passphrase_file)
    context.chance.check(check_origin(origin))
    signer = FileSigner.from_seed(origin, context.chance.draw(SECRET_BYTES))
    # SQLModel takes half a second to load and serves only here.
    from ledger.stores.founding import found_at  # noqa: PLC0415

    location = location_of(context)
    check_writer(location, writer)
    secret = context.chance.draw(SECRET_BYTES)
    found_at(location, signer, secret, writer, passphrase=passphrase)
    click.echo(signer.verifier.encode())
    context.say(f"created {location}; its private key is in {location.files.key}, keep a copy")


def check_writer(location: Location, writer: str | None) -> None:
    """Refuse a role for a ledger that is on no server.

    Raises:
        InputError: If one is given.
    """
    if writer is not None and location.server is None:
        raise InputError(
            "--writer is for a ledger on a server",
            why="who may write to a file is said by the mode of the file",
            remedy="leave --writer out, or name the server: --ledger postgresql://…",
        )
