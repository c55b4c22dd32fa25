"""What a file and a server must both do for every command, and say alike."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sealed import checked, entries, fill, found, identity, leg, opened, reversal, said
from servers import Server, found_on

from ledger.cli.context import Context
from ledger.cli.opening import location_of, open_evidence
from ledger.entry import Entry
from ledger.errors import IntegrityError
from ledger.stores.contract import LedgerStore
from ledger.verify.crew import Crew
from ledger.verify.split import verify_split

TESTS = Path(__file__).resolve().parent.parent
WRITERS, APPENDS = 8, 50
APPENDER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sealed import identity, opened, said
from ledger.cli.context import Context
from ledger.stores.address import Address
me, appends = int(sys.argv[2]), int(sys.argv[3])
server = Address.parse(sys.argv[5]) if sys.argv[5] else None
context = Context(Path(sys.argv[4]), None, True, True, False, server=server)
with opened(context, identity(seed=sys.argv[2])) as log:
    for n in range(appends):
        assert log.append([said(1000 * me + n)]).new
"""


@pytest.fixture(params=["sqlite", "postgres"])
def context(request: pytest.FixtureRequest, tmp_path: Path) -> Context:
    """An empty ledger of each kind."""
    if request.param == "sqlite":
        return found(tmp_path)
    return found_on(request.getfixturevalue("server"), tmp_path)


@pytest.fixture
def pair(server: Server, tmp_path: Path) -> Iterator[tuple[LedgerStore, LedgerStore]]:
    """The same history in a file and on a server."""
    stores = []
    for each in (found(tmp_path), found_on(server, tmp_path)):
        who = identity(seed="the same")
        with opened(each, who) as log:
            log.append([leg(0), said(1), leg(2, model="b")])
            log.append([leg(3, status="provisional")])
            log.append([leg(3)])
        with opened(each, who) as log:
            log.append([reversal(entries(each)[1])])
            log.append([said(1)])
        stores.append(location_of(each).open())
    yield stores[0], stores[1]
    for store in stores:
        store.close()


def asked(store: LedgerStore) -> dict[str, Any]:
    """Return what a store says to every question."""
    rows = list[tuple[int, bytes, bytes]](store.keys())
    keys = [key for _, key, _ in rows]
    carried = {seq: key for seq, key, _ in rows}
    ids = [Entry.parse(data).id for _, data, _ in store.rows()]
    return {
        "origin": store.origin(),
        "vkey": store.vkey(),
        "meta": {name: value for name, value in store.meta().items() if name != "format"},
        "head": store.head(),
        "rows": list(store.rows()),
        "read": [list(store.read(a, b)) for a, b in [(0, 3), (2, 2), (3, 99), (99, 100)]],
        "openings": list(store.all_openings()),
        "some openings": list(store.openings(1, 3)),
        "keys": list(store.keys()),
        "repeated": list(store.repeated_keys()),
        "extent": store.extent(),
        "contents": [
            store.contents({}),
            store.contents(carried),
            store.contents({2: carried[2], 3: carried[4], 99: carried[5]}),
        ],
        "found keys": store.find_keys([bytes(32), *keys]),
        "leaf": [store.leaf_at(seq) for seq in (0, 5, 77)],
        "ids": [store.find_id(one) for one in [*ids, "00000000-0000-4000-8000-000000000000"]],
        "runs": [list(store.find_run(run)) for run in ("run-0", "run-2", "run", "no")],
        "mentioned": [list(store.mentioning(text)) for text in ("b", "model:m", "zzz")],
        "texts": [sorted(store.texts(name)) for name in ("model", "not_after", "run", "x")],
    }


def test_stores_say_the_same_of_the_same_history(pair: tuple[LedgerStore, LedgerStore]) -> None:
    file, database = map(asked, pair)
    assert file == database
    assert len(file["rows"]) == 8
    assert len(file["repeated"]) == 4
    assert file["extent"] == (0, 8, len(file["openings"]), 8)
    contents = {seq: content for seq, _, content in file["keys"]}
    assert file["contents"] == [{}, contents, {2: contents[2]}]
    assert file["texts"][0] == ["b", "m"]


def test_stores_say_the_same_within_a_snapshot(pair: tuple[LedgerStore, LedgerStore]) -> None:
    outside = asked(pair[1])
    for store in pair:
        with store.snapshot() as held:
            assert asked(held) == outside


def test_store_reads_several_tables_side_by_side(context: Context) -> None:
    fill(context, [leg(n) for n in range(40)])
    with location_of(context).open() as store, store.snapshot():
        rows, openings, keys = store.rows(), store.all_openings(), store.keys()
        for seq in range(40):
            assert (next(rows)[0], next(keys)[0]) == (seq, seq)
            assert [next(openings)[0] for _ in range(3)] == [seq] * 3
            assert Entry.parse(store.leaf_at(seq) or b"").seq == seq


def test_store_is_verified_by_several_processes(context: Context) -> None:
    fill(context, [leg(n) for n in range(5)], [said(0)])
    verdict = checked(context)
    with open_evidence(context) as evidence:
        assert verify_split(evidence, location_of(context).open, Crew(2), 2) == verdict


def test_store_snapshot_does_not_see_later_appends(context: Context) -> None:
    fill(context, [said(0)])
    with location_of(context).open() as store:
        with store.snapshot():
            fill(context, [said(1)])
            assert store.head().size == 1
            assert len(list(store.read(0, 9))) == len(list(store.rows())) == 1
        assert store.head().size == 2


def test_store_reads_its_head_beside_a_writer(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = count()
    with location_of(context).open() as store:
        name = "_select" if context.server is None else "_all"
        read = getattr(store, name)

        def beside_a_writer(*arguments: Any) -> Any:
            fill(context, [said(next(numbers))])
            return read(*arguments)

        monkeypatch.setattr(store, name, beside_a_writer)
        assert [store.head().size for _ in range(3)] == [1, 2, 3]


def test_store_is_named_without_a_password(context: Context) -> None:
    with location_of(context).open() as store:
        assert store.place() == str(location_of(context))


def test_store_of_eight_writers_has_no_gap_and_no_loss(context: Context) -> None:
    url = "" if context.server is None else context.server.url
    place = (str(context.ledger), url)
    arguments = [[str(TESTS), str(n), str(APPENDS), *place] for n in range(WRITERS)]
    writers = [
        subprocess.Popen([sys.executable, "-c", APPENDER, *each], stderr=subprocess.PIPE)
        for each in arguments
    ]
    faults = [writer.communicate()[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS, faults
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (WRITERS * APPENDS, WRITERS * APPENDS)
    said_ = {str(entry.body["value"]) for entry in entries(context)}
    assert said_ == {
        str({"kind": "quantity", "value": f"{1000 * n + i} FLOP"})
        for n in range(WRITERS)
        for i in range(APPENDS)
    }


def test_store_refuses_to_go_on_from_an_older_copy(
    context: Context, request: pytest.FixtureRequest
) -> None:
    fill(context, [said(0)])
    if context.server is None:
        yesterday = context.ledger.read_bytes()
        fill(context, [said(1)])
        context.ledger.write_bytes(yesterday)
    else:
        server, name = request.getfixturevalue("server"), context.server.database
        with server.connected("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}_old TEMPLATE {name}")
            fill(context, [said(1)])
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.execute(f"ALTER DATABASE {name}_old RENAME TO {name}")
    with opened(context) as log, pytest.raises(IntegrityError, match="holds 1 entries") as caught:
        log.append([said(2)])
    assert "second history" in caught.value.why
    with pytest.raises(IntegrityError, match="entries 1 to 1 are missing"):
        checked(context)
    assert len(entries(context)) == 1
