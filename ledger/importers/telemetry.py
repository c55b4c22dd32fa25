"""Telemetry: one run seen four ways, of which the counted operations are the record that counts.

A folder holds ``run_<id>.json``, ``telemetry_<id>.csv`` and ``trainer_state_<id>.json``. The
operations counted by operator shape are primary; 6·N·D, the trainer's ``total_flos`` and the
activity of the matrix pipe corroborate them and never add.
Page: ``schemas/source-telemetry.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import get_args

from ledger.canonical import JSON
from ledger.errors import HardwareError, InputError, MissingError, Problem
from ledger.estimate import ceiling
from ledger.hardware import Catalogue, Device
from ledger.importers import held_time, telemetry_figures
from ledger.importers.json_text import line_of
from ledger.importers.line_error import LineError
from ledger.importers.source_file import (
    SourceFile,
    find_files,
    opening,
    read_object,
    read_source,
)
from ledger.importers.telemetry_figures import Figure
from ledger.importers.telemetry_lone import lone_file, lone_files
from ledger.importers.telemetry_run import FactError, RunFacts, disagreements, read_facts
from ledger.journeys.importing import Reading
from ledger.methods.bound import Excess, excess_problem
from ledger.period import epoch_ms
from ledger.record import Draft, draft_of, fields

__all__ = ["ACTIVITIES", "IMPORTER", "TelemetryImporter"]

NAME = "telemetry"
VERSION = "1"

_RUN = re.compile(r"run_(?P<id>.+)\.json")
_CLOCK = re.compile(r"[1-9][0-9]{1,4}", re.ASCII)

ACTIVITIES: Mapping[str, str] = {
    "pretrain": "pretrain",
    "continue": "continued_pretrain",
    "lora": "sft",
    "sft": "sft",
}
"""Activity by the first word of the run id; ``--set activity=`` says it for all others."""


class TelemetryImporter:
    """Reads runs with their counters; see `Importer`."""

    name = NAME
    version = VERSION
    settings = frozenset({"activity", "developer", "model", "peak_clock_mhz"})

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether these are run facts with counted operations, or a folder with some."""
        if path.is_dir():
            return any(_has_counts(found) for found in path.rglob("run_*.json*"))
        named = _RUN.fullmatch(path.name.removesuffix(".gz"))
        return named is not None and '"flop_counted"' in opening(head)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The run facts below a path, sorted, and then the telemetry that belongs to none."""
        runs = find_files(path, lambda name: bool(_RUN.fullmatch(name)), "run_<id>.json")
        return (*runs, *lone_files(path))

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one run with the files beside it."""
        activity, clock = _activity_setting(settings), _clock_setting(settings)
        if (left_over := lone_file(path)) is not None:
            return Reading((), (left_over,), 0)
        try:
            source = read_source(path)
            facts = _facts(source)
            device = catalogue.find(facts.gpu)
        except (InputError, HardwareError, MissingError) as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)
        word = activity or ACTIVITIES.get(facts.run_id.partition("-")[0], "unknown")
        problems = [*disagreements(facts, str(path)), *_doubts(facts, device, word, str(path))]
        figures = (
            telemetry_figures.counted(facts, source),
            telemetry_figures.six_nd(facts, source),
            *telemetry_figures.trainer(facts, source, problems),
            *telemetry_figures.measured(facts, device, clock, path, problems),
        )
        run: dict[str, JSON] = {
            "run": facts.run_id,
            "model": settings.get("model", facts.run_id),
            "developer": settings.get("developer"),
            "activity": word,
            **held_time.peak_fields(device, facts.precision, catalogue.digest),
            "sparsity": facts.sparsity,
            "operation_kind": _operation_kind(facts.precision),
            "concurrent_devices": facts.gpus,
        }
        try:
            return Reading(tuple(_drafts(facts, run, figures)), tuple(problems), 1)
        except InputError as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)


IMPORTER = TelemetryImporter()


def _facts(source: SourceFile) -> RunFacts:
    """Return the facts in a file; an error names the line of the fact."""
    try:
        return read_facts(read_object(source))
    except FactError as error:
        line = line_of(source.text, error.name)
        raise LineError(error.message, line, why=error.why, remedy=error.remedy) from error


def _drafts(facts: RunFacts, run: Mapping[str, JSON], figures: Sequence[Figure]) -> Iterator[Draft]:
    """Yield the legs of each figure, the primary one first."""
    identity = (NAME, facts.run_id, str(epoch_ms(facts.period.start)))
    for figure in figures:
        place = held_time.evidence(figure.kind, figure.source, figure.locator, (NAME, VERSION))
        stated = {**run, **figure.fields, "evidence": place}
        key = (*identity, figure.series)
        whole = held_time.whole(key, stated)
        for piece, body in enumerate(held_time.dated(stated, facts.period, 1000 * facts.gpus)):
            yield draft_of("allocation", body, key=(*key, str(piece)), whole=whole)


def _operation_kind(precision: str) -> str:
    """Return whether operands of that format are floating-point or integer."""
    if precision == "unknown":
        return "unknown"
    return "integer" if precision.startswith("int") else "float"


def _doubts(facts: RunFacts, device: Device, activity: str, source: str) -> Iterator[Problem]:
    """Yield what the run leaves open or cannot have done."""
    if activity == "unknown":
        yield Problem(
            source,
            None,
            "activity-unknown",
            f"the run id {facts.run_id!r} does not say what the run was for",
            "write --set activity=pretrain, or another activity",
            "finding",
            "regimes count some activities and leave others out",
        )
    if facts.precision == "unknown":
        yield Problem(
            source,
            None,
            "precision-unknown",
            "the precision is not a format that records name",
            f"write one of: {', '.join(get_args(fields.Precision))}",
            "finding",
            "without the operand format there is no ceiling",
        )
    peak = device.peak(facts.precision)
    held_us = 1000 * facts.gpus * facts.period.milliseconds
    if peak is not None and facts.counted * 10**6 > held_us * peak:
        what = f"{facts.precision} on {device.id}"
        yield excess_problem(source, None, Excess(facts.counted, ceiling(held_us, peak), what))


def _activity_setting(settings: Mapping[str, str]) -> str | None:
    """Return the activity that the caller states, or None.

    Raises:
        InputError: It is not an activity.
    """
    activity = settings.get("activity")
    known = get_args(fields.Activity)
    if activity is not None and activity not in known:
        raise InputError(
            f"{activity!r} is not an activity",
            where="--set activity=…",
            remedy="use: " + ", ".join(known),
        )
    return activity


def _clock_setting(settings: Mapping[str, str]) -> int | None:
    """Return the clock at which the peak holds, if the caller states it.

    Raises:
        InputError: It is not a whole number of MHz.
    """
    clock = settings.get("peak_clock_mhz")
    if clock is not None and not _CLOCK.fullmatch(clock):
        raise InputError(
            f"{clock!r} is not a clock",
            where="--set peak_clock_mhz=…",
            remedy="write whole megahertz, as in 1830",
        )
    return None if clock is None else int(clock)


def _has_counts(path: Path) -> bool:
    """Return whether a file of that name starts like run facts with counted operations."""
    with path.open("rb") as stream:
        return TelemetryImporter().claims(stream.read(65_536), path)
