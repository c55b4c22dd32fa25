"""A contribution is what one allocation adds to the totals, the grades and the deliveries.

This is the meaning of an allocation; every engine must agree with it. The legal interval is a
point if one figure is stated, else the stated range, from nothing if no lower end is stated and
up to the ceiling if no upper end is. A ceiling below the stated lower end contradicts it and bounds
nothing. The error interval takes the stated ends, and the legal ones where none is stated. Work
that may or may not have happened by the day asked for adds nothing to the lower ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Self

from ledger.measure.segment import Segment, StoredRecord
from ledger.measure.sums import DeliveryKey, GradeKey, GradeSums, Sums, TotalKey, add_into
from ledger.merkle import CompactRange
from ledger.period import parse_day
from ledger.record import evidence_grade

__all__ = ["Contribution", "Happened", "Tally", "allocation_of", "delivered_under", "summarise"]


class Happened(Enum):
    """Whether work had happened by a day."""

    YES = "yes"
    PERHAPS = "perhaps"
    LATER = "later"


def _digits(body: Mapping[str, Any], name: str) -> int | None:
    """Return a field of digits as an integer, None if it is not stated."""
    text = body[name]
    return None if text is None else int(text)


@dataclass(frozen=True, slots=True)
class Contribution:
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
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Read the body of an allocation."""
        ceiling = _digits(body, "ceiling_operations")
        point = _digits(body, "operations")
        low, high = _digits(body, "operations_low"), _digits(body, "operations_high")
        lo, hi = _legal(point, low, high, ceiling)
        start, not_after = body["start"], body["not_after"]
        return cls(
            total=_total_key(body),
            grade=_grade_key(body) if body["extent"] == "own" else None,
            lo=lo,
            hi=hi,
            error_lo=lo if low is None else low,
            error_hi=hi if high is None else high,
            day=None if start is None else parse_day(start[:10]),
            not_after=None if not_after is None else parse_day(not_after),
            device_us=_digits(body, "device_us"),
            ceiling=ceiling,
            commitment=body["commitment"],
            run=body["run"],
        )

    def happened(self, as_of: date) -> Happened:
        """Say whether the work had happened by the end of a UTC day."""
        if self.day is not None:
            return Happened.YES if self.day <= as_of else Happened.LATER
        if self.not_after is not None and self.not_after <= as_of:
            return Happened.YES
        return Happened.PERHAPS

    def sums(self, as_of: date) -> Sums:
        """Return what it adds to the operations by the end of a UTC day."""
        when = self.happened(as_of)
        if when is Happened.LATER:
            return Sums(later=1)
        sure = when is Happened.YES
        return Sums(
            rows=1,
            lo=self.lo if sure else 0,
            hi=self.hi or 0,
            unbounded=int(self.hi is None),
            error_lo=self.error_lo if sure else 0,
            error_hi=self.error_hi or 0,
            error_unbounded=int(self.error_hi is None),
        )

    def capacity(self, as_of: date) -> GradeSums:
        """Return what it adds to the capacity by the end of a UTC day."""
        when = self.happened(as_of)
        if when is Happened.LATER:
            return GradeSums()
        sure = when is Happened.YES
        device_us = self.device_us if sure else None
        ceiling = self.ceiling if sure else None
        return GradeSums(
            rows=1,
            device_us=device_us or 0,
            device_us_unknown=int(device_us is None),
            ceiling=ceiling or 0,
            ceiling_unknown=int(ceiling is None),
            operations_lo=self.lo if sure else 0,
            operations_hi=self.hi or 0,
            operations_unbounded=int(self.hi is None),
        )


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
    start = body["start"]
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
        peak_operations_per_s=_digits(body, "peak_operations_per_s"),
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


class Tally:
    """Adds up records one by one; what is left when it is closed is a segment."""

    def __init__(self, as_of: date) -> None:
        """Begin with nothing.

        Args:
            as_of: Last UTC day whose work counts.
        """
        self._as_of = as_of
        self._totals: dict[TotalKey, Sums] = {}
        self._grades: dict[GradeKey, GradeSums] = {}
        self._deliveries: dict[str, GradeSums] = {}
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
        sign, made = signed[0], Contribution.of(signed[1])
        sums, capacity = made.sums(self._as_of), made.capacity(self._as_of)
        if sign < 0:
            sums, capacity = -sums, -capacity
        add_into(self._totals, {made.total: sums})
        if made.grade is not None:
            add_into(self._grades, {made.grade: capacity})
            if made.commitment is not None and made.total.role == "primary":
                add_into(self._deliveries, {made.commitment: capacity})
        return made

    def close(self, leaves: CompactRange) -> Segment:
        """Return the segment.

        Args:
            leaves: Merkle range of its entries.
        """
        return Segment(
            leaves,
            self._totals,
            self._grades,
            self._deliveries,
            tuple(self._others),
            self._allocations,
            self._recorded_by,
        )


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
            sums = made.capacity(as_of)
            key = DeliveryKey(made.commitment, made.total.model, made.grade)
            add_into(found, {key: sums if signed[0] > 0 else -sums})
    return found
