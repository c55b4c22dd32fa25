"""An MLPerf log is a text file in which lines with `:::MLLOG` carry marks as JSON objects.

Only the marks that bound the time held are kept. Other lines (library output, per-rank noise,
lines prefixed with a rank) pass by. Times are whole milliseconds since 1970, UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import floor

from ledger.errors import InputError
from ledger.importers.json_text import RepeatedFieldError, parse_json
from ledger.importers.line_error import LineError
from ledger.importers.source_file import exact_number

__all__ = ["Mark", "RunLog", "read_log"]

MARK = ":::MLLOG "
SYSTEM_MARK = ":::SYSJSON "

_TIME_MAX_MS = 10**14  # beyond the year 5000 a time is not in milliseconds

_FIRST = frozenset({"init_start", "run_start"})  # one a rank: the first rank starts the clock
_LAST = frozenset({"run_stop"})  # the last rank stops it
_WORDS = frozenset({"submission_benchmark", "submission_org", "submission_division"})
_KEYS = tuple(sorted(f'"{key}"' for key in _FIRST | _LAST | _WORDS))


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment in the log.

    Attributes:
        time_ms: Milliseconds since 1970, UTC.
        line: Line of the log, from 1.
    """

    time_ms: int
    line: int


@dataclass(frozen=True, slots=True)
class RunLog:
    """What a log says of the time that its run held the machines.

    Attributes:
        init_start: First mark of starting up, or None.
        run_start: First mark of training, or None.
        run_stop: Last mark of the end of training, or None if the log breaks off.
        status: What the last `run_stop` says of the outcome (`success`, `aborted`), or None.
        words: Submission fields as stated: benchmark, org, division.
        system: The system description when the log itself carries one (`:::SYSJSON`).
        marks: How many marks were read.
        broken: Lines that announce one of these marks but cannot be read.
    """

    init_start: Mark | None
    run_start: Mark | None
    run_stop: Mark | None
    status: str | None
    words: dict[str, str]
    system: dict[str, object] | None
    marks: int
    broken: tuple[int, ...]


class _Reader:
    """Marks gathered while the lines go by."""

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.first: dict[str, Mark] = {}
        self.last: dict[str, Mark] = {}
        self.status: str | None = None
        self.words: dict[str, str] = {}
        self.system: dict[str, object] | None = None
        self.marks = 0
        self.broken: list[int] = []

    def take(self, text: str, line: int) -> None:
        """Read one line if it carries a mark that is kept."""
        at = text.find(MARK)
        if at < 0:
            self._take_system(text, line)
            return
        self.marks += 1
        if not any(key in text for key in _KEYS):
            return
        mark = _mark(text[at + len(MARK) :], line)
        if mark is None:
            self.broken.append(line)
            return
        key, time_ms = mark["key"], exact_number(mark["time_ms"])
        if time_ms is None or not 0 <= time_ms < _TIME_MAX_MS:
            self.broken.append(line)
        else:
            at_ms = Mark(floor(time_ms), line)
            self._refuse_second(key, at_ms)
            self._keep(key, mark, at_ms)

    def _refuse_second(self, key: object, at: Mark) -> None:
        """Refuse a mark that only a second log can have: a start after the end, or a new title.

        Ranks repeat the marks of starting up, but never after the run has ended, and none starts
        up after training began; the benchmark is named once.
        """
        run_start, run_stop = self.first.get("run_start"), self.last.get("run_stop")
        late = run_stop is not None and (key in self.first or at.time_ms > run_stop.time_ms)
        if key in _FIRST and run_stop is not None and late:
            reason = f"{key} stands after the run_stop of line {run_stop.line}"
        elif key == "init_start" and run_start is not None and at.time_ms > run_start.time_ms:
            reason = f"init_start comes later than the run_start of line {run_start.line}"
        elif key == "submission_benchmark" and key in self.words:
            reason = "submission_benchmark is stated a second time"
        else:
            return
        raise LineError(
            f"{reason}: these are two logs in one file",
            at.line,
            why="the time between them was not held by one run, and a repeated run counts twice",
            remedy="cut the file, and give each run its own result_N.txt; delete a repeated one",
        )

    def _keep(self, key: object, mark: dict[str, object], at: Mark) -> None:
        """Move the first or last moment of a key, or note a word."""
        if key in _FIRST:
            kept = self.first.get(str(key))
            if kept is None or at.time_ms < kept.time_ms:
                self.first[str(key)] = at
        elif key in _LAST:
            kept = self.last.get(str(key))
            if kept is None or at.time_ms >= kept.time_ms:
                self.last[str(key)] = at
                self.status = _status(mark)
        elif key in _WORDS:
            self.words[str(key)] = str(mark.get("value"))

    def _take_system(self, text: str, line: int) -> None:
        """Keep the first system description that stands in the log itself."""
        at = text.find(SYSTEM_MARK)
        if at < 0 or self.system is not None:
            return
        try:
            system = parse_json(text[at + len(SYSTEM_MARK) :], line=line)
        except RepeatedFieldError:
            raise
        except InputError:
            return  # a description beside the log, or its absence, is dealt with by the importer
        if isinstance(system, dict):
            self.system = system


def _mark(text: str, line: int) -> dict[str, object] | None:
    """Return a mark with key and time, or None if it cannot be read."""
    try:
        mark = parse_json(text, line=line)
    except RepeatedFieldError:
        raise
    except InputError:
        return None
    return mark if isinstance(mark, dict) and "key" in mark and "time_ms" in mark else None


def _status(mark: dict[str, object]) -> str | None:
    """Return the outcome that a `run_stop` states."""
    metadata = mark.get("metadata")
    status = metadata.get("status") if isinstance(metadata, dict) else None
    return status if isinstance(status, str) else None


def read_log(lines: Iterable[str]) -> RunLog:
    """Read the marks of one run.

    Args:
        lines: The log, decoded with replacement, line by line.

    Raises:
        LineError: A second log begins in it, or a mark states a field twice.
    """
    reader = _Reader()
    for line, text in enumerate(lines, start=1):
        if ":::" in text:
            reader.take(text, line)
    return RunLog(
        init_start=reader.first.get("init_start"),
        run_start=reader.first.get("run_start"),
        run_stop=reader.last.get("run_stop"),
        status=reader.status,
        words=reader.words,
        system=reader.system,
        marks=reader.marks,
        broken=tuple(reader.broken),
    )
