"""A scaling law is how time and memory grow with the entries: a slope on logarithmic paper."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from shutil import rmtree

import click

from ledger.cli.opening import open_log

from . import durable
from .benchmark import Bench, Run, Side, SideError
from .bulk import imported, streamed
from .check import summed
from .inputs import DAY, context_of, flopledger, ledger_of, stored, table, within, write_table
from .proof import proved
from .stage import Stage
from .verifying import floor, verified

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
LEAST = 100
FALL = 0.10  # how much of its share an operation may lose from the smallest size to the largest
LAST = 3  # points that the slope is taken over
ONCE_FROM = 1_000_000  # entries from which a command, and its limit, is run once
ROWS_MORE = 100  # rows of Parquet for each entry of the same column


def prepare(stage: Stage) -> None:
    """Make the table of one size; the ledger is what its import leaves."""
    table(stage)


def import_(stage: Stage) -> list[int]:
    """Import the table, and keep the ledger for the other laws."""
    found = imported(stage)
    if not (stage.inputs / f"ledger-{stage.size}").exists():
        stage.work.rename(stage.inputs / f"ledger-{stage.size}")
        stage.work.mkdir()
    return found


def command(stage: Stage, *arguments: str) -> bool:
    """Time one command on the ledger of a size; its start is in the time."""
    with within(ledger_of(stage.inputs, stage.size)), redirect_stdout(io.StringIO()), stage.timed():
        flopledger(*arguments)
    return True


def check_cold(stage: Stage) -> bool:
    """Check under one regime with no projection."""
    rmtree(ledger_of(stage.inputs, stage.size) / "ledger.db.projection", ignore_errors=True)
    return command(stage, *_CHECK)


def check_warm(stage: Stage) -> bool:
    """Check under one regime once more: the projection is there."""
    folder = ledger_of(stage.inputs, stage.size)
    if not (folder / "ledger.db.projection").exists():
        command(stage, *_CHECK)
        stage.laps.clear()
    return command(stage, *_CHECK)


def bundle(stage: Stage) -> bool:
    """Write the bundle for a regulator."""
    return command(stage, "bundle", str(stage.work / "out.zip"))


def forecast(stage: Stage) -> bool:
    """Say when lines are crossed; the projection is there from the checks."""
    return command(stage, "forecast", "--as-of", "2026-11-26", "-o", os.devnull)


def check_after(stage: Stage) -> bool:
    """Check after an append of one hundredth to a ledger that was checked before."""
    folder = spent_of(stage.inputs, stage.size)
    size, more = stored(folder / "ledger.db")[0], max(1, stage.size // 100)
    path = stage.work / "more.csv"
    write_table(path, more, size)
    with within(folder), redirect_stdout(io.StringIO()):
        flopledger(*_CHECK)
        flopledger("import", str(path), "-o", os.devnull)
        assert stored(folder / "ledger.db")[0] == size + more
        with stage.timed():
            flopledger(*_CHECK)
    return True


def append(stage: Stage) -> int:
    """Append one at a time to a ledger of so many entries."""
    folder = spent_of(stage.inputs, stage.size)
    made = list(durable.drafts(durable.APPENDS, stored(folder / "ledger.db")[0]))
    with click.Context(click.Command("append")):
        log = open_log(context_of(folder))
        added = 0
        for draft in made:
            with stage.lap():
                added += len(log.append([draft]).new)
    return added


def spent_of(inputs: Path, size: int) -> Path:
    """Return the folder of a ledger that may grow: no law after it reads the ledger as it was."""
    folder, spent = inputs / f"ledger-{size}", inputs / f"spent-{size}"
    if folder.exists() or not spent.exists():
        rmtree(spent, ignore_errors=True)
        ledger_of(inputs, size).rename(spent)
    return spent


def added_up(stage: Stage) -> int:
    """Add up Parquet segments of a hundred rows an entry, as an engine does beside the ledger."""
    stage.size *= ROWS_MORE
    totals = summed(stage).totals
    assert totals["rows"].sum() + totals["later"].sum() == stage.size
    return stage.size


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
        limit: Side that does the same without what a ledger is for, at each size; or None.
        largest: Entries above which it is not done at all, or None.
        memory: The largest exponent of its memory that it allows.
    """

    name: str
    side: Side
    grows: str
    most: float
    measure: str = "seconds"
    limit: Side | None = None
    largest: int | None = None
    memory: float = 0.10


LAWS = (
    Law("import", import_, "linear", 1.05, limit=streamed),
    Law("verify, one process", verified, "linear", 1.05, limit=floor),
    # From the disk a proof of 10^6 entries takes three times as long; 10^4 are soon in memory.
    Law("proof", proved, "logarithmic, read from memory", 0.10, measure="lap"),
    Law("check, nothing there", check_cold, "linear", 1.10),
    Law("check, segments there", check_warm, "linear, a few µs an entry", 1.10),
    # Readers take a bundle of 10^9 bytes, some 690,000 of these entries.
    Law("bundle", bundle, "linear", 1.10, largest=500_000),
    # It looks at each run by day: its memory is that of the runs near a line.
    Law("forecast", forecast, "linear, and so its memory", 1.10, memory=1.05),
    # So that the last size has 10^8 rows.
    Law(
        "add up 100 rows of Parquet an entry",
        added_up,
        "linear",
        1.10,
        largest=1_000_000,
    ),
    # These two come last: the ledger is another one afterwards.
    Law("check after 1 % more", check_after, "its share, and the last segment", 1.10),
    Law("append", append, "constant", 0.10, measure="lap"),
)


@dataclass(frozen=True, slots=True)
class Point:
    """One measurement.

    Attributes:
        size: Entries.
        seconds: Fastest of the repetitions.
        peak_mb: Least peak of memory.
        share: Its speed, of that of the limit of the law; None without one.
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
        return _slope([(point.size, point.seconds) for point in self.points[-LAST:]])

    @property
    def memory(self) -> float | None:
        """Slope of log memory on log n over the same."""
        return _slope([(point.size, point.peak_mb) for point in self.points[-LAST:]])

    @property
    def of_limit(self) -> float | None:
        """Slope of log t on log n of the limit, or None without one."""
        points = self.points[-LAST:]
        return _slope([(p.size, p.seconds * p.share) for p in points if p.share is not None])

    @property
    def fell(self) -> bool:
        """Whether the share at the largest size is that much below the one at the smallest."""
        shares = [point.share for point in self.points if point.share is not None]
        return bool(shares) and shares[-1] < shares[0] * (1 - FALL)

    @property
    def verdict(self) -> str:
        """Whether the law holds."""
        if self.failure:
            return "failed"
        if self.exponent is None or self.memory is None:
            return "too few sizes"
        missed = [
            what
            for what, found, most in (
                ("time", self.exponent, self.law.most),
                ("memory", self.memory, self.law.memory),
            )
            if found > most
        ]
        missed += ["its share"] if self.fell else []
        return f"MISSED in {' and '.join(missed)}" if missed else "holds"


def _slope(points: Sequence[tuple[float, float]]) -> float | None:
    """Return how the second number grows with the first, on logarithmic paper; None of one."""
    if len(points) < 2:
        return None
    x, y = ([math.log(value) for value in values] for values in zip(*points, strict=True))
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    above = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return above / sum((a - middle_x) ** 2 for a in x)


def scaled(sizes: Iterable[int], scale: float) -> list[int]:
    """Return the sizes at a scale, each once and in order; small ones fall together."""
    return sorted({max(LEAST, round(size * scale)) for size in sizes})


def draw(
    bench: Bench,
    sizes: Sequence[int],
    repetitions: int,
    say: Callable[[str], None],
    laws: Sequence[Law] | None = None,
) -> list[Curve]:
    """Measure laws at every size; what fails is told and does not stop the others."""
    laws = LAWS if laws is None else laws
    assert all(a < b for a, b in pairwise(sizes))
    try:
        for size in sizes:
            say(f"scaling: preparing {size:,} entries")
            bench.run(prepare, size)
    except SideError as error:
        return [Curve(law, (), str(error)) for law in laws]
    curves = []
    for law in laws:
        points: list[Point] = []
        failure = ""
        try:
            for size in sizes_of(law, sizes):
                points.append(_point(bench, law, size, repetitions))
                say(f"scaling: {law.name} at {size:,}: {points[-1].seconds:.4g} s")
        except SideError as error:
            failure = str(error)
        curves.append(Curve(law, tuple(points), failure))
    return curves


def sizes_of(law: Law, sizes: Sequence[int]) -> list[int]:
    """Return the sizes of a law; one that would be too large is measured at its largest instead."""
    if law.largest is None:
        return list(sizes)
    return sorted({min(size, law.largest) for size in sizes})


def _point(bench: Bench, law: Law, size: int, repetitions: int) -> Point:
    """Measure one law at one size, with its limit beside it.

    Laps are short, so they are taken as often at every size, after a run that only brings what
    they read into memory. Else the fastest of several runs would stand beside a first one, which
    waits for the disk.
    """
    large, laps = size >= ONCE_FROM, law.measure == "lap"
    if laps:
        bench.run(law.side, size)
    runs = [bench.run(law.side, size) for _ in range(1 if large and not laps else repetitions)]
    seconds = min(_seconds(run, law) for run in runs)
    share = None
    if law.limit is not None:
        limits = [bench.run(law.limit, size) for _ in runs]
        share = min(run.value("seconds") for run in limits) / seconds
    return Point(size, seconds, min(run.peak_mb for run in runs), share)


def _seconds(run: Run, law: Law) -> float:
    """Return what a run took."""
    return run.value("lap") if law.measure == "lap" else run.value("seconds")
