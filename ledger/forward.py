"""Forward is what commitments still add: expected operations not yet delivered.

What remains of a commitment is its expected operations, times the device time not yet delivered,
divided by the device time contracted. Forwards, reservations and plans count from the day they
were agreed, an option from the day it was exercised, and capacity meant for no model never does.
A window that has passed ends nothing by itself: somebody records that the rest will not come.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol, TypeVar

from ledger.measure import Leg, StoredRecord, Sums, TotalKey
from ledger.period import parse_day, parse_instant

__all__ = ["Delivered", "Outstanding", "committed", "delivered_by", "drawn_on", "outstanding"]


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A commitment that counts for a model, as it was agreed.

    Attributes:
        seq: Entry of the commitment.
        contract: Identifier that deliveries refer to.
        model: Model it is meant for, without prefix.
        key: Group that its operations fall into.
        counts_from: Day from which it counts: agreed, or exercised for an option.
        recorded_on: UTC day on which the ledger learned of it.
        window_end: First day after the window of delivery.
        low: Least operations expected.
        high: Most operations expected, or None.
        error_low: Lower end of the stated range, else ``low``.
        error_high: Upper end of the stated range, else ``high``.
        device_us: Device-microseconds contracted; None if not stated.
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

    @property
    def recorded_late(self) -> bool:
        """Whether it counted before the ledger knew of it."""
        return self.recorded_on > self.counts_from

    def remaining(self, delivered: Delivered) -> Sums:
        """Return the operations still to come after some deliveries.

        Fractions of an operation widen the interval; nothing is rounded away.
        """
        sure, perhaps = self._shares(delivered)
        return Sums(
            rows=1,
            lo=_down(self.low, sure),
            hi=0 if self.high is None else _up(self.high, perhaps),
            unbounded=int(self.high is None and perhaps[0] > 0),
            error_lo=_down(self.error_low, sure),
            error_hi=0 if self.error_high is None else _up(self.error_high, perhaps),
            error_unbounded=int(self.error_high is None and perhaps[0] > 0),
        )

    def _shares(self, delivered: Delivered) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return the share surely and the share perhaps undelivered, as fractions."""
        whole = (1, 1)
        if not self.device_us:
            return (whole if not delivered else (0, 1)), whole
        left = max(0, self.device_us - delivered.device_us)
        return (0 if delivered.unknown else left, self.device_us), (left, self.device_us)


@dataclass(frozen=True, slots=True)
class Delivered:
    """Device time delivered under a contract.

    Attributes:
        device_us: Device-microseconds, as far as known.
        unknown: Whether some delivery does not say how much.
    """

    device_us: int = 0
    unknown: bool = False

    def __bool__(self) -> bool:
        """Whether anything was delivered."""
        return self.device_us > 0 or self.unknown


class Drawable(Protocol):
    """A part of a contract on which deliveries draw."""

    @property
    def seq(self) -> int:
        """Entry of the commitment."""

    @property
    def model(self) -> str | None:
        """Model that it is meant for."""

    @property
    def window_end(self) -> date:
        """First day after the window of delivery."""

    @property
    def device_us(self) -> int | None:
        """Device-microseconds contracted; None if not stated."""


_Part = TypeVar("_Part", bound=Drawable)


def outstanding(commitments: Iterable[StoredRecord]) -> tuple[Outstanding, ...]:
    """Return the commitments that count for a model, in order of entry.

    Args:
        commitments: Commitment records that still stand.
    """
    found = (_read(record) for record in commitments)
    return tuple(item for item in found if item is not None)


def delivered_by(
    legs: Mapping[str, Sequence[Leg]], day: date
) -> Mapping[str, Mapping[str, Delivered]]:
    """Return what was delivered by the end of a day, by contract and model.

    Args:
        legs: Legs by model.
        day: Last day whose deliveries count; undated ones count on their ``not_after``.
    """
    known: dict[str, Counter[str]] = {}
    unknown: set[tuple[str, str]] = set()
    for model, held in legs.items():
        for leg in held:
            when = leg.day or leg.not_after
            late = when is None or when > day
            if leg.commitment is None or leg.extent != "own" or late:
                continue
            known.setdefault(leg.commitment, Counter())[model] += leg.device_us or 0
            if leg.device_us is None:
                unknown.add((leg.commitment, model))
    return {
        contract: {
            model: Delivered(device_us, (contract, model) in unknown)
            for model, device_us in counts.items()
        }
        for contract, counts in known.items()
    }


def committed(
    commitments: Sequence[Outstanding],
    delivered: Mapping[str, Mapping[str, Delivered]],
    day: date,
) -> Mapping[str, list[tuple[TotalKey, Sums]]]:
    """Return what commitments agreed by a day still add, by model.

    A contract recorded once is drawn on by every delivery under it; one that is split between
    models by the deliveries to each of them, and by the deliveries to any other in order of window.

    Args:
        commitments: Those that count, in order.
        delivered: As ``delivered_by`` gives it for the day.
        day: Last day of agreement that counts.
    """
    found: dict[str, list[tuple[TotalKey, Sums]]] = {}
    contracts: dict[str, list[Outstanding]] = {}
    for item in commitments:
        contracts.setdefault(item.contract, []).append(item)
    for contract, items in contracts.items():
        parts = [item for item in items if item.counts_from <= day]
        for part, drawn in drawn_on(parts, delivered.get(contract, {})):
            remaining = part.remaining(drawn)
            if remaining.lo or remaining.hi or remaining.unbounded:
                found.setdefault(part.model, []).append((part.key, remaining))
    return found


def drawn_on(
    parts: Sequence[_Part], by_model: Mapping[str, Delivered]
) -> Iterable[tuple[_Part, Delivered]]:
    """Yield each part of a contract with the deliveries that draw on it.

    Args:
        parts: Of one contract; windows that end earlier are drawn on first, then earlier entries.
        by_model: What was delivered under it, by model.
    """
    parts = sorted(parts, key=lambda part: (part.window_end, part.seq))
    left = {model: delivered.device_us for model, delivered in by_model.items()}
    unknown = any(delivered.unknown for delivered in by_model.values())
    drawn = dict.fromkeys((part.seq for part in parts), 0)
    for own in (True, False):  # a part is first drawn on by its own model
        for part in parts:
            for model, there in tuple(left.items()):
                if own and model != part.model:
                    continue
                room = (part.device_us or 0) - drawn[part.seq]
                taken = there if part.device_us is None else min(there, room)
                left[model] = there - taken
                drawn[part.seq] += taken
    for part in parts:
        yield part, Delivered(drawn[part.seq], unknown)


def _read(record: StoredRecord) -> Outstanding | None:
    """Read a commitment; None if it never counts."""
    body: Mapping[str, Any] = record.body
    exercised = body["exercised_on"] if body["kind"] == "option" else body["agreed_on"]
    if body["model"] is None or exercised is None:
        return None
    agreed_on = parse_day(body["agreed_on"])
    point, low, high = (_digits(body, f"operations{end}") for end in ("", "_low", "_high"))
    least = point if point is not None else low or 0
    most = point if point is not None else high
    return Outstanding(
        seq=record.seq,
        contract=body["contract"],
        model=body["model"],
        key=_key(body),
        counts_from=max(agreed_on, parse_day(exercised)),
        recorded_on=parse_instant(record.recorded_at).date(),
        window_end=parse_day(body["window_end"]),
        low=least,
        high=most,
        error_low=least if low is None else low,
        error_high=most if high is None else high,
        device_us=_digits(body, "device_us"),
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


def _down(value: int, share: tuple[int, int]) -> int:
    """Return a share of a value, rounded down."""
    return value * share[0] // share[1]


def _up(value: int, share: tuple[int, int]) -> int:
    """Return a share of a value, rounded up."""
    return -(-value * share[0] // share[1])
