"""What every store must do, whatever it keeps its rows in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from sealed import ORIGIN, SECRET, SIGNER, identity, reversal, said
from servers import Server, found_on

from ledger.cli.opening import location_of
from ledger.entry import Entry, genesis_prev
from ledger.errors import HeadMovedError
from ledger.log import Batch, Head, KeyRow, Row, Store
from ledger.log.seal import Sealing
from ledger.merkle import CompactRange
from ledger.record import Draft
from ledger.stores.founding import found_ledger
from ledger.stores.keyfiles import Files
from ledger.stores.sqlite import SqliteStore


class MemoryStore:
    """A store in lists: the contract in its shortest form."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.opened: list[tuple[int, int, bytes]] = []
        self.keys: dict[bytes, KeyRow] = {}
        self.end = Head(CompactRange(), genesis_prev(ORIGIN), "")

    def close(self) -> None:
        pass

    def origin(self) -> str:
        return ORIGIN

    def head(self) -> Head:
        return self.end

    def find_keys(self, keys: Sequence[bytes]) -> Mapping[bytes, KeyRow]:
        return {key: self.keys[key] for key in keys if key in self.keys}

    def append(self, expected: Head, batch: Batch) -> None:
        if expected != self.end:
            raise HeadMovedError("another writer appended")
        self.rows += map(Row._make, batch.entries)
        self.opened += batch.openings
        self.keys.update((key, KeyRow(seq, content)) for key, seq, content in batch.keys)
        self.end = batch.head

    def read(self, start: int, stop: int) -> Iterator[Row]:
        return (row for row in self.rows if start <= row.seq < stop)

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        return (row for row in self.opened if start <= row[0] < stop)


def sqlite(folder: Path) -> Store:
    """Return an empty SQLite store."""
    found_ledger(Files(folder / "ledger.db"), SIGNER, SECRET)
    return SqliteStore(folder / "ledger.db", writable=True)


def postgres(server: Server, folder: Path) -> Store:
    """Return an empty store on a server."""
    return location_of(found_on(server, folder)).open(writable=True)


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "sqlite": lambda: sqlite(tmp_path),
        "postgres": lambda: postgres(request.getfixturevalue("server"), tmp_path),
    }
    one = made[request.param]()
    yield one
    if not isinstance(one, MemoryStore):
        one.close()


def appended(store: Store, *drafts: Draft) -> Batch:
    """Seal drafts at the head and append them."""
    head = store.head()
    batch, _ = Sealing(identity(), store, head).run(drafts)
    store.append(head, batch)
    return batch


def test_store_begins_empty(store: Store) -> None:
    head = store.head()
    assert store.origin() == ORIGIN
    assert (head.size, head.prev, head.recorded_at) == (0, genesis_prev(ORIGIN), "")
    assert list(store.read(0, 10)) == []
    assert store.find_keys([bytes(32)]) == {}
    assert store.find_keys([]) == {}


def test_store_gives_back_the_bytes_it_was_given(store: Store) -> None:
    batch = appended(store, said(0), said(1), said(2))
    assert list(store.read(0, 3)) == [Row(*row) for row in batch.entries]
    assert list(store.read(1, 2)) == [Row(*batch.entries[1])]
    assert list(store.read(2, 99)) == [Row(*batch.entries[2])]
    assert list(store.openings(0, 3)) == list(batch.openings)
    assert list(store.openings(1, 2)) == [row for row in batch.openings if row[0] == 1]


def test_store_moves_its_head_with_each_append(store: Store) -> None:
    first = appended(store, said(0), said(1))
    assert store.head() == first.head
    second = appended(store, said(2))
    head = store.head()
    assert head == second.head
    assert head.range == CompactRange.of(row.hash for row in store.read(0, 3))
    assert Entry.parse(second.entries[0][1]).prev == first.head.prev


def test_store_refuses_a_batch_for_another_head_and_keeps_nothing_of_it(store: Store) -> None:
    head = store.head()
    stale, _ = Sealing(identity(), store, head).run([said(7), said(8)])
    appended(store, said(0))
    before = store.head()
    other = CompactRange.of([bytes(32)])
    for expected in (
        head,
        Head(before.range, "0" * 64, before.recorded_at),
        Head(other, before.prev, before.recorded_at),
        Head(before.range, before.prev, "2020-01-01T00:00:00Z"),
    ):
        with pytest.raises(HeadMovedError):
            store.append(expected, stale)
    assert store.head() == before
    assert [row.seq for row in store.read(0, 99)] == [0]
    assert store.find_keys([key for key, _, _ in stale.keys]) == {}


def test_store_knows_the_newest_entry_under_a_key(store: Store) -> None:
    batch = appended(store, said(0))
    ((key, _, content),) = batch.keys
    assert store.find_keys([bytes(32), key]) == {key: KeyRow(0, content)}
    (row,) = store.read(0, 1)
    again = appended(store, reversal(Entry.parse(row.bytes)), said(0))
    assert store.find_keys([key]) == {key: KeyRow(2, again.keys[1][2])}


def test_store_finds_many_keys_at_once(store: Store) -> None:
    batch = appended(store, *(said(n) for n in range(2500)))
    keys = [key for key, _, _ in batch.keys]
    assert {row.seq for row in store.find_keys(keys).values()} == set(range(2500))
