"""A cluster runs the same sums on several workers, and confirms them: B8 and B8d."""

from __future__ import annotations

import hashlib
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from secrets import SystemRandom

from ledger import __version__
from ledger.engines.answer import answer_batch, is_plausible, is_same
from ledger.engines.confirming import SAMPLE
from ledger.engines.partials import Batch, Partial, merge_sums, partial_sums
from ledger.engines.polars import far_batch

from .benchmark import Benchmark, Bound
from .check import ANSWERS, AS_OF, batches_of, digest_of, prepare, segments_of
from .stage import Stage

WORKERS = 2


def clustered(stage: Stage) -> dict[str, str]:
    """Add up on a cluster that was started before: every batch twice, or once and here."""
    from distributed import LocalCluster  # noqa: PLC0415 - only this side needs it

    from ledger.engines.dask import Cluster  # noqa: PLC0415
    from ledger.engines.means import Means  # noqa: PLC0415

    batches = far_batches(stage)
    local = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with local as cluster:
        run = Cluster(Means(cluster.scheduler_address))
        # Some are added up by two, so that all workers have loaded what they need.
        list(run(partial_sums, batches[:1] * 2 * WORKERS))
        with stage.timed():
            sums = merge_sums(run(partial_sums, batches))
    return _answers(sums)


def pooled_twice(stage: Stage) -> dict[str, str]:
    """Do the same tasks in processes of this machine, and compare as much."""
    batches = far_batches(stage)
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        add_up = partial(answer_batch, partial_sums, version=__version__)
        list(pool.map(add_up, batches[:1] * 2 * WORKERS))
        with stage.timed():
            size = -(-len(batches) // SAMPLE)
            here = set(SystemRandom().sample(range(len(batches)), size))
            first = pool.map(add_up, batches)
            rest = [batch for n, batch in enumerate(batches) if n not in here]
            again = pool.map(add_up, rest)
            own = {n: partial_sums(batches[n]) for n in here}
            found = []
            for n, (batch, answer) in enumerate(zip(batches, first, strict=True)):
                other = own[n] if n in here else next(again)
                assert isinstance(answer, Partial)
                assert isinstance(other, Partial)
                assert is_plausible(answer, batch)
                assert is_same(answer, other)
                found.append(answer)
            sums = merge_sums(found)
    return _answers(sums)


def pooled(stage: Stage) -> dict[str, str]:
    """Add up in processes of this machine that were started before."""
    batches = list(batches_of(stage))
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(partial_sums, batches[:1] * 2 * WORKERS))
        with stage.timed():
            sums = merge_sums(pool.map(partial_sums, batches))
    return _answers(sums)


def far_batches(stage: Stage) -> list[Batch]:
    """Return the batches that the engine sends to a cluster, with the digest of each file."""
    paths = segments_of(stage.inputs, stage.size)
    count = far_batch(len(paths))
    parts = [tuple(paths[start : start + count]) for start in range(0, len(paths), count)]
    return [Batch(part, stage.size, AS_OF, tuple(map(_sha256, part))) for part in parts]


def _answers(sums: Partial) -> dict[str, str]:
    """Return a digest of each table of sums."""
    return {name: digest_of(getattr(sums, name)) for name in ANSWERS}


def _sha256(path: Path) -> str:
    """Return the digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_sums = partial(
    Benchmark,
    candidate=clustered,
    prepare=prepare,
    size=50_000_000,
    unit="rows",
    needs=("distributed",),
)
BENCHMARKS = (
    _sums(
        id="B8",
        title="Dask futures ÷ the same tasks in a pool of processes on this machine, "
        "after start-up",
        baseline=pooled_twice,
        bound=Bound("<=", 2.0, 1.3),
        note="Both sides add up every batch twice, one of 32 once and once more in the process "
        "that asks, read the digest of each file each time, and hold the answers against each "
        "other. The cluster has two workers do it; the pool does not look who did.",
    ),
    _sums(
        id="B8d",
        title="the same ÷ a pool that adds up once and compares nothing",
        baseline=pooled,
        bound=None,
        note="The price of distrust: that of B8, and every sum made twice, digests read, answers "
        "put in order and compared, and batches that are no larger than a worker should fetch.",
    ),
)
