"""A cluster may be slow, broken or wrong: the sums are those of this process, and it is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from clustered import Workers, clustered
from ledgers import DAY, MemoryLeaves, Reverse, allocation, records, undated

from ledger.engines import leaves, polars
from ledger.engines.dask import Cluster
from ledger.engines.means import Means
from ledger.engines.place import Place
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.measure import Folded


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    with clustered() as made:
        yield made


@pytest.fixture(autouse=True)
def _short_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut small ledgers into many segments and batches."""
    monkeypatch.setattr(leaves, "SEGMENT", 4)
    monkeypatch.setattr(polars, "FAR_BATCH", 2)


@pytest.fixture
def source() -> MemoryLeaves:
    rows = [allocation(f"m{n % 5}", 10**20 + 7 ** (n % 30), run=f"r{n}") for n in range(96)]
    rows[40] = allocation("m1", None, operations_low="3", **undated(DAY))
    return MemoryLeaves(records(*rows[:70], Reverse(3), *rows[70:]))


def folded(
    source: MemoryLeaves, folder: Path, workers: Workers, patience: float = 30, **means: str
) -> tuple[Folded, list[str]]:
    """Fold on the cluster, and hold it against the plain engine; return the warnings too."""
    said: list[str] = []
    executor = Cluster(Means(workers.address, say=said.append, **means), patience=patience)
    engine = PolarsEngine(source, Place(folder, b"s" * 32), run=executor, own=False)
    asked = {"size": source.size, "limit": source.size, "as_of": DAY, "root": source.root()}
    found = engine.fold(**asked)
    assert found == PlainEngine(source).fold(**asked)
    return found, said


def test_cluster_folds_as_plain_does(
    source: MemoryLeaves, tmp_path: Path, workers: Workers
) -> None:
    _, said = folded(source, tmp_path, workers)
    assert said == []
    # What others added up is used once and never kept.
    assert not list(tmp_path.glob("*.sums"))


@pytest.mark.parametrize("lie", ["shifting", "dropping", "babbling"])
def test_cluster_names_a_worker_that_lies(
    source: MemoryLeaves, tmp_path: Path, workers: Workers, lie: str
) -> None:
    liar = workers.live()[1]
    with workers.behaving(lie, liar):
        _, said = folded(source, tmp_path, workers)
    assert [line for line in said if "wrong sum" in line and liar in line]
    assert len(said) == 1


def test_cluster_sees_two_that_tell_the_same_lie(
    source: MemoryLeaves, tmp_path: Path, workers: Workers
) -> None:
    liars = workers.live()[:2]
    with workers.behaving("dropping", *liars):
        _, said = folded(source, tmp_path, workers)
    assert {liar for liar in liars for line in said if f"{liar} gave a wrong sum" in line}


def test_cluster_of_liars_is_found_out_by_a_sample(
    source: MemoryLeaves, tmp_path: Path, workers: Workers
) -> None:
    with workers.behaving("shifting", *workers.live()):
        _, said = folded(source, tmp_path, workers)
    assert len(said) == 3


def test_cluster_goes_on_without_a_worker_that_is_killed(
    source: MemoryLeaves, tmp_path: Path, workers: Workers
) -> None:
    from threading import Timer

    with workers.behaving("lingering", *workers.live()):
        timer = Timer(1.2, workers.kill, [workers.live()[0]])
        timer.start()
        _, said = folded(source, tmp_path, workers)
        timer.join()
    workers.wait()
    assert not [line for line in said if "wrong sum" in line]


def test_cluster_does_not_wait_for_one_that_is_slow(
    source: MemoryLeaves, tmp_path: Path, workers: Workers
) -> None:
    slow = workers.live()[2]
    with workers.behaving("sleeping", slow):
        _, said = folded(source, tmp_path, workers, patience=1)
    assert said
    assert all(f"{slow} did not answer in 1 seconds" in line for line in said)
