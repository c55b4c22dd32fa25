"""The tables of a ledger on a server: made, guarded and filled in one transaction."""

from __future__ import annotations

import psycopg
from psycopg import sql

from ledger.errors import ConflictError, InputError, LedgerError
from ledger.merkle import CompactRange
from ledger.stores.address import Address
from ledger.stores.keyfiles import Files
from ledger.stores.postgres import LOCK, PostgresStore
from ledger.stores.postgres_connection import connect, translated
from ledger.stores.postgres_schema import FORMAT, GRANTS, GUARDS, STATEMENTS

__all__ = ["NewSchema"]

_TAKEN = ("42P06", "42P07", "42723")  # somebody founded between our look and our statement


class NewSchema:
    """A schema ``flopledger`` that is being made; it satisfies ``NewDatabase``."""

    def __init__(
        self, address: Address, files: Files, *, origin: str, vkey: str, writer: str | None = None
    ) -> None:
        """Make the empty ledger in a transaction that is left open.

        Args:
            address: Which database; it must be there and hold no ledger.
            files: The local files of the ledger.
            origin: Name of the ledger.
            vkey: Text of the key that signs its checkpoints.
            writer: Role that may append, or None.

        Raises:
            ConflictError: If the database holds a ledger.
            InputError: If there is no such role.
            LedgerError: If the server refuses.
        """
        self._address = address
        self._files = files
        self._in_doubt = False
        self._connection = connect(address, writable=True)
        try:
            with translated(address):
                self._fill(origin, vkey, writer)
        except BaseException:
            self._connection.close()
            raise

    def store(self) -> PostgresStore:
        """Return the empty ledger, open for appending; it is closed by commit and discard."""
        return PostgresStore(self._address, self._files, connection=self._connection)

    def commit(self) -> None:
        """Let the ledger appear, whole and durable.

        Raises:
            LedgerError: If the server refuses, or its answer is lost.
        """
        self._in_doubt = True  # from here on only a refusal makes it certain that nothing is there
        try:
            with translated(self._address):
                self._connection.execute("COMMIT")
        except LedgerError:
            # An answer that was lost may have been a yes.
            self._in_doubt = self._connection.broken
            raise
        finally:
            self._connection.close()

    def discard(self) -> bool:
        """Take the ledger away by not committing, and return whether that is certain."""
        self._connection.close()
        return not self._in_doubt

    def _fill(self, origin: str, vkey: str, writer: str | None) -> None:
        """Create tables, rows and guards, and compare with what is published."""
        execute = self._connection.execute
        execute("BEGIN")
        execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        if execute("SELECT FROM pg_namespace WHERE nspname = 'flopledger'").fetchone():
            raise _taken(self._address)
        try:
            for statement in STATEMENTS:
                execute(statement)
        except psycopg.Error as error:
            raise _taken(self._address) if error.sqlstate in _TAKEN else error from error
        meta = {"format": FORMAT, "origin": origin, "vkey": vkey}
        for row in meta.items():
            execute("INSERT INTO flopledger.meta VALUES (%s, %s)", row)
        execute("INSERT INTO flopledger.heads VALUES (0, %s)", (CompactRange().encode(),))
        # The guards come last: they close the meta table to new rows.
        for statement in GUARDS:
            execute(statement)
        if writer is not None:
            self._grant(writer)
        store = self.store()
        if store.schema() != store.published():
            raise InputError(
                "the server does not give back the schema as it was declared",
                where=self._address.shown,
                why="verify could not tell it from an altered one",
                remedy="use a server of a version that is tested: PostgreSQL 16 or 18",
            )

    def _grant(self, writer: str) -> None:
        """Give a role what a writer needs, and no more."""
        known = self._connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (writer,))
        if known.fetchone() is None:
            raise InputError(
                f"the server knows no role {writer}",
                where="--writer",
                remedy=f"CREATE ROLE {writer} LOGIN, then run the same command again",
            )
        for grant in GRANTS:
            self._connection.execute(sql.SQL(grant).format(sql.Identifier(writer)))


def _taken(address: Address) -> ConflictError:
    """Return the error for a database that holds a ledger."""
    return ConflictError(
        f"there is already a ledger in {address}",
        why="a ledger is never overwritten; one database holds one",
        remedy="choose another database with --ledger: createdb NAME",
    )
