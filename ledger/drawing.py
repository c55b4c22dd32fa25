"""Drawing nets deliveries off the commitments of a contract, so that no hour is counted twice.

A delivery belongs to its day: it draws on the commitments whose window holds that day, and with
what is over on those whose window had ended by then, the earliest first. None draws on a window
that is still to begin: what is over then is beyond what was agreed. Among those it draws on what is
meant for its own model, then on what is meant for none, and on what is meant for another model
last. A substitute counts by the ratio that the commitment states.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from fractions import Fraction
from typing import Any, Final, Self, TypeAlias

from ledger.measure import Leg
from ledger.period import parse_day

__all__ = [
    "Capacity",
    "Delivered",
    "Delivery",
    "Drawings",
    "Drawn",
    "Unrated",
    "delivered_by",
    "drawn_on",
    "expires_on",
    "in_agreed",
    "standing_by",
]

_STAGES: Final = 6  # in the window and in those over, each by its own model, by none, by another
_ALL: Final = Fraction(1)
_NONE: Final = Fraction(0)


class Unrated(Enum):
    """Why nobody can say how many of a device stand for one agreed."""

    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Capacity:
    """What one commitment agreed on, on which deliveries draw.

    Attributes:
        seq: Entry of the commitment.
        contract: Identifier that deliveries refer to.
        model: Model it is meant for; None while unallocated.
        start: First day of the window.
        end: First day after it.
        device: Catalogue id; None if not stated, and then every device is the one agreed.
        device_us: Device-microseconds agreed; None if not stated.
        substitutes: How many of a device stand for one agreed, by device; None if not stated.
        expired_on: Day from which it only says what did not come; None while more may come.
    """

    seq: int
    contract: str
    model: str | None
    start: date
    end: date
    device: str | None
    device_us: int | None
    substitutes: Mapping[str, Fraction] | None
    expired_on: date | None = None

    @classmethod
    def of(cls, seq: int, body: Mapping[str, Any]) -> Self:
        """Read the body of a commitment."""
        listed, text = body.get("substitutes"), body["device_us"]
        return cls(
            seq=seq,
            contract=body["contract"],
            model=body["model"],
            start=parse_day(body["window_start"]),
            end=parse_day(body["window_end"]),
            device=body["device"],
            device_us=None if text is None else int(text),
            substitutes=None
            if listed is None
            else {each["device"]: Fraction(each["ratio"]) for each in listed},
            expired_on=expires_on(body),
        )

    def ratio(self, device: str | None) -> Fraction | Unrated:
        """Return how many of a device stand for one agreed, or why that cannot be said."""
        if self.device is None or device == self.device:
            return Fraction(1)
        if device is None or self.substitutes is None:
            return Unrated.UNKNOWN
        return self.substitutes.get(device, Unrated.REFUSED)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Device time delivered under a contract to one model, of one device, on one day.

    Attributes:
        model: The model.
        device: Catalogue id; None if not recorded.
        day: UTC day; of undated work the last day on which it can have been.
        device_us: Device-microseconds, as far as known.
        seq: The first of its entries.
        unknown: Whether some of it is not recorded.
    """

    model: str
    device: str | None
    day: date
    device_us: int
    seq: int
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Delivered:
    """Device time delivered of a commitment, counted in the device agreed.

    Attributes:
        device_us: Device-microseconds, as far as known, rounded down.
        unknown: Whether some delivery under the contract does not say how much.
        rest: What rounding left out: less than one device-microsecond of a substitute.
    """

    device_us: int = 0
    unknown: bool = False
    rest: Fraction = Fraction(0)

    def __bool__(self) -> bool:
        """Whether anything was delivered."""
        return self.device_us > 0 or self.unknown or self.rest > 0

    def left_of(self, agreed_us: int | None) -> tuple[Fraction, Fraction]:
        """Return the share surely and the share perhaps still to come of what was agreed.

        Args:
            agreed_us: Device-microseconds agreed; None if not stated.
        """
        if not self:
            return _ALL, _ALL
        if not agreed_us:
            return _NONE, _ALL
        left = 1 - min(self.device_us + self.rest, Fraction(agreed_us)) / agreed_us
        return (_NONE if self.unknown else left), left


@dataclass(frozen=True, slots=True)
class Drawn:
    """What the deliveries under one contract draw on.

    Attributes:
        parts: What was delivered of each commitment, by its entry.
        beyond_us: Device-microseconds for which no commitment begun by then had room, rounded down.
    """

    parts: Mapping[int, Delivered]
    beyond_us: int


_Place: TypeAlias = tuple[str, date, str, str | None]  # contract, day, model, device
_Pile: TypeAlias = tuple[str, str | None, int]  # model, device, stretch of days


def delivered_by(
    legs: Mapping[str, Sequence[Leg]], day: date
) -> Mapping[str, tuple[Delivery, ...]]:
    """Return what was delivered by the end of a day, by contract, in order of day.

    Args:
        legs: Legs by model.
        day: Last day whose deliveries count; undated ones count on their ``not_after``.
    """
    found: dict[_Place, Delivery] = {}
    for model, held in legs.items():
        for leg in held:
            when = leg.day or leg.not_after
            if leg.commitment is None or leg.extent != "own" or when is None or when > day:
                continue
            place = (leg.commitment, when, model, leg.device)
            before = found.get(place) or Delivery(model, leg.device, when, 0, leg.seq)
            found[place] = replace(
                before,
                device_us=before.device_us + (leg.device_us or 0),
                seq=min(before.seq, leg.seq),
                unknown=before.unknown or leg.device_us is None,
            )
    grouped: dict[str, list[Delivery]] = {}
    for place in sorted(found, key=lambda each: (*each[:3], each[3] or "")):
        grouped.setdefault(place[0], []).append(found[place])
    return {contract: tuple(deliveries) for contract, deliveries in grouped.items()}


def drawn_on(parts: Iterable[Capacity], deliveries: Sequence[Delivery]) -> Drawn:
    """Draw the deliveries under one contract on its commitments.

    Args:
        parts: All commitments of the contract that stand and have not expired, whether they count
            for a model or not.
        deliveries: What was delivered under it.
    """
    drawing = _Drawing(sorted(parts, key=lambda part: (part.end, part.seq)))
    for delivery in deliveries:
        drawing.add(delivery)
    return drawing.drawn()


class Drawings:
    """Contracts as deliveries draw on them by the end of any day, each state worked out once."""

    def __init__(
        self,
        parts: Mapping[str, Sequence[Capacity]],
        delivered: Mapping[str, Sequence[Delivery]],
    ) -> None:
        """Begin with nothing drawn.

        Args:
            parts: All commitments that stand, by contract: what counts for nobody, or not yet, is
                drawn on all the same, and what expired is until then.
            delivered: As ``delivered_by`` gives it for the last day that is asked about.
        """
        self._parts = parts
        self._delivered = delivered
        self._drawn: dict[tuple[str, int, int], Mapping[int, Delivered]] = {}

    def by(self, contract: str, day: date) -> Mapping[int, Delivered]:
        """Return what of a contract was delivered by a day, by entry; empty if nothing was."""
        deliveries = self._delivered.get(contract, ())
        number = bisect_right(deliveries, day, key=lambda each: each.day)
        if not number:
            return {}
        parts = [part for part in self._parts[contract] if standing_by(part.expired_on, day)]
        place = (contract, number, len(parts))  # once expired it stays so: as many are the same
        held = self._drawn.get(place)
        if held is None:
            held = self._drawn[place] = drawn_on(parts, deliveries[:number]).parts
        return held


def in_agreed(parts: Iterable[Capacity], device: str | None, device_us: Fraction | int) -> Fraction:
    """Return device time of a device in the device agreed; nothing where nobody can say.

    Args:
        parts: The commitments of one contract; the first that rates the device decides.
        device: Catalogue id; None if not recorded.
        device_us: Device-microseconds of it.
    """
    ratios = (part.ratio(device) for part in parts)
    told = (device_us / ratio for ratio in ratios if not isinstance(ratio, Unrated))
    return next(told, Fraction(0))


def expires_on(body: Mapping[str, Any]) -> date | None:
    """Return the day from which a commitment only says what did not come, and none draws on it."""
    text = body.get("expired_on")
    return None if text is None else parse_day(text)


def standing_by(expired_on: date | None, day: date) -> bool:
    """Return whether what expires on a day, or on none, still stands by the end of another."""
    return expired_on is None or day < expired_on


class _Drawing:
    """One contract as its deliveries draw on it; windows cut time into stretches of days."""

    def __init__(self, parts: Sequence[Capacity]) -> None:
        """Begin with no delivery.

        Args:
            parts: Its commitments; those whose windows end earlier first, then earlier entries.
        """
        self._bounds = sorted({day for part in parts for day in (part.start, part.end)})
        self._parts = [(p, self._stretch(p.start), self._stretch(p.end)) for p in parts]
        self._left: Counter[_Pile] = Counter()
        self._taken = {part.seq: Fraction(0) for part in parts}
        self._unknown = False

    def add(self, delivery: Delivery) -> None:
        """Add a delivery to its pile; one that is of no device agreed is none."""
        ratios = {part.ratio(delivery.device) for part, _, _ in self._parts}
        if ratios == {Unrated.REFUSED}:
            return
        if delivery.unknown or Unrated.UNKNOWN in ratios:
            self._unknown = True
        if delivery.device_us:
            pile = (delivery.model, delivery.device, self._stretch(delivery.day))
            self._left[pile] += delivery.device_us

    def drawn(self) -> Drawn:
        """Draw every pile, stage by stage."""
        piles = sorted(self._left, key=lambda pile: (pile[2], pile[0], pile[1] or ""))
        left = {pile: Fraction(self._left[pile]) for pile in piles}
        for stage in range(_STAGES):
            for pile in piles:
                for part in self._asked(stage, pile) if left[pile] else ():
                    left[pile] -= self._take(part, pile[1], left[pile])
        parts = [part for part, _, _ in self._parts]
        over = (in_agreed(parts, pile[1], us) for pile, us in left.items())
        beyond = sum(over, Fraction(0))
        return Drawn({seq: self._delivered(us) for seq, us in self._taken.items()}, int(beyond))

    def _stretch(self, day: date) -> int:
        """Return the number of the stretch that a day lies in."""
        return bisect_right(self._bounds, day)

    def _asked(self, stage: int, pile: _Pile) -> Iterator[Capacity]:
        """Yield the commitments that a pile may draw on at a stage: current ones, or those over."""
        model, _, stretch = pile
        over, turn = divmod(stage, 3)
        for part, first, end in self._parts:
            kind = 0 if part.model == model else 1 if part.model is None else 2
            if kind == turn and (end <= stretch if over else first <= stretch < end):
                yield part

    def _take(self, part: Capacity, device: str | None, there: Fraction) -> Fraction:
        """Draw on one commitment; return how much of the delivery that takes."""
        ratio = part.ratio(device)
        if isinstance(ratio, Unrated):
            return Fraction(0)
        taken = there / ratio
        if part.device_us is not None:
            taken = min(taken, part.device_us - self._taken[part.seq])
        self._taken[part.seq] += taken
        return taken * ratio

    def _delivered(self, us: Fraction) -> Delivered:
        """Return what was delivered of a commitment."""
        whole = us.numerator // us.denominator
        return Delivered(whole, self._unknown, us - whole)
