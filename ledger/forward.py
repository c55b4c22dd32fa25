"""Forward is what commitments still add: expected operations not yet delivered.

What remains of a commitment is its expected operations, times the device time not yet delivered,
divided by the device time contracted. Forwards, reservations and plans count from the day they
were agreed, an option from the day it was exercised, what was meant for another purpose later from
the day of that decision, and capacity meant for no model never does. A window that has passed ends
nothing by itself: somebody records that the rest will not come, and from that day on it counts no
more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from ledger.drawing import Capacity, Delivered, Drawings, expires_on, standing_by
from ledger.measure import StoredRecord, Sums, TotalKey
from ledger.period import parse_day, parse_instant

__all__ = ["Outstanding", "committed", "counts_from", "outstanding", "standing_parts"]

_NOTHING: Final = Delivered()


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A commitment that counts for a model, as it was agreed.

    Attributes:
        seq: Entry of the commitment.
        contract: Identifier that deliveries refer to.
        model: Model it is meant for, without prefix.
        key: Group that its operations fall into.
        counts_from: Day from which it counts: the last of those on which it was agreed, exercised
            if it is an option, and meant for this purpose.
        recorded_on: UTC day on which the ledger learned of it.
        window_end: First day after the window of delivery.
        low: Least operations expected.
        high: Most operations expected, or None.
        error_low: Lower end of the stated range, else ``low``.
        error_high: Upper end of the stated range, else ``high``.
        device_us: Device-microseconds contracted; None if not stated.
        expired_on: Day from which it counts no more, as it will not come; None while it may.
    """

    seq: int
    contract: str
    model: str
    key: TotalKey
    counts_from: date
    recorded_on: date
    window_end: date
    low: int
    high: int | None
    error_low: int
    error_high: int | None
    device_us: int | None
    expired_on: date | None

    def counts_on(self, day: date) -> bool:
        """Return whether it counts by the end of a day."""
        return self.counts_from <= day and standing_by(self.expired_on, day)

    @property
    def recorded_late(self) -> bool:
        """Whether it counted before the ledger knew of it."""
        return self.recorded_on > self.counts_from

    def remaining(self, delivered: Delivered) -> Sums:
        """Return the operations still to come after some deliveries.

        Fractions of an operation widen the interval; nothing is rounded away.
        """
        sure, perhaps = delivered.left_of(self.device_us)
        return Sums(
            rows=1,
            lo=_down(self.low, sure),
            hi=0 if self.high is None else _up(self.high, perhaps),
            unbounded=int(self.high is None and perhaps > 0),
            error_lo=_down(self.error_low, sure),
            error_hi=0 if self.error_high is None else _up(self.error_high, perhaps),
            error_unbounded=int(self.error_high is None and perhaps > 0),
        )


def outstanding(commitments: Iterable[StoredRecord]) -> tuple[Outstanding, ...]:
    """Return the commitments that count for a model, in order of entry.

    Args:
        commitments: Commitment records that still stand.
    """
    found = (_read(record) for record in commitments)
    return tuple(item for item in found if item is not None)


def standing_parts(commitments: Iterable[StoredRecord]) -> tuple[Capacity, ...]:
    """Return everything that deliveries draw on, until it expires, whether it counts or not.

    Args:
        commitments: Commitment records that still stand.
    """
    return tuple(Capacity.of(record.seq, record.body) for record in commitments)


def committed(
    commitments: Iterable[Outstanding], drawings: Drawings, day: date
) -> Mapping[str, list[tuple[TotalKey, Sums]]]:
    """Return what commitments that count on a day still add, by model.

    Args:
        commitments: Those that count, in order.
        drawings: Their contracts, as deliveries draw on them.
        day: Last day of agreement and of delivery that counts.
    """
    found: dict[str, list[tuple[TotalKey, Sums]]] = {}
    contracts: dict[str, list[Outstanding]] = {}
    for item in commitments:
        if item.counts_on(day):
            contracts.setdefault(item.contract, []).append(item)
    for contract, items in contracts.items():
        drawn = drawings.by(contract, day)
        for item in items:
            remaining = item.remaining(drawn.get(item.seq, _NOTHING))
            if remaining.lo or remaining.hi or remaining.unbounded:
                found.setdefault(item.model, []).append((item.key, remaining))
    return found


def counts_from(body: Mapping[str, Any]) -> date | None:
    """Return the day from which a commitment counts; None for an option nobody exercised."""
    exercised = body["exercised_on"] if body["kind"] == "option" else body["agreed_on"]
    if exercised is None:
        return None
    days = (body["agreed_on"], exercised, body.get("allocated_on") or body["agreed_on"])
    return parse_day(max(days))  # a day is written so that texts sort as days do


def _read(record: StoredRecord) -> Outstanding | None:
    """Read a commitment; None if it never counts."""
    body: Mapping[str, Any] = record.body
    since = counts_from(body)
    if body["model"] is None or since is None:
        return None
    point, low, high = (_digits(body, f"operations{end}") for end in ("", "_low", "_high"))
    least = point if point is not None else low or 0
    most = point if point is not None else high
    return Outstanding(
        seq=record.seq,
        contract=body["contract"],
        model=body["model"],
        key=_key(body),
        counts_from=since,
        recorded_on=parse_instant(record.recorded_at).date(),
        window_end=parse_day(body["window_end"]),
        low=least,
        high=most,
        error_low=least if low is None else low,
        error_high=most if high is None else high,
        device_us=_digits(body, "device_us"),
        expired_on=expires_on(body),
    )


def _key(body: Mapping[str, Any]) -> TotalKey:
    """Return the group of the work that is to come: no evidence yet, the contract for a run."""
    return TotalKey(
        model=body["model"],
        developer=body["developer"],
        activity=body["activity"],
        operation_kind=body["operation_kind"],
        extent="own",
        role="primary",
        evidence="E",
        run=body["contract"],
    )


def _digits(body: Mapping[str, Any], name: str) -> int | None:
    """Return a field of digits as an integer, None if it is not stated."""
    text = body[name]
    return None if text is None else int(text)


def _down(value: int, share: Fraction) -> int:
    """Return a share of a value, rounded down."""
    return value * share.numerator // share.denominator


def _up(value: int, share: Fraction) -> int:
    """Return a share of a value, rounded up."""
    return -(-value * share.numerator // share.denominator)
