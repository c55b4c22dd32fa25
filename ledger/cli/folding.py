"""Folding a ledger for a reading command: the newest note, then one snapshot of the database."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from ledger.cli.context import Context
from ledger.cli.keeping import open_checkpoint
from ledger.cli.opening import earlier_note, files_of, location_of, newest_note, open_reader
from ledger.engines import ENGINES, Means, Place, chosen, open_engine
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.log.secrecy import check_secret
from ledger.measure import Engine, Folded
from ledger.period import format_instant
from ledger.stores.contract import LedgerStore
from ledger.stores.keyfiles import read_secret

__all__ = ["FoldedLedger", "fold_ledger", "with_fold"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FoldedLedger:
    """A fold that reproduced the signed root.

    Attributes:
        origin: Name of the ledger.
        folded: What the entries add up to.
        unsigned_tail: Entries after the newest checkpoint; they are not counted.
    """

    origin: str
    folded: Folded
    unsigned_tail: int


def fold_ledger(
    context: Context, *, as_of: date, recorded_by: datetime | None = None, engine: str = ENGINES[0]
) -> FoldedLedger:
    """Fold everything up to the newest checkpoint.

    Args:
        context: The global options.
        as_of: Last day whose work counts.
        recorded_by: Count only entries sealed by then; None counts all that are signed.
        engine: Name of the engine.

    Raises:
        MissingError: If there is no ledger or no such engine.
        IntegrityError: If the note's signature fails, entries are missing, or their root is
            another than the signed one.
    """
    return with_fold(
        context,
        lambda _, folded: folded,
        as_of=as_of,
        recorded_by=recorded_by,
        engine=engine,
    )


def with_fold(
    context: Context,
    use: Callable[[Engine, FoldedLedger], T],
    *,
    as_of: date,
    recorded_by: datetime | None = None,
    engine: str = ENGINES[0],
    size: int | None = None,
) -> T:
    """Fold as `fold_ledger` does, and call ``use`` while the snapshot is still open.

    ``use`` is given the engine, for passes over legs, and the fold. With a ``size`` the entries
    under the earlier checkpoint of that size are folded instead of those under the newest.

    Raises:
        MissingError: If there is no ledger, no such engine or no checkpoint of that size.
        IntegrityError: If the note's signature fails, entries are missing, or their root is
            another than the signed one.
    """
    store = open_reader(context)
    # The note comes before the snapshot: whatever it covers is in any later state.
    data, _ = newest_note(context) if size is None else earlier_note(context, size)
    signed = open_checkpoint(context, store, data)
    with store.snapshot():
        held = store.head().size
        if held < signed.size:
            raise IntegrityError(
                f"a signed checkpoint covers {signed.size} entries, the database holds {held}",
                why="entries that were signed are gone",
                remedy="restore the database from a backup, then: flopledger verify",
            )
        limit = signed.size if recorded_by is None else _prefix(store, signed.size, recorded_by)
        # Where entries were sealed by then is asked of the entries, so all of them are hashed.
        reread = context.reread or recorded_by is not None
        again = location_of(context).open
        means = Means(context.scheduler, context.segments, context.say, reread, again)
        fold = open_engine(
            chosen(engine, signed.size), store, _projection(context, store, held), means
        )
        folded = fold.fold(size=signed.size, limit=limit, as_of=as_of, root=signed.root)
        return use(fold, FoldedLedger(signed.origin, folded, held - signed.size))


def _projection(context: Context, store: LedgerStore, size: int) -> Place | None:
    """Return where derived files are kept; who is not the writer keeps and believes none.

    Raises:
        IntegrityError: If the secret is not the one that the ledger was sealed with.
    """
    files = files_of(context)
    if not all(os.access(path, os.R_OK) for path in (files.secret, files.key)):
        return None
    secret = read_secret(files.secret)
    # Files sealed under another secret could say anything.
    check_secret(store, size, secret, str(files.secret))
    folder = files.database.with_name(files.database.name + ".projection")
    return Place(folder, secret)


def _prefix(store: LedgerStore, size: int, recorded_by: datetime) -> int:
    """Return how many entries were sealed by then; times never decrease along the log."""
    limit, low, high = format_instant(recorded_by), 0, size
    while low < high:
        middle = (low + high) // 2
        leaf = store.leaf_at(middle)
        if leaf is None:
            raise IntegrityError(f"entry {middle} is missing", seq=middle)
        if Entry.parse(leaf).recorded_at <= limit:
            low = middle + 1
        else:
            high = middle
    return low
