"""Evidence of a ledger is read from its store and its notes, as ``verify`` wants it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

from ledger.stores.contract import LedgerStore
from ledger.stores.keyfiles import Files, read_secret
from ledger.stores.notes import NotesFile
from ledger.stores.schema import META_NAMES
from ledger.verify import Evidence, Extent

__all__ = ["evidence_of"]

Item = TypeVar("Item")


class _Again(Generic[Item]):
    """What is read anew each time that somebody goes through it."""

    def __init__(self, begin: Callable[[], Iterable[Item]]) -> None:
        """Keep how to begin."""
        self._begin = begin

    def __iter__(self) -> Iterator[Item]:
        """Begin at the front."""
        return iter(self._begin())


def evidence_of(store: LedgerStore, files: Files, stop: int, vkey: str | None = None) -> Evidence:
    """Return everything that ``verify`` reads; the store must be in a snapshot.

    Args:
        store: The ledger.
        files: Its local files.
        stop: Length of the checkpoint file in bytes, taken before the snapshot: whatever the
            notes up to there cover is in any later state of the database.
        vkey: The key to trust instead of the ledger's own, or None.
    """
    return Evidence(
        schema=store.schema(),
        published=store.published(),
        meta=store.meta(),
        names=META_NAMES,
        notes=_Again(lambda: NotesFile(files.checkpoints).notes(stop)),
        rows=_Again(store.rows),
        openings=_Again(store.all_openings),
        keys=_Again(store.keys),
        repeated_keys=_Again(store.repeated_keys),
        leaf_at=store.leaf_at,
        secret=read_secret(files.secret) if files.secret.exists() else None,
        vkey=vkey,
        extent=lambda: Extent(*store.extent()),
        peaks=_Again(store.all_peaks),
    )
