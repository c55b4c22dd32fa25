"""Reading the entries under the newest checkpoint, believed only once they give its root."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from ledger.checkpoint import Checkpoint
from ledger.cli.context import Context
from ledger.cli.keeping import open_checkpoint
from ledger.cli.opening import newest_note, open_reader
from ledger.engines.leaves import read_chunk, segments
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.merkle import CompactRange
from ledger.stores.contract import LedgerStore

__all__ = ["proved_entries", "with_entries"]

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
    signed = open_checkpoint(context, store, data)
    with store.snapshot():
        found = _proved(store, signed.size, signed.root, use, signed.size)
        return found, signed, store.head().size - signed.size


def proved_entries(
    context: Context,
    size: int,
    root: bytes,
    use: Callable[[Iterator[Entry]], R],
    *,
    limit: int,
) -> R:
    """Call ``use`` with the first entries of a checkpoint, and prove all of them by its root.

    Args:
        context: The global options.
        size: Entries under the checkpoint.
        root: Root over them, 32 bytes, whose signature was checked.
        use: Goes through the entries once, to the end; its result is given only if they hold.
        limit: Entries to go through, from the first; at most ``size``.

    Raises:
        MissingError: If there is no ledger.
        IntegrityError: If the entries do not give the root.
    """
    store = open_reader(context)
    with store.snapshot():
        return _proved(store, size, root, use, limit)


def _proved(
    store: LedgerStore, size: int, root: bytes, use: Callable[[Iterator[Entry]], R], limit: int
) -> R:
    """Call ``use`` with the first entries, and refuse what it made of them if the root differs."""
    leaves = CompactRange()

    def entries() -> Iterator[Entry]:
        nonlocal leaves
        for start, stop in segments(size):
            chunk = read_chunk(store, start, stop)
            leaves = leaves.merge(chunk.leaves)
            yield from map(Entry.parse, chunk.data[: max(0, limit - start)])

    found = use(entries())
    if leaves.root() != root:
        raise IntegrityError(
            f"the {size} entries lead to another root than the checkpoint's",
            why="no total is believed until its entries reproduce the signed root",
            remedy="run: flopledger verify",
        )
    return found
