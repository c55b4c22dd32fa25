"""Partial sums of batches: how many wait before they are merged."""

from __future__ import annotations

import pytest
from ledgers import DAY, MODELS, MemoryLeaves, allocation, records

from ledger.engines import leaves, partials, polars
from ledger.engines.partials import Partial
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine

BOUND = 10


def test_partials_do_not_pile_up_before_they_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves, "SEGMENT", 4)
    monkeypatch.setattr(polars, "BATCH", 1)
    monkeypatch.setattr(partials, "_WAITING_MAX", BOUND)
    merged, seen = partials._merged, list[list[int]]()

    def noted(held: list[Partial]) -> Partial:
        seen.append([each.groups for each in held])
        return merged(held)

    monkeypatch.setattr(partials, "_merged", noted)
    held = records(*(allocation(model) for model in sorted(MODELS) * 12))
    source = MemoryLeaves(held)
    folded = PolarsEngine(source).fold(size=source.size, limit=source.size, as_of=DAY)
    assert len(seen) > 2
    for waiting in seen:
        # What was merged before is no part of what waits: it would be merged each time.
        assert len(waiting) > 1
        assert sum(waiting[1:-1]) <= BOUND
    assert folded == PlainEngine(source).fold(size=source.size, limit=source.size, as_of=DAY)
