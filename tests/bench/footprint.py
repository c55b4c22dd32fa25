"""A footprint is the memory a command needs and the room a ledger takes: B5, B5v, B5c and B9."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from ledger.stores.schema import PAGE_BYTES

from .benchmark import Absolute, Benchmark, Bound
from .bulk import INSERT, PLAIN
from .check import prepare as prepare_segments
from .check import summed
from .inputs import founded, ledger, ledger_of, payloads_of, rows_of, stored, table_of, within
from .stage import Stage

SMALLER = 16


def peak(hold: float, aim: float) -> Absolute:
    """Return the bound on the memory of a candidate, in MB."""
    bound = Bound("<=", hold, aim, " MB")
    return Absolute("peak of the candidate", bound, lambda run, _: run.peak_mb)


def most(hold: float, aim: float) -> Absolute:
    """Return the bound on the memory of the largest process of a candidate, in MB."""
    bound = Bound("<=", hold, aim, " MB")
    return Absolute("peak of its largest process", bound, lambda run, _: run.value("figure") / 1e6)


def tables(stage: Stage) -> None:
    """Make a table and one of a sixteenth of its size."""
    for size in (stage.size, stage.size // SMALLER):
        table_of(stage.inputs, size)


def ledgers(stage: Stage) -> None:
    """Make a ledger and one of a sixteenth of its size."""
    for size in (stage.size, stage.size // SMALLER):
        ledger_of(stage.inputs, size)


def segments(stage: Stage) -> None:
    """Make segments, and a fifth as many."""
    for size in (stage.size, stage.size // 5):
        prepare_segments(Stage(stage.inputs, stage.work, size))


def import_large(stage: Stage) -> bool:
    """Import the table as a user does, in a process of its own."""
    path = table_of(stage.inputs, stage.size)
    with within(stage.work):
        founded()
    stage.figure = _largest("import", str(path), "-o", os.devnull, folder=stage.work)
    return stored(stage.work / "ledger.db")[0] == stage.size


def import_small(stage: Stage) -> bool:
    """Import a sixteenth."""
    stage.size //= SMALLER
    return import_large(stage)


def verify_large(stage: Stage) -> bool:
    """Verify the ledger as a user does, with two processes; the largest of the three counts."""
    folder = ledger_of(stage.inputs, stage.size)
    stage.figure = _largest("verify", "--processes", "2", folder=folder)
    return True


def _largest(*arguments: str, folder: Path) -> float:
    """Run a command, and return the most memory that one of its processes held, in bytes."""
    command, held = [sys.executable, "-m", "ledger", *arguments], 0
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            held = max(held, *(_held_kib(each) for each in (process.pid, *_children(process.pid))))
            time.sleep(0.02)
    assert process.returncode == 0
    return held * 1024.0


def _children(pid: int) -> list[int]:
    """Return the processes that a process began; none if it is gone."""
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _held_kib(pid: int) -> int:
    """Return the most memory a process has held, in KiB; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def verify_small(stage: Stage) -> bool:
    """Verify a sixteenth."""
    stage.size //= SMALLER
    return verify_large(stage)


def fold_large(stage: Stage) -> bool:
    """Add up all segments; every row is in the sums."""
    totals = summed(stage).totals
    assert totals["rows"].sum() + totals["later"].sum() == stage.size
    return True


def fold_small(stage: Stage) -> bool:
    """Add up a fifth of them."""
    stage.size //= 5
    return fold_large(stage)


def kept(stage: Stage) -> int:
    """Measure a database that holds the table of entries alone, in pages like the ledger's."""
    rows = rows_of(ledger_of(stage.inputs, stage.size))
    path = stage.work / "entries.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        connection.execute(PLAIN)
        connection.executemany(INSERT, rows)
    stage.figure = float(path.stat().st_size)
    return len(rows)


def weighed(stage: Stage) -> int:
    """Add up the canonical bytes of the entries."""
    payloads = payloads_of(ledger_of(stage.inputs, stage.size))
    stage.figure = float(sum(map(len, payloads)))
    return len(payloads)


def whole(stage: Stage) -> int:
    """Measure the ledger's database whole: entries, openings, keys and their index."""
    folder = ledger_of(stage.inputs, stage.size)
    files = (folder / "ledger.db", folder / "ledger.db-wal")
    stage.figure = float(sum(path.stat().st_size for path in files if path.exists()))
    return len(payloads_of(folder))


BENCHMARKS = (
    Benchmark(
        "B5",
        "peak memory of an import of 800,000 rows ÷ of 50,000",
        import_large,
        import_small,
        tables,
        800_000,
        "rows",
        Bound("<=", 1.15, 1.05),
        measure="figure",
        absolute=(most(300, 200),),
        least=SMALLER * 10,
    ),
    Benchmark(
        "B5v",
        "peak memory of the largest process that verifies 800,000 entries ÷ 50,000",
        verify_large,
        verify_small,
        ledgers,
        800_000,
        "entries",
        None,
        measure="figure",
        absolute=(most(120, 60),),
        least=SMALLER * 10,
    ),
    Benchmark(
        "B5c",
        "peak memory of adding up 50,000,000 rows of Parquet ÷ 10,000,000",
        fold_large,
        fold_small,
        segments,
        50_000_000,
        "rows",
        Bound("<=", 1.3, 1.1),
        measure="peak",
        absolute=(peak(500, 300),),
        least=100,
    ),
    Benchmark(
        "B9",
        "size of the table of entries on disk ÷ sum of their canonical bytes",
        kept,
        weighed,
        ledger,
        200_000,
        "entries",
        Bound("<=", 1.5, 1.3),
        measure="figure",
        least=1_000,
    ),
    Benchmark(
        "B9w",
        "size of the whole database, keys and index included ÷ sum of the canonical bytes",
        whole,
        weighed,
        ledger,
        200_000,
        "entries",
        Bound("<=", 1.75, 1.5),
        measure="figure",
        least=1_000,
        note="No bound is published for the whole database; this one is ours.",
    ),
)
