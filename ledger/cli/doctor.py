"""``flopledger doctor`` looks at the environment and at the ledger's files."""

from __future__ import annotations

import platform
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click

from ledger import __version__
from ledger.cli.clock import now
from ledger.cli.context import Context, pass_context
from ledger.cli.keeping import keepers_of
from ledger.cli.opening import files_of, location_of, newest_note
from ledger.cli.output import emit, output_options
from ledger.errors import IntegrityError, LedgerError
from ledger.log.secrecy import check_secret
from ledger.period import format_instant
from ledger.report.table import Column, Table
from ledger.resources import rules_root
from ledger.stores.contract import LedgerStore
from ledger.stores.keyfiles import Files, read_secret, too_open
from ledger.stores.notes import NotesFile

__all__ = ["doctor"]

EPILOG = """\b
Examples:
  flopledger doctor
"""

LIBRARIES = ("click", "cryptography", "msgspec", "polars", "pydantic", "pyyaml", "rich", "sqlmodel")
FREE_BYTES_MIN = 100_000_000
_SQLITE_MIN = (3, 37, 0)  # the first with STRICT tables


class Finding(NamedTuple):
    """What was looked at, how it is, and what to know or do."""

    check: str
    state: Literal["ok", "look", "bad"]
    detail: str


@click.command(epilog=EPILOG)
@output_options
@pass_context
def doctor(context: Context, *, fmt: str | None, output: str | None) -> int:
    """Look at the environment and the ledger's files; `verify` looks at its content.

    Exit status 1 says that something needs attention, 4 that the ledger is damaged.
    """
    findings = [*_environment(context), *_ledger(context)]
    document: dict[str, Any] = {
        "schema": "flopledger/doctor.v1",
        "findings": [finding._asdict() for finding in findings],
    }
    columns = (Column("check"), Column("state"), Column("detail", wide=True))
    emit(document, Table("", columns, tuple(findings)), fmt=fmt, output=output)
    states = {finding.state for finding in findings}
    return 4 if "bad" in states else 1 if "look" in states else 0


def _environment(context: Context) -> Iterator[Finding]:
    """Look at what the program runs on."""
    yield Finding("flopledger", "ok", __version__)
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform()}")
    old = sqlite3.sqlite_version_info < _SQLITE_MIN
    yield Finding("sqlite", "look" if old else "ok", sqlite3.sqlite_version)
    for name in LIBRARIES:
        try:
            yield Finding(name, "ok", version(name))
        except PackageNotFoundError:
            yield Finding(name, "look", "not installed: pip install flopledger")
    yield _tried("rules", lambda: str(rules_root(context.rules)))
    yield _tried("clock", lambda: format_instant(now()))


def _ledger(context: Context) -> Iterator[Finding]:
    """Look at the ledger's files, if there are any."""
    files, location = files_of(context), location_of(context)
    if not any(path.exists() for path in files.all()) and location.server is None:
        yield Finding("ledger", "ok", f"none at {files.database}: flopledger init --origin NAME")
        return
    try:
        with location.open(writable=True) as store:
            yield Finding("ledger", "ok", f"{store.origin()} at {location}")
            if location.server is not None:
                yield _server(store)
            yield _tried("head", lambda: _head(context, store))
            yield _tried("time", lambda: _time(store))
            yield _tried("key", lambda: _key(files, store))
            yield _tried("secret", lambda: _secret(files, store))
    except LedgerError as error:
        yield _fault("ledger", error)
        yield _tried("secret", lambda: f"{len(read_secret(files.secret))} bytes, not compared")
    for path in (files.key, files.secret):
        if path.exists() and too_open(path):
            yield Finding("permissions", "look", f"others can read {path}: chmod 600 {path}")
    yield _space(files.database.parent)


def _server(store: LedgerStore) -> Finding:
    """Look at the server, and at whether the role in use can do more than it needs."""
    from ledger.stores.postgres import PostgresStore  # noqa: PLC0415 - files need no driver

    assert isinstance(store, PostgresStore)
    number, role, owns = store.server()
    if owns:
        return Finding(
            "server",
            "look",
            f"PostgreSQL {number}; {role} can take the guards away: write as a role that only "
            "may INSERT and SELECT, init --writer ROLE",
        )
    return Finding("server", "ok", f"PostgreSQL {number}, as {role}")


def _head(context: Context, store: LedgerStore) -> str:
    """Compare the end of the database with the newest checkpoint."""
    notes = NotesFile(files_of(context).checkpoints)
    # Between commit and signature a writer has more entries than notes; and the note comes first,
    # since whatever it covers is in any later state of the database.
    with notes.settled():
        signed, torn = newest_note(context)[1].size, notes.tail().torn
        size = store.head().size
    if size < signed:
        raise IntegrityError(
            f"{size} entries, the newest checkpoint covers {signed}", remedy="flopledger verify"
        )
    if size > signed or torn:
        raise LedgerError(
            f"{size - signed} entries are unsigned",
            why="a crash came between commit and signature",
            remedy="the next append signs them",
        )
    return f"{size} entries, all signed"


def _time(store: LedgerStore) -> str:
    """Compare the clock with the last entry."""
    last, today = store.head().recorded_at, format_instant(now())
    if last > today:
        raise LedgerError(
            f"the last entry was recorded {last}, the clock says {today}",
            remedy="set the clock; until then new entries carry the time of the last",
        )
    return f"last entry {last}" if last else "no entry yet"


def _key(files: Files, store: LedgerStore) -> str:
    """Compare the key file with the key that the ledger states."""
    return keepers_of(files, store).signer.verifier.encode()


def _secret(files: Files, store: LedgerStore) -> str:
    """Compare the secret with the newest entry that was sealed with it."""
    secret = read_secret(files.secret)
    check_secret(store, store.head().size, secret, str(files.secret))
    return f"{len(secret)} bytes in {files.secret}"


def _space(folder: Path) -> Finding:
    """Look at the free space."""
    free = shutil.disk_usage(folder).free
    state: Literal["ok", "look"] = "ok" if free >= FREE_BYTES_MIN else "look"
    return Finding("free space", state, f"{free // 1_000_000} MB")


def _tried(check: str, look: Callable[[], str]) -> Finding:
    """Return what a look gave, or the error as a finding."""
    try:
        return Finding(check, "ok", look())
    except LedgerError as error:
        return _fault(check, error)


def _fault(check: str, error: LedgerError) -> Finding:
    """Return an error as a finding."""
    bad = isinstance(error, IntegrityError)
    detail = "; ".join(text for text in (error.message, error.where, error.remedy) if text)
    return Finding(check, "bad" if bad else "look", detail)
