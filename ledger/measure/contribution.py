"""A contribution is what one allocation adds to the totals, the grades and the deliveries.

This is the meaning of an allocation; every engine must agree with it. The legal interval is a
point if one figure is stated, else the stated range, from nothing if no lower end is stated and
up to the ceiling if no upper end is. A ceiling below the stated lower end contradicts it and bounds
nothing. The error interval takes the stated ends, and the legal ones where none is stated. Work
that may or may not have happened by the day asked for adds nothing to the lower ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from operator import add, itemgetter, sub
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar

from ledger.measure.segment import Segment, StoredRecord
from ledger.measure.sums import DeliveryKey, GradeKey, GradeSums, Sums, TotalKey, add_into
from ledger.merkle import CompactRange
from ledger.period import parse_day
from ledger.record.provenance import evidence_grade

__all__ = [
    "Contribution",
    "Groups",
    "Happened",
    "Tally",
    "allocation_of",
    "delivered_under",
    "groups_of",
    "summarise",
]


Groups: TypeAlias = tuple[TotalKey, GradeKey | None]
"""The groups of operations and of capacity; there is none of the latter for ``cumulative``."""


class Happened(Enum):
    """Whether work had happened by a day."""

    YES = "yes"
    PERHAPS = "perhaps"
    LATER = "later"


_figures = itemgetter(
    *("operations", "operations_low", "operations_high", "ceiling_operations", "device_us")
)


class Contribution(NamedTuple):
    """What one allocation adds, whatever the day asked for.

    Attributes:
        total: Group of the operations.
        grade: Group of the capacity; None for a ``cumulative`` figure.
        lo: Legal lower end, operations.
        hi: Legal upper end, or None.
        error_lo: Lower end of the stated error.
        error_hi: Upper end of the stated error, or None.
        day: UTC day of the leg, or None.
        not_after: Last day of undated work, or None.
        device_us: Held device-microseconds, or None.
        ceiling: Most operations the held devices could do, or None.
        commitment: Contract it was delivered under, or None.
        run: Run the work belongs to.
    """

    total: TotalKey
    grade: GradeKey | None
    lo: int
    hi: int | None
    error_lo: int
    error_hi: int | None
    day: date | None
    not_after: date | None
    device_us: int | None
    ceiling: int | None
    commitment: str | None
    run: str

    @classmethod
    def of(cls, body: Mapping[str, Any], groups: Groups | None = None) -> Self:
        """Read the body of an allocation.

        Args:
            body: The body.
            groups: What ``groups_of`` gives of it, where that is known.
        """
        total, grade = groups or groups_of(body)
        point, low, high, ceiling, device_us = (
            None if text is None else int(text) for text in _figures(body)
        )
        lo, hi = _legal(point, low, high, ceiling)
        start, not_after = body["start"], body["not_after"]
        return cls(
            total,
            grade,
            lo,
            hi,
            lo if low is None else low,
            hi if high is None else high,
            None if start is None else parse_day(start[:10]),
            None if not_after is None else parse_day(not_after),
            device_us,
            ceiling,
            body["commitment"],
            body["run"],
        )

    def happened(self, as_of: date) -> Happened:
        """Say whether the work had happened by the end of a UTC day."""
        if self.day is not None:
            return Happened.YES if self.day <= as_of else Happened.LATER
        if self.not_after is not None and self.not_after <= as_of:
            return Happened.YES
        return Happened.PERHAPS

    def operations(self, when: Happened) -> tuple[int, ...]:
        """Return what it adds to the operations, in the order of ``Sums``."""
        if when is Happened.LATER:
            return _LATER
        lo, error_lo = (self.lo, self.error_lo) if when is Happened.YES else (0, 0)
        hi, error_hi = self.hi, self.error_hi
        return 1, lo, hi or 0, hi is None, error_lo, error_hi or 0, error_hi is None, 0

    def capacity(self, when: Happened) -> tuple[int, ...]:
        """Return what it adds to the capacity, in the order of ``GradeSums``."""
        if when is Happened.LATER:
            return _NO_CAPACITY
        lo, device_us, ceiling = 0, None, None
        if when is Happened.YES:
            lo, device_us, ceiling = self.lo, self.device_us, self.ceiling
        return (
            *(1, device_us or 0, int(device_us is None), ceiling or 0, int(ceiling is None)),
            *(lo, self.hi or 0, int(self.hi is None)),
        )


_Key = TypeVar("_Key")
_LATER: Final = (0, 0, 0, 0, 0, 0, 0, 1)
_NO_CAPACITY: Final = (0, 0, 0, 0, 0, 0, 0, 0)


def _legal(
    point: int | None, low: int | None, high: int | None, ceiling: int | None
) -> tuple[int, int | None]:
    """Return the ends of the legal interval."""
    if point is not None:
        return point, point
    lo = low or 0
    if high is None and ceiling is not None and ceiling >= lo:
        return lo, ceiling
    return lo, high


def groups_of(body: Mapping[str, Any]) -> Groups:
    """Return the groups that operations and capacity of an allocation fall into."""
    return _total_key(body), _grade_key(body) if body["extent"] == "own" else None


def _total_key(body: Mapping[str, Any]) -> TotalKey:
    """Return the group that an allocation's operations fall into."""
    return TotalKey(
        model=body["model"],
        developer=body["developer"],
        activity=body["activity"],
        operation_kind=body["operation_kind"],
        extent=body["extent"],
        role=body["role"],
        evidence=evidence_grade(body),
        run=body["run"] if body["extent"] == "cumulative" else None,
    )


def _grade_key(body: Mapping[str, Any]) -> GradeKey:
    """Return the group that an allocation's capacity falls into."""
    start, peak = body["start"], body["peak_operations_per_s"]
    return GradeKey(
        device=body["device"],
        precision=body["precision"],
        sparsity=body["sparsity"],
        operation_kind=body["operation_kind"],
        activity=body["activity"],
        scale_up_gb_per_s=body["scale_up_gb_per_s"],
        scale_up_domain=body["scale_up_domain"],
        scale_out_gbit_per_s=body["scale_out_gbit_per_s"],
        topology=body["topology"],
        concurrent_devices=body["concurrent_devices"],
        peak_operations_per_s=None if peak is None else int(peak),
        month=None if start is None else start[:7],
        role=body["role"],
    )


def allocation_of(record: StoredRecord) -> tuple[int, Mapping[str, Any]] | None:
    """Return (sign, body) if a record adds or takes back an allocation, else None."""
    if record.type == "allocation":
        return 1, record.body
    if record.type == "reversal" and record.body["reversed_type"] == "allocation":
        reversed_body: Any = record.body["reversed"]
        return -1, reversed_body
    return None


_FIELDS: Final = 8  # of Sums, and of GradeSums


class Tally:
    """Adds up records one by one; what is left when it is closed is a segment."""

    def __init__(self, as_of: date) -> None:
        """Begin with nothing.

        Args:
            as_of: Last UTC day whose work counts.
        """
        self._as_of = as_of
        self._totals: dict[TotalKey, list[int]] = {}
        self._grades: dict[GradeKey, list[int]] = {}
        self._deliveries: dict[str, list[int]] = {}
        self._others: list[StoredRecord] = []
        self._allocations = 0
        self._recorded_by: str | None = None

    def take(self, record: StoredRecord) -> Contribution | None:
        """Add the next record; return what an allocation, or the one taken back, contributes."""
        self._recorded_by = record.recorded_at
        if record.type == "allocation":
            self._allocations += 1
        else:
            self._others.append(record)
        signed = allocation_of(record)
        if signed is None:
            return None
        made = Contribution.of(signed[1])
        self._add(made, add if signed[0] > 0 else sub)
        return made

    def count(self, made: Contribution, recorded_at: str) -> None:
        """Add the next record, an allocation of which only this is known."""
        self._recorded_by = recorded_at
        self._allocations += 1
        self._add(made, add)

    def close(self, leaves: CompactRange) -> Segment:
        """Return the segment; what nets to nothing is left out.

        Args:
            leaves: Merkle range of its entries.
        """
        return Segment(
            leaves,
            {key: Sums(*held) for key, held in self._totals.items() if any(held)},
            {key: GradeSums(*held) for key, held in self._grades.items() if any(held)},
            {key: GradeSums(*held) for key, held in self._deliveries.items() if any(held)},
            tuple(self._others),
            self._allocations,
            self._recorded_by,
        )

    def _add(self, made: Contribution, sign: Callable[[int, int], int]) -> None:
        """Add what an allocation contributes, or take it back."""
        when = made.happened(self._as_of)
        operations, capacity = made.operations(when), made.capacity(when)
        total, grade = made.total, made.grade
        _put(self._totals, total, sign, operations)
        if grade is not None:
            _put(self._grades, grade, sign, capacity)
            if made.commitment is not None and total.role == "primary":
                _put(self._deliveries, made.commitment, sign, capacity)


def _put(
    into: dict[_Key, list[int]], key: _Key, sign: Callable[[int, int], int], more: Iterable[int]
) -> None:
    """Add to the sums of a group in place: as many lists as groups, not as allocations."""
    held = into.get(key)
    if held is None:
        held = into[key] = [0] * _FIELDS
    held[:] = map(sign, held, more)


def summarise(
    records: Iterable[StoredRecord], *, as_of: date, leaves: CompactRange | None = None
) -> Segment:
    """Add up records in plain Python: the definition that every engine must equal.

    Args:
        records: Records in order of ``seq``; those that do not count are left out by the caller.
        as_of: Last UTC day whose work counts.
        leaves: Merkle range of the segment; the empty one for records outside any log.
    """
    tally = Tally(as_of)
    for record in records:
        tally.take(record)
    return tally.close(leaves or CompactRange())


def delivered_under(
    records: Iterable[StoredRecord], *, as_of: date
) -> Mapping[DeliveryKey, GradeSums]:
    """Return the capacity delivered under contracts, by grade: own primary work only.

    Args:
        records: Records in order of ``seq``, reversals included.
        as_of: Last UTC day whose work counts.
    """
    found: dict[DeliveryKey, GradeSums] = {}
    for record in records:
        signed = allocation_of(record)
        made = None if signed is None else Contribution.of(signed[1])
        if signed is None or made is None or made.grade is None or made.commitment is None:
            continue
        if made.total.role == "primary":
            sums = GradeSums(*made.capacity(made.happened(as_of)))
            key = DeliveryKey(made.commitment, made.total.model, made.grade)
            add_into(found, {key: sums if signed[0] > 0 else -sums})
    return found
