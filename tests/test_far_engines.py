"""Engines beyond this process: a pool that breaks is survived; a cluster that lacks says so."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ledgers import DAY, MemoryLeaves, allocation, records

from ledger.engines import confirming, leaves, polars
from ledger.engines.partials import Batch, Partial, partial_sums
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.engines.pool import Pool
from ledger.engines.shelf import Shelf
from ledger.errors import InputError, IntegrityError, MissingError

Run = Callable[..., Any]
HERE = os.getpid()


def dying(batch: Batch) -> Partial:
    """Add up in this process only; end any other."""
    if os.getpid() != int(os.environ["DRIVER"]):
        os.kill(os.getpid(), signal.SIGKILL)
    return partial_sums(batch)


@pytest.mark.slow
def test_pool_whose_processes_are_ended_folds_as_plain_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(leaves, "SEGMENT", 4)
    monkeypatch.setenv("DRIVER", str(os.getpid()))
    source = MemoryLeaves(
        records(*(allocation(f"m{n % 2}", 10**n, run=f"r{n}") for n in range(10)))
    )
    said: list[str] = []
    pool = Pool(said.append, 2)
    engine = PolarsEngine(source, run=lambda _, batches: pool(dying, batches))
    asked = {"size": 10, "limit": 10, "as_of": DAY, "root": source.root()}
    assert engine.fold(**asked) == PlainEngine(source).fold(**asked)
    assert said == ["warning: a process of the pool was ended; its work is done here"]


@pytest.fixture
def ledger(flopledger: Run) -> None:
    assert flopledger("init", "--origin", "ledger.example/t").code == 0


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    ("options", "said", "remedy"),
    [
        (["--engine", "dask"], "needs the address of a scheduler", "--scheduler tcp://"),
        (["--scheduler", "tcp://127.0.0.1:8786"], "uses no cluster", "--engine dask"),
        (["--engine", "pool", "--segments", "s3://b"], "pool uses no cluster", "--engine dask"),
        (
            ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9"],
            "no scheduler answers at tcp://127.0.0.1:9",
            "dask worker",
        ),
        (
            ["--engine", "dask", "--scheduler", "nonsense://1"],
            "no scheduler answers at nonsense://1",
            "--engine pool",
        ),
        (
            ["--engine", "dask", "--scheduler", "tcp://127.0.0.1:9", "--segments", "what://x"],
            "the place of segments is not known",
            "s3://",
        ),
    ],
)
def test_check_without_a_cluster_says_what_to_do(
    flopledger: Run, options: list[str], said: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask = import_module("ledger.engines.dask")
    monkeypatch.setattr(dask, "_CONNECT_S", 0.5)
    ran = flopledger("check", *options)
    assert ran.code == 2
    assert said in ran.err
    assert "  where: --" in ran.err
    assert "  why: " in ran.err or "place of segments" in said
    assert remedy in ran.err.split("  next: ")[1]


@pytest.mark.usefixtures("ledger")
def test_check_without_the_extra_says_what_to_install(
    flopledger: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    ran = flopledger("check", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:8786")
    assert ran.code == 2
    assert "next: pip install 'flopledger[cluster]'" in ran.err


def test_batch_of_a_changed_file_is_not_added_up(tmp_path: Path) -> None:
    path = tmp_path / "segment.parquet"
    path.write_bytes(b"not what was sealed")
    with pytest.raises(IntegrityError, match="not the file that was sealed") as caught:
        partial_sums(Batch((path,), 1, DAY, ("0" * 64,)))
    assert caught.value.where == str(path)
    assert "0" * 64 in caught.value.why


@pytest.mark.parametrize("url", ["nowhere://at/all", "memory://"])
def test_shelf_without_a_place_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="the place of segments is not known") as caught:
        Shelf(url)
    assert caught.value.where == "--segments"


def test_shelf_whose_package_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(import_module("fsspec.registry")._registry, "s3", raising=False)
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingError, match="not installed: Install s3fs") as caught:
        Shelf("s3://bucket/segments")
    assert caught.value.where == "--segments"
    assert caught.value.remedy == "install it here and on every worker"


def test_shelf_makes_a_folder_and_leaves_alone_what_stands_there(tmp_path: Path) -> None:
    path, folder = tmp_path / "one", tmp_path / "a" / "b"
    path.write_bytes(b"1234")
    batch, shelf = Batch((path,), 1, DAY, ("f" * 64,)), Shelf(folder.as_uri())
    copy = folder / f"{'f' * 64}.parquet"
    assert shelf.offer(batch).paths == (copy.as_uri(),)
    for found, again, then in (
        (b"1234", False, b"1234"),
        (b"4321", False, b"4321"),
        (b"4321", True, b"1234"),
        (b"123", False, b"1234"),
    ):
        copy.write_bytes(found)
        shelf.offer(batch, again=again)
        assert copy.read_bytes() == then


@pytest.mark.parametrize(
    ("error", "said"), [(OSError("no\n  room"), "find it: no room$"), (OSError(), ": OSError$")]
)
def test_shelf_that_cannot_be_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, said: str
) -> None:
    def full(*_: object) -> None:
        raise error

    path, shelf = tmp_path / "one", Shelf(tmp_path.as_uri())
    path.write_bytes(b"1234")
    monkeypatch.setattr(shelf._files, "pipe_file", full)
    with pytest.raises(MissingError, match=said) as caught:
        shelf.offer(Batch((path,), 1, DAY, ("f" * 64,)))
    assert caught.value.where == tmp_path.as_uri()


def test_segment_that_went_before_it_was_copied_is_looked_for_anew(tmp_path: Path) -> None:
    # The engine takes this for a projection that was pulled away, and reads its own.
    with pytest.raises(FileNotFoundError):
        Shelf(tmp_path.as_uri()).offer(Batch((tmp_path / "gone",), 1, DAY, ("f" * 64,)))


@pytest.mark.parametrize(
    ("segments", "count"),
    [(0, 8), (384, 8), (385, 9), (960, 20), (961, 40), (10_000, 220), (30_518, 300)],
)
def test_batches_for_others_grow_with_the_ledger(segments: int, count: int) -> None:
    assert polars.far_batch(segments) == count


def test_batches_for_others_are_few_and_never_more_than_fit_in_memory() -> None:
    for segments in range(1, 14_400):
        count = polars.far_batch(segments)
        assert count <= polars.BATCH_MAX
        assert -(-segments // count) <= polars.ENOUGH_BATCHES
    for segments in range(14_401, 10_000_000, 997):
        assert -(-segments // polars.far_batch(segments)) <= polars.BATCHES_MAX


@pytest.mark.parametrize("where", ["_hear", "_doubted"])
def test_no_worker_is_late_for_what_was_done_here(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, heard, found = [0.0], list[str](), partial_sums(Batch((), 0, DAY))

    def hear(asked: confirming.Round, future: str) -> None:
        heard.append(future)
        if future == "first" and where == "_hear":
            now[0] += 1000
        else:
            asked._finish(0, found)

    def doubted(asked: confirming.Round) -> bool:
        if where == "_doubted" and heard == ["first"]:
            now[0] += 1000
            asked._left.add(0)
        return bool(asked._left)

    monkeypatch.setattr(confirming, "monotonic", lambda: now[0])
    monkeypatch.setattr(confirming, "_POLL_S", 0.01)
    monkeypatch.setattr(confirming.Round, "_ask", lambda asked, _: asked._ready.put("first"))
    monkeypatch.setattr(confirming.Round, "_own", lambda *_: None)
    monkeypatch.setattr(confirming.Round, "_hear", hear)
    monkeypatch.setattr(confirming.Round, "_doubted", doubted)
    monkeypatch.setattr(confirming.Round, "_reroute", lambda asked: asked._ready.put("second"))
    monkeypatch.setattr(confirming.Round, "_rescue", lambda _: pytest.fail("said to be late"))
    client = SimpleNamespace(status="running", cancel=lambda _: None)
    batches = [Batch((), 0, DAY)]
    assert confirming.Round(client, partial_sums, batches, None, str, 60).answers()
    assert heard == ["first", "second"]
