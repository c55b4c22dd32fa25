"""Founding a ledger: its key, its secret, its empty database and its first checkpoint.

The database appears last and under its own name only when everything else is in place, so that
a founding that was interrupted never looks like a ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.errors import ConflictError, LedgerError, MissingError
from ledger.keys import FileSigner
from ledger.merkle import EMPTY_ROOT
from ledger.stores.keyfiles import Files, write_key, write_secret
from ledger.stores.notes import NotesFile, sync_folder
from ledger.stores.tables import create_database

__all__ = ["found_ledger"]

_SQLITE_ENDS = ("", "-journal", "-wal", "-shm")


def found_ledger(
    files: Files, signer: FileSigner, secret: bytes, passphrase: bytes | None = None
) -> None:
    """Create every file of a ledger.

    Args:
        files: Where; none of them may be there yet.
        signer: The signing key; its name becomes the ledger's origin.
        secret: Key of the keyed digests, 32 random bytes.
        passphrase: Locks the key file; None leaves it open to its owner.

    Raises:
        ConflictError: If any of the files is there.
        MissingError: If the folder is not.
        LedgerError: If the disk refuses; what was begun is taken away again.
    """
    begun: list[Path] = []
    try:
        _check_free(files)
        _begin(begun, files.key, lambda: write_key(files.key, signer, passphrase))
        _begin(begun, files.secret, lambda: write_secret(files.secret, secret))
        # SQLite keeps files beside its own, which a full disk can leave behind.
        begun += [files.partial.with_name(files.partial.name + end) for end in _SQLITE_ENDS]
        create_database(files.partial, origin=signer.name, vkey=signer.verifier.encode())
        note = Checkpoint(signer.name, 0, EMPTY_ROOT).sign(signer)
        _begin(begun, files.checkpoints, lambda: NotesFile(files.checkpoints).create(note))
        files.partial.rename(files.database)
        begun.append(files.database)
        sync_folder(files.database)
    except BaseException as error:
        _take_away(begun)
        if isinstance(error, OSError):
            raise LedgerError(
                f"the ledger cannot be created: {error.strerror}",
                where=str(files.database),
                remedy="check free space and permissions, then run the same command again",
            ) from error
        raise


def _begin(begun: list[Path], path: Path, write: Callable[[], object]) -> None:
    """Write a file and note that it is ours to take away, also when it is only half there."""
    # Whoever made the file since it was found free keeps it.
    if path.exists():
        raise _taken([path])
    begun.append(path)
    try:
        write()
    except ConflictError:
        begun.remove(path)
        raise


def _take_away(begun: list[Path]) -> None:
    """Remove what was begun, as far as the disk lets us."""
    for path in begun:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def _check_free(files: Files) -> None:
    """Refuse to found a ledger where parts of one are."""
    if not files.database.parent.is_dir():
        raise MissingError(
            f"there is no folder {files.database.parent}", remedy="make it, or choose another"
        )
    taken = [path for path in (*files.all(), files.partial) if path.exists()]
    if taken:
        raise _taken(taken)


def _taken(paths: list[Path]) -> ConflictError:
    """Return the error for files that are there already."""
    return ConflictError(
        f"there is already {', '.join(map(str, paths))}",
        why="a ledger, a key or a secret is never overwritten",
        remedy="choose another file with --ledger, or move these away",
    )
