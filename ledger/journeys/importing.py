"""Importing: a file that somebody else wrote, read whole, and only then appended in chunks.

The importers implement `Importer`; the command line chooses one. A file in which any row is
refused adds nothing to the ledger, unless the caller asked to skip the refused rows.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ledger.entry import Entry
from ledger.errors import InputError, Problem
from ledger.hardware import Catalogue
from ledger.journeys.changed import (
    CHANGED_MAX,
    changed_problem,
    more_changed,
    withheld_problem,
)
from ledger.journeys.chunks import Chunk, chunks_of
from ledger.journeys.copies import Copies, settle
from ledger.journeys.excesses import excesses
from ledger.journeys.held_time import Ceiling, HeldTime
from ledger.journeys.resumed import STEPPED, done_before
from ledger.journeys.standing import standing_figures
from ledger.log import Appended, Row
from ledger.record.draft import Draft
from ledger.record.whole import Whole

__all__ = [
    "CHUNK",
    "Imported",
    "Importer",
    "Ledger",
    "Reading",
    "Request",
    "Shelf",
    "import_files",
]

CHUNK = 6_000
"""Drafts a transaction: large enough to hide the commit, small enough to hold in memory."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one file said.

    Attributes:
        drafts: the accepted records, in the order of the file. They may be built lazily, so that
            a file of any size fits; they are gone through once, front to back.
        problems: refused rows, findings and notes, each with its file and line.
        runs: how many distinct training runs the accepted records name.
        lines: the line of the file that each draft came from, or None where lines mean nothing.
        refused: how many rows were refused, where not each has a problem of its own; None counts
            the problems.
        told: the same drafts, with the things between them that hold nothing any more and of
            which provisional records may stand; None if the file tells of no such thing.
        copies: which of them tell of the same work; the ledger says which of those adds already.
    """

    drafts: Iterable[Draft]
    problems: tuple[Problem, ...]
    runs: int
    lines: Sequence[int] | None = None
    refused: int | None = None
    told: Iterable[Draft | Whole] | None = None
    copies: tuple[Copies, ...] = ()


class Importer(Protocol):
    """Reads one kind of file. A bad row is a `Problem` in the reading and never an exception."""

    @property
    def name(self) -> str:
        """The word after `--source`."""

    @property
    def version(self) -> str:
        """The version that goes into the evidence of each record; it changes with the meaning."""

    @property
    def settings(self) -> frozenset[str]:
        """The keys that `--set` may give this importer."""

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether a file looks like one of this kind.

        Args:
            head: the first bytes of the file, at most 65,536; empty for a directory.
            path: where it lies.
        """

    def files(self, path: Path) -> tuple[Path, ...]:
        """The files to read: a file gives itself, a directory those of this kind, sorted.

        Raises:
            MissingError: there is no such file, or a directory holds none of this kind.
        """

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads and checks one file whole.

        Raises:
            InputError: a setting is missing or malformed; never for what the file says.
        """


class Ledger(Protocol):
    """The part of the log that an import needs."""

    def append(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        """Appends in one transaction; see `ledger.log.Log.append`."""

    def preview(self, drafts: Sequence[Draft], *, vanished: Sequence[Whole] = ()) -> Appended:
        """Says what `append` would do, and does nothing."""

    def overlapped(self, *, several: bool = False) -> AbstractContextManager[None]:
        """Appends follow in the block, several for sure or not; all are on the disk at its end."""


class Shelf(Protocol):
    """Where recorded entries are looked up: a store."""

    def find_run(self, run: str) -> Iterator[Entry]:
        """Yields the entries whose body names the run, in order."""

    def rows(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yields (seq, bytes, hash) of every entry, in order."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yields the entries [start, stop) that exist, in order."""

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yields (seq, ord, bytes) of the openings of the entries [start, stop), in order."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did.

    Attributes:
        files: files read.
        runs: runs named by the accepted records, added up by file.
        new: records appended, or that would be.
        same: records that the ledger already held, word for word.
        changed: records that the ledger holds with other content; they were not appended.
        superseded: provisional records that a final one of this import replaced.
        refused: rows (or whole files) that could not be read.
        problems: every refused row, finding and note, in the order of the files.
        held_device_us: device-microseconds of accepted primary records, by activity, new or not;
            corroborating records speak of the same time and are left out.
        ceilings: by catalogue device id, for the same records; `UNKNOWN_DEVICE` for the rest.
    """

    files: int
    runs: int
    new: int
    same: int
    changed: int
    superseded: int
    refused: int
    problems: tuple[Problem, ...]
    held_device_us: Mapping[str, int]
    ceilings: Mapping[str, Ceiling]


class _Tally:
    """Counts that grow while the files go by."""

    def __init__(self, ledger: Ledger, *, dry_run: bool) -> None:
        """Starts at nothing; chunks are appended to the ledger, or it says what would become."""
        self.write = ledger.preview if dry_run else ledger.append
        self.files = 0
        self.runs = 0
        self.new = 0
        self.same = 0
        self.changed = 0
        self.changed_told = 0
        self.changed_in = ""
        self.superseded = 0
        self.refused = 0
        self.problems: list[Problem] = []
        self.standing: tuple[Problem, ...] = ()  # told once something of the file is new
        self.held = HeldTime()

    def tell_changed(self, source: str, line: int | None, seq: int) -> None:
        """Counts a record that the ledger holds with other content, and tells the first ones."""
        self.changed += 1
        self.changed_told += 1
        self.changed_in = source
        if self.changed_told <= CHANGED_MAX:
            self.problems.append(changed_problem(source, line, seq))


@dataclass(frozen=True, slots=True)
class Request:
    """How an import is to go.

    Attributes:
        importer: how to read the files.
        settings: what `--set` gave.
        catalogue: the devices, for identifiers and peaks.
        dry_run: say what would happen and append nothing.
        skip_refused: append the good rows of a file that also has refused ones.
        chunk: records a transaction, at least 1.
        shelf: where to look up what the ledger holds of the runs of a file; without it nobody is
            told of it.
    """

    importer: Importer
    settings: Mapping[str, str]
    catalogue: Catalogue
    dry_run: bool = False
    skip_refused: bool = False
    chunk: int = CHUNK
    shelf: Shelf | None = None


def import_files(
    ledger: Ledger,
    request: Request,
    paths: Iterable[Path],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Imported:
    """Reads every file that the paths name and appends what it accepts.

    Each file is checked whole before a record of it is appended. Commits are chunked, so a
    crash may leave the first chunks of a file; importing it again adds the rest.

    Args:
        ledger: where to append.
        request: how.
        paths: files, and directories of files.
        progress: called after each commit with files read and records seen.

    Raises:
        InputError: a setting that the importer does not know.
        MissingError: no such file.
        HeadMovedError: another writer appended meanwhile.
    """
    assert request.chunk >= 1, "a transaction holds at least one record"
    importer = request.importer
    _check_settings(importer, request.settings)
    tally, said = _Tally(ledger, dry_run=request.dry_run), (request.settings, request.catalogue)
    for path in [file for given in paths for file in importer.files(given)]:
        reading = _settled(importer.read(path, *said), ledger, request.shelf)
        tally.files += 1
        tally.problems.extend(reading.problems)
        tally.refused += _refused(reading)
        if request.skip_refused or not any(p.severity == "refused" for p in reading.problems):
            tally.runs += reading.runs
            told = reading.drafts if reading.told is None else reading.told
            several = isinstance(told, Sized) and len(told) > request.chunk
            with ledger.overlapped(several=several):
                for chunk in chunks_of(str(path), told, request.chunk):
                    _append(tally, chunk, reading, request)
                    if progress is not None:
                        progress(tally.files, tally.new + tally.same + tally.changed)
    return _summary(tally, request.catalogue)


def _refused(reading: Reading) -> int:
    """Returns how many rows of a file were refused, a whole file being one."""
    if reading.refused is not None:
        return reading.refused
    return len({problem.line for problem in reading.problems if problem.severity == "refused"})


def _settled(reading: Reading, ledger: Ledger, shelf: Shelf | None) -> Reading:
    """Returns a reading of which no work adds twice beside what the ledger holds."""
    if not reading.copies:
        return reading
    told = tuple(reading.drafts if reading.told is None else reading.told)
    settled = settle(reading.copies, told, ledger.preview, shelf)
    drafts = tuple(found for found in settled.told if isinstance(found, Draft))
    kept = tuple(problem for problem in reading.problems if problem not in settled.withdrawn)
    return replace(
        reading, drafts=drafts, problems=(*kept, *settled.problems), told=settled.told, copies=()
    )


def _check_settings(importer: Importer, settings: Mapping[str, str]) -> None:
    """Refuses a setting that would otherwise be ignored in silence."""
    for name in settings:
        if name in importer.settings:
            continue
        known = sorted(importer.settings)
        near = difflib.get_close_matches(name, known, n=1)
        raise InputError(
            f"the importer {importer.name} has no setting {name!r}",
            where=f"--set {name}=…",
            why="a setting that is not read would change nothing without saying so",
            remedy=f"write --set {near[0]}=…"
            if near
            else "settings: " + ", ".join(known)
            if known
            else "leave it out: this importer has no settings",
        )


def _append(tally: _Tally, chunk: Chunk, reading: Reading, request: Request) -> None:
    """Appends one chunk of a file in one transaction and counts what became of it."""
    source, start, drafts, vanished = chunk
    if start == 0:
        tally.standing = standing_figures(drafts, request.shelf, source)
        if request.importer.name in STEPPED:
            tally.standing += done_before(reading.drafts, request.shelf, source)
    appended = tally.write(drafts, vanished=vanished)
    if appended.new:
        tally.problems.extend(tally.standing)
        tally.standing = ()
    tally.new += len(appended.new)
    tally.same += appended.same
    tally.superseded += len(appended.superseded)
    for conflict in appended.conflicts:
        index = start + conflict.draft_index
        line = reading.lines[index] if reading.lines is not None else None
        tally.tell_changed(source, line, conflict.seq)
    for seq in appended.refuted:
        tally.tell_changed(source, None, seq)
    if appended.withheld:
        tally.changed += appended.withheld
        tally.problems.append(withheld_problem(source, appended.withheld))
    tally.problems += excesses(
        drafts, reading.lines, (source, start), (reading.problems, tally.problems)
    )
    tally.held.add(drafts)


def _summary(tally: _Tally, catalogue: Catalogue) -> Imported:
    """Freezes the counts."""
    if tally.changed_told > CHANGED_MAX:
        tally.problems.append(more_changed(tally.changed_in, tally.changed_told - CHANGED_MAX))
    return Imported(
        files=tally.files,
        runs=tally.runs,
        new=tally.new,
        same=tally.same,
        changed=tally.changed,
        superseded=tally.superseded,
        refused=tally.refused,
        problems=tuple(tally.problems),
        held_device_us=tally.held.by_activity(),
        ceilings=tally.held.by_device(catalogue),
    )
