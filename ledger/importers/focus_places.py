"""A place is one resource over one charge period: its charges are netted, and looked at together.

Most places have one charge. Only a digest is kept of each, eight bytes, until it is known which
places have several; those alone are held in memory.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import polars as pl

from ledger.importers.focus_charge import Charge

__all__ = ["Net", "PlaceCount", "Places", "net_of", "place_digest"]

_BLOCK: Final = 1 << 16
_LINES_MAX: Final = 5


@dataclass(frozen=True, slots=True)
class Net:
    """Charges of one key, added up.

    Attributes:
        first: The first of them that is no correction, or the first of all.
        lines: Lines of the first of their rows.
        charges: How many they are.
        quantity: Units billed in the end.
        corrections: How many of them restate another.
    """

    first: Charge
    lines: tuple[int, ...]
    charges: int
    quantity: Fraction
    corrections: int

    @property
    def alone(self) -> bool:
        """Whether it restates charges of another file: none of them is in this one."""
        return self.corrections == self.charges

    def plus(self, charge: Charge) -> Net:
        """Return the sum with another charge."""
        first = charge if self.alone and not charge.correction else self.first
        lines = (*self.lines, charge.line)[:_LINES_MAX]
        quantity = self.quantity + charge.quantity
        corrections = self.corrections + charge.correction
        return Net(first, lines, self.charges + 1, quantity, corrections)


def net_of(charge: Charge) -> Net:
    """Return one charge as a sum."""
    return Net(charge, (charge.line,), 1, charge.quantity, int(charge.correction))


def place_digest(charge: Charge) -> int:
    """Return 64 bits of a place; two places may share them, which only costs memory."""
    text = "\0".join(charge.place).encode("utf-8", errors="replace")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


class PlaceCount:
    """Digests of every place, until the places with several charges are known."""

    def __init__(self) -> None:
        """Begin with none."""
        self._block = array("Q")
        self._blocks: list[pl.Series] = []
        self._together: set[int] = set()

    def add(self, charge: Charge) -> None:
        """Count a charge."""
        digest = place_digest(charge)
        if charge.correction:
            self._together.add(digest)
        self._block.append(digest)
        if len(self._block) >= _BLOCK:
            self._flush()

    def several(self) -> frozenset[int]:
        """Return the digests of places with several charges, or with one that is a correction."""
        self._flush()
        if not self._blocks:
            return frozenset()
        whole = pl.concat(self._blocks)
        self._blocks = [whole]
        return frozenset(self._together | set(whole.filter(whole.is_duplicated())))

    def _flush(self) -> None:
        """Move a full block to where a digest takes eight bytes."""
        if self._block:
            self._blocks.append(pl.Series(self._block, dtype=pl.UInt64))
            self._block = array("Q")


class Places:
    """The places with several charges, netted by key."""

    def __init__(self, digests: frozenset[int]) -> None:
        """Say which are held."""
        self._digests = digests
        self._nets: dict[tuple[str, ...], dict[tuple[tuple[str, ...], ...], Net]] = {}

    def __bool__(self) -> bool:
        """Whether any place has several charges."""
        return bool(self._digests)

    def has(self, charge: Charge) -> bool:
        """Return whether a charge is of a place that is held."""
        return bool(self._digests) and place_digest(charge) in self._digests

    def add(self, charge: Charge, meaning: tuple[str, ...]) -> None:
        """Net a charge into its place, with those of the same key that mean the same.

        Args:
            charge: The charge.
            meaning: What it is recorded as, so that no model gets the time of another.
        """
        nets = self._nets.setdefault(charge.place, {})
        held = nets.get((charge.key, meaning))
        nets[charge.key, meaning] = net_of(charge) if held is None else held.plus(charge)

    def each(self) -> Iterator[tuple[Net, ...]]:
        """Yield the sums of each place, in the order of the file."""
        for nets in self._nets.values():
            yield tuple(nets.values())

    def numbered(self) -> Iterator[tuple[int, Net]]:
        """Yield every sum with its number among those of one key, by what they mean."""
        for nets in self._nets.values():
            keys = [key for key, _ in nets]
            alike = {key: sorted(m for k, m in nets if k == key) for key in set(keys)}
            for (key, meaning), net in nets.items():
                yield alike[key].index(meaning), net
