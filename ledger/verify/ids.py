"""Ids are the names of the entries: no two entries share one (step 8).

Eight bytes are kept of each, under a key that is drawn anew each time, so that nobody can prepare
ids that collide. One process takes Python's own hash; several share a key of ours.
"""

from __future__ import annotations

import secrets
from array import array
from bisect import bisect_left
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple, Self

from ledger.entry import Entry
from ledger.verify.entries import bad_entry
from ledger.verify.evidence import Check
from ledger.verify.leaf import Leaf

__all__ = ["Ids", "Marker", "Marks"]

_BUCKETS = 256  # so that looking for doubles holds a fraction of the ids at a time
_MARK_BITS = 64
_PRIME = 2**130 - 5  # larger than any id as a number


class Ids:
    """Step 8: no two entries share an id.

    Eight bytes are kept of each: enough to see a double, which a second look then proves.
    """

    def __init__(self) -> None:
        """Begin with no ids."""
        self._seen = [array("q") for _ in range(_BUCKETS)]
        self._count = 0

    def take(self, entry: Leaf) -> None:
        """Remember the id of an entry."""
        # Python keys hash() anew in each process, so that nobody can prepare ids that collide.
        short = hash(entry.id)
        self._seen[short & 0xFF].append(short)
        self._count += 1

    def check(self, leaf_at: Callable[[int], bytes | None]) -> Check:
        """Return step 8.

        Raises:
            IntegrityError: Naming the second entry with the same id.
        """
        doubtful = {short for bucket in self._seen for short in _doubles(bucket)}
        if doubtful:
            first: dict[str, int] = {}
            for seq in range(self._count):
                name = Entry.parse(leaf_at(seq) or b"").id
                if hash(name) in doubtful and first.setdefault(name, seq) != seq:
                    raise bad_entry(seq, f"its id {name} is that of entry {first[name]}")
        return Check(8, "ids", self._count)


def _doubles(bucket: array[int]) -> set[int]:
    """Return the values that occur more than once."""
    if len(set(bucket)) == len(bucket):
        return set()
    ordered = sorted(bucket)
    return {a for a, b in pairwise(ordered) if a == b}


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
        factor, term, last = self.factor, self.term, 2**_MARK_BITS - 1
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
        width = 2**_MARK_BITS // _BUCKETS
        for start in range(0, 2**_MARK_BITS, width):
            slices = [_between(part, start, start + width) for part in self._parts]
            if len(set().union(*slices)) != sum(map(len, slices)):
                return True
        return False


def _between(ordered: array[int], start: int, stop: int) -> array[int]:
    """Return the values in [start, stop)."""
    return ordered[bisect_left(ordered, start) : bisect_left(ordered, stop)]
