"""A Slurm reading goes over an export of sacct and yields what each of its jobs held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from ledger.errors import InputError
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Map
from ledger.importers.slurm_export import ExportDoubts
from ledger.importers.slurm_job import NEEDED, Job, read_job
from ledger.importers.slurm_json import json_records
from ledger.importers.slurm_table import Header, Misfit, Record, header_of, records
from ledger.importers.slurm_time import Clock
from ledger.importers.slurm_tres import is_slice
from ledger.importers.stretch import (
    SLOTS,
    WHOLE,
    Doubt,
    Nothing,
    Refusal,
    Stretch,
    Units,
    plain_text,
)

__all__ = ["EXPORT", "NAME", "VERSION", "Said", "SlurmSource"]

NAME: Final = "slurm"
VERSION: Final = "4"
EXPORT: Final = (
    "TZ=UTC sacct --allusers --parsable2 --allocations --duplicates --starttime 2026-01-01 "
    "--endtime now --format jobid,jobidraw,cluster,partition,account,user,jobname,submit,start,"
    "end,elapsedraw,suspended,state,reqtres,alloctres"
)


@dataclass(frozen=True, slots=True)
class Said:
    """What the caller says of an export.

    Attributes:
        clock: Reads its times.
        cluster: Name of the cluster where the export has none.
        window: The query of an export that was cut to it.
    """

    clock: Clock
    cluster: str
    window: str

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Said:
        """Read the settings."""
        return cls(
            Clock(settings.get("zone")), settings.get("cluster", ""), settings.get("window", "")
        )


class SlurmSource:
    """One export of sacct; see `ledger.importers.held_reading.Source`."""

    name = NAME
    version = VERSION
    noun = "jobs"
    told_by = ("account", "partition")
    nothings: Mapping[str, str] = {
        "step": "steps (the line of their job holds their time)",
        "not-started": "never started",
        "no-time": "held devices for no time",
        "no-devices": "without accelerators",
    }

    def __init__(self, stream: LineStream, said: Said, mapping: Map | None) -> None:
        """Name what is read, and how."""
        self._stream = stream
        self._said = said
        self._map = mapping
        self._whole = ExportDoubts(mapping)

    def stretches(self) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what every job held."""
        self._whole = ExportDoubts(self._map)
        for record in self._records():
            try:
                job = self._job(record)
            except InputError as error:
                yield Refusal(record.line, error)
                continue
            if isinstance(record, Record):
                self._whole.saw(record.cells, job)
            if isinstance(job, Nothing):
                yield replace(job, key=(*job.key, self._said.window)) if job.key else job
            else:
                yield _stretch(job, self._said.window)

    def doubts(self) -> tuple[Doubt, ...]:
        """Return what is odd about the export as a whole."""
        return self._whole.told()

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


def _stretch(job: Job, window: str) -> Stretch:
    """Return what a job held, and when."""
    said = {"run_name": "jobname", "cluster": "cluster", "cost_centre": "account"}
    return Stretch(
        line=job.line,
        locator=f"line {job.line}",
        cells=job.cells,
        run="/".join(part for part in (job.cluster, job.id) if part),
        key=job.key(window),
        places=SLOTS,
        units=tuple(
            # A type is told otherwise from one export to the next: it is no part of a key.
            Units(
                held.type,
                held.count,
                None if held.part or is_slice(held.type) else WHOLE,
                name=place,
            )
            for place, held in zip(SLOTS, job.held, strict=False)
        ),
        period=job.period,
        running=job.running,
        concurrent=sum(held.count for held in job.held),
        inputs={"job": job.id, "state": job.state},
        hidden={ours: v for ours, name in said.items() if (v := plain_text(job.cells.get(name)))},
        doubts=job.doubts,
    )
