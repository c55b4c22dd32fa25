"""A connection to a PostgreSQL server: opened with the settings that durability needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from ledger.errors import InputError
from ledger.stores.address import Address
from ledger.stores.postgres_refusals import LOCK_MS, translate, unreachable

__all__ = [
    "SERVER",
    "SESSION",
    "VERSION_MIN",
    "WRITER",
    "Connection",
    "connect",
    "setting",
    "translated",
]

Connection = psycopg.Connection[tuple[Any, ...]]

VERSION_MIN = 15
"""The oldest version that can be used; tests run on 16 and 18."""

_CONNECT_S = 10

# What a session sets, and must read back.
SESSION: Mapping[str, str] = {
    "search_path": "pg_catalog",  # every table is named with its schema
    "lock_timeout": f"{LOCK_MS // 1000}s",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
WRITER: Mapping[str, str] = {
    "synchronous_commit": "on",  # a commit that returned survives a power cut
    "default_transaction_read_only": "off",
}
READER: Mapping[str, str] = {"default_transaction_read_only": "on"}
# What the server decides, and must have decided so.
SERVER: Mapping[str, str] = {
    "fsync": "on",
    "server_encoding": "UTF8",
    "session_replication_role": "origin",
}


def connect(address: Address, *, writable: bool) -> Connection:
    """Open a connection and refuse to go on where a setting does not hold.

    Args:
        address: Which database.
        writable: Whether entries may be appended; a reader changes nothing.

    Raises:
        MissingError: If the server has no such database.
        LedgerError: If the server cannot be reached or does not let the user in.
        InputError: If it is too old, or a setting does not hold.
    """
    try:
        connection = psycopg.connect(
            address.url,
            autocommit=True,
            application_name="flopledger",
            client_encoding="UTF8",
            connect_timeout=_CONNECT_S,
        )
    except psycopg.Error as error:
        raise unreachable(error, address) from None
    try:
        _check_version(connection, address)
        _set_up(connection, address, {**SESSION, **(WRITER if writable else READER)})
    except BaseException:
        connection.close()
        raise
    return connection


def setting(connection: Connection, name: str) -> str:
    """Return what the server reports for a setting."""
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


@contextmanager
def translated(address: Address) -> Iterator[None]:
    """Turn the server's errors into ours."""
    try:
        yield
    except (psycopg.ProgrammingError, psycopg.InterfaceError) as error:
        # Without a state they are a mistake of ours, as a store used after it was closed.
        if error.sqlstate is None:
            raise
        raise translate(error, address) from error
    except psycopg.Error as error:
        raise translate(error, address) from error


def _check_version(connection: Connection, address: Address) -> None:
    """Refuse a server that is too old."""
    version = connection.info.server_version // 10_000
    if version < VERSION_MIN:
        raise InputError(
            f"the server is PostgreSQL {version}, the ledger needs {VERSION_MIN} or newer",
            where=address.shown,
            remedy="move the database to a newer server",
        )


def _set_up(connection: Connection, address: Address, settings: Mapping[str, str]) -> None:
    """Set every setting and refuse to go on where the server reports another value."""
    with translated(address):
        for name, value in settings.items():
            connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        found = {name: setting(connection, name) for name in (*settings, *SERVER)}
    for name, value in {**settings, **SERVER}.items():
        if found[name] != value:
            raise InputError(
                f"the server keeps {name} at {found[name]}, the ledger needs {value}",
                where=address.shown,
                why="without it a commit could be lost or a guard passed by",
                remedy="use a server and a role with the usual settings",
            )
