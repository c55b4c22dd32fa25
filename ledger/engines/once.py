"""The engine that goes over leaves once: for those that a walk has read strictly before.

Fold, legs and population come out of one pass, in which every leaf is hashed and read once. What
it gives equals what ``plain`` gives.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ledger.claim import Population
from ledger.engines.grouped import Grouped
from ledger.errors import IntegrityError
from ledger.log.store import Row
from ledger.measure import (
    DeliveryKey,
    Folded,
    GradeSums,
    Leg,
    StoredRecord,
    Tally,
    delivered_under,
)
from ledger.merkle import CompactRange

__all__ = ["CheckedLeaves", "OnceEngine"]

_FOLDED = 4096  # leaf hashes held before they are folded


class CheckedLeaves(Protocol):
    """Leaves whose form, links and reversals a walk has checked."""

    @property
    def reversed_by(self) -> Mapping[int, int]:
        """Which entry reverses which."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order, with their hashes."""


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass found.

    Attributes:
        folded: The totals.
        grouped: The legs of every model.
        population: How much stands there.
        above: Standing allocations that state more than their own ceiling.
    """

    folded: Folded
    grouped: Grouped
    population: Population
    above: tuple[int, ...]


class OnceEngine:
    """Folds checked leaves, one pass for each prefix and day that is asked for."""

    def __init__(self, source: CheckedLeaves) -> None:
        """Fold what this source holds."""
        self._source = source
        self._passes: dict[tuple[int, date], _Pass] = {}

    def fold(self, *, size: int, limit: int, as_of: date, root: bytes | None = None) -> Folded:
        """Fold the entries [0, size); all of them are counted, so ``limit`` is ``size``."""
        assert limit == size
        folded = self._over(size, as_of).folded
        return folded if root is None else folded.require_root(root)

    def legs(
        self, models: frozenset[str], *, limit: int, as_of: date
    ) -> Mapping[str, tuple[Leg, ...]]:
        """Return the legs of some models by day and by run, in order of ``seq``."""
        return self._over(limit, as_of).grouped.legs(models)

    def population(self, size: int, as_of: date) -> Population:
        """Return how much the entries [0, size) hold; the day only says which pass knows it."""
        return self._over(size, as_of).population

    def delivered(self, *, limit: int, as_of: date) -> Mapping[DeliveryKey, GradeSums]:
        """Return the capacity delivered under contracts, by grade; takes a pass of its own."""
        rows = ((seq, json.loads(leaf)) for seq, leaf, _ in self._source.read(0, limit))
        return delivered_under(
            (StoredRecord(seq, v["recorded_at"], v["type"], v["body"]) for seq, v in rows),
            as_of=as_of,
        )

    def above(self, *, limit: int) -> tuple[int, ...]:
        """Return the standing allocations that state more than their own ceiling, in order."""
        # It does not hang on the day: any pass over so many entries knows it.
        made = (each for (size, _), each in self._passes.items() if size == limit)
        return (next(made, None) or self._over(limit, date.max)).above

    def _over(self, size: int, as_of: date) -> _Pass:
        """Return what the pass over so many entries found."""
        held = self._passes.get((size, as_of))
        if held is None:
            held = self._passes[size, as_of] = self._go(size, as_of)
        return held

    def _go(self, size: int, as_of: date) -> _Pass:
        """Go over the entries [0, size).

        Raises:
            IntegrityError: If one is missing.
        """
        tally, grouped = Tally(as_of), Grouped(as_of)
        types, runs, models = Counter[str](), set[str](), set[str]()
        reversed_by, above = self._source.reversed_by, list[int]()
        covered, hashes, seq = CompactRange(), list[bytes](), -1
        for seq, leaf, digest in self._source.read(0, size):
            hashes.append(digest)
            if len(hashes) == _FOLDED:
                covered = covered.extend(hashes)
                hashes.clear()
            value = json.loads(leaf)
            kind = value["type"]
            types[kind] += 1
            made = tally.take(StoredRecord(seq, value["recorded_at"], kind, value["body"]))
            if made is not None and reversed_by.get(seq, size) >= size and kind == "allocation":
                runs.add(made.run)
                models.add(made.total.model)
                if made.ceiling is not None and made.lo > made.ceiling:
                    above.append(seq)
                if made.total.role == "primary":
                    grouped.take(seq, made)
        if seq + 1 != size:
            raise IntegrityError(f"entry {seq + 1} is not there", seq=seq + 1)
        folded = Folded.of(tally.close(covered.extend(hashes)), limit=size, as_of=as_of)
        population = Population(size, dict(types), len(runs), len(models))
        return _Pass(folded, grouped, population, tuple(above))
