"""Megatron: the operations that Megatron-LM and NeMo report of their iterations.

Page: ``schemas/source-megatron.v1.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ledger.hardware import Catalogue
from ledger.importers.megatron_lines import MEGATRON, is_iteration
from ledger.importers.megatron_progress import is_progress
from ledger.importers.progress_reading import read_progress
from ledger.importers.source_file import opening
from ledger.importers.step_copies import corroborated, same_time
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
        readings = [super().read_logs(lines, said, catalogue)] if lines else []
        beside = {log.parent for log in lines}
        for path in progress:
            told = path.parent in beside or (lines and said.said.run is not None)
            role = "corroborating" if told else said.said.role
            run = said.said.run or path.resolve().parent.name or run_name(path)
            reading = read_progress(run, path, said, catalogue, role)
            if lines and role == "primary" and same_time(reading, readings[0]):
                reading = corroborated(reading, str(path), "logs that are read with it")
            readings.append(reading)
        return joined(readings)


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
