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
from typing import Any, Final, Protocol

from ledger.claim import Population
from ledger.engines.grouped import Grouped
from ledger.errors import IntegrityError
from ledger.form.bodies import FIGURES, SUMMED
from ledger.measure import (
    Contribution,
    DeliveryKey,
    Folded,
    GradeSums,
    Groups,
    Leg,
    StoredRecord,
    Tally,
    delivered_under,
    groups_of,
)
from ledger.merkle import CompactRange
from ledger.verify.leaf import picker

__all__ = ["CheckedLeaves", "OnceEngine"]

_FOLDED = 4096  # leaf hashes held before they are folded


_ALLOCATION: Final = b'"type":"allocation","v":1}'  # how a canonical leaf of this type ends
_RECORDED_AT: Final = "leaf_recorded_at"
_INTEGERS: Final = (
    *("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "concurrent_devices"),
)
_OWN: Final = (_RECORDED_AT, "method_inputs", "run", "start", "not_after", "commitment", *FIGURES)
_CAUGHT: Final = (*_OWN, *(name for name in SUMMED if name not in _OWN))
_SHARED: Final = slice(len(_OWN), None)  # words and names that many allocations have alike
_pick = picker("allocation", _CAUGHT)


class CheckedLeaves(Protocol):
    """Leaves whose form, links and reversals a walk has checked."""

    @property
    def reversed_by(self) -> Mapping[int, int]:
        """Which entry reverses which."""

    def read(self, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, bytes and hash of the entries [start, stop) that exist, in order."""


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
            made, kind = self._take(seq, leaf, tally)
            types[kind] += 1
            if made is None or kind != "allocation" or reversed_by.get(seq, size) < size:
                continue
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

    def _take(self, seq: int, leaf: bytes, tally: Tally) -> tuple[Contribution | None, str]:
        """Add one entry; return what an allocation contributes, and the type."""
        caught = _pick(leaf) if leaf.endswith(_ALLOCATION) else None
        if caught is not None:
            body: dict[str, Any] = dict(zip(_CAUGHT, caught, strict=True))
            made = Contribution.of(body, self._groups_of(body, caught[_SHARED]))
            tally.count(made, body[_RECORDED_AT])
            return made, "allocation"
        value = json.loads(leaf)
        kind = value["type"]
        return tally.take(StoredRecord(seq, value["recorded_at"], kind, value["body"])), kind

    def _groups_of(self, body: dict[str, Any], shared: tuple[str | None, ...]) -> Groups:
        """Return the groups of an allocation, worked out once for all that are alike."""
        start = body["start"]
        documented = body["method_inputs"] != "{}"
        run = body["run"] if body["extent"] == "cumulative" else None
        key = (shared, documented, run, start and start[:7])
        found = self._groups.get(key)
        if found is None:
            whole: dict[str, Any] = {name: _integer(name, text) for name, text in body.items()}
            whole["evidence"] = {"source_kind": body["evidence_source_kind"]}
            whole["method_inputs"] = documented
            found = self._groups[key] = groups_of(whole)
        return found


def _integer(name: str, text: str | None) -> str | int | None:
    """Return a value as the body holds it."""
    return int(text) if name in _INTEGERS and text is not None else text
