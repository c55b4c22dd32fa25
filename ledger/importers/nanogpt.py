"""Nanogpt: what speed runs in the style of modded-nanogpt held, by their own timer.

The logs state the devices, a date without zone and the training time, and no operations. So the
time is exact as far as the timer goes, and operations stay unknown.
Page: ``schemas/source-nanogpt.v1.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import HardwareError, InputError, LedgerError, MissingError, Problem
from ledger.hardware import Catalogue, Device
from ledger.importers import held_time
from ledger.importers.line_stream import LineStream
from ledger.importers.nanogpt_log import SpeedRun, is_speed_run, read_speed_run
from ledger.importers.source_file import claimed_files, opening
from ledger.importers.step_names import run_name
from ledger.importers.step_settings import STEP_SETTINGS, StepSaid, read_step_settings
from ledger.importers.stored import HEAD_MAX, read_head
from ledger.journeys.importing import Reading
from ledger.period import Period
from ledger.record.draft import Draft, draft_of

__all__ = ["IMPORTER", "NanogptImporter"]

NAME = "nanogpt"
VERSION = "1"


class NanogptImporter:
    """Reads logs of speed runs; see `Importer`."""

    name = NAME
    version = VERSION
    settings = STEP_SETTINGS - {"version"}

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether the head has a line of a step, or a directory holds such logs."""
        if path.is_dir():
            return any(self._is_log(p) for p in path.rglob("*") if p.is_file())
        text = opening(head)
        return "train_time:" in text and any(is_speed_run(line) for line in text.splitlines())

    def files(self, path: Path) -> tuple[Path, ...]:
        """The log, or the logs below a directory."""
        remedy = "give the log itself: its steps may stand far below its head"
        return claimed_files(path, self.claims, "log of a speed run", remedy=remedy)

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one log."""
        said = read_step_settings(settings, catalogue)
        stream = LineStream(path)
        try:
            log = read_speed_run(stream.lines())
            drafts = tuple(_drafts(log, path, stream.sha256, said, catalogue))
        except LedgerError as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)
        return Reading(drafts, tuple(_problems(log, said, catalogue, str(path))), 1)

    def _is_log(self, path: Path) -> bool:
        """Whether a file is such a log by its head."""
        return self.claims(read_head(path, HEAD_MAX), path)


IMPORTER = NanogptImporter()


def _drafts(
    log: SpeedRun, path: Path, sha256: str, said: StepSaid, catalogue: Catalogue
) -> Iterator[Draft]:
    """Yield the time before the timer was set back, then the training."""
    if log.runs != 1:
        raise InputError(
            f"the file holds {log.runs} runs",
            why="each has its own time and devices",
            remedy="cut it, and give each run its own file",
        )
    run = said.said.run or run_name(path)
    start = _start(log, said)
    devices = _count(log, said)
    stated = _stated(log, said, catalogue, run)
    stated["evidence"] = {
        "source_kind": "framework",
        "file_sha256": sha256,
        "locator": f"lines {log.lines[0]}-{log.lines[1]}",
        "importer": NAME,
        "importer_version": VERSION,
    }
    activity = said.said.activity
    spans = (("startup", log.set_back_ms), (activity, log.busy_ms - log.set_back_ms))
    for number, (purpose, span) in enumerate(spans):
        if not span:
            continue
        bodies = _bodies({**stated, "activity": purpose}, start, span, devices, said)
        key = (NAME, run, ("startup", "training")[number])
        whole = held_time.whole(key, stated)
        for piece, body in enumerate(bodies):
            yield draft_of("allocation", body, key=(*key, str(piece)), whole=whole)
        start = None if start is None else start + timedelta(milliseconds=span)


def _bodies(
    stated: dict[str, JSON],
    start: datetime | None,
    span: int,
    devices: int | None,
    said: StepSaid,
) -> Iterator[dict[str, JSON]]:
    """Yield the records of a stretch of time."""
    milli = 1000 * (devices or 0)
    if start is None:
        body = held_time.undated(stated, str(said.said.not_after))
        held = milli * span
        body |= {"milli_devices": milli, "device_us": str(held)}
        bodies = [body | {"ceiling_operations": held_time.most(stated, held)}]
    else:
        period = Period(start, start + timedelta(milliseconds=span))
        bodies = list(held_time.dated(stated, period, milli))
    for body in bodies:
        if devices is None:
            body |= {"milli_devices": None, "device_us": None, "ceiling_operations": None}
        yield body


def _stated(log: SpeedRun, said: StepSaid, catalogue: Catalogue, run: str) -> dict[str, JSON]:
    """Return the fields that do not depend on the day."""
    asked = said.said
    device = _device(log, said, catalogue)
    fields: dict[str, JSON] = {"precision": asked.precision}
    if device is not None:
        fields = held_time.peak_fields(device, asked.precision, catalogue.digest)
    finished = "final" if log.steps >= log.total else "provisional"
    return {
        **fields,
        "run": run,
        "model": asked.model or run,
        "developer": asked.developer,
        "sparsity": asked.sparsity,
        "operation_kind": "float",
        "concurrent_devices": _count(log, said),
        "status": said.status or finished,
        "role": asked.role,
        "method_inputs": {
            "framework": "modded-nanogpt",
            "framework_version": f"PyTorch {log.version}" if log.version else "not stated",
            "last_step": log.steps,
            "planned_steps": log.total,
            "train_time_ms": log.busy_ms,
        },
    }


def _start(log: SpeedRun, said: StepSaid) -> datetime | None:
    """Return when the log was begun, or None if a day says when it was over."""
    if said.zoned and log.wall is not None:
        return said.clock.read(log.wall)[0]
    if said.said.not_after is None:
        raise MissingError(
            "the date of the log has no zone" if log.wall else "the log has no date",
            why="a day in one zone is two days in another",
            remedy="write --set zone=UTC, the zone of the machine's clock"
            if log.wall
            else "write --set not_after=2026-11-22, a day by whose end the run was over",
        )
    return None


def _count(log: SpeedRun, said: StepSaid) -> int | None:
    """Return how many devices the log lists, else what the caller said."""
    return sum(count for _, count in log.devices) or said.said.devices


def _device(log: SpeedRun, said: StepSaid, catalogue: Catalogue) -> Device | None:
    """Return the one kind of device of the log, else what the caller said."""
    if len(log.devices) == 1:
        try:
            return catalogue.find(log.devices[0][0])
        except HardwareError:
            return said.said.device
    return said.said.device


def _problems(log: SpeedRun, said: StepSaid, catalogue: Catalogue, path: str) -> Iterator[Problem]:
    """Yield what somebody must look at."""
    names = ", ".join(f"{count} × {name}" for name, count in log.devices) or "no device"
    found = (
        (
            _device(log, said, catalogue) is None,
            "device-unknown",
            f"the log lists {names}, of which the catalogue knows no single kind",
            "write --set device=…, or add the device to rules/hardware",
        ),
        (
            _count(log, said) is None,
            "no-devices",
            "the log does not say how many devices ran: time held stays unknown",
            "write --set devices=…",
        ),
        (
            log.steps < log.total,
            "not-finished",
            f"the log ends at step {log.steps} of {log.total}",
            "write --set status=final if the run was given up, and the activity it counts as",
        ),
        (
            said.said.activity == "unknown",
            "activity-unknown",
            "the log does not say what the run was for",
            "write --set activity=pretrain, or another activity",
        ),
    )
    for wrong, code, message, remedy in found:
        if wrong:
            yield Problem(path, log.lines[1], code, message, remedy, "finding")
    timer = "the timer leaves out warming up and validation: the devices were held longer"
    yield Problem(path, log.lines[1], "held-longer", timer, "", "note")
