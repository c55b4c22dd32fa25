"""Samples as JSON: what Prometheus answers to a range query, read series by series.

The answer is one line of any length. Only a piece of it is in memory at a time.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Collection, Iterator
from typing import Final

from ledger.errors import InputError
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Words
from ledger.importers.presence import ONE
from ledger.importers.prometheus_labels import SeriesBook
from ledger.importers.sampled_series import (
    Burst,
    Remark,
    Sample,
    Series,
    billionths,
    milliseconds,
)

__all__ = ["JsonSamples", "claims_json"]

_LABELS_MAX: Final = 1 << 20  # characters of the labels of one series
_HEAD_MAX: Final = 1 << 16  # characters before the list of results
_ENOUGH: Final = 256  # characters that hold the next pair, or the next brackets
_RESULT: Final = re.compile(r'"result"\s*:\s*\[')
_BARE: Final = re.compile(r"\s*\[(?=\s*[{\]])")
_KIND: Final = re.compile(r'"resultType"\s*:\s*"(\w+)"')
_ERROR: Final = re.compile(r'"error"\s*:\s*"((?:[^"\\]|\\.){0,300})')
_METRIC: Final = re.compile(r'\s*,?\s*\{\s*"metric"\s*:\s*(?=\{)')
_VALUES: Final = re.compile(r'\s*,\s*"values"\s*:\s*\[\s*')
_PAIR: Final = re.compile(r'\s*\[\s*([0-9.]{1,32})\s*,\s*"([^"\\]{1,60})"\s*\]\s*(?:,\s*)?')
_PLAIN: Final = r'\[([0-9]{10})(?:\.([0-9]{1,3}))?,\s?"([0-9]{1,9})(?:\.([0-9]{1,9}))?"\]'
_EACH: Final = re.compile(_PLAIN)
_MANY: Final = re.compile("(?:" + _PLAIN.replace("([", "(?:[") + r"(?:,\s?|(?=\])))++")
_SCALE: Final = tuple(ONE // 10**digits for digits in range(10))
_CLOSED: Final = re.compile(r"\s*\]\s*\}")
_END: Final = re.compile(r"\s*\]")
_BLANK: Final = re.compile(r"\s*")
_TOKEN: Final = re.compile(r'[^"{}\[\]]+|[{}\[\]]|"(?:[^"\\]|\\.)*"', re.DOTALL)
_DEEPER: Final = {"{": 1, "[": 1, "}": -1, "]": -1}
_RANGE: Final = "ask for a range: /api/v1/query_range?query=…&start=…&end=…&step=30s"


def claims_json(text: str) -> bool:
    """Return whether the start of a text looks like an answer of Prometheus."""
    start = text.lstrip()
    if start.startswith("["):
        return _BARE.match(start) is not None and '"metric"' in start[:200]
    return start.startswith("{") and '"resultType"' in start and '"status"' in start


class _Window:
    """A piece of a text that moves over it."""

    def __init__(self, stream: LineStream) -> None:
        self._chunks = stream.blocks()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.text = ""
        self.at = 0
        self.ended = False

    def more(self) -> None:
        """Add the next piece and forget what was read."""
        chunk = next(self._chunks, None)
        self.ended = chunk is None
        rest = self.text[self.at :]
        self.text = rest + self._decoder.decode(chunk or b"", final=self.ended)
        self.at = 0

    def ahead(self, size: int) -> None:
        """See to it that so many characters are ahead, if the text has them."""
        while len(self.text) - self.at < size and not self.ended:
            self.more()

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Match a pattern at the place, and go behind it if it matches."""
        self.ahead(_ENOUGH)
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found


class JsonSamples:
    """The samples of an answer."""

    def __init__(self, stream: LineStream, asked: Collection[str]) -> None:
        """Name the file, and the labels that a map asks for."""
        self._stream = stream
        self._book = SeriesBook(asked)

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

    def samples(self) -> Iterator[Sample | Burst | InputError]:
        """Yield every sample of a figure that is known.

        Raises:
            InputError: If the text is no answer to a range query, or ends too early.
        """
        window = _Window(self._stream)
        depth, answers = self._enter(window, first=True), 0
        while depth is not None:
            answers += 1
            while window.take(_METRIC):
                number = self._labels(window)
                if not window.take(_VALUES):
                    raise self._odd(window, "the labels of a series are not followed by its values")
                yield from self._values(window, number)
            if not window.take(_END):
                raise self._odd(window, "the list of series is broken off")
            self._leave(window, depth)
            depth = self._enter(window, first=False)
        assert answers  # a file without any is an error

    def _enter(self, window: _Window, *, first: bool) -> int | None:
        """Go to the next list of series; return in how many brackets it stands, None at the end."""
        if not first and self._is_over(window):
            return None
        window.ahead(_HEAD_MAX)
        if window.take(_BARE):
            return 0
        found = _RESULT.search(window.text, window.at)
        stop = window.at if found is None else found.end() - 1
        depth = _depth(window.text, window.at, stop)
        if found is None or depth is None:
            error = _ERROR.search(window.text, window.at)
            told = f": {error[1]}" if error else ""
            if not first and not window.text.startswith("{", window.at):
                raise self._odd(window, "an answer is followed by no other")
            raise InputError(f"the file holds no answer to a query{told}", remedy=_RANGE)
        kind = _KIND.search(window.text, window.at, found.start())
        if kind is None or kind[1] != "matrix":
            raise InputError(
                f"the answer is of the type {kind[1] if kind else 'unknown'}, not a matrix",
                why="one instant says nothing of time held",
                remedy=_RANGE,
            )
        window.at = found.end()
        return depth

    def _leave(self, window: _Window, depth: int) -> None:
        """Go behind an answer whose list of series has ended."""
        while depth > 0:
            if window.at == len(window.text):
                if window.ended:
                    raise self._odd(window, "the answer is broken off")
                window.more()
                continue
            found = _TOKEN.match(window.text, window.at)
            if found is None:  # a text that goes on beyond this piece
                if window.ended or len(window.text) - window.at > _LABELS_MAX:
                    raise self._odd(window, "the answer is broken off")
                window.more()
                continue
            depth += _DEEPER.get(found[0], 0)
            window.at = found.end()

    def _is_over(self, window: _Window) -> bool:
        """Go to what is no blank, and return whether the file has ended before it."""
        while True:
            found = _BLANK.match(window.text, window.at)
            window.at = found.end() if found else window.at
            if window.at < len(window.text):
                return False
            if window.ended:
                return True
            window.more()

    def _labels(self, window: _Window) -> int | None:
        """Read the labels of a series and return its number."""
        decoder = json.JSONDecoder()
        while True:
            try:
                value, window.at = decoder.raw_decode(window.text, window.at)
                labels = {name: text for name, text in value.items() if isinstance(text, str)}
                return self._book.number(labels)
            except (ValueError, RecursionError) as error:
                size = len(window.text) - window.at
                if window.ended or size > _LABELS_MAX:
                    raise self._odd(window, "the labels of a series cannot be read") from error
                window.more()

    def _values(self, window: _Window, number: int | None) -> Iterator[Sample | Burst]:
        """Yield the samples of one series."""
        while True:
            window.ahead(_ENOUGH)
            many = _MANY.match(window.text, window.at)
            if many:
                window.at = many.end()
                if number is not None:
                    yield _burst(number, many[0])
                continue
            found = window.take(_PAIR)
            if found:
                if number is not None and found[2] != "NaN":
                    yield Sample(number, milliseconds(found[1]), billionths(found[2]))
            elif window.take(_CLOSED):
                return
            else:
                raise self._odd(window, "a value is no pair of time and number")

    def _odd(self, window: _Window, what: str) -> InputError:
        """Return the error for a text that goes on otherwise than expected."""
        rest = window.text[window.at : window.at + 60].strip()
        ends = window.ended and len(window.text) - window.at < 60  # noqa: PLR2004 - no more pairs
        shown = f"{rest[:40]!r} follows" + (", and the file ends too early" if ends else "")
        return InputError(
            f"{what}: {shown}" if rest else f"{what}: the file ends too early",
            where=str(self._stream.path),
            remedy="ask again, and keep the answer as it comes",
        )


def _depth(text: str, start: int, stop: int) -> int | None:
    """Return how many brackets are open between two places, or None if all closed before."""
    depth = 0
    for found in _TOKEN.finditer(text, start, stop):
        depth += _DEEPER.get(found[0], 0)
        if depth == 0 and found[0] in _DEEPER:
            return None
    return depth


def _burst(number: int, text: str) -> Burst:
    """Return the samples of pairs as Prometheus writes them."""
    pairs = _EACH.findall(text)
    return Burst(
        number,
        [
            int(seconds) * 1000 + (int(part.ljust(3, "0")) if part else 0)
            for seconds, part, _, _ in pairs
        ],
        [
            int(whole) * ONE + (int(rest) * _SCALE[len(rest)] if rest else 0)
            for _, _, whole, rest in pairs
        ],
    )
