"""Megatron progress is the file in which Megatron-LM counts operations from job to job.

It states when each job started and on how many devices, and at each checkpoint the operations since
the first job, to three digits. It never states when a job ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError
from ledger.importers.line_error import LineError
from ledger.importers.slurm_time import Clock
from ledger.importers.step_log import Printed, printed
from ledger.period import epoch_ms

__all__ = ["BEGINNING", "Job", "Point", "is_progress", "read_jobs"]

_LINE: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d)\tJob ID: (?P<job>[^\t]{0,100})\t"
    r"# GPUs: (?P<devices>\d{1,9})\t(?P<rest>.*)"
)
_SAVED: Final = re.compile(
    r"(?:Saved|Saving)[^\t]{0,30} checkpoint\tIteration: (?P<at>\d{1,12})\t.*"
    r"Floating-point operations: (?P<figure>[^\t]{1,40})\t"
)
_STARTED: Final = "Starting job"


@dataclass(frozen=True, slots=True)
class Point:
    """A checkpoint.

    Attributes:
        at: Its iteration.
        figure: Operations since the first job.
        when: Milliseconds since 1970.
        line: Its line.
    """

    at: int
    figure: Printed
    when: int
    line: int


BEGINNING: Final = Point(0, Printed(0, 0), 0, 0)
"""Before the first iteration."""


class Job:
    """A start of the program.

    Attributes:
        line: Its first line.
        wall: Time printed there.
        name: Id of the job; may be empty.
        devices: How many it has.
        start: Milliseconds since 1970, or None if the file does not hold the start.
        base: Checkpoint that it goes on from.
        points: Checkpoints that it saved, in order.
        kept: How many of them no later job did again.
    """

    def __init__(self, line: int, found: re.Match[str], start: int | None) -> None:
        """Begin without checkpoints."""
        self.line = line
        self.wall = f"{found['day']}T{found['time']}"
        self.name = found["job"]
        self.devices = int(found["devices"])
        self.start = start
        self.base = BEGINNING
        self.points: list[Point] = []
        self.kept = 0


def is_progress(text: str) -> bool:
    """Return whether a line is of a progress file."""
    return _LINE.fullmatch(text) is not None


def read_jobs(lines: Iterable[bytes], clock: Clock) -> tuple[list[Job], list[int]]:
    """Read the jobs of a run.

    Args:
        lines: The file.
        clock: Reads its times.

    Returns:
        The jobs, and the numbers of lines that cannot be read.

    Raises:
        MissingError: Nobody gave the zone.
        LineError: A time does not exist.
    """
    jobs: list[Job] = []
    broken: list[int] = []
    lineage: list[tuple[Job, Point]] = []
    last = 0
    for line, data in enumerate(lines, start=1):
        found = _LINE.fullmatch(data.decode("utf-8", errors="replace"))
        if found is None or not int(found["devices"]):
            broken += [line] if data.strip() else []
            continue
        last = _instant(found, line, clock, last)
        if found["rest"].startswith(_STARTED):
            jobs.append(Job(line, found, last))
            continue
        saved = _SAVED.match(found["rest"])
        if saved is None:
            continue
        figure = printed(saved["figure"], 0, significant=3)
        if figure is None:
            broken.append(line)
            continue
        if not jobs:
            jobs.append(Job(line, found, None))
        _add(jobs[-1], Point(int(saved["at"]), figure, last, line), lineage)
    return jobs, broken


def _add(job: Job, point: Point, lineage: list[tuple[Job, Point]]) -> None:
    """Add a checkpoint; those of the same or later iterations were done again."""
    while lineage and lineage[-1][1].at >= point.at:
        lineage.pop()[0].kept -= 1
    if not job.points and lineage:
        job.base = lineage[-1][1]
    job.points.append(point)
    job.kept += 1
    lineage.append((job, point))


def _instant(found: re.Match[str], line: int, clock: Clock, last: int) -> int:
    """Return when a line was written; of two meanings the first that is not before the last."""
    try:
        instants = [epoch_ms(i) for i in clock.read(f"{found['day']}T{found['time']}")]
    except InputError as error:
        raise LineError(error.message, line, remedy=error.remedy) from error
    return next((instant for instant in instants if instant >= last), instants[-1])
