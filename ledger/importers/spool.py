"""Spool: what a training said of itself while it ran, from the files of `ledger.capture`.

A session that goes on is provisional, and its end replaces it. One that fell silent has an unknown
tail: what it counted is the least it did. Page: ``schemas/source-spool.v1.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from ledger.canonical import JSON
from ledger.errors import HardwareError, InputError, LedgerError, Problem
from ledger.estimate import dense, plain
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.line_stream import LineStream
from ledger.importers.source_file import find_files, opening
from ledger.importers.spool_overlap import Overlaps, adds
from ledger.importers.spool_session import DAY_MS, Fault, Leg, SpoolSession, read_session
from ledger.journeys.importing import Reading
from ledger.period import Period, epoch_ms, from_epoch_ms, parse_instant
from ledger.record.draft import Draft, draft_of
from ledger.spool import Torn, is_spool, parse_line

__all__ = ["IMPORTER", "SpoolImporter"]

NAME: Final = "spool"
VERSION: Final = "1"
SUFFIX: Final = ".spool"
CLOSED: Final = ".closed"
GRACE_MS: Final = 600_000
"""A session that wrote nothing for so long, or for five heartbeats, is silent."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller says of the spools."""

    now: int
    model: str | None
    developer: str | None
    role: str
    tail: str

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Said:
        """Read the settings."""
        role = held_time.word_setting(settings, "role", ("primary", "corroborating"))
        tail = held_time.word_setting(settings, "tail", ("open", "heartbeat"))
        given = settings.get("now")
        now = datetime.now(UTC) if given is None else parse_instant(given)
        return cls(epoch_ms(now), settings.get("model"), settings.get("developer"), role, tail)


class SpoolImporter:
    """Reads spools; see `Importer`."""

    name = NAME
    version = VERSION
    settings = frozenset({"developer", "model", "now", "role", "tail"})

    def __init__(self) -> None:
        """Know of no other spools yet."""
        self._overlaps = Overlaps()

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the first line is that of a spool, or the name says so."""
        if path.is_dir():
            return any(_is_mine(p.name.removesuffix(".gz")) for p in path.rglob("*.spool*"))
        return _is_mine(path.name.removesuffix(".gz")) or is_spool(opening(head).encode())

    def files(self, path: Path) -> tuple[Path, ...]:
        """The spools below a path, sorted."""
        found = find_files(path, _is_mine, "spool")
        self._overlaps = Overlaps(found)
        return found

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one spool, which may be written to at this moment."""
        said, source = Said.of(settings), str(path)
        stream = LineStream(path)
        try:
            session = read_session(stream.lines())
            status = _status(session, said, path)
            reading = _Records(session, said, catalogue, stream)
            drafts = tuple(reading.drafts(status))
        except LedgerError as error:
            return Reading((), (held_time.refusal(source, error),), 0)
        problems = (*_problems(session, status, source), *reading.problems)
        if said.role == "primary":
            problems += tuple(self._overlaps.problems(path, session))
        return Reading(drafts, problems, 1 if drafts else 0)


IMPORTER = SpoolImporter()


@dataclass(frozen=True, slots=True)
class _Status:
    """How a session stands.

    Attributes:
        word: ``ended``, ``closed``, ``assumed``, ``live`` or ``silent``.
        tail: Milliseconds after the last line of which only the time is known.
    """

    word: str
    tail: int = 0


def _status(session: SpoolSession, said: Said, path: Path) -> _Status:
    """Return how a session stands."""
    if session.ended is not None:
        return _Status("ended")
    if session.broken:
        return _Status("silent")
    silence = max(GRACE_MS, 5 * session.head["every_ms"])
    # A clock far ahead does not keep a run alive.
    if abs(said.now - session.wall) <= silence:
        return _Status("live")
    job = session.head["job"]
    closings = (
        [] if job is None else [at for at in _closings(path.parent, job) if at >= session.wall]
    )
    if closings:
        return _Status("closed", min(closings) - session.wall)
    if said.tail == "heartbeat":
        return _Status("assumed", session.head["every_ms"])
    return _Status("silent")


def _closings(folder: Path, job: str) -> Iterator[int]:
    """Yield when a job ended, by the files that the epilog of the scheduler left."""
    for path in sorted(folder.glob(f"*{CLOSED}")):
        try:
            said = parse_line(next(LineStream(path).lines(), b""))
        except (Torn, LedgerError):
            continue  # half a closing closes nothing: the tail stays open
        if said["t"] == "closing" and said["job"] == job:
            yield int(said["wall_ms"])


class _Records:
    """The records of a session."""

    def __init__(
        self, session: SpoolSession, said: Said, catalogue: Catalogue, stream: LineStream
    ) -> None:
        """Name what they are made from."""
        self._session = session
        self._head = session.head
        self._said = said
        self._catalogue = catalogue
        self._stream = stream
        self._source = str(stream.path)
        self.problems: list[Problem] = []

    def drafts(self, status: _Status) -> Iterator[Draft]:
        """Yield the records; all but the last are final, since a spool only grows."""
        stated = self._stated()
        legs = list(self._session.legs)
        silent = status.word == "silent"
        if silent and not legs:
            at, activity = self._session.last, self._head["activity"]
            legs.append(Leg(0, 0, activity, at, at + 1, (None, None, None), open=True))
        if silent:
            legs[-1] = replace(legs[-1], open=True)
        for index, leg in enumerate(legs):
            going = index == len(legs) - 1 and status.word in {"silent", "live"}
            yield self._draft(stated, leg, str(leg.piece), provisional=going)
        if status.tail:
            activity = "unknown" if status.word == "closed" else self._last_activity()
            yield from self._tail(stated, activity, status.tail)

    def _last_activity(self) -> str:
        """Return what the last leg was spent on."""
        legs = self._session.legs
        return legs[-1].activity if legs else str(self._head["activity"])

    def _tail(self, stated: Mapping[str, JSON], activity: str, length: int) -> Iterator[Draft]:
        """Yield the records of the time in which nobody knows what was done."""
        start = max(self._session.last, *(leg.stop for leg in self._session.legs[-1:]), 0)
        stop = start + length
        cuts = [start, *range((start // DAY_MS + 1) * DAY_MS, stop, DAY_MS), stop]
        for day, (begin, end) in enumerate(pairwise(cuts)):
            leg = Leg(0, day, activity, begin, end, (None, None, None), open=False)
            yield self._draft(stated, leg, "tail", provisional=False)

    def _draft(
        self, stated: Mapping[str, JSON], leg: Leg, piece: str, *, provisional: bool
    ) -> Draft:
        """Return the record of a leg."""
        milli = self._head["milli_devices"]
        period = Period(from_epoch_ms(leg.start), from_epoch_ms(leg.stop))
        body = {
            **stated,
            **self._amounts(leg),
            "activity": leg.activity,
            "status": "provisional" if provisional else "final",
        }
        (found,) = held_time.dated(body, period, milli or 0)
        if milli is None:
            found |= {"milli_devices": None, "device_us": None, "ceiling_operations": None}
        if leg.open:
            found["ceiling_operations"] = None
        self._weigh(found)
        key = (NAME, self._head["session"], piece, str(leg.day))
        return draft_of("allocation", found, key=key)

    def _weigh(self, body: Mapping[str, JSON]) -> None:
        """Tell a leg that is above its own ceiling."""
        most, done = body["ceiling_operations"], body["operations"]
        if most is not None and done is not None and int(str(done)) > int(str(most)):
            message = f"{done} operations are more than the {most} that the devices could do"
            remedy = "check devices, precision and what is counted as operations"
            self._finding("above-ceiling", message, remedy)

    def _amounts(self, leg: Leg) -> dict[str, JSON]:
        """Return the operations of a leg as counted, or by its tokens, and what they rest on."""
        tokens, steps, operations = leg.counts
        counted = {"tokens": tokens, "steps": steps}
        inputs: dict[str, JSON] = {n: plain(v) for n, v in counted.items() if v is not None}
        method = self._head["method"]
        parameters = self._head["parameters"]
        if operations is None and tokens is not None and parameters is not None:
            estimate = dense(int(parameters), tokens)
            operations, method = estimate.operations, estimate.method
            inputs |= dict(estimate.inputs)
        if operations is None:
            return {"method": "none", "method_inputs": inputs}
        name = "operations_low" if leg.open else "operations"
        return {name: str(operations), "method": method, "method_inputs": inputs}

    def _stated(self) -> dict[str, JSON]:
        """Return what every record of the session says."""
        head, said = self._head, self._said
        model = said.model or head["model"]
        if model is None:
            raise InputError(
                "the run was captured without the name of a model",
                why="operations count for a model",
                remedy="give --set model=NAME, and model= in the program",
            )
        fields: dict[str, JSON] = {n: head[n] for n in _COPIED}
        return {
            **fields,
            **self._device(),
            "model": model,
            "developer": said.developer or head["developer"],
            "role": said.role if adds(head) else "corroborating",
            "concurrent_devices": _whole_devices(head["milli_devices"]),
            "evidence": {
                "source_kind": "framework",
                "file_sha256": self._stream.sha256,
                "locator": f"session {head['session']}",
                "importer": NAME,
                "importer_version": VERSION,
            },
        }

    def _device(self) -> dict[str, JSON]:
        """Return the device and its peak; one that is not in the catalogue stays unknown."""
        name, precision = self._head["device"], self._head["precision"]
        if name is not None:
            try:
                part = self._catalogue.find(name)
                return held_time.peak_fields(part, precision, self._catalogue.digest)
            except HardwareError as error:
                self._finding("unmapped-device", error.message, error.remedy)
        return {"device": None, "precision": precision}

    def _finding(self, code: str, message: str, remedy: str) -> None:
        """Tell something that somebody must look at."""
        self.problems.append(Problem(self._source, None, code, message, remedy, "finding"))


_COPIED: Final = (
    *("run", "sparsity", "operation_kind", "topology"),
    *("scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s"),
)
_REMEDIES: Final = {
    "clock-step": "the days of the work are those of the clock at the start: check them",
    "missing-lines": "look for another copy of the file; the total stays open there",
}
_TAIL: Final = (
    "sync again when the run has ended; else print an epilog with `flopledger run --print-epilog "
    "slurm`, or state with --set tail=heartbeat that nothing ran on for more than one heartbeat"
)


def _problems(session: SpoolSession, status: _Status, source: str) -> Iterator[Problem]:
    """Yield what somebody should know about a session."""
    for doubt in session.head["doubts"]:
        yield Problem(source, 1, "doubtful", doubt, "correct it in the program", "finding")
    live = status.word == "live"
    for fault in session.faults:
        if live and fault.code == "torn-tail":
            continue  # the writer is in the middle of a line
        yield _told(fault, source)
    if session.lost:
        message = f"{session.lost:,} lines could not be written when they were due; totals are kept"
        yield Problem(source, None, "lost-lines", message, "make room on the disk", "note")
    if any(leg.open for leg in session.legs):
        message = "a part of the run is missing or could not be counted: it has no upper end"
        yield Problem(source, None, "open-part", message, "see the other findings", "finding")
    if status.word == "silent":
        yield Problem(
            source,
            None,
            "unknown-tail",
            "the run does not say that it ended: what it did after its last heartbeat is unknown",
            _TAIL,
            "finding",
            "an end that nobody saw is not taken for the end: the total stays open",
        )
    elif status.tail:
        message = f"what the devices did in the last {status.tail:,} ms is unknown"
        yield Problem(source, None, "bounded-tail", message, "nothing to do", "note")
    elif live:
        message = "the run goes on: its last record is provisional"
        yield Problem(source, None, "live", message, "sync again", "note")


def _told(fault: Fault, source: str) -> Problem:
    """Return a fault as a problem."""
    remedy = _REMEDIES.get(fault.code, "look for another copy of the file")
    severity: Any = "finding" if fault.serious or fault.code == "clock-step" else "note"
    return Problem(source, fault.line, fault.code, fault.message, remedy, severity)


def _whole_devices(milli: int | None) -> int | None:
    """Return the devices that worked at the same time."""
    return None if milli is None else milli // 1000


def _is_mine(name: str) -> bool:
    """Return whether a file is named like a spool."""
    return name.endswith(SUFFIX)
