"""A price is money for one unit of capacity, with what each interconnect grade is worth.

The interconnect is priced in, so that a unit at another grade is worth a share of the price, or
apart, so that each grade adds its own money to the same price of compute. There the share of a
grade says what a unit counts for, and its money is the surcharge alone: taking both would charge
for the network twice. Amounts are exact; a currency is never converted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal, Self, TypeAlias

from ledger.canonical import JSON
from ledger.errors import InputError

__all__ = ["PER", "Money", "Per", "Price", "Worth", "exact_amount"]

Per: TypeAlias = Literal["device_hour", "pflop_hour", "reference_unit"]
PER: Final[tuple[Per, ...]] = ("device_hour", "pflop_hour", "reference_unit")
_MILLION: Final = 10**6


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount of one currency.

    Attributes:
        amount: Units of the currency.
        currency: ISO 4217 code.
    """

    amount: Fraction
    currency: str

    def __add__(self, other: Self) -> Self:
        """Add money of the same currency.

        Raises:
            InputError: If the currencies differ.
        """
        if self.currency != other.currency:
            raise InputError(
                f"{self.currency} does not add to {other.currency}",
                remedy="state them apart; nothing here converts money",
            )
        return type(self)(self.amount + other.amount, self.currency)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a unit delivered at one interconnect grade counts for.

    Attributes:
        grade: Grade delivered.
        share_ppm: Parts per million of a unit at the contract's own grade.
        surcharge: Money that the grade adds to a unit where the interconnect is priced apart.
    """

    grade: str
    share_ppm: int
    surcharge: Fraction | None


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a unit of capacity.

    Attributes:
        amount: Units of the currency for one unit, without what is priced apart.
        currency: ISO 4217 code.
        per: What one unit is.
        unit: Id of the reference unit; None for any other.
        interconnect: Whether the interconnect is priced in or apart.
        schedule: What each grade is worth; grades that are not there are not provided for.
    """

    amount: Fraction
    currency: str
    per: Per
    unit: str | None
    interconnect: Literal["included", "apart"]
    schedule: tuple[Worth, ...]

    def worth(self, grade: str) -> Worth | None:
        """Return what the contract says of a grade, or None if it says nothing."""
        return next((each for each in self.schedule if each.grade == grade), None)

    def share(self, grade: str) -> Fraction:
        """Return what part of a unit at the contract's grade one at this grade counts for.

        Raises:
            InputError: If the contract does not say.
        """
        found = self.worth(grade)
        if found is None:
            raise InputError(
                f"the contract does not say what interconnect grade {grade} is worth",
                why="a discount for a weaker network is agreed by the parties, never assumed",
                remedy="have the parties agree on it, and record the contract with that grade",
            )
        return Fraction(found.share_ppm, _MILLION)

    def of_unit(self, grade: str) -> Money:
        """Return the price of one unit delivered at a grade, everything included.

        Where the interconnect is priced apart, the compute costs the same at every grade: a weaker
        network costs less by its surcharge, and its share lowers no price.

        Raises:
            InputError: If the contract does not say.
        """
        share = self.share(grade)
        if self.interconnect == "included":
            return Money(self.amount * share, self.currency)
        found = self.worth(grade)
        assert found is not None
        return Money(self.amount + (found.surcharge or 0), self.currency)

    def document(self) -> dict[str, JSON]:
        """Return the price as the canonical JSON that is kept in confidence."""
        return {
            "amount": str(self.amount),
            "currency": self.currency,
            "interconnect": self.interconnect,
            "per": self.per,
            "schedule": [
                {
                    "grade": each.grade,
                    "share_ppm": each.share_ppm,
                    "surcharge": None if each.surcharge is None else str(each.surcharge),
                }
                for each in self.schedule
            ],
            "unit": self.unit,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read what `document` wrote."""
        return cls(
            amount=Fraction(document["amount"]),
            currency=document["currency"],
            per=document["per"],
            unit=document["unit"],
            interconnect=document["interconnect"],
            schedule=tuple(
                Worth(
                    each["grade"],
                    each["share_ppm"],
                    None if each["surcharge"] is None else Fraction(each["surcharge"]),
                )
                for each in document["schedule"]
            ),
        )


def exact_amount(amount: Fraction, places: int = 2) -> str:
    """Return an amount of money with two places, rounded down, and a mark where it is not exact."""
    scaled = amount * 10**places
    whole = scaled.numerator // scaled.denominator
    text = f"{whole // 10**places:,}.{whole % 10**places:0{places}d}"
    return text if scaled.denominator == 1 else f"{text}+"
