"""MLPerf: training benchmark logs, with start-up and training as separate legs of time held.

A result tree holds ``results/<submitter>/<system>/<benchmark>/result_N.txt`` and
``systems/<submitter>/<system>.json``. The logs state exact times and no operations and no
precision, so the time held is exact, and operations and ceiling stay unknown.
Page: ``schemas/source-mlperf.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import InputError, MissingError
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.mlperf_findings import findings
from ledger.importers.mlperf_run import Run, bounds, load_run
from ledger.importers.source_file import (
    find_files,
    opening,
)
from ledger.journeys.importing import Reading
from ledger.period import Period, from_epoch_ms
from ledger.record.draft import Draft, draft_of

__all__ = ["ACTIVITIES", "IMPORTER", "MlperfImporter"]

NAME = "mlperf"
VERSION = "1"

_RESULT = re.compile(r"result_[0-9]+\.txt")

ACTIVITIES: Mapping[str, str] = {
    "bert": "pretrain",
    "dlrm_dcnv2": "pretrain",
    "flux1": "pretrain",
    "gnn": "pretrain",
    "gpt3": "pretrain",
    "llama2_70b_lora": "sft",
    "llama31_405b": "pretrain",
    "llama31_8b": "pretrain",
    "maskrcnn": "pretrain",
    "resnet": "pretrain",
    "retinanet": "pretrain",
    "rgat": "pretrain",
    "rnnt": "pretrain",
    "ssd": "pretrain",
    "stable_diffusion": "pretrain",
    "unet3d": "pretrain",
}
"""What each benchmark of MLPerf Training does; the one with LoRA fine-tunes a finished model."""


class MlperfImporter:
    """Reads the results and systems of MLPerf Training rounds; see `Importer`."""

    name = NAME
    version = VERSION
    settings = frozenset({"developer", "model", "published"})

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether this is a result log, or a folder that holds some below ``results``."""
        if path.is_dir():
            return any("results" in p.parts for p in path.rglob("result_*.txt*"))
        return ":::MLLOG " in opening(head) or bool(
            _RESULT.fullmatch(path.name.removesuffix(".gz"))
        )

    def files(self, path: Path) -> tuple[Path, ...]:
        """The result logs below a path, sorted."""
        return find_files(path, lambda name: bool(_RESULT.fullmatch(name)), "MLPerf result logs")

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one result log with the description of its system."""
        published = held_time.day_setting(settings, "published")
        try:
            run = load_run(path, settings, catalogue, published)
        except (InputError, MissingError) as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)
        problems = tuple(findings(run, str(path)))
        if held_time.refused(problems):
            return Reading((), problems, 0)
        try:
            return Reading(tuple(_drafts(run)), problems, 1)
        except InputError as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)


IMPORTER = MlperfImporter()


def _drafts(run: Run) -> Iterator[Draft]:
    """Yield start-up legs, then training legs, each cut at UTC midnight."""
    log = run.log
    closed = {name for name, _, _ in bounds(log)}
    for name, first, last in bounds(log):
        period = Period(from_epoch_ms(first.time_ms), from_epoch_ms(last.time_ms))
        stated = _stated(run, name, f"lines {first.line}-{last.line}")
        milli_devices = 1000 * run.system.accelerators
        key = (*_identity(run), name)
        whole = held_time.whole(key, stated)
        for piece, body in enumerate(held_time.dated(stated, period, milli_devices)):
            yield draft_of("allocation", body, key=(*key, str(piece)), whole=whole)
    for name, mark in (("startup", log.init_start), ("training", log.run_start)):
        if name in closed or mark is None:
            continue
        assert run.not_after is not None, "an open end without a bound is refused before"
        stated = _stated(run, name, f"line {mark.line}", {"start_epoch_ms": mark.time_ms})
        stated["milli_devices"] = 1000 * run.system.accelerators
        body = held_time.undated(stated, run.not_after)
        key = (*_identity(run), name)
        yield draft_of("allocation", body, key=(*key, "0"), whole=held_time.whole(key, stated))


def _stated(
    run: Run, name: str, lines: str, more: Mapping[str, int] | None = None
) -> dict[str, JSON]:
    """Return the fields of one leg that do not depend on the day."""
    failed = run.log.status not in {None, "success"}
    training = "failed_experiment" if failed else ACTIVITIES.get(run.place.benchmark, "unknown")
    locator = f"{run.place.run} {lines}"
    return {
        **run.stated,
        "method_inputs": {**run.inputs, **(more or {})},
        "activity": "startup" if name == "startup" else training,
        "evidence": held_time.evidence("benchmark_log", run.source, locator, (NAME, VERSION)),
    }


def _identity(run: Run) -> tuple[str, ...]:
    """Return what names the run for good: its place in the published tree."""
    place = run.place
    return (NAME, place.round, place.submitter, place.system, place.benchmark, place.result)
