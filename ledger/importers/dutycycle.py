"""A duty cycle is a table of samples: how busy the devices of each container were, in percent.

Columns are a value, a time in seconds and a container, as Alibaba published them for its
image-generation service. Page: ``schemas/source-dutycycle.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter, by_opening
from ledger.importers.mapping import Map, Words
from ledger.importers.sampled_legs import Maker
from ledger.importers.sampled_reading import SampledReader, SampledSaid
from ledger.importers.sampled_series import (
    Remark,
    Sample,
    Series,
    billionths,
    milliseconds,
)
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER"]

_MAKER: Final = Maker(
    name="dutycycle",
    version="4",
    told_apart=(),
    run=("container_ip",),
    hidden={"run_name": "container_ip"},
)
_VALUE: Final = "value"
_TIMES: Final = ("timestamp", "timestamp_anon")
_QUOTED: Final = re.compile(r'\s*"([^"]*)"\s*')
_CONTAINERS: Final = ("container_ip", "container", "pod")


def _claims(text: str) -> bool:
    """Whether the header has a value, a time and a container, and nothing else."""
    return _columns(text.partition("\n")[0]) is not None


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read one table once; what it says a day is kept, its samples are not."""
    stream = LineStream(path)
    reader = SampledReader(stream, SampledSaid.of(settings), catalogue, mapping, _MAKER)
    return reader.reading(_Table(stream))


IMPORTER = MappedImporter(
    Kind(
        name=_MAKER.name,
        version=_MAKER.version,
        settings=frozenset({"model", "role", "step"}),
        noun="duty cycles",
        remedy="such a table has the columns value, timestamp and container_ip",
        claims=by_opening(_claims),
        reads=_read,
    )
)


class _Table:
    """The samples of a table."""

    def __init__(self, stream: LineStream) -> None:
        """Name the file."""
        self.series: list[Series] = []
        self._stream = stream
        self._numbers: dict[str, int] = {}
        self._shifted = False

    def said(self, words: Words) -> list[Words]:
        """Return nothing: a table has no other columns."""
        assert words
        return [()]

    def remarks(self) -> Iterator[Remark]:
        """Yield that the days are not the real ones, where the publisher shifted the clock."""
        if self._shifted:
            message = "the clock of the table was shifted by its publisher: the days are not real"
            yield Remark(
                "finding", "shifted-clock", message, "ask for the table with its own clock"
            )

    def samples(self) -> Iterator[Sample | InputError]:
        """Yield every row.

        Raises:
            InputError: If the first line is no header of such a table.
        """
        lines = self._stream.lines()
        header = next(lines, b"").decode("utf-8", errors="replace")
        places = _columns(header)
        if places is None:
            raise InputError(
                "the first line is no header of duty cycles",
                remedy="it has the columns value, timestamp and container_ip",
            )
        self._shifted = "anon" in header.lower()
        for number, raw in enumerate(lines, start=2):
            line = raw.decode("utf-8", errors="replace")
            if not line.strip() or line == header:
                continue
            try:
                yield self._sample(_cells(line), places)
            except InputError as error:
                yield LineError(error.message, number, why=error.why, remedy=error.remedy)

    def _sample(self, cells: list[str], places: tuple[int, int, int]) -> Sample:
        """Read one row."""
        if len(cells) != len(places):
            raise InputError(f"the row has {len(cells)} cells, the header {len(places)}")
        value, time, container = (cells[place] for place in places)
        if not container:
            raise InputError("the row names no container")
        number = self._numbers.get(container)
        if number is None:
            number = self._numbers[container] = len(self.series)
            self.series.append(Series((("container_ip", container),), "busy", 100))
        return Sample(number, milliseconds(time), billionths(value))


def _cells(line: str) -> list[str]:
    """Return the cells of a row, without the quotes that some exports put around them."""
    cells = line.split(",")
    if '"' not in line:
        return cells
    return [found[1] if (found := _QUOTED.fullmatch(cell)) else cell for cell in cells]


def _columns(header: str) -> tuple[int, int, int] | None:
    """Return where value, time and container stand in a header, or None if it is another."""
    names = [name.strip().lower() for name in _cells(header.rstrip("\r"))]
    time = next((name for name in _TIMES if name in names), "")
    container = next((name for name in _CONTAINERS if name in names), "")
    wanted = {_VALUE, time, container}
    if len(names) != len(wanted) or set(names) != wanted or "" in wanted:
        return None
    return names.index(_VALUE), names.index(time), names.index(container)
