"""A spool session is what one captured process did, read line by line from its spool.

What is missing is never taken for nothing: a stretch of time across a lost line has an unknown
activity and no upper end, and a session that does not end has an unknown tail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from ledger.errors import InputError
from ledger.estimate import parts
from ledger.importers.held_time import SPAN_MAX_MS
from ledger.spool import Torn, parse_line

__all__ = ["DAY_MS", "Fault", "Leg", "SpoolSession", "read_session"]

DAY_MS: Final = 86_400_000
STEP_MS: Final = 2_000
_COUNTS: Final = ("tokens", "steps", "operations")
_PLAUSIBLE_MS: Final = range(946_684_800_000, 4_102_444_800_000)  # the years 2000 to 2099
_LEGS_MAX: Final = 100_000
_Counts = tuple[int | None, int | None, int | None]
_NOTHING: Final[_Counts] = (None, None, None)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is odd about a line.

    Attributes:
        line: Line of the file, from 1.
        code: Stable word for the kind.
        message: What is there.
        serious: Whether something may be missing because of it.
    """

    line: int
    code: str
    message: str
    serious: bool = True


@dataclass(frozen=True, slots=True)
class Leg:
    """A stretch of one activity within one UTC day.

    Attributes:
        piece: Number of the stretch, over midnights, from 0.
        day: Number of the day within it, from 0.
        activity: What the time was spent on.
        start: Milliseconds since 1970.
        stop: Milliseconds since 1970, later than ``start``.
        counts: Tokens, steps and operations counted in it; None where none were ever counted.
        open: Whether more may have been done than was counted.
    """

    piece: int
    day: int
    activity: str
    start: int
    stop: int
    counts: _Counts
    open: bool


@dataclass(frozen=True, slots=True)
class SpoolSession:
    """One captured process.

    Attributes:
        head: What was said of the run.
        legs: What was done, in the order of time.
        ended: The last line, if the session says that it ended.
        last: When its last line was written, milliseconds since 1970, by the dates of the legs.
        wall: The same by the clock at that time.
        broken: Whether reading had to stop before the end of the file.
        lost: Lines that the writer says it could not write.
        faults: What is odd.
    """

    head: Mapping[str, Any]
    legs: tuple[Leg, ...]
    ended: Mapping[str, Any] | None
    last: int
    wall: int
    broken: bool
    lost: int
    faults: tuple[Fault, ...]


def read_session(lines: Iterable[bytes]) -> SpoolSession:
    """Read the lines of a spool.

    Args:
        lines: Without their ends.

    Raises:
        InputError: If the first line does not say which run this is.
    """
    numbered = enumerate(lines, 1)
    first = next(numbered, (1, b""))[1]
    try:
        head = parse_line(first)
    except Torn as error:
        raise _headless(str(error)) from error
    if head["t"] != "head" or head["n"] != 0:
        raise _headless(f"the first line is a {head['t']}")
    if head["wall_ms"] not in _PLAUSIBLE_MS:
        raise InputError(
            f"the clock of the machine stood at {head['wall_ms']} ms since 1970",
            why="the day of the work decides which law applies",
            remedy="set the clock; record this run by hand with `flopledger record`",
        )
    reader = _Reader(head)
    for number, line in numbered:
        if not reader.read(number, line):
            break
    for _ in numbered:  # the digest is of the whole file
        pass
    return reader.session()


def _headless(what: str) -> InputError:
    """Return the error for a file whose first line is no head."""
    return InputError(
        what,
        why="the first line says which run this is; without it nothing can be recorded",
        remedy="find out which run wrote it, and record the run by hand with `flopledger record`",
    )


class _Reader:
    """Where the reading of a session stands."""

    def __init__(self, head: Mapping[str, Any]) -> None:
        """Begin at the head."""
        self.head = head
        self.legs: list[Leg] = []
        self.faults: list[Fault] = []
        self.before = {**head, **dict.fromkeys(_COUNTS), "refused": 0, "lost": 0}
        self.counted: dict[str, int | None] = dict.fromkeys(_COUNTS)
        self.refused = 0
        self.torn = 0
        self.missing = False
        self.ended: Mapping[str, Any] | None = None
        self.broken = False
        self.stepped = 0

    def read(self, number: int, line: bytes) -> bool:
        """Read one line; return whether to go on."""
        if not line and not self.torn:
            return True  # what separates the rest of a failed write from the next line
        try:
            mark = parse_line(line)
        except Torn as error:
            self.torn = self.torn or number
            self.faults.append(Fault(number, "torn-line", str(error), serious=False))
            return True
        if self.ended is not None:
            self.missing = True
            return self._break(number, "there are lines after the end of the run")
        fault = self._fault(mark)
        if fault:
            return self._break(number, fault)
        if mark["n"] != self.before["n"] + 1:
            lost = mark["n"] - self.before["n"] - 1
            self.faults.append(
                Fault(number, "missing-lines", f"{lost} lines before it are missing")
            )
            self.missing = True
        self.torn = 0
        self._take(mark)
        if mark["t"] == "end":
            self.ended = mark
        return True

    def session(self) -> SpoolSession:
        """Return what was read."""
        self._settle()
        if self.torn:
            # Behind the last whole line: what it said is not known.
            self.faults.append(
                Fault(self.torn, "torn-tail", "the file ends in the middle of a line")
            )
        if self.stepped:
            message = f"the clock of the machine was set by {self.stepped} ms while the run went on"
            self.faults.append(Fault(1, "clock-step", message, serious=False))
        return SpoolSession(
            self.head,
            tuple(self.legs),
            None if self.broken or self.torn else self.ended,
            self._instant(self.before["mono_ms"]),
            self.before["wall_ms"],
            self.broken,
            self.before["lost"],
            tuple(self.faults),
        )

    def _break(self, number: int, message: str) -> bool:
        """Stop here."""
        self.faults.append(Fault(number, "contradiction", message))
        self.broken = True
        return False

    def _fault(self, mark: Mapping[str, Any]) -> str:
        """Return how a line contradicts those before it, or nothing."""
        if mark["t"] not in {"beat", "mark", "end"}:
            return f"there is a {mark['t']} in the middle"
        if mark["n"] <= self.before["n"]:
            return f"line {mark['n']} comes after line {self.before['n']}"
        if mark["mono_ms"] < self.before["mono_ms"]:
            return "time goes back"
        if mark["mono_ms"] - self.head["mono_ms"] > SPAN_MAX_MS:
            return "the run takes more than ten years"
        falling = [name for name in _COUNTS if _less(mark[name], self.before[name])]
        if falling or mark["refused"] < self.before["refused"]:
            return f"the total of {(*falling, 'refused counts')[0]} falls"
        return ""

    def _take(self, mark: Mapping[str, Any]) -> None:
        """Add the stretch of time that a line ends."""
        step = mark["wall_ms"] - self.head["wall_ms"] - (mark["mono_ms"] - self.head["mono_ms"])
        if abs(step) > max(STEP_MS, abs(self.stepped)):
            self.stepped = step
        start, stop = self._instant(self.before["mono_ms"]), self._instant(mark["mono_ms"])
        self.before = dict(mark)
        if self.legs:
            # What took no time was given a millisecond, which is not told twice.
            start = max(start, self.legs[-1].stop)
        if stop > start:
            self._stretch(start, stop, "unknown" if self.missing else mark["activity"])
        elif not self.missing and mark["refused"] == self.refused and any(self._rest()):
            self._instantly(start, mark["activity"])

    def _instantly(self, start: int, activity: str) -> None:
        """Keep what was counted within no millisecond with its own activity.

        Only the last leg may still change: those before it were perhaps recorded for good.
        """
        last = self.legs[-1] if self.legs else None
        if last is None or last.open or last.activity != activity:
            self._stretch(start, start + 1, activity)
            return
        self.legs[-1] = replace(last, counts=_sum(last.counts, self._rest()))
        self.counted = {n: _integer(self.before[n]) for n in _COUNTS}

    def _rest(self) -> _Counts:
        """Return what was counted since the last stretch."""
        tokens, steps, operations = (_more(self.before[n], self.counted[n]) for n in _COUNTS)
        return tokens, steps, operations

    def _stretch(self, start: int, stop: int, activity: str) -> None:
        """Add a stretch of time, cut at midnights, with what was counted in it."""
        mark, is_open = self.before, self.missing or self.before["refused"] > self.refused
        cuts = [start, *range((start // DAY_MS + 1) * DAY_MS, stop, DAY_MS), stop]
        lengths = [after - before for before, after in pairwise(cuts)]
        shares = [_share(_more(mark[n], self.counted[n]), lengths) for n in _COUNTS]
        for index, length in enumerate(lengths):
            tokens, steps, operations = (share[index] for share in shares)
            self._add(cuts[index], length, activity, (tokens, steps, operations), is_open=is_open)
        self.counted = {n: _integer(mark[n]) for n in _COUNTS}
        self.refused = mark["refused"]
        self.missing = False

    def _add(
        self,
        start: int,
        length: int,
        activity: str,
        counts: _Counts,
        *,
        is_open: bool,
    ) -> None:
        """Add to the last leg, or begin another."""
        last = self.legs[-1] if self.legs else None
        goes_on = last is not None and (last.activity, last.open) == (activity, is_open)
        if last is not None and goes_on and last.start // DAY_MS == start // DAY_MS:
            summed = _sum(last.counts, counts)
            self.legs[-1] = replace(last, stop=start + length, counts=summed)
            return
        if len(self.legs) >= _LEGS_MAX:
            raise InputError(
                f"the run changes its activity more than {_LEGS_MAX:,} times",
                remedy="count many short evaluations as one activity",
            )
        piece = 0 if last is None else last.piece + (not goes_on)
        day = 0 if last is None or not goes_on else last.day + 1
        self.legs.append(Leg(piece, day, activity, start, start + length, counts, is_open))

    def _settle(self) -> None:
        """Keep what was counted in no time at all, and what is missing at the very end."""
        rest = self._rest()
        is_open = self.missing or self.before["refused"] > self.refused
        if not is_open and not any(rest):
            return
        if not self.legs:
            start = self._instant(self.head["mono_ms"])
            activity = self.before["activity"]
            self.legs.append(Leg(0, 0, activity, start, start + 1, _NOTHING, is_open))
        last = self.legs[-1]
        summed = _sum(last.counts, rest)
        self.legs[-1] = replace(last, counts=summed, open=last.open or is_open)

    def _instant(self, mono: int) -> int:
        """Return a time of the counter as milliseconds since 1970, by the clock at the start."""
        return int(self.head["wall_ms"] + mono - self.head["mono_ms"])


def _integer(text: str | None) -> int | None:
    """Read a total."""
    return None if text is None else int(text)


def _less(after: str | None, before: str | None) -> bool:
    """Whether a total falls."""
    return before is not None and (after is None or int(after) < int(before))


def _more(total: str | None, counted: int | None) -> int | None:
    """Return how much more a total is than what was counted."""
    return None if total is None else int(total) - (counted or 0)


def _share(amount: int | None, lengths: list[int]) -> tuple[int | None, ...]:
    """Divide an amount over lengths of time."""
    if amount is None or len(lengths) == 1:
        return (amount,) * len(lengths)
    return parts(amount, lengths)


def _sum(one: _Counts, other: _Counts) -> _Counts:
    """Add counts; nothing counted in a part adds nothing to the other."""
    tokens, steps, operations = _added(one, other)
    return tokens, steps, operations


def _added(one: Iterable[int | None], other: Iterable[int | None]) -> Iterator[int | None]:
    """Yield the sums."""
    for a, b in zip(one, other, strict=True):
        yield a if b is None else b if a is None else a + b
