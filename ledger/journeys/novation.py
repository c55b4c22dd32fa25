"""A novation puts a new party in the place of buyer or seller, with whose capacity it then is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self, TypeAlias

from ledger.canonical import encode
from ledger.contract import party_name
from ledger.errors import ConflictError, InputError
from ledger.journeys.deals import Part

__all__ = ["Novation", "Side"]

Side: TypeAlias = Literal["buyer", "seller"]
_NONE: Final = "none"
_KYC: Final = {"customer": "--customer", "ultimate_parent": "--parent"}


@dataclass(frozen=True, slots=True)
class Novation:
    """Who takes whose place.

    Attributes:
        side: Buyer or seller.
        party: The new party.
        customer: Whose capacity it becomes; ``none`` for nobody stated, None where nothing is said.
        ultimate_parent: Whose subsidiary the customer is, likewise.
    """

    side: Side
    party: str
    customer: str | None = None
    ultimate_parent: str | None = None

    @classmethod
    def of(
        cls, buyer: str | None, seller: str | None, customer: str | None, parent: str | None
    ) -> Self:
        """Read what somebody asked for.

        Raises:
            InputError: If it is not one party, or a name is none.
        """
        if (buyer is None) == (seller is None):
            raise InputError("one party changes at a time", remedy="give --buyer or --seller")
        if buyer is None and (customer is not None or parent is not None):
            raise InputError(
                "another seller changes nothing about the customer",
                remedy="leave --customer and --parent out",
            )
        for option, text in (("--customer", customer), ("--parent", parent)):
            if text not in {None, _NONE}:
                party_name(str(text), option)
        if buyer is not None:
            return cls("buyer", party_name(buyer, "--buyer"), customer, parent)
        return cls("seller", party_name(str(seller), "--seller"))

    def touches(self, contract: str, part: Part) -> bool:
        """Return whether a commitment changes: whether its party is another one.

        Raises:
            ConflictError: If the names of its parties are not held here.
            InputError: If the new party is the other one in it.
        """
        other = "seller" if self.side == "buyer" else "buyer"
        if self.side not in part.hidden:
            raise ConflictError(
                f"the {self.side} of entry {part.seq} is not held here",
                remedy="make the change in the ledger that holds the names",
            )
        if part.hidden.get(other) == self.party:
            raise self.refusal(contract, "is the other party")
        return part.hidden[self.side] != self.party

    def hidden(self, contract: str, part: Part) -> Mapping[str, str]:
        """Return the confidential fields of a commitment with the new party.

        Raises:
            InputError: If it names a customer or parent, and nothing is said of them.
        """
        found = {**part.hidden, self.side: self.party}
        terms = part.terms
        if self.side == "seller" or terms is None:
            return found
        said = {"customer": self.customer, "ultimate_parent": self.ultimate_parent}
        stale = [name for name, text in said.items() if text is None and terms[name] is not None]
        if stale:
            raise InputError(
                f"{contract!r} names the {stale[0].replace('_', ' ')} of the buyer that goes",
                why="know-your-customer duties ask about the one who comes",
                remedy=f"give {_KYC[stale[0]]} NAME, or none",
            )
        told = {name: None if text == _NONE else text for name, text in said.items() if text}
        return {**found, "terms": encode({**terms, **told}).decode()}

    def refusal(self, contract: str, told: str) -> InputError:
        """Return why the party cannot be the new one."""
        return InputError(
            f"{self.party!r} {told}",
            where=f"contract {contract}",
            why="a contract is novated to somebody who is not in it",
            remedy="name the party that takes it over",
        )
