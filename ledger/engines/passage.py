"""A passage is one pass over leaves that were read strictly: fold, legs and population together.

Each leaf is given once, in order, with what its form caught of it. What comes out equals what
``plain`` gives.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from ledger.claim import Population
from ledger.engines.grouped import Grouped
from ledger.form.bodies import FIGURES, SUMMED
from ledger.measure import Contribution, Folded, Groups, StoredRecord, Tally, groups_of
from ledger.merkle import CompactRange
from ledger.verify.leaf import Leaf, Picked, picker

__all__ = ["Passage", "Passed", "catch"]

_ALLOCATION: Final = b'"type":"allocation","v":1}'  # how a canonical leaf of this type ends
_RECORDED_AT: Final = "leaf_recorded_at"
_INTEGERS: Final = (
    *("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "concurrent_devices"),
)
_OWN: Final = (_RECORDED_AT, "method_inputs", "run", "start", "not_after", "commitment", *FIGURES)
_CAUGHT: Final = (*_OWN, *(name for name in SUMMED if name not in _OWN))
_SHARED: Final = slice(len(_OWN), None)  # words and names that many allocations have alike
_pick = picker("allocation", _CAUGHT)


def catch(leaf: bytes | Leaf) -> Picked | None:
    """Return what the form of an allocation catches of a leaf, or None for any other."""
    if isinstance(leaf, bytes) and not leaf.endswith(_ALLOCATION):
        return None
    return _pick(leaf)


@dataclass(frozen=True, slots=True)
class Passed:
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


class Passage:
    """Adds up entries that come one by one, in order."""

    def __init__(
        self,
        size: int,
        as_of: date,
        reversed_by: Mapping[int, int],
        groups: dict[tuple[object, ...], Groups],
    ) -> None:
        """Begin before entry 0.

        Args:
            size: How many entries will come.
            as_of: Day up to which work is counted.
            reversed_by: Which entry reverses which.
            groups: Groups worked out so far; more are added.
        """
        self.size = size
        self.as_of = as_of
        self._reversed_by = reversed_by
        self._groups = groups
        self._tally, self._grouped = Tally(as_of), Grouped(as_of)
        self._types = Counter[str]()
        self._runs, self._models = set[str](), set[str]()
        self._above: list[int] = []

    def take(self, seq: int, leaf: bytes, caught: Picked | None) -> None:
        """Add one entry.

        Args:
            seq: Its number.
            leaf: Its bytes.
            caught: What `catch` gave of it, where it is an allocation of the form; else None.
        """
        made, kind = self._contribution(seq, leaf, caught)
        self._types[kind] += 1
        if made is None or kind != "allocation":
            return
        if self._reversed_by.get(seq, self.size) < self.size:
            return
        self._runs.add(made.run)
        self._models.add(made.total.model)
        if made.ceiling is not None and made.lo > made.ceiling:
            self._above.append(seq)
        if made.total.role == "primary":
            self._grouped.take(seq, made)

    @property
    def groups(self) -> int:
        """How many groups, legs and runs are held so far."""
        return len(self._groups) + len(self._grouped) + len(self._runs)

    def close(self, covered: CompactRange) -> Passed:
        """Return what was found.

        Args:
            covered: The Merkle range over these entries.
        """
        folded = Folded.of(self._tally.close(covered), limit=self.size, as_of=self.as_of)
        population = Population(self.size, dict(self._types), len(self._runs), len(self._models))
        return Passed(folded, self._grouped, population, tuple(self._above))

    def _contribution(
        self, seq: int, leaf: bytes, caught: Picked | None
    ) -> tuple[Contribution | None, str]:
        """Count one entry; return what an allocation contributes, and the type."""
        if caught is not None:
            body: dict[str, Any] = dict(zip(_CAUGHT, caught, strict=True))
            made = Contribution.of(body, self._groups_of(body, caught[_SHARED]))
            self._tally.count(made, body[_RECORDED_AT])
            return made, "allocation"
        value = json.loads(leaf)
        kind = value["type"]
        return self._tally.take(StoredRecord(seq, value["recorded_at"], kind, value["body"])), kind

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
