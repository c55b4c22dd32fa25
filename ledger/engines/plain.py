"""The plain engine adds up the leaves one by one: slow, obvious, and what the others must equal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from itertools import chain

from ledger.engines.grouped import Grouped
from ledger.engines.leaves import Leaves, read_chunk, segments
from ledger.engines.means import Means
from ledger.engines.place import Place
from ledger.entry import Entry
from ledger.measure import (
    Contribution,
    DeliveryKey,
    Folded,
    GradeSums,
    Leg,
    Segment,
    StoredRecord,
    allocation_of,
    delivered_under,
    merge_all,
    summarise,
)

__all__ = ["PlainEngine", "engine"]


class PlainEngine:
    """Folds straight over the leaves, holding one segment at a time."""

    def __init__(self, source: Leaves) -> None:
        """Fold what this source holds."""
        self._source = source

    def fold(self, *, size: int, limit: int, as_of: date, root: bytes | None = None) -> Folded:
        """Fold the entries [0, size) and total those before ``limit``."""
        parts = (self._segment(start, stop, limit, as_of) for start, stop in segments(size))
        whole = merge_all(chain([Segment()], parts))
        folded = Folded.of(whole, limit=limit, as_of=as_of)
        return folded if root is None else folded.require_root(root)

    def legs(
        self, models: frozenset[str], *, limit: int, as_of: date
    ) -> Mapping[str, tuple[Leg, ...]]:
        """Return the legs of some models by day and by run, in order of ``seq``."""
        standing: dict[int, Contribution] = {}
        for record in self._records(limit):
            signed = allocation_of(record)
            if signed is None:
                continue
            if signed[0] < 0:
                standing.pop(_reversed_seq(record), None)
            elif signed[1]["model"] in models and signed[1]["role"] == "primary":
                standing[record.seq] = Contribution.of(signed[1])
        grouped = Grouped(as_of)
        for seq, made in standing.items():
            grouped.take(seq, made)
        return grouped.legs(models)

    def delivered(self, *, limit: int, as_of: date) -> Mapping[DeliveryKey, GradeSums]:
        """Return the capacity delivered under contracts, by grade: own primary work only."""
        return delivered_under(self._records(limit), as_of=as_of)

    def above(self, *, limit: int) -> tuple[int, ...]:
        """Return the standing allocations that state more than their own ceiling, in order."""
        found: dict[int, None] = {}
        for record in self._records(limit):
            signed = allocation_of(record)
            if signed is None:
                continue
            if signed[0] < 0:
                found.pop(_reversed_seq(record), None)
                continue
            made = Contribution.of(signed[1])
            if made.ceiling is not None and made.lo > made.ceiling:
                found[record.seq] = None
        return tuple(found)

    def _segment(self, start: int, stop: int, limit: int, as_of: date) -> Segment:
        """Fold one segment."""
        chunk = read_chunk(self._source, start, stop)
        records = _parse(chunk.data[: max(0, limit - start)])
        return summarise(records, as_of=as_of, leaves=chunk.leaves)

    def _records(self, limit: int) -> Iterator[StoredRecord]:
        """Yield every record before ``limit``."""
        for start, stop in segments(limit):
            yield from _parse(read_chunk(self._source, start, stop).data)


def engine(source: Leaves, _projection: Place | None, _means: Means) -> PlainEngine:
    """Return the engine over a source; it keeps no projection."""
    return PlainEngine(source)


def _parse(data: Iterable[bytes]) -> Iterator[StoredRecord]:
    """Read leaves strictly."""
    for leaf in data:
        entry = Entry.parse(leaf)
        yield StoredRecord(entry.seq, entry.recorded_at, entry.type, entry.body)


def _reversed_seq(record: StoredRecord) -> int:
    """Return the entry that a reversal takes back."""
    seq = record.body["reverses"]
    assert isinstance(seq, int)
    return seq
