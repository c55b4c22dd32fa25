"""Scratch is a table in a nameless temporary file: what one import has to remember of a large file.

It stays in memory while it is small. The file is deleted as soon as it is made, so that nobody
finds it, and nothing is left of it whatever happens.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from ledger.errors import LedgerError

__all__ = ["CACHE_KIB", "Scratch"]

CACHE_KIB = 16_384
"""Memory of a table whose rows come in any order."""


class Scratch:
    """A table that takes a few megabytes of memory, however long it grows."""

    def __init__(self, table: str, cache_kib: int = CACHE_KIB) -> None:
        """Make the table.

        Args:
            table: Its name and columns, as they stand behind CREATE TABLE.
            cache_kib: How much of it stays in memory, in KiB.

        Raises:
            LedgerError: As every method, if the disk of temporary files refuses.
        """
        with _translated():
            # A database without a name is SQLite's own way to a temporary file.
            self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            for setting in (f"cache_size = -{cache_kib}", "journal_mode = OFF", "synchronous = 0"):
                self._database.execute(f"PRAGMA {setting}")
            self._database.execute(f"CREATE TABLE {table}")

    def put(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows with a statement that takes one of them."""
        with _translated():
            self._database.execute("BEGIN")
            self._database.executemany(sql, rows)
            self._database.execute("COMMIT")

    def rows(self, sql: str, parameters: tuple[Any, ...] = ()) -> Iterator[Any]:
        """Yield the rows of a query."""
        with _translated():
            yield from self._database.execute(sql, parameters)

    def number(self, sql: str) -> int:
        """Return the one number of a query."""
        return int(next(self.rows(sql))[0])

    def close(self) -> None:
        """Give the file back; it is given back at the end in any case."""
        self._database.close()


@contextmanager
def _translated() -> Iterator[None]:
    """Turn an error of the disk into one that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise LedgerError(
            f"the temporary file of the import cannot be used: {error}",
            why="what has to be remembered of a large file does not fit into memory",
            remedy="make room where temporary files are, or set SQLITE_TMPDIR to another disk",
        ) from error
