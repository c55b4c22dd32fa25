"""A benchmark is a question: candidate against baseline, and how far apart they may be."""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from .stage import Stage, peak_kib, workspace

ROOT = Path(__file__).resolve().parent.parent.parent
Side = Callable[[Stage], Any]
Measure = Literal["seconds", "lap", "peak", "figure"]


@dataclass(frozen=True, slots=True)
class Bound:
    """How a ratio is judged.

    Attributes:
        sign: ``<=`` or ``>=``.
        hold: What must hold.
        aim: What we aim at.
        unit: What the number is; empty for a ratio.
    """

    sign: Literal["<=", ">="]
    hold: float
    aim: float
    unit: str = ""

    def keeps(self, value: float, limit: float) -> bool:
        """Return whether a value is on the right side of a limit."""
        return value <= limit if self.sign == "<=" else value >= limit

    def verdict(self, value: float) -> str:
        """Say what a value comes to."""
        if self.keeps(value, self.aim):
            return "aim met"
        return "holds" if self.keeps(value, self.hold) else "MISSED"


@dataclass(frozen=True, slots=True)
class Absolute:
    """A bound on a number of the candidate alone.

    Attributes:
        name: What it is.
        bound: How it is judged.
        of: Computes it from what the candidate found and the size.
    """

    name: str
    bound: Bound
    of: Callable[[Run, int], float]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One comparison.

    Attributes:
        id: ``B1`` and so on.
        title: What is divided by what.
        candidate: Side of the program.
        baseline: Side to compare with, at most 30 lines.
        prepare: Side that makes what both read; it is run once.
        size: Entries, rows or appends at scale 1.
        unit: What ``size`` counts.
        measure: ``seconds`` adds up the timed blocks, ``lap`` takes their median, ``peak`` is the
            most memory in MB, ``figure`` is what the side measured.
        bound: How the ratio is judged; None where only ``absolute`` is.
        absolute: Bounds on the candidate alone.
        inverse: The ratio is baseline ÷ candidate: a share of its speed.
        least: Smallest size that a scale leads to.
        needs: Modules without which it is not run.
        close: How much answers may differ, relative; 0 wants them equal.
        pairs: Pairs of runs at most, where each takes minutes; None for as many as of others.
        note: What a reader must know.
    """

    id: str
    title: str
    candidate: Side
    baseline: Side
    prepare: Side
    size: int
    unit: str
    bound: Bound | None
    measure: Measure = "seconds"
    absolute: tuple[Absolute, ...] = ()
    inverse: bool = False
    least: int = 10
    needs: tuple[str, ...] = ()
    close: float = 0
    pairs: int | None = None
    note: str = ""

    def lacks(self) -> str:
        """Return why this cannot be run here, or nothing."""
        missing = [name for name in self.needs if find_spec(name) is None]
        return f"needs {', '.join(missing)}: pip install {' '.join(missing)}" if missing else ""

    def scaled(self, scale: float) -> int:
        """Return the size at a scale."""
        return max(self.least, round(self.size * scale))

    def agree(self, left: Any, right: Any) -> bool:
        """Return whether two answers are the same."""
        if not self.close:
            return bool(left == right)
        a, b = (dict(each) for each in (left, right))
        return a.keys() == b.keys() and all(
            math.isclose(float(a[key]), float(b[key]), rel_tol=self.close) for key in a
        )


@dataclass(frozen=True, slots=True)
class Run:
    """What one side found in one process.

    Attributes:
        answer: What it computed.
        laps: Seconds of each timed block.
        figure: A number that it measured itself, or None.
        peak_kib: The most memory it held.
    """

    answer: Any
    laps: tuple[float, ...]
    figure: float | None
    peak_kib: int

    @property
    def peak_mb(self) -> float:
        """The same in MB."""
        return self.peak_kib * 1024 / 1e6

    def value(self, measure: Measure) -> float:
        """Return the number that is compared."""
        match measure:
            case "seconds":
                return sum(self.laps)
            case "lap":
                return statistics.median(self.laps)
            case "peak":
                return self.peak_mb
            case "figure":
                assert self.figure is not None
                return self.figure


class SideError(Exception):
    """A side that failed, with what it wrote."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A bench runs sides in processes of their own.

    Attributes:
        folder: Where inputs are kept while it runs.
        fresh: Whether each side has a process of its own. Only tests of the benchmarks, which
            look at no times, do without.
    """

    folder: Path
    fresh: bool = True

    def run(self, side: Side, size: int) -> Run:
        """Run a side.

        Raises:
            SideError: If it fails.
        """
        inputs = self.folder / "inputs"
        inputs.mkdir(parents=True, exist_ok=True)
        with workspace(self.folder) as work:
            stage = Stage(inputs, work, size)
            return self._apart(side, stage) if self.fresh else self._here(side, stage)

    def _here(self, side: Side, stage: Stage) -> Run:
        """Run a side in this process."""
        answer = json.loads(json.dumps(side(stage)))
        return Run(answer, tuple(stage.laps), stage.figure, peak_kib())

    def _apart(self, side: Side, stage: Stage) -> Run:
        """Run a side in a process of its own."""
        named = (side.__module__.rpartition(".")[2], side.__name__)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "bench.child", *named),
                *(str(stage.inputs), str(stage.work), str(stage.size)),
            ],
            cwd=stage.work,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SideError(done.stderr.strip()[-2000:] or done.stdout[-2000:])
        found = json.loads(done.stdout.splitlines()[-1])
        return Run(found["answer"], tuple(found["laps"]), found["figure"], found["peak_kib"])

    def _environment(self) -> dict[str, str]:
        """Return what a fresh process finds in its environment.

        Modules are compiled once and kept, as those of an installed program are.
        """
        held = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        return {
            **held,
            "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests"))),
            "PYTHONPYCACHEPREFIX": str(self.folder / "compiled"),
        }
