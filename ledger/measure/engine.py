"""An engine folds a log; a leg is its work by day and by run; a measure is what is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from ledger.measure.segment import Folded
from ledger.measure.sums import DeliveryKey, GradeSums
from ledger.quantity import Interval

__all__ = ["Engine", "Leg", "Measured"]


@dataclass(frozen=True, slots=True)
class Leg:
    """Primary allocations of one model alike in all but seq and amounts; reversed ones left out.

    Attributes:
        seq: The first of the entries.
        run: Run the work belongs to.
        activity: Word of the activity vocabulary.
        operation_kind: ``float``, ``integer`` or ``unknown``.
        extent: ``own`` or ``cumulative``.
        day: UTC day, or None for undated work.
        not_after: Last day undated work can have happened on; None for dated work.
        lo: Legal lower end of the operations by the day asked for.
        hi: Legal upper end; None if unbounded.
        sign: Always 1; a reversed allocation and its reversal are both left out.
        commitment: Contract it was delivered under.
        device_us: Held device-microseconds; None if any entry does not say.
        developer: Who develops the model, or None.
        rows: How many entries.
        error: Interval of the stated error; None if it is the legal one.
        evidence: Evidence letter, ``A`` to ``E``.
        device: Catalogue id of what was delivered under a contract; None if it is not recorded, and
            of other work.
    """

    seq: int
    run: str
    activity: str
    operation_kind: str
    extent: str
    day: date | None
    not_after: date | None
    lo: int
    hi: int | None
    sign: int = 1
    commitment: str | None = None
    device_us: int | None = None
    developer: str | None = None
    rows: int = 1
    error: Interval | None = None
    evidence: str = "E"
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a counting set finds for one model.

    Attributes:
        legal: The interval a finding is taken from.
        error: The interval that says whether the finding is robust.
        missing: Facts that would narrow the legal interval, sorted: ``operations@model:x``,
            ``operations@run:x``, ``lineage.parent@model:x``, ``lineage.same_provider@model:x`` …
        rows: Allocations counted.
        evidence: Operations (legal lower ends) by evidence letter.
    """

    legal: Interval
    error: Interval
    missing: tuple[str, ...]
    rows: int
    evidence: Mapping[str, int]


class Engine(Protocol):
    """Folds the log. Every engine gives equal values for equal entries."""

    def fold(self, *, size: int, limit: int, as_of: date, root: bytes | None = None) -> Folded:
        """Fold the entries [0, size) and total those before ``limit``.

        Args:
            size: Entries in the tree.
            limit: Entries counted, from the first; at most ``size``.
            as_of: Last UTC day whose work counts.
            root: The checkpoint's root, if the fold must prove itself against it.

        Raises:
            IntegrityError: If entries are missing, or they lead to another root.
        """

    def legs(
        self, models: frozenset[str], *, limit: int, as_of: date
    ) -> Mapping[str, tuple[Leg, ...]]:
        """Return the legs of some models by day and by run, in order of ``seq``.

        Args:
            models: Names of models; one without legs has an empty tuple.
            limit: Entries counted, from the first.
            as_of: Last UTC day whose work counts.
        """

    def delivered(self, *, limit: int, as_of: date) -> Mapping[DeliveryKey, GradeSums]:
        """Return the capacity delivered under contracts, by grade: own primary work only.

        Args:
            limit: Entries counted, from the first.
            as_of: Last UTC day whose work counts.
        """

    def above(self, *, limit: int) -> tuple[int, ...]:
        """Return the standing allocations that state more than their own ceiling, in order.

        Args:
            limit: Entries looked at, from the first.
        """
