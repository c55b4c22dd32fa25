"""An MLPerf run is a log in its result tree, with the system that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ledger.canonical import JSON
from ledger.errors import HardwareError, InputError, MissingError, Problem
from ledger.hardware import Catalogue, Device
from ledger.importers.json_text import Field, repeated_fields
from ledger.importers.line_error import LineError
from ledger.importers.mlperf_log import Mark, RunLog, read_log
from ledger.importers.mlperf_system import ONCE, System, read_system
from ledger.importers.source_file import SourceFile, beside, read_object, read_source

__all__ = ["PUBLISHED", "Place", "Run", "bounds", "load_run", "place_of"]

_DEPTH = 5  # results / submitter / system / benchmark / result_N.txt

PUBLISHED: Mapping[str, str] = {
    "training_v3.0": "2023-06-27",
    "training_v3.1": "2023-11-08",
    "training_v4.0": "2024-06-12",
    "training_v4.1": "2024-11-13",
    "training_v5.0": "2025-06-04",
    "training_v5.1": "2025-11-12",
}
"""Days on which MLCommons published a round: a run whose end is not logged was over by then."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a result stands in its tree.

    Attributes:
        round: Folder of the round, such as ``training_v5.0``.
        submitter: Folder of the submitter.
        system: Folder of the system.
        benchmark: Folder of the benchmark.
        result: Name of the log without endings.
        root: Folder of the round on this disk.
    """

    round: str
    submitter: str
    system: str
    benchmark: str
    result: str
    root: Path

    @property
    def run(self) -> str:
        """Identifier of the run: the path inside the collection of rounds."""
        return f"{self.round}/{self.submitter}/{self.system}/{self.benchmark}/{self.result}"


@dataclass(frozen=True, slots=True)
class Run:
    """All that is known of one run before its legs are written.

    Attributes:
        place: Where its log stands.
        log: Its marks.
        system: The machines it held.
        device: Their accelerator, or None if the catalogue has none of that name.
        source: The log file.
        stated: Fields that all its legs share.
        inputs: What the legs say besides, as ``method_inputs``.
        not_after: Day by whose end the run was over, or None if not known.
        doubts: What is odd about the description of its system.
    """

    place: Place
    log: RunLog
    system: System
    device: Device | None
    source: SourceFile
    stated: Mapping[str, JSON]
    inputs: Mapping[str, str]
    not_after: str | None
    doubts: tuple[Problem, ...]


def place_of(path: Path) -> Place:
    """Return where a log stands in its tree.

    Raises:
        InputError: It does not lie at ``results/<submitter>/<system>/<benchmark>/``.
    """
    parts = path.resolve().parts
    if len(parts) <= _DEPTH or parts[-_DEPTH] != "results":
        raise InputError(
            "the log does not lie in a result tree",
            where=str(path),
            why="the tree says whose run it is and on which system",
            remedy="keep the layout <round>/results/<submitter>/<system>/<benchmark>/result_N.txt",
        )
    submitter, system, benchmark, name = parts[-4:]
    result = name.removesuffix(".gz").removesuffix(".txt")
    root = Path(*parts[:-_DEPTH])
    return Place(root.name, submitter, system, benchmark, result, root)


def load_run(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, published: str | None
) -> Run:
    """Gather log, system and device of one run.

    Args:
        path: The result log.
        settings: ``model`` and ``developer``, if the caller gives them.
        catalogue: The devices.
        published: Day by whose end the run was over, if the caller gives it.

    Raises:
        InputError: The log or the description cannot be read, or does not lie in a tree.
        MissingError: The system is not described.
    """
    place = place_of(path)
    source = read_source(path, noise=True)
    log = read_log(source.text.splitlines())
    system, digest, doubts = _system(place, log)
    device = _device(catalogue, system.accelerator)
    stated: dict[str, JSON] = {
        "run": place.run,
        "model": settings.get("model", place.run),
        "developer": settings.get("developer", place.submitter),
        "device": None if device is None else device.id,
        "scale_up_gb_per_s": system.scale_up_gb_per_s,
        "scale_out_gbit_per_s": system.scale_out_gbit_per_s,
        "concurrent_devices": system.accelerators,
    }
    inputs = {
        "accelerator": system.accelerator,
        "benchmark": place.benchmark,
        "status": log.status or "not stated",
        "system_sha256": digest,
    }
    not_after = published or PUBLISHED.get(place.round)
    return Run(place, log, system, device, source, stated, inputs, not_after, doubts)


def _device(catalogue: Catalogue, name: str) -> Device | None:
    """Return the device of that name, or None: the time held is exact without knowing its peak."""
    try:
        return catalogue.find(name)
    except HardwareError:
        return None


def _system(place: Place, log: RunLog) -> tuple[System, str, tuple[Problem, ...]]:
    """Return the system, the digest of its file (``log`` when the log has it), and its doubts."""
    found = beside(place.root / "systems" / place.submitter / "_", f"{place.system}.json")
    if found is None and log.system is not None:
        return read_system(log.system), "log", ()
    if found is None:
        raise MissingError(
            f"the system {place.system} is not described",
            where=str(place.root / "systems" / place.submitter),
            why="without the description nobody knows how many devices were held",
            remedy=f"add systems/{place.submitter}/{place.system}.json of the same round",
        )
    source = read_source(found)
    try:
        stated, again = read_object(source, once=ONCE), repeated_fields(source.text)
        for field in again:
            stated.pop(field.name, None)
        return read_system(stated), source.sha256, tuple(_repeated(again, str(found)))
    except InputError as error:
        line = error.line if isinstance(error, LineError) else None
        raise LineError(
            error.message, line, where=str(found), why=error.why, remedy=error.remedy
        ) from error


def _repeated(again: Sequence[Field], source: str) -> Iterator[Problem]:
    """Yield a finding if published fields stand twice, such as two interconnects."""
    if again:
        names = ", ".join(dict.fromkeys(field.name for field in again))
        yield Problem(
            source,
            again[0].line,
            "repeated-field",
            f"these fields stand twice in the description: {names}",
            "nothing to do: they are taken as not stated",
            "finding",
            "nobody knows which of the two is meant",
        )


def bounds(log: RunLog) -> Iterator[tuple[str, Mark, Mark]]:
    """Yield start-up and training where both ends are logged."""
    if log.init_start is not None and log.run_start is not None:
        yield "startup", log.init_start, log.run_start
    if log.run_start is not None and log.run_stop is not None:
        yield "training", log.run_start, log.run_stop
