"""A Slurm reading goes over an export job by job: once to check it, and again for its records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError, Problem
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Given, GivenDevice, Map
from ledger.importers.problem_list import ProblemList
from ledger.importers.slurm_job import NEEDED, Job, Nothing, read_job
from ledger.importers.slurm_json import json_records
from ledger.importers.slurm_table import Header, Misfit, Record, header_of, records
from ledger.importers.slurm_time import Clock
from ledger.importers.slurm_tres import is_slice
from ledger.journeys.importing import Reading
from ledger.record import Draft, draft_of

__all__ = ["EXPORT", "NAME", "VERSION", "Said", "SlurmReader"]

NAME: Final = "slurm"
VERSION: Final = "1"
EXPORT: Final = (
    "TZ=UTC sacct --allusers --parsable2 --allocations --duplicates --format jobid,jobidraw,"
    "cluster,partition,account,user,submit,start,end,elapsedraw,suspended,state,alloctres,jobname"
)
_GROUPS_MAX: Final = 200  # kinds of unmapped rows that are told one by one
_HELD: Final = {
    "step": "steps (the line of their job holds their time)",
    "not-started": "never started",
    "no-time": "held devices for no time",
    "no-devices": "without accelerators",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller says of an export."""

    clock: Clock
    cluster: str
    model: str | None
    window: str
    role: str

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Said:
        """Read the settings."""
        role = settings.get("role", "primary")
        if role not in {"primary", "corroborating"}:
            raise InputError(
                f"{role!r} is no role", where="--set role=…", remedy="primary or corroborating"
            )
        return cls(
            Clock(settings.get("zone")),
            settings.get("cluster", ""),
            settings.get("model"),
            settings.get("window", ""),
            role,
        )


class _Unmapped:
    """Rows that no rule of the map is about."""

    def __init__(self, line: int) -> None:
        """Begin with the line of the first."""
        self.line = line
        self.rows = 0
        self.device_us = 0


class _Counts:
    """What a pass counts."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.jobs = 0
        self.nothing = Counter[str]()
        self.runs = set[int]()
        self.unmapped: dict[tuple[tuple[str, str], ...], _Unmapped] = {}
        self.types = set[str]()


class SlurmReader:
    """Reads one export: once to check it, and again each time its records are asked for."""

    def __init__(
        self, stream: LineStream, said: Said, catalogue: Catalogue, mapping: Map | None
    ) -> None:
        """Name what is read, and how."""
        self._stream = stream
        self._said = said
        self._catalogue = catalogue
        self._map = mapping
        self._path = str(stream.path)
        self._counts = _Counts()
        self._problems = ProblemList(self._path)

    def reading(self) -> Reading:
        """Check the file whole, and promise its records."""
        try:
            for job in self._jobs(self._problems):
                if isinstance(job, Nothing):
                    self._counts.nothing[job.why] += 1
                else:
                    self._check(job)
        except LedgerError as error:
            self._problems.add(held_time.refusal(self._path, error))
            return Reading((), self._problems.all(), 0, refused=self._problems.refused)
        self._tell()
        problems = self._problems
        runs = len(self._counts.runs)
        return Reading(_Drafts(self), problems.all(), runs, refused=problems.refused)

    def drafts(self) -> Iterator[Draft]:
        """Yield the records of every job that a model is known for."""
        for job in self._jobs(None):
            if isinstance(job, Job) and (given := self._given(job)) is not None:
                yield from self._legs(job, given)

    def _jobs(self, problems: ProblemList | None) -> Iterator[Job | Nothing]:
        """Yield every record as a job, telling what cannot be read on the first pass."""
        for record in self._records():
            try:
                yield self._job(record)
            except InputError as error:
                if problems is not None:
                    problems.add(held_time.refusal(self._path, error, record.line))

    def _job(self, record: Record | Misfit) -> Job | Nothing:
        """Read one record."""
        if isinstance(record, Misfit):
            raise InputError(
                f"the record has {record.cells} cells, the header {record.wanted}",
                why="a job name may hold the delimiter or a line end",
                remedy="export with --delimiter set to a sign that no name holds",
            )
        return read_job(record, self._said.clock, self._said.cluster)

    def _records(self) -> Iterator[Record | Misfit]:
        """Yield the records of a table or of JSON."""
        lines = self._stream.lines()
        first = next(lines, b"")
        whole = chain([first], lines)
        if first.lstrip().startswith(b"{"):
            yield from json_records(whole)
            return
        header = header_of(first.decode("utf-8", errors="replace"))
        if header is None:
            raise InputError("the first line is no header of sacct", remedy=f"write it: {EXPORT}")
        yield from records(whole, self._renamed(header))

    def _renamed(self, header: Header) -> Header:
        """Return a header under our names, with every column that is needed."""
        theirs = {} if self._map is None else self._map.file.columns
        ours = {name.lower(): our for name, our in theirs.items()}
        names = tuple(ours.get(name, name) for name in header.names)
        missing = [name for name in NEEDED if name not in names]
        if missing:
            raise InputError(
                f"the export lacks {', '.join(missing)}",
                why="without them nobody can tell what a job held",
                remedy=f"write it: {EXPORT}",
            )
        return replace(header, names=names)

    def _check(self, job: Job) -> None:
        """Count a job and tell what is odd about it."""
        counts = self._counts
        counts.jobs += 1
        for code, message, remedy in job.doubts:
            self._finding(job.line, code, message, remedy)
        try:
            given = self._given(job)
            if given is None:
                self._count_unmapped(job)
                return
            for leg in self._legs(job, given):
                counts.runs.add(hash(leg.body["run"]))
        except InputError as error:
            self._problems.add(held_time.refusal(self._path, error, job.line))

    def _given(self, job: Job) -> Given | None:
        """Return what a job is recorded as, or None if nobody said which model it served."""
        found = None if self._map is None else self._map.row(job.cells)
        if found is None and self._said.model is not None:
            return Given(model=self._said.model)
        return found

    def _legs(self, job: Job, given: Given) -> Iterator[Draft]:
        """Yield the records of a job: one for each type of device and UTC day."""
        stated: dict[str, JSON] = {
            "run": given.run or "/".join(part for part in (job.cluster, job.id) if part),
            "model": given.model,
            "developer": given.developer,
            "activity": given.activity,
            "precision": given.precision,
            "sparsity": given.sparsity,
            "operation_kind": given.operation_kind,
            "status": "provisional" if job.running else "final",
            "role": self._said.role,
            "concurrent_devices": sum(held.count for held in job.held),
            "method_inputs": {"job": job.id, "state": job.state},
            "evidence": {
                "source_kind": "scheduler",
                "file_sha256": self._stream.sha256,
                "locator": f"line {job.line}",
                "importer": NAME,
                "importer_version": VERSION,
            },
        }
        key = (NAME, *job.key(self._said.window))
        for held in job.held:
            device = self._device(job, held.type)
            fields, milli = self._held(held.type, device, given.precision)
            body = {**stated, **fields}
            pieces = held_time.dated(body, job.period, held.count * (milli or 0))
            for piece, leg in enumerate(pieces):
                if milli is None:
                    leg |= {"milli_devices": None, "device_us": None, "ceiling_operations": None}
                place = (*key, held.type, str(piece))
                yield draft_of("allocation", leg, hidden=_hidden(job), key=place)

    def _device(self, job: Job, kind: str) -> GivenDevice | None:
        """Return what the map says of a type of device."""
        if self._map is None:
            return None
        words = {name: job.cells.get(name, "") for name in self._map.asked} | {"type": kind}
        found = self._map.device(tuple(sorted(words.items())))
        assert found is None or isinstance(found, GivenDevice)
        return found

    def _held(
        self, kind: str, device: GivenDevice | None, precision: str
    ) -> tuple[dict[str, JSON], int | None]:
        """Return the fields of a device, and how many thousandths of one each unit is."""
        if device is None:
            self._counts.types.add(kind)
            return {}, None if is_slice(kind) else 1000
        fields = device.fabric()
        if device.device is not None:
            part = self._catalogue.find(device.device)
            fields |= held_time.peak_fields(part, precision, self._catalogue.digest)
        return fields, device.milli_devices

    def _count_unmapped(self, job: Job) -> None:
        """Count a job of which nobody said which model it served."""
        asked = () if self._map is None else self._map.asked_of_rows
        asked = asked or ("account", "partition")
        words = tuple((name, job.cells.get(name, "")) for name in asked)
        group = self._counts.unmapped.setdefault(words, _Unmapped(line=job.line))
        group.rows += 1
        group.device_us += sum(h.count for h in job.held) * 1000 * job.period.milliseconds

    def _tell(self) -> None:
        """Tell what was counted."""
        counts, total = self._counts, self._counts.unmapped
        largest = sorted(total.items(), key=lambda item: -item[1].device_us)
        for words, group in largest[:_GROUPS_MAX]:
            where = ", ".join(f"{name} {word or 'empty'}" for name, word in words)
            self._finding(
                group.line,
                "unmapped",
                f"{group.rows:,} jobs with {where} hold {_hours(group.device_us)} device-hours and "
                "are of no model: they were not recorded",
                "say which with --map FILE, or --set model=NAME for all of them",
            )
        if len(total) > _GROUPS_MAX:
            rest = sum(group.device_us for group in total.values())
            message = f"{len(total):,} kinds of jobs are of no model, {_hours(rest)} device-hours"
            self._finding(None, "unmapped", message, "say which with --map FILE")
        for kind in sorted(counts.types):
            what = f"the type {kind!r}" if kind else "devices without a type"
            message = f"{what} names no device of the catalogue"
            if is_slice(kind):
                message = f"the slice {kind!r} is a part of a device: how much of one is not known"
            self._finding(None, "unmapped-device", message, "add devices: to the map")
        parts = [f"jobs with accelerators: {counts.jobs:,}"]
        parts += [f"{_HELD[why]}: {number:,}" for why, number in sorted(counts.nothing.items())]
        read = "; ".join(parts)
        self._problems.add(Problem(self._path, None, "read", read, "", severity="note"))

    def _finding(self, line: int | None, code: str, message: str, remedy: str) -> None:
        """Tell something that somebody must look at."""
        self._problems.add(Problem(self._path, line, code, message, remedy, severity="finding"))


class _Drafts:
    """The records of an export, built while they are read."""

    def __init__(self, reader: SlurmReader) -> None:
        self._reader = reader

    def __iter__(self) -> Iterator[Draft]:
        return self._reader.drafts()


def _hidden(job: Job) -> dict[str, str]:
    """Return what a job says in confidence."""
    said = {"run_name": "jobname", "cluster": "cluster", "cost_centre": "account"}
    return {ours: value for ours, name in said.items() if (value := _plain(job.cells.get(name)))}


def _plain(text: str | None) -> str:
    """Return a text as it can stand in a record, shortened."""
    return "".join(c if c.isprintable() else " " for c in text or "")[:200].strip()


def _hours(device_us: int) -> str:
    """Return device-hours, rounded down."""
    return f"{device_us // 3_600_000_000:,}"
