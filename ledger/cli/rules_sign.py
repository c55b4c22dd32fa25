"""``flopledger rules sign`` signs a rule pack in a role; ``check-signatures`` counts who did."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.destination import writing
from ledger.cli.output import emit, output_options
from ledger.cli.passphrase import passphrase_option
from ledger.cli.record import read_input
from ledger.cli.signing import person_of
from ledger.errors import InputError, LedgerError, MissingError
from ledger.pack import PACK_NAME, Pack, read_pack
from ledger.regime.cased import load_cased
from ledger.regime.endorsement import (
    SIGNATURES_BYTES_MAX,
    Endorsement,
    Signed,
    encode_signed,
    parse_signed,
)
from ledger.regime.quorum import quorum_of
from ledger.regime.trust import Trust, load_trust
from ledger.report.quorum import quorum_document, quorum_tables
from ledger.resources import rules_root

__all__ = ["check_signatures", "sign"]

SIGN_EPILOG = """\b
Examples:
  flopledger key new law.example/anna -o anna.key.pem
  flopledger rules pack --release -o law.json
  flopledger rules sign law.json --key anna.key.pem --role encoder
  flopledger rules sign law.json --key ben.key.pem --role reviewer -o law.json.sig

A file of signatures that is there already gets one more; signing the same again on the same day
adds nothing.
"""

CHECK_EPILOG = """\b
Examples:
  flopledger rules check-signatures law.json --trust trust.yaml
  flopledger rules check-signatures law.json --trust trust.yaml --signatures anna.sig

The trust file lists whose signatures count, and how many different signers each role needs; its
form is in schemas/pack-signature.v1.md. Exit codes: 0 every role has enough, 1 one has not, 2
something cannot be read, 4 a trusted key's signature is not one over this pack.
"""


@click.command(epilog=SIGN_EPILOG)
@click.argument("pack", metavar="PACK")
@click.option("--key", required=True, metavar="FILE", help="Private key, PEM; see key new.")
@click.option("--name", metavar="NAME", help="Name of the key, where its file does not say it.")
@passphrase_option
@click.option(
    "--role", multiple=True, required=True, metavar="ROLE", help="As encoder, reviewer, …"
)
@click.option("-o", "--output", metavar="FILE", help="File of signatures; PACK.sig if left out.")
@pass_context
def sign(
    context: Context,
    *,
    pack: str,
    key: str,
    name: str | None,
    passphrase_file: str | None,
    role: tuple[str, ...],
    output: str | None,
) -> None:
    """Sign a rule pack in one role or several: that you vouch for what its rules say."""
    held = _pack(pack)
    load_cased(held)
    signed = Endorsement.of(held.digest, now().date(), role).sign(
        person_of(key, name, passphrase_file, None)
    )
    target = output or _signatures_of(pack)
    if target == "-":
        click.echo(encode_signed([signed]).decode(), nl=False)
    else:
        _add(target, signed)
    context.say(f"signed pack {held.digest} as {', '.join(signed.endorsement.roles)}")


@click.command("check-signatures", epilog=CHECK_EPILOG)
@click.argument("pack", metavar="PACK")
@click.option("--trust", metavar="FILE", help="Whose signatures count: YAML or JSON.")
@click.option(
    "--signatures", multiple=True, metavar="FILE", help="Signatures; PACK.sig if left out."
)
@output_options
@pass_context
def check_signatures(
    context: Context,
    *,
    pack: str,
    trust: str | None,
    signatures: tuple[str, ...],
    fmt: str | None,
    output: str | None,
) -> int:
    """Count who signed a rule pack: exit 0 when every required role has enough signers."""
    del context
    held, trusted = _pack(pack), None if trust is None else _trust(trust)
    files = signatures or (_signatures_of(pack),)
    signed = [each for file in files for each in _signed(file)]
    quorum = quorum_of(held.digest, signed, trusted, today=now().date())
    emit(quorum_document(quorum), quorum_tables(quorum), fmt=fmt, output=output)
    return 4 if quorum.wrong else int(not quorum.reached)


def _pack(path: str) -> Pack:
    """Return the rules that are signed: a pack file, or a folder of rules."""
    return read_pack(rules_root(Path(path)))


def _signatures_of(pack: str) -> str:
    """Return the file of signatures beside a pack."""
    path = Path(pack)
    return f"{path / PACK_NAME if path.is_dir() else path}.sig"


def _signed(path: str) -> tuple[Signed, ...]:
    """Read a file of signatures.

    Raises:
        MissingError: If there is none.
        InputError: If it holds anything else.
    """
    try:
        return parse_signed(read_input(path))
    except MissingError:
        raise
    except LedgerError as error:
        raise InputError(
            f"not a file of signatures: {error.message}", where=path, remedy=error.remedy
        ) from error


def _add(path: str, signed: Signed) -> None:
    """Write one more signature into a file, or a new one.

    Raises:
        InputError: If the file holds something else, or signatures under another pack.
    """
    held: tuple[Signed, ...] = ()
    with suppress(MissingError):
        held = _signed(path)
    others = {each.endorsement.digest for each in held} - {signed.endorsement.digest}
    if others:
        raise InputError(
            f"{path} holds signatures under another pack, {min(others)}",
            why="a file of signatures goes with one pack",
            remedy="choose another file with -o, or take the old one away",
        )
    data = encode_signed(held if signed in held else (*held, signed))
    if len(data) > SIGNATURES_BYTES_MAX:
        raise InputError(f"{path} holds as many signatures as a file can", remedy="choose -o")
    with writing(path) as file:
        file.write(data)


def _trust(path: str) -> Trust:
    """Read a trust file.

    Raises:
        InputError: If it is not UTF-8, or no trust file.
    """
    try:
        text = read_input(path).decode()
    except UnicodeDecodeError as error:
        raise InputError(
            "the trust file is not UTF-8", where=path, remedy="save it as UTF-8"
        ) from error
    return load_trust(text, where=path)
