"""A Slurm job is one record of its accounting: when it held which devices, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from ledger.errors import InputError
from ledger.importers.slurm_table import Record
from ledger.importers.slurm_time import NEVER, Clock, seconds_of
from ledger.importers.slurm_tres import Held, accelerators
from ledger.importers.stretch import SLOTS, Doubt, Nothing
from ledger.period import Period, format_instant

__all__ = ["NEEDED", "Job", "read_job"]

NEEDED: Final = ("jobid", "start", "end", "state", "alloctres")
"""Columns without which a table says nothing of devices held."""

_ENDED: Final = frozenset(
    {
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
        *("OUT_OF_MEMORY", "PREEMPTED", "REQUEUED", "RESIZING", "TIMEOUT"),
        *("LAUNCH_FAILED", "RECONFIG_FAIL", "SPECIAL_EXIT", "STOPPED", "EXPEDITING"),
    }
)
_GOING: Final = frozenset({"RUNNING", "SUSPENDED", "COMPLETING", "CONFIGURING", "SIGNALING"})
_WAITING: Final = frozenset({"PENDING", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "REVOKED"})
"""States of jobs that hold nothing; what was revoked was started by another cluster."""
_KNOWN: Final = _ENDED | _GOING | _WAITING
_BRACKET: Final = re.compile(r"_\[.*\]$")


@dataclass(frozen=True, slots=True)
class Job:
    """Devices held over a period.

    Attributes:
        line: Line of its record.
        cells: Its columns.
        id: As Slurm writes it, array task and component included.
        cluster: Name of the cluster; empty if the export does not say.
        held: Devices, by type.
        period: From start to end.
        state: First word of the state.
        running: Whether the end is not known yet.
        doubts: What somebody should look at.
    """

    line: int
    cells: Mapping[str, str]
    id: str
    cluster: str
    held: tuple[Held, ...]
    period: Period
    state: str
    running: bool
    doubts: tuple[Doubt, ...]

    def key(self, window: str) -> tuple[str, ...]:
        """Return what tells this run of the job from every other."""
        return (*_run_key(self.cluster, self.id, self.period.start), window)


def _run_key(cluster: str, name: str, start: datetime) -> tuple[str, ...]:
    """Return what tells a run of a job from every other of one query.

    Ids of jobs come again, and a job that is requeued keeps its id: the instant of its start
    belongs to it. It is an instant and no text, so that exports in two zones tell of one run. The
    time of submission, the raw id and the id of a run that newer versions have would tell no more
    runs apart, and differ with the columns of an export.
    """
    return ("job", cluster, name, format_instant(start))


def read_job(record: Record, clock: Clock, cluster: str) -> Job | Nothing:
    """Read one record.

    Args:
        record: Its cells.
        clock: Reads times.
        cluster: Name of the cluster where the export does not say.

    Raises:
        InputError: If it cannot be read; it names the cell.
    """
    cells = record.cells
    name = cells["jobid"].strip()
    if not name:
        raise InputError("the record has no job id")
    if "." in name:
        return Nothing("step")
    state = cells["state"].split(" ")[0].rstrip("+")
    if state not in _KNOWN:
        raise InputError(
            f"{state[:40]!r} is no state of a job",
            why="whether it held devices cannot be told",
            remedy="check that the columns are in the order of the header",
        )
    starts = clock.read(cells["start"])
    if not starts or state in _WAITING:
        return Nothing("not-started")
    name, cluster = _BRACKET.sub("", name), cells.get("cluster") or cluster
    going = state in _GOING
    running = going and cells["end"].strip().lower() in NEVER
    over = Nothing("no-time", locator=f"line {record.line}")
    if not running:
        key = _run_key(cluster, name, _began(cells, starts, clock, running=going))
        over = replace(over, key=key, units=SLOTS)
    held, odd = _held(cells["alloctres"])
    if not held:
        doubtful = not running and _ran(cells, starts, clock)
        why = "no-devices" if cells["alloctres"] else "not-started"
        return replace(over, why=why, doubtful=doubtful)
    period, doubts = _period(cells, starts, clock, running=going)
    if period is None:
        return over
    if odd:
        doubts = (*doubts, Doubt("tres-mismatch", odd, "look at the job with scontrol show job -d"))
    return Job(
        line=record.line,
        cells=cells,
        id=name,
        cluster=cluster,
        held=held,
        period=period,
        state=state,
        running=running,
        doubts=doubts,
    )


def _ran(cells: Mapping[str, str], starts: tuple[datetime, ...], clock: Clock) -> bool:
    """Return whether a job that is over held some time, or that cannot be read."""
    try:
        return _period(cells, starts, clock, running=False)[0] is not None
    except InputError:
        return True


def _held(tres: str) -> tuple[tuple[Held, ...], str]:
    """Return the accelerators of a job in the order of their types, and what is odd about them."""
    held, odd = accelerators(tres)
    if len(held) > len(SLOTS):
        raise InputError(
            f"the job holds {len(held)} types of device, more than {len(SLOTS)}",
            remedy="check that AllocTRES is as sacct writes it",
        )
    return tuple(sorted(held, key=lambda each: each.type)), odd


def _began(
    cells: Mapping[str, str], starts: tuple[datetime, ...], clock: Clock, *, running: bool
) -> datetime:
    """Return when a job started, as far as it can be told where an hour comes twice."""
    if len(starts) == 1:
        return starts[0]
    try:
        period, _ = _period(cells, starts, clock, running=running)
    except InputError:
        return starts[0]
    return starts[0] if period is None else period.start


def _period(
    cells: Mapping[str, str], starts: tuple[datetime, ...], clock: Clock, *, running: bool
) -> tuple[Period | None, tuple[Doubt, ...]]:
    """Return when the devices were held, and what is odd about it."""
    elapsed = _elapsed(cells)
    ends = clock.read(cells["end"])
    if not ends or (running and elapsed is not None):
        if elapsed is None:
            raise InputError(
                "the job has no end and no elapsed time", remedy="export ElapsedRaw as well"
            )
        if len(starts) > 1:
            raise _twice(cells["start"], "export again with TZ=UTC")
        try:
            ends = tuple(start + timedelta(seconds=elapsed) for start in starts)
        except OverflowError as error:
            raise InputError(
                f"the job takes {elapsed} seconds, past the year 9999", remedy="export it again"
            ) from error
        message = "the end is not stated: start and elapsed time are taken"
        doubt = Doubt("no-end", message, "export again")
        return _span(starts[0], ends[0]), () if running else (doubt,)
    pairs = [(start, end) for start in starts for end in ends]
    suspended = seconds_of(cells["suspended"]) if cells.get("suspended") else 0
    lengths = set() if elapsed is None else {elapsed, elapsed + suspended}
    fitting = [p for p in pairs if int((p[1] - p[0]).total_seconds()) in lengths]
    if len(pairs) > 1 and len(fitting) != 1:
        stretch = f"{cells['start']} to {cells['end']}"
        raise _twice(stretch, "export again with TZ=UTC, or add ElapsedRaw")
    start, end = (fitting or pairs)[0]
    if end < start:
        raise InputError(
            f"the job ends {cells['end']}, before it starts {cells['start']}",
            remedy="check the zone and the columns of the export",
        )
    if elapsed is not None and not fitting:
        held = int((end - start).total_seconds())
        message = f"start to end is {held} s, the elapsed time {elapsed} s: start to end is taken"
        doubt = Doubt("elapsed-differs", message, "look at the job; was it resized?")
        return _span(start, end), (doubt,)
    return _span(start, end), ()


def _twice(stretch: str, remedy: str) -> InputError:
    """Return the error for times of the hour that comes twice."""
    return InputError(
        f"{stretch} means several stretches of time",
        why="in autumn an hour comes twice",
        remedy=remedy,
    )


def _span(start: datetime, end: datetime) -> Period | None:
    """Return a stretch of time, or None if it has no length."""
    return Period(start, end) if end > start else None


def _elapsed(cells: Mapping[str, str]) -> int | None:
    """Return the elapsed seconds, or None if they are not exported."""
    for name in ("elapsedraw", "elapsed"):
        text = cells.get(name, "").strip()
        if text and text.lower() not in NEVER - {"0"}:
            return seconds_of(text)
    return None
