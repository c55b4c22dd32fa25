"""The catalogue holds all benchmarks in the order in which they are told."""

from __future__ import annotations

from importlib import import_module

from .benchmark import Benchmark

MODULES = (
    *("width", "bulk", "durable", "verifying", "check", "groups", "footprint", "proof"),
    *("startup", "cluster", "peers", "writers"),
)


def benchmarks() -> dict[str, Benchmark]:
    """Return every benchmark by its id."""
    held = [one for name in MODULES for one in import_module(f"{__package__}.{name}").BENCHMARKS]
    held.sort(key=lambda one: place_of(one.id))
    return {one.id: one for one in held}


def place_of(name: str) -> tuple[str, int, str]:
    """Return where an id stands: B2 before B10, then by what follows the number."""
    digits = "".join(c for c in name[1:] if c.isdigit())
    return name[0], int(digits), name[1 + len(digits) :]
