"""A sampled series is one figure of one device over time, with the words that tell the device."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, NamedTuple, Protocol

from ledger.errors import InputError, MissingError
from ledger.importers.mapping import Words
from ledger.importers.presence import ONE

__all__ = [
    "Burst",
    "Remark",
    "Sample",
    "Samples",
    "Series",
    "billionths",
    "milliseconds",
    "step_of",
    "step_setting",
]

_TIME: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,9}))?")
_SCIENTIFIC: Final = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,40})?[eE][+-]?[0-9]{1,9}")
_MS_FROM: Final = 10**11  # seconds beyond it are after the year 5138
_LAST_MS: Final = 253_402_300_800_000  # the year 10000
_STEP: Final = re.compile(r"([0-9]{1,6})(?:\.([0-9]{1,3}))?(s|m|h)?")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, None: 1}


class Sample(NamedTuple):
    """One sample.

    Attributes:
        series: Number of its series in the file.
        time_ms: When it was taken, milliseconds since the epoch.
        value: In billionths of the figure's unit, or None if it states no number.
    """

    series: int
    time_ms: int
    value: int | None


class Burst(NamedTuple):
    """Samples of one series that stand one behind the other.

    Attributes:
        series: Number of their series in the file.
        times_ms: When each was taken, milliseconds since the epoch.
        values: Of each, in billionths of the figure's unit.
    """

    series: int
    times_ms: Sequence[int]
    values: Sequence[int]


@dataclass(frozen=True, slots=True)
class Series:
    """What is sampled.

    Attributes:
        words: What tells the device and what it served.
        figure: What is measured, such as ``busy`` or ``tensor``.
        full: Value that stands for one, in units: 1, or 100 for percent.
    """

    words: Words
    figure: str
    full: int


class Remark(NamedTuple):
    """What is to be told of a file of samples as a whole."""

    severity: Literal["finding", "note"]
    code: str
    message: str
    remedy: str


class Samples(Protocol):
    """A file of samples."""

    @property
    def series(self) -> list[Series]:
        """The series seen so far, by number."""

    def said(self, words: Words) -> list[Words]:
        """Return what else the series of these words state for a map: each set of words once."""

    def remarks(self) -> Iterator[Remark]:
        """Yield what is to be told of the file as a whole, when its samples have gone by."""

    def samples(self) -> Iterator[Sample | Burst | InputError]:
        """Yield every sample in the order of the file, and what makes none, with its place."""


@lru_cache(maxsize=4096)  # many devices are sampled at one instant
def milliseconds(text: str) -> int:
    """Return an instant in milliseconds since the epoch, cut off.

    Seconds are ten digits, with or without a fraction; thirteen digits are milliseconds.

    Raises:
        InputError: If it is no such number, or nobody lives so late.
    """
    if len(text) == 10 and text.isascii() and text.isdigit():  # noqa: PLR2004 - whole seconds
        return int(text) * 1000
    found = _TIME.fullmatch(text)
    if not found:
        raise InputError(f"{text[:40]!r} is no time", remedy="seconds since the epoch are expected")
    whole = int(found[1])
    if whole < _MS_FROM:
        whole = whole * 1000 + int((found[2] or "").ljust(3, "0")[:3])
    if whole >= _LAST_MS:
        raise InputError(f"{text[:40]!r} is after the year 9999", remedy="check its unit")
    return whole


@lru_cache(maxsize=65_536)
def billionths(text: str) -> int | None:
    """Return a value in billionths, cut off, or None for what is no number of zero or more."""
    whole, point, rest = text.partition(".")
    if whole.isascii() and whole.isdigit() and (not point or (rest.isascii() and rest.isdigit())):
        return int(whole[:20]) * ONE + int(rest[:9].ljust(9, "0"))
    if not _SCIENTIFIC.fullmatch(text):
        return None
    number = Decimal(text)
    if number.adjusted() > 20:  # noqa: PLR2004 - no share
        return None
    return int(number * ONE) if number.adjusted() > -20 else 0  # noqa: PLR2004 - nothing


def step_setting(text: str) -> int:
    """Return the step that a caller states, in milliseconds.

    Raises:
        InputError: If it is none.
    """
    found = _STEP.fullmatch(text)
    step = 0
    if found:
        whole = int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))
        step = whole * _SECONDS[found[3]]
    if not step:
        raise InputError(
            f"{text[:40]!r} is no step", where="--set step=…", remedy="write it as 30s or 1m"
        )
    return step


def step_of(distances: list[int]) -> int:
    """Return the step of a file: the median of the first distances between samples.

    Args:
        distances: Milliseconds, each above zero.

    Raises:
        MissingError: If there are none.
    """
    if not distances:
        raise MissingError(
            "no series has two samples: how far apart they are meant to be is not known",
            why="a sample stands for the time to the next one",
            remedy="say the step of the query: --set step=30s",
        )
    return sorted(distances)[len(distances) // 2]
