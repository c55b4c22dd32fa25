"""Pipe telemetry: how busy the matrix pipe was, second by second, in ``telemetry_<id>.csv``.

A row stands for the time up to its stamp, as long as the usual distance between rows. What no
row stands for is a gap: it is stated and bounded, and never filled with zeros.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ledger.errors import InputError
from ledger.estimate import PipeSample
from ledger.importers.telemetry_rows import Row, Rows
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
        samples: One for each row that stands for time of its own, any device; read as often as
            asked.
        sampled: How many they are.
        devices: Devices seen.
        interval_ms: Usual distance between rows, milliseconds.
        gaps: The first thousand gaps between rows, by device and time.
        gap_count: How many gaps there are.
        unsampled_ms: Device-milliseconds of the run that no row stands for.
        clock_max_mhz: Highest clock seen.
        outside: Rows before the start or after the end of the run, left out.
    """

    samples: Iterable[PipeSample]
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
    inside = _Inside(rows, start, stop + interval)
    sum_ = _Sum(interval, start, stop)
    for row in inside:
        sum_.add(row)
    if not sum_.rows:
        raise InputError("no row lies within the run", remedy="give the telemetry of this run")
    return Telemetry(
        samples=_Samples(inside, interval),
        sampled=sum_.sampled,
        devices=sum_.devices,
        interval_ms=interval,
        gaps=tuple(sum_.gaps),
        gap_count=sum_.gap_count,
        unsampled_ms=max(0, gpus * period.milliseconds - sum_.sampled_ms),
        clock_max_mhz=sum_.clock_max,
        outside=sum(1 for _ in rows) - sum_.rows,
    )


def _interval(rows: Rows) -> int:
    """Return the most frequent distance between neighbouring rows of one device."""
    steps = Counter(
        after.time_ms - before.time_ms
        for before, after in itertools.pairwise(rows)
        if before.device == after.device
    )
    usual = max(steps, key=lambda step: (steps[step], -step), default=0)
    if usual <= 0:
        raise InputError(
            "the distance between rows cannot be told",
            why="a row stands for the time since the one before",
            remedy="give at least two rows of each device, with different stamps",
        )
    return usual


class _Inside:
    """The rows between two instants, without both of them, as often as asked."""

    def __init__(self, rows: Rows, start: int, stop: int) -> None:
        self._rows = rows
        self._start = start
        self._stop = stop

    def __iter__(self) -> Iterator[Row]:
        return (row for row in self._rows if self._start < row.time_ms < self._stop)


class _Samples:
    """What each row stands for: the time since the row before it, at most the interval.

    A repeated row stands for no time of its own and is left out.
    """

    def __init__(self, inside: _Inside, interval: int) -> None:
        self._inside = inside
        self._interval = interval

    def __iter__(self) -> Iterator[PipeSample]:
        before: Row | None = None
        for row in self._inside:
            length = _length(before, row, self._interval)
            before = row
            if length > 0:
                yield PipeSample(Fraction(length, 1000), row.activity, row.clock)


def _length(before: Row | None, row: Row, interval: int) -> int:
    """Return the milliseconds that a row stands for."""
    if before is None or before.device != row.device:
        return interval
    return min(interval, row.time_ms - before.time_ms)


class _Sum:
    """What the rows inside of a run come to, but for how busy they are."""

    def __init__(self, interval: int, start: int, stop: int) -> None:
        self._interval = interval
        self._start = start
        self._stop = stop
        self._before: Row | None = None
        self._reached = start
        self.rows = 0
        self.sampled = 0
        self.sampled_ms = 0
        self.devices = 0
        self.clock_max = 0
        self.gaps: list[Gap] = []
        self.gap_count = 0

    def add(self, row: Row) -> None:
        """Take in the next row by device and time."""
        before = self._before
        if before is None or before.device != row.device:
            self.devices += 1
            self._reached = self._start
        elif 2 * (row.time_ms - before.time_ms) > 3 * self._interval:
            self._add_gap(before, row)
        self.rows += 1
        self.sampled += _length(before, row, self._interval) > 0
        begin, end = max(self._reached, row.time_ms - self._interval), min(row.time_ms, self._stop)
        self.sampled_ms += max(0, end - begin)
        self._reached = max(self._reached, end)
        self.clock_max = max(self.clock_max, row.clock)
        self._before = row

    def _add_gap(self, before: Row, row: Row) -> None:
        """Count a gap, and keep it if it is one of the first."""
        self.gap_count += 1
        if len(self.gaps) < _GAPS_MAX:
            missing = row.time_ms - before.time_ms - self._interval
            self.gaps.append(Gap(before.stamp, row.stamp, row.line, missing))
