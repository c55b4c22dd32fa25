"""A cluster may be slow, broken or wrong: the sums are those of this process, and it is said."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Timer
from time import monotonic
from types import SimpleNamespace
from typing import Any

import pytest
from clustered import Workers, behave, clustered, separate
from ledgers import DAY, MemoryLeaves, Reverse, allocation, records, undated
from recorded import work
from supplied import supplied

from ledger.engines import confirming, leaves, polars
from ledger.engines.answer import is_plausible
from ledger.engines.dask import Cluster
from ledger.engines.means import Means
from ledger.engines.partials import Batch, Partial, partial_sums
from ledger.engines.place import Place
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.engines.scheduler import Scheduler
from ledger.errors import IntegrityError, MissingError

Run = Callable[..., Any]


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
    rows = [allocation(f"m{n % 5}", 10**20 + 7 ** (n % 30), run=f"r{n}") for n in range(72)]
    rows[40] = allocation("m1", None, operations_low="3", **undated(DAY))
    return MemoryLeaves(records(*rows[:70], Reverse(3), *rows[70:]))


class Folding:
    """Folds on the cluster, and holds what comes out against the plain engine."""

    def __init__(self, source: MemoryLeaves, folder: Path, workers: Workers) -> None:
        self.source = source
        self.folder = folder
        self.workers = workers
        self.said: list[str] = []

    def __call__(
        self,
        before: Callable[[], object] = lambda: None,
        patience: float = 30,
        segments: str | None = None,
    ) -> list[str]:
        """Fold; return the warnings. ``before`` is called when the files have been checked."""
        self.said.clear()
        means = Means(self.workers.address, segments, self.said.append)
        cluster = Cluster(means, patience=patience)

        def run(function: Callable[[Batch], Partial], batches: Sequence[Batch]) -> Any:
            before()
            return cluster(function, batches)

        engine = PolarsEngine(
            self.source,
            Place(self.folder, b"s" * 32),
            run=run,
            own=False,
            means=Means(say=self.said.append),
        )
        size = self.source.size
        asked = {"size": size, "limit": size, "as_of": DAY, "root": self.source.root()}
        assert engine.fold(**asked) == PlainEngine(self.source).fold(**asked)
        return self.said


@pytest.fixture
def fold(source: MemoryLeaves, tmp_path: Path, workers: Workers) -> Folding:
    return Folding(source, tmp_path / "projection", workers)


@pytest.fixture
def _without_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this process add nothing up of itself, so that the other guards are seen alone."""
    monkeypatch.setattr(confirming.secrets.SystemRandom, "sample", lambda *_: [])


@pytest.mark.usefixtures("_without_sample")
def test_cluster_folds_as_plain_does(fold: Folding, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: dict[int, list[str]] = {}
    take = confirming.Round._take

    def taken(asked: confirming.Round, index: int, worker: str, answer: object) -> None:
        heard.setdefault(index, []).append(worker)
        take(asked, index, worker, answer)

    monkeypatch.setattr(confirming.Round, "_take", taken)
    assert fold() == []
    # Nobody confirms himself.
    assert len(heard) == 10
    assert all(len(set(pair)) == len(pair) == 2 for pair in heard.values())
    # What others added up is used once and never kept.
    assert not list(fold.folder.glob("*.sums"))
    assert list(fold.folder.glob("*.parquet"))


@pytest.mark.usefixtures("_without_sample")
def test_cluster_looks_at_one_answer_of_two_that_are_the_same_and_keeps_it_once(
    fold: Folding, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Batch] = []
    kept: list[confirming._Work] = []
    answers = confirming.Round.answers

    def looking(answer: Partial, batch: Batch) -> bool:
        looked.append(batch)
        return is_plausible(answer, batch)

    def asked(self: confirming.Round) -> list[Partial]:
        found = answers(self)
        kept.extend(self._work)
        return found

    monkeypatch.setattr(confirming, "is_plausible", looking)
    monkeypatch.setattr(confirming.Round, "answers", asked)
    assert fold() == []
    assert len(kept) > 1
    assert len(looked) == len(kept)
    assert [work.first for work in kept] == [None] * len(kept)


@pytest.mark.usefixtures("_without_sample")
@pytest.mark.parametrize(
    "lie",
    ["shifting", *(pytest.param(lie, marks=pytest.mark.slow) for lie in ("dropping", "babbling"))],
)
def test_cluster_names_a_worker_that_lies(fold: Folding, workers: Workers, lie: str) -> None:
    liar = workers.live()[1]
    with workers.behaving(lie, liar):
        (warning,) = fold()
    assert f"worker {liar} gave a wrong sum of {fold.folder}" in warning


@pytest.mark.usefixtures("_without_sample")
def test_cluster_does_here_at_once_what_arrives_damaged(fold: Folding, workers: Workers) -> None:
    worker = workers.live()[1]
    with workers.behaving("garbling", worker):
        (warning,) = fold()
    assert f"worker {worker} could not add up, it is done here" in warning
    assert "the sums that arrived cannot be read" in warning


@pytest.mark.slow
def test_cluster_sees_two_that_tell_the_same_lie(fold: Folding, workers: Workers) -> None:
    liars = workers.live()[:2]
    with workers.behaving("shifting", *liars):
        said = fold()
    assert len(said) == 2
    assert all(any(f"worker {liar} gave a wrong sum" in line for line in said) for liar in liars)


def test_cluster_of_nothing_but_liars_is_found_out(fold: Folding, workers: Workers) -> None:
    # They confirm each other, and every total stays what it is. The sample finds one, and then each
    # of the others is tried.
    with workers.behaving("shifting", *workers.live()):
        assert len(fold()) == 3


@pytest.mark.usefixtures("_without_sample")
@pytest.mark.parametrize("lie", ["dropping", "ungraded"])
def test_cluster_that_loses_work_is_caught_by_control_totals(
    fold: Folding, workers: Workers, lie: str
) -> None:
    # All three agree.
    with workers.behaving(lie, *workers.live()):
        assert len(fold()) == 3


def test_cluster_goes_on_without_a_worker_that_is_killed(fold: Folding, workers: Workers) -> None:
    victim, killed = workers.live()[0], list[float]()

    def kill() -> None:
        workers.kill(victim)
        killed.append(monotonic())

    with workers.behaving("lingering", *workers.live()):
        said = fold(before=Timer(0.5, kill).start)
        assert killed
        assert killed[0] < monotonic() - 0.3, "it was killed with work to do"
    assert not [line for line in said if "wrong sum" in line]
    workers.wait()
    assert victim not in workers.live()


def test_cluster_does_not_wait_for_one_that_is_slow(fold: Folding, workers: Workers) -> None:
    slow = workers.live()[2]
    with workers.behaving("sleeping", slow):
        said = fold(patience=1)
    assert said
    assert all(
        f"{slow} did not answer in 1 seconds; the work is done here" in line for line in said
    )


def test_cluster_that_fails_is_said_and_survived(fold: Folding, workers: Workers) -> None:
    bad = workers.live()[0]
    with workers.behaving("failing", bad):
        said = fold()
    assert said
    assert all(f"worker {bad} could not add up" in line for line in said)
    assert "--segments" in said[0]


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_cluster_names_a_segment_that_is_corrupt_and_it_is_built_again(fold: Folding) -> None:
    fold()
    bad = fold.folder / "0000000008-0000000012.parquet"
    sound, flips = bad.read_bytes(), iter([flip])
    said = fold(before=lambda: next(flips, Path.exists)(bad))
    digest = hashlib.sha256(sound).hexdigest()
    assert said
    assert all(f"{bad}; its SHA-256 is " in line and digest in line for line in said)
    assert said[-1].endswith("it is built again")
    assert bad.read_bytes() == sound


def test_cluster_reads_segments_from_a_shelf(fold: Folding, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    assert fold(segments=shelf.as_uri()) == []
    copies = sorted(shelf.iterdir())
    assert len(copies) == len(list(fold.folder.glob("*.parquet")))
    times = [path.stat().st_mtime_ns for path in copies]
    assert fold(segments=shelf.as_uri()) == []
    assert [path.stat().st_mtime_ns for path in copies] == times
    sound = copies[0].read_bytes()
    flip(copies[0])
    said = fold(segments=shelf.as_uri())
    assert said
    assert all(f"{copies[0].as_uri()}; its SHA-256 is" in line for line in said)
    assert copies[0].read_bytes() == sound
    assert fold(segments=shelf.as_uri()) == []


@pytest.mark.slow
def test_cluster_whose_scheduler_is_killed_is_done_without(
    source: MemoryLeaves, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with separate(tmp_path) as (scheduler, workers):
        fold = Folding(source, tmp_path / "projection", workers)
        workers.client.run(behave, "lingering")
        workers.client.close()
        capfd.readouterr()
        said = fold(before=Timer(1, scheduler.kill).start)
    assert said == ["warning: the connection to the scheduler was lost; the rest is done here"]
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.slow
def test_cluster_whose_scheduler_hangs_is_not_waited_for(
    source: MemoryLeaves, tmp_path: Path
) -> None:
    # It keeps every connection open and answers nothing: neither an error nor an end comes of it.
    with separate(tmp_path) as (scheduler, workers):
        fold = Folding(source, tmp_path / "projection", workers)
        workers.client.run(behave, "lingering")
        workers.client.close()
        stop = Timer(1, scheduler.send_signal, (signal.SIGSTOP,))
        begun = monotonic()
        try:
            said = fold(before=stop.start, patience=2)
        finally:
            scheduler.send_signal(signal.SIGCONT)
    assert stop.finished.is_set()
    assert monotonic() - begun < 60
    assert said == ["warning: the cluster did not answer in 2 seconds; the work is done here"]


class Unanswering:
    """A connection to a scheduler that hangs."""

    status = "running"
    scheduler = SimpleNamespace(
        identity=lambda **_: None, who_has=lambda **_: None, processing=lambda **_: None
    )

    def __init__(self) -> None:
        self.limits: list[float | None] = []

    def sync(self, _: object, *, callback_timeout: float | None = None) -> object:
        self.limits.append(callback_timeout)
        raise TimeoutError

    def cancel(self, _: object) -> None:
        raise RuntimeError

    def close(self, *, timeout: float) -> None:
        assert timeout
        raise TimeoutError


def test_scheduler_that_does_not_answer_is_not_known_and_left_in_peace() -> None:
    client = Unanswering()
    asked = Scheduler(client, 60)
    assert asked.workers() is None
    assert asked.holder("key") is None
    assert asked.busy({"key"}) == ()
    asked.forget([])
    asked.leave()
    assert client.limits == [5.0]


def test_batch_that_came_to_nothing_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(asked: confirming.Round, index: int, **_: object) -> None:
        asked._left.discard(index)

    monkeypatch.setattr(confirming.Round, "_ask", lost)
    monkeypatch.setattr(confirming.Round, "_own", lost)
    batches = [Batch((), 0, DAY)]
    asked = confirming.Round(Unanswering(), partial_sums, batches, None, str, 60)
    with pytest.raises(IntegrityError, match="came to nothing"):
        asked.answers()


def test_scheduler_that_fails_without_a_word_is_an_error_with_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr(supplied("distributed", "distributed"), "Client", connect)
    with pytest.raises(MissingError, match=r"no scheduler answers at tcp://h:1: OSError"):
        Cluster(Means("tcp://h:1", None, str)).greet()


def test_check_says_the_same_on_every_engine_to_the_byte(
    flopledger: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: Workers
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1795435200")
    assert flopledger("init", "--origin", "ledger.example/t").code == 0
    rows = [
        work(f"m{n % 3}", 10**24 + n, f"2026-03-{n % 28 + 1:02}", run=f"r{n}") for n in range(30)
    ]
    path = tmp_path / "records.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in rows), encoding="utf-8")
    assert flopledger("record", str(path)).code == 0
    documents = {}
    for engine in ("dask", "pool", "plain", "polars"):
        shutil.rmtree(tmp_path / "ledger.db.projection", ignore_errors=True)
        options = ("--scheduler", workers.address) if engine == "dask" else ()
        ran = flopledger("check", "-f", "json", "--engine", engine, *options)
        assert (ran.code, ran.err) == (1, ""), ran.err
        documents[engine] = ran.out
    assert len(set(documents.values())) == 1
    assert '"model:m2"' in documents["dask"]
