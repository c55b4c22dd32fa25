"""The benchmarks run: each of them once, at a tiny scale, in this process, for its answers alone.

No time is looked at here; ``python -m tests.bench`` measures.
"""

from __future__ import annotations

import inspect
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from bench import bulk, catalogue, durable, results, scaling, session, startup, writers
from bench.benchmark import Bench, Benchmark, Bound, Run
from bench.session import Outcome, Settings, measure
from bench.stage import Stage, nothing, peak_kib
from servers import Server

TINY = Settings(scale=1e-9, repetitions=1, rounds=1)
HELD = catalogue.benchmarks()
LINES_MAX = 30
PUBLISHED = {
    *("B1", "B1w", "B1p", "B2", "B2n", "B3", "B3p", "B3s", "B4", "B4x", "B4c", "B5", "B5v", "B5c"),
    *("B6", "B7", "B7v", "B7c", "B8", "B9", "B10", "B10b", "B10g"),
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
    assert curve.verdict == "MISSED"


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
