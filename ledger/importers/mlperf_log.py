"""An MLPerf log is a text file in which lines with `:::MLLOG` carry marks as JSON objects.

Only the marks that bound the time held are kept. Other lines (library output, per-rank noise,
lines prefixed with a rank) pass by. Times are whole milliseconds since 1970, UTC.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import floor

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
            self._take_system(text)
            return
        self.marks += 1
        if not any(key in text for key in _KEYS):
            return
        try:
            mark = json.loads(text[at + len(MARK) :], parse_float=Decimal)
            key, time_ms = mark["key"], exact_number(mark["time_ms"])
        except (ArithmeticError, ValueError, KeyError, TypeError, RecursionError):
            self.broken.append(line)
            return
        if time_ms is None or not 0 <= time_ms < _TIME_MAX_MS:
            self.broken.append(line)
        else:
            self._keep(key, mark, Mark(floor(time_ms), line))

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

    def _take_system(self, text: str) -> None:
        """Keep the first system description that stands in the log itself."""
        at = text.find(SYSTEM_MARK)
        if at < 0 or self.system is not None:
            return
        try:
            system = json.loads(text[at + len(SYSTEM_MARK) :])
        except (ValueError, RecursionError):
            return  # a description beside the log, or its absence, is dealt with by the importer
        if isinstance(system, dict):
            self.system = system


def _status(mark: dict[str, object]) -> str | None:
    """Return the outcome that a `run_stop` states."""
    metadata = mark.get("metadata")
    status = metadata.get("status") if isinstance(metadata, dict) else None
    return status if isinstance(status, str) else None


def read_log(lines: Iterable[str]) -> RunLog:
    """Read the marks of one run.

    Args:
        lines: The log, decoded with replacement, line by line.
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
