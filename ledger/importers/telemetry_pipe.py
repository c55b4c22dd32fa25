"""Pipe telemetry: how busy the matrix pipe was, second by second, in ``telemetry_<id>.csv``.

A row stands for the time up to its stamp, as long as the usual distance between rows. What no
row stands for is a gap: it is stated and bounded, and never filled with zeros.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from ledger.errors import InputError
from ledger.estimate import PipeSample
from ledger.importers.decimals import exact_fraction
from ledger.importers.line_error import LineError
from ledger.period import Period, epoch_ms

__all__ = ["Gap", "Telemetry", "read_telemetry"]

STAMP, DEVICE, CLOCK = "timestamp_utc", "gpu_uuid", "sm_clock_mhz"
ACTIVITY = "gpm_any_tensor_util"
"""Percent of cycles in which any matrix pipe was busy (NVML GPM, of the current clock)."""

_PERCENT = 100


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
        samples: One for each row that stands for time of its own, any device.
        devices: Devices seen.
        interval_ms: Usual distance between rows, milliseconds.
        gaps: Gaps between rows, by device and time.
        unsampled_ms: Device-milliseconds of the run that no row stands for.
        clock_max_mhz: Highest clock seen.
        outside: Rows before the start or after the end of the run, left out.
    """

    samples: tuple[PipeSample, ...]
    devices: int
    interval_ms: int
    gaps: tuple[Gap, ...]
    unsampled_ms: int
    clock_max_mhz: int
    outside: int


@dataclass(frozen=True, slots=True)
class _Row:
    """One row."""

    device: str
    stamp: str
    time_ms: int
    activity: Fraction
    clock: int
    line: int


def read_telemetry(text: str, period: Period, gpus: int) -> Telemetry:
    """Read the rows of a run.

    Args:
        text: The CSV with its header.
        period: When the run held its devices.
        gpus: How many devices it held.

    Raises:
        InputError: A column is missing, a cell is not what it should be, or too few rows lie
            within the run to know their distance.
    """
    reader = csv.DictReader(io.StringIO(text))
    missing = [n for n in (STAMP, DEVICE, CLOCK, ACTIVITY) if n not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"columns are missing: {', '.join(missing)}", remedy="export them with the others"
        )
    try:
        rows = [_row(cells, reader.line_num) for cells in reader]
    except csv.Error as error:
        raise LineError(
            f"not a table: {error}", reader.line_num, remedy="export it again"
        ) from error
    interval = _interval(rows)
    start, stop = epoch_ms(period.start), epoch_ms(period.stop)
    inside = [row for row in rows if start < row.time_ms < stop + interval]
    if not inside:
        raise InputError("no row lies within the run", remedy="give the telemetry of this run")
    return Telemetry(
        samples=tuple(_samples(inside, interval)),
        devices=len({row.device for row in inside}),
        interval_ms=interval,
        gaps=_gaps(inside, interval),
        unsampled_ms=max(
            0, gpus * period.milliseconds - _sampled_ms(inside, interval, start, stop)
        ),
        clock_max_mhz=max(row.clock for row in inside),
        outside=len(rows) - len(inside),
    )


def _row(cells: Mapping[str, str | None], line: int) -> _Row:
    """Read one row."""
    try:
        activity = exact_fraction(cells[ACTIVITY] or "")
        clock = int(exact_fraction(cells[CLOCK] or ""))
        stamp = cells[STAMP] or ""
        time_ms = _stamp_ms(stamp)
    except InputError as error:
        second = cells[STAMP] == STAMP
        raise LineError(
            "the header stands here again: these are two files in one" if second else error.message,
            line,
            why=error.why,
            remedy="cut the file here" if second else error.remedy,
        ) from error
    if activity > _PERCENT:
        raise LineError(f"an activity of {cells[ACTIVITY]} percent", line)
    return _Row(cells[DEVICE] or "", stamp, time_ms, activity, clock, line)


def _stamp_ms(stamp: str) -> int:
    """Return a UTC stamp, with or without a fraction, as milliseconds since 1970."""
    if stamp.endswith("Z"):
        try:
            return epoch_ms(datetime.fromisoformat(stamp).astimezone(UTC))
        except ValueError:
            pass  # the same error as for a stamp without its zone
    raise InputError(
        f"{stamp[:40]!r} is not a UTC time", remedy="write stamps as 2026-11-22T10:00:00Z"
    )


def _by_device(rows: list[_Row]) -> dict[str, list[_Row]]:
    """Return the rows of each device in the order of time."""
    found: dict[str, list[_Row]] = {}
    for row in sorted(rows, key=lambda row: (row.device, row.time_ms)):
        found.setdefault(row.device, []).append(row)
    return found


def _interval(rows: list[_Row]) -> int:
    """Return the most frequent distance between neighbouring rows of one device."""
    steps = Counter(
        after.time_ms - before.time_ms
        for series in _by_device(rows).values()
        for before, after in itertools.pairwise(series)
    )
    usual = max(steps, key=lambda step: (steps[step], -step), default=0)
    if usual <= 0:
        raise InputError(
            "the distance between rows cannot be told",
            why="a row stands for the time since the one before",
            remedy="give at least two rows of each device, with different stamps",
        )
    return usual


def _samples(rows: list[_Row], interval: int) -> Iterator[PipeSample]:
    """Yield what each row stands for: the time since the row before it, at most the interval.

    A repeated row stands for no time of its own and is left out.
    """
    for series in _by_device(rows).values():
        reached = series[0].time_ms - interval
        for row in series:
            length = min(interval, row.time_ms - reached)
            reached = row.time_ms
            if length > 0:
                yield PipeSample(Fraction(length, 1000), row.activity, row.clock)


def _sampled_ms(rows: list[_Row], interval: int, start: int, stop: int) -> int:
    """Return the device-milliseconds between start and stop for which some row stands."""
    total = 0
    for series in _by_device(rows).values():
        reached = start
        for row in series:
            begin, end = max(reached, row.time_ms - interval), min(row.time_ms, stop)
            total += max(0, end - begin)
            reached = max(reached, end)
    return total


def _gaps(rows: list[_Row], interval: int) -> tuple[Gap, ...]:
    """Return where neighbouring rows of one device are further apart than usual."""
    return tuple(
        Gap(before.stamp, after.stamp, after.line, after.time_ms - before.time_ms - interval)
        for series in _by_device(rows).values()
        for before, after in itertools.pairwise(series)
        if 2 * (after.time_ms - before.time_ms) > 3 * interval
    )
