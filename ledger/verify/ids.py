"""Ids are the names of the entries: no two entries share one (step 8)."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from itertools import pairwise

from ledger.entry import Entry
from ledger.verify.entries import bad_entry
from ledger.verify.evidence import Check
from ledger.verify.leaf import Leaf

__all__ = ["Ids"]

_BUCKETS = 256  # so that looking for doubles holds a fraction of the ids at a time


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
