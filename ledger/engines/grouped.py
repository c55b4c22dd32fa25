"""Grouped contributions are put together where they are alike in all but seq and amounts."""

from __future__ import annotations

from datetime import date

from ledger.measure import Contribution, Happened, Leg
from ledger.quantity import Interval

__all__ = ["Grouped"]


class _Group:
    """Allocations that are alike, and what they add up to so far."""

    __slots__ = ("device_us", "error_hi", "error_lo", "first", "hi", "lo", "rows", "seq")

    def __init__(self, seq: int, first: Contribution) -> None:
        """Begin with nothing added.

        Args:
            seq: Number of the first of them.
            first: What it contributes.
        """
        self.seq = seq
        self.first = first
        self.lo = self.error_lo = self.rows = 0
        self.hi: int | None = 0
        self.error_hi: int | None = 0
        self.device_us: int | None = 0

    def add(self, made: Contribution, *, sure: bool) -> None:
        """Add one; what is not sure to have happened adds nothing to the lower ends."""
        self.rows += 1
        if sure:
            self.lo += made.lo
            self.error_lo += made.error_lo
        self.hi = _sum(self.hi, made.hi)
        self.error_hi = _sum(self.error_hi, made.error_hi)
        self.device_us = _sum(self.device_us, made.device_us if sure else None)

    def leg(self) -> Leg:
        """Return all of them as a leg."""
        made = self.first
        return Leg(
            seq=self.seq,
            run=made.run,
            activity=made.total.activity,
            operation_kind=made.total.operation_kind,
            extent=made.total.extent,
            day=made.day,
            not_after=made.not_after,
            lo=self.lo,
            hi=self.hi,
            commitment=made.commitment,
            device_us=self.device_us,
            developer=made.total.developer,
            rows=self.rows,
            error=Interval(self.error_lo, self.error_hi),
            evidence=made.total.evidence,
            device=_device(made),
        )


class Grouped:
    """Puts allocations together into legs, one after the other."""

    def __init__(self, as_of: date) -> None:
        """Begin with none.

        Args:
            as_of: Last UTC day whose work counts.
        """
        self._as_of = as_of
        self._found: dict[tuple[object, ...], _Group] = {}

    def take(self, seq: int, made: Contribution) -> None:
        """Add one allocation that stands, in order of ``seq``."""
        when = made.happened(self._as_of)
        if when is Happened.LATER:
            return
        key = (made.total, made.run, made.day, made.not_after, made.commitment, _device(made))
        group = self._found.get(key)
        if group is None:
            group = self._found[key] = _Group(seq, made)
        group.add(made, sure=when is Happened.YES)

    def __len__(self) -> int:
        """How many legs there are."""
        return len(self._found)

    def legs(self, models: frozenset[str]) -> dict[str, tuple[Leg, ...]]:
        """Return the legs of some models, each in order of ``seq``; one without has none."""
        found: dict[str, list[Leg]] = {model: [] for model in sorted(models)}
        for group in self._found.values():
            if (legs := found.get(group.first.total.model)) is not None:
                legs.append(group.leg())
        return {model: tuple(legs) for model, legs in found.items()}


def _device(made: Contribution) -> str | None:
    """Return what was delivered under a contract."""
    return None if made.commitment is None or made.grade is None else made.grade.device


def _sum(left: int | None, right: int | None) -> int | None:
    """Add two numbers; not known if one of them is not."""
    return None if left is None or right is None else left + right
