"""A period is a half-open stretch of time [start, stop) in UTC, exact to the millisecond."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Self

from ledger.errors import InputError

__all__ = [
    "Period",
    "epoch_ms",
    "format_instant",
    "from_epoch_ms",
    "parse_day",
    "parse_instant",
]

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_LENGTH = timedelta(days=1)
_MS = timedelta(milliseconds=1)


@lru_cache(maxsize=1024)
def parse_instant(text: str) -> datetime:
    """Read ``YYYY-MM-DDTHH:MM:SSZ``.

    Args:
        text: UTC time to the second; no other zone and no fraction.

    Returns:
        An aware datetime in UTC.

    Raises:
        InputError: If the text has another form or names a time that does not exist.
    """
    if not _INSTANT.fullmatch(text):
        raise InputError(
            f"{text[:40]!r} is not a UTC time",
            why="a time without its zone names one of many instants",
            remedy="write it as 2026-11-22T10:00:00Z",
        )
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} does not exist", remedy="check the calendar") from error


@lru_cache(maxsize=1024)
def parse_day(text: str) -> date:
    """Read ``YYYY-MM-DD``.

    Raises:
        InputError: If the text has another form or names a day that does not exist.
    """
    if not _DAY.fullmatch(text):
        raise InputError(f"{text[:40]!r} is not a date", remedy="write it as 2026-11-22")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} does not exist", remedy="check the calendar") from error


def format_instant(instant: datetime) -> str:
    """Write an aware datetime as ``YYYY-MM-DDTHH:MM:SSZ``, dropping fractions of a second."""
    whole = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return whole.isoformat(timespec="seconds")[:19] + "Z"


def epoch_ms(instant: datetime) -> int:
    """Return whole milliseconds since 1970-01-01T00:00:00Z, rounded down."""
    return (instant - _EPOCH) // _MS


def from_epoch_ms(milliseconds: int) -> datetime:
    """Return the UTC time that many milliseconds after 1970-01-01T00:00:00Z."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time [start, stop) in UTC.

    Attributes:
        start: First instant, aware, UTC, whole milliseconds.
        stop: First instant after the end; later than ``start``.
    """

    start: datetime
    stop: datetime

    def __post_init__(self) -> None:
        """Refuse a period that does not run forward."""
        if self.stop <= self.start:
            raise InputError(
                f"the period ends at {format_instant(self.stop)}, not after its start "
                f"{format_instant(self.start)}",
                remedy="give an end later than the start",
            )

    @classmethod
    def parse(cls, start: str, stop: str) -> Self:
        """Read both ends as ``YYYY-MM-DDTHH:MM:SSZ``."""
        return cls(parse_instant(start), parse_instant(stop))

    @property
    def milliseconds(self) -> int:
        """Length in whole milliseconds."""
        return (self.stop - self.start) // _MS

    @property
    def day(self) -> date:
        """The UTC day on which the period starts."""
        return self.start.astimezone(UTC).date()

    def within_one_day(self) -> bool:
        """Return whether no UTC midnight lies inside."""
        return self.stop <= _midnight_after(self.start)

    def split_by_day(self) -> Iterator[Self]:
        """Yield the pieces between UTC midnights, in order; together they are the period."""
        start = self.start
        while start < self.stop:
            stop = min(self.stop, _midnight_after(start))
            yield type(self)(start, stop)
            start = stop


def _midnight_after(instant: datetime) -> datetime:
    """Return the first UTC midnight strictly after the instant."""
    whole = instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    return whole.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY_LENGTH
