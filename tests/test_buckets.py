"""Tests of buckets: what comes twice is found, in memory and behind what was put away."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import fill, found, said

from ledger.errors import IntegrityError, LedgerError
from ledger.stores.sqlite import SqliteStore
from ledger.verify import buckets as of_buckets
from ledger.verify.buckets import BUCKETS, HELD_MAX, Buckets
from ledger.verify.ids import Ids
from ledger.verify.leaf import read_leaf
from ledger.verify.marks import Marker, Marks

FEW = 8
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a handful of numbers be many."""
    monkeypatch.setattr(of_buckets, "HELD_MAX", FEW)


def filled(numbers: list[int]) -> Buckets:
    """Return buckets of these numbers."""
    buckets = Buckets("q")
    for number in numbers:
        buckets.held[number % BUCKETS].append(number)
        buckets.added(1)
    return buckets


def twice(numbers: list[int]) -> set[int]:
    """Return what comes more than once, in the plainest way."""
    return {number for number, times in Counter(numbers).items() if times > 1}


@given(st.lists(NUMBERS, max_size=100))
def test_doubles_are_found_however_much_was_put_away(numbers: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_buckets, "HELD_MAX", FEW)
        buckets = filled(numbers)
    assert sum(map(len, buckets.held)) == len(numbers) % FEW
    assert buckets.doubles() == twice(numbers)


def test_a_million_numbers_are_held_and_no_file_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[object]()
    original = tempfile.TemporaryFile

    def counted(**how: Any) -> Any:
        made.append(how)
        return original(**how)

    monkeypatch.setattr(tempfile, "TemporaryFile", counted)
    buckets = Buckets("q")
    for bucket, number in zip(buckets.held, range(BUCKETS), strict=True):
        bucket.extend(range(number, HELD_MAX, BUCKETS))
    buckets.held[0].pop()
    buckets.added(HELD_MAX - 1)
    assert not made
    buckets.held[0].append(0)
    buckets.added(1)
    assert len(made) == 1
    assert not any(buckets.held)
    assert buckets.doubles() == {0}


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("room", [None, 0, 40, 64, 100])
def test_a_disk_that_refuses_costs_memory_alone(
    room: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, write = list[object](), os.pwrite

    def missing(**how: object) -> object:
        asked.append(how)
        raise FileNotFoundError(2, "No usable temporary directory")

    def full(descriptor: int, data: Any, place: int) -> int:
        asked.append(place)
        if place >= (room or 0):
            raise OSError(28, "No space left on device")
        return write(descriptor, data[: (room or 0) - place], place)

    if room is None:
        monkeypatch.setattr(tempfile, "TemporaryFile", missing)
    monkeypatch.setattr(os, "pwrite", full)
    numbers = [*range(30), 3, 29]
    buckets = filled(numbers)
    written = (room or 0) // (8 * FEW)
    assert sum(map(len, buckets.held)) == len(numbers) - written * FEW
    if buckets._file is not None:
        # What was begun is taken back, for what else the disk is there for.
        assert os.fstat(buckets._file.fileno()).st_size == written * 8 * FEW
    tries = len(asked)
    buckets.added(FEW)
    assert len(asked) == tries, "it is not asked again"
    assert buckets.doubles() == {3, 29}


FILLING = """
import resource, sys
from ledger.verify import buckets as of_buckets
from ledger.verify.buckets import Buckets
of_buckets.HELD_MAX = 1000
resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))
buckets = Buckets("q")
for number in [*range(5000), 7, 4999]:
    buckets.held[number % 4096].append(number)
    buckets.added(1)
print(sorted(buckets.doubles()))
"""


def test_a_full_disk_is_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILLING], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("[7, 4999]\n", "")


@pytest.mark.usefixtures("few")
def test_a_file_that_says_something_else_is_no_yes() -> None:
    buckets = filled(list(range(FEW)))
    assert buckets._file is not None
    os.pwrite(buckets._file.fileno(), bytes(8), 24)
    with pytest.raises(LedgerError, match="other bytes than were written"):
        buckets.doubles()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("lost", [1, 8, 64])
def test_a_file_that_lost_its_end_is_no_yes(lost: int) -> None:
    buckets = filled(list(range(FEW)))
    assert buckets._file is not None
    os.ftruncate(buckets._file.fileno(), 8 * FEW - lost)
    with pytest.raises(LedgerError, match="other bytes than were written"):
        buckets.doubles()


@pytest.mark.usefixtures("few")
def test_a_file_that_cannot_be_read_is_no_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    buckets = filled(list(range(FEW)))
    monkeypatch.setattr(os, "pread", refused)
    with pytest.raises(LedgerError, match="Input/output error") as caught:
        buckets.doubles()
    assert "TMPDIR" in str(caught.value.remedy)


@pytest.mark.parametrize("processes", ["1", "2"])
def test_verify_gives_no_verdict_where_ids_cannot_be_read_again(
    processes: str, flopledger: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = "run,model,activity,start,end,device,devices,precision,sparsity,operations\n"
    row = "r{},m,pretrain,2026-01-01T00:00:00Z,2026-01-01T03:00:00Z,,8,bf16,dense,1000\n"
    (tmp_path / "t.csv").write_text(table + "".join(map(row.format, range(20))))
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    assert flopledger("import", "t.csv", "--source", "csv").code == 0
    assert flopledger("verify").code == 0
    monkeypatch.setattr("ledger.verify.ids.HELD_MAX", FEW)
    monkeypatch.setattr(of_buckets, "HELD_MAX", FEW)
    assert flopledger("verify", "--processes", processes).code == 0
    numbers, kinds, begin = count(), list[str](), Buckets.__init__

    def begun(buckets: Buckets, typecode: str) -> None:
        kinds.append(typecode)
        begin(buckets, typecode)

    monkeypatch.setattr(Buckets, "__init__", begun)
    monkeypatch.setattr(of_buckets.zlib, "crc32", lambda _: next(numbers))
    done = flopledger("verify", "--processes", processes, "-o", "verdict.txt")
    assert (done.code, kinds) == (2, ["Q"] if processes == "2" else ["q"])
    assert "temporary file of ids cannot be read" in done.err
    assert "TMPDIR" in done.err
    assert str(tempfile.gettempdir()) in done.err
    assert "Traceback" not in done.err
    assert not done.out
    assert not (tmp_path / "verdict.txt").exists()


@pytest.mark.usefixtures("few")
def test_marks_of_segments_are_held_against_those_put_away() -> None:
    marker = Marker.draw()
    names = [f"00000000-0000-4000-8000-{n:012d}" for n in range(50)]
    sound, doubled = Marks(), Marks()
    for start in range(0, 50, 10):
        sound.take(marker.marks(names[start : start + 10]))
        doubled.take(marker.marks(names[start : start + 10]))
    assert not sound.doubtful()
    doubled.take(marker.marks(names[3:4]))
    assert doubled.doubtful()


def test_an_id_that_comes_twice_is_named_behind_what_was_put_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.verify.ids.HELD_MAX", FEW)
    monkeypatch.setattr(of_buckets, "HELD_MAX", FEW)
    context = found(tmp_path)
    fill(context, map(said, range(3 * FEW)))
    with SqliteStore(context.ledger) as store:
        leaves = [row.bytes for row in store.read(0, 3 * FEW)]
    leaves.append(leaves[2])
    ids = Ids()
    for leaf in map(read_leaf, leaves):
        ids.take(leaf)
    with pytest.raises(IntegrityError, match="is that of entry 2") as caught:
        ids.check(lambda seq: leaves[seq])
    assert caught.value.seq == 3 * FEW
