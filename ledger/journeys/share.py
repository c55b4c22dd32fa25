"""A share is the part of a month that is meant for a purpose; it is of device time, and exact.

What is meant for the purpose already is part of it, so that asking twice changes nothing. A change
of the book and a scenario of that change move the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ledger.errors import ConflictError, InputError

__all__ = ["given_up", "scaled", "sized"]


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


def sized(seq: int, body: Mapping[str, Any], share: Fraction) -> dict[str, Any]:
    """Return a share of a commitment in whole thousandths of devices, as far as they are stated.

    Args:
        seq: Its entry, for the message.
        body: Its public fields.
        share: Of it, from 0 to 1.

    Raises:
        InputError: If they are no whole number of thousandths.
    """
    if body["milli_devices"] is None:
        return scaled(body, share)
    milli = body["milli_devices"] * share
    if milli.denominator != 1:
        raise InputError(
            f"a share of {share} of entry {seq} is no whole number of thousandths of devices",
            remedy="choose a share that divides the devices",
        )
    return {**scaled(body, share), "milli_devices": milli.numerator}


def scaled(body: Mapping[str, Any], share: Fraction) -> dict[str, Any]:
    """Return a share of the device time of a commitment; its operations keep their bounds."""
    found = dict(body)
    for name in ("device_us", "operations_low", "operations", "operations_high"):
        if body[name] is not None:
            exact = int(body[name]) * share
            up = name == "operations_high"
            found[name] = str(-(-exact.numerator // exact.denominator) if up else int(exact))
    return found


def _sum(amounts: Iterable[Fraction | int | None]) -> Fraction | None:
    """Add amounts; None if one is not known."""
    total = Fraction(0)
    for amount in amounts:
        if amount is None:
            return None
        total += amount
    return total
