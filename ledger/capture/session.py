"""A session is one process of a training that is captured: its statement, counters and heartbeat.

A thread writes the spool; the training's own steps only add to counters. Whatever fails here is
told once on stderr and leaves the training alone.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import re
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Final

from ledger.capture.rank import job_of, rank_of
from ledger.capture.spoolfile import SpoolFile
from ledger.capture.statement import state
from ledger.capture.tally import Moment, Tally
from ledger.capture.textfile import metrics, replace_textfile
from ledger.spool import ACTIVITIES, FORMAT, digits

__all__ = ["SPOOL", "WITHIN", "Clock", "Options", "Session", "say"]

WITHIN: Final = "FLOPLEDGER_CAPTURE"
"""Variable that tells a process inside of a captured one so: it must not add a second time."""
SPOOL: Final = "FLOPLEDGER_SPOOL"
"""Variable with the folder of spools where none is given."""
START_MS: Final = 1000
FINISH_MS: Final = 5000
LAST_TRIES: Final = 3
LAST_PAUSE_MS: Final = 200
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")

_live: weakref.WeakSet[Session] = weakref.WeakSet()


class Clock:
    """Both times of a machine: what its clock says, and what never goes back."""

    def now(self) -> tuple[int, int]:
        """Return milliseconds since 1970 by the clock, which may be set, and those of a counter.

        Sleep of the machine counts where the system can tell it: the devices were held.
        """
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        ns = time.monotonic_ns() if boot is None else time.clock_gettime_ns(boot)
        return time.time_ns() // 1_000_000, ns // 1_000_000


class Options:
    """How a session is kept; not what is said of the run."""

    __slots__ = (
        *("apart", "clock", "environment", "every_ms", "ranks", "spool", "textfile", "write"),
    )

    def __init__(  # noqa: PLR0913 - each has a default that is right for a training
        self,
        *,
        spool: object = None,
        every: object = 30,
        textfile: object = None,
        ranks: object = "one",
        apart: object = False,
        environment: MutableMapping[str, str] | None = None,
        clock: Clock | None = None,
        write: Callable[[int, bytes], int] = os.write,
    ) -> None:
        """Take them.

        Args:
            spool: Folder of spools; else the variable ``FLOPLEDGER_SPOOL``, else ``spool``.
            every: Seconds between heartbeats.
            textfile: File for Prometheus, or None.
            ranks: ``one``: only rank 0 writes; ``each``: every rank does, and only 0 adds.
            apart: Whether this is no part of the capture that the process runs in.
            environment: Variables; those of the process if None.
            clock: Clock; that of the machine if None.
            write: Writes bytes to a descriptor.
        """
        self.environment = os.environ if environment is None else environment
        named = spool if spool is not None else self.environment.get(SPOOL) or "spool"
        self.spool = Path(os.fspath(named) if isinstance(named, os.PathLike) else str(named))
        self.textfile = None if textfile is None else Path(str(textfile))
        self.ranks = ranks
        self.apart = bool(apart)
        number = every if isinstance(every, int | float) and every > 0 else 30
        self.every_ms = min(max(int(number * 1000), 10), 3_600_000)
        self.clock = clock or Clock()
        self.write = write


class Session:
    """One captured process; see `ledger.capture.capture`."""

    def __init__(self, options: Options, given: Mapping[str, object], by: str = "context") -> None:
        """Take what is said; nothing begins yet."""
        environment, clock = options.environment, options.clock
        self.id = os.urandom(16).hex()
        rank = rank_of(environment) if given.get("rank") is None else given["rank"]
        said = state({**given, "rank": rank}, self.id)
        within = "" if options.apart else environment.get(WITHIN, "")
        self.head: dict[str, object] = {
            "t": "head",
            "format": FORMAT,
            "session": self.id,
            "within": within if re.fullmatch("[0-9a-f]{32}", within) else None,
            "by": by,
            "job": job_of(environment),
            "every_ms": options.every_ms,
            "doubts": list(said.doubts),
            **said.fields,
        }
        rank = said.fields["rank"]
        self.writes = options.ranks == "each" or rank in {0, None}
        self.tally = Tally(str(said.fields["activity"]), clock.now)
        self._options = options
        self._file = SpoolFile(options.spool / self._file_name(), self.head, options.write)
        self._pid = os.getpid()
        self._beaten = threading.Event()
        self._stop = threading.Event()
        self._ended: Mapping[str, object] | None = None
        self._thread: threading.Thread | None = None
        self._told: set[str] = set()
        self._outer: str | None = None
        for doubt in said.doubts if self.writes else ():
            say(doubt)

    @property
    def path(self) -> Path:
        """Where the spool of this process is, or will be."""
        return self._file.path

    @property
    def lost(self) -> int:
        """Lines that could not be written."""
        return self._file.lost

    def start(self) -> None:
        """Begin: the first line is awaited for a second at most."""
        if not self.writes or self._thread is not None:
            return
        self.head["wall_ms"], self.head["mono_ms"] = self._options.clock.now()
        self._thread = threading.Thread(target=self._run, name="flopledger-capture", daemon=True)
        self._thread.start()
        _live.add(self)
        self._outer = self._options.environment.get(WITHIN)
        self._options.environment[WITHIN] = self.id
        if self.head["within"] is not None:
            self.tell("this capture lies within another one: it is kept beside it and adds nothing")
        self._beaten.wait(START_MS / 1000)

    def finish(self, outcome: str = "done", status: str | None = None) -> None:
        """End: the last line is awaited for five seconds at most.

        Args:
            outcome: ``done``, ``failed`` or ``left``.
            status: Exit status or kind of error, or None.
        """
        thread = self._thread
        if thread is None or self._ended is not None or self._pid != os.getpid():
            return
        self._ended = {"outcome": outcome, "status": status and status[:100]}
        if self._outer is None:
            self._options.environment.pop(WITHIN, None)
        else:
            self._options.environment[WITHIN] = self._outer
        self._stop.set()
        thread.join(FINISH_MS / 1000)
        _live.discard(self)
        if thread.is_alive():
            self.tell("the spool does not answer: the end of the run is not written")

    def forked(self) -> None:
        """Be silent in a child process: the parent writes."""
        self.tally.unlock()
        self.writes = False
        self._thread = None

    def change(self, activity: str) -> str:
        """Begin another activity; return the one before."""
        if activity not in ACTIVITIES:
            self.tell(f"{ascii(activity)[:60]} is no activity: the time counts as unknown")
            activity = "unknown"
        return self.tally.change(activity)

    def tell(self, message: str) -> None:
        """Say something once, and only from the process that writes."""
        if self.writes and message not in self._told:
            self._told.add(message)
            say(message)

    def _file_name(self) -> str:
        """Return a name that no other process has."""
        run = _UNSAFE.sub("-", str(self.head["run"]))[:80].strip("-.") or "run"
        return f"{run}-{self.id}.spool"

    def _run(self) -> None:
        """Beat until the end; the work of the thread."""
        last = False
        while not last:
            # Known before the counters are read, or the last of them would be missed.
            last = self._stop.is_set()
            try:
                self._beat(self._ended if last else None)
            except Exception as error:  # noqa: BLE001 - a fault of ours never ends the heartbeat
                self.tell(f"a heartbeat failed: {type(error).__name__}: {error}")
            self._beaten.set()
            if not last:
                self._stop.wait(self._options.every_ms / 1000)
        self._file.close()

    def _beat(self, ended: Mapping[str, object] | None) -> None:
        """Write what changed, and where the totals stand."""
        changes, now = self.tally.take()
        lines = [_line("mark", change) for change in changes]
        lines.append(_line("beat", now) if ended is None else {**_line("end", now), **ended})
        for _ in range(1 if ended is None else LAST_TRIES):
            if self._file.append(lines):
                self.tally.drop(len(changes))
                break
            self.tell(f"the spool cannot be written, the training goes on: {self._file.failure}")
            if ended is not None:
                time.sleep(LAST_PAUSE_MS / 1000)
        if self._options.textfile is not None:
            self._show(self._options.textfile, now, up=ended is None)

    def _show(self, path: Path, now: Moment, *, up: bool) -> None:
        """Write the file for Prometheus."""
        held = now.mono_ms - int(str(self.head["mono_ms"]))
        if not replace_textfile(path, metrics(self.head, now, held_ms=held, lost=self.lost, up=up)):
            self.tell(f"the textfile {path} cannot be written")


def say(message: str) -> None:
    """Say something on stderr, if there is one."""
    with contextlib.suppress(Exception):
        sys.stderr.write(f"flopledger: {message}\n")


def _line(kind: str, moment: Moment) -> dict[str, object]:
    """Return a statement of totals."""
    return {
        "t": kind,
        "wall_ms": moment.wall_ms,
        "mono_ms": moment.mono_ms,
        "activity": moment.activity,
        "tokens": digits(moment.tokens),
        "steps": digits(moment.steps),
        "operations": digits(moment.operations),
        "refused": moment.refused,
    }


def _sessions() -> Iterator[Session]:
    """Yield the sessions that go on."""
    yield from tuple(_live)


def _leave() -> None:
    """End what nobody ended, when the interpreter leaves."""
    for session in _sessions():
        with contextlib.suppress(Exception):
            session.finish("left")


def _forked() -> None:
    """Silence every session in a child process."""
    for session in _sessions():
        session.forked()
    _live.clear()


atexit.register(_leave)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
