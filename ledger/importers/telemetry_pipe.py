"""Pipe telemetry: how busy the matrix pipe was, second by second, in ``telemetry_<id>.csv``.

A row stands for the time up to its stamp, as long as the usual distance between rows. What no
row stands for is a gap: it is stated and bounded, and never filled with zeros.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from ledger.errors import InputError
from ledger.estimate import PipeSample
from ledger.importers.telemetry_rows import Row, Rows, exact
from ledger.period import Period, epoch_ms

__all__ = ["Gap", "Telemetry", "read_telemetry"]

_GAPS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch between two rows of one device that no row stands for.

    Attributes:
        after: Stamp of the row before it.
        before: Stamp of the row after it.
        line: Line of the row after it.
        milliseconds: Its length.
    """

    after: str
    before: str
    line: int
    milliseconds: int


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What the rows within a run say.

    Attributes:
        samples: All rows at one clock, of any device, as one row that is as long and as busy.
        sampled: Rows that stand for time of their own.
        devices: Devices seen.
        interval_ms: Usual distance between rows, milliseconds.
        gaps: The first thousand gaps between rows, by device and time.
        gap_count: How many gaps there are.
        unsampled_ms: Device-milliseconds of the run that no row stands for.
        clock_max_mhz: Highest clock seen.
        outside: Rows before the start or after the end of the run, left out.
    """

    samples: tuple[PipeSample, ...]
    sampled: int
    devices: int
    interval_ms: int
    gaps: tuple[Gap, ...]
    gap_count: int
    unsampled_ms: int
    clock_max_mhz: int
    outside: int


def read_telemetry(lines: Iterable[str], period: Period, gpus: int) -> Telemetry:
    """Read the rows of a run.

    Args:
        lines: Of the CSV with its header, each with its end.
        period: When the run held its devices.
        gpus: How many devices it held.

    Raises:
        InputError: A column is missing, a cell is not what it should be, or too few rows lie
            within the run to know their distance.
    """
    rows = Rows(lines)
    interval = _interval(rows)
    start, stop = epoch_ms(period.start), epoch_ms(period.stop)
    sum_ = _Sum(interval, start, stop)
    for row in rows:
        if start < row.time_ms < stop + interval:
            sum_.add(row)
    if not sum_.rows:
        raise InputError("no row lies within the run", remedy="give the telemetry of this run")
    return Telemetry(
        samples=tuple(sum_.samples()),
        sampled=sum_.sampled,
        devices=sum_.devices,
        interval_ms=interval,
        gaps=tuple(sum_.gaps),
        gap_count=sum_.gap_count,
        unsampled_ms=max(0, gpus * period.milliseconds - sum_.sampled_ms),
        clock_max_mhz=sum_.clock_max,
        outside=len(rows) - sum_.rows,
    )


def _interval(rows: Rows) -> int:
    """Return the most frequent distance between neighbouring rows of one device."""
    steps = Counter(rows.distances())
    usual = max(steps, key=lambda step: (steps[step], -step), default=0)
    if usual <= 0:
        raise InputError(
            "the distance between rows cannot be told",
            why="a row stands for the time since the one before",
            remedy="give at least two rows of each device, with different stamps",
        )
    return usual


class _Sum:
    """What the rows inside of a run come to.

    A row stands for the time since the row before it, at most the interval. A repeated row stands
    for no time of its own and is left out.
    """

    def __init__(self, interval: int, start: int, stop: int) -> None:
        self._interval = interval
        self._start = start
        self._stop = stop
        self._before = Row("", 0, 0, "", "", "")
        self._reached = start
        self._busy: dict[tuple[str, int], list[int]] = {}
        self.rows = 0
        self.sampled = 0
        self.sampled_ms = 0
        self.devices = 0
        self.clock_max = 0
        self.gaps: list[Gap] = []
        self.gap_count = 0

    def add(self, row: Row) -> None:
        """Take in the next row by device and time."""
        interval, before, time_ms = self._interval, self._before, row.time_ms
        length = interval
        if not self.rows or before.device != row.device:
            self.devices += 1
            self._reached = self._start
        else:
            distance = time_ms - before.time_ms
            length = min(interval, distance)
            if 2 * distance > 3 * interval:
                self._add_gap(before, row)
        self.rows += 1
        begin, end = max(self._reached, time_ms - interval), min(time_ms, self._stop)
        self.sampled_ms += max(0, end - begin)
        self._reached = max(self._reached, end)
        self._before = row
        if length > 0:
            self.sampled += 1
            activity = exact(row.activity)
            held = self._busy.setdefault((row.clock, activity.denominator), [0, 0])
            held[0] += length
            held[1] += length * activity.numerator
        self.clock_max = max(self.clock_max, _whole(row.clock))

    def samples(self) -> Iterator[PipeSample]:
        """Yield what the rows at each clock come to, exactly, as one long row."""
        for (clock, denominator), (length, busy) in self._busy.items():
            activity = Fraction(busy, length * denominator)
            yield PipeSample(Fraction(length, 1000), activity, _whole(clock))

    def _add_gap(self, before: Row, row: Row) -> None:
        """Count a gap, and keep it if it is one of the first."""
        self.gap_count += 1
        if len(self.gaps) < _GAPS_MAX:
            missing = row.time_ms - before.time_ms - self._interval
            self.gaps.append(Gap(before.stamp, row.stamp, row.line, missing))


@lru_cache(maxsize=4096)
def _whole(clock: str) -> int:
    """Return a clock in whole MHz, cut off."""
    return int(exact(clock))
