"""Evidence of a ledger is read from its store and its notes, as ``verify`` wants it."""

from __future__ import annotations

from ledger.stores.contract import LedgerStore
from ledger.stores.keyfiles import Files, read_secret
from ledger.stores.notes import NotesFile
from ledger.stores.schema import META_NAMES
from ledger.verify import Evidence

__all__ = ["evidence_of"]


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
        notes=NotesFile(files.checkpoints).notes(stop),
        rows=store.rows(),
        openings=store.all_openings(),
        keys=store.keys(),
        repeated_keys=store.repeated_keys(),
        leaf_at=store.leaf_at,
        secret=read_secret(files.secret) if files.secret.exists() else None,
        vkey=vkey,
        peaks=store.all_peaks(),
    )
