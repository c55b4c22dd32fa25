"""Marked places are numbers of lines, or of records, of which each takes one bit."""

from __future__ import annotations

__all__ = ["MarkedPlaces"]


class MarkedPlaces:
    """A set of numbers that count the lines of a file; a million of them take 125 kB."""

    def __init__(self) -> None:
        """Begin with none."""
        self._bits = bytearray()
        self._count = 0

    def __len__(self) -> int:
        """Return how many are marked."""
        return self._count

    def __contains__(self, place: int) -> bool:
        """Return whether a place is marked."""
        byte = place >> 3
        return byte < len(self._bits) and bool(self._bits[byte] >> (place & 7) & 1)

    def add(self, place: int) -> None:
        """Mark a place, from 0."""
        if place in self:
            return
        byte = place >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << (place & 7)
        self._count += 1
