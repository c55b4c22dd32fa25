"""A step importer reads the logs of one training program; each program has its own lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ledger.errors import Problem
from ledger.hardware import Catalogue
from ledger.importers.source_file import claimed_files, opening
from ledger.importers.step_copies import corroborate
from ledger.importers.step_log import Format
from ledger.importers.step_names import run_name, run_names
from ledger.importers.step_reading import read_steps
from ledger.importers.step_settings import STEP_SETTINGS, StepSaid, read_step_settings
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["StepImporter", "joined"]


class StepImporter:
    """Reads step logs; see `Importer`."""

    settings = STEP_SETTINGS

    def __init__(self, how: Format, is_step: Callable[[str], bool], marks: tuple[str, ...]) -> None:
        """Read the lines of one program.

        Args:
            how: The program.
            is_step: Whether a line is about a step of it and of no other program.
            marks: Words of which every such line holds one.
        """
        self.name = how.name
        self.version = how.version
        self._how = how
        self._is_step = is_step
        self._marks = marks

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the head has a line about a step, or a directory holds such logs."""
        if path.is_dir():
            return any(True for _ in self._logs(p for p in path.rglob("*") if p.is_file()))
        text = opening(head)
        if not any(mark in text for mark in self._marks):
            return False
        return any(self._is_step(line) for line in text.splitlines())

    def files(self, path: Path) -> tuple[Path, ...]:
        """The path itself: logs anywhere in a directory may be of one run."""
        if path.is_file():
            return (path,)
        noun = f"log of {self._how.program}"
        remedy = "give the log itself: its steps may stand far below its head"
        claimed_files(path, self.claims, noun, remedy=remedy)
        return (path,)

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads a log, or all logs below a directory: of one run when ``run`` names it."""
        said = read_step_settings(settings, catalogue)
        if not path.is_dir():
            return self.read_logs([path], said, catalogue)
        logs = sorted(self._logs(p for p in path.rglob("*") if p.is_file()))
        return self.read_logs(logs, said, catalogue)

    def read_logs(self, logs: Sequence[Path], said: StepSaid, catalogue: Catalogue) -> Reading:
        """Reads logs as one reading."""
        return joined(self.read_each(logs, said, catalogue))

    def read_each(
        self, logs: Sequence[Path], said: StepSaid, catalogue: Catalogue
    ) -> list[Reading]:
        """Reads logs: all as one run when ``run`` names it, else each as a run of its own."""
        if said.said.run is not None:
            return [read_steps(self._how, said.said.run, logs, said, catalogue)]
        names = run_names(logs)
        readings = [
            _named(read_steps(self._how, name, [log], said, catalogue), name, log)
            for name, log in zip(names, logs, strict=True)
        ]
        return corroborate(readings, [str(log) for log in logs])

    def _logs(self, paths: Iterator[Path] | Sequence[Path]) -> Iterator[Path]:
        """Yields the files that are such logs by their head."""
        return (path for path in paths if self.claims(read_head(path, HEAD_MAX), path))


def _named(reading: Reading, name: str, log: Path) -> Reading:
    """Returns a reading, with a note if its run has the name of a folder."""
    if not reading.drafts or name == run_name(log):
        return reading
    message = f"no run is named, and other logs are called so: its run is {name!r}"
    told = Problem(str(log), None, "run-name", message, "", severity="note")
    return replace(reading, problems=(*reading.problems, told))


def joined(readings: Sequence[Reading]) -> Reading:
    """Return several readings as one."""
    return Reading(
        tuple(draft for reading in readings for draft in reading.drafts),
        tuple(problem for reading in readings for problem in reading.problems),
        sum(reading.runs for reading in readings),
        refused=sum(
            1 for r in readings if any(problem.severity == "refused" for problem in r.problems)
        ),
        told=tuple(
            found
            for reading in readings
            for found in (reading.drafts if reading.told is None else reading.told)
        ),
        copies=tuple(group for reading in readings for group in reading.copies),
    )
