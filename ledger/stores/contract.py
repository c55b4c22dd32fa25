"""The contract: what every command may ask of a store, in a file or on a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol, Self

from ledger.entry import Entry, genesis_prev
from ledger.errors import HeadMovedError, InputError, IntegrityError
from ledger.log.store import Head, Row, Store
from ledger.merkle import CompactRange, leaf_hash

__all__ = ["LedgerStore", "check_head", "head_of"]


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

    def extent(self) -> tuple[int, int, int, int]:
        """Return smallest number, largest + 1 (0 and 0 if empty), and rows of openings and keys."""
        ...

    def contents(self, carried: Mapping[int, bytes]) -> dict[int, bytes]:
        """Return, by entry, the digest of content that is stored under its key and its number.

        Args:
            carried: The key that each entry carries, by its number.

        Returns:
            What is there; an entry without such a row is left out.
        """
        ...

    def all_peaks(self) -> Iterator[tuple[int, str]]:
        """Yield (size, peaks) of every row that states peaks, in the order of the sizes."""
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


def head_of(
    origin: str, last: Row | None, peaks: object, where: str, known: Head | None = None
) -> Head:
    """Return where a log ends, as far as its last entry and its newest peaks agree.

    Args:
        origin: Name of the ledger.
        last: The last row of the entries table, or None.
        peaks: The newest peaks, read in the same step; None if there are none.
        where: Where the peaks are kept.
        known: A head that the caller wrote or read before, or None; it is given back if the rows
            still say the same, and is not read out of them a second time.

    Raises:
        IntegrityError: If they do not belong to each other, or the entry was changed.
    """
    if known is not None and _states(last, peaks, known):
        return known
    covered = CompactRange.parse("" if peaks is None else str(peaks))
    if covered.start != 0 or covered.stop != (0 if last is None else last.seq + 1):
        raise IntegrityError(
            f"the stored peaks cover {covered.stop} entries, the table ends elsewhere",
            where=where,
            remedy="flopledger verify names the first bad entry",
        )
    if last is None:
        return Head(covered, genesis_prev(origin), "")
    if leaf_hash(last.bytes) != last.hash:
        raise IntegrityError(
            "the stored hash is not the hash of the stored bytes",
            seq=last.seq,
            why="what is appended now would rest on it for ever",
            remedy="flopledger verify names what was changed; put back a copy that verifies",
        )
    try:
        recorded_at = Entry.parse(last.bytes).recorded_at
    except InputError as error:
        raise IntegrityError(f"the last entry: {error.message}", seq=last.seq) from error
    return Head(covered, last.hash.hex(), recorded_at)


def _states(last: Row | None, peaks: object, known: Head) -> bool:
    """Return whether rows lead to this head: a hash that holds stands for all of an entry."""
    return (
        last is not None
        and last.seq + 1 == known.size
        and peaks == known.range.encode()
        and last.hash.hex() == known.prev
        and leaf_hash(last.bytes) == last.hash
    )


def check_head(found: Head, expected: Head) -> None:
    """Raise unless a log still ends where a batch was sealed for.

    Args:
        found: Where it ends, read in the transaction that adds the batch.
        expected: The head that the batch was sealed for.

    Raises:
        HeadMovedError: If another writer appended since.
    """
    if found != expected:
        raise HeadMovedError(f"another writer appended: the ledger now holds {found.size}")
