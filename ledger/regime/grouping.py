"""A grouping makes subjects of holdings: who or where, and in which window of time.

``company:acme/destination:IN/2026-Q1`` is what the company of that pseudonym holds in that
destination, seen in that quarter. Windows are half-open stretches of UTC days.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal, Self, TypeAlias

from ledger.modelling import Field, model_validator
from ledger.period import parse_day
from ledger.regime.scalar import Identifier, Node, refuse

__all__ = [
    "HOLDING_KEYS",
    "Between",
    "Calendar",
    "Group",
    "HoldingKey",
    "Place",
    "Window",
    "calendar_window",
    "first_of",
    "leading",
    "months_before",
]

HoldingKey: TypeAlias = Literal[
    "consignee", "company", "destination", "headquarters", "device", "site"
]
HOLDING_KEYS: Final[frozenset[str]] = frozenset(
    {"consignee", "company", "destination", "headquarters", "device", "site"}
)
Calendar: TypeAlias = Literal["day", "month", "quarter", "year"]
_MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "year": 12}
_WINDOW: Final = re.compile(
    r"(?P<year>\d{4})(?:-Q(?P<quarter>[1-4])|-(?P<month>\d{2})(?:-(?P<day>\d{2}))?)?"
)
_BETWEEN: Final = re.compile(r"(?P<start>\d{4}-\d{2}-\d{2})\.\.(?P<stop>\d{4}-\d{2}-\d{2})")


class Window(Node):
    """Which stretches of days a grouping looks at: those of the calendar, or one of the law."""

    calendar: Calendar | None = None
    between: tuple[Identifier, Identifier] | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        """Either a calendar or two days of the law, never neither or both."""
        if (self.calendar is None) == (self.between is None):
            raise refuse(
                "window",
                "a window is one of the calendar or one between two days of the law",
                "write window: { calendar: year }, or window: { between: [first-day, end-day] }",
            )
        return self


class Group(Node):
    """How holdings are grouped: by the first key, which is the subject, and by the others."""

    by: tuple[HoldingKey, ...] = Field(min_length=1, max_length=4)
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Between:
    """Days [start, stop).

    Attributes:
        start: First day.
        stop: First day after it.
    """

    start: date
    stop: date


@dataclass(frozen=True, slots=True)
class Place:
    """What a subject of holdings stands for.

    Attributes:
        keys: Value by key.
        window: Days it looks at, or None for all.
    """

    keys: Mapping[str, str]
    window: Between | None = None

    @classmethod
    def parse(cls, subject: str) -> Self | None:
        """Read a subject that holdings make, or return None for any other subject."""
        parts = subject.split("/")
        kind = parts[0].partition(":")[0]
        if kind not in HOLDING_KEYS:
            return None
        keys: dict[str, str] = {}
        window = None
        for index, part in enumerate(parts):
            key, colon, value = part.partition(":")
            if colon and key in HOLDING_KEYS and key not in keys:
                keys[key] = value
            elif index == len(parts) - 1 and (window := _window_named(part)) is not None:
                break
            else:
                return cls({kind: subject.partition(":")[2]})
        return cls(keys, window)


def leading(subject: str) -> tuple[str, ...]:
    """Return what a subject of holdings begins with: its keys alone, then with further ones.

    ``company:acme/destination:IN/2026-Q1`` begins with ``company:acme`` and with
    ``company:acme/destination:IN``; a subject of one key and no window begins with nothing else.
    """
    place = Place.parse(subject)
    parts = subject.split("/")
    if place is None or len(parts) != len(place.keys) + (place.window is not None):
        return ()
    return tuple("/".join(parts[:stop]) for stop in range(1, len(parts)))


def calendar_window(calendar: Calendar, day: date) -> tuple[str, Between]:
    """Return the window of a calendar in which a day lies, with its name.

    Args:
        calendar: ``day``, ``month``, ``quarter`` or ``year``.
        day: UTC day.
    """
    start = first_of(calendar, day)
    match calendar:
        case "day":
            return start.isoformat(), Between(start, start + timedelta(days=1))
        case "month":
            return f"{start:%Y-%m}", Between(start, months_before(start, -1))
        case "quarter":
            name = f"{start.year:04d}-Q{(start.month + 2) // 3}"
            return name, Between(start, months_before(start, -3))
        case "year":
            return f"{start.year:04d}", Between(start, months_before(start, -12))


def first_of(calendar: Calendar, day: date) -> date:
    """Return the first day of the calendar stretch in which a day lies."""
    if calendar == "day":
        return day
    length = _MONTHS[calendar]
    return date(day.year, (day.month - 1) // length * length + 1, 1)


def months_before(day: date, months: int) -> date:
    """Return the day that many calendar months earlier; the last of a shorter month stands in.

    The first and the last day of the calendar stand in for what lies outside of it.

    Args:
        day: The day.
        months: How many; a negative number goes forward.
    """
    count = day.year * 12 + day.month - 1 - months
    year, month = count // 12, count % 12 + 1
    if not date.min.year <= year <= date.max.year:
        return date.min if months > 0 else date.max
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def _window_named(text: str) -> Between | None:
    """Read the name of a window, or return None if it is none."""
    between = _BETWEEN.fullmatch(text)
    if between:
        return Between(parse_day(between["start"]), parse_day(between["stop"]))
    found = _WINDOW.fullmatch(text)
    if not found:
        return None
    year = int(found["year"])
    if found["quarter"]:
        return calendar_window("quarter", date(year, 3 * int(found["quarter"]), 1))[1]
    if found["day"]:
        return calendar_window("day", parse_day(text))[1]
    if found["month"]:
        return calendar_window("month", parse_day(f"{text}-01"))[1]
    return calendar_window("year", date(year, 1, 1))[1]
