"""``flopledger show`` shows one entry with its proof, or the figures of one run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import click

from ledger.canonical import JSON
from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import signed_leaves
from ledger.cli.opening import newest_note, open_reader
from ledger.cli.output import emit, output_options
from ledger.entry import Entry, Opening, digest_of_opening
from ledger.errors import IntegrityError, MissingError
from ledger.inclusion import Proof
from ledger.journeys.verifying import prove
from ledger.merkle import leaf_hash
from ledger.report.table import Column, Table
from ledger.stores.contract import LedgerStore

__all__ = ["show"]

EPILOG = """\b
Examples:
  flopledger show 17
  flopledger show 17 -f json
  flopledger show run:pretrain-1
"""

RUN_MARK = "run:"  # needed only where a run is named like a number or an id

_SEQ = re.compile(r"0|[1-9][0-9]{0,17}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@click.command(epilog=EPILOG)
@click.argument("what", metavar="SEQ|ID|run:RUN")
@output_options
@pass_context
def show(context: Context, *, what: str, fmt: str | None, output: str | None) -> None:
    """Show one entry with its proof, by number or id; or all figures of one run."""
    if what.startswith(RUN_MARK) or not (_SEQ.fullmatch(what) or _ID.fullmatch(what)):
        from ledger.cli.show_run import show_run  # noqa: PLC0415 - entries need no figures

        show_run(context, what.removeprefix(RUN_MARK), fmt, output)
        return
    store = open_reader(context)
    data = store.leaf_at(int(what)) if _SEQ.fullmatch(what) else _by_id(store, what)
    if data is None:
        raise MissingError(
            f"there is no entry {what}", remedy="flopledger status shows how many there are"
        )
    entry = Entry.parse(data)
    _check_place(what, entry)
    note, checkpoint = newest_note(context)
    proof = None
    if entry.seq < checkpoint.size:
        proof = prove(signed_leaves(context, store, note), note, entry.seq)
    _check_proof(proof, data)
    hidden = _hidden(store, entry.seq, entry.sd)
    emit(_document(entry, hidden, proof), _table(entry, hidden, proof), fmt=fmt, output=output)


def _check_place(what: str, entry: Entry) -> None:
    """Refuse bytes that speak of another entry than the one asked for."""
    if _SEQ.fullmatch(what) and entry.seq != int(what):
        raise _unproved(int(what))


def _check_proof(proof: Proof | None, data: bytes) -> None:
    """Refuse bytes that are not those behind the hash that was proved."""
    if proof is not None:
        try:
            proof.verify(leaf_hash(data))
        except IntegrityError as error:
            raise _unproved(proof.index) from error


def _unproved(seq: int) -> IntegrityError:
    """Return the error for bytes that the signed root does not cover."""
    return IntegrityError(
        "the stored bytes are not those that were signed",
        seq=seq,
        remedy="flopledger verify names what was changed; put back a copy that verifies",
    )


def _by_id(store: LedgerStore, identifier: str) -> bytes | None:
    """Return the leaf of the entry with this UUID."""
    row = store.find_id(identifier)
    return None if row is None else row.bytes


def _hidden(store: LedgerStore, seq: int, digests: Sequence[str]) -> dict[str, str]:
    """Return the confidential fields of an entry that were not erased."""
    stored_openings = [stored for _, _, stored in store.openings(seq, seq + 1)]
    if not {digest_of_opening(stored) for stored in stored_openings} <= set(digests):
        raise _unproved(seq)
    opened = (Opening.parse(stored) for stored in stored_openings)
    return {opening.name: opening.value for opening in sorted(opened, key=lambda o: o.name)}


def _document(entry: Entry, hidden: dict[str, str], proof: Proof | None) -> dict[str, Any]:
    """Return everything about one entry."""
    return {
        "schema": "flopledger/show.v1",
        "seq": entry.seq,
        "id": entry.id,
        "type": entry.type,
        "recorded_at": entry.recorded_at,
        "hash": entry.hash().hex(),
        "prev": entry.prev,
        "origin": entry.origin,
        "body": entry.body,
        "hidden": hidden,
        "erased": len(entry.sd) - len(hidden),
        "proof": None if proof is None else proof.document(),
    }


def _table(entry: Entry, hidden: dict[str, str], proof: Proof | None) -> Table:
    """Return one row a field; nested fields are named with dots."""
    rows = [
        ("recorded_at", entry.recorded_at),
        *_flat("", entry.body),
        *((f"{name} (confidential)", value) for name, value in hidden.items()),
        ("id", entry.id),
        ("hash", entry.hash().hex()),
    ]
    erased = len(entry.sd) - len(hidden)
    notes = [f"{erased} confidential fields were erased; their digests stand"] if erased else []
    if proof is None:
        notes.append("not signed yet: the next append, or `flopledger doctor`, will say why")
    else:
        notes.append(
            f"proved: {len(proof.path)} hashes lead to the signed root of {proof.checkpoint.size} "
            f"entries; flopledger prove {entry.seq} prints them"
        )
    columns = (Column("field"), Column("value", wide=True))
    return Table(f"entry {entry.seq}: {entry.type}", columns, tuple(rows), tuple(notes))


def _flat(prefix: str, body: dict[str, JSON]) -> Iterator[tuple[str, str]]:
    """Yield the fields of a body as texts."""
    for name, value in body.items():
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield prefix + name, _text(value)


def _text(value: JSON) -> str:
    """Return a value as a person reads it."""
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return "not stated" if value is None else str(value)
