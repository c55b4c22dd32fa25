"""A real cluster on this machine for tests: a scheduler and three worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from supplied import supplied

from ledger.engines import partials
from ledger.engines.partials import Batch, Partial

WORKERS = 3
HONEST = partials.partial_sums


@dataclass(frozen=True, slots=True)
class Workers:
    """A scheduler with workers, and a connection over which tests make them misbehave."""

    address: str
    client: Any

    def live(self) -> list[str]:
        """Return the addresses of the workers, sorted."""
        return sorted(self.client.scheduler_info(n_workers=-1)["workers"])

    @contextmanager
    def behaving(self, name: str, *workers: str) -> Iterator[None]:
        """Make workers add up by another function of this module for a while."""
        self.client.run(behave, name, workers=list(workers))
        try:
            yield
        finally:
            self.client.run(behave, "HONEST")

    def kill(self, worker: str) -> None:
        """End a worker process as a machine that fails does."""
        os.kill(self.client.run(os.getpid, workers=[worker])[worker], signal.SIGKILL)

    def wait(self) -> None:
        """Wait until all workers are there again."""
        self.client.wait_for_workers(WORKERS, timeout=60)


@contextmanager
def clustered() -> Iterator[Workers]:
    """Start a cluster, and end it."""
    distributed = supplied("distributed", "distributed")
    with (
        distributed.LocalCluster(
            n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as cluster,
        distributed.Client(cluster.scheduler_address, set_as_default=False) as client,
    ):
        yield Workers(cluster.scheduler_address, client)


@contextmanager
def separate(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Workers]]:
    """Start a scheduler and workers as people do, each a program of its own."""
    distributed = supplied("distributed", "distributed")
    told = folder / "scheduler.json"
    dask, given = str(Path(sys.executable).with_name("dask")), ["--scheduler-file", str(told)]
    own = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment()}
    begun: list[subprocess.Popen[bytes]] = []
    try:
        command = [dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        begun.append(subprocess.Popen([*command, *given], **own))
        command = [dask, "worker", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
        begun.extend(subprocess.Popen([*command, *given], **own) for _ in range(WORKERS))
        with distributed.Client(
            scheduler_file=str(told), timeout=60, set_as_default=False
        ) as client:
            workers = Workers(client.scheduler.address, client)
            workers.wait()
            yield begun[0], workers
    finally:
        for process in begun:
            process.kill()
        for process in begun:
            process.wait()


def environment() -> dict[str, str]:
    """Return an environment in which workers find this module and the package."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def behave(name: str) -> None:
    """Put a function of this module in the place of the one that adds up, in a worker."""
    partials.partial_sums = globals()[name]


def shifting(batch: Batch) -> Partial:
    """Lie: move all work to another model; every total stays what it is."""
    made = HONEST(batch)
    return replace(made, totals=made.totals.with_columns(pl.lit("elsewhere").alias("model")))


def dropping(batch: Batch) -> Partial:
    """Lie: leave out the first group."""
    made = HONEST(batch)
    return replace(made, totals=made.totals.sort(made.totals.columns).slice(1))


def ungraded(batch: Batch) -> Partial:
    """Lie: leave out all capacity; the totals of operations stay what they are."""
    made = HONEST(batch)
    return replace(made, grades=made.grades.clear())


def babbling(_: Batch) -> Any:
    """Answer with what is no sum at all."""
    return {"totals": "all well"}


@dataclass(frozen=True, slots=True)
class Garbled:
    """Sums that are damaged on their way."""

    sums: Partial

    def __reduce__(self) -> Any:
        again, tables = self.sums.__reduce__()
        return again, tuple(data[: len(data) // 2] for data in tables)


def garbling(batch: Batch) -> Any:
    """Answer with what cannot be read."""
    return Garbled(HONEST(batch))


def sleeping(batch: Batch) -> Partial:
    """Be slow."""
    time.sleep(4)
    return HONEST(batch)


def lingering(batch: Batch) -> Partial:
    """Be slow enough to be killed at work."""
    time.sleep(0.3)
    return HONEST(batch)


def failing(_: Batch) -> Partial:
    """Fail as a file store does."""
    raise FileNotFoundError(2, "No such file or directory")


def listed(url: str) -> list[str]:
    """List a folder as other work in the same process may: the listing is kept there."""
    files, folder = supplied("fsspec.core", "fsspec").url_to_fs(url)
    found: list[str] = files.ls(folder, detail=False)
    return found


def unlearn() -> None:
    """Do as a worker does on which the package for a kind of store is not installed."""
    supplied("fsspec.registry", "fsspec")._registry.pop("s3", None)
    sys.modules["s3fs"] = None  # type: ignore[assignment]


def learn() -> None:
    """Install it."""
    del sys.modules["s3fs"]
