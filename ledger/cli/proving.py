"""Proving writes the receipt of one entry, and the entry beside it for whoever checks it."""

from __future__ import annotations

from ledger.cli.context import Context
from ledger.cli.destination import writing
from ledger.cli.keeping import signed_leaves
from ledger.cli.noted import cosigned_note, note_over
from ledger.cli.opening import open_reader
from ledger.cli.output import write_text
from ledger.errors import IntegrityError
from ledger.journeys.verifying import prove
from ledger.merkle import leaf_hash

__all__ = ["write_proof"]


def write_proof(
    context: Context,
    seq: int,
    size: int | None,
    entry: str | None,
    output: str | None,
    *,
    quick: bool = False,
) -> None:
    """Write the proof that an entry is in the ledger.

    Args:
        context: The ledger.
        seq: Number of the entry.
        size: Entries under the checkpoint to use, or None for the newest cosigned one.
        entry: File for the bytes of the entry, or None.
        quick: Read the path from the subtrees beside the ledger, and no other entry.
        output: File for the proof, or None or ``-`` for stdout.

    Raises:
        InputError: If the checkpoint does not cover the entry.
        IntegrityError: If the entries do not lead to the signed root.
    """
    store = open_reader(context)
    note = cosigned_note(context, seq) if size is None else note_over(context, size)
    proof = prove(signed_leaves(context, store, note, quick=quick), note, seq)
    if entry is not None:
        data = store.leaf_at(seq)
        if data is None:
            raise IntegrityError("the bytes of the entry are gone", seq=seq)
        proof.verify(leaf_hash(data))
        with writing(entry) as file:
            file.write(data)
    write_text(proof.encode().decode(), output)
