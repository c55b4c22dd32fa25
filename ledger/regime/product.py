"""A product measures what its factors measure together, if that has a name here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ledger.quantity import Dimension

__all__ = ["product"]

# A dimension as powers of what it is made of. Dimensions that are not here enter no product: a
# TPP-hour counts hours while durations count seconds, and money multiplies with a plain share only.
_MADE_OF: Final[Mapping[Dimension, Mapping[str, int]]] = {
    Dimension.RATIO: {},
    Dimension.OPERATIONS: {"operation": 1},
    Dimension.OPERATION_RATE: {"operation": 1, "time": -1},
    Dimension.DURATION: {"time": 1},
    Dimension.MAC_RATE: {"mac": 1},
    Dimension.BIT_LENGTH: {"bit": 1},
    Dimension.PROCESSING_PERFORMANCE: {"mac": 1, "bit": 1},
    Dimension.PERFORMANCE_DENSITY: {"mac": 1, "bit": 1, "area": -1},
    Dimension.AREA: {"area": 1},
    Dimension.BYTES: {"byte": 1},
    Dimension.BYTE_RATE: {"byte": 1, "time": -1},
    Dimension.BANDWIDTH_DENSITY: {"byte": 1, "time": -1, "area": -1},
    Dimension.ADJUSTED_PERFORMANCE: {"weighted": 1},
    Dimension.PERFORMANCE_WEIGHT: {"weighted": 1, "operation": -1, "time": 1},
}


def product(left: str, right: str) -> str | None:
    """Return the dimension of a product, or None if the product measures nothing we name."""
    if Dimension.RATIO in {left, right}:
        return right if left == Dimension.RATIO else left
    if "date" in {left, right}:
        return None
    if Dimension.COUNT in {left, right}:
        # So many devices of some performance have that performance together.
        other = right if left == Dimension.COUNT else left
        return other if other in _MADE_OF else None
    first, second = _MADE_OF.get(Dimension(left)), _MADE_OF.get(Dimension(right))
    if first is None or second is None:
        return None
    powers = {part: first.get(part, 0) + second.get(part, 0) for part in {*first, *second}}
    made = {part: power for part, power in powers.items() if power}
    return next((str(name) for name, parts in _MADE_OF.items() if parts == made), None)
