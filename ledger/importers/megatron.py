"""Megatron: the operations that Megatron-LM and NeMo report of their iterations.

Page: ``schemas/source-megatron.v1.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ledger.hardware import Catalogue
from ledger.importers.megatron_lines import MEGATRON, is_iteration
from ledger.importers.megatron_progress import is_progress
from ledger.importers.progress_copies import BESIDE, ONE_RUN, beside, judged
from ledger.importers.progress_reading import read_progress
from ledger.importers.source_file import opening
from ledger.importers.step_copies import adds
from ledger.importers.step_importer import StepImporter, joined
from ledger.importers.step_names import run_name
from ledger.importers.step_settings import StepSaid
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "MegatronImporter"]

_SETUP = "using world size: "
_MARKS = ("elapsed time per iteration (", "train_step_timing in s:", "\t# GPUs: ", _SETUP)


class MegatronImporter(StepImporter):
    """Reads logs and progress files; see `Importer`."""

    def __init__(self) -> None:
        """Read lines of iterations and of progress."""
        super().__init__(MEGATRON, _is_line, _MARKS)

    def read_logs(self, logs: Sequence[Path], said: StepSaid, catalogue: Catalogue) -> Reading:
        """Reads logs, and progress files: they corroborate logs of the same work."""
        progress = [log for log in logs if _is_progress_file(log)]
        lines = [log for log in logs if log not in progress]
        readings = self.read_each(lines, said, catalogue) if lines else []
        # Of a run that is named there is one reading, and the first of its logs names that.
        told = list(zip(lines, readings, strict=said.said.run is None))
        files = [_read_progress(path, told, said, catalogue) for path in progress]
        return joined([*readings, *files])


def _read_progress(
    path: Path, logs: Sequence[tuple[Path, Reading]], said: StepSaid, catalogue: Catalogue
) -> Reading:
    """Reads a progress file: beside a log, or in its run, it never adds."""
    run = said.said.run or path.resolve().parent.name or run_name(path)
    named = [(str(log), reading) for log, reading in logs]
    near = [(str(log), reading) for log, reading in logs if log.parent == path.parent]
    same = named if said.said.run is not None else near
    role = "corroborating" if same else said.said.role
    reading = read_progress(run, path, said, catalogue, role)
    if same:
        return beside(reading, str(path), same, BESIDE if said.said.run is None else ONE_RUN)
    return judged(reading, str(path), named) if adds(reading) else reading


def _is_line(text: str) -> bool:
    """Return whether a line is of these programs: settings may fill a head before any iteration."""
    setup = _SETUP in text and "data-parallel size: " in text
    return setup or is_iteration(text) or is_progress(text)


def _is_progress_file(path: Path) -> bool:
    """Return whether a file is a progress file by its first line that can be told."""
    for line in opening(read_head(path, HEAD_MAX)).splitlines():
        if is_iteration(line):
            return False
        if is_progress(line):
            return True
    return False


IMPORTER = MegatronImporter()
