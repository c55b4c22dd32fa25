"""The benchmarks run: each of them once, at a tiny scale, in this process, for its answers alone.

No time is looked at here; ``python -m tests.bench`` measures.
"""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench import __main__ as command
from bench import (
    bulk,
    catalogue,
    check,
    cluster,
    durable,
    footprint,
    machine,
    results,
    scaling,
    session,
    startup,
    summary,
    writers,
)
from bench.benchmark import Bench, Benchmark, Bound, Run, SideError
from bench.inputs import stored
from bench.session import Outcome, Settings, measure
from bench.stage import Stage, nothing, peak_kib
from click.testing import CliRunner
from servers import Server

from ledger.engines import answer, partials
from ledger.engines.partials import Partial

TINY = Settings(scale=1e-9, repetitions=1, rounds=1)
HELD = catalogue.benchmarks()
LINES_MAX = 30
PUBLISHED = {
    *("B1", "B1w", "B1p", "B2", "B2n", "B3", "B3p", "B3s", "B4", "B4x", "B4c", "B5", "B5v", "B5c"),
    *("B6", "B7", "B7v", "B7c", "B8", "B8d", "B9", "B10", "B10b", "B10g"),
}
# A start of these takes seconds, and goes the way of the start of `verify`.
SLOW_STARTS = {"B7c", "B7i"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where inputs are kept for all tests of this worker."""
    return tmp_path_factory.mktemp("bench")


class Threads:
    """Threads in the place of processes, which take seconds to start."""

    Barrier = threading.Barrier

    class Process(threading.Thread):
        exitcode = 0


@pytest.fixture
def bench(folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A bench in this process: few starts, few writers, the server of the tests."""

    @contextmanager
    def running() -> Iterator[Server]:
        yield server

    for module, name, value in (
        (startup, "STARTS", 1),
        (durable, "APPENDS", 3),
        (durable, "SMALL", 12),
        (writers, "PROCESSES", 2),
        (writers, "CLIENTS", 2),
        (writers, "KIND", Threads),
        (writers, "running", running),
        (bulk, "running", running),
    ):
        monkeypatch.setattr(module, name, value)
    return Bench(folder, fresh=False)


@pytest.mark.parametrize("name", [name for name in HELD if name not in SLOW_STARTS])
def test_bench_sides_agree(name: str, bench: Bench) -> None:
    one = HELD[name]
    lacking = one.lacks()
    outcome = measure(bench, one, TINY, lambda _: None)
    if lacking:
        assert (outcome.status, outcome.why) == ("not run", lacking)
    else:
        assert outcome.status == "measured", outcome.why
        assert outcome.ratio > 0
    page = results.page(results.document({}, TINY, [outcome], []))
    assert f"| {name} | " in page
    assert "quick try" in page


def test_bench_has_every_published_benchmark() -> None:
    assert set(HELD) >= PUBLISHED


@pytest.mark.parametrize("name", HELD)
def test_bench_sides_are_short(name: str) -> None:
    for side in (HELD[name].candidate, HELD[name].baseline):
        lines = inspect.getsource(side).splitlines()
        assert len(lines) <= LINES_MAX, side.__name__


def test_bench_scaling_laws_are_drawn(bench: Bench) -> None:
    curves = scaling.draw(bench, (20, 40), 1, lambda _: None)
    assert [curve.law.name for curve in curves if curve.failure] == []
    assert all(len(curve.points) == 2 and curve.exponent is not None for curve in curves)
    page = results.page(results.document({}, TINY, [], curves))
    assert all(f"| {curve.law.name} | " in page for curve in curves)


def test_bench_exponent_is_the_slope() -> None:
    law = scaling.LAWS[0]
    points = tuple(scaling.Point(n, 3.0 * n**2, 1.0, None) for n in (10, 100, 1000))
    curve = scaling.Curve(law, points)
    assert curve.exponent == pytest.approx(2)
    assert curve.verdict == "MISSED in time"


def side(stage: Stage) -> int:
    return stage.size


def other(stage: Stage) -> int:
    return stage.size + 1


def question(**changes: Any) -> Benchmark:
    """Return a benchmark of two sides that agree."""
    given = {
        "id": "B99",
        "title": "one ÷ another",
        "candidate": side,
        "baseline": side,
        "prepare": side,
        "size": 10,
        "unit": "entries",
        "bound": Bound("<=", 2.0, 1.5),
    }
    return Benchmark(**{**given, **changes})


def test_bench_answers_are_compared_before_times(bench: Bench) -> None:
    outcome = measure(bench, question(baseline=other), TINY, lambda _: None)
    assert outcome.status == "answers differ"
    page = results.page(results.document({}, TINY, [outcome], []))
    assert "answers differ: 10 and 11" in page
    assert "Not measured: B99." in page


def outcome_of(candidate: list[float], baseline: list[float], **changes: Any) -> Outcome:
    """Return what some seconds on each side come to."""
    runs = [tuple(Run(1, (value,), None, 1) for value in side) for side in (candidate, baseline)]
    return Outcome(question(**changes), 10, "measured", "", *runs, rounds=1)


def test_bench_ratio_is_one_of_medians() -> None:
    outcome = outcome_of([2.0, 9.0, 4.0], [2.0, 1.0, 2.0])
    assert (outcome.ratio, outcome.minima, outcome.spread) == (2.0, 2.0, (1.0, 9.0))
    assert outcome.steady
    assert outcome_of([2.0, 4.0], [4.0, 8.0], inverse=True).ratio == 2.0
    assert not outcome_of([1.0, 4.0, 4.0], [2.0, 2.0, 2.0]).steady


def test_bench_answers_that_differ_later_are_an_outcome(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The warm-up agrees; then a side gives another answer each time.
    answers = iter([0, 0, 0, 1, 2])
    monkeypatch.setattr(Bench, "run", lambda *_: Run(next(answers), (1.0,), None, 1))
    outcome = measure(bench, question(), Settings(1.0, 1, 2), lambda _: None)
    assert (outcome.status, outcome.why) == ("answers differ", "after the warm-up")
    assert results.failed(results.document({}, TINY, [outcome], []))


def test_bench_law_beyond_its_largest_size_is_measured_there_once() -> None:
    law = scaling.Law("of few", lambda stage: stage.size, "linear", 1.0, largest=500)
    assert scaling.sizes_of(law, (10, 500, 1000, 10_000)) == [10, 500]


def test_bench_small_sizes_fall_together() -> None:
    assert scaling.scaled(scaling.SIZES, 0.001) == [100, 1000, 10_000]
    assert scaling.scaled((1000, 10), 1.0) == [100, 1000]


def test_bench_law_that_fails_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(stage: Stage) -> int:
        if stage.size > 10:
            raise SideError("the disk is full | really")
        return stage.size

    law = scaling.Law("ends early", failing, "linear", 1.0)
    monkeypatch.setattr(scaling, "LAWS", (law,))
    monkeypatch.setattr(scaling, "_seconds", lambda *_: 1.0)
    for prepare, points in ((nothing, 1), (failing, 0)):
        monkeypatch.setattr(scaling, "prepare", prepare)
        curves = scaling.draw(bench, (10, 20), 1, lambda _: None)
        assert [len(curve.points) for curve in curves] == [points]
        document = results.document({}, Settings(), [], curves)
        page = results.page(document)
        assert results.failed(document)
        assert "Not measured: ends early." in page
        assert "- **ends early** failed: the disk is full / really" in page
        rows = [line.count("|") for line in page.splitlines() if line.startswith("|")][-3:]
        assert len(set(rows)) == 1
    slow = scaling.Curve(law, tuple(scaling.Point(n, n**2, 1.0, None) for n in (10, 100)))
    assert slow.verdict == "MISSED in time"
    assert not results.failed(results.document({}, Settings(), [], [slow]))


def test_bench_laps_are_taken_alike_at_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []

    def waiting_at_first(_: Bench, __: Any, size: int) -> Run:
        ran.append(size)
        return Run(size, (1.0 if ran.count(size) > 1 else 9.0,), None, 1)

    monkeypatch.setattr(Bench, "run", waiting_at_first)
    monkeypatch.setattr(scaling, "ONCE_FROM", 20)
    bench = Bench(Path())
    laps = scaling.Law("laps", side, "constant", 0.1, measure="lap")
    for repetitions in (1, 3):
        ran.clear()
        points = [scaling._point(bench, laps, size, repetitions) for size in (10, 20)]
        assert [point.seconds for point in points] == [1.0, 1.0]
        assert [ran.count(size) for size in (10, 20)] == [1 + repetitions] * 2
    # What takes minutes is run once, and is not run before that.
    ran.clear()
    long = scaling.Law("long", side, "linear", 1.0)
    assert [scaling._point(bench, long, size, 3).seconds for size in (10, 20)] == [1.0, 9.0]
    assert [ran.count(size) for size in (10, 20)] == [3, 1]


def test_bench_command_ends_with_one_where_a_law_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = scaling.Curve(scaling.LAWS[0], (), "the disk is full")
    for curves, status in (([broken], 1), ([], 0)):
        monkeypatch.setattr(scaling, "draw", lambda *_, curves=curves: curves)
        ran = CliRunner().invoke(command.main, ["scaling", "--scale", "0.001"])
        assert ran.exit_code == status, ran.output


def test_bench_adding_up_must_come_to_every_row(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(stage: Stage) -> Partial:
        made = summed(stage)
        return replace(made, totals=made.totals.slice(1))

    summed = footprint.summed
    bench.run(footprint.segments, 100)
    assert bench.run(footprint.fold_large, 100).answer is True
    monkeypatch.setattr(footprint, "summed", short)
    with pytest.raises(AssertionError):
        bench.run(footprint.fold_large, 100)


class Counting(Stage):
    """A stage that keeps what was done in its timed block: what, and whether here or elsewhere."""

    done: list[tuple[str, bool]]  # a list, as threads can append to one at the same time

    @contextmanager
    def timed(self) -> Iterator[None]:
        self.done.clear()
        with super().timed():
            yield
        self.done = self.done.copy()


def test_bench_pool_does_as_much_as_the_cluster(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import distributed  # noqa: PLC0415 - an extra

    made: Any = distributed.LocalCluster  # it states no types
    done: list[tuple[str, bool]] = []
    # Threads in the place of processes, so that what they do is seen.
    monkeypatch.setattr(distributed, "LocalCluster", lambda **o: made(**{**o, "processes": False}))
    monkeypatch.setattr(cluster, "ProcessPoolExecutor", lambda n, **_: ThreadPoolExecutor(n))
    monkeypatch.setattr(check, "SEGMENT", 2)
    asker = threading.current_thread()

    def counting(module: Any, name: str) -> None:
        original = getattr(module, name)

        def counted(*given: Any) -> Any:
            done.append((name, threading.current_thread() is asker))
            return original(*given)

        monkeypatch.setattr(module, name, counted)

    for module, name in (
        *((partials, name) for name in ("_scanned", "_checked", "merge_sums")),
        *((answer, name) for name in ("comes_to", "_alike", "_in_order")),
    ):
        counting(module, name)
    told = []
    for one in (HELD["B8"].candidate, HELD["B8"].baseline):
        stage = Counting(folder, tmp_path, 672)
        stage.done = done
        one(stage)
        told.append(Counter(stage.done))
    batches, here = 42, 2  # all of the same length, whichever are drawn
    assert told[0] == told[1]
    assert told[0]["_scanned", True] == here
    assert told[0]["_scanned", False] == 2 * batches - here
    assert told[0]["_checked", True] + told[0]["_checked", False] == 2 * 336
    assert told[0]["comes_to", True] == batches
    assert told[0]["_alike", True] == 3 * batches


def test_bench_appends_leave_what_others_read(bench: Bench) -> None:
    inputs = bench.folder / "inputs"
    bench.run(durable.prepare_sizes, 24)
    before = stored(durable.grown(inputs, 24) / "ledger.db")
    for _ in range(2):
        bench.run(durable.appended_to_large, 24)
    assert stored(durable.grown(inputs, 24) / "ledger.db") == before
    assert stored(durable.growing(inputs, 24) / "ledger.db")[0] == 24 + 2 * durable.APPENDS


def test_bench_names_the_commit_of_the_program_and_what_is_not_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=n@ledger.example")
    file = tmp_path / "file"
    file.write_text("one", encoding="utf-8")
    for words in (("init", "-q"), ("add", "."), (*who, "commit", "-qm", "One")):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    monkeypatch.setattr(machine, "ROOT", tmp_path)
    clean = machine.described(tmp_path)["commit"]
    assert re.fullmatch("[0-9a-f]{12}", clean)
    file.write_text("two", encoding="utf-8")
    assert machine.described(tmp_path)["commit"] == f"{clean}-dirty"


def test_bench_says_what_two_processes_do_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < machine._loop_s(2) < 60
    # Two cores take as long for two as one for one; one core takes twice as long.
    for slower, done in ((1, 2), (2, 1)):
        monkeypatch.setattr(machine, "_loop_s", {1: 0.5, 2: 0.5 * slower}.get)
        assert machine._together() == done


def test_bench_says_a_miss_plainly() -> None:
    told = []
    for seconds in (1.4, 1.9, 2.1):
        document = results.document({}, Settings(), [outcome_of([seconds], [1.0])], [])
        told.append(
            (document["benchmarks"][0]["verdict"], "Bounds missed: B99" in results.page(document))
        )
        assert json.loads(json.dumps(document)) == document
    assert told == [("aim met", False), ("holds", False), ("MISSED", True)]


def test_bench_runs_an_unsteady_measurement_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = [outcome_of([1.0, 4.0, 4.0], [2.0, 2.0, 2.0]), outcome_of([2.0], [2.0])]
    monkeypatch.setattr(session, "_round", lambda *_: taken.pop(0))
    outcome = measure(bench, question(), Settings(scale=1.0, rounds=3), lambda _: None)
    assert outcome.ratio == 1.0
    assert taken == []


def test_bench_side_has_a_process_of_its_own(tmp_path: Path) -> None:
    run = Bench(tmp_path).run(nothing, 7)
    assert (run.answer, run.laps, run.figure) == (7, (), None)
    assert 1_000 < run.peak_kib < peak_kib()


def test_bench_readme_and_page_tell_what_the_results_say() -> None:
    folder = Path(__file__).resolve().parent / "bench"
    found = json.loads((folder / "results.json").read_text("utf-8"))
    readme = (folder.parent.parent / "README.md").read_text("utf-8")
    told = readme.partition(summary.BEGIN)[2].partition(summary.END)[0]
    assert told == summary.summary(found)
    assert (folder / "RESULTS.md").read_text("utf-8") == results.page(found)
    # All of it was measured in one run, which says so where sizes were not the full ones.
    assert found["settings"]["full"] or "of the full ones" in told
    assert [row["id"] for row in found["benchmarks"]] == list(HELD)
    assert [curve["name"] for curve in found["scaling"]] == [law.name for law in scaling.LAWS]
