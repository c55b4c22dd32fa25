"""A nanogpt log is the text of one speed run: the machine, and the training time step by step.

The timer leaves out warming up, compiling and validation; older versions set it back once the
first steps are done. The table of ``nvidia-smi`` above the steps names the devices.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError
from ledger.importers.held_time import SPAN_MAX_MS

__all__ = ["SpeedRun", "is_speed_run", "read_speed_run"]

_STEP: Final = re.compile(
    r"step:(?P<step>\d{1,9})/(?P<total>\d{1,9}) (?:val_loss:\S{1,20} )?"
    r"train_time:(?P<ms>\d{1,15})ms step_avg:"
)
_GPU: Final = re.compile(r"\|\s+\d{1,4}\s+(?P<name>NVIDIA [\w .-]{1,60}?)\s{2,}(?:On|Off)\s")
_DATE: Final = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) "
    r"(?P<time>\d\d:\d\d:\d\d) (?P<year>\d{4})\s*"
)
_VERSION: Final = re.compile(r"Running PyTorch (?P<version>\S{1,80})")
_MONTHS: Final = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]


@dataclass(frozen=True, slots=True)
class SpeedRun:
    """What a log says of its run.

    Attributes:
        wall: When the log was begun, ``YYYY-MM-DDTHH:MM:SS`` on the clock of the machine, or None.
        devices: Names of the devices, with how many of each.
        version: Version of PyTorch; empty if not stated.
        steps: Last step done.
        total: Steps planned.
        busy_ms: Training time, milliseconds; what was timed before the timer was set back is in
            it.
        set_back_ms: How much of that was timed before the timer was set back.
        lines: First and last line of a step.
        runs: How many runs the file holds: a first step counts one.
    """

    wall: str | None
    devices: tuple[tuple[str, int], ...]
    version: str
    steps: int
    total: int
    busy_ms: int
    set_back_ms: int
    lines: tuple[int, int]
    runs: int


class _Reader:
    """What was found while the lines go by."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.wall: str | None = None
        self.version = ""
        self.devices: Counter[str] = Counter()
        self.step = self.total = self.runs = 0
        self.ms = self.before = 0
        self.lines: tuple[int, int] | None = None

    def take(self, text: str, line: int) -> None:
        """Read a line."""
        if found := _STEP.match(text):
            self._take_step(found, line)
        elif self.lines is not None:
            return  # the machine is described above the steps
        elif found := _GPU.match(text):
            self.devices[found["name"]] += 1
        elif found := _DATE.fullmatch(text):
            if found["month"] in _MONTHS:
                month = _MONTHS.index(found["month"]) + 1
                self.wall = f"{found['year']}-{month:02d}-{int(found['day']):02d}T{found['time']}"
        elif found := _VERSION.match(text):
            self.version = found["version"]

    def _take_step(self, found: re.Match[str], line: int) -> None:
        """Add the time of a step."""
        step, ms = int(found["step"]), int(found["ms"])
        if self.lines is None or step < self.step:
            self.runs += 1
        if ms < self.ms:
            self.before += self.ms
        self.ms, self.step, self.total = ms, step, int(found["total"])
        self.lines = (line if self.lines is None else self.lines[0], line)


def is_speed_run(text: str) -> bool:
    """Return whether a line tells of a step."""
    return _STEP.match(text) is not None


def read_speed_run(lines: Iterable[bytes]) -> SpeedRun:
    """Read a log.

    Raises:
        InputError: It has no step, or lasts more than ten years.
    """
    reader = _Reader()
    for line, data in enumerate(lines, start=1):
        if len(data) <= 1000:  # noqa: PLR2004 - the listing of the source has longer lines
            reader.take(data.decode("utf-8", errors="replace"), line)
    if reader.lines is None:
        raise InputError("the log has no step with a train_time", remedy="give the whole log")
    if reader.before + reader.ms > SPAN_MAX_MS:
        raise InputError("the run lasts more than ten years", remedy="check the log")
    return SpeedRun(
        wall=reader.wall,
        devices=tuple(sorted(reader.devices.items())),
        version=reader.version,
        steps=reader.step,
        total=reader.total,
        busy_ms=reader.before + reader.ms,
        set_back_ms=reader.before,
        lines=reader.lines,
        runs=reader.runs,
    )
