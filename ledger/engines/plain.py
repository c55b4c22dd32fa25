"""The plain engine adds up the leaves one by one: slow, obvious, and what the others must equal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain

from ledger.engines.leaves import Leaves, read_chunk, segments
from ledger.engines.place import Place
from ledger.entry import Entry
from ledger.measure import (
    Contribution,
    Folded,
    Happened,
    Leg,
    Segment,
    StoredRecord,
    allocation_of,
    merge_all,
    summarise,
)
from ledger.quantity import Interval

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
        return _group(models, standing, as_of)

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
        records = self._parse(chunk.data[: max(0, limit - start)])
        return summarise(records, as_of=as_of, leaves=chunk.leaves)

    def _records(self, limit: int) -> Iterator[StoredRecord]:
        """Yield every record before ``limit``."""
        for start, stop in segments(limit):
            yield from self._parse(read_chunk(self._source, start, stop).data)

    def _parse(self, data: Iterable[bytes]) -> Iterator[StoredRecord]:
        """Read leaves: strictly, unless whoever gives them has read every one of them so before."""
        return _taken(data) if getattr(self._source, "checked", False) else _parse(data)


def engine(source: Leaves, _projection: Place | None) -> PlainEngine:
    """Return the engine over a source; it keeps no projection."""
    return PlainEngine(source)


def _parse(data: Iterable[bytes]) -> Iterator[StoredRecord]:
    """Read leaves strictly."""
    for leaf in data:
        entry = Entry.parse(leaf)
        yield StoredRecord(entry.seq, entry.recorded_at, entry.type, entry.body)


def _taken(data: Iterable[bytes]) -> Iterator[StoredRecord]:
    """Read leaves whose form was checked before: it takes a third of the time."""
    for leaf in data:
        value = json.loads(leaf)
        yield StoredRecord(value["seq"], value["recorded_at"], value["type"], value["body"])


def _reversed_seq(record: StoredRecord) -> int:
    """Return the entry that a reversal takes back."""
    seq = record.body["reverses"]
    assert isinstance(seq, int)
    return seq


def _group(
    models: frozenset[str], standing: Mapping[int, Contribution], as_of: date
) -> dict[str, tuple[Leg, ...]]:
    """Put together what is alike in all but seq and amounts."""
    found: dict[tuple[object, ...], Leg] = {}
    model_of: dict[tuple[object, ...], str] = {}
    for seq, made in standing.items():
        if made.happened(as_of) is Happened.LATER:
            continue
        leg = _leg(seq, made, as_of)
        total = made.total
        key = (
            *(total.model, leg.run, leg.activity, leg.operation_kind, leg.extent, leg.developer),
            *(leg.day, leg.not_after, leg.commitment, leg.evidence),
        )
        held = found.get(key)
        found[key] = leg if held is None else _together(held, leg)
        model_of[key] = total.model
    legs = sorted(found.items(), key=lambda item: item[1].seq)
    return {
        model: tuple(leg for key, leg in legs if model_of[key] == model) for model in sorted(models)
    }


def _leg(seq: int, made: Contribution, as_of: date) -> Leg:
    """Return one allocation as a leg."""
    sums, capacity = made.sums(as_of), made.capacity(as_of)
    return Leg(
        seq=seq,
        run=made.run,
        activity=made.total.activity,
        operation_kind=made.total.operation_kind,
        extent=made.total.extent,
        day=made.day,
        not_after=made.not_after,
        lo=sums.legal.lo,
        hi=sums.legal.hi,
        commitment=made.commitment,
        device_us=None if capacity.device_us_unknown else capacity.device_us,
        developer=made.total.developer,
        error=sums.error,
        evidence=made.total.evidence,
    )


def _together(left: Leg, right: Leg) -> Leg:
    """Add two legs that are alike; the seq is the first one's."""
    assert left.error is not None
    assert right.error is not None
    legal = Interval(left.lo, left.hi) + Interval(right.lo, right.hi)
    known = left.device_us is not None and right.device_us is not None
    return replace(
        left,
        lo=legal.lo,
        hi=legal.hi,
        device_us=(left.device_us or 0) + (right.device_us or 0) if known else None,
        rows=left.rows + right.rows,
        error=left.error + right.error,
    )
