"""Sums are exact integers over a group of allocations, netted of reversals end by end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from ledger.quantity import Interval

__all__ = ["DeliveryKey", "GradeKey", "GradeSums", "Sums", "TotalKey", "add_into"]


class TotalKey(NamedTuple):
    """What counting sets, subjects and evidence shares tell apart.

    Attributes:
        model: Model the operations were for.
        developer: Who develops it, or None if not stated.
        activity: Word of the activity vocabulary.
        operation_kind: ``float``, ``integer`` or ``unknown``.
        extent: ``own``, or ``cumulative`` for a figure that already includes ancestors.
        role: ``primary``, or ``corroborating``, which never adds.
        evidence: Grade letter, ``A`` to ``E``.
        run: Run of a ``cumulative`` figure, since two of them may cover the same work; None for
            ``own``.
    """

    model: str
    developer: str | None
    activity: str
    operation_kind: str
    extent: str
    role: str
    evidence: str
    run: str | None = None


class GradeKey(NamedTuple):
    """The recorded, measured numbers that a grade is derived from, and the month.

    Figures of extent ``cumulative`` are not in grade totals: they hold no capacity of their own.

    Attributes:
        device: Catalogue id, or None.
        precision: Operand precision.
        sparsity: ``dense``, ``structured`` or ``unknown``.
        operation_kind: ``float``, ``integer`` or ``unknown``.
        activity: Word of the activity vocabulary.
        scale_up_gb_per_s: GB/s a device inside the scale-up domain.
        scale_up_domain: Devices in the scale-up domain.
        scale_out_gbit_per_s: Gbit/s a device between domains.
        topology: Word of the topology list.
        concurrent_devices: Devices working together.
        peak_operations_per_s: Dense peak of one device at this precision.
        month: ``YYYY-MM`` of the day of the leg; None for an undated leg.
        role: ``primary`` or ``corroborating``.
    """

    device: str | None
    precision: str
    sparsity: str
    operation_kind: str
    activity: str
    scale_up_gb_per_s: int | None
    scale_up_domain: int | None
    scale_out_gbit_per_s: int | None
    topology: str
    concurrent_devices: int | None
    peak_operations_per_s: int | None
    month: str | None
    role: str


@dataclass(frozen=True, slots=True)
class DeliveryKey:
    """What was delivered under which contract: to which model, and at which grade.

    Attributes:
        contract: Contract that the allocations name.
        model: Model that they were for.
        grade: The recorded numbers, and the month.
    """

    contract: str
    model: str
    grade: GradeKey


@dataclass(frozen=True, slots=True)
class Sums:
    """Operations of one group, netted of reversals.

    Attributes:
        rows: Allocations that had happened, or may have, by the day asked for.
        lo: Sum of the legal lower ends.
        hi: Sum of the legal upper ends that are known.
        unbounded: Rows without a legal upper end.
        error_lo: Sum of the lower ends of the stated error.
        error_hi: Sum of the upper ends of the stated error that are known.
        error_unbounded: Rows without an upper end of the error.
        later: Allocations recorded that had not happened by the day asked for; they add nothing
            and leave unknown what had, but say that the ledger knows the model.
    """

    rows: int = 0
    lo: int = 0
    hi: int = 0
    unbounded: int = 0
    error_lo: int = 0
    error_hi: int = 0
    error_unbounded: int = 0
    later: int = 0

    def __add__(self, other: Sums) -> Sums:
        """Return the sums over both groups."""
        return Sums(
            self.rows + other.rows,
            self.lo + other.lo,
            self.hi + other.hi,
            self.unbounded + other.unbounded,
            self.error_lo + other.error_lo,
            self.error_hi + other.error_hi,
            self.error_unbounded + other.error_unbounded,
            self.later + other.later,
        )

    def __neg__(self) -> Sums:
        """Return what a reversal of the group adds."""
        return Sums(
            -self.rows,
            -self.lo,
            -self.hi,
            -self.unbounded,
            -self.error_lo,
            -self.error_hi,
            -self.error_unbounded,
            -self.later,
        )

    def __sub__(self, other: Sums) -> Sums:
        """Return the sums without the other group, end by end."""
        return self + -other

    def __bool__(self) -> bool:
        """Return whether anything is left."""
        return self != _NO_SUMS

    @property
    def legal(self) -> Interval:
        """The legal interval; no upper end while any row has none."""
        return Interval(self.lo, None if self.unbounded else self.hi)

    @property
    def error(self) -> Interval:
        """The error interval; no upper end while any row has none."""
        return Interval(self.error_lo, None if self.error_unbounded else self.error_hi)


@dataclass(frozen=True, slots=True)
class GradeSums:
    """Capacity and operations of one grade or one contract, netted of reversals.

    Attributes:
        rows: Allocations that had happened, or may have, by the day asked for.
        device_us: Held device-microseconds, as far as known.
        device_us_unknown: Rows whose device time by that day is not known.
        ceiling: Operations the held devices could have done, as far as known.
        ceiling_unknown: Rows whose ceiling by that day is not known.
        operations_lo: Sum of the legal lower ends.
        operations_hi: Sum of the legal upper ends that are known.
        operations_unbounded: Rows without a legal upper end.
    """

    rows: int = 0
    device_us: int = 0
    device_us_unknown: int = 0
    ceiling: int = 0
    ceiling_unknown: int = 0
    operations_lo: int = 0
    operations_hi: int = 0
    operations_unbounded: int = 0

    def __add__(self, other: GradeSums) -> GradeSums:
        """Return the sums over both groups."""
        return GradeSums(
            self.rows + other.rows,
            self.device_us + other.device_us,
            self.device_us_unknown + other.device_us_unknown,
            self.ceiling + other.ceiling,
            self.ceiling_unknown + other.ceiling_unknown,
            self.operations_lo + other.operations_lo,
            self.operations_hi + other.operations_hi,
            self.operations_unbounded + other.operations_unbounded,
        )

    def __neg__(self) -> GradeSums:
        """Return what a reversal of the group adds."""
        return GradeSums(
            -self.rows,
            -self.device_us,
            -self.device_us_unknown,
            -self.ceiling,
            -self.ceiling_unknown,
            -self.operations_lo,
            -self.operations_hi,
            -self.operations_unbounded,
        )

    def __sub__(self, other: GradeSums) -> GradeSums:
        """Return the sums without the other group, end by end."""
        return self + -other

    def __bool__(self) -> bool:
        """Return whether anything is left."""
        return self != _NO_GRADE_SUMS

    @property
    def operations(self) -> Interval:
        """The legal interval of operations; no upper end while any row has none."""
        return Interval(
            self.operations_lo, None if self.operations_unbounded else self.operations_hi
        )


_NO_SUMS = Sums()
_NO_GRADE_SUMS = GradeSums()


_Key = TypeVar("_Key")
_Sum = TypeVar("_Sum", Sums, GradeSums)


def add_into(into: dict[_Key, _Sum], more: Mapping[_Key, _Sum]) -> None:
    """Add sums key by key and drop what nets to nothing."""
    for key, sums in more.items():
        held = into.get(key)
        total = sums if held is None else held + sums
        if total:
            into[key] = total
        else:
            into.pop(key, None)
