"""A refusal of PostgreSQL, or of the way to it, as an error that says what to do."""

from __future__ import annotations

import re

import psycopg

from ledger.errors import HeadMovedError, InputError, IntegrityError, LedgerError, MissingError
from ledger.stores.address import Address
from ledger.stores.keyfiles import Files

__all__ = ["LOCK_MS", "absent", "translate", "unreachable"]

LOCK_MS = 5000
"""How long a writer waits for another."""

_AUTHENTICATION = re.compile(r"authentication|no pg_hba\.conf entry|no password|role .* not exist")
_WAITED = ("55P03", "40001", "40P01", "57014")
_LOST = ("08", "57P")
_OUTSIDE = ("53", "58", "25")
_LIMIT = 300  # characters of a server's message that are shown


def absent(address: Address, files: Files) -> LedgerError:
    """Return the error for a database without a ledger: never founded, or lost."""
    if files.checkpoints.exists() and not files.partial.exists():
        return IntegrityError(
            f"the ledger in {address} is gone, its checkpoints are there",
            where=str(files.checkpoints),
            why="the checkpoints were signed over entries that nobody can read now",
            remedy="put the newest backup of the database back; do not begin a new ledger here",
        )
    return MissingError(
        f"there is no ledger in {address}",
        remedy="flopledger init --origin NAME, or name the database with --ledger URL",
    )


def unreachable(error: psycopg.Error, address: Address) -> LedgerError:
    """Return the error for a connection that could not be made.

    The driver's words are shown only where they are a server's or a system's answer: what it says
    of an address that it cannot read repeats parts of it, and so perhaps of a password.
    """
    if not isinstance(error, psycopg.OperationalError):
        return InputError("the driver cannot read the address of the ledger", where=address.shown)
    said = _last_line(error)
    if "does not exist" in said and "database" in said:
        return MissingError(
            f"the server has no database {address.database}",
            where=address.shown,
            remedy=f"createdb {address.database}, then: flopledger init --origin NAME",
        )
    if _AUTHENTICATION.search(said):
        return LedgerError(
            "the server lets this user not in",
            where=address.shown,
            why=said,
            remedy="check user and password: PGPASSWORD, or a line in ~/.pgpass with mode 0600",
        )
    return LedgerError(
        "the server cannot be reached",
        where=address.shown,
        why=said,
        remedy="check host and port, and that the server runs: pg_isready",
    )


def translate(error: psycopg.Error, address: Address) -> LedgerError:
    """Return our error for one of the server's."""
    state, where, said = error.sqlstate or "", address.shown, _last_line(error)
    if state in _WAITED:
        return HeadMovedError(
            f"another writer holds the ledger for more than {LOCK_MS // 1000} s",
            where=where,
            remedy="wait until it is done and run the same command again",
        )
    if state.startswith(_LOST) or (not state and isinstance(error, psycopg.OperationalError)):
        return LedgerError(
            f"the connection to the server broke: {said}",
            where=where,
            why="whether the last step was stored is not known; a step is stored whole or not",
            remedy="run the same command again: what is there already is not added twice",
        )
    if state == "42501":
        return LedgerError(
            f"this user may not do that: {said}",
            where=where,
            remedy="use the role that writes; schemas/store-postgres.v1.md says what it is given",
        )
    if state.startswith(_OUTSIDE):
        return LedgerError(
            f"the database cannot be used: {said}",
            where=where,
            remedy="check free space, memory and the log of the server",
        )
    if state.startswith("23") or state == "P0001":
        return IntegrityError(
            f"the database refuses the rows: {said}",
            where=where,
            why="they do not fit what is stored",
            remedy="flopledger verify says what is wrong",
        )
    return IntegrityError(
        f"the database is damaged: {said}",
        where=where,
        why="its rows cannot be read as they were written",
        remedy="keep it as evidence and put back a copy that verifies",
    )


def _last_line(error: psycopg.Error) -> str:
    """Return what the server says, in one line; a connection error ends with its cause."""
    said = error.diag.message_primary or str(error).strip().rpartition("\n")[2]
    return said.strip()[:_LIMIT]
