"""A progress reading makes records of the jobs in a progress file of Megatron-LM."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import InputError, LedgerError, MissingError, Problem
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.line_stream import LineStream
from ledger.importers.megatron_lines import MEGATRON
from ledger.importers.megatron_progress import Job, Point, read_jobs
from ledger.importers.step_legs import step_whole
from ledger.importers.step_settings import StepSaid
from ledger.journeys.importing import Reading
from ledger.period import Period, from_epoch_ms
from ledger.record.draft import Draft, draft_of

__all__ = ["read_progress"]


def read_progress(run: str, path: Path, said: StepSaid, catalogue: Catalogue, role: str) -> Reading:
    """Read a progress file.

    Args:
        run: Name of the run.
        path: The file.
        said: What the caller said.
        catalogue: The devices.
        role: ``primary``, or ``corroborating`` beside logs of the same work.
    """
    stream = LineStream(path)
    try:
        jobs, broken = read_jobs(stream.lines(), said.clock)
        if not any(job.points for job in jobs):
            raise InputError(
                "the file has no checkpoint with operations",
                remedy="give the log of the training instead",
            )
        reader = _ProgressReader(run, stream, said, catalogue, role)
        drafts = tuple(reader.drafts(jobs))
    except MissingError as error:
        zone = MissingError(
            "the times of the file have no zone",
            where=str(path),
            why=error.why,
            remedy="say in which zone the machine's clock was: --set zone=UTC, or Europe/Berlin",
        )
        return Reading((), (held_time.refusal(str(path), zone),), 0)
    except LedgerError as error:
        return Reading((), (held_time.refusal(str(path), error),), 0)
    return Reading(drafts, tuple(_problems(jobs, broken, said, str(path))), 1)


class _ProgressReader:
    """Makes the records of one file."""

    def __init__(
        self, run: str, stream: LineStream, said: StepSaid, catalogue: Catalogue, role: str
    ) -> None:
        """Name what all records share."""
        self._run = run
        self._stream = stream
        self._said = said
        self._catalogue = catalogue
        self._role = role

    def drafts(self, jobs: list[Job]) -> Iterator[Draft]:
        """Yield the records: work that counts, then work that a later job did again."""
        alike: Counter[tuple[str, str]] = Counter()
        for job in jobs:
            place = (job.wall, job.name)
            key = (MEGATRON.name, self._run, "progress", *place, str(alike[place]))
            alike[place] += 1
            base, start = job.base, job.start
            for kind, points in (("training", job.points[: job.kept]), ("again", job.points)):
                if not points or points[-1] is base:
                    continue
                stated = self._stated(job, base, points[-1], kind)
                stated["status"] = self._status(final=job is not jobs[-1])
                whole = step_whole(key, stated["evidence"])
                for piece, body in enumerate(_bodies(stated, start, points[-1], job.devices)):
                    leg = (*key, kind, str(piece))
                    yield draft_of("allocation", body, key=leg, whole=whole)
                base, start = points[-1], None if start is None else points[-1].when

    def _stated(self, job: Job, base: Point, last: Point, kind: str) -> dict[str, JSON]:
        """Return the fields of the work between two checkpoints."""
        said = self._said.said
        fields: dict[str, JSON] = {"precision": said.precision}
        if said.device is not None:
            fields = held_time.peak_fields(said.device, said.precision, self._catalogue.digest)
        return {
            **fields,
            **_amounts(base, last),
            "run": self._run,
            "model": said.model or self._run,
            "developer": said.developer,
            "activity": "restart_waste" if kind == "again" else said.activity,
            "sparsity": said.sparsity,
            "operation_kind": "float",
            "milli_devices": 1000 * job.devices,
            "concurrent_devices": job.devices,
            "role": self._role,
            "method_inputs": {
                "first_checkpoint": base.at,
                "framework": MEGATRON.program,
                "framework_version": self._said.version or "not stated",
                "job": job.name or "not stated",
                "last_checkpoint": last.at,
            },
            "evidence": {
                "source_kind": "framework",
                "file_sha256": self._stream.sha256,
                "locator": f"lines {job.line}-{last.line}",
                "importer": MEGATRON.name,
                "importer_version": MEGATRON.version,
            },
        }

    def _status(self, *, final: bool) -> str:
        """Return the status of a job's records."""
        return self._said.status or ("final" if final else "provisional")


def _bodies(
    stated: dict[str, JSON], start: int | None, last: Point, devices: int
) -> Iterator[dict[str, JSON]]:
    """Yield the records of a stretch of work, dated if its start is known."""
    end = from_epoch_ms(last.when)
    if start is None or start >= last.when:
        yield held_time.undated(stated, end.date().isoformat())
        return
    if last.when - start > held_time.SPAN_MAX_MS:
        raise InputError(f"a job lasts more than ten years (line {last.line})")
    yield from held_time.dated(stated, Period(from_epoch_ms(start), end), 1000 * devices)


def _amounts(base: Point, last: Point) -> dict[str, JSON]:
    """Return the operations between two checkpoints, and how far rounding puts them off."""
    figure = last.figure.value - base.figure.value
    if figure < 0:
        return {}
    off = last.figure.half + base.figure.half
    return {
        "method": "framework_reported",
        "operations": str(figure),
        "operations_low": str(max(figure - off, 0)),
        "operations_high": str(figure + off),
    }


def _problems(jobs: list[Job], broken: list[int], said: StepSaid, path: str) -> Iterator[Problem]:
    """Yield what somebody must look at."""
    bare = [job for job in jobs if not job.points]
    lost = sum(len(job.points) - job.kept for job in jobs)
    down = [p for job in jobs for p in job.points[:1] if p.figure.value < job.base.figure.value]
    found = (
        (
            broken[:1],
            "broken-line",
            f"{len(broken):,} lines cannot be read",
            "compare with the file on the machine",
        ),
        (
            [job.line for job in bare[:1]],
            "no-checkpoint",
            f"{len(bare):,} jobs saved no checkpoint: their time is unknown and not recorded",
            "import their time from the scheduler",
        ),
        (
            [job.line for job in jobs if len(job.points) > job.kept][:1],
            "done-again",
            f"the work of {lost:,} checkpoints was done again: recorded as restart_waste",
            "nothing to do: regimes say whether it counts",
        ),
        (
            [point.line for point in down[:1]],
            "count-back",
            "operations are fewer than at the checkpoint before: they are not recorded",
            "find out whether the counter was set back",
        ),
        (
            [jobs[0].line] if said.said.activity == "unknown" else [],
            "activity-unknown",
            "the file does not say what the run was for",
            "write --set activity=pretrain, or another activity",
        ),
    )
    for lines, code, message, remedy in found:
        if lines:
            yield Problem(path, lines[0], code, message, remedy, "finding")
    tail = "the time after the last checkpoint of each job is not stated, and not recorded"
    yield Problem(path, None, "after-checkpoint", tail, "", "note")
