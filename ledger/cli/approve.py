"""``flopledger approve`` signs that an act may be recorded."""

from __future__ import annotations

from typing import get_args

import click

from ledger.approval import Act, approval_of
from ledger.canonical import JSON, parse
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import write_text
from ledger.cli.record import read_input
from ledger.cli.signing import person_of, person_options
from ledger.envelope import ENVELOPE_MAX, Envelope
from ledger.errors import InputError
from ledger.journeys.restating import proposed_act
from ledger.keys import check_name
from ledger.period import parse_day
from ledger.statement import Statement

__all__ = ["approve"]

EPILOG = """\b
Examples:
  flopledger approve fix.json --key approver.key.pem -o approval.json
  flopledger approve act.json --act key --origin ledger.example/lab-a --key approver.key.pem

FILE is a proposal of flopledger restate, another act as JSON for which --act and --origin say what
it is, or an approval that somebody signed already and that gets one more signature. No ledger is
needed.
"""


@click.command(epilog=EPILOG)
@click.argument("file", metavar="FILE|-")
@click.option("--act", type=click.Choice(get_args(Act)), default="restatement", show_default=True)
@click.option("--origin", metavar="NAME", help="Ledger in which the act may be done.")
@click.option("--on", metavar="DATE", help="Day of the approval; default today.")
@person_options
@click.option("-o", "--output", metavar="FILE", help="Approval to write; - is stdout.")
@pass_context
def approve(
    context: Context,
    *,
    file: str,
    act: Act,
    origin: str | None,
    on: str | None,
    key: str | None,
    name: str | None,
    passphrase_file: str | None,
    signer_command: str | None,
    output: str | None,
) -> None:
    """Sign that an act, such as a restatement, may be recorded. Read FILE before you sign."""
    day = now().date() if on is None else parse_day(on)
    person = person_of(key, name, passphrase_file, signer_command)
    data = read_input(file)
    if b'"payloadType"' in data:
        envelope = Envelope.parse(data)
    else:
        envelope = approval_of(act, *_asked(data, file, origin), day)
    envelope = envelope.sign(person)
    write_text(envelope.encode().decode(), output)
    stated = Statement.open(envelope)
    context.say(f"{person.verifier.name} approves {stated.name}, sha256 {stated.sha256}")


def _asked(data: bytes, file: str, origin: str | None) -> tuple[str, dict[str, JSON]]:
    """Return the ledger and the act: a proposal says both."""
    value = _act(data, file)
    proposed = proposed_act(value)
    if proposed is None:
        return _origin(origin), value
    if origin is not None and origin != proposed[0]:
        raise InputError(
            f"the proposal is for {proposed[0][:60]}, not {origin[:60]}",
            where=file,
            remedy="leave --origin out: a proposal says for which ledger it is",
        )
    return check_name(proposed[0]), proposed[1]


def _origin(origin: str | None) -> str:
    """Return the ledger that is meant."""
    if origin is None:
        raise InputError(
            "it is not said for which ledger the approval is",
            why="an approval for one ledger is none for another",
            remedy="pass --origin NAME, the first line of flopledger checkpoint show",
        )
    return check_name(origin)


def _act(data: bytes, where: str) -> dict[str, JSON]:
    """Read the act in the one spelling that has a digest."""
    try:
        value = parse(data.removesuffix(b"\n"), limit=ENVELOPE_MAX)
    except InputError as error:
        raise InputError(
            f"the act cannot be approved as it is: {error.message}",
            where=where,
            why=error.why,
            remedy="take the file as the command wrote that asks for the approval",
        ) from error
    if not isinstance(value, dict):
        raise InputError("the act is not an object", where=where)
    return value
