"""A corrected source is a prefix of a log and records behind it that were never appended.

An engine folds it like any other; its root belongs to no ledger, so nothing that is worked out
from it can be taken for a finding about one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.canonical import JSON
from ledger.engines.leaves import Leaves
from ledger.entry import Entry
from ledger.log import Row
from ledger.merkle import leaf_hash

__all__ = ["Corrected", "supposed_entry"]

_NO_ID = "00000000-0000-0000-0000-000000000000"
_NO_HASH = "0" * 64
_NO_SALT = "A" * 22


class Corrected:
    """The entries [0, size) of a source, and further ones that are only supposed."""

    def __init__(self, source: Leaves, size: int, supposed: Sequence[Entry]) -> None:
        """Lay entries behind a prefix.

        Args:
            source: Where the prefix is read from.
            size: Entries of the prefix.
            supposed: What follows, numbered from ``size`` on.
        """
        assert [entry.seq for entry in supposed] == list(range(size, size + len(supposed)))
        self._source = source
        self._size = size
        leaves = [entry.encode() for entry in supposed]
        self._rows = [Row(size + place, leaf, leaf_hash(leaf)) for place, leaf in enumerate(leaves)]

    @property
    def size(self) -> int:
        """Entries in all."""
        return self._size + len(self._rows)

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist or are supposed, in order."""
        if start < self._size:
            yield from self._source.read(start, min(stop, self._size))
        yield from self._rows[max(0, start - self._size) : max(0, stop - self._size)]


def supposed_entry(seq: int, recorded_at: str, kind: str, body: dict[str, JSON]) -> Entry:
    """Return a record as an entry that no log holds: without id, origin, link or salt.

    Args:
        seq: Its number.
        recorded_at: Time it is supposed to be sealed.
        kind: Record type.
        body: Public fields.
    """
    return Entry(seq, _NO_ID, kind, recorded_at, "supposed", _NO_HASH, _NO_SALT, (), body)
