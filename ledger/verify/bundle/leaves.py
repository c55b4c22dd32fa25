"""The leaves of a bundle are read in order, as often as needed, and never held all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from ledger.bundle import Opened
from ledger.merkle import leaf_hash

__all__ = ["BundleLeaves"]


class BundleLeaves:
    """Reads entries forward; going back begins again at the first.

    Attributes:
        reversed_by: Which entry reverses which, once the walk has checked it.
        types: Number of entries by type, likewise.
        recorded_by: When the last entry was recorded, likewise; None if there is none.
    """

    def __init__(
        self,
        opened: Opened,
        reversed_by: Mapping[int, int] | None = None,
        types: Mapping[str, int] | None = None,
        recorded_by: str | None = None,
    ) -> None:
        """Read nothing yet."""
        self.reversed_by: Mapping[int, int] = reversed_by or {}
        self.types: Mapping[str, int] = types or {}
        self.recorded_by = recorded_by
        self._opened = opened
        self._stream: Iterator[bytes] = iter(())
        self._next = -1

    @property
    def size(self) -> int:
        """How many entries the walk went over."""
        return sum(self.types.values())

    def read(self, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, bytes and hash of the entries [start, stop) that exist, in order."""
        if start == 0:
            for seq, data in enumerate(islice(self._opened.entries(), stop)):
                yield seq, data, leaf_hash(data)
            return
        for seq in range(start, stop):
            found = self.leaf_at(seq)
            if found is None:
                return
            yield seq, found, leaf_hash(found)

    def leaf_at(self, seq: int) -> bytes | None:
        """Return the bytes of one entry, or None; cheap where numbers rise one by one."""
        if seq < self._next or self._next < 0:
            self._stream, self._next = self._opened.entries(), 0
        for data in self._stream:
            self._next += 1
            if self._next > seq:
                return data
        self._next = -1
        return None
