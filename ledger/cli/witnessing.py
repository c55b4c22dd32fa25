"""Witnessing: what the commands of a witness read and show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from ledger.canonical import BYTES_MAX
from ledger.cli.context import Context
from ledger.cli.output import write_text
from ledger.cli.trusting import read_bytes, trusted
from ledger.errors import InputError
from ledger.fork import Comparison, Signed, compare, compare_leaves
from ledger.inclusion import Proof
from ledger.keys import VerifierKey
from ledger.merkle import leaf_hash
from ledger.period import format_instant, from_epoch_ms
from ledger.report.table import Column, Table
from ledger.stores.witnessed import WitnessState
from ledger.witness import REQUEST_MAX, Request

__all__ = [
    "compared",
    "keys_of_logs",
    "refused_unread",
    "state_document",
    "state_table",
    "tell_comparison",
]

FORKED = 4
UNPROVED = 3


def refused_unread(error: InputError) -> InputError:
    """Return the refusal of a request that cannot be read, with the status of C2SP."""
    return InputError(
        f"400 Bad Request: {error.message}", where=error.where, why=error.why, remedy=error.remedy
    )


def keys_of_logs(vkey: Sequence[str], policy: str | None, state: str) -> tuple[VerifierKey, ...]:
    """Return the keys of logs to go by: those given, else those of the witness's state.

    Raises:
        InputError: If there are none.
    """
    given = trusted(vkey, policy)
    if given is not None:
        return tuple(log.key for log in given.logs)
    if Path(state).is_file():
        with WitnessState(Path(state)) as opened:
            return opened.log_keys()
    raise InputError(
        "no key is given",
        why="a checkpoint that the log did not sign proves nothing about it",
        remedy="give --vkey TEXT or --policy FILE, or the --state of a witness",
    )


def compared(
    names: tuple[str, str],
    keys: Sequence[VerifierKey],
    proof: str | None,
    leaves: str | None,
) -> Comparison:
    """Compare two checkpoint files.

    Args:
        names: The files: signed notes, witness requests or tlog-proofs.
        keys: The keys of the log.
        proof: A witness request whose hashes join the two, or None.
        leaves: All entries of the longer log, one a line, or None.

    Raises:
        InputError: If a file cannot be read, or they speak of two logs.
        IntegrityError: If a signature fails, or the entries are not those signed.
    """
    if "-" in names and names[0] == names[1]:
        raise InputError("stdin can be read once", remedy="name a file for one of the two")
    given = [read_bytes(name, REQUEST_MAX) for name in names]
    one, other = (_signed(data, keys) for data in given)
    if leaves is not None:
        return compare_leaves(one, other, _leaves(leaves))
    # A request that is compared itself may hold the hashes already.
    joining = given if proof is None else [read_bytes(proof, REQUEST_MAX)]
    asked = [Request.parse(data) for data in joining if proof or data.startswith(b"old ")]
    sizes = sorted((one.checkpoint.size, other.checkpoint.size))
    fitting = [each.proof for each in asked if [each.old, each.checkpoint.size] == sizes]
    if proof is not None and not fitting:
        raise InputError(
            f"the request goes from {asked[0].old} to {asked[0].checkpoint.size} entries",
            where=proof,
            remedy=f"a proof from {sizes[0]} to {sizes[1]} is needed",
        )
    return compare(one, other, fitting[0] if fitting else None)


def tell_comparison(context: Context, done: Comparison, output: str | None) -> None:
    """Write what two checkpoints say together, and leave with its exit status.

    Args:
        context: The global options.
        done: What was found.
        output: File for the proof of a fork, or None or ``-`` for stdout.
    """
    first, second = done.first.checkpoint, done.second.checkpoint
    if done.fork is not None:
        write_text(done.fork.encode().decode(), output)
        click.echo(f"fork of {first.origin}: {done.why}", err=True)
        click.echo(
            "  next: give the proof to others; `flopledger witness check-fork` checks it", err=True
        )
        click.get_current_context().exit(FORKED)
    sizes = f"{first.size} and {second.size} entries of {first.origin}"
    if not done.proved:
        click.echo(f"cannot tell: {sizes}: {done.why}")
        context.say(
            "  next: ask the log for `checkpoint request --old "
            f"{first.size}` and give it as --proof, or give all entries with --leaves"
        )
        click.get_current_context().exit(UNPROVED)
    click.echo(f"consistent: {sizes}: {done.why}")


def state_document(state: WitnessState) -> dict[str, Any]:
    """Return what a witness cosigned last, as ``flopledger/witness-show.v1``."""
    return {
        "schema": "flopledger/witness-show.v1",
        "vkey": state.key.encode(),
        "logs": [_log_document(state, origin) for origin in _origins(state)],
        "refused": [
            {"status": status, "time": _time(time), "request": request.decode()}
            for status, time, request in state.refusals()
        ],
    }


def state_table(state: WitnessState) -> Table:
    """Return one row a log."""
    rows = []
    for origin in _origins(state):
        seen = state.seen(origin)
        size = "nothing yet" if seen is None else str(seen.checkpoint.size)
        time = "" if seen is None else _time(seen.time)
        root = "" if seen is None else seen.checkpoint.root.hex()
        rows.append((origin, size, time, root))
    refused = len(state.refusals())
    return Table(
        f"witness {state.key.encode()}",
        (Column("log"), Column("cosigned", "right"), Column("at"), Column("root", wide=True)),
        tuple(rows),
        (f"{refused} refused requests are kept as evidence; -f json shows them",)
        if refused
        else (),
    )


def _log_document(state: WitnessState, origin: str) -> dict[str, Any]:
    """Return what was cosigned of one log."""
    seen = state.seen(origin)
    return {
        "origin": origin,
        "vkeys": [key.encode() for key in state.log_keys(origin)],
        "seen": None
        if seen is None
        else {
            "size": seen.checkpoint.size,
            "root": seen.checkpoint.root.hex(),
            "time": _time(seen.time),
            "note": seen.note.decode(),
        },
    }


def _origins(state: WitnessState) -> list[str]:
    """Return the logs that were admitted."""
    return sorted({key.name for key in state.log_keys()})


def _time(seconds: int) -> str:
    """Return a time as a text."""
    return format_instant(from_epoch_ms(seconds * 1000))


def _signed(data: bytes, keys: Sequence[VerifierKey]) -> Signed:
    """Open the checkpoint of a note, a request or a proof."""
    if data.startswith(b"old "):
        return Signed.open(Request.parse(data).note.encode(), keys)
    if data.startswith(b"c2sp.org/tlog-proof@"):
        return Signed.open(Proof.parse(data).note, keys)
    return Signed.open(data, keys)


def _leaves(name: str) -> list[bytes]:
    """Return the hashes of entries, one a line.

    Raises:
        InputError: If the file cannot be read.
    """
    hashes = []
    try:
        with Path(name).open("rb") as file:
            while line := file.readline(BYTES_MAX + 2):
                hashes.append(leaf_hash(line.removesuffix(b"\n")))
    except OSError as error:
        raise InputError(f"cannot read {name}: {error.strerror}") from error
    return hashes
