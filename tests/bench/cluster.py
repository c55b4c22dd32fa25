"""A cluster runs the same sums on several workers; this is the seat of B8."""

from __future__ import annotations

from .benchmark import Benchmark, Bound
from .check import folded, prepare

BENCHMARKS = (
    Benchmark(
        "B8",
        "Dask futures ÷ a pool of processes on this machine, after start-up",
        folded,
        folded,
        prepare,
        50_000_000,
        "rows",
        Bound("<=", 2.0, 1.3),
        seat="the engine on Dask is not in this checkout",
    ),
)
