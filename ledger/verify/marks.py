"""A mark is eight bytes that stand for an id, under a key drawn anew for each verification.

So nobody can prepare ids that collide. One process takes Python's own hash (``ledger.verify.ids``),
which is another one in each process; here several share a key.
"""

from __future__ import annotations

import secrets
from array import array
from bisect import bisect_left
from typing import NamedTuple, Self

__all__ = ["Marker", "Marks"]

_BITS = 64
_BUCKETS = 256  # so that looking for doubles holds a fraction of the marks at a time
_PRIME = 2**130 - 5  # larger than any id as a number


class Marker(NamedTuple):
    """Maps each id to eight bytes by a polynomial over a prime field, of random coefficients.

    Two ids that differ get the same mark with a probability of 2^-64, whoever chose them.
    """

    factor: int
    term: int

    @classmethod
    def draw(cls) -> Self:
        """Draw the coefficients."""
        return cls(1 + secrets.randbelow(_PRIME - 1), secrets.randbelow(_PRIME))

    def marks(self, ids: list[str]) -> bytes:
        """Return the marks of some ids, sorted, eight bytes each as the machine writes them."""
        factor, term, last = self.factor, self.term, 2**_BITS - 1
        marks = [(int(each.replace("-", ""), 16) * factor + term) % _PRIME & last for each in ids]
        marks.sort()
        return array("Q", marks).tobytes()


class Marks:
    """The marks of all ids, as segments gave them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._parts: list[array[int]] = []

    def take(self, marks: bytes) -> None:
        """Add those of a segment, sorted."""
        self._parts.append(array("Q", marks))

    def doubtful(self) -> bool:
        """Return whether two are the same: their ids are too, or chance made them so."""
        width = 2**_BITS // _BUCKETS
        for start in range(0, 2**_BITS, width):
            slices = [_between(part, start, start + width) for part in self._parts]
            if len(set().union(*slices)) != sum(map(len, slices)):
                return True
        return False


def _between(ordered: array[int], start: int, stop: int) -> array[int]:
    """Return the values in [start, stop)."""
    return ordered[bisect_left(ordered, start) : bisect_left(ordered, stop)]
