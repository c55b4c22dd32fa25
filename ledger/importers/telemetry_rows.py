"""Telemetry rows are those of ``telemetry_<id>.csv``, in the order of device and time.

They lie in a temporary file, so that any number of them in any order takes little memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Final

from ledger.errors import InputError
from ledger.importers.decimals import exact_fraction
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.scratch import Scratch
from ledger.importers.stored import encoding_fault
from ledger.period import epoch_ms

__all__ = ["ACTIVITY", "CLOCK", "DEVICE", "STAMP", "Row", "Rows", "text_lines"]

STAMP, DEVICE, CLOCK = "timestamp_utc", "gpu_uuid", "sm_clock_mhz"
ACTIVITY = "gpm_any_tensor_util"
"""Percent of cycles in which any matrix pipe was busy (NVML GPM, of the current clock)."""

_PERCENT: Final = 100
_COLUMNS: Final = (
    "device TEXT, time_ms INTEGER, line INTEGER, stamp TEXT, activity TEXT, clock TEXT, "
    "PRIMARY KEY (device, time_ms, line)"
)
_exact = lru_cache(maxsize=65_536)(exact_fraction)


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        device: As it is named.
        stamp: Its time as it is written.
        time_ms: The same in milliseconds since 1970.
        activity: Percent.
        clock: MHz, cut to whole ones.
        line: Where it stands.
    """

    device: str
    stamp: str
    time_ms: int
    activity: Fraction
    clock: int
    line: int


class Rows:
    """The rows of one file."""

    def __init__(self, lines: Iterable[str]) -> None:
        """Read and check them.

        Args:
            lines: Of the CSV with its header, each with its end.

        Raises:
            InputError: A column is missing, or a cell is not what it should be.
        """
        reader = csv.DictReader(lines)
        names = reader.fieldnames or ()
        missing = [n for n in (STAMP, DEVICE, CLOCK, ACTIVITY) if n not in names]
        if missing:
            raise InputError(
                f"columns are missing: {', '.join(missing)}", remedy="export them with the others"
            )
        self._scratch = Scratch(f"telemetry ({_COLUMNS}) WITHOUT ROWID")
        try:
            self._scratch.put(
                "INSERT INTO telemetry VALUES (?, ?, ?, ?, ?, ?)",
                (_kept(cells, reader.line_num) for cells in reader),
            )
        except csv.Error as error:
            raise LineError(
                f"not a table: {error}", reader.line_num, remedy="export it again"
            ) from error

    def __iter__(self) -> Iterator[Row]:
        """Yield them by device, and those of a device by time."""
        for device, time_ms, line, stamp, activity, clock in self._scratch.rows(
            "SELECT * FROM telemetry ORDER BY device, time_ms, line"
        ):
            yield Row(device, stamp, time_ms, _exact(activity), int(_exact(clock)), line)


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


def _kept(cells: Mapping[str, str | None], line: int) -> tuple[str, int, int, str, str, str]:
    """Return a row as it is kept."""
    stamp, activity, clock = (cells[name] or "" for name in (STAMP, ACTIVITY, CLOCK))
    try:
        percent, _ = _exact(activity), _exact(clock)
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
    return cells[DEVICE] or "", time_ms, line, stamp, activity, clock


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
