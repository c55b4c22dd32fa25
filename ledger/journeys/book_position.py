"""A book position states what is held, and what contracts commit, have delivered and leave open.

Rows are told apart by contract, month, use, model, device and grade. What is delivered is part of
what is held, and what is committed is what was drawn on and what is open; the standings never add.
What expired is committed no more, and may have to be paid for all the same. Capacity for serving is
never added to capacity for training.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Final

from ledger.capacity import Refusal
from ledger.contract.price import Money
from ledger.journeys.book_rows import (
    BookKey,
    BookRow,
    BookTotal,
    Expected,
    Standing,
    Use,
    merged,
    totals_of,
)
from ledger.journeys.deals import Deal, Part
from ledger.journeys.grading import Grader, Slice, Tables
from ledger.journeys.pricing import Pricing, grade_key_of
from ledger.measure import DeliveryKey, Folded, GradeKey, GradeSums

__all__ = ["BookPosition", "book_position", "use_of"]

_NO_PRICE: Final = Refusal("not-priced", "what is held has a price only under its contract")


@dataclass(frozen=True, slots=True)
class BookPosition:
    """What is held beside the forward book.

    Attributes:
        rows: In the order of standing, contract, month, use and grade.
        totals: By standing and use.
        beyond: Contracts that were delivered more than was agreed, and by how many
            device-microseconds.
        later: Contracts that were agreed after the day, and are left out.
        strangers: Contracts that deliveries name and no commitment stands of.
    """

    rows: tuple[BookRow, ...]
    totals: Mapping[tuple[Standing, Use], BookTotal]
    beyond: Mapping[str, int]
    later: tuple[str, ...]
    strangers: tuple[str, ...]


def book_position(
    folded: Folded,
    deals: Sequence[Deal],
    delivered: Mapping[DeliveryKey, GradeSums],
    tables: Tables,
    pricing: Pricing,
) -> BookPosition:
    """Return the position of a fold and of the forward book.

    Args:
        folded: The log by grade, bounded by entries and day.
        deals: The contracts that stand or are closed, deliveries by the same day netted off.
        delivered: Capacity delivered by the same day, by contract and grade.
        tables: Catalogue, grades, bands, measures and unit.
        pricing: Prices by the same tables.
    """
    as_of = folded.as_of or date.max
    later = {d.id for d in deals if date.fromisoformat(d.first.body["agreed_on"]) > as_of}
    standing = {deal.id: deal for deal in deals if deal.id not in later}
    teller = _Teller(tables, pricing, as_of)
    pieces = [
        *teller.held(folded.grades),
        *(
            row
            for deal in standing.values()
            for part in deal.parts
            for row in teller.agreed(deal, part)
        ),
        *teller.delivered(standing, delivered),
        *(
            row
            for deal in standing.values()
            for part in deal.expired
            for row in teller.expired(deal, part)
        ),
    ]
    rows = merged(pieces)
    known = {deal.id for deal in deals}
    return BookPosition(
        rows=rows,
        totals=totals_of(rows),
        beyond={deal.id: deal.beyond_us for deal in standing.values() if deal.beyond_us},
        later=tuple(sorted(later)),
        strangers=tuple(sorted({key.contract for key in delivered} - known)),
    )


def use_of(activity: str) -> Use:
    """Return what capacity is used for: only serving is inference, and unknown stays unknown."""
    if activity == "unknown":
        return "unknown"
    return "inference" if activity == "inference_service" else "training"


class _Teller:
    """Tells the rows of one position."""

    def __init__(self, tables: Tables, pricing: Pricing, as_of: date) -> None:
        """Grade and price by these tables, as of a day."""
        self._as_of = as_of
        self._catalogue = tables.catalogue
        self._grader = Grader(tables)
        self._pricing = pricing

    def held(self, grades: Mapping[GradeKey, GradeSums]) -> Iterator[BookRow]:
        """Yield what is held; corroborating records never add."""
        for key, sums in grades.items():
            if key.role == "primary":
                piece = self._grader.slice(key, sums)
                yield _row(_key("held", None, None, piece), piece, _done(sums), _NO_PRICE)

    def agreed(self, deal: Deal, part: Part) -> Iterator[BookRow]:
        """Yield what a commitment commits, and what of it is open."""
        counts = part.counts_by(self._as_of)
        piece = self._piece(part, part.device_us)
        money = self._pricing.agreed(deal, piece)
        key = _key("committed", deal.id, part.model, piece)
        row = _row(key, piece, _expected(part), money)
        least = self._pricing.at_least(deal, money) if counts else None
        yield replace(row, counts=counts, take_or_pay=least)
        if part.open_us != 0:
            piece = self._piece(part, part.open_us)
            key = _key("open", deal.id, part.model, piece)
            row = _row(key, piece, _remaining(part), self._pricing.agreed(deal, piece))
            yield replace(row, counts=counts)

    def expired(self, deal: Deal, part: Part) -> Iterator[BookRow]:
        """Yield what did not come, and what of it must be paid all the same."""
        piece = self._piece(part, part.device_us)
        money = self._pricing.agreed(deal, piece)
        row = _row(_key("expired", deal.id, part.model, piece), piece, _expected(part), money)
        counts = part.counts_by(self._as_of)
        least = self._pricing.at_least(deal, money) if counts else None
        yield replace(row, counts=counts, take_or_pay=least)

    def delivered(
        self, deals: Mapping[str, Deal], delivered: Mapping[DeliveryKey, GradeSums]
    ) -> Iterator[BookRow]:
        """Yield what was delivered, by the contract's own schedule."""
        for place, sums in delivered.items():
            if place.contract in deals:
                rated = self._pricing.delivered(deals[place.contract], place.grade, sums)
                piece = self._grader.slice(place.grade, sums)
                key = _key("delivered", place.contract, place.model, piece)
                yield replace(_row(key, piece, _done(sums), rated.money), rated=(rated,))

    def _piece(self, part: Part, device_us: int | None) -> Slice:
        """Return some device time of a commitment by its grade."""
        sums = GradeSums(rows=1, device_us=device_us or 0, device_us_unknown=int(device_us is None))
        return self._grader.slice(grade_key_of(part.body, self._catalogue), sums)


def _key(standing: Standing, contract: str | None, model: str | None, piece: Slice) -> BookKey:
    """Return what a row of one slice covers."""
    key = piece.key
    return BookKey(
        standing=standing,
        contract=contract,
        month=key.month,
        use=use_of(key.activity),
        model=model,
        device=key.device,
        precision=key.precision,
        sparsity=key.sparsity,
        possible=piece.grade.possible,
        scale=piece.scale,
    )


def _row(key: BookKey, piece: Slice, operations: Expected, money: Money | Refusal) -> BookRow:
    """Return a row of one slice, with why a measure of it is missing."""
    why = {gap.what: gap.why for gap in piece.gaps if gap.what != "operations"}
    return BookRow(key, piece.amounts, operations, why, money)


def _expected(part: Part) -> Expected:
    """Return the operations expected of a commitment; one figure stands for all ends."""
    low, point, high = (
        None if part.body[name] is None else Fraction(int(part.body[name]))
        for name in ("operations_low", "operations", "operations_high")
    )
    return Expected(point if low is None else low, point, point if high is None else high)


def _remaining(part: Part) -> Expected:
    """Return the operations expected of what is open, as far as that is known."""
    whole, agreed = _expected(part), part.device_us
    if part.open_us is None:
        least = Fraction(0) if part.delivered.unknown else whole.low
        return Expected(None if whole.low is None else least, None, whole.high)
    assert agreed, "what is open is known, and more than nothing"
    return whole.times(Fraction(part.open_us, agreed))


def _done(sums: GradeSums) -> Expected:
    """Return operations that were done: the legal interval."""
    interval = sums.operations
    low = Fraction(interval.lo)
    high = None if interval.hi is None else Fraction(interval.hi)
    return Expected(low, low if low == high else None, high)
