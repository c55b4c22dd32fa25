"""Shares: a whole number cut into whole parts that add up to it exactly."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["ordered", "shares"]


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """Cuts a total in proportion to weights, by largest remainder.

    Args:
        total: what to cut, at least 0.
        weights: at least one, none negative, not all 0.

    Returns:
        One part a weight, each the floor or the ceiling of its exact share; their sum is the
        total. Of equal remainders the earlier part gets the unit.
    """
    whole = sum(weights)
    assert total >= 0, "only amounts are cut"
    assert whole > 0, "something to cut by"
    parts = [total * weight // whole for weight in weights]
    left = total - sum(parts)
    by_remainder = sorted(range(len(parts)), key=lambda i: -(total * weights[i] % whole))
    for index in by_remainder[:left]:
        parts[index] += 1
    return parts


def ordered(lower: Sequence[int], upper: Sequence[int]) -> list[int]:
    """Moves units between the parts of the lower total until none exceeds its upper part.

    Largest remainders of two totals can cross by one unit; a band must not.

    Args:
        lower: parts whose sum is at most that of `upper`.
        upper: as many parts.

    Returns:
        Parts with the sum of `lower`, each at most its upper part.
    """
    assert sum(lower) <= sum(upper), "the totals are in order"
    parts = [min(low, high) for low, high in zip(lower, upper, strict=True)]
    left = sum(lower) - sum(parts)
    for index, high in enumerate(upper):
        room = min(left, high - parts[index])
        parts[index] += room
        left -= room
    return parts
