"""A Slurm export as a whole: what its records together say of what it leaves out."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from ledger.errors import InputError
from ledger.importers.mapping import Map
from ledger.importers.slurm_job import Job
from ledger.importers.slurm_tres import accelerators, others
from ledger.importers.stretch import Doubt, Nothing

__all__ = ["ExportDoubts"]

_PARTITIONS_MAX: Final = 200  # partitions that are told one by one
_TRACK: Final = "set AccountingStorageTRES=gres/gpu, and record the time until then by hand"


class ExportDoubts:
    """Counts what is odd about an export, record by record."""

    def __init__(self, mapping: Map | None) -> None:
        """Begin with nothing; a map that gives devices to a partition says that it has some."""
        rules = () if mapping is None else mapping.file.devices
        self._patterns = tuple(
            pattern
            for rule in rules
            for name, patterns in rule.where.items()
            if name.lower() == "partition"
            for pattern in patterns
            if pattern.strip("*")
        )
        self._holding = 0
        self._without: Counter[str] = Counter()
        self._asked = 0
        self._others: Counter[str] = Counter()
        self._records = array("q")
        self._restarted: dict[int, int] = {}

    def saw(self, cells: Mapping[str, str], found: Job | Nothing) -> None:
        """Count one record.

        Args:
            cells: Its columns.
            found: What it holds.
        """
        if isinstance(found, Job):
            self._holding += 1
        elif found.why == "no-devices":
            self._without[cells.get("partition", "")] += 1
            self._asked += _asks(cells.get("reqtres", ""))
        if not (isinstance(found, Nothing) and found.why in {"step", "not-started"}):
            self._others.update(others(cells.get("alloctres", "")))
        if "restarts" in cells and not (isinstance(found, Nothing) and found.why == "step"):
            self._count_restarts(cells)

    def told(self) -> tuple[Doubt, ...]:
        """Return what is odd about the export."""
        return (*self._told_without(), *self._told_others(), *self._told_restarts())

    def _told_others(self) -> list[Doubt]:
        """Return resources that may be devices, and that nothing is made of."""
        told = []
        for name, jobs in sorted(self._others.items())[:_PARTITIONS_MAX]:
            message = f"{jobs:,} jobs held {name[:80]}: whether that is a device nobody said, and "
            remedy = "if it is one, record its time with another source"
            told.append(Doubt("unknown-resource", f"{message}it is not recorded", remedy))
        return told

    def _count_restarts(self, cells: Mapping[str, str]) -> None:
        """Count a record of a job, and how often it says that the job began again."""
        job, restarts = hash((cells.get("cluster", ""), cells["jobid"])), cells["restarts"]
        self._records.append(job)
        if restarts.isascii() and restarts.isdigit() and len(restarts) <= 6 and int(restarts):  # noqa: PLR2004 - no job starts more often
            self._restarted[job] = max(int(restarts), self._restarted.get(job, 0))

    def _told_without(self) -> list[Doubt]:
        """Return where jobs list no accelerator although there are some."""
        total, told = self._without.total(), list[Doubt]()
        if total and not self._holding:
            message = f"none of the {total:,} jobs that started lists an accelerator: if the "
            message += "cluster has some, Slurm does not track them"
            return [Doubt("no-accelerators", message, _TRACK)]
        if self._asked:
            message = f"{self._asked:,} jobs asked for accelerators and AllocTRES lists none: they "
            told.append(Doubt("no-accelerators", f"{message}are not recorded", _TRACK))
        for name, jobs in self._without.most_common():
            if len(told) < _PARTITIONS_MAX and any(fnmatchcase(name, p) for p in self._patterns):
                message = f"{jobs:,} jobs of the partition {name[:80]!r} list no accelerator, and "
                message += "the map gives it devices: they are not recorded"
                told.append(Doubt("no-accelerators", message, _TRACK))
        return told

    def _told_restarts(self) -> list[Doubt]:
        """Return how many earlier runs of jobs that began again are not in the export."""
        if not self._restarted:
            return []
        seen = Counter(job for job in self._records if job in self._restarted)
        lacking = {job: n + 1 - seen[job] for job, n in self._restarted.items() if n >= seen[job]}
        if not lacking:
            return []
        message = f"{len(lacking):,} jobs began again, and {sum(lacking.values()):,} of their "
        message += "earlier runs are not in the file: what those held is not recorded"
        remedy = "export with --duplicates, from before the first of them"
        return [Doubt("earlier-runs", message, remedy)]


def _asks(tres: str) -> bool:
    """Return whether accelerators were asked for."""
    try:
        return bool(accelerators(tres)[0])
    except InputError:
        return False
