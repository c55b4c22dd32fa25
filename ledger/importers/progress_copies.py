"""A progress file copies logs if it states their steps and operations, at their time.

Two trainings on allocations of one size often run side by side. So the time alone tells nothing:
steps and operations are compared as well, and where that cannot be done the file adds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias, cast

from ledger.canonical import JSON
from ledger.errors import Problem
from ledger.importers.step_copies import adds, corroborated, moment, near
from ledger.journeys.copies import Copies, Side
from ledger.journeys.importing import Reading
from ledger.record.draft import Draft

__all__ = ["BESIDE", "ONE_RUN", "beside", "judged"]

BESIDE: Final = "lies in one directory with"
ONE_RUN: Final = "is of one run with"

Body: TypeAlias = Mapping[str, JSON]
Span: TypeAlias = tuple[int, int]
Named: TypeAlias = tuple[str, Reading]
"""A log, and what is read of it."""


def judged(reading: Reading, name: str, logs: Sequence[Named]) -> Reading:
    """Return the reading of a progress file, corroborating if it copies logs that are elsewhere.

    Args:
        reading: Of the file; its records add.
        name: The file.
        logs: All logs that are read with it.
    """
    rates = [(log, _as_fast(reading, log[1])) for log in logs]
    alike = [log for log, as_fast in rates if as_fast]
    unknown = [log for log, as_fast in rates if as_fast is None]
    if _repeats(reading, alike):
        twins = [log for log in alike if _shared(reading, log[1])]
        told = corroborated(reading, name, _names(twins))
        return beside(told, name, twins)
    if unknown and _repeats(reading, [*alike, *unknown]):
        twins = [log for log in unknown if _shared(reading, log[1])]
        return _perhaps(reading, name, _names(twins), "one of them states no operations")
    odd = [log for log in logs if _repeats(reading, [log])]
    why = "most steps are the same, and the operations a step differ by over one in a hundred"
    return _perhaps(reading, name, _names(odd), why) if odd else reading


def beside(
    reading: Reading, name: str, logs: Sequence[Named], likeness: str | None = None
) -> Reading:
    """Return the reading of a progress file with the logs that it copies, for the ledger to choose.

    Only sessions that share its time belong to them, or of which that is not known.

    Args:
        reading: Of the file; its records are corroborating.
        name: The file.
        logs: Logs of the same work.
        likeness: What it is to them; None if it tells of the same steps.
    """
    mine = [(log, found) for log, found in logs if adds(found) and _shared(reading, found)]
    if not mine or not reading.drafts:
        return reading
    drafts = [draft for _, found in mine for draft in _shared(reading, found)]
    sides = (Side.of(_names(mine), drafts), Side.of(name, reading.drafts))
    group = Copies(sides) if likeness is None else Copies(sides, likeness)
    return replace(reading, copies=(group,))


def _perhaps(reading: Reading, name: str, twin: str, why: str) -> Reading:
    """Return a reading that adds, with the finding that it may be the same work as logs."""
    told = Problem(
        name,
        None,
        "perhaps-repeat",
        f"it may be the same time as {twin}, on as many devices: {why}. Both add",
        "if it is the same work, put the file beside the logs, where it never adds, and read the "
        "directory again",
        "finding",
        "the same work counts once",
    )
    return replace(reading, problems=(*reading.problems, told))


def _repeats(reading: Reading, logs: Sequence[Named]) -> bool:
    """Return whether logs hold half of the dated time of a file, and most of the same steps."""
    drafts = [draft for _, log in logs for draft in _shared(reading, log) if _dated(draft.body)]
    held = _times(draft for draft in reading.drafts if _dated(draft.body))
    if not drafts or not held:
        return False
    others = _times(drafts)
    whole = sum(end - begin for spans in held.values() for begin, end in spans)
    shared = sum(
        max(min(end, last) - max(begin, first), 0)
        for devices, spans in held.items()
        for begin, end in spans
        for first, last in others.get(devices, ())
    )
    if 2 * shared < whole:
        return False
    begins = min(begin for spans in held.values() for begin, _ in spans)
    ends = max(end for spans in held.values() for _, end in spans)
    told = [_within(draft.body, begins, ends) for draft in drafts]
    return _common(_around(told), _around(_steps(d.body) for d in reading.drafts if _dated(d.body)))


def _common(one: Span, other: Span) -> bool:
    """Return whether two stretches have at least half of the longer one in common."""
    common = min(one[1], other[1]) - max(one[0], other[0])
    return 2 * common >= max(one[1] - one[0], other[1] - other[0])


def _around(spans: Iterable[Span]) -> Span:
    """Return the stretch from the first of several to the last."""
    told = list(spans)
    return min(first for first, _ in told), max(last for _, last in told)


def _within(body: Body, begin: int, end: int) -> Span:
    """Return the steps of a dated record between two times, as if each took as long as the next."""
    first, last = _steps(body)
    starts, ends = _time(body)
    after = min(max(begin - starts, 0), ends - starts)
    until = min(max(end - starts, after), ends - starts)
    count, whole = last - first, ends - starts
    return first + count * after // whole, first + -(-count * until // whole)


def _steps(body: Body) -> Span:
    """Return the step before the first, and the last: of a log, or between checkpoints."""
    inputs = cast("Body", body["method_inputs"])
    if "last_checkpoint" in inputs:
        return int(str(inputs["first_checkpoint"])), int(str(inputs["last_checkpoint"]))
    last = int(str(inputs["last_step"]))
    return last - int(str(inputs["steps"])), last


def _as_fast(one: Reading, other: Reading) -> bool | None:
    """Return whether two tell of as many operations a step; None if one of them does not say."""
    sums = [_work(reading) for reading in (one, other)]
    (mine, steps), (others, other_steps) = sums
    if mine is None or others is None or not steps or not other_steps:
        return None
    return near(mine * other_steps, others * steps)


def _work(reading: Reading) -> tuple[int | None, int]:
    """Return the operations that a reading states, if all its records do, and their steps."""
    bodies = [draft.body for draft in reading.drafts]
    spans = [_steps(body) for body in bodies]
    stated = [int(str(b["operations"])) for b in bodies if b["operations"] is not None]
    known = sum(stated) if len(stated) == len(bodies) else None
    return known, sum(last - first for first, last in spans)


def _shared(reading: Reading, log: Reading) -> list[Draft]:
    """Return the records of a log that share time and devices of a file, or may do."""
    held = _times(draft for draft in reading.drafts if _dated(draft.body))

    def meets(body: Body) -> bool:
        """Return whether a record shares time with the file, or nobody knows."""
        if not _dated(body):
            return True
        begin, end = _time(body)
        spans = held.get(body["milli_devices"], ())
        return any(max(begin, first) < min(end, last) for first, last in spans)

    return [draft for draft in log.drafts if meets(draft.body)]


def _dated(body: Body) -> bool:
    """Return whether a record says when it was, and on how many devices."""
    return body["start"] is not None and body["milli_devices"] is not None


def _time(body: Body) -> Span:
    """Return the time of a dated record, milliseconds since 1970."""
    return moment(body, "start"), moment(body, "end")


def _times(drafts: Iterable[Draft]) -> dict[JSON, list[Span]]:
    """Return the times of dated records by how many devices they hold; none overlap."""
    spans: dict[JSON, list[Span]] = {}
    for draft in drafts:
        spans.setdefault(draft.body["milli_devices"], []).append(_time(draft.body))
    for devices, told in spans.items():
        told.sort()
        joined = told[:1]
        for begin, end in told[1:]:
            if begin <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((begin, end))
        spans[devices] = joined
    return spans


def _names(logs: Sequence[Named]) -> str:
    """Return the first log, and how many more there are."""
    more = len(logs) - 1
    return logs[0][0] + (f" and {more:,} more" if more else "")
