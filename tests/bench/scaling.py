"""A scaling law is how time and memory grow with the entries: a slope on logarithmic paper."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import pairwise

from . import durable
from .benchmark import Bench, Run, Side, SideError
from .bulk import imported, inserted
from .inputs import DAY, flopledger, ledger, ledger_of, within
from .proof import proved
from .stage import Stage
from .verifying import hashed, verified

SIZES = (10_000, 100_000, 1_000_000)
LEAST = 100
LAST = 3  # points that the slope is taken over


def prepare(stage: Stage) -> None:
    """Make the ledgers of one size."""
    ledger(stage)
    durable.growing(stage.inputs, stage.size)


def command(stage: Stage, *arguments: str) -> bool:
    """Time one command on a copy of the ledger; its start is in the time."""
    folder = stage.copied(ledger_of(stage.inputs, stage.size))
    with within(folder), redirect_stdout(io.StringIO()), stage.timed():
        flopledger(*arguments)
    return True


def append(stage: Stage) -> int:
    """Append one at a time to a ledger of so many entries."""
    return durable.appended_to_large(stage)


def check_cold(stage: Stage) -> bool:
    """Check under one regime with no projection."""
    return command(stage, *_CHECK)


def check_warm(stage: Stage) -> bool:
    """Check under one regime once more: the projection is there."""
    with within(stage.copied(ledger_of(stage.inputs, stage.size))):
        flopledger(*_CHECK)
        with stage.timed():
            flopledger(*_CHECK)
    return True


def bundle(stage: Stage) -> bool:
    """Write the bundle for a regulator."""
    return command(stage, "bundle", "out.zip")


def forecast(stage: Stage) -> bool:
    """Say when lines are crossed."""
    return command(stage, "forecast", "--as-of", "2026-11-26", "-o", os.devnull)


_CHECK = ("check", "--regime", "eu.aia", "--rule", "gpaisr-presumption", *DAY, "-o", os.devnull)


@dataclass(frozen=True, slots=True)
class Law:
    """What should grow how.

    Attributes:
        name: What is done.
        side: Does it once at a size.
        grows: The law in words.
        most: The largest exponent that it allows.
        measure: ``seconds`` or ``lap``.
        limit: Side that is bound by the hardware alone, or None.
    """

    name: str
    side: Side
    grows: str
    most: float
    measure: str = "seconds"
    limit: Side | None = None


LAWS = (
    Law("import", imported, "linear", 1.05, limit=inserted),
    Law("verify", verified, "linear", 1.05, limit=hashed),
    Law("append", append, "constant", 0.10, measure="lap"),
    Law("proof", proved, "logarithmic", 0.10, measure="lap"),
    Law("check, cold", check_cold, "linear", 1.10),
    Law("check, projection there", check_warm, "linear", 1.10),
    Law("bundle", bundle, "linear", 1.10),
    Law("forecast", forecast, "linear", 1.10),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement.

    Attributes:
        size: Entries.
        seconds: Fastest of the repetitions.
        peak_mb: Least peak of memory.
        share: Speed against the side that is bound by the hardware alone, or None.
    """

    size: int
    seconds: float
    peak_mb: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """What a law came to.

    Attributes:
        law: Which.
        points: Measurements, by size.
        failure: What went wrong, if anything did.
    """

    law: Law
    points: tuple[Point, ...]
    failure: str = ""

    @property
    def exponent(self) -> float | None:
        """Slope of log t on log n over the last points, or None of fewer than two."""
        last = self.points[-LAST:]
        if len(last) < 2:
            return None
        x, y = ([math.log(value) for value in values] for values in _turned(last))
        middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
        above = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
        return above / sum((a - middle_x) ** 2 for a in x)

    @property
    def verdict(self) -> str:
        """Whether the law holds."""
        if self.failure:
            return "failed"
        if self.exponent is None:
            return "too few sizes"
        return "holds" if self.exponent <= self.law.most else "MISSED"


def _turned(points: Sequence[Point]) -> tuple[list[int], list[float]]:
    """Return sizes and seconds."""
    return [point.size for point in points], [point.seconds for point in points]


def scaled(sizes: Iterable[int], scale: float) -> list[int]:
    """Return the sizes at a scale, each once and in order; small ones fall together."""
    return sorted({max(LEAST, round(size * scale)) for size in sizes})


def draw(
    bench: Bench, sizes: Sequence[int], repetitions: int, say: Callable[[str], None]
) -> list[Curve]:
    """Measure every law at every size; what fails is told and does not stop the others."""
    assert all(a < b for a, b in pairwise(sizes))
    try:
        for size in sizes:
            say(f"scaling: preparing {size:,} entries")
            bench.run(prepare, size)
    except SideError as error:
        return [Curve(law, (), str(error)) for law in LAWS]
    curves = []
    for law in LAWS:
        points: list[Point] = []
        failure = ""
        try:
            for size in sizes:
                points.append(_point(bench, law, size, repetitions))
                say(f"scaling: {law.name} at {size:,}: {points[-1].seconds:.4g} s")
        except SideError as error:
            failure = str(error)
        curves.append(Curve(law, tuple(points), failure))
    return curves


def _point(bench: Bench, law: Law, size: int, repetitions: int) -> Point:
    """Measure one law at one size, with what the hardware allows beside it."""
    runs = [bench.run(law.side, size) for _ in range(repetitions)]
    seconds = min(_seconds(run, law) for run in runs)
    share = None
    if law.limit is not None:
        limits = [bench.run(law.limit, size) for _ in range(repetitions)]
        share = min(_seconds(run, law) for run in limits) / seconds
    return Point(size, seconds, min(run.peak_mb for run in runs), share)


def _seconds(run: Run, law: Law) -> float:
    """Return what a run took."""
    return run.value("lap") if law.measure == "lap" else run.value("seconds")
