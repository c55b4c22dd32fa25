"""Ids are the names of the entries: no two entries share one (step 8)."""

from __future__ import annotations

from collections.abc import Callable

from ledger.entry import Entry
from ledger.verify.buckets import BUCKETS, HELD_MAX, Buckets
from ledger.verify.entries import bad_entry
from ledger.verify.evidence import Check
from ledger.verify.leaf import Leaf

__all__ = ["Ids"]

_LAST = BUCKETS - 1  # the bits that say which bucket


class Ids:
    """Step 8: no two entries share an id.

    Eight bytes are kept of each: enough to see a double, which a second look then proves.
    """

    def __init__(self) -> None:
        """Begin with no ids."""
        self._seen = Buckets("q")
        self._count = 0

    def take(self, entry: Leaf) -> None:
        """Remember the id of an entry."""
        # Python keys hash() anew in each process, so that nobody can prepare ids that collide.
        short = hash(entry.id)
        self._seen.held[short & _LAST].append(short)
        self._count += 1
        if self._count % HELD_MAX == 0:
            self._seen.added(HELD_MAX)

    def check(self, leaf_at: Callable[[int], bytes | None]) -> Check:
        """Return step 8.

        Raises:
            IntegrityError: Naming the second entry with the same id.
            LedgerError: If what was put aside on the disk cannot be read.
        """
        doubtful = self._seen.doubles()
        if doubtful:
            first: dict[str, int] = {}
            for seq in range(self._count):
                name = Entry.parse(leaf_at(seq) or b"").id
                if hash(name) in doubtful and first.setdefault(name, seq) != seq:
                    raise bad_entry(seq, f"its id {name} is that of entry {first[name]}")
        return Check(8, "ids", self._count)
