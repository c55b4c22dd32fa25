"""Founding a ledger: its key, its secret, its empty database and its first checkpoint.

The database appears last and under its own name only when everything else is in place, so that
a founding that was interrupted never looks like a ledger.
"""

from __future__ import annotations

from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.errors import ConflictError, LedgerError, MissingError
from ledger.keys import FileSigner
from ledger.merkle import EMPTY_ROOT
from ledger.stores.keyfiles import Files, write_key, write_secret
from ledger.stores.notes import NotesFile, sync_folder
from ledger.stores.tables import create_database

__all__ = ["found_ledger"]


def found_ledger(files: Files, signer: FileSigner, secret: bytes) -> None:
    """Create every file of a ledger.

    Args:
        files: Where; none of them may be there yet.
        signer: The signing key; its name becomes the ledger's origin.
        secret: Key of the keyed digests, 32 random bytes.

    Raises:
        ConflictError: If any of the files is there.
        MissingError: If the folder is not.
        LedgerError: If the disk refuses; what was begun is taken away again.
    """
    begun: list[Path] = []
    try:
        _check_free(files)
        begun.append(write_key(files.key, signer))
        begun.append(write_secret(files.secret, secret))
        begun.append(files.partial)
        create_database(files.partial, origin=signer.name, vkey=signer.verifier.encode())
        note = Checkpoint(signer.name, 0, EMPTY_ROOT).sign(signer)
        begun.append(files.checkpoints)
        NotesFile(files.checkpoints).create(note)
        files.partial.rename(files.database)
        sync_folder(files.database)
    except BaseException as error:
        for path in begun:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise LedgerError(f"the ledger cannot be created: {error.strerror}") from error
        raise


def _check_free(files: Files) -> None:
    """Refuse to found a ledger where parts of one are."""
    if not files.database.parent.is_dir():
        raise MissingError(
            f"there is no folder {files.database.parent}", remedy="make it, or choose another"
        )
    taken = [str(path) for path in (*files.all(), files.partial) if path.exists()]
    if taken:
        raise ConflictError(
            f"there is already {', '.join(taken)}",
            why="a ledger, a key or a secret is never overwritten",
            remedy="choose another file with --ledger, or move these away",
        )
