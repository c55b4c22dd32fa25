"""Samples as text: OpenMetrics, the exposition format or a dump, one a line with its time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from ledger.errors import InputError, MissingError
from ledger.importers.line_error import LineError
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Words
from ledger.importers.prometheus_labels import FIGURES, NAME_LABEL, SeriesBook, labels_of
from ledger.importers.sampled_series import (
    Remark,
    Sample,
    Series,
    billionths,
    milliseconds,
)

__all__ = ["TextSamples", "claims_text"]

_SERIES: Final = r"(?P<series>[A-Za-z_:][A-Za-z0-9_:]*|)(?:\{(?P<labels>.*)\})?"
_LINE: Final = re.compile(
    _SERIES + r"\s+(?P<value>\S+)(?:\s+(?P<time>-?[0-9.eE+]+))?(?:\s+#.*)?\s*"
)
_QUERY: Final = "ask Prometheus for a range: /api/v1/query_range?query=…&start=…&end=…&step=30s"


def claims_text(text: str) -> bool:
    """Return whether the start of a text has a figure of a device that is known."""
    for line in text.splitlines()[:200]:
        name = line.removeprefix("# HELP ").removeprefix("# TYPE ").lstrip("{")
        named = re.match(r'(?:__name__=")?([A-Za-z_:][A-Za-z0-9_:]*)', name)
        if named and (named[1].lower() in FIGURES or named[1].startswith("DCGM_FI_")):
            return True
    return False


class TextSamples:
    """The samples of a text."""

    def __init__(self, stream: LineStream, asked: Collection[str]) -> None:
        """Name the file, and the labels that a map asks for."""
        self._stream = stream
        self._book = SeriesBook(asked)
        self._known: dict[tuple[str, str | None], int | None] = {}

    @property
    def series(self) -> list[Series]:
        """The series seen so far, by number."""
        return self._book.series

    def said(self, words: Words) -> list[Words]:
        """Return the labels that a map asks for, as the series of one device state them."""
        return self._book.said(words)

    def remarks(self) -> Iterator[Remark]:
        """Yield what is to be told of the file as a whole."""
        return self._book.remarks()

    def samples(self) -> Iterator[Sample | InputError]:
        """Yield every sample of a figure that is known."""
        for number, raw in enumerate(self._stream.lines(), start=1):
            line = raw.decode("utf-8", errors="replace")
            if not line or line.startswith("#") or line.isspace():
                continue
            try:
                found = self._sample(line)
            except InputError as error:
                yield LineError(error.message, number, why=error.why, remedy=error.remedy)
                continue
            if found is not None:
                yield found

    def _sample(self, line: str) -> Sample | None:
        """Read one line."""
        found = _LINE.fullmatch(line)
        if not found:
            raise InputError(f"{line[:60]!r} is no sample", remedy="export it again")
        place = (found["series"], found["labels"])
        if place not in self._known:
            self._known[place] = self._number(*place)
        number = self._known[place]
        if number is None:
            return None
        if found["time"] is None:
            raise MissingError(
                "the samples have no time",
                where=str(self._stream.path),
                why="what an exporter shows is one instant, and nobody knows which",
                remedy=_QUERY,
            )
        if found["value"].casefold() == "nan":
            return None  # how a series that ended is marked
        return Sample(number, milliseconds(found["time"]), billionths(found["value"]))

    def _number(self, name: str, text: str | None) -> int | None:
        """Return the number of a series."""
        labels = labels_of(text or "")
        if labels is None:
            raise InputError(f"{(text or '')[:60]!r} are no labels", remedy="export it again")
        if name:
            labels.setdefault(NAME_LABEL, name)
        return self._book.number(labels)
