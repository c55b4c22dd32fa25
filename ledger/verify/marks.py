"""A mark is eight bytes that stand for an id, under a key drawn anew for each verification.

So nobody can prepare ids that collide. One process takes Python's own hash (``ledger.verify.ids``),
which is another one in each process; here several share a key.
"""

from __future__ import annotations

import secrets
from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import NamedTuple, Self

from ledger.verify.buckets import BUCKETS, Buckets

__all__ = ["Marker", "Marks"]

_BITS = 64
_BORDERS = range(2**_BITS // BUCKETS, 2**_BITS, 2**_BITS // BUCKETS)  # between buckets
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
        self._buckets = Buckets("Q")

    def take(self, marks: bytes) -> None:
        """Add those of a segment, sorted."""
        ordered = array("Q", marks)
        ends = [bisect_left(ordered, border) for border in _BORDERS]
        for bucket, (first, stop) in zip(
            self._buckets.held, pairwise([0, *ends, len(ordered)]), strict=True
        ):
            bucket.extend(ordered[first:stop])
        self._buckets.added(len(ordered))

    def doubtful(self) -> bool:
        """Return whether two are the same: their ids are too, or chance made them so.

        Raises:
            LedgerError: If what was put aside on the disk cannot be read.
        """
        return bool(self._buckets.doubles())
