"""A step importer reads the logs of one training program; each program has its own lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from unicodedata import normalize

from ledger.hardware import Catalogue
from ledger.importers.source_file import claimed_files, opening
from ledger.importers.step_copies import corroborate
from ledger.importers.step_log import Format
from ledger.importers.step_reading import read_steps
from ledger.importers.step_settings import STEP_SETTINGS, StepSaid, read_step_settings
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["StepImporter", "joined", "run_name"]


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
        """The log, or each directory that holds some: its logs may be of one run."""
        if path.is_file():
            return (path,)
        noun = f"log of {self._how.program}"
        remedy = "give the log itself: its steps may stand far below its head"
        logs = claimed_files(path, self.claims, noun, remedy=remedy)
        return tuple(sorted({log.parent for log in logs}))

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads a log, or all logs of a directory: of one run when ``run`` names it."""
        said = read_step_settings(settings, catalogue)
        if not path.is_dir():
            return self.read_logs([path], said, catalogue)
        logs = sorted(self._logs(p for p in path.iterdir() if p.is_file()))
        return self.read_logs(logs, said, catalogue)

    def read_logs(self, logs: Sequence[Path], said: StepSaid, catalogue: Catalogue) -> Reading:
        """Reads logs: of one run when ``run`` names it, else of one run each."""
        if said.said.run is not None:
            return read_steps(self._how, said.said.run, logs, said, catalogue)
        readings = [read_steps(self._how, run_name(p), [p], said, catalogue) for p in logs]
        return joined(corroborate(readings, [str(log) for log in logs]))

    def _logs(self, paths: Iterator[Path] | Sequence[Path]) -> Iterator[Path]:
        """Yields the files that are such logs by their head."""
        return (path for path in paths if self.claims(read_head(path, HEAD_MAX), path))


def run_name(path: Path) -> str:
    """Return the name of a run by its log: without folder and endings."""
    name = path.name.removesuffix(".gz")
    for ending in (".log", ".txt", ".out"):
        name = name.removesuffix(ending)
    shown = "".join(c for c in name if c.isprintable()).strip()
    plain = normalize("NFC", shown)[:200].strip()
    return plain or "log"


def joined(readings: Sequence[Reading]) -> Reading:
    """Return several readings as one."""
    return Reading(
        tuple(draft for reading in readings for draft in reading.drafts),
        tuple(problem for reading in readings for problem in reading.problems),
        sum(reading.runs for reading in readings),
        refused=sum(
            1 for r in readings if any(problem.severity == "refused" for problem in r.problems)
        ),
    )
