"""What is kept under some keys: the entries that a store holds, and those of the batch at hand.

A key is hashed once a batch, and an entry is parsed once, however often a draft meets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from ledger.canonical import JSON
from ledger.entry import Entry, Opening
from ledger.errors import HeadMovedError
from ledger.log.chain import Chain
from ledger.log.identity import Identity
from ledger.log.store import Head, KeyRow, Store
from ledger.record.whole import Series, Whole

__all__ = ["Kept", "reversal_key"]


class Kept:
    """Entries by key and by number, as of one head and a batch behind it."""

    def __init__(self, identity: Identity, store: Store, head: Head, chain: Chain) -> None:
        """Know no key yet.

        Args:
            identity: Who seals.
            store: The ledger.
            head: Where it ends.
            chain: The entries behind it, which are not stored yet.
        """
        self._identity = identity
        self._store = store
        self._size = head.size
        self._keys: dict[tuple[str, ...], bytes] = {}
        self._asked: set[bytes] = set()
        self._known: set[bytes] = set()
        self._entries: dict[int, Entry] = {}
        self._chain = chain
        self.live: dict[bytes, KeyRow] = {}
        """By key: its newest entry, if nothing reverses it."""

    def key(self, parts: Sequence[str]) -> bytes:
        """Return the keyed digest of a natural key, 32 bytes."""
        named = tuple(parts)
        found = self._keys.get(named)
        if found is None:
            found = self._keys[named] = self._identity.key(named)
        return found

    def look_up(self, keys: Iterable[bytes]) -> None:
        """Learn which keys the store knows, and the entries under them that nothing reverses.

        Raises:
            HeadMovedError: If another writer added one of them behind the head.
        """
        new = [key for key in dict.fromkeys(keys) if key not in self._asked]
        if not new:
            return
        self._asked.update(new)
        found = self._store.find_keys(new)
        reversals = {self.key(reversal_key(row.seq)): key for key, row in found.items()}
        undone = self._store.find_keys(list(reversals)) if reversals else {}
        if any(row.seq >= self._size for row in (*found.values(), *undone.values())):
            raise HeadMovedError("another writer appended", remedy="run the same command again")
        reversed_keys = {reversals[key] for key in undone}
        self._known.update(found)
        self.live.update((key, row) for key, row in found.items() if key not in reversed_keys)

    def knows_any(self, keys: Iterable[bytes]) -> bool:
        """Return whether something was ever recorded under one of these keys."""
        return not self._known.isdisjoint(keys)

    def look_up_all(self, wholes: Iterable[Whole]) -> None:
        """Learn all that the store holds of some things, leg by leg of all of them at once."""
        walks = [walk for whole in wholes for walk in self._walks(whole)]
        while walks:
            # A first leg that nobody knows has none behind it.
            asked = [(walk, key) for walk in walks if (key := next(walk, None)) is not None]
            self.look_up(key for _, key in asked)
            walks = [walk for walk, _ in asked]

    def legs(self, whole: Whole) -> list[bytes]:
        """Return the keys under which something of a thing was ever recorded."""
        keys = (key for walk in self._walks(whole) for key in walk)
        return [key for key in keys if key in self._known]

    def free(self, series: Series) -> bytes:
        """Return the first key of a series that nothing stands under."""
        keys = (self.key(series.key(number)) for number in count())
        return next(key for key in keys if key not in self.live)

    def _walks(self, whole: Whole) -> list[Iterator[bytes]]:
        """Return what goes over the keys of a thing: at once, or one after the other."""
        if whole.ordered:
            return [self._walk(whole.series)]
        return [self._walk((series,)) for series in whole.series]

    def _walk(self, several: Iterable[Series]) -> Iterator[bytes]:
        """Yield the keys of legs, each known by the time that one behind it is asked, if at all."""
        for series in several:
            for number in count():
                key = self.key(series.key(number))
                yield key
                if key not in self._known:
                    break
            if not number:
                return

    def entry(self, seq: int) -> Entry:
        """Return an entry, stored or of this batch."""
        found = self._entries.get(seq)
        if found is None:
            found = self._entries[seq] = Entry.parse(self._leaf(seq))
        return found

    def _leaf(self, seq: int) -> bytes:
        """Return the bytes of an entry."""
        if seq >= self._size:
            return self._chain.entries[seq - self._size][1]
        (row,) = self._store.read(seq, seq + 1)
        return row.bytes

    def hidden(self, seq: int) -> dict[str, str]:
        """Return the confidential fields of an entry, stored or of this batch."""
        if seq >= self._size:
            stored: Iterable[tuple[int, int, bytes]] = self._chain.openings_of(seq)
        else:
            stored = self._store.openings(seq, seq + 1)
        opened = (Opening.parse(data) for _, _, data in stored)
        return {opening.name: opening.value for opening in opened}

    def add(self, key: bytes, row: KeyRow) -> None:
        """Keep the newest entry under a key, which the chain holds."""
        self._known.add(key)
        self.live[key] = row

    def release(self, reversal: Mapping[str, JSON]) -> None:
        """Let the key of a reversed entry be used again."""
        copy = reversal["reversed"]
        assert isinstance(copy, dict)
        key = bytes.fromhex(str(copy["idempotency_key"]))
        held = self.live.get(key)
        if held is not None and held.seq == reversal["reverses"]:
            del self.live[key]


def reversal_key(seq: JSON) -> tuple[str, str]:
    """Return the natural key that every reversal of one entry shares."""
    return ("reversal", str(seq))
