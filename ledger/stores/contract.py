"""The contract: what every command may ask of a store, in a file or on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, Self

from ledger.entry import Entry
from ledger.log.store import Row, Store

__all__ = ["LedgerStore"]


class LedgerStore(Store, Protocol):
    """A store that is open. Contract: ``tests/contracts``."""

    def __enter__(self) -> Self:
        """Return the open store."""
        ...

    def __exit__(self, *_: object) -> None:
        """Close it."""
        ...

    def close(self) -> None:
        """Close it; the store cannot be used after it."""
        ...

    def place(self) -> str:
        """Return where the ledger is, as it may be shown: no password stands in it."""
        ...

    def vkey(self) -> str:
        """Return the text of the key that signs this ledger, as the ledger itself states it."""
        ...

    def meta(self) -> dict[str, str]:
        """Return format, origin, vkey and the newest peaks, by name; what is there of them."""
        ...

    def schema(self) -> Mapping[str, str]:
        """Return what the database declares: a text, without loose white space, for each name."""
        ...

    def published(self) -> Mapping[str, str]:
        """Return what a sound database declares, in the form of ``schema``."""
        ...

    def settings(self) -> dict[str, int | str]:
        """Return what the connection reports for each setting that a writer must have."""
        ...

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield every row of the entries table: (seq, bytes, hash)."""
        ...

    def all_openings(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield every row of the openings table: (seq, ord, bytes)."""
        ...

    def keys(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield every row of the keys table in the order of the entries: (seq, key, content)."""
        ...

    def repeated_keys(self) -> Iterator[tuple[bytes, int]]:
        """Yield (key, seq) of every key that more than one entry carries, in this order."""
        ...

    def all_peaks(self) -> Iterator[tuple[int, str]]:
        """Yield (size, peaks) of every row that states peaks, in the order of the sizes."""
        ...

    def hashes(self, stop: int) -> list[bytes]:
        """Return the stored leaf hashes of the entries [0, stop)."""
        ...

    def leaf_at(self, seq: int) -> bytes | None:
        """Return the bytes of one entry, or None."""
        ...

    def find_id(self, identifier: str) -> Row | None:
        """Return the entry with this UUID, or None; reads the whole table."""
        ...

    def find_run(self, run: str) -> Iterator[Entry]:
        """Yield the entries of one run, in order; reads the whole table."""
        ...

    def mentioning(self, text: str) -> Iterator[Entry]:
        """Yield the entries that hold this text as a value, in order; reads the whole table."""
        ...

    def texts(self, field: str) -> Iterator[str]:
        """Yield the different texts of a field of the bodies; reads the whole table."""
        ...

    def snapshot(self) -> AbstractContextManager[Self]:
        """Let everything read in the block come from one state of the database."""
        ...
