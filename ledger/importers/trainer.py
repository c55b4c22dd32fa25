"""Trainer: what a Hugging Face Trainer says of its own operations, with its known faults named.

A ``trainer_state.json`` has no date and no devices, so the caller says them with ``--set``. What
the trainer reports is recorded as reported, and what speaks against it is a finding.
Page: ``schemas/source-trainer.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import InputError, MissingError
from ledger.estimate import plain
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.source_file import beside, find_files, opening, read_object, read_source
from ledger.importers.telemetry import IMPORTER as TELEMETRY
from ledger.importers.trainer_faults import doubts
from ledger.importers.trainer_settings import SETTINGS, Said, read_settings
from ledger.importers.trainer_state import TrainerState, read_state, runtime_of
from ledger.journeys.importing import Reading
from ledger.period import Period
from ledger.record.draft import Draft, draft_of

__all__ = ["IMPORTER", "TrainerImporter", "run_of"]

NAME = "trainer"
VERSION = "1"

_STATE = re.compile(r"(?P<before>.*)trainer_state(?P<after>.*)\.json")
_CHECKPOINT = re.compile(r"checkpoint-(?P<step>[0-9]{1,12})")


class TrainerImporter:
    """Reads trainer states; see `Importer`."""

    name = NAME
    version = VERSION
    settings = SETTINGS

    def claims(self, head: bytes, path: Path) -> bool:
        """Whether this is a trainer state, or a folder with some and no counted runs."""
        if path.is_dir():
            found = any(_is_state(p.name.removesuffix(".gz")) for p in path.rglob("*.json*"))
            return found and not TELEMETRY.claims(b"", path)
        return _is_state(path.name.removesuffix(".gz")) and '"log_history"' in opening(head)

    def files(self, path: Path) -> tuple[Path, ...]:
        """The states below a path, sorted; of the checkpoints of one run only the last."""
        return _newest(find_files(path, _is_state, "trainer_state.json"))

    def read(self, path: Path, settings: Mapping[str, str], catalogue: Catalogue) -> Reading:
        """Reads one state, and the duration from ``all_results.json`` if the state lacks it."""
        said = read_settings(settings, catalogue)
        try:
            source = read_source(path)
            state = read_state(read_object(source))
            runtime = state.runtime_ms if state.runtime_ms is not None else _runtime(path)
        except (InputError, MissingError) as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)
        problems = tuple(doubts(state, runtime, said, catalogue, str(path)))
        if held_time.refused(problems):
            return Reading((), problems, 0)
        run = said.run or run_of(path)
        stated = {
            **_held(said, catalogue),
            **_amounts(state, runtime, said),
            "run": run,
            "model": said.model or run,
            "role": said.role,
            "evidence": held_time.evidence("framework", source, "total_flos", (NAME, VERSION)),
        }
        try:
            return Reading(tuple(_drafts(run, stated, runtime, said)), problems, 1)
        except InputError as error:
            return Reading((), (held_time.refusal(str(path), error),), 0)


IMPORTER = TrainerImporter()


def run_of(path: Path) -> str:
    """Return the name of a run by where its state lies.

    ``bert_trainer_state.json`` is of ``bert``, and ``out/checkpoint-500/trainer_state.json`` is
    of ``out``.
    """
    named = _STATE.fullmatch(path.name.removesuffix(".gz"))
    name = (named["before"] + named["after"]).strip("_-. ") if named else path.name
    if name:
        return name
    folder = path.resolve().parent
    return folder.parent.name if _CHECKPOINT.fullmatch(folder.name) else folder.name


def _drafts(
    run: str, stated: Mapping[str, JSON], runtime: int | None, said: Said
) -> Iterator[Draft]:
    """Yield the legs: dated when start, duration and devices are known, else one undated leg."""
    whole = held_time.whole((NAME, run), stated)
    if said.start is not None and runtime and said.devices:
        period = Period(said.start, said.start + timedelta(milliseconds=runtime))
        for piece, body in enumerate(held_time.dated(stated, period, 1000 * said.devices)):
            yield draft_of("allocation", body, key=(NAME, run, str(piece)), whole=whole)
        return
    assert said.not_after is not None, "a start without a duration is refused before"
    body = held_time.undated(stated, said.not_after)
    if runtime and said.devices:
        device_us = 1000 * said.devices * runtime
        body["milli_devices"] = 1000 * said.devices
        body["device_us"] = str(device_us)
        body["ceiling_operations"] = held_time.most(stated, device_us)
    yield draft_of("allocation", body, key=(NAME, run, "0"), whole=whole)


def _held(said: Said, catalogue: Catalogue) -> dict[str, JSON]:
    """Return what the caller said of the devices."""
    device: dict[str, JSON] = {"precision": said.precision}
    if said.device is not None:
        device = held_time.peak_fields(said.device, said.precision, catalogue.digest)
    integer = said.precision.startswith("int")
    return {
        **device,
        "developer": said.developer,
        "activity": said.activity,
        "sparsity": said.sparsity,
        # The Trainer trains with floating-point operands unless the caller says otherwise.
        "operation_kind": "integer" if integer else "float",
        "concurrent_devices": said.devices,
    }


def _amounts(state: TrainerState, runtime: int | None, said: Said) -> dict[str, JSON]:
    """Return the operations as reported; a total of 0 says that the trainer could not tell."""
    inputs: dict[str, JSON] = {
        "total_flos": "not stated" if state.total_flos is None else str(state.total_flos)
    }
    known = {
        "parameters": said.parameters,
        "tokens": said.tokens or state.tokens_seen,
        "steps": state.global_step,
        "train_batch_size": state.batch,
        "train_runtime_ms": runtime,
    }
    inputs |= {name: plain(value) for name, value in known.items() if value is not None}
    amounts: dict[str, JSON] = {"method": "framework_reported", "method_inputs": inputs}
    if not state.total_flos:
        return amounts
    whole, rest = divmod(state.total_flos.numerator, state.total_flos.denominator)
    if rest:
        return {**amounts, "operations_low": str(whole), "operations_high": str(whole + 1)}
    return {**amounts, "operations": str(whole)}


def _runtime(path: Path) -> int | None:
    """Return the duration that the results beside a state give, in milliseconds."""
    name = path.name.removesuffix(".gz").replace("trainer_state", "all_results")
    found = beside(path, name)
    return None if found is None else runtime_of(read_object(read_source(found)))


def _is_state(name: str) -> bool:
    """Return whether a file is named like a trainer state."""
    return _STATE.fullmatch(name) is not None


def _newest(paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """Leave out the checkpoints that a later one, or the final state, of the same run includes.

    The count goes on from checkpoint to checkpoint, so recording several would add it up twice.
    """
    latest: dict[Path, tuple[int, Path]] = {}
    final = {path.parent for path in paths if not _CHECKPOINT.fullmatch(path.parent.name)}
    kept: list[Path] = []
    for path in paths:
        checkpoint = _CHECKPOINT.fullmatch(path.parent.name)
        if checkpoint is None or len(paths) == 1:
            kept.append(path)
        elif path.parent.parent not in final:
            step = int(checkpoint["step"])
            run = path.parent.parent
            latest[run] = max(latest.get(run, (-1, path)), (step, path))
    return tuple(sorted([*kept, *(path for _, path in latest.values())]))
