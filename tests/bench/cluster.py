"""A cluster runs the same sums on several workers, and confirms them: B8."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

from ledger.engines.partials import Partial, merge_sums, partial_sums

from .benchmark import Benchmark, Bound
from .check import ANSWERS, batches_of, digest_of, prepare
from .stage import Stage

WORKERS = 2


def clustered(stage: Stage) -> dict[str, str]:
    """Add up on a cluster that was started before: every batch twice, and some here as well."""
    from distributed import LocalCluster  # noqa: PLC0415 - only this side needs it

    from ledger.engines.dask import Cluster  # noqa: PLC0415
    from ledger.engines.means import Means  # noqa: PLC0415

    batches = [
        replace(batch, digests=tuple(_sha256(str(path)) for path in batch.paths))
        for batch in batches_of(stage)
    ]
    local = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with local as cluster:
        run = Cluster(Means(cluster.scheduler_address))
        list(run(partial_sums, batches[:1]))  # workers have loaded what they need
        with stage.timed():
            sums = merge_sums(run(partial_sums, batches))
    return _answers(sums)


def pooled(stage: Stage) -> dict[str, str]:
    """Add up in processes of this machine that were started before."""
    batches = list(batches_of(stage))
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial_sums, batches[:1] * WORKERS))
        with stage.timed():
            sums = merge_sums(pool.map(partial_sums, batches))
    return _answers(sums)


def _answers(sums: Partial) -> dict[str, str]:
    """Return a digest of each table of sums."""
    return {name: digest_of(getattr(sums, name)) for name in ANSWERS}


def _sha256(path: str) -> str:
    """Return the digest of a file."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


BENCHMARKS = (
    Benchmark(
        "B8",
        "Dask futures ÷ a pool of processes on this machine, after start-up",
        clustered,
        pooled,
        prepare,
        50_000_000,
        "rows",
        Bound("<=", 2.0, 1.3),
        needs=("distributed",),
        note="The cluster adds up every batch twice, on two workers, and reads each file's digest; "
        "the pool does neither.",
    ),
)
