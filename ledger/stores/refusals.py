"""A refusal of SQLite, or of the disk under it, as an error that says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ledger.errors import HeadMovedError, InputError, IntegrityError, LedgerError, MissingError
from ledger.stores.keyfiles import Files

__all__ = ["BUSY_MS", "Translating", "absent", "translate"]

BUSY_MS = 5000
"""How long a writer waits for another."""


def absent(path: Path) -> LedgerError:
    """Return the error for a database that is not there: never founded, or lost."""
    files = Files(path)
    # A founding that was cut short leaves checkpoints too, and the unfinished database.
    if files.checkpoints.exists() and not files.partial.exists():
        return IntegrityError(
            f"the database {path} is gone, its checkpoints are there",
            where=str(files.checkpoints),
            why="the checkpoints were signed over entries that nobody can read now",
            remedy="put the newest copy of the database back; do not begin a new ledger here",
        )
    return MissingError(
        f"there is no ledger at {path}",
        remedy="flopledger init --origin NAME, or name the file with --ledger PATH",
    )


def translate(error: sqlite3.Error, path: Path) -> LedgerError:
    """Return our error for one of SQLite's."""
    name = getattr(error, "sqlite_errorname", "") or ""
    where = str(path)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return HeadMovedError(
            f"another writer holds the ledger for more than {BUSY_MS // 1000} s",
            where=where,
            remedy="wait until it is done and run the same command again",
        )
    was_ledger = Files(path).checkpoints.exists()
    if name.startswith("SQLITE_NOTADB") and not was_ledger:
        return InputError("the file is not a ledger", where=where, remedy="check --ledger")
    if "no such table" in str(error) and not was_ledger:
        return InputError("the database is not a ledger", where=where, remedy="check --ledger")
    outside = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
    if name.startswith(outside):
        return LedgerError(
            f"the database cannot be used: {error}",
            where=where,
            remedy="check free space, permissions and the disk",
        )
    return IntegrityError(
        f"the database is damaged: {error}",
        where=where,
        why="its rows cannot be read as they were written",
        remedy="keep the file as evidence and put back a copy that verifies",
    )


class Translating:
    """A block in which SQLite's errors are raised as ours; one serves every block of a store."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        """Name the database, for the messages."""
        self._path = path

    def __enter__(self) -> None:
        """Do nothing: a block is entered several times an append."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise ours for SQLite's; a store that is used after it was closed is no error of data."""
        if isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.ProgrammingError):
            raise translate(error, self._path) from error
        if isinstance(error, UnicodeDecodeError):
            raise IntegrityError(
                "a stored text is not UTF-8",
                where=str(self._path),
                remedy="the file is damaged: put back a copy that verifies",
            ) from error
