"""The SQLite store: one file, one transaction an append, every byte as it was hashed.

It needs sqlite3 alone, so that reading and verifying start fast; databases are created by
``ledger.stores.tables``. Specification: ``schemas/store.v1.md``.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from ledger.canonical import encode
from ledger.entry import Entry
from ledger.errors import InputError, IntegrityError
from ledger.log.store import Batch, Head, KeyRow, Row
from ledger.stores.contract import check_head, head_of
from ledger.stores.refusals import BUSY_MS, Translating, absent
from ledger.stores.reserve import MANY, OFTEN, gathered, make_room
from ledger.stores.schema import FORMAT, PUBLISHED, normal

__all__ = ["SqliteStore"]

KEYS_AT_ONCE = 1000  # parameters of one statement; SQLite allows 32,766
CONTENTS_AT_ONCE = 16_384  # the same where most of the table is looked up, in its order
PASSED_OVER = 16  # rows that are read and left out in less time than one is looked up
FEW = 16  # rows that are read at once rather than one after the other
_CACHE_KIB = 32_768  # a writer meets the tree of keys all over, page by page in its order

# What each connection sets, and must read back.
_WRITER: Mapping[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL: a commit that returned survives a power cut
    "foreign_keys": 1,
    "recursive_triggers": 1,  # so that INSERT OR REPLACE meets the delete triggers
    "busy_timeout": BUSY_MS,
    "trusted_schema": 0,
}
_READER: Mapping[str, int | str] = {
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "busy_timeout": BUSY_MS,
    "trusted_schema": 0,
    "query_only": 1,
}


class SqliteStore:
    """A ledger in one SQLite file."""

    def __init__(self, path: Path, *, writable: bool = False) -> None:
        """Open an existing ledger database.

        Args:
            path: The database file.
            writable: Whether entries may be appended; a reader changes nothing.

        Raises:
            MissingError: If there is no such file, and was none.
            IntegrityError: If the file is not a sound database but was a ledger, or is gone.
            InputError: If the file is something else, or a setting does not hold.
        """
        if not path.is_file():
            raise absent(path)
        self.path = path
        self._translated = Translating(path)
        self._head: Head | None = None  # as this store wrote or read it last
        self._seen: tuple[int, int] | None = None  # what SQLite had counted then
        self._appends = 0
        self._opened = path.resolve()  # what is open, wherever a link or this folder leads later
        with self._translated:
            self._connection = sqlite3.connect(
                address(path, changeable=writable or _is_changeable(path)),
                uri=True,
                isolation_level=None,
                # Engines read from their own threads, one at a time.
                check_same_thread=False,
            )
        try:
            self._set_up(_WRITER if writable else _READER)
            self._meta = self.meta()
            self._check_format()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Return the open store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; the store cannot be used after it."""
        self._connection.close()

    def place(self) -> str:
        """Return the path of the file."""
        return str(self.path)

    def origin(self) -> str:
        """Return the name of the ledger."""
        return self._meta["origin"]

    def vkey(self) -> str:
        """Return the text of the key that signs this ledger, as the ledger itself states it."""
        return self._meta["vkey"]

    def meta(self) -> dict[str, str]:
        """Return the rows of the meta table; what is no text shows as what it is."""
        return {str(n): str(v) for n, v in self._select("SELECT name, value FROM meta")}

    def schema(self) -> dict[str, str]:
        """Return name and SQL text of everything the database declares."""
        found = self._select("SELECT name, coalesce(sql, '') FROM sqlite_schema")
        return {name: normal(sql) for name, sql in found}

    def published(self) -> Mapping[str, str]:
        """Return what a sound database declares, in the form of ``schema``."""
        return PUBLISHED

    def settings(self) -> dict[str, int | str]:
        """Return what the connection reports for each setting that a writer must have."""
        return {name: self._pragma(name) for name in _WRITER}

    def head(self) -> Head:
        """Return where the log ends.

        Raises:
            IntegrityError: If the stored peaks do not belong to the last entry.
        """
        seen = self._counted()
        if self._head is not None and seen == self._seen:
            return self._head
        # One statement: another writer may append between two.
        ((*row, peaks),) = self._select(
            "SELECT e.*, (SELECT value FROM meta WHERE name = 'peaks') FROM (SELECT 1) LEFT JOIN "
            "(SELECT seq, bytes, hash FROM entries ORDER BY seq DESC LIMIT 1) AS e"
        )
        last = None if row[0] is None else Row._make(row)
        self._head = head_of(self.origin(), last, peaks, "meta row peaks", self._head)
        self._seen = seen
        return self._head

    def find_keys(self, keys: Sequence[bytes]) -> Mapping[bytes, KeyRow]:
        """Return, for each key that is known, the newest entry under it, reversed or not."""
        found: dict[bytes, KeyRow] = {}
        # In the order of their tree, each page of it is met once.
        keys = sorted(keys)
        for start in range(0, len(keys), KEYS_AT_ONCE):
            some = keys[start : start + KEYS_AT_ONCE]
            marks = ",".join("?" * len(some))
            for key, seq, content in self._rows(
                # With a bare max(), SQLite takes the other columns from the row of the maximum.
                f'SELECT "key", max(seq), content FROM keys WHERE "key" IN ({marks}) '  # noqa: S608
                'GROUP BY "key"',
                some,
            ):
                found[key] = KeyRow(seq, content)
        return found

    def append(self, expected: Head, batch: Batch) -> None:
        """Add a batch in one durable transaction, all of it or nothing.

        Raises:
            HeadMovedError: If the log no longer ends at ``expected``, or stays locked.
            IntegrityError: If the database refuses the rows.
        """
        with self._translated:
            execute, many = self._connection.execute, self._connection.executemany
            if len(batch.entries) >= MANY:
                ((page_bytes,),) = execute("PRAGMA page_size")
                execute(f"PRAGMA wal_autocheckpoint = {gathered(self._opened, page_bytes)}")
            execute("BEGIN IMMEDIATE")
            try:
                begun = self._connection.total_changes
                self._appends += 1
                if self._appends == OFTEN:
                    make_room(self._opened)
                check_head(self.head(), expected)
                many("INSERT INTO entries (seq, bytes, hash) VALUES (?, ?, ?)", batch.entries)
                if batch.openings:
                    many("INSERT INTO openings (seq, ord, bytes) VALUES (?, ?, ?)", batch.openings)
                keys = sorted(batch.keys)  # in the order of their tree
                many('INSERT INTO keys ("key", seq, content) VALUES (?, ?, ?)', keys)
                peaks = (batch.head.range.encode(),)
                execute("UPDATE meta SET value = ? WHERE name = 'peaks'", peaks)
                execute("COMMIT")
                self._know(batch, begun)
            except BaseException:
                if self._connection.in_transaction:
                    execute("ROLLBACK")
                raise

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        rows = (self._rows if stop - start <= FEW else self._select)(
            "SELECT seq, bytes, hash FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq",
            (start, stop),
        )
        return map(Row._make, rows)

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        return self._select(
            "SELECT seq, ord, bytes FROM openings WHERE seq >= ? AND seq < ? ORDER BY seq, ord",
            (start, stop),
        )

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield every row of the entries table: (seq, bytes, hash)."""
        return self._select("SELECT seq, bytes, hash FROM entries ORDER BY seq")

    def all_openings(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield every row of the openings table: (seq, ord, bytes)."""
        return self._select("SELECT seq, ord, bytes FROM openings ORDER BY seq, ord")

    def keys(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield every row of the keys table in the order of the entries: (seq, key, content)."""
        return self._select('SELECT seq, "key", content FROM keys ORDER BY seq, "key"')

    def repeated_keys(self) -> Iterator[tuple[bytes, int]]:
        """Yield (key, seq) of every key that more than one entry carries, in this order."""
        return self._select(
            'SELECT "key", seq FROM keys WHERE "key" IN '
            '(SELECT "key" FROM keys GROUP BY "key" HAVING count(*) > 1) ORDER BY "key", seq'
        )

    def extent(self) -> tuple[int, int, int, int]:
        """Return smallest number, largest + 1 (0 and 0 if empty), and rows of openings and keys."""
        ((first, last, openings, keys),) = self._select(
            "SELECT (SELECT min(seq) FROM entries), (SELECT max(seq) FROM entries), "
            "(SELECT count(*) FROM openings), (SELECT count(*) FROM keys)"
        )
        return (first or 0), (0 if last is None else last + 1), openings, keys

    def contents(self, carried: Mapping[int, bytes]) -> dict[int, bytes]:
        """Return, by entry, the digest of content that is stored under its key and its number."""
        keys, found = sorted(carried.values()), dict[int, bytes]()
        parts = [keys[n : n + CONTENTS_AT_ONCE] for n in range(0, len(keys), CONTENTS_AT_ONCE)]
        ((last,),) = self._rows("SELECT max(seq) FROM entries")
        if len(keys) * PASSED_OVER > (last or 0):
            parts = [[]]
        for some in parts:
            among = f'"key" IN ({",".join("?" * len(some))}) AND ' if some else ""
            rows = self._select(
                f'SELECT "key", seq, content FROM keys WHERE {among}seq BETWEEN ? AND ?',  # noqa: S608
                (*some, min(carried), max(carried)),
            )
            found.update((seq, content) for key, seq, content in rows if carried.get(seq) == key)
        return found

    def all_peaks(self) -> Iterator[tuple[int, str]]:
        """Yield nothing: one row of meta states the peaks, and moves."""
        return iter(())

    def leaf_at(self, seq: int) -> bytes | None:
        """Return the bytes of one entry, or None."""
        return next((row.bytes for row in self.read(seq, seq + 1)), None)

    def find_id(self, identifier: str) -> Row | None:
        """Return the entry with this UUID, or None; reads the whole table."""
        rows = self._containing(f'"id":"{identifier}"'.encode())
        return next((row for row in rows if Entry.parse(row.bytes).id == identifier), None)

    def find_run(self, run: str) -> Iterator[Entry]:
        """Yield the entries of one run, in order; reads the whole table."""
        for row in self._containing(b'"run":' + encode(run)):
            entry = Entry.parse(row.bytes)
            if entry.body.get("run") == run:
                yield entry

    def mentioning(self, text: str) -> Iterator[Entry]:
        """Yield the entries that hold this text as a value, in order; reads the whole table."""
        return (Entry.parse(row.bytes) for row in self._containing(encode(text)))

    def texts(self, field: str) -> Iterator[str]:
        """Yield the different texts of a field of the bodies; reads the whole table."""
        rows = self._select(
            "SELECT DISTINCT json_extract(CAST(bytes AS TEXT), '$.body.' || ?) FROM entries",
            (field,),
        )
        return (text for (text,) in rows if isinstance(text, str))

    def _containing(self, needle: bytes) -> Iterator[Row]:
        """Yield the entries whose bytes hold these."""
        rows = self._select(
            "SELECT seq, bytes, hash FROM entries WHERE instr(bytes, ?) > 0 ORDER BY seq",
            (needle,),
        )
        return map(Row._make, rows)

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """Let everything read in the block come from one state of the database."""
        with self._translated:
            self._connection.execute("BEGIN")
            # The snapshot is taken by the first read, not by BEGIN.
            self._connection.execute("SELECT count(*) FROM meta").fetchone()
        try:
            yield self
        finally:
            # A disk that fails while it is read ends the transaction by itself.
            with self._translated:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def _counted(self) -> tuple[int, int]:
        """Return a number that moves with others' commits, and how many rows this store changed.

        Until one of them moves, a read gives what was read or written here before.
        Source: https://sqlite.org/pragma.html#pragma_data_version.
        """
        ((version,),) = self._rows("PRAGMA data_version")
        return version, self._connection.total_changes

    def _know(self, batch: Batch, begun: int) -> None:
        """Keep the head of a batch that was committed when so many rows had been changed before."""
        # The peaks are one row more. Where a trigger changed others, the head is read again.
        ended = begun + len(batch.entries) + len(batch.openings) + len(batch.keys) + 1
        seen, self._seen, self._head = self._seen, None, batch.head
        if seen is not None and (seen[1], self._connection.total_changes) == (begun, ended):
            self._seen = seen[0], ended

    def _rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """Return the rows of a query that gives few of them."""
        with self._translated:
            return self._connection.execute(sql, parameters).fetchall()

    def _select(self, sql: str, parameters: Iterable[Any] = ()) -> Iterator[Any]:
        """Yield the rows of a query; damage shows while reading and is named as such."""
        with self._translated:
            # Not `yield from`: it would close the cursor of a store that is closed already.
            for row in self._connection.execute(sql, tuple(parameters)):  # noqa: UP028
                yield row

    def _set_up(self, settings: Mapping[str, int | str]) -> None:
        """Set every setting and refuse to go on where SQLite reports another value."""
        with self._translated:
            if settings is _WRITER:
                self._connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            for name, value in settings.items():
                self._connection.execute(f"PRAGMA {name} = {value}")
        for name, value in settings.items():
            if (found := self._pragma(name)) != value:
                raise InputError(
                    f"SQLite keeps {name} at {found}, the ledger needs {value}",
                    where=str(self.path),
                    why="without it a commit could be lost or a guard passed by",
                    remedy="use a local disk and a current SQLite",
                )

    def _pragma(self, name: str) -> int | str:
        """Return what SQLite reports for a setting."""
        with self._translated:
            row = self._connection.execute(f"PRAGMA {name}").fetchone()
        value = row[0] if row else ""
        assert isinstance(value, int | str)
        return value

    def _check_format(self) -> None:
        """Refuse a database of another format; one without origin or key is a damaged one."""
        missing = {"format", "origin", "vkey", "peaks"} - set(self._meta)
        if missing:
            raise IntegrityError(
                f"the ledger lacks {', '.join(sorted(missing))}", where="table meta"
            )
        if self._meta["format"] != FORMAT:
            raise IntegrityError(
                f"the format is {self._meta['format'][:60]!r}, this program reads {FORMAT!r}",
                where="meta row format",
                remedy="use the version of flopledger that wrote it, unless it was altered",
            )


def address(path: Path, *, changeable: bool) -> str:
    """Return how to open the file.

    Args:
        path: The database file.
        changeable: Whether SQLite may write beside it; from a read-only medium it must not ask
            for a log file, and needs none.
    """
    plain = path.resolve().as_uri()
    if changeable:
        return f"{plain}?mode=rw"
    log = path.with_name(path.name + "-wal")
    return f"{plain}?mode=ro" if log.exists() else f"{plain}?immutable=1"


def _is_changeable(path: Path) -> bool:
    """Return whether file and folder can be written."""
    return os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)
