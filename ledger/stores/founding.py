"""Founding a ledger: its key, its secret, its empty database and its first checkpoint.

The database appears last and under its own name only when everything else is in place, so that
a founding that was interrupted never looks like a ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ledger.checkpoint import Checkpoint
from ledger.errors import ConflictError, LedgerError, MissingError
from ledger.keys import FileSigner
from ledger.merkle import EMPTY_ROOT
from ledger.stores.keyfiles import Files, write_key, write_secret
from ledger.stores.location import Location, NewDatabase
from ledger.stores.notes import NotesFile, sync_folder

__all__ = ["Founding", "found_at", "found_ledger", "founding"]


class Founding:
    """The parts of a ledger that were begun, to be taken away together."""

    def __init__(self, location: Location, writer: str | None = None) -> None:
        """Begin with nothing.

        Args:
            location: Where the ledger will be.
            writer: Role of the server that may append to it, or None.
        """
        self.files = location.files
        self._location = location
        self._writer = writer
        self._begun: list[Path] = []
        self._folders: list[Path] = []
        self._database: NewDatabase | None = None

    def write(self, path: Path, write: Callable[[], object]) -> None:
        """Write a file and note that it is ours to take away, also when it is only half there.

        Raises:
            ConflictError: If there is such a file; whoever made it keeps it.
        """
        if path.exists():
            raise _taken([path])
        self._begun.append(path)
        try:
            write()
        except ConflictError:
            self._begun.remove(path)
            raise

    def folder(self, path: Path) -> None:
        """Make a folder durably, with those above it, and note which of them are ours.

        Raises:
            OSError: If the disk refuses.
        """
        if not path.is_dir():
            self.folder(path.parent)
            self._folders.append(path)
            path.mkdir()
            sync_folder(path)

    def create(self, origin: str, vkey: str) -> NewDatabase:
        """Make the database, which nobody sees yet."""
        if self._location.server is not None:
            # It says of the other files that they belong to nothing finished.
            self.write(self.files.partial, self.files.partial.touch)
        self._database = self._location.create(origin, vkey, self._writer)
        return self._database

    def finish(self) -> None:
        """Let the database appear."""
        assert self._database is not None
        self._database.commit()
        if self._location.server is None:
            return
        try:
            self.files.partial.unlink()
        except OSError as error:
            raise LedgerError(
                f"the ledger is there, its mark as unfinished cannot be removed: {error.strerror}",
                where=str(self.files.partial),
                why="while the mark is there, a lost ledger looks like one that was never founded",
                remedy="remove that file, and go on with the ledger",
            ) from error

    def take_away(self) -> None:
        """Remove what was begun, as far as the disk lets us; keep what may belong to a ledger."""
        if self._database is not None and not self._database.discard():
            return
        for path in self._begun:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        for path in reversed(self._folders):
            with suppress(OSError):  # what others put into it stays
                path.rmdir()


@contextmanager
def founding(location: Location, writer: str | None = None) -> Iterator[Founding]:
    """Found a ledger in the block: it appears at its end, or nothing of it stays.

    Raises:
        ConflictError: If any of its files is there, or the database holds a ledger.
        MissingError: If the folder is not there.
        LedgerError: If the disk or the server refuses; what was begun is taken away again.
    """
    begun = Founding(location, writer)
    try:
        _check_free(location)
        yield begun
        begun.finish()
    except BaseException as error:
        begun.take_away()
        if isinstance(error, OSError):
            raise LedgerError(
                f"the ledger cannot be created: {error.strerror}",
                where=str(location),
                remedy="check free space and permissions, then run the same command again",
            ) from error
        raise


def found_ledger(
    files: Files, signer: FileSigner, secret: bytes, passphrase: bytes | None = None
) -> None:
    """Create every file of a ledger; see ``found_at``."""
    found_at(Location(files), signer, secret, passphrase=passphrase)


def found_at(
    location: Location,
    signer: FileSigner,
    secret: bytes,
    writer: str | None = None,
    *,
    passphrase: bytes | None = None,
) -> None:
    """Create a ledger with its key, its secret and its first checkpoint.

    Args:
        location: Where; no part of a ledger may be there yet.
        signer: The signing key; its name becomes the ledger's origin.
        secret: Key of the keyed digests, 32 random bytes.
        writer: Role of the server that may append to it, or None.
        passphrase: Locks the key file; None leaves it open to its owner.

    Raises:
        ConflictError: If any of its files is there, or the database holds a ledger.
        MissingError: If the folder is not there.
        LedgerError: If the disk or the server refuses; what was begun is taken away again.
    """
    files = location.files
    with founding(location, writer) as new:
        new.write(files.key, lambda: write_key(files.key, signer, passphrase))
        new.write(files.secret, lambda: write_secret(files.secret, secret))
        new.create(signer.name, signer.verifier.encode())
        note = Checkpoint(signer.name, 0, EMPTY_ROOT).sign(signer)
        new.write(files.checkpoints, lambda: NotesFile(files.checkpoints).create(note))


def _check_free(location: Location) -> None:
    """Refuse to found a ledger where parts of one are."""
    files = location.files
    if not files.database.parent.is_dir():
        raise MissingError(
            f"there is no folder {files.database.parent}", remedy="make it, or choose another"
        )
    taken = [path for path in (*location.local(), files.partial) if path.exists()]
    if taken:
        raise _taken(taken)


def _taken(paths: list[Path]) -> ConflictError:
    """Return the error for files that are there already."""
    return ConflictError(
        f"there is already {', '.join(map(str, paths))}",
        why="a ledger, a key or a secret is never overwritten",
        remedy="choose another file with --ledger, or move these away",
    )
