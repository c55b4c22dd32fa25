"""Pricing says what capacity under a contract costs and is worth, by the contract's own schedule.

A delivery is counted in the device and the format agreed, whatever it was used in. Where the
contract does not say what a weaker network or another device is worth, the answer is a refusal with
a name, never zero and never a guess. A currency is never converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final, Self

from ledger.capacity import Format, ReferenceUnit, Refusal, reference_units
from ledger.contract.price import Money, Price
from ledger.drawing import Unrated
from ledger.grade import Grade
from ledger.hardware import Catalogue
from ledger.journeys.deals import Deal
from ledger.journeys.grading import Grader, Slice, Tables
from ledger.measure import GradeKey, GradeSums
from ledger.pack import Pack
from ledger.quantity import Quantity

__all__ = ["Pricing", "Rated", "Share", "grade_key_of"]

_MILLION: Final = 10**6


@dataclass(frozen=True, slots=True)
class Share:
    """What part of a unit agreed one delivered counts for.

    Attributes:
        agreed: Interconnect grade agreed; None if its links leave several open.
        delivered: Grade delivered; None if its links leave several open.
        below: Whether the one delivered ranks below; None if nobody can say.
        share: The part, exact, or why the contract gives none.
    """

    agreed: str | None
    delivered: str | None
    below: bool | None
    share: Fraction | Refusal


@dataclass(frozen=True, slots=True)
class Rated:
    """A delivery by the schedule of its contract.

    Attributes:
        share: What part of a unit agreed one counts for.
        units: Reference units that it is worth, or why that cannot be said.
        unit: Symbol of those units.
        money: What it costs, or why that cannot be said.
    """

    share: Share
    units: Quantity | Refusal
    unit: str
    money: Money | Refusal


class Pricing:
    """Prices slices of capacity by one set of tables."""

    def __init__(self, tables: Tables, units: Mapping[str, ReferenceUnit]) -> None:
        """Price by these tables.

        Args:
            tables: Catalogue, grades, measures, and the unit where a contract names none.
            units: Units of reference capacity, by id.
        """
        self._tables = tables
        self._units = units
        self._grader = Grader(tables)

    @classmethod
    def from_pack(cls, pack: Pack, tables: Tables) -> Self:
        """Read the units of a rule pack."""
        return cls(tables, reference_units(pack))

    def agreed(self, deal: Deal, piece: Slice) -> Money | Refusal:
        """Return what capacity costs at the grade agreed.

        Args:
            deal: The contract.
            piece: Capacity of the device, format and grade agreed.
        """
        grade = piece.grade.name
        if grade is None:
            return _UNDETERMINED
        price = deal.price
        if price is None:
            return _unpriced(deal)
        quantity = self._quantity(price, piece, grade, Fraction(1))
        return quantity if isinstance(quantity, Refusal) else _times(quantity, price, grade)

    def at_least(self, deal: Deal, money: Money | Refusal) -> Money | Refusal:
        """Return what must be paid of that whether it is taken or not."""
        terms = deal.terms
        if terms is None:
            return Refusal("no-terms", "the terms of the contract are not held here")
        if isinstance(money, Refusal):
            return money
        return Money(
            money.amount * Fraction(int(terms["take_or_pay_ppm"]), _MILLION), money.currency
        )

    def delivered(self, deal: Deal, key: GradeKey, sums: GradeSums) -> Rated:
        """Return what a delivery is worth and costs.

        Args:
            deal: The contract.
            key: What was delivered, as recorded.
            sums: How much of it.
        """
        body, price = deal.first.body, deal.price
        promised = self._grader.slice(grade_key_of(body, self._tables.catalogue), GradeSums())
        counted = _in_format_of(key, body, self._tables.catalogue)
        piece = self._grader.slice(counted, sums)
        share = self._share(deal, promised.grade, piece.grade)
        unit = self._unit(price)
        if isinstance(share.share, Refusal):
            return Rated(share, share.share, unit.unit.symbol, share.share)
        assert share.agreed is not None
        assert price is not None
        whole = self._in_units(unit, piece, share.agreed)
        units = (
            whole if isinstance(whole, Refusal) else Quantity(whole.base * share.share, whole.unit)
        )
        ratio = _ratio(deal, key.device)
        if isinstance(ratio, Refusal):
            return Rated(share, ratio, unit.unit.symbol, ratio)
        quantity = self._quantity(price, piece, share.agreed, ratio)
        listed = share.delivered if price.worth(str(share.delivered)) else share.agreed
        money = quantity if isinstance(quantity, Refusal) else _times(quantity, price, str(listed))
        return Rated(share, units, unit.unit.symbol, money)

    def _share(self, deal: Deal, agreed: Grade, delivered: Grade) -> Share:
        """Return what part of a unit agreed one at the grade delivered counts for."""
        if agreed.name is None or delivered.name is None:
            return Share(agreed.name, delivered.name, None, _UNDETERMINED)
        reached = self._tables.grades.at_least(delivered.name, agreed.name)
        same = delivered.name == agreed.name
        below = False if same else None if reached is None else not reached
        found = Share(agreed.name, delivered.name, below, Fraction(1))
        price = deal.price
        if price is None:
            return replace(found, share=_unpriced(deal))
        if price.worth(delivered.name) is not None:
            return replace(found, share=price.share(delivered.name))
        if same or reached:
            # Who delivers better than agreed delivers what was agreed, and no more.
            return found
        why = f"the contract does not say what interconnect grade {delivered.name} is worth"
        return replace(found, share=Refusal("grade-not-agreed", why))

    def _quantity(
        self, price: Price, piece: Slice, grade: str, ratio: Fraction
    ) -> Fraction | Refusal:
        """Return how many units of a price some capacity is, at the grade agreed.

        Args:
            price: Says what a unit is.
            piece: The capacity, in the format agreed.
            grade: Interconnect grade agreed.
            ratio: Devices of it that stand for one agreed.
        """
        time, capacity = piece.amounts.device_time, piece.amounts.capacity
        if time.total is None or time.missing_rows:
            return Refusal("time-unknown", "the device time is not recorded")
        if price.per == "device_hour":
            return time.total.value / ratio
        if capacity.total is None:
            return Refusal("capacity-unknown", _why(piece, "pflop-hours"))
        if price.per == "pflop_hour":
            return capacity.total.value
        units = self._in_units(self._unit(price), piece, grade)
        return units if isinstance(units, Refusal) else units.value

    def _in_units(self, unit: ReferenceUnit, piece: Slice, grade: str) -> Quantity | Refusal:
        """Return the reference units of some capacity, as if all were of one interconnect grade."""
        capacity, key = piece.amounts.capacity, piece.key
        if capacity.total is None or capacity.missing_rows:
            return Refusal("capacity-unknown", _why(piece, "pflop-hours"))
        device = self._tables.catalogue.devices.get(key.device or "")
        held = Format(device, key.precision, key.sparsity, Grade((grade,), (), ""))
        return unit.convert(capacity.total, held, self._tables.grades)

    def _unit(self, price: Price | None) -> ReferenceUnit:
        """Return the unit that a price is stated in, else that of the position."""
        if price is None or price.unit is None:
            return self._tables.unit
        return self._units.get(price.unit, self._tables.unit)


_UNDETERMINED: Final = Refusal(
    "grade-undetermined", "the links leave more than one interconnect grade open"
)


def grade_key_of(body: Mapping[str, Any], catalogue: Catalogue) -> GradeKey:
    """Return the numbers that a commitment agrees on, with the dense peak of the catalogue."""
    device = catalogue.devices.get(body["device"] or "")
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
        peak_operations_per_s=None if device is None else device.peak(body["precision"]),
        month=body["window_start"][:7],
        role="primary",
    )


def _in_format_of(key: GradeKey, body: Mapping[str, Any], catalogue: Catalogue) -> GradeKey:
    """Return what was delivered, in the format agreed."""
    device = catalogue.devices.get(key.device or "")
    peak = None if device is None else device.peak(body["precision"])
    return key._replace(
        precision=body["precision"],
        sparsity=body["sparsity"],
        peak_operations_per_s=peak,
    )


def _ratio(deal: Deal, device: str | None) -> Fraction | Refusal:
    """Return how many of a device stand for one agreed."""
    ratio = deal.first.capacity.ratio(device)
    if ratio is Unrated.UNKNOWN:
        ratios = deal.substitutes
        if ratios is None:
            return Refusal("no-terms", "the terms of the contract are not held here")
        ratio = ratios.get(device or "", Unrated.REFUSED)
    if isinstance(ratio, Unrated):
        what = "an unrecorded device" if device is None else device
        why = f"the contract does not let {what} be delivered in place of the one agreed"
        return Refusal("device-not-agreed", why)
    return ratio


def _unpriced(deal: Deal) -> Refusal:
    """Return why there is no price."""
    if any(part.hidden for part in (*deal.parts, *deal.expired)):
        return Refusal("no-price", "the contract states no price")
    return Refusal("price-not-held", "the price of the contract is not held here")


def _times(quantity: Fraction, price: Price, grade: str) -> Money | Refusal:
    """Return the money for some units at a grade."""
    if price.worth(grade) is None:
        why = f"the contract does not say what interconnect grade {grade} is worth"
        return Refusal("grade-not-agreed", why)
    one = price.of_unit(grade)
    return Money(one.amount * quantity, one.currency)


def _why(piece: Slice, what: str) -> str:
    """Return why a measure of a slice is missing."""
    return next((gap.why for gap in piece.gaps if gap.what == what), "it is not recorded")
