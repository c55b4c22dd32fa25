"""A refusal of SQLite, or of the disk under it, as an error that says what to do."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from ledger.errors import HeadMovedError, InputError, IntegrityError, LedgerError, MissingError
from ledger.stores.keyfiles import Files

__all__ = ["BUSY_MS", "absent", "translate"]

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
