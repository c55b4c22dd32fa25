"""A segment is what a range of the log adds: its Merkle range, its totals, its other records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self, TypeAlias, TypeVar

from ledger.canonical import JSON
from ledger.errors import IntegrityError
from ledger.measure.sums import GradeKey, GradeSums, Sums, TotalKey, add_into
from ledger.merkle import CompactRange

__all__ = ["Body", "Folded", "Segment", "StoredRecord", "merge_all", "unreversed"]

Body: TypeAlias = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as the log holds it.

    Attributes:
        seq: Index of the entry.
        recorded_at: When it was sealed, ``YYYY-MM-DDTHH:MM:SSZ``.
        type: Record type.
        body: Public fields.
    """

    seq: int
    recorded_at: str
    type: str
    body: Body


def unreversed(records: Iterable[StoredRecord]) -> tuple[StoredRecord, ...]:
    """Return the records that still count: no reversals, and nothing a later one takes back."""
    held = tuple(records)
    reversed_seqs = {record.body["reverses"] for record in held if record.type == "reversal"}
    return tuple(r for r in held if r.type != "reversal" and r.seq not in reversed_seqs)


@dataclass(frozen=True, slots=True)
class Segment:
    """A range of the log: its Merkle range, and what its entries add.

    Attributes:
        leaves: Compact Merkle range of every entry in it.
        totals: Operations by ``TotalKey``.
        grades: Capacity by ``GradeKey``, own work only.
        deliveries: Capacity by contract, own primary work only.
        records: All records but allocations, in order of ``seq``.
        allocations: Allocation entries, reversed ones included.
        recorded_by: ``recorded_at`` of the last entry whose record is in the totals, or None.
    """

    leaves: CompactRange = field(default_factory=CompactRange)
    totals: Mapping[TotalKey, Sums] = field(default_factory=dict)
    grades: Mapping[GradeKey, GradeSums] = field(default_factory=dict)
    deliveries: Mapping[str, GradeSums] = field(default_factory=dict)
    records: tuple[StoredRecord, ...] = ()
    allocations: int = 0
    recorded_by: str | None = None

    def merge(self, right: Self) -> Self:
        """Return the segment over both; ``right`` must start where this one stops.

        Raises:
            IntegrityError: If the ranges do not touch.
        """
        return merge_all((self, right))


_Segment = TypeVar("_Segment", bound=Segment)


def merge_all(segments: Iterable[_Segment]) -> _Segment:
    """Return the segment over all of them, left to right; at least one is given.

    Segments are taken one at a time, so a generator of them needs the memory of one.

    Raises:
        IntegrityError: If two neighbours do not touch.
    """
    rest = iter(segments)
    first = next(rest)
    leaves, allocations, recorded_by = first.leaves, first.allocations, first.recorded_by
    totals, grades = dict(first.totals), dict(first.grades)
    deliveries, records = dict(first.deliveries), list(first.records)
    for segment in rest:
        leaves = leaves.merge(segment.leaves)
        add_into(totals, segment.totals)
        add_into(grades, segment.grades)
        add_into(deliveries, segment.deliveries)
        records += segment.records
        allocations += segment.allocations
        recorded_by = segment.recorded_by or recorded_by
    return type(first)(leaves, totals, grades, deliveries, tuple(records), allocations, recorded_by)


@dataclass(frozen=True, slots=True)
class Folded:
    """Everything a determination or a position needs from the log.

    Attributes:
        size: Entries in the tree.
        root: RFC 6962 root over all of them, 32 bytes.
        recorded_by: ``recorded_at`` of the last entry counted; None if none is.
        totals: Operations by ``TotalKey``.
        grades: Capacity by ``GradeKey``, own work only.
        records: All records but allocations among the entries counted, in order.
        allocations: Allocation entries counted, reversed ones included.
        deliveries: Capacity delivered by contract, own primary work only.
        as_of: Last day whose work is in the totals; None if the day was not bounded.
        limit: Entries counted, from the first; None means all of them.
    """

    size: int
    root: bytes
    recorded_by: str | None
    totals: Mapping[TotalKey, Sums]
    grades: Mapping[GradeKey, GradeSums]
    records: tuple[StoredRecord, ...]
    allocations: int
    deliveries: Mapping[str, GradeSums] = field(default_factory=dict)
    as_of: date | None = None
    limit: int | None = None

    @classmethod
    def of(cls, segment: Segment, *, limit: int, as_of: date) -> Self:
        """Close a segment that starts at entry 0."""
        return cls(
            size=segment.leaves.stop,
            root=segment.leaves.root(),
            recorded_by=segment.recorded_by,
            totals=segment.totals,
            grades=segment.grades,
            records=segment.records,
            allocations=segment.allocations,
            deliveries=segment.deliveries,
            as_of=as_of,
            limit=limit,
        )

    def require_root(self, root: bytes) -> Self:
        """Return the same, once the entries prove to be those that were signed.

        Args:
            root: Root of the checkpoint over the same number of entries, 32 bytes.

        Raises:
            IntegrityError: If the entries lead to another root.
        """
        if self.root != root:
            raise IntegrityError(
                f"the {self.size} entries lead to another root than the checkpoint's",
                why="no total is believed until its entries reproduce the signed root",
                remedy="run: flopledger verify",
            )
        return self
