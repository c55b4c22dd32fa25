"""Inputs are what both sides of a benchmark read: tables, and ledgers imported from them."""

from __future__ import annotations

import gc
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from test_bulk import month

from ledger.cli.app import COLLECT_AFTER, run
from ledger.cli.context import Context

from .stage import Stage

ORIGIN = "ledger.example/lab-a"
DAY = ("--as-of", "2026-11-26", "--in-force-on", "2026-11-26", "--law-known-on", "2026-11-26")
TABLES = {
    "entries": "SELECT seq, bytes, hash FROM entries ORDER BY seq",
    "openings": "SELECT seq, ord, bytes FROM openings ORDER BY seq, ord",
    "keys": 'SELECT "key", seq, content FROM keys ORDER BY seq',
}
TABLE_MAX = 1_000_000  # rows of a file; a table of more is a folder of files
Rows = list[tuple[object, ...]]


def table(stage: Stage) -> None:
    """Make the table of so many allocations."""
    table_of(stage.inputs, stage.size)


def ledger(stage: Stage) -> None:
    """Make the ledger that was imported from the table of so many allocations."""
    ledger_of(stage.inputs, stage.size)


def table_of(inputs: Path, rows: int) -> Path:
    """Return the table of so many allocations, made if it is not there: a file, or a folder."""
    folder = inputs / f"table-{rows}"
    for start in range(0, rows, TABLE_MAX):
        path = folder / (f"month-{start:09d}.csv" if rows > TABLE_MAX else "month.csv")
        write_table(path, min(TABLE_MAX, rows - start), start)
    return folder if rows > TABLE_MAX else folder / "month.csv"


def write_table(path: Path, rows: int, after: int = 0) -> None:
    """Write a table of so many allocations, unless it is there."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        draft = path.with_suffix(".part")
        month(draft, rows, after)
        draft.rename(path)


def ledger_of(inputs: Path, rows: int) -> Path:
    """Return the folder of the ledger of so many allocations, made if it is not there."""
    folder = inputs / f"ledger-{rows}"
    if not folder.exists():
        draft = inputs / f"ledger-{rows}.part"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        with within(draft):
            founded()
            flopledger("import", str(table_of(inputs, rows)), "-o", os.devnull)
        draft.rename(folder)
    return folder


def flopledger(*arguments: str) -> None:
    """Run a command of the program in this process, as it runs in its own; it must go well."""
    gc.set_threshold(*COLLECT_AFTER)
    status = run(["--quiet", *arguments])
    assert status == 0, (arguments, status)


def founded() -> None:
    """Found a ledger in the current folder."""
    flopledger("init", "--origin", ORIGIN)


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """Work in a folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def context_of(folder: Path) -> Context:
    """Return the options that name the ledger of a folder."""
    return Context(folder / "ledger.db", None, quiet=True, no_input=True, debug=False)


def rows_of(folder: Path, name: str = "entries") -> Rows:
    """Return the rows of a table of a ledger."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return connection.execute(TABLES[name]).fetchall()


def payloads_of(folder: Path) -> list[bytes]:
    """Return the bytes of all entries of a ledger."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        return [data for (data,) in connection.execute("SELECT bytes FROM entries ORDER BY seq")]


def stored(path: Path) -> list[int]:
    """Return how many entries a database holds, and how many bytes they have."""
    with closing(sqlite3.connect(path)) as connection:
        return list(
            connection.execute("SELECT count(*), sum(length(bytes)) FROM entries").fetchone()
        )
