"""Telemetry rows are those of ``telemetry_<id>.csv``, in the order of device and time.

They lie in a temporary file, so that any number of them in any order takes little memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from ledger.errors import InputError
from ledger.importers.decimals import exact_fraction
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.scratch import Scratch
from ledger.importers.stored import encoding_fault
from ledger.period import epoch_ms

__all__ = ["ACTIVITY", "CLOCK", "DEVICE", "STAMP", "Row", "Rows", "exact", "text_lines"]

STAMP, DEVICE, CLOCK = "timestamp_utc", "gpu_uuid", "sm_clock_mhz"
ACTIVITY = "gpm_any_tensor_util"
"""Percent of cycles in which any matrix pipe was busy (NVML GPM, of the current clock)."""

_PERCENT: Final = 100
_COLUMNS: Final = (
    "device TEXT, time_ms INTEGER, line INTEGER, stamp TEXT, activity TEXT, clock TEXT, "
    "PRIMARY KEY (device, time_ms, line)"
)
_ALL: Final = "SELECT * FROM telemetry ORDER BY device, time_ms, line"
_TIMES: Final = "SELECT device, time_ms FROM telemetry ORDER BY device, time_ms"
_NEEDED: Final = (STAMP, DEVICE, CLOCK, ACTIVITY)

exact = lru_cache(maxsize=65_536)(exact_fraction)
"""Reads a cell exactly; millions of them share some thousand texts."""


class Row(NamedTuple):
    """One row.

    Attributes:
        device: As it is named.
        time_ms: Its time in milliseconds since 1970.
        line: Where it stands.
        stamp: Its time as it is written.
        activity: Percent, as it is written.
        clock: MHz, as it is written.
    """

    device: str
    time_ms: int
    line: int
    stamp: str
    activity: str
    clock: str


class Rows:
    """The rows of one file."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read and check them.

        Args:
            lines: Of the CSV with its header, each with its end.

        Raises:
            InputError: A column is missing, or a cell is not what it should be.
        """
        reader = csv.reader(lines)
        self._scratch = Scratch(f"telemetry ({_COLUMNS}) WITHOUT ROWID")
        try:
            names = next((row for row in reader if row), [])
            missing = [name for name in _NEEDED if name not in names]
            if missing:
                raise InputError(
                    f"columns are missing: {', '.join(missing)}",
                    remedy="export them with the others",
                )
            # Of columns of one name the last counts.
            places = [len(names) - 1 - names[::-1].index(name) for name in _NEEDED]
            rows = (_kept(row, places, reader.line_num) for row in reader if row)
            self._scratch.put("INSERT INTO telemetry VALUES (?, ?, ?, ?, ?, ?)", rows)
        except csv.Error as error:
            raise LineError(
                f"not a table: {error}", reader.line_num, remedy="export it again"
            ) from error

    def __iter__(self) -> Iterator[Row]:
        """Yield them by device, and those of a device by time."""
        return map(Row._make, self._scratch.rows(_ALL))

    def __len__(self) -> int:
        """Return how many there are."""
        return self._scratch.number("SELECT count(*) FROM telemetry")

    def distances(self) -> Iterator[int]:
        """Yield the milliseconds from one row to the next of the same device."""
        last, reached = None, 0
        for device, time_ms in self._scratch.rows(_TIMES):
            if device == last:
                yield time_ms - reached
            last, reached = device, time_ms


def text_lines(stream: LineStream) -> Iterator[str]:
    """Yield the lines of a file that has to be UTF-8 text, each with its end.

    Raises:
        InputError: If it is not, is empty, or cannot be read.
        MissingError: If there is no such file.
    """
    blank = True
    for number, raw in enumerate(stream.lines(), start=1):
        blank = blank and not raw.strip()
        fault = None if raw.isascii() and b"\0" not in raw else encoding_fault(raw, stream.path)
        if fault is not None:
            line, what = fault
            raise LineError(
                what,
                None if line is None else number,
                where=str(stream.path),
                why="a guessed encoding can change a name, and so make a second model of one",
                remedy="save it as UTF-8" if line else "copy the file again",
            )
        yield raw.decode() + "\n"
    if blank:
        raise InputError("the file is empty", where=str(stream.path), remedy="copy it again")


def _kept(row: list[str], places: list[int], line: int) -> Row:
    """Return a row as it is kept."""
    stamp, device, clock, activity = (row[n] if n < len(row) else "" for n in places)
    try:
        percent, _ = exact(activity), exact(clock)
        time_ms = _stamp_ms(stamp)
    except InputError as error:
        second = stamp == STAMP
        raise LineError(
            "the header stands here again: these are two files in one" if second else error.message,
            line,
            why=error.why,
            remedy="cut the file here" if second else error.remedy,
        ) from error
    if percent > _PERCENT:
        raise LineError(f"an activity of {activity} percent", line)
    return Row(device, time_ms, line, stamp, activity, clock)


@lru_cache(maxsize=4096)  # devices are read at the same instants
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
