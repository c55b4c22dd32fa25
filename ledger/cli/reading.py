"""Reading the entries under the newest checkpoint, believed only once they give its root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ledger.checkpoint import Checkpoint
from ledger.cli.context import Context
from ledger.cli.opening import newest_note, open_reader
from ledger.engines.leaves import read_chunk, segments
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.keys import VerifierKey
from ledger.merkle import CompactRange

__all__ = ["with_entries"]

R = TypeVar("R")


def with_entries(
    context: Context, use: Callable[[Iterator[Entry]], R]
) -> tuple[R, Checkpoint, int]:
    """Call ``use`` with every signed entry, in order, and prove them by the signed root.

    Args:
        context: The global options.
        use: Goes through the entries once, to the end; its result is given only if they hold.

    Returns:
        What ``use`` returned, the checkpoint, and how many entries come after it.

    Raises:
        MissingError: If there is no ledger.
        IntegrityError: If the note's signature fails, or the entries do not give its root.
    """
    store = open_reader(context)
    data, _ = newest_note(context)
    signed = Checkpoint.open(data, VerifierKey.parse(store.vkey()))
    leaves = CompactRange()

    def entries() -> Iterator[Entry]:
        nonlocal leaves
        for start, stop in segments(signed.size):
            chunk = read_chunk(store, start, stop)
            leaves = leaves.merge(chunk.leaves)
            yield from map(Entry.parse, chunk.data)

    with store.snapshot():
        found = use(entries())
        if leaves.root() != signed.root:
            raise IntegrityError(
                f"the {signed.size} entries lead to another root than the checkpoint's",
                why="no total is believed until its entries reproduce the signed root",
                remedy="run: flopledger verify",
            )
        return found, signed, store.head().size - signed.size
