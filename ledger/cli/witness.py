"""``flopledger witness`` cosigns the checkpoints of logs that only grow, and finds forks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.output import emit, output_options, write_text
from ledger.cli.trusting import read_bytes, trust_options
from ledger.cli.witnessing import (
    compared,
    keys_of_logs,
    refused_unread,
    state_document,
    state_table,
    tell_comparison,
)
from ledger.cosignature import cosigner
from ledger.errors import InputError, LedgerError, MissingError
from ledger.fork import FORK_MAX, Fork
from ledger.keys import FileSigner, VerifierKey, check_origin
from ledger.stores.keyfiles import SECRET_BYTES, read_key, write_signer
from ledger.stores.witnessed import WitnessState
from ledger.witness import REQUEST_MAX, Refusal, Request

__all__ = ["witness"]

DEFAULT = "witness.db"

INIT_EPILOG = """\b
Examples:
  flopledger witness init --name regulator.example/w1 -o witness.db
  flopledger witness init --name regulator.example/w1 --log "$(cat key-of-lab-a.txt)"
"""
ADMIT_EPILOG = """\b
Examples:
  flopledger witness admit "$(cat key-of-lab-a.txt)"
"""
COSIGN_EPILOG = """\b
Examples:
  flopledger witness cosign request.txt > answer.txt
"""
SHOW_EPILOG = """\b
Examples:
  flopledger witness show
  flopledger witness show ledger.example/lab-a > seen.txt
"""
COMPARE_EPILOG = """\b
Examples:
  flopledger witness compare mine.txt theirs.txt --vkey "$(cat key-of-lab-a.txt)"
  flopledger witness compare mine.txt theirs.txt --policy policy.txt --leaves entries.jsonl
"""
CHECK_EPILOG = """\b
Examples:
  flopledger witness check-fork fork.txt --vkey "$(cat key-of-lab-a.txt)"
"""

_STATE = click.option(
    "--state", metavar="FILE", default=DEFAULT, show_default=True, help="State of the witness."
)


@click.group()
def witness() -> None:
    """Cosign the checkpoints of logs that only grow, and prove forks."""


@witness.command(epilog=INIT_EPILOG)
@click.option("--name", required=True, help="Name of the witness, as regulator.example/w1.")
@click.option("-o", "--output", metavar="FILE", default=DEFAULT, help="File for its state.")
@click.option("--log", metavar="VKEY", multiple=True, help="A log to cosign; once for each key.")
@pass_context
def init(context: Context, *, name: str, output: str, log: Sequence[str]) -> None:
    """Create a witness: its key and its state, and print its public key.

    The key is FILE.key.pem. Neither file may ever be put back from an older copy: a witness that
    forgot what it cosigned can be made to cosign a fork.
    """
    logs = [VerifierKey.parse(text) for text in log]
    context.chance.check(check_origin(name))
    signer = FileSigner.from_seed(name, context.chance.draw(SECRET_BYTES))
    path = Path(output)
    with WitnessState.create(path, signer) as state:
        for each in logs:
            state.admit(each)
    try:
        write_signer(_key_of(path), signer)
    except LedgerError:
        path.unlink()
        raise
    click.echo(cosigner(signer).encode())
    context.say(f"created {path}; the private key is in {_key_of(path)}, keep it for yourself")


@witness.command(epilog=ADMIT_EPILOG)
@click.argument("vkey")
@_STATE
@pass_context
def admit(context: Context, *, vkey: str, state: str) -> None:
    """Take a log, or a further key of one: VKEY comes from its owner, and not with a request."""
    key = VerifierKey.parse(vkey)
    with WitnessState(Path(state)) as opened:
        new = opened.admit(key)
    context.say(f"{key.label} {'is cosigned from now on' if new else 'was admitted before'}")


@witness.command(epilog=COSIGN_EPILOG)
@click.argument("request", metavar="REQUEST|-")
@_STATE
@pass_context
def cosign(context: Context, *, request: str, state: str) -> None:
    """Cosign the checkpoint of a REQUEST, and print the line for the log.

    What was seen is on the disk before the line is printed. A log that shrank or forked is
    refused, and the request is kept: exit status 4, with the status of C2SP tlog-witness.
    """
    try:
        asked = Request.parse(read_bytes(request, REQUEST_MAX))
    except InputError as error:
        raise refused_unread(error) from error
    path = Path(state)
    with WitnessState(path) as opened:
        signer = read_key(_key_of(path), opened.key.name)
        answer = opened.cosign(asked, signer, lambda: int(now().timestamp()))
    if isinstance(answer, Refusal):
        raise answer.error
    write_text(answer.line().encode(), None)
    context.say(f"cosigned {asked.checkpoint.size} entries of {asked.checkpoint.origin}")


@witness.command(epilog=SHOW_EPILOG)
@click.argument("origin", required=False)
@_STATE
@output_options
@pass_context
def show(
    context: Context, *, origin: str | None, state: str, fmt: str | None, output: str | None
) -> None:
    """List what was cosigned last of each log; with ORIGIN, print that signed checkpoint."""
    del context
    with WitnessState(Path(state)) as opened:
        if origin is None:
            emit(state_document(opened), state_table(opened), fmt=fmt, output=output)
            return
        seen = opened.seen(origin)
    if seen is None:
        raise MissingError(f"nothing of {origin} was cosigned", where=state)
    write_text(seen.note.decode(), output)


@witness.command(epilog=COMPARE_EPILOG)
@click.argument("one")
@click.argument("other")
@_STATE
@trust_options
@click.option("--proof", metavar="REQUEST", help="A request whose consistency proof joins them.")
@click.option("--leaves", metavar="FILE", help="Entries of the longer log, one a line.")
@click.option("-o", "--output", metavar="FILE", help="Write the proof of a fork here.")
@pass_context
def compare(
    context: Context,
    *,
    one: str,
    other: str,
    state: str,
    vkey: Sequence[str],
    policy: str | None,
    proof: str | None,
    leaves: str | None,
    output: str | None,
) -> None:
    """Compare two signed checkpoints of one log; a fork is printed as a proof for others.

    ONE and OTHER are checkpoint files or witness requests. Keys come from --vkey, --policy or the
    witness's state. Exit status: 0 they continue each other, 3 nothing shows whether they do, 4 a
    fork.
    """
    keys = keys_of_logs(vkey, policy, state)
    done = compared((one, other), keys, proof, leaves)
    tell_comparison(context, done, output)


@witness.command("check-fork", epilog=CHECK_EPILOG)
@click.argument("proof", metavar="FILE|-")
@_STATE
@trust_options
@pass_context
def check_fork(
    context: Context, *, proof: str, state: str, vkey: Sequence[str], policy: str | None
) -> None:
    """Check a proof of a fork that somebody else made. Exit status 4: it proves nothing."""
    del context
    fork = Fork.open(read_bytes(proof, FORK_MAX), keys_of_logs(vkey, policy, state))
    first, second = fork.first.checkpoint, fork.second.checkpoint
    click.echo(
        f"proved: {first.origin} signed two histories, over {first.size} and {second.size} entries"
    )


def _key_of(path: Path) -> Path:
    """Return the file of the witness's key."""
    return path.with_name(path.name + ".key.pem")
