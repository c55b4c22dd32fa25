"""OpenB: the table of pods that Alibaba published of a Kubernetes cluster with shared GPUs.

Times are seconds of the trace; which instant second 0 is, whoever imports has to say. A pod that
was never placed held nothing. Page: ``schemas/source-openb.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from ledger.errors import InputError, MissingError
from ledger.hardware import Catalogue
from ledger.importers.held_reading import HeldReader, Terms
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter, by_opening
from ledger.importers.mapping import Map
from ledger.importers.stretch import WHOLE, Doubt, Nothing, Refusal, Stretch, Units
from ledger.journeys.importing import Reading
from ledger.period import Period, parse_instant

__all__ = ["IMPORTER", "OpenbSource"]

_NAME: Final = "openb"
_VERSION: Final = "1"
_NEEDED: Final = (
    *("name", "num_gpu", "gpu_milli", "pod_phase", "deletion_time", "scheduled_time"),
)
_PHASES: Final = frozenset({"Succeeded", "Running", "Pending", "Failed", "Unknown"})
_DIGITS: Final = re.compile(r"0|[1-9][0-9]{0,8}")


class OpenbSource:
    """One table of pods; see `ledger.importers.held_reading.Source`."""

    name = _NAME
    version = _VERSION
    noun = "pods"
    told_by = ("qos",)
    nothings: Mapping[str, str] = {
        "never-placed": "with accelerators, never placed",
        "no-time": "held devices for no time",
        "no-devices": "without accelerators",
    }

    def __init__(self, stream: LineStream, settings: Mapping[str, str]) -> None:
        """Name what is read, and which instant its second 0 is.

        Raises:
            InputError: If the setting ``epoch`` is no time.
        """
        self._stream = stream
        self._cluster = settings.get("cluster", "")
        self._epoch = None
        if "epoch" in settings:
            try:
                self._epoch = parse_instant(settings["epoch"])
            except InputError as error:
                raise InputError(
                    error.message, where="--set epoch=…", why=error.why, remedy=error.remedy
                ) from error

    def stretches(self) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what every pod held."""
        if self._epoch is None:
            raise MissingError(
                "times are seconds since the start of the trace, and nobody said when that was",
                why="a quarter, and the law in force, are told by the date",
                remedy="say which instant second 0 is: --set epoch=2023-01-01T00:00:00Z",
            )
        names: tuple[str, ...] = ()
        for number, raw in enumerate(self._stream.lines(), start=1):
            cells = raw.decode("utf-8", errors="replace").split(",")
            if number == 1:
                names = _header(cells)
                continue
            if cells == [""]:
                continue
            try:
                yield self._pod(number, _row(names, cells), self._epoch)
            except InputError as error:
                yield Refusal(number, error)
        if not names:
            raise InputError("the file is empty", remedy="copy it again")

    def doubts(self) -> tuple[Doubt, ...]:
        """Return nothing: every doubt is about a row."""
        return ()

    def _pod(self, line: int, cells: dict[str, str], epoch: datetime) -> Stretch | Nothing:
        """Read one row."""
        name, phase = cells["name"], cells["pod_phase"]
        if not name:
            raise InputError("the pod has no name")
        if phase not in _PHASES:
            raise InputError(f"{phase[:40]!r} is no phase of a pod", remedy="copy the file again")
        units = _units(cells)
        if units is None:
            return Nothing("no-devices")
        if not cells["scheduled_time"]:
            return Nothing("never-placed")
        start, end = _count(cells, "scheduled_time"), _count(cells, "deletion_time")
        if end < start:
            raise InputError(f"the pod ends at {end} s, before it is placed at {start} s")
        if end == start:
            return Nothing("no-time")
        period = Period(epoch + timedelta(seconds=start), epoch + timedelta(seconds=end))
        return Stretch(
            line=line,
            locator=f"line {line}",
            cells=cells,
            run="/".join(part for part in (self._cluster, name) if part),
            # Not the epoch: a file that is read again with another one contradicts the first.
            key=(self._cluster, name),
            units=(units,),
            period=period,
            concurrent=units.count,
            inputs={"pod": name, "phase": phase, "start_s": start, "end_s": end},
            hidden={"cluster": self._cluster} if self._cluster else {},
        )


def _claims(text: str) -> bool:
    """Whether the first line is the header of a table of pods."""
    names = text.partition("\n")[0].rstrip("\r").split(",")
    return set(_NEEDED) <= set(names)


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read and check one table; its records are built anew, pod by pod, when asked."""
    stream = LineStream(path)
    source = OpenbSource(stream, settings)
    return HeldReader(source, stream, Terms.of(settings), catalogue, mapping).reading()


def _header(cells: list[str]) -> tuple[str, ...]:
    """Return the columns, of which those needed have to be there, each once."""
    missing = [name for name in _NEEDED if name not in cells]
    if missing or len(set(cells)) != len(cells):
        raise InputError(
            f"the table lacks {', '.join(missing)}" if missing else "a column stands twice",
            remedy="give openb_pod_list_….csv as it was published",
        )
    return tuple(cells)


def _row(names: tuple[str, ...], cells: list[str]) -> dict[str, str]:
    """Return a row by its columns."""
    if len(cells) != len(names):
        raise InputError(
            f"the row has {len(cells)} cells, the header {len(names)}",
            remedy="copy the file again",
        )
    return dict(zip(names, cells, strict=True))


def _units(cells: Mapping[str, str]) -> Units | None:
    """Return what a pod asks for, or None if that is no device.

    ``gpu_milli`` is the share of one device, and means that only for pods of one device.
    """
    count, milli = _count(cells, "num_gpu"), _count(cells, "gpu_milli")
    if count == 0 and milli == 0:
        return None
    if count == 0 or not 0 < milli <= WHOLE or (count > 1 and milli != WHOLE):
        raise InputError(
            f"{count} devices of {milli} thousandths each is no share of devices",
            why="gpu_milli is the share of the one device of a pod, from 1 to 1000",
            remedy="check the row",
        )
    return Units(cells.get("gpu_spec", ""), count, milli, name="gpu")


def _count(cells: Mapping[str, str], name: str) -> int:
    """Return a whole number of a row."""
    text = cells[name]
    if not _DIGITS.fullmatch(text):
        raise InputError(
            f"{name} is {text[:40]!r}, and no whole number" if text else f"{name} is empty",
            remedy="copy the file again",
        )
    return int(text)


IMPORTER = MappedImporter(
    Kind(
        name=_NAME,
        version=_VERSION,
        settings=frozenset({"epoch", "cluster", "model", "role"}),
        noun="table of OpenB",
        remedy="give openb_pod_list_….csv as it was published",
        claims=by_opening(_claims),
        reads=_read,
        named=lambda name: name.endswith(".csv"),
    )
)
