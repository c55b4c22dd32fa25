"""The engine that goes over leaves once: for those that a walk has read strictly before.

Fold, legs and population come out of one pass, in which every leaf is hashed and read once; of none
where they were gathered while the walk went by (``ahead``). What it gives equals what ``plain``
gives.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, Protocol

from ledger.claim import Population
from ledger.engines.ahead import Ahead
from ledger.engines.passage import Passage, Passed, catch
from ledger.errors import IntegrityError
from ledger.measure import (
    DeliveryKey,
    Folded,
    GradeSums,
    Groups,
    Leg,
    StoredRecord,
    delivered_under,
)
from ledger.merkle import CompactRange

__all__ = ["CheckedLeaves", "OnceEngine"]

_FOLDED: Final = 4096  # leaf hashes held before they are folded


class CheckedLeaves(Protocol):
    """Leaves whose form, links and reversals a walk has checked."""

    @property
    def reversed_by(self) -> Mapping[int, int]:
        """Which entry reverses which."""

    def read(self, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, bytes and hash of the entries [start, stop) that exist, in order."""


class OnceEngine:
    """Folds checked leaves, one pass for each prefix and day that is asked for."""

    def __init__(self, source: CheckedLeaves, ahead: Ahead | None = None) -> None:
        """Fold what this source holds.

        Args:
            source: The leaves.
            ahead: What was gathered of the same leaves while the walk read them.
        """
        self._source = source
        self._ahead = ahead
        self._passes: dict[tuple[int, date], Passed] = {}
        self._groups: dict[tuple[object, ...], Groups] = {}

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

    def _over(self, size: int, as_of: date) -> Passed:
        """Return what the pass over so many entries found."""
        held = self._passes.get((size, as_of))
        if held is None:
            held = self._passes[size, as_of] = self._go(size, as_of)
        return held

    def _go(self, size: int, as_of: date) -> Passed:
        """Go over the entries [0, size).

        Raises:
            IntegrityError: If one is missing.
        """
        if self._ahead is not None:
            made = self._ahead.confirmed(size, as_of, self._source.reversed_by)
            if made is not None:
                return made
        passage = Passage(size, as_of, self._source.reversed_by, self._groups)
        covered, hashes, seq = CompactRange(), list[bytes](), -1
        for seq, leaf, digest in self._source.read(0, size):
            hashes.append(digest)
            if len(hashes) == _FOLDED:
                covered = covered.extend(hashes)
                hashes.clear()
            passage.take(seq, leaf, catch(leaf))
        if seq + 1 != size:
            raise IntegrityError(f"entry {seq + 1} is not there", seq=seq + 1)
        return passage.close(covered.extend(hashes))
