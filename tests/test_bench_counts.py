"""Counts of what is done: hashes, proof lengths, statements and flushes, exact on a busy machine.

Times belong to ``tests/bench``; a law that is broken shows here, on any machine.
"""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from sealed import fill, found, leg, opened

from ledger import merkle
from ledger.cli.context import Context
from ledger.merkle import CompactRange, consistency_proof, inclusion_proof, leaf_hash
from ledger.stores import sqlite as of_sqlite

HASHES = [leaf_hash(bytes([n % 256, n // 256])) for n in range(2**9 + 1)]
BORDERS = [size for k in range(2, 10) for size in (2**k - 1, 2**k, 2**k + 1)]

Statements = Callable[[], list[str]]


@pytest.fixture
def nodes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often two nodes were hashed into one."""
    counts: Counter[str] = Counter()
    original = merkle.node_hash

    def counted(left: bytes, right: bytes) -> bytes:
        counts["node"] += 1
        return original(left, right)

    monkeypatch.setattr(merkle, "node_hash", counted)
    return counts


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 100, 255, 256, 257, 500])
def test_so_many_appends_hash_each_node_once(size: int, nodes: Counter[str]) -> None:
    one_by_one = CompactRange()
    for digest in HASHES[:size]:
        one_by_one = one_by_one.extend([digest])
    assert nodes["node"] == size - size.bit_count()
    nodes.clear()
    assert CompactRange.of(HASHES[:size]) == one_by_one
    assert nodes["node"] == size - size.bit_count()


@pytest.mark.parametrize("size", BORDERS)
def test_a_path_is_as_long_as_the_tree_is_high(size: int) -> None:
    lengths = [len(inclusion_proof(HASHES[:size], index)) for index in range(size)]
    height = math.ceil(math.log2(size))
    assert max(lengths) == lengths[0] == height
    # Nothing is longer, and only the leaves of the ragged end are nearer to the root.
    assert lengths == sorted(lengths, reverse=True)


@pytest.mark.parametrize("size", BORDERS)
def test_a_consistency_proof_is_logarithmic(size: int) -> None:
    lengths = [len(consistency_proof(HASHES[:size], first)) for first in range(1, size + 1)]
    assert max(lengths) <= 1 + math.ceil(math.log2(size))


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> Statements:
    """Every statement that SQLite ran for a store opened from here on; asking begins anew."""
    seen: list[str] = []

    class Traced(sqlite3.Connection):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            self.set_trace_callback(seen.append)

    def connect(*given: Any, **named: Any) -> sqlite3.Connection:
        return sqlite3.connect(*given, factory=Traced, **named)

    class Module:
        def __getattr__(self, name: str) -> Any:
            return connect if name == "connect" else getattr(sqlite3, name)

    monkeypatch.setattr(of_sqlite, "sqlite3", Module())

    def told() -> list[str]:
        ran: list[str] = []
        for sql, told in groupby(seen):
            # SQLite tells a write once more for each trigger that it sets off.
            ran += list(told) if sql.startswith("SELECT") else [sql]
        seen.clear()
        return ran

    return told


def test_an_append_takes_as_many_statements_in_a_large_ledger(
    tmp_path: Path, statements: Statements
) -> None:
    context = found(tmp_path)
    fill(context, map(leg, range(10)))
    taken = []
    with opened(context) as log:
        log.append([leg(10)])
        for number, more in ((11, 500), (12, 0)):
            statements()
            log.append([leg(number)])
            taken.append(Counter(sql.split()[0] for sql in statements()))
            if more:
                log.append([leg(1_000 + place) for place in range(more)])
    first, second = taken
    assert first == second, taken
    # One transaction; an entry, a key and three openings with it, and the peaks.
    assert (first["BEGIN"], first["COMMIT"]) == (1, 1)
    assert (first["INSERT"], first["UPDATE"]) == (5, 1)
    assert sum(first.values()) <= 11, first


def test_the_head_is_read_again_only_where_another_wrote(
    tmp_path: Path, statements: Statements
) -> None:
    context = found(tmp_path)
    read = []
    with opened(context) as log:
        log.append([leg(0)])
        for number in (1, 2, 3):
            if number == 2:
                fill(context, [leg(10)])
            statements()
            log.append([leg(number)])
            read.append(sum("'peaks'" in sql for sql in statements() if sql.startswith("SELECT")))
    assert read == [0, 1, 0]


def test_a_batch_takes_no_more_reads_than_one_record(
    tmp_path: Path, statements: Statements
) -> None:
    context = found(tmp_path)
    selects = []
    with opened(context) as log:
        log.append([leg(0)])
        for batch in ([leg(1)], [leg(2 + place) for place in range(300)]):
            statements()
            log.append(batch)
            ran = Counter(sql.split()[0] for sql in statements())
            assert ran["INSERT"] == 5 * len(batch)
            selects.append(ran["SELECT"])
    assert selects[0] == selects[1], selects


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often this process flushed a file of its own accord; SQLite does that below Python."""
    counts: Counter[str] = Counter()
    for name in ("fsync", "fdatasync"):
        original = getattr(os, name)

        def counted(descriptor: int, name: str = name, original: Any = original) -> None:
            counts[name] += 1
            original(descriptor)

        monkeypatch.setattr(os, name, counted)
    return counts


@pytest.mark.parametrize("records", [1, 300])
def test_a_checkpoint_is_flushed_once_a_transaction(
    records: int, tmp_path: Path, flushes: Counter[str]
) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(0)])
        flushes.clear()
        log.append([leg(1 + place) for place in range(records)])
    assert flushes == {"fdatasync": 1}


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many bytes this process wrote at places in files; SQLite does so below Python."""
    counts: Counter[str] = Counter()
    original = os.pwrite

    def counted(descriptor: int, data: bytes, place: int) -> int:
        done = original(descriptor, data, place)
        counts[Path(f"/proc/self/fd/{descriptor}").readlink().name] += done
        return done

    monkeypatch.setattr(os, "pwrite", counted)
    return counts


def pages_of(store: Any, act: Callable[[], object]) -> int:
    """Return how many pages SQLite writes to its log while something is done."""
    # Nothing is left in it: a log that is only begun anew still counts what was there before.
    store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    act()
    ((busy, pages, _),) = store._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    assert not busy
    return int(pages)


def notes_of(context: Context) -> int:
    """Return how many bytes the file of notes has."""
    return context.ledger.with_name("ledger.db.checkpoints").stat().st_size


def test_an_append_writes_as_many_pages_in_a_large_ledger(
    tmp_path: Path, written: Counter[str]
) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(0)])
        for place, more in enumerate((1, 400, 1_600)):
            log.append([leg(10_000 * (place + 1) + number) for number in range(more)])
            written.clear()
            before, numbers = notes_of(context), range(10 * place + 1, 10 * place + 6)
            pages = [pages_of(log._store, lambda n=n: log.append([leg(n)])) for n in numbers]
            # A leaf of each tree: entries, openings, keys, meta; more only where one is full.
            assert min(pages) == 4, pages
            assert max(pages) <= 12, pages
            noted = notes_of(context) - before
            assert written == {"ledger.db.checkpoints": noted}
            # Of each origin, size, root and signature, and nothing of the notes before.
            assert noted <= 5 * 300


def test_a_batch_writes_its_own_bytes_once_and_at_most_a_third_more(
    tmp_path: Path, written: Counter[str]
) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(0)])
        written.clear()
        before = notes_of(context)
        pages = pages_of(log._store, lambda: log.append([leg(1 + n) for n in range(300)]))
        store = log._store
        rows = [*store.read(1, 301), *store.openings(1, 301), *store.keys()]
        own = sum(len(value) for row in rows for value in row if isinstance(value, bytes))
        ((size,),) = store._connection.execute("PRAGMA page_size")
    assert own < pages * size < own * 4 / 3
    assert written == {"ledger.db.checkpoints": notes_of(context) - before}
    assert notes_of(context) - before <= 300


CHILD = """
import sys
from pathlib import Path
from sealed import identity, leg, opened
from ledger.cli.context import Context
context = Context(Path(sys.argv[1]), None, True, True, False)
with opened(context, identity(seed="child")) as log:
    log.append([leg(1)])
    print("begun", file=sys.stderr, flush=True)
    for number in range(int(sys.argv[2])):
        log.append([leg(2 + 10_000 * number + place) for place in range(int(sys.argv[3]))])
    print("done", file=sys.stderr, flush=True)
"""
ROOT = Path(__file__).resolve().parent.parent


def traced(context: Context, appends: int, records: int) -> Iterator[str]:
    """Yield the flushes of so many appends in another process, as the kernel saw them."""
    trace = context.ledger.with_name("trace")
    calls = "trace=fsync,fdatasync,write"
    command = ["strace", "-f", "-q", "-y", "-o", str(trace), "-e", calls, sys.executable, "-c"]
    subprocess.run(
        [*command, CHILD, str(context.ledger), str(appends), str(records)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))},
        check=True,
        capture_output=True,
    )
    lines = iter(trace.read_text().splitlines())
    for line in lines:
        if '"begun' in line:
            break
    for line in lines:
        if '"done' in line:
            break
        if "sync(" in line:
            yield line


@pytest.mark.parametrize("records", [1, 200])
@pytest.mark.usefixtures("tracer")
def test_a_durable_append_flushes_twice(records: int, tmp_path: Path) -> None:
    context = found(tmp_path)
    flushed = list(traced(context, 4, records))
    names = Counter("log" if "-wal" in line else "notes" for line in flushed)
    assert names == {"log": 4, "notes": 4}, flushed


@pytest.fixture
def tracer() -> None:
    """Skip where the kernel cannot be watched."""
    try:
        done = subprocess.run(
            ["strace", "-e", "trace=none", "true"], capture_output=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("needs strace: apt-get install strace")
    if done.returncode:
        pytest.skip("strace may not trace here")


LIGHT = "polars sqlmodel sqlalchemy psycopg pydantic yaml"
OTHERS = (
    "pydantic_core msgspec email subprocess importlib.metadata ledger.verify ledger.verify.walk "
    "ledger.methods.method ledger.estimate ledger.stores.treefiles ledger.stores.token"
)
IMPORTED = {
    "--help": f"{LIGHT} rich msgspec cryptography hashlib secrets sqlite3",
    "verify -o verdict.txt": f"{LIGHT} multiprocessing ledger.verify.split",
    # A small ledger is read without polars, and the law without its cases.
    "check": f"{LIGHT} ledger.record.draft ledger.regime.case {OTHERS}",
    "import table.csv --source csv": "sqlmodel sqlalchemy psycopg yaml",
    "prove 0 -o proof.txt": LIGHT,
}


@pytest.mark.parametrize("command", IMPORTED)
def test_a_command_loads_only_what_it_needs(
    command: str, tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    table = "run,model,activity,start,end,device,devices,precision,sparsity,operations\n"
    row = "r,m,pretrain,2026-01-01T00:00:00Z,2026-01-01T03:00:00Z,,8,bf16,dense,1000\n"
    (tmp_path / "table.csv").write_text(table + row)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    assert flopledger("import", "table.csv", "--source", "csv").code == 0
    code = (
        "import sys; from ledger.cli.app import main\n"
        f"sys.argv[1:] = ['--quiet', *{command.split()!r}]\n"
        "try:\n    main()\nexcept SystemExit as left:\n    assert left.code in {0, 1, 3}, left\n"
        f"print([m for m in {IMPORTED[command].split()!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stderr.strip().splitlines()[-1] == "[]"
