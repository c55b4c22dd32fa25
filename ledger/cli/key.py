"""``flopledger key`` shows, makes, rotates and revokes signing keys."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import current_key, custody_of, events_of, keepers_of
from ledger.cli.opening import files_of, open_log, open_reader
from ledger.cli.output import emit, output_options
from ledger.cli.passphrase import passphrase_of, passphrase_option
from ledger.custody import Custody, KeyEvent, RevocationReason, revocation_text
from ledger.errors import ConflictError, InputError
from ledger.keys import FileSigner, Signer, VerifierKey, check_origin
from ledger.report.custody import custody_document, custody_table
from ledger.stores.keyfiles import SECRET_BYTES, Files, take_over, write_key, write_signer
from ledger.stores.token import TokenSigner

__all__ = ["key"]

EPILOG = """\b
Examples:
  flopledger key show
"""

LIST_EPILOG = """\b
Examples:
  flopledger key list
  flopledger key list -f json -o keys.json
"""

NEW_EPILOG = """\b
Examples:
  flopledger key new law.example/anna -o anna.key.pem
  flopledger key new law.example/anna -o anna.key.pem --passphrase-file passphrase.txt
"""

ROTATE_EPILOG = """\b
Examples:
  flopledger key rotate --reason "end of its five years"
  flopledger key rotate --reason "to the card in the safe" --signer-command "card-signer slot-9c"

The old key signs that the new one takes over: whoever knows the old key can follow. Tell those who
verify the new public key all the same. Interrupted, run it again: it goes on where it stopped.
"""

REVOKE_EPILOG = """\b
Examples:
  flopledger key revoke "$(cat old-key.txt)" --from-size 1402 --reason compromised

Rotate first: the key that signs now cannot be revoked. Checkpoints that the revoked key alone
signed, of that size and larger, then count only through the later ones of the new key.
"""


@click.group()
def key() -> None:
    """Show the public key of the ledger; make, rotate and revoke keys."""


@key.command(epilog=EPILOG)
@pass_context
def show(context: Context) -> None:
    """Print the key that signs the ledger's checkpoints now, in C2SP form.

    Whoever verifies the ledger should have this text from you on another way than the ledger.
    """
    click.echo(current_key(files_of(context), open_reader(context)).encode())


@key.command("list", epilog=LIST_EPILOG)
@output_options
@pass_context
def list_(context: Context, *, fmt: str | None, output: str | None) -> None:
    """List every key that signed the ledger, from which size to which, and what is revoked."""
    store = open_reader(context)
    custody = Custody.of(VerifierKey.parse(store.vkey()), events_of(store))
    emit(custody_document(custody), custody_table(custody), fmt=fmt, output=output)


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


@key.command(epilog=ROTATE_EPILOG)
@click.option("--reason", required=True, metavar="TEXT", help="Why; it stands in the ledger.")
@click.option("--signer-command", metavar="CMD", help="Program that holds the new key.")
@pass_context
def rotate(context: Context, *, reason: str, signer_command: str | None) -> None:
    """Hand the ledger over to a new key: announce it, and sign one checkpoint with both."""
    files, store = files_of(context), open_reader(context)
    before = keepers_of(files, store)
    heir = before.heir or _heir(context, files, before.signer.verifier.name, signer_command)
    _announce(context, before.signer, heir, reason)
    if isinstance(heir, FileSigner):
        take_over(files, before.signer.verifier.key_id)
    elif files.key.exists():
        files.key.rename(files.old_key(before.signer.verifier.key_id))
    click.echo(heir.verifier.encode())
    joint = custody_of(files, store).joints[-1]
    context.say(f"the checkpoint over {joint} entries is signed by the old key and this one")


@key.command(epilog=REVOKE_EPILOG)
@click.argument("vkey", metavar="VKEY")
@click.option("--from-size", required=True, type=click.IntRange(min=0), help="Not believed from.")
@click.option("--reason", required=True, type=click.Choice(get_args(RevocationReason)))
@pass_context
def revoke(context: Context, *, vkey: str, from_size: int, reason: RevocationReason) -> None:
    """Record that a key which was given up is not believed from a size on."""
    store = open_reader(context)
    custody = Custody.of(VerifierKey.parse(store.vkey()), events_of(store))
    if VerifierKey.parse(vkey) == custody.current:
        raise ConflictError(
            "the key that signs now cannot be revoked",
            why="nobody could sign that it is",
            remedy="hand over first: flopledger key rotate",
        )
    body = _body("revoked", vkey, None, revocation_text(reason, from_size))
    if VerifierKey.parse(vkey) not in custody.keys:
        raise InputError("that key never signed this ledger", remedy="see: flopledger key list")
    custody.after(KeyEvent.read(store.head().size, body))
    _append(context, body)
    context.say(f"{reason} from size {from_size}: {vkey}")


def _heir(context: Context, files: Files, origin: str, command: str | None) -> Signer:
    """Return who takes over: a token, or a new key, kept durably before anything names it."""
    if command is not None:
        token = TokenSigner.ask(command)
        if token.verifier.name != origin:
            raise InputError(
                f"the token signs as {token.verifier.name}",
                why="checkpoints are signed under the name of the ledger",
                remedy=f"let it answer with a key named {origin}",
            )
        return token
    context.chance.check(origin)
    signer = FileSigner.from_seed(origin, context.chance.draw(SECRET_BYTES))
    write_key(files.next_key, signer, passphrase_of(None))
    return signer


def _announce(context: Context, signer: Signer, heir: Signer, reason: str) -> None:
    """Append that the heir takes over; the log signs with both."""
    old, new_key = signer.verifier.encode(), heir.verifier.encode()
    _append(context, _body("rotated", new_key, old, reason), heir)


def _append(context: Context, body: dict[str, str | None], heir: Signer | None = None) -> None:
    """Append a ``key`` record."""
    from ledger.record.draft import draft_of  # noqa: PLC0415 - key show needs no pydantic

    # A rotation that is told again after a crash is the same; a second revocation is another.
    key_parts = ("rotated", str(body["vkey"])) if body["event"] == "rotated" else ()
    open_log(context, heir=heir).append([draft_of("key", body, key=key_parts)])


def _body(event: str, vkey: str, replaces: str | None, reason: str) -> dict[str, str | None]:
    """Return the body of a ``key`` record."""
    return {"event": event, "vkey": vkey, "replaces": replaces, "reason": reason}
