"""A location is where a ledger is kept: in a file, or in a database on a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ledger.errors import MissingError
from ledger.stores.address import Address
from ledger.stores.contract import LedgerStore
from ledger.stores.keyfiles import Files
from ledger.stores.sqlite import SqliteStore

__all__ = ["Location", "NewDatabase"]


class NewDatabase(Protocol):
    """A database that is being made: nobody else sees it before it is committed."""

    def store(self) -> LedgerStore:
        """Return the empty ledger, open for appending; it is closed by commit and discard."""
        ...

    def commit(self) -> None:
        """Let it appear, whole and durable.

        Raises:
            LedgerError: If the disk or the server refuses.
        """
        ...

    def discard(self) -> bool:
        """Take it away, and return whether that is certain."""
        ...


@dataclass(frozen=True, slots=True)
class Location:
    """Where one ledger is kept.

    Attributes:
        files: Its local files. For a ledger on a server the database is not among them: its
            name is only what the names of the others begin with.
        server: The address of its database, or None for a file.
    """

    files: Files
    server: Address | None = None

    def __str__(self) -> str:
        """Return the place as it may be shown: no password stands in it."""
        return str(self.files.database) if self.server is None else self.server.shown

    def local(self) -> tuple[Path, ...]:
        """Return every local file that makes up the ledger."""
        files = self.files.all()
        return files if self.server is None else files[1:]

    def open(self, *, writable: bool = False) -> LedgerStore:
        """Open the ledger.

        Raises:
            MissingError: If there is no ledger, or the driver of its server is not installed.
            LedgerError: If it cannot be opened; see the stores.
        """
        if self.server is None:
            return SqliteStore(self.files.database, writable=writable)
        try:
            from ledger.stores.postgres import PostgresStore  # noqa: PLC0415 - files need no driver
        except ImportError as error:
            raise no_driver() from error
        return PostgresStore(self.server, self.files, writable=writable)

    def create(self, origin: str, vkey: str, writer: str | None = None) -> NewDatabase:
        """Begin an empty ledger.

        Args:
            origin: Name of the ledger.
            vkey: Text of the key that signs its checkpoints.
            writer: Role of the server that may append to it, besides the one that creates it.

        Raises:
            ConflictError: If there is one.
            MissingError: If the driver of the server is not installed.
            LedgerError: If the disk or the server refuses.
        """
        if self.server is None:
            # SQLModel takes half a second to load and serves only here.
            from ledger.stores.tables import NewFile  # noqa: PLC0415

            assert writer is None
            return NewFile(self.files, origin=origin, vkey=vkey)
        try:
            from ledger.stores.postgres_tables import NewSchema  # noqa: PLC0415 - as above
        except ImportError as error:
            raise no_driver() from error
        return NewSchema(self.server, self.files, origin=origin, vkey=vkey, writer=writer)


def no_driver() -> MissingError:
    """Return the error for a driver that is not installed."""
    return MissingError(
        "the PostgreSQL driver is not installed", remedy="pip install 'flopledger[postgres]'"
    )
