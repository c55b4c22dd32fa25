"""A session runs benchmarks: warm-up, answers, then candidate and baseline by turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .benchmark import Bench, Benchmark, Run, SideError

STEADY = 0.15  # how far the ratio of minima may be from the ratio of medians
COMMAND = "python -m tests.bench -o tests/bench --readme"
ROUNDS_MAX = 3  # how often an unsteady measurement is run again


@dataclass(frozen=True, slots=True)
class Settings:
    """How a session goes.

    Attributes:
        scale: Share of the full size.
        repetitions: Pairs of runs after the warm-up.
        rounds: How often at most an unsteady measurement is run.
        command: What makes these measurements again.
    """

    scale: float = 1.0
    repetitions: int = 5
    rounds: int = ROUNDS_MAX
    command: str = COMMAND


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a benchmark.

    Attributes:
        benchmark: Which.
        size: At which size.
        status: ``measured``, ``not run``, ``failed`` or ``answers differ``.
        why: Why it was not measured.
        candidate: Runs of the candidate.
        baseline: Runs of the baseline, in pairs with those.
        rounds: How often it was run.
    """

    benchmark: Benchmark
    size: int
    status: str
    why: str = ""
    candidate: tuple[Run, ...] = ()
    baseline: tuple[Run, ...] = ()
    rounds: int = 0

    def _values(self, side: str) -> list[float]:
        """Return the compared numbers of a side."""
        return [run.value(self.benchmark.measure) for run in getattr(self, side)]

    @property
    def medians(self) -> tuple[float, float]:
        """Medians of candidate and baseline."""
        return statistics.median(self._values("candidate")), statistics.median(
            self._values("baseline")
        )

    def _ratio(self, candidate: float, baseline: float) -> float:
        """Return the ratio, the way round that the benchmark wants it."""
        return baseline / candidate if self.benchmark.inverse else candidate / baseline

    @property
    def ratio(self) -> float:
        """Ratio of medians."""
        return self._ratio(*self.medians)

    @property
    def spread(self) -> tuple[float, float]:
        """Smallest and largest ratio of a pair of runs."""
        pairs = zip(self._values("candidate"), self._values("baseline"), strict=True)
        ratios = [self._ratio(*pair) for pair in pairs]
        return min(ratios), max(ratios)

    @property
    def minima(self) -> float:
        """Ratio of minima."""
        return self._ratio(min(self._values("candidate")), min(self._values("baseline")))

    @property
    def steady(self) -> bool:
        """Whether medians and minima tell the same."""
        return abs(self.minima / self.ratio - 1) <= STEADY

    def absolutes(self) -> list[tuple[str, float, Any]]:
        """Return name, median and bound of each number of the candidate alone."""
        return [
            (
                one.name,
                statistics.median(one.of(run, self.size) for run in self.candidate),
                one.bound,
            )
            for one in self.benchmark.absolute
        ]


def measure(
    bench: Bench, one: Benchmark, settings: Settings, say: Callable[[str], None]
) -> Outcome:
    """Run a benchmark; what goes wrong is an outcome."""
    size = one.scaled(settings.scale)
    lacking = one.lacks()
    if lacking:
        return Outcome(one, size, "not run", lacking)
    try:
        say(f"{one.id}: preparing {size:,} {one.unit}")
        bench.run(one.prepare, size)
        warm = [bench.run(side, size) for side in (one.candidate, one.baseline)]
        if not one.agree(warm[0].answer, warm[1].answer):
            told = [str(run.answer)[:300] for run in warm]
            return Outcome(one, size, "answers differ", f"{told[0]} and {told[1]}")
        outcome = Outcome(one, size, "not run", "no round")
        for number in range(1, settings.rounds + 1):
            # Memory and size are the same each time; only times need many.
            timed = one.measure in {"seconds", "lap"}
            most = (one.pairs or settings.repetitions) if timed else 2
            pairs = min(settings.repetitions, most)
            outcome = _round(bench, one, size, pairs, number)
            if outcome.status != "measured":
                break
            say(f"{one.id}: ratio {outcome.ratio:.3g}, minima {outcome.minima:.3g}")
            if outcome.steady:
                break
    except SideError as error:
        return Outcome(one, size, "failed", str(error))
    return outcome


def _round(bench: Bench, one: Benchmark, size: int, repetitions: int, number: int) -> Outcome:
    """Run both sides by turns, each first in half of the turns."""
    runs: dict[str, list[Run]] = {"candidate": [], "baseline": []}
    for turn in range(repetitions):
        sides = list(runs) if turn % 2 == 0 else list(runs)[::-1]
        for name in sides:
            runs[name].append(bench.run(getattr(one, name), size))
    for left, right in zip(runs["candidate"], runs["baseline"], strict=True):
        if not one.agree(left.answer, right.answer):
            return Outcome(one, size, "answers differ", "after the warm-up")
    both = tuple(runs["candidate"]), tuple(runs["baseline"])
    return Outcome(one, size, "measured", "", *both, number)
