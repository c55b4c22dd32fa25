"""A durable append, one at a time, against one insert and commit of SQLite: B2 and B2n."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sealed import fill, found, identity, leg, opened

from ledger.log import Log
from ledger.record import Draft, draft_of

from .benchmark import Benchmark, Bound
from .bulk import INSERT, PLAIN, raw
from .inputs import context_of, payloads_of, stored
from .stage import Stage

APPENDS = 300
FOUND = "found"
CHUNK = 5_000
SMALL = 1_000
TOGETHER = 1_000


def drafts(number: int, start: int = 0) -> Iterator[Draft]:
    """Yield allocations without confidential fields, no two of them alike."""
    for place in range(start, start + number):
        made = leg(place)
        body = {k: v for k, v in made.body.items() if not k.endswith("_pseudonym")}
        yield draft_of("allocation", body, key=made.key)


def grown(inputs: Path, size: int, name: str = FOUND) -> Path:
    """Return the folder of a ledger of so many entries, made if it is not there."""
    folder = inputs / f"{name}-{size}"
    if not folder.exists():
        draft = inputs / f"{name}-{size}.part"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        context = found(draft)
        starts = range(0, size, CHUNK)
        fill(context, *(drafts(min(CHUNK, size - start), start) for start in starts))
        draft.rename(folder)
    return folder


def growing(inputs: Path, size: int) -> Path:
    """Return the folder of a ledger for appending in its place, which no other side reads.

    To copy a ledger of a million entries takes longer than to append to it.
    """
    return grown(inputs, size, f"{FOUND}-grown")


def prepare(stage: Stage) -> None:
    """Make a small ledger with fixed keys, and the entries that appends lead to."""
    grown(stage.inputs, 100)
    grown(stage.inputs, 100 + stage.size)


def prepare_sizes(stage: Stage) -> None:
    """Make a large ledger and one of a thousand entries."""
    growing(stage.inputs, stage.size)
    grown(stage.inputs, SMALL)


@contextmanager
def log_in(folder: Path) -> Iterator[Log]:
    """Open the ledger of a folder for appending; its ids are none that it has."""
    context = context_of(folder)
    with opened(context, identity(seed=f"bench {stored(context.ledger)}")) as log:
        yield log


def appended(stage: Stage) -> list[int]:
    """Append one at a time to a ledger of a hundred entries, each with its signed checkpoint."""
    made, folder = list(drafts(stage.size, 100)), stage.copied(grown(stage.inputs, 100))
    with log_in(folder) as log:
        for draft in made:
            with stage.lap():
                log.append([draft])
    return stored(folder / "ledger.db")


def inserted(stage: Stage, after: Callable[[], None] = lambda: None) -> list[int]:
    """Insert the same bytes one at a time, each committed; hashing is in the time."""
    folder = grown(stage.inputs, 100 + stage.size)
    rows = list(enumerate(payloads_of(folder)))
    with closing(raw(stage.work / "raw.db", PLAIN)) as connection:
        for seq, data in rows[:100]:
            connection.execute(INSERT, (seq, data, bytes(32)))
        for seq, data in rows[100:]:
            with stage.lap():
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(INSERT, (seq, data, hashlib.sha256(b"\x00" + data).digest()))
                connection.execute("COMMIT")
                after()
    return stored(stage.work / "raw.db")


def inserted_and_noted(stage: Stage) -> list[int]:
    """Do the same, and flush a note of 300 bytes to a second file after each commit."""
    with (stage.work / "notes").open("wb", buffering=0) as notes:
        return inserted(stage, lambda: _noted(notes.fileno()))


def _noted(descriptor: int) -> None:
    """Write a note, and wait until it is on the disk."""
    os.write(descriptor, bytes(300))
    os.fdatasync(descriptor)


def appended_to_large(stage: Stage) -> int:
    """Append to a ledger of so many entries, in its place: it grows by a few."""
    return _more(stage, growing(stage.inputs, stage.size))


def appended_to_small(stage: Stage) -> int:
    """Append to a ledger of a thousand entries."""
    return _more(stage, stage.copied(grown(stage.inputs, SMALL)))


def _more(stage: Stage, folder: Path) -> int:
    """Append one at a time; return how many were added."""
    size, _ = stored(folder / "ledger.db")
    made = list(drafts(APPENDS, size))
    with log_in(folder) as log:
        added = 0
        for draft in made:
            with stage.lap():
                added += len(log.append([draft]).new)
    return added


def appended_together(stage: Stage) -> list[int]:
    """Append a thousand records a transaction, each behind one note."""
    return _all(stage, TOGETHER)


def appended_singly(stage: Stage) -> list[int]:
    """Append one record a transaction."""
    return _all(stage, 1)


def _all(stage: Stage, together: int) -> list[int]:
    """Append as many records, so many a transaction."""
    made, folder = list(drafts(stage.size, 100)), stage.copied(grown(stage.inputs, 100))
    with log_in(folder) as log, stage.timed():
        for start in range(0, stage.size, together):
            log.append(made[start : start + together])
    return stored(folder / "ledger.db")


BENCHMARKS = (
    Benchmark(
        "B2",
        "median durable append through the library ÷ sqlite3 insert and commit, FULL",
        appended,
        inserted,
        prepare,
        APPENDS,
        "appends",
        Bound("<=", 2.0, 1.4),
        measure="lap",
        note="Each append is sealed, linked, committed, read back, signed, and its checkpoint "
        "flushed to a second file: two flushes against one.",
    ),
    Benchmark(
        "B2f",
        "sqlite3 insert, commit and a note flushed to a second file ÷ insert and commit alone",
        inserted_and_noted,
        inserted,
        prepare,
        APPENDS,
        "appends",
        None,
        measure="lap",
        note="What the second flush costs alone: no library that flushes twice is below it.",
    ),
    Benchmark(
        "B2k",
        "records appended 1,000 a transaction ÷ one a transaction",
        appended_together,
        appended_singly,
        prepare,
        3 * TOGETHER,
        "appends",
        None,
        note="A record takes c + f/k where k are in one transaction: c is a 3,000th of the first "
        "time, near enough, and f that of the second without it.",
    ),
    Benchmark(
        "B2n",
        "the same at 1,000,000 entries ÷ at 1,000",
        appended_to_large,
        appended_to_small,
        prepare_sizes,
        1_000_000,
        "entries",
        Bound("<=", 1.25, 1.1),
        measure="lap",
        least=20,
    ),
)
