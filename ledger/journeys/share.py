"""A share is the part of a month that is meant for a purpose; it is of device time, and exact.

What is meant for the purpose already is part of it, so that asking twice changes nothing. A change
of the book and a scenario of that change move the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from ledger.errors import ConflictError

__all__ = ["given_up"]


def given_up(
    share: Fraction,
    others: Iterable[Fraction | int | None],
    own: Iterable[Fraction | int | None],
    what: str,
) -> Fraction:
    """Return the part that all else gives up, so that a purpose has its share of the whole.

    Args:
        share: Of the whole, above 0 and at most 1.
        others: Device-microseconds that are meant otherwise, each; None where that is not known.
        own: Device-microseconds that are meant for the purpose already, each.
        what: Contract and window, for the message.

    Raises:
        ConflictError: If a part of the whole is asked for, and nobody knows how much that is.
    """
    if share == 1:
        return share
    there, mine = _sum(others), _sum(own)
    if not there or mine is None:
        raise ConflictError(
            f"how much device time {what} has is not known",
            why="then nobody can say what a share of it is, nor what is meant for it already",
            remedy="mean all of it for one purpose: leave the share out",
        )
    return max(share - (1 - share) * mine / there, Fraction(0))


def _sum(amounts: Iterable[Fraction | int | None]) -> Fraction | None:
    """Add amounts; None if one is not known."""
    total = Fraction(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
