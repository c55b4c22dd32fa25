"""Groups tell sums apart: what many of them cost, and what merging them does. B4g, B4h and B4m."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, partial

from ledger.engines.leaves import SEGMENT
from ledger.engines.partials import Batch, merge_sums, partial_sums
from ledger.engines.polars import far_batch

from .benchmark import Benchmark, Bound
from .check import AS_OF, MODELS, batches_of, segments_of, sums_of
from .stage import Stage

FEW, MANY = 83, 170_000
"""Models whose legs come to some 1,000 and some 1,000,000 groups; 20,000 come to 120,000."""
FILES = 1_320
"""Segments that are there, six batches; of more, the first ones come again."""


def prepare_groups(stage: Stage) -> None:
    """Write segments of few models, of as many as elsewhere, and of many."""
    for models in (FEW, MODELS, MANY):
        segments_of(stage.inputs, stage.size, models)


def in_groups(stage: Stage, models: int) -> dict[str, str]:
    """Add up the legs of so many models; what all of them come to is always the same."""
    return added_up(stage, batches_of(stage, models))


def added_up(stage: Stage, batches: Iterable[Batch]) -> dict[str, str]:
    """Add up batches in this process; return what all of them come to."""
    asked = list(batches)
    with stage.timed():
        sums = merge_sums(map(partial_sums, asked))
    return sums_of(sums.totals, "lo", "hi", "rows")


def in_few(stage: Stage) -> dict[str, str]:
    """Add up in some thousand groups."""
    return in_groups(stage, FEW)


def in_some(stage: Stage) -> dict[str, str]:
    """Add up in some 120,000 groups."""
    return in_groups(stage, MODELS)


def in_many(stage: Stage) -> dict[str, str]:
    """Add up in some million groups."""
    return in_groups(stage, MANY)


def prepare_files(stage: Stage) -> None:
    """Write the segments that a large ledger is made of."""
    segments_of(stage.inputs, min(stage.size, FILES * SEGMENT))


def large_batches(stage: Stage) -> Iterator[Batch]:
    """Yield the batches that a cluster is given of a ledger of so many rows."""
    paths = segments_of(stage.inputs, min(stage.size, FILES * SEGMENT))
    count = -(-stage.size // SEGMENT)
    size = far_batch(count)
    for start in range(0, count, size):
        places = range(start, min(start + size, count))
        yield Batch(tuple(paths[n % len(paths)] for n in places), stage.size, AS_OF)


def merged(stage: Stage) -> dict[str, str]:
    """Merge the sums of every batch into one; adding up itself is not in the time."""
    # The same batches come again, and so do their sums.
    partials = list(map(cache(partial_sums), large_batches(stage)))
    with stage.timed():
        sums = merge_sums(partials)
    return sums_of(sums.totals, "lo", "hi", "rows")


def whole(stage: Stage) -> dict[str, str]:
    """Add up every batch in one process, and merge."""
    return added_up(stage, large_batches(stage))


_grouped = partial(
    Benchmark,
    baseline=in_few,
    prepare=prepare_groups,
    size=10_000_000,
    unit="rows",
    bound=None,
    note="No bound is published. Both sides add up the same amounts.",
)
BENCHMARKS = (
    _grouped(id="B4g", title="adding up in a million groups ÷ in a thousand", candidate=in_many),
    _grouped(id="B4h", title="adding up in 120,000 groups ÷ in a thousand", candidate=in_some),
    Benchmark(
        "B4m",
        "merging the sums of all batches of 10,000 segments ÷ adding them up and merging",
        merged,
        whole,
        prepare_files,
        10_000 * SEGMENT,
        "rows",
        Bound("<=", 0.02, 0.02),
        pairs=3,
        note="What one process does for all workers of a cluster: 46 batches, each with all of "
        "120,000 groups. Six batches are different, and the others the same again. Three pairs of "
        "runs: each takes minutes.",
    ),
)
