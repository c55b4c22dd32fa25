"""The leaves of a bundle are read in order, as often as needed, and never held all at once."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.bundle import Opened
from ledger.merkle import leaf_hash

__all__ = ["BundleLeaves"]


class BundleLeaves:
    """Reads entries forward; going back begins again at the first."""

    def __init__(self, opened: Opened) -> None:
        """Read nothing yet."""
        self._opened = opened
        self._stream: Iterator[bytes] = iter(())
        self._next = -1

    def read(self, start: int, stop: int) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield number, bytes and hash of the entries [start, stop) that exist, in order."""
        for seq in range(start, stop):
            data = self.leaf_at(seq)
            if data is None:
                return
            yield seq, data, leaf_hash(data)

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
