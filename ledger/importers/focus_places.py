"""A place is one resource over one charge period: its charges are netted, and looked at together.

Most places have one charge. Only a digest is kept of each, eight bytes, until it is known which
places have several; the charges of those alone lie in a temporary file, place by place.
"""

from __future__ import annotations

import hashlib
import json
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby
from typing import Final

import polars as pl

from ledger.importers.focus_charge import Charge, read_charge
from ledger.importers.focus_table import Record
from ledger.importers.scratch import Scratch

__all__ = ["Net", "PlaceCount", "Places", "net_of", "place_digest"]

_BLOCK: Final = 1 << 16
_WAITING_MAX: Final = 500
_IN_ORDER: Final = (
    "SELECT first, line, said FROM charges "
    "JOIN (SELECT place AS held, min(line) AS first FROM charges GROUP BY place) ON held = place "
    "ORDER BY first, line"
)
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
        self._together = array("Q")

    def add(self, charge: Charge) -> None:
        """Count a charge."""
        digest = place_digest(charge)
        if charge.correction:
            self._together.append(digest)
        self._block.append(digest)
        if len(self._block) >= _BLOCK:
            self._flush()

    def several(self) -> Sequence[int]:
        """Return the digests of places with several charges, or with one that is a correction.

        Returns:
            Them in order, each once.
        """
        self._flush()
        if not self._blocks:
            return ()
        whole = pl.concat(self._blocks)
        self._blocks = [whole]
        repeated = whole.filter(whole.is_duplicated())
        found = pl.concat([repeated, pl.Series(self._together, dtype=pl.UInt64)]).unique().sort()
        return array("Q", found)

    def _flush(self) -> None:
        """Move a full block to where a digest takes eight bytes."""
        if self._block:
            self._blocks.append(pl.Series(self._block, dtype=pl.UInt64))
            self._block = array("Q")


class Places:
    """The places with several charges, netted by key."""

    def __init__(self, digests: Sequence[int]) -> None:
        """Say which are held, by their digests in order."""
        self._digests = digests
        self._scratch: Scratch | None = None
        self._waiting: list[tuple[bytes, int, str]] = []

    def __bool__(self) -> bool:
        """Whether any place has several charges."""
        return bool(self._digests)

    def has(self, charge: Charge) -> bool:
        """Return whether a charge is of a place that is held."""
        if not self._digests:
            return False
        digest = place_digest(charge)
        at = bisect_left(self._digests, digest)
        return at < len(self._digests) and self._digests[at] == digest

    def add(self, charge: Charge, meaning: tuple[str, ...]) -> None:
        """Net a charge into its place, with those of the same key that mean the same.

        Args:
            charge: The charge.
            meaning: What it is recorded as, so that no model gets the time of another.
        """
        place = "\0".join(charge.place).encode("utf-8", errors="surrogatepass")
        said = json.dumps([dict(charge.cells), meaning])
        self._waiting.append((place, charge.line, said))
        if len(self._waiting) >= _WAITING_MAX:
            self._move()

    def each(self) -> Iterator[tuple[Net, ...]]:
        """Yield the sums of each place, in the order of the file."""
        for nets in self._netted():
            yield tuple(nets.values())

    def numbered(self) -> Iterator[tuple[int, Net]]:
        """Yield every sum with its number among those of one key, by what they mean."""
        for nets in self._netted():
            keys = [key for key, _ in nets]
            alike = {key: sorted(m for k, m in nets if k == key) for key in set(keys)}
            for (key, meaning), net in nets.items():
                yield alike[key].index(meaning), net

    def _netted(self) -> Iterator[dict[tuple[tuple[str, ...], tuple[str, ...]], Net]]:
        """Yield the sums of one place after the other."""
        self._move()
        if self._scratch is None:
            return
        for _, rows in groupby(self._scratch.rows(_IN_ORDER), key=lambda row: row[0]):
            nets: dict[tuple[tuple[str, ...], tuple[str, ...]], Net] = {}
            for _, line, said in rows:
                cells, meaning = json.loads(said)
                charge = read_charge(Record(line, cells))
                assert isinstance(charge, Charge)
                place = (charge.key, tuple(meaning))
                held = nets.get(place)
                nets[place] = net_of(charge) if held is None else held.plus(charge)
            yield nets

    def _move(self) -> None:
        """Move what waits to the file."""
        if not self._waiting:
            return
        if self._scratch is None:
            columns = "place BLOB, line INTEGER, said TEXT, PRIMARY KEY (place, line)"
            self._scratch = Scratch(f"charges ({columns}) WITHOUT ROWID")
        self._scratch.put("INSERT INTO charges VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()
