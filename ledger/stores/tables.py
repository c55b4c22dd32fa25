"""The tables, declared with SQLModel: imported only where a database is created.

SQLModel classes with ``table=True`` skip validation, so they are rows and never leave this
folder. Columns are Integer, LargeBinary and Text, since STRICT tables refuse VARCHAR.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from sqlalchemy import (
    URL,
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    create_engine,
    event,
    insert,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from sqlmodel import Field, SQLModel

from ledger.errors import LedgerError
from ledger.merkle import CompactRange
from ledger.stores.keyfiles import Files
from ledger.stores.notes import sync_folder
from ledger.stores.schema import FORMAT, PAGE_BYTES, PUBLISHED, TRIGGERS, normal
from ledger.stores.sqlite import SqliteStore

__all__ = ["EntryRow", "KeyRow", "MetaRow", "NewFile", "OpeningRow", "create_database"]

_METADATA = MetaData()
_ENDS = ("", "-journal", "-wal", "-shm")  # SQLite keeps files beside its own
_STRICT = {"sqlite_strict": True}
_STRICT_WITHOUT_ROWID = {"sqlite_strict": True, "sqlite_with_rowid": False}


def _seq() -> Column[int]:
    """A column that names an entry."""
    return Column("seq", Integer, ForeignKey("entries.seq"), primary_key=True, autoincrement=False)


class EntryRow(SQLModel, table=True):
    """An entry: its number, its canonical bytes as hashed, and their hash."""

    __tablename__ = "entries"
    __table_args__ = (CheckConstraint("length(hash) = 32", name="hash_has_32_bytes"), _STRICT)
    metadata: ClassVar[MetaData] = _METADATA

    seq: int = Field(sa_column=Column("seq", Integer, primary_key=True, autoincrement=False))
    leaf: bytes = Field(sa_column=Column("bytes", LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column("hash", LargeBinary, nullable=False))


class OpeningRow(SQLModel, table=True):
    """An opening, stored as hashed; ``ord`` is the place of its digest in the entry's ``sd``."""

    __tablename__ = "openings"
    __table_args__ = (_STRICT_WITHOUT_ROWID,)
    metadata: ClassVar[MetaData] = _METADATA

    seq: int = Field(sa_column=_seq())
    ord: int = Field(sa_column=Column("ord", Integer, primary_key=True, autoincrement=False))
    stored: bytes = Field(sa_column=Column("bytes", LargeBinary, nullable=False))


class KeyRow(SQLModel, table=True):
    """An idempotency key with the entry that carries it and the digest of its content."""

    __tablename__ = "keys"
    __table_args__ = (
        CheckConstraint('length("key") = 32', name="key_has_32_bytes"),
        CheckConstraint("length(content) = 32", name="content_has_32_bytes"),
        _STRICT_WITHOUT_ROWID,
    )
    metadata: ClassVar[MetaData] = _METADATA

    key: bytes = Field(sa_column=Column("key", LargeBinary, primary_key=True))
    seq: int = Field(sa_column=_seq())
    content: bytes = Field(sa_column=Column("content", LargeBinary, nullable=False))


class MetaRow(SQLModel, table=True):
    """A named text about the ledger: format, origin, peaks and vkey."""

    __tablename__ = "meta"
    __table_args__ = (_STRICT_WITHOUT_ROWID,)
    metadata: ClassVar[MetaData] = _METADATA

    name: str = Field(sa_column=Column("name", Text, primary_key=True))
    value: str = Field(sa_column=Column("value", Text, nullable=False))


class NewFile:
    """A database file that is being made under another name; it satisfies ``NewDatabase``."""

    def __init__(self, files: Files, *, origin: str, vkey: str) -> None:
        """Make the empty ledger, under the name that says that it is unfinished.

        Raises:
            LedgerError: If the disk refuses; what was begun is taken away again.
        """
        self._files = files
        self._store: SqliteStore | None = None
        self._in_doubt = False
        try:
            create_database(files.partial, origin=origin, vkey=vkey)
        except BaseException:
            self.discard()
            raise

    def store(self) -> SqliteStore:
        """Return the empty ledger, open for appending; it is closed by commit and discard."""
        self._store = self._store or SqliteStore(self._files.partial, writable=True)
        return self._store

    def commit(self) -> None:
        """Give the file its name.

        Raises:
            OSError: If the disk refuses.
        """
        # Closing the last connection moves the write-ahead log into the file.
        self._close()
        self._in_doubt = True  # from here on the ledger may be there, under its name
        try:
            self._files.partial.rename(self._files.database)
            sync_folder(self._files.database)
        except BaseException:
            # Where it has not got the name, whoever has it is another.
            if not self._files.partial.exists():
                self._files.database.unlink(missing_ok=True)
            self._in_doubt = False
            raise

    def discard(self) -> bool:
        """Take the file away, as far as the disk lets us, and return whether that is certain."""
        self._close()
        for end in _ENDS:
            with suppress(OSError):
                self._files.partial.with_name(self._files.partial.name + end).unlink(
                    missing_ok=True
                )
        return not self._in_doubt

    def _close(self) -> None:
        """Close the store, if it was opened."""
        if self._store is not None:
            self._store.close()


def create_database(path: Path, *, origin: str, vkey: str) -> None:
    """Create an empty ledger database.

    Args:
        path: Where; there must be no file yet.
        origin: Name of the ledger.
        vkey: Text of the key that signs its checkpoints.

    Raises:
        LedgerError: If SQLite cannot write there.
    """
    engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    event.listen(engine, "connect", _durable)
    try:
        with engine.begin() as connection:
            _fill(connection, origin, vkey)
    except SQLAlchemyError as error:
        raise LedgerError(
            f"the database cannot be created: {error.__cause__ or error}", where=str(path)
        ) from error
    finally:
        engine.dispose()


def _fill(connection: Connection, origin: str, vkey: str) -> None:
    """Create tables, meta rows and triggers."""
    _METADATA.create_all(connection)
    meta = {
        "format": FORMAT,
        "origin": origin,
        "peaks": CompactRange().encode(),
        "vkey": vkey,
    }
    rows = [{"name": name, "value": value} for name, value in meta.items()]
    connection.execute(insert(_METADATA.tables["meta"]), rows)
    # The triggers come last: they close the meta table to new rows.
    for sql in TRIGGERS.values():
        connection.exec_driver_sql(sql.strip())
    _assert_published(connection)


def _durable(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
    """Set what is kept in the file, and what makes the creation itself durable."""
    # Before anything is written: WAL fixes it.
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _assert_published(connection: Connection) -> None:
    """Stop if the declarations no longer give the published schema."""
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_schema").all()
    assert {name: normal(sql) for name, sql in found} == PUBLISHED
