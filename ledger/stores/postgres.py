"""The PostgreSQL store: one database, one transaction an append, every byte as it was hashed.

Rows go in by binary COPY and come back through server-side cursors. The role that writes needs
INSERT and SELECT alone: each append adds a row with the new peaks instead of changing one.
Databases are created by ``ledger.stores.postgres_tables``. Specification:
``schemas/store-postgres.v1.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any, Self

from psycopg.pq import TransactionStatus

from ledger.canonical import encode
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.log.store import Batch, Head, KeyRow, Row
from ledger.stores.address import Address
from ledger.stores.contract import check_head, head_of
from ledger.stores.keyfiles import Files
from ledger.stores.postgres_catalog import CATALOG, RIGHTS
from ledger.stores.postgres_connection import (
    SERVER,
    SESSION,
    WRITER,
    Connection,
    connect,
    setting,
    translated,
)
from ledger.stores.postgres_refusals import absent
from ledger.stores.postgres_schema import FORMAT, PUBLISHED_CATALOG
from ledger.stores.schema import normal

__all__ = ["LOCK", "PostgresStore"]

LOCK = 0x666C_6F70_6C65_6467  # "flopledg": advisory locks are kept for each database apart
FETCHED = 2000  # rows of one fetch
_COPIES = (
    ("entries", "seq, bytes, hash", ("int8", "bytea", "bytea")),
    ("openings", "seq, ord, bytes", ("int8", "int4", "bytea")),
    ("keys", "key, seq, content", ("bytea", "int8", "bytea")),
    ("heads", "size, peaks", ("int8", "text")),
)


class PostgresStore:
    """A ledger in one PostgreSQL database."""

    def __init__(
        self,
        address: Address,
        files: Files,
        *,
        writable: bool = False,
        connection: Connection | None = None,
    ) -> None:
        """Open an existing ledger.

        Args:
            address: Which database.
            files: The local files of the ledger, which tell a lost ledger from one never founded.
            writable: Whether entries may be appended; a reader changes nothing.
            connection: One that is open and has the settings, or None to make it.

        Raises:
            MissingError: If there is no such database or ledger, and was none.
            IntegrityError: If there was a ledger that is gone, or its rows of meta are.
            LedgerError: If the server cannot be reached, is too old or set otherwise.
        """
        self.address = address
        self._head: Head | None = None  # as this store wrote or read it last
        self._names = count()
        self._abandoned: list[str] = []
        self._connection = connection or connect(address, writable=writable)
        try:
            self._check_presence(files)
            self._meta = self.meta()
            self._check_format()
        except BaseException:
            self._connection.close()
            raise

    def __enter__(self) -> Self:
        """Return the open store."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connection."""
        self.close()

    def close(self) -> None:
        """Close the connection; the store cannot be used after it."""
        self._connection.close()

    def place(self) -> str:
        """Return the address without its password."""
        return self.address.shown

    def origin(self) -> str:
        """Return the name of the ledger."""
        return self._meta["origin"]

    def vkey(self) -> str:
        """Return the text of the key that signs this ledger, as the ledger itself states it."""
        return self._meta["vkey"]

    def meta(self) -> dict[str, str]:
        """Return format, origin, vkey and the newest peaks, by name; what is there of them."""
        return dict(
            self._all(
                "SELECT name, value FROM flopledger.meta UNION ALL (SELECT 'peaks', peaks "
                "FROM flopledger.heads ORDER BY size DESC LIMIT 1)"
            )
        )

    def schema(self) -> Mapping[str, str]:
        """Return what the catalog reports, and every right that is more than published."""
        found: dict[str, str] = {}
        for name, declared in (*self._all(CATALOG), *self._all(RIGHTS)):
            # Two of one name, however they came to it, are never taken for one.
            before = f"{found[name]}; " if name in found else ""
            found[name] = before + normal(declared or "")
        return found

    def published(self) -> Mapping[str, str]:
        """Return what a sound database declares, in the form of ``schema``."""
        return {name: normal(declared) for name, declared in PUBLISHED_CATALOG.items()}

    def settings(self) -> dict[str, int | str]:
        """Return what the connection reports for each setting that a writer must have."""
        with translated(self.address):
            return {n: setting(self._connection, n) for n in (*SESSION, *WRITER, *SERVER)}

    def server(self) -> tuple[str, str, bool]:
        """Return the server's version, the role in use, and whether it owns the tables."""
        with translated(self.address):
            row = self._connection.execute(
                "SELECT current_setting('server_version'), current_user, "
                "pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'flopledger'"
            ).fetchone()
        assert row is not None
        return str(row[0]), str(row[1]), bool(row[2])

    def head(self) -> Head:
        """Return where the log ends.

        Raises:
            IntegrityError: If the newest peaks do not belong to the last entry.
        """
        # One statement: another writer may append between two.
        ((*row, peaks),) = self._all(
            "SELECT e.*, h.peaks FROM (VALUES (1)) AS one LEFT JOIN (SELECT seq, bytes, hash "
            "FROM flopledger.entries ORDER BY seq DESC LIMIT 1) AS e ON true LEFT JOIN (SELECT "
            "peaks FROM flopledger.heads ORDER BY size DESC LIMIT 1) AS h ON true"
        )
        last = None if row[0] is None else Row._make(row)
        self._head = head_of(self.origin(), last, peaks, "table heads", self._head)
        return self._head

    def find_keys(self, keys: Sequence[bytes]) -> Mapping[bytes, KeyRow]:
        """Return, for each key that is known, the newest entry under it, reversed or not."""
        rows = self._all(
            "SELECT DISTINCT ON (key) key, seq, content FROM flopledger.keys "
            "WHERE key = ANY(%s::bytea[]) ORDER BY key, seq DESC",
            list(keys),
        )
        return {key: KeyRow(seq, content) for key, seq, content in rows}

    def append(self, expected: Head, batch: Batch) -> None:
        """Add a batch in one durable transaction, all of it or nothing.

        Raises:
            HeadMovedError: If the log no longer ends at ``expected``, or stays locked.
            IntegrityError: If the database refuses the rows.
            LedgerError: If the connection breaks: then the batch is stored whole, or not.
        """
        heads = ((batch.head.size, batch.head.range.encode()),)
        tables: tuple[Iterable[tuple[Any, ...]], ...] = (
            batch.entries,
            batch.openings,
            batch.keys,
            heads,
        )
        with translated(self.address), self._connection.transaction():
            self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            check_head(self.head(), expected)
            for (table, columns, types), rows in zip(_COPIES, tables, strict=True):
                copy_in = f"COPY flopledger.{table} ({columns}) FROM STDIN (FORMAT BINARY)"
                with self._connection.cursor() as cursor, cursor.copy(copy_in) as copy:
                    copy.set_types(types)
                    for row in rows:
                        copy.write_row(row)
        self._head = batch.head

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""
        rows = self._stream(
            "SELECT seq, bytes, hash FROM flopledger.entries WHERE seq >= %s AND seq < %s "
            "ORDER BY seq",
            start,
            stop,
        )
        return map(Row._make, rows)

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield (seq, ord, bytes) of the openings of the entries [start, stop), in order."""
        return self._stream(
            "SELECT seq, ord, bytes FROM flopledger.openings WHERE seq >= %s AND seq < %s "
            "ORDER BY seq, ord",
            start,
            stop,
        )

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield every row of the entries table: (seq, bytes, hash)."""
        return self._stream("SELECT seq, bytes, hash FROM flopledger.entries ORDER BY seq")

    def all_openings(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield every row of the openings table: (seq, ord, bytes)."""
        return self._stream("SELECT seq, ord, bytes FROM flopledger.openings ORDER BY seq, ord")

    def keys(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield every row of the keys table in the order of the entries: (seq, key, content)."""
        return self._stream("SELECT seq, key, content FROM flopledger.keys ORDER BY seq, key")

    def repeated_keys(self) -> Iterator[tuple[bytes, int]]:
        """Yield (key, seq) of every key that more than one entry carries, in this order."""
        return self._stream(
            "SELECT key, seq FROM (SELECT key, seq, count(*) OVER (PARTITION BY key) AS carried "
            "FROM flopledger.keys) AS k WHERE carried > 1 ORDER BY key, seq"
        )

    def extent(self) -> tuple[int, int, int, int]:
        """Return smallest number, largest + 1 (0 and 0 if empty), and rows of openings and keys."""
        ((first, last, openings, keys),) = self._all(
            "SELECT min(seq), max(seq), (SELECT count(*) FROM flopledger.openings), "
            "(SELECT count(*) FROM flopledger.keys) FROM flopledger.entries"
        )
        return (first or 0), (0 if last is None else last + 1), openings, keys

    def contents(self, carried: Mapping[int, bytes]) -> dict[int, bytes]:
        """Return, by entry, the digest of content that is stored under its key and its number."""
        if not carried:
            return {}
        rows = self._all(
            "SELECT key, seq, content FROM flopledger.keys WHERE key = ANY(%s::bytea[]) "
            "AND seq BETWEEN %s AND %s",
            list(carried.values()),
            min(carried),
            max(carried),
        )
        return {seq: content for key, seq, content in rows if carried.get(seq) == key}

    def all_peaks(self) -> Iterator[tuple[int, str]]:
        """Yield (size, peaks) of every row that states peaks, in the order of the sizes."""
        return self._stream("SELECT size, peaks FROM flopledger.heads ORDER BY size")

    def leaf_at(self, seq: int) -> bytes | None:
        """Return the bytes of one entry, or None."""
        rows = self._all("SELECT bytes FROM flopledger.entries WHERE seq = %s", seq)
        return rows[0][0] if rows else None

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
        rows = self._stream(
            "SELECT DISTINCT body ->> %s FROM (SELECT convert_from(bytes, 'UTF8')::json -> 'body' "
            "AS body FROM flopledger.entries) AS e WHERE json_typeof(body -> %s) = 'string'",
            field,
            field,
        )
        return (found for (found,) in rows)

    @contextmanager
    def snapshot(self) -> Iterator[Self]:
        """Let everything read in the block come from one state of the database."""
        if self._in_transaction():
            # A ledger that is being made is seen in its own transaction alone.
            yield self
            return
        with translated(self.address):
            self._connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # The snapshot is taken by the first read, not by BEGIN.
            self._connection.execute("SELECT count(*) FROM flopledger.meta")
        try:
            yield self
        finally:
            if not self._connection.closed:
                with translated(self.address):
                    self._connection.execute("ROLLBACK")

    def _containing(self, needle: bytes) -> Iterator[Row]:
        """Yield the entries whose bytes hold these."""
        rows = self._stream(
            "SELECT seq, bytes, hash FROM flopledger.entries "
            "WHERE position(%s::bytea IN bytes) > 0 ORDER BY seq",
            needle,
        )
        return map(Row._make, rows)

    def _all(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Return all rows of a query that gives few."""
        with translated(self.address), self._connection.cursor(binary=True) as cursor:
            return cursor.execute(sql, parameters).fetchall()

    def _stream(self, sql: str, *parameters: object) -> Iterator[Any]:
        """Yield the rows of a query through a cursor that the server keeps.

        A stream that nobody reads to its end may be finalised while another statement runs, and
        must not run one itself: its cursor is left for the next stream to close.
        """
        self._close_abandoned()
        name = f"ledger_{next(self._names)}"
        hold = "" if self._in_transaction() else " WITH HOLD"
        with translated(self.address):
            self._connection.execute(f"DECLARE {name} CURSOR{hold} FOR {sql}", parameters)
        try:
            while rows := self._all(f"FETCH {FETCHED} FROM {name}"):
                yield from rows
        finally:
            self._abandoned.append(name)

    def _close_abandoned(self) -> None:
        """Close the cursors of streams that are over."""
        names, self._abandoned = self._abandoned, []
        for (name,) in self._all("SELECT name FROM pg_cursors") if names else ():
            if name in names:
                with translated(self.address):
                    self._connection.execute(f"CLOSE {name}")

    def _in_transaction(self) -> bool:
        """Return whether a transaction is open on the connection."""
        return self._connection.info.transaction_status != TransactionStatus.IDLE

    def _check_presence(self, files: Files) -> None:
        """Refuse a database that has no tables of a ledger."""
        if not self._all("SELECT FROM pg_namespace WHERE nspname = 'flopledger'"):
            raise absent(self.address, files)

    def _check_format(self) -> None:
        """Refuse a database of another format; one without origin or key is a damaged one."""
        missing = {"format", "origin", "vkey", "peaks"} - set(self._meta)
        if missing:
            raise IntegrityError(
                f"the ledger lacks {', '.join(sorted(missing))}", where="tables meta and heads"
            )
        if self._meta["format"] != FORMAT:
            raise IntegrityError(
                f"the format is {self._meta['format'][:60]!r}, this program reads {FORMAT!r}",
                where="meta row format",
                remedy="use the version of flopledger that wrote it, unless it was altered",
            )
