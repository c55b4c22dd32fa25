"""``flopledger attest`` draws up, signs and records what people attest of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import click

from ledger.attestation import Attestation
from ledger.claim import Claim
from ledger.cli.asking import asking_options
from ledger.cli.attesting import (
    add_envelope,
    draw_up,
    envelope_in,
    recorded_envelopes,
    sign_file,
    statement_in,
)
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options, write_text
from ledger.cli.signing import person_of, person_options
from ledger.envelope import Envelope
from ledger.report.attestations import attestation_tables, list_document, list_table

__all__ = ["attest"]

EPILOG = """\b
Examples, one person who holds every key at hand:
  flopledger attest make --period 2026-01-01..2027-01-01 --claim every-run-recorded \\
      --signer officer.key.pem --signer approver.key.pem

Examples, people on different machines:
  flopledger attest draft --period 2026-01-01..2027-01-01 --claim every-run-recorded \\
      -o statement.json
  flopledger attest show statement.json
  flopledger attest sign statement.json --key officer.key.pem -o officer.sig.json
  flopledger attest sign statement.json --key approver.key.pem -o approver.sig.json
  flopledger attest add officer.sig.json approver.sig.json
  flopledger attest list

Which role a signer fills, and how many of each are needed, is for the policy of whoever verifies.
"""

DRAFT_EPILOG = """\b
Examples:
  flopledger attest draft --period 2026-01-01..2027-01-01 --claim every-run-recorded \\
      -o statement.json
  flopledger attest draft --period 2026-01-01..2027-01-01 --claim known-omissions \\
      --omission "the runs of March on the old cluster" -o statement.json
"""

SIGN_EPILOG = """\b
Examples:
  flopledger attest sign statement.json --key officer.key.pem -o officer.sig.json
  flopledger attest sign officer.sig.json --key approver.key.pem -o both.sig.json
  flopledger attest sign statement.json --signer-command "card-signer slot-9c" -o card.sig.json
"""

ADD_EPILOG = """\b
Examples:
  flopledger attest add officer.sig.json approver.sig.json
  flopledger attest add both.sig.json --vkey "$(cat officer-key.txt)"
  flopledger --rules law.json attest add both.sig.json
"""

MAKE_EPILOG = """\b
Examples:
  flopledger attest make --period 2026-01-01..2027-01-01 --claim every-run-recorded \\
      --signer officer.key.pem --signer approver.key.pem
"""

LIST_EPILOG = """\b
Examples:
  flopledger attest list
"""

SHOW_EPILOG = """\b
Examples:
  flopledger attest show statement.json
  flopledger attest show 1
"""


@click.group(epilog=EPILOG)
def attest() -> None:
    """Draw up, sign and record what people attest of the ledger."""


def _claim_options(command: Any) -> Any:  # noqa: ANN401 - click decorates anything
    """Give a command what a person adds to what the ledger says."""
    for option in (
        click.option(
            "--omission", multiple=True, metavar="TEXT", help="What is known to be missing."
        ),
        click.option(
            "--claim",
            required=True,
            type=click.Choice(get_args(Claim)),
            help="What is claimed about runs that are not recorded.",
        ),
        click.option(
            "--period",
            required=True,
            metavar="A..B",
            help="Days that it is about; B is the first day after them.",
        ),
    ):
        command = option(command)
    return command


@attest.command(epilog=DRAFT_EPILOG)
@_claim_options
@asking_options
@click.option("-o", "--output", metavar="FILE", help="Write to FILE; - is stdout.")
@pass_context
def draft(context: Context, /, *, output: str | None, **options: Any) -> None:  # noqa: ANN401
    """Draw up the statement that people sign, from the ledger and the law as they are now."""
    statement = draw_up(context, options).statement()
    write_text(statement.encode().decode(), output)
    context.say(f"statement {statement.payload_sha256()} about {statement.name}; nobody signed it")


@attest.command(epilog=SIGN_EPILOG)
@click.argument("file", metavar="STATEMENT|ENVELOPE")
@person_options
@click.option("-o", "--output", metavar="FILE", help="Envelope to write; - is stdout.")
@pass_context
def sign(
    context: Context,
    *,
    file: str,
    key: str | None,
    name: str | None,
    passphrase_file: str | None,
    signer_command: str | None,
    output: str | None,
) -> None:
    """Sign a statement, or add a signature to an envelope that others signed.

    Look at it before: flopledger attest show FILE. No ledger is needed.
    """
    person = person_of(key, name, passphrase_file, signer_command)
    sign_file(context, file, person, output)


@attest.command(epilog=ADD_EPILOG)
@click.argument("files", metavar="ENVELOPE...", nargs=-1, required=True)
@click.option("--vkey", multiple=True, metavar="TEXT", help="Key that must have signed.")
@pass_context
def add(context: Context, *, files: tuple[str, ...], vkey: tuple[str, ...]) -> None:
    """Check a signed attestation against the ledger as it is, and record it.

    Every figure and determination is worked out again, under the rules in use. Envelopes over the
    same statement become one. Signatures are checked with the keys given by --vkey.
    """
    envelope = envelope_in(files[0])
    for other in files[1:]:
        envelope = envelope.joined(envelope_in(other))
    add_envelope(context, envelope, vkey)


@attest.command(epilog=MAKE_EPILOG)
@_claim_options
@asking_options
@click.option(
    "--signer", multiple=True, required=True, metavar="[NAME=]FILE", help="Private key, PEM."
)
@click.option("--passphrase-file", metavar="FILE", help="Passphrase of the keys that are locked.")
@pass_context
def make(
    context: Context,
    /,
    *,
    signer: tuple[str, ...],
    passphrase_file: str | None,
    **options: Any,  # noqa: ANN401 - every option has a type of its own
) -> None:
    """Draw up, sign and record in one step, where all keys are at hand."""
    people = [_person(text, passphrase_file) for text in signer]
    envelope = Envelope(draw_up(context, options).statement().encode())
    for person in people:
        envelope = envelope.sign(person)
    add_envelope(context, envelope, [person.verifier.encode() for person in people])


@attest.command("list", epilog=LIST_EPILOG)
@output_options
@pass_context
def list_(context: Context, *, fmt: str | None, output: str | None) -> None:
    """List the envelopes that the ledger names, with who claims to have signed them."""
    rows = recorded_envelopes(context)
    emit(list_document(rows), list_table(rows), fmt=fmt, output=output)


@attest.command(epilog=SHOW_EPILOG)
@click.argument("file", metavar="FILE|NUMBER")
@output_options
@pass_context
def show(context: Context, *, file: str, fmt: str | None, output: str | None) -> None:
    """Show what a statement or an envelope says, so that a person can read it before signing."""
    statement, signatures = statement_in(context, file)
    document: Mapping[str, Any] = statement.predicate
    tables = attestation_tables(Attestation.parse(statement), signatures)
    emit(document, tables, fmt=fmt, output=output)


def _person(text: str, passphrase_file: str | None) -> Any:  # noqa: ANN401
    """Return the signer that ``[NAME=]FILE`` names."""
    name, mark, path = text.partition("=")
    return person_of(path if mark else text, name if mark else None, passphrase_file, None)
