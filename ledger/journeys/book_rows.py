"""A book row is one line of a position of the forward book: what it covers, and its measures.

Rows of one standing and use add up; nothing adds across standings, uses, formats or currencies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final, Literal, TypeAlias

from ledger.capacity import Refusal
from ledger.contract.price import Money
from ledger.journeys.grading import Amounts, Partial
from ledger.journeys.pricing import Rated

__all__ = [
    "STANDINGS",
    "BookKey",
    "BookRow",
    "BookTotal",
    "Expected",
    "Standing",
    "Use",
    "merged",
    "totals_of",
]

Standing: TypeAlias = Literal["held", "committed", "delivered", "open", "expired"]
Use: TypeAlias = Literal["training", "inference", "unknown"]
STANDINGS: Final[tuple[Standing, ...]] = ("held", "committed", "delivered", "open", "expired")
_USES: Final[tuple[Use, ...]] = ("training", "inference", "unknown")


@dataclass(frozen=True, slots=True)
class BookKey:
    """What tells two rows apart.

    Attributes:
        standing: Held, committed, delivered, open or expired.
        contract: The contract; None for what is held.
        month: ``YYYY-MM``; None for work without a date.
        use: Training, inference, or unknown where the activity is.
        model: What it is or was meant for; None for what is held, and while unallocated.
        device: Catalogue id; None if not recorded.
        precision: Operand precision.
        sparsity: ``dense``, ``structured`` or ``unknown``.
        possible: Interconnect grades; more than one means undetermined.
        scale: Scale band, or None if not known.
    """

    standing: Standing
    contract: str | None
    month: str | None
    use: Use
    model: str | None
    device: str | None
    precision: str
    sparsity: str
    possible: tuple[str, ...]
    scale: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """Operations: done, or expected at the utilisation stated.

    Attributes:
        low: Least; None if nobody says.
        point: Expected; None if nobody says.
        high: Most; None if nobody says.
    """

    low: Fraction | None = Fraction(0)
    point: Fraction | None = Fraction(0)
    high: Fraction | None = Fraction(0)

    def __add__(self, other: Expected) -> Expected:
        """Add end by end; what is not known of either is not known of both."""
        return Expected(
            _sum(self.low, other.low), _sum(self.point, other.point), _sum(self.high, other.high)
        )

    def times(self, share: Fraction) -> Expected:
        """Return a share of it."""
        low, point, high = (
            None if end is None else end * share for end in (self.low, self.point, self.high)
        )
        return Expected(low, point, high)


@dataclass(frozen=True, slots=True)
class BookRow:
    """One row.

    Attributes:
        key: What it covers.
        amounts: Its measures.
        operations: Work done, or expected at the utilisation stated.
        why: By measure, why something of it is missing.
        money: By the contract's own price, or why there is none.
        counts: Whether it counts in totals: all but options that nobody exercised.
        take_or_pay: Of what is committed or expired and counts, what must be paid whether taken or
            not; None elsewhere.
        rated: Of what is delivered, each grade by the contract's schedule.
    """

    key: BookKey
    amounts: Amounts
    operations: Expected
    why: Mapping[str, str]
    money: Money | Refusal
    counts: bool = True
    take_or_pay: Money | Refusal | None = None
    rated: tuple[Rated, ...] = ()


@dataclass(frozen=True, slots=True)
class BookTotal:
    """The rows of one standing and use that count.

    Attributes:
        amounts: Sums; its capacity is empty, since formats do not add.
        operations: Work done or expected.
        capacity: PFLOP-hours by precision and sparsity.
        money: Amounts by currency.
        take_or_pay: Amounts by currency that must be paid whether taken or not.
        unpriced: Rows that add nothing to the money.
    """

    amounts: Amounts = field(default_factory=Amounts)
    operations: Expected = field(default_factory=Expected)
    capacity: Mapping[tuple[str, str], Partial] = field(default_factory=dict)
    money: Mapping[str, Fraction] = field(default_factory=dict)
    take_or_pay: Mapping[str, Fraction] = field(default_factory=dict)
    unpriced: int = 0


def merged(rows: Iterable[BookRow]) -> tuple[BookRow, ...]:
    """Return rows with equal keys taken together, in order."""
    groups: dict[tuple[BookKey, bool], BookRow] = {}
    for row in rows:
        held = groups.get((row.key, row.counts))
        groups[row.key, row.counts] = row if held is None else _both(held, row)
    return tuple(sorted(groups.values(), key=lambda row: _rank(row.key)))


def _both(one: BookRow, other: BookRow) -> BookRow:
    """Return two rows of one key as one; what is missing of either is missing of both."""
    least = one.take_or_pay
    if least is not None and other.take_or_pay is not None:
        least = _paid(least, other.take_or_pay)
    return replace(
        one,
        amounts=one.amounts + other.amounts,
        operations=one.operations + other.operations,
        why={**other.why, **one.why},
        money=_paid(one.money, other.money),
        take_or_pay=least,
        rated=(*one.rated, *other.rated),
    )


def _paid(one: Money | Refusal, other: Money | Refusal) -> Money | Refusal:
    """Return two amounts under one contract together, or the first refusal."""
    if isinstance(one, Refusal):
        return one
    return other if isinstance(other, Refusal) else one + other


def totals_of(rows: Iterable[BookRow]) -> Mapping[tuple[Standing, Use], BookTotal]:
    """Return the sums by standing and use; nothing adds across either."""
    found: dict[tuple[Standing, Use], BookTotal] = {}
    for row in rows:
        if row.counts:
            place = (row.key.standing, row.key.use)
            found[place] = _added(found.get(place, BookTotal()), row)
    order = [(standing, use) for standing in STANDINGS for use in _USES]
    return {place: found[place] for place in order if place in found}


def _added(total: BookTotal, row: BookRow) -> BookTotal:
    """Return a total with one row more."""
    style = (row.key.precision, row.key.sparsity)
    capacity = dict(total.capacity)
    capacity[style] = capacity.get(style, Partial()) + row.amounts.capacity
    return BookTotal(
        amounts=replace(total.amounts + row.amounts, capacity=Partial()),
        operations=total.operations + row.operations,
        capacity=capacity,
        money=_purse(total.money, row.money),
        take_or_pay=_purse(total.take_or_pay, row.take_or_pay),
        unpriced=total.unpriced + isinstance(row.money, Refusal),
    )


def _purse(held: Mapping[str, Fraction], more: Money | Refusal | None) -> Mapping[str, Fraction]:
    """Return amounts by currency with one more; currencies never add to each other."""
    if not isinstance(more, Money):
        return held
    return {**held, more.currency: held.get(more.currency, Fraction(0)) + more.amount}


def _sum(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    """Add two numbers; None if either is not known."""
    return None if one is None or other is None else one + other


def _rank(key: BookKey) -> tuple[object, ...]:
    """Return the place of a row."""
    return (
        STANDINGS.index(key.standing),
        key.contract or "",
        key.month or "~",
        _USES.index(key.use),
        key.model or "~",
        key.device or "~",
        key.precision,
        key.sparsity,
        key.possible,
        key.scale or "~",
    )
