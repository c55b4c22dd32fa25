"""Evidence is what there is to verify; a verdict is what held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ledger.errors import LedgerError

__all__ = ["Check", "Evidence", "Extent", "Verdict"]

_LARGE = 100_000  # entries


@dataclass(frozen=True, slots=True)
class Extent:
    """How much a database holds.

    Attributes:
        first: The smallest number of an entry; 0 if there is none.
        stop: One more than the largest; 0 if there is none.
        openings: Rows of the openings table.
        keys: Rows of the keys table.
    """

    first: int
    stop: int
    openings: int
    keys: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """A ledger as stored, all of it from one state of the database.

    Whatever gives rows can be gone through more than once.

    Attributes:
        schema: Name and SQL text of everything the database declares.
        published: The same of a sound database.
        meta: Rows of the meta table.
        names: The meta rows a sound database has.
        notes: Records of the checkpoint file; the last may be torn.
        rows: (seq, bytes, hash) in the order of seq.
        openings: (seq, ord, bytes) in the order of seq and ord.
        keys: (seq, key, content) in the order of seq.
        repeated_keys: (key, seq) of every key that several entries carry, in this order.
        leaf_at: Gives the bytes of one entry, or None.
        secret: Key of the keyed digests, or None where it is not at hand.
        vkey: The key to trust instead of the ledger's own, or None.
        extent: Tells how much there is.
        peaks: (size, peaks) of the rows that state peaks, in the order of the sizes, where a
            store keeps one for each append; the newest stands in ``meta``, too.
    """

    schema: Mapping[str, str]
    published: Mapping[str, str]
    meta: Mapping[str, str]
    names: tuple[str, ...]
    notes: Iterable[bytes]
    rows: Iterable[tuple[int, bytes, bytes]]
    openings: Iterable[tuple[int, int, bytes]]
    keys: Iterable[tuple[int, bytes, bytes]]
    repeated_keys: Iterable[tuple[bytes, int]]
    leaf_at: Callable[[int], bytes | None]
    secret: bytes | None
    vkey: str | None
    extent: Callable[[], Extent]
    peaks: Iterable[tuple[int, str]] = ()

    def is_large(self) -> bool:
        """Return whether there are so many entries that it is worth beginning processes."""
        try:
            return self.extent().stop >= _LARGE
        except LedgerError:
            return False  # whoever verifies says what is wrong


@dataclass(frozen=True, slots=True)
class Check:
    """One step that held.

    Attributes:
        step: Its number in the list of ``ledger.verify``.
        name: Its word there.
        count: How many things were checked.
        note: What is worth knowing; may be empty.
    """

    step: int
    name: str
    count: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A ledger that verified.

    Attributes:
        origin: Its name.
        size: Entries in the database.
        root: Merkle root over them, 32 bytes.
        signed_size: Entries under the newest checkpoint; those after it are unsigned.
        vkey: The key the signatures were checked against.
        vkey_source: Whether that key was given, or is the ledger's own statement.
        checks: The steps, in order.
    """

    origin: str
    size: int
    root: bytes
    signed_size: int
    vkey: str
    vkey_source: Literal["given", "ledger"]
    checks: tuple[Check, ...]
