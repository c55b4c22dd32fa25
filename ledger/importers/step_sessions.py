"""A session is one start of a training program, from its first logged step to its last.

A run that is resumed has several. Steps that a later session does again are waste of the earlier
one; the same session in the log of another rank is a copy and never adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.errors import InputError
from ledger.importers.held_time import SPAN_MAX_MS
from ledger.importers.slurm_time import Clock
from ledger.importers.step_log import Begun, Broken, Ended, Event, Said, Step, whole
from ledger.period import epoch_ms

__all__ = ["Placed", "Seen", "Session", "Tracker", "settle"]

_SECOND_MS: Final = 1000
_SKEW_MS: Final = 5000  # ranks print within it, and no program starts again in it
_TWIN: Final = 100  # ranks time their steps apart by far less than one part in a hundred
_GAP_MS: Final = 3_600_000  # an hour without a line is told
_NS_IN_MS: Final = 1_000_000


class Session:
    """One start of the program.

    Attributes:
        file: Number of the file in its group.
        line: Line of its first step.
        wall: Time printed there, or empty.
        first: Steps that were done before it.
        last: Its last step.
        facts: What the program said of its settings until then.
        begin: Start of its first step, milliseconds since 1970, or None.
        end: End of its last step.
        busy: Nanoseconds that its steps took.
        finished: Whether the log says that no more steps follow.
        copy: Whether it is another's session told again.
        apart: Whether it has no times and its steps lie inside those of another log: what it is to
            that one cannot be told.
        waste_after: Steps after this one were done again later, or None.
    """

    def __init__(self, place: tuple[int, int], step: Step, facts: Mapping[str, str]) -> None:
        """Begin with its first step, which stands in a file on a line."""
        self.file, self.line = place
        self.wall = step.wall or ""
        self.first = self.last = step.last
        self.facts = facts
        self.begin: int | None = None
        self.end: int | None = None
        self.busy = 0
        self.finished = self.copy = self.apart = False
        self.waste_after: int | None = None

    @property
    def devices(self) -> int | None:
        """Devices that the program says it uses, or None."""
        return whole(self.facts.get("world_size")) or None


@dataclass(frozen=True, slots=True)
class Placed:
    """Steps of a session, with their place in time.

    Attributes:
        session: Number of the session.
        line: Line that tells of them.
        count: How many.
        begin: Milliseconds since 1970 at which they begin, or None.
        end: When they end.
        step: What the line says.
    """

    session: int
    line: int
    count: int
    begin: int | None
    end: int | None
    step: Step


class Seen:
    """Something odd: how often, and where first."""

    def __init__(self, file: int, line: int) -> None:
        """Name where it was first."""
        self.file, self.line = file, line
        self.times = self.amount = 0


class _Now:
    """Where the reader stands in a file."""

    def __init__(self, file: int) -> None:
        """Stand at the beginning of a file, where a program is started."""
        self.file = file
        self.begun = True
        self.at: int | None = None
        self.facts: dict[str, str] = {}
        self.last: Step | None = None
        self.pending: tuple[int, Step, int | None] | None = None


class Tracker:
    """Tells the sessions of one run apart, and places their steps in time."""

    def __init__(self, clock: Clock) -> None:
        """Start with nothing read.

        Args:
            clock: Reads times without an offset.
        """
        self._clock = clock
        self._now = _Now(-1)
        self.line = 0
        self.sessions: list[Session] = []
        self.seen: dict[str, Seen] = {}
        self.facts: dict[str, str] = {}

    def open(self) -> None:
        """Begin with the next file: what a program said of itself in another does not hold."""
        self._now = _Now(self._now.file + 1)

    def take(self, line: int, event: Event) -> Iterator[Placed]:
        """Yield the steps that can be placed now.

        Raises:
            MissingError: A time has no zone, and nobody gave it.
            InputError: A time does not exist.
        """
        match event:
            case Step():
                yield from self._step(line, event)
            case Begun():
                self._now.begun = True
                self._now.at = event.at
            case Said():
                self._now.facts[event.name] = event.value
                self.facts[event.name] = event.value
            case Ended():
                if self.sessions:
                    self.sessions[-1].finished = True
            case Broken():
                self.note("broken", line)

    def close(self) -> Iterator[Placed]:
        """Yield what is left at the end of a file."""
        yield from self._flush(None)

    def note(self, code: str, line: int, amount: int = 0) -> None:
        """Count something odd."""
        seen = self.seen.setdefault(code, Seen(self._now.file, line))
        seen.times += 1
        seen.amount += amount

    def _step(self, line: int, step: Step) -> Iterator[Placed]:
        """Put a step into the session that goes on, or into a new one."""
        now = self._now
        if step.time.value > SPAN_MAX_MS * _NS_IN_MS:
            self.note("broken", line)
            return
        before = now.last
        if not now.begun and before is not None:
            if step.last > before.last:
                yield from self._flush(step)
                yield self._place(line, step, self._count(line, step, before))
                now.last = step
                return
            if _is_copy(step, before):
                self.note("ranks", line)
                return
        yield from self._flush(None)
        self.sessions.append(Session((now.file, line), step, dict(now.facts)))
        now.begun, now.last, now.pending = False, step, (line, step, now.at)
        now.at = None

    def _count(self, line: int, step: Step, before: Step) -> int:
        """Return how many steps a line is about that is not the first of its session."""
        gap = step.last - before.last
        if step.count is not None and step.count < gap:
            self.note("lost", line, gap - step.count)
        count = gap if step.count is None else min(step.count, gap)
        known = step.samples is not None and before.samples is not None and step.batch is not None
        if known and step.samples - before.samples != count * step.batch:  # type: ignore[operator]
            self.note("batch", line)
        return count

    def _flush(self, follows: Step | None) -> Iterator[Placed]:
        """Place the first step of a session, once the next line tells the usual distance."""
        now = self._now
        if now.pending is None:
            return
        line, step, at = now.pending
        now.pending = None
        count = self._first_count(line, step, at, follows)
        self.sessions[-1].first = step.last - count
        yield self._place(line, step, count)

    def _first_count(self, line: int, step: Step, at: int | None, follows: Step | None) -> int:
        """Return how many steps the first line of a session is about."""
        if step.count is not None:
            return step.count
        if at is not None and at < step.last:
            return step.last - at
        interval = whole(self.sessions[-1].facts.get("log_interval"))
        if interval:
            return min(step.last % interval or interval, step.last)
        usual = 1 if follows is None else follows.last - step.last
        if usual < step.last:
            self.note("first", line)
        return min(usual, step.last)

    def _place(self, line: int, step: Step, count: int) -> Placed:
        """Place steps in time."""
        self.line = line
        session = self.sessions[-1]
        span = _within_ten_years(count * step.time.value // _NS_IN_MS)
        session.last, session.busy = step.last, session.busy + count * step.time.value
        if step.total is not None and step.last >= step.total:
            session.finished = True
        opening = session.end is None
        if opening and session.busy > count * step.time.value:
            return Placed(len(self.sessions) - 1, line, count, None, None, step)  # has no times
        end = self._instant(line, step, session.end, span)
        if end is None:
            return Placed(len(self.sessions) - 1, line, count, None, None, step)
        begin = self._begin(end - span) if opening else session.end
        assert begin is not None
        if end < begin:
            self.note("back", line)
            end = begin
        if not opening and end - begin - span > _GAP_MS:
            self.note("gap", line, end - begin - span)
        session.begin = begin if session.begin is None else session.begin
        _within_ten_years(end - session.begin)
        session.end = end
        return Placed(len(self.sessions) - 1, line, count, begin, end, step)

    def _begin(self, begin: int) -> int:
        """Return the start of a session, which times to the second may put before the last end."""
        earlier = self.sessions[-2].end if len(self.sessions) > 1 else None
        if earlier is not None and 0 < earlier - begin <= 2 * _SECOND_MS:
            return earlier
        return begin

    def _instant(self, line: int, step: Step, cursor: int | None, span: int) -> int | None:
        """Return when a line was printed, or None if the session has no times."""
        if step.wall is None:
            return None if cursor is None else cursor + span
        if step.offset:
            offset = "+00:00" if step.offset == "Z" else step.offset
            try:
                instant = datetime.fromisoformat(step.wall + offset).astimezone(UTC)
            except (ValueError, OverflowError) as error:
                raise InputError(f"{step.wall}{step.offset} is no time") from error
            return epoch_ms(instant) + step.ms
        found = [epoch_ms(instant) + step.ms for instant in self._clock.read(step.wall)]
        if len(found) > 1 and cursor is None:
            self.note("twice", line)
        expected = found[0] if cursor is None else cursor + span
        return min(found, key=lambda instant: abs(instant - expected))


def _within_ten_years(span: int) -> int:
    """Return milliseconds, unless they are more than ten years."""
    if span > SPAN_MAX_MS:
        raise InputError("the steps last more than ten years", remedy="check the clock and unit")
    return span


def _is_copy(step: Step, before: Step) -> bool:
    """Return whether a line repeats what another rank said, since it cannot be new work.

    Work is done again later than before, and takes its time.
    """
    if step.wall is None or before.wall is None:
        return (step.last, step.time, step.samples) == (before.last, before.time, before.samples)
    try:
        gap = datetime.fromisoformat(step.wall) - datetime.fromisoformat(before.wall)
    except ValueError as error:
        raise InputError(f"{step.wall} is no time", remedy="check the log") from error
    later = gap // timedelta(milliseconds=1) + step.ms - before.ms
    if step.last < before.last:
        return later <= 0
    return later < max(_SKEW_MS, step.time.value // _NS_IN_MS)


def settle(sessions: list[Session]) -> tuple[int, int]:
    """Mark copies, and the steps that were done again; return copies and overlaps.

    Args:
        sessions: All sessions of one run; they are changed.

    Returns:
        How many sessions are copies of others, and how many overlap another without being one.
    """
    dated = all(session.begin is not None for session in sessions)
    order = sorted(sessions, key=lambda s: s.begin or 0) if dated else list(sessions)
    overlaps = _mark_copies(order) if dated else _mark_repeats(order)
    kept = [session for session in order if not session.copy and not session.apart]
    resumed: int | None = None
    for session in reversed(kept):
        session.finished = session.finished or session is not kept[-1]
        if resumed is not None and resumed < session.last:
            session.waste_after = max(resumed, session.first)
        resumed = session.first if resumed is None else min(resumed, session.first)
    for session in order:
        session.finished = session.finished or session.apart
    return sum(session.copy for session in order), overlaps


def _mark_copies(order: list[Session]) -> int:
    """Mark sessions that tell of the same steps at the same time; return other overlaps."""
    overlaps = 0
    kept: Session | None = None
    for session in order:
        assert session.begin is not None
        if kept is None or kept.end is None or session.begin >= kept.end - _SECOND_MS:
            kept = session
        elif session.first >= kept.last or kept.first >= session.last:
            overlaps += 1
            kept = session if (session.end or 0) > kept.end else kept
        elif session.last - session.first > kept.last - kept.first:
            kept.copy, kept = True, session
        else:
            session.copy = True
    return overlaps


def _mark_repeats(order: list[Session]) -> int:
    """Mark sessions without times that repeat one of another log, or lie inside it.

    Logs have no order then: none of them is waste because of another that it may have gone before.
    """
    known: set[tuple[int, int, int]] = set()
    for session in order:
        same = (session.first, session.last, session.busy)
        session.copy = same in known
        known.add(same)
    longest = sorted((s for s in order if not s.copy), key=lambda s: s.first - s.last)
    for place, session in enumerate(longest):
        others = [s for s in longest[:place] if s.file != session.file and not s.copy]
        session.copy = any(_is_twin(session, other) for other in others)
        session.apart = not session.copy and any(
            other.first <= session.first and session.last <= other.last for other in others
        )
    return 0


def _is_twin(session: Session, longer: Session) -> bool:
    """Return whether a session without times tells most of the steps of a longer one, as fast."""
    steps, most = session.last - session.first, longer.last - longer.first
    times = (session.busy * most, longer.busy * steps)
    near = _TWIN * abs(times[0] - times[1]) <= max(times)
    return (
        session.first == longer.first
        and session.devices == longer.devices
        and (near and 2 * steps >= most)
    )
