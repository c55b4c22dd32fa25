"""``flopledger restate`` corrects an entry: proposed, approved by a second person, recorded."""

from __future__ import annotations

from typing import TypeVar, get_args

import click

from ledger.cli.bench import pack_of
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import custody_of
from ledger.cli.opening import files_of, open_log, open_reader
from ledger.cli.output import emit, output_options, write_text
from ledger.cli.record import read_input
from ledger.envelope import Envelope
from ledger.errors import InputError, IntegrityError
from ledger.journeys.correction import Reason
from ledger.journeys.json_lines import Lines, read_objects
from ledger.journeys.parties import Parties
from ledger.journeys.restating import Approved, Desk, Proposal, propose, read_proposal, restate
from ledger.keys import VerifierKey
from ledger.record.administration import ReversalReason
from ledger.regime.vocabulary import load_vocabulary
from ledger.report.restated import proposal_table, restated_document, restated_table
from ledger.stores.contract import LedgerStore
from ledger.stores.envelopes import EnvelopeFolder

__all__ = ["desk_of", "restate_command"]

EPILOG = """\b
Three steps: somebody proposes, somebody else approves, and both are recorded together. A policy
that asks for four eyes refuses a correction without an approval, whoever recorded it.

\b
Examples:
  flopledger impact 17 --with right.jsonl
  flopledger restate 17 --with right.jsonl --reason wrong_device \\
      --root-cause "SKU table" --discovered-on 2026-11-20 --propose fix.json
  flopledger approve fix.json --key anna.key.pem -o yes.json
  flopledger restate --proposal fix.json --approval yes.json --approver "$(cat anna.pub)"
  flopledger restate 18 --reason duplicate --propose withdrawal.json

Exit codes: 0 proposed or recorded, 2 could not evaluate or does not fit, 4 integrity failure.
"""

T = TypeVar("T")

_REASONS = tuple(r for r in get_args(ReversalReason) if r != "superseded_provisional")


@click.command("restate", epilog=EPILOG)
@click.argument("seq", type=click.IntRange(min=0), required=False)
@click.option("--with", "given", metavar="FILE|-", help="Records, one a line, in its place.")
@click.option("--reason", type=click.Choice(_REASONS), help="Why the entry is wrong.")
@click.option("--root-cause", metavar="TEXT", help="What went wrong, if it is known.")
@click.option("--discovered-on", metavar="DATE", help="Day on which the error was found.")
@click.option("--propose", "target", metavar="FILE|-", help="Write the proposal to approve.")
@click.option("--proposal", metavar="FILE", help="Record what that proposal says.")
@click.option("--approval", metavar="FILE", help="The signed approval of a second person.")
@click.option("--approver", metavar="VKEY", help="Public key of the person who approved.")
@click.option("--without-approval", is_flag=True, help="Record with nobody's yes but your own.")
@output_options
@pass_context
def restate_command(
    context: Context,
    /,
    *,
    seq: int | None,
    given: str | None,
    reason: str | None,
    root_cause: str | None,
    discovered_on: str | None,
    target: str | None,
    proposal: str | None,
    approval: str | None,
    approver: str | None,
    without_approval: bool,
    fmt: str | None,
    output: str | None,
) -> None:
    """Correct entry SEQ: take it back, and put the right records in its place."""
    if (approval or approver) and (without_approval or proposal is None):
        raise InputError(
            "an approval is given, and would not be used",
            remedy="record with --proposal, --approval and --approver, without --without-approval",
        )
    if proposal is None:
        why = Reason(_needed(reason, "--reason"), root_cause, discovered_on)
        _propose(context, _needed(seq, "SEQ"), given, why, _needed(target, "--propose"))
        return
    if any(value is not None for value in (seq, given, reason, root_cause, discovered_on, target)):
        raise InputError(
            "a proposal says already what is corrected",
            remedy="give --proposal with --approval and --approver, and nothing else",
        )
    yes = None if without_approval else _approved(context, approval, approver)
    store = open_reader(context)
    desk = desk_of(context, store, writable=True)
    desk.log.append(())  # signs what an interrupted one may have recorded already
    found = read_proposal(read_input(proposal), desk)
    folder = EnvelopeFolder(files_of(context).attestations)
    done = restate(desk, found, yes, size=store.head().size, keep=folder.write)
    emit(restated_document(done), restated_table(done), fmt=fmt, output=output)
    if yes is None:
        context.say("warning: nobody approved it; a policy with four eyes refuses this ledger")


def desk_of(context: Context, store: LedgerStore, *, writable: bool) -> Desk:
    """Return where corrections of this ledger are made."""
    log = open_log(context, writable=writable)
    vocabulary = load_vocabulary(pack_of(context))
    parties = Parties(log.pseudonym, store)
    return Desk(log, store, store.origin(), vocabulary, parties, now().date())


def _propose(context: Context, seq: int, given: str | None, why: Reason, target: str) -> None:
    """Write a proposal and say what it would change."""
    desk = desk_of(context, open_reader(context), writable=False)
    lines = () if given is None else read_objects(Lines(read_input(given), given))
    made: Proposal = propose(desk, seq, lines, why)
    write_text(made.encode().decode(), target)
    if target != "-":
        emit({}, proposal_table(made, target), fmt="table", output=None)


def _approved(context: Context, approval: str | None, approver: str | None) -> Approved:
    """Read the approval, and refuse one by the key of the ledger itself."""
    envelope = Envelope.parse(read_input(_needed(approval, "--approval")))
    key = VerifierKey.parse(_needed(approver, "--approver"))
    own = custody_of(files_of(context), open_reader(context)).keys
    if key.public in {each.public for each in own}:
        raise IntegrityError(
            "the approval is by the key of the ledger itself",
            why="whoever records is not the one who approves",
            remedy="let a second person approve with a key of their own: flopledger key new",
        )
    return Approved(envelope, key)


def _needed(value: T | None, name: str) -> T:
    """Return what was given, or say what is missing."""
    if value is None:
        raise InputError(
            f"{name} is missing",
            remedy="flopledger restate --help shows the three steps",
        )
    return value
