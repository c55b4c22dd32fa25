"""A work calendar is how a jurisdiction counts days: its zone, its weekend, its public holidays.

Who gives the holidays is handed in: this module knows whose count, not which they are. Where the
law says so, a period that ends on a day off runs on to the next working day; the earlier of both
days is the one to act on, and both are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from ledger.errors import RuleError
from ledger.hardware.fields import UNKNOWN, Fields
from ledger.pack import Pack

__all__ = ["Holidays", "WorkCalendar", "WorkCalendars"]

_FILE: Final = "vocabulary/calendars.yaml"
_KEYS: Final = ("title", "zone", "weekend", "holidays", "runs_on", "cite", "provenance", "note")
_WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_RUNS_ON: Final = {"yes": True, "no": False, UNKNOWN: None}
_STRETCH_MAX: Final = 60  # days off in a row; a calendar that has more is wrong
_DAY: Final = timedelta(days=1)

Holidays: TypeAlias = Callable[[str, str | None, date], str | None]
"""Gives the name of the public holiday of a country, and of a part of it, on a day, or None."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """How one jurisdiction counts days.

    Attributes:
        id: Its id: what the ids of its regimes begin with.
        title: Its name.
        zone: Name of the time zone in which its days begin and end.
        weekend: Days of the week that are off, Monday being 0.
        country: ISO 3166-1 code of the country whose public holidays count.
        subdivision: Code of the part of it; None for the whole.
        runs_on: Whether a period that ends on a day off runs on to the next working day; None if
            nobody has found out.
        cite: Where that stands.
        provenance: How far it was checked: ``verified``, ``secondary`` or ``memory``.
        note: What a reader must know.
        holidays: Gives the public holidays.
    """

    id: str
    title: str
    zone: str
    weekend: frozenset[int]
    country: str
    subdivision: str | None
    runs_on: bool | None
    cite: str
    provenance: str
    note: str
    holidays: Holidays

    def day_off(self, day: date) -> str | None:
        """Return why nobody works on a day, or None on a working day."""
        if day.weekday() in self.weekend:
            return _WEEKDAYS[day.weekday()].capitalize()
        return self.holidays(self.country, self.subdivision, day)

    def runs_on_to(self, day: date) -> date | None:
        """Return the working day to which a period that ends on a day runs on, if it does."""
        if not self.runs_on or self.day_off(day) is None:
            return None
        return self.moved(day, 1)

    def moved(self, day: date, days: int) -> date:
        """Return the day that lies some working days after a day, or before it if negative.

        The day itself is not counted.

        Raises:
            RuleError: If the calendar has no working day for two months.
        """
        step = _DAY if days > 0 else -_DAY
        for _ in range(abs(days)):
            day += step
            stretch = 0
            while self.day_off(day) is not None:
                day += step
                stretch += 1
                if stretch > _STRETCH_MAX:
                    raise RuleError(
                        f"the calendar {self.id!r} has no working day around {day}",
                        where=_FILE,
                        remedy="check its weekend and holidays",
                    )
        return day


@dataclass(frozen=True, slots=True)
class WorkCalendars:
    """The calendars of a pack, by the beginning of the ids of regimes."""

    held: Mapping[str, WorkCalendar]

    @classmethod
    def from_pack(cls, pack: Pack, holidays: Holidays) -> WorkCalendars:
        """Read the calendars of a pack; a pack made before there were any has none.

        Args:
            pack: The law and its tables.
            holidays: Gives public holidays.

        Raises:
            RuleError: If the file is not as it must be.
        """
        if _FILE not in pack.files:
            return cls({})
        tree = pack.tree(_FILE)
        return cls(
            {
                name: _read(name, Fields.of(tree[name], f"{_FILE} {name}", _KEYS), holidays)
                for name in tree
            }
        )

    def of(self, regime: str) -> WorkCalendar | None:
        """Return the calendar of a regime: that of the longest beginning of its id, or None."""
        name = regime
        while name:
            if name in self.held:
                return self.held[name]
            name = name.rpartition(".")[0]
        return None

    def moved(self, regime: str, day: date, days: int) -> date | None:
        """Return the day some working days of a regime away; None without a calendar."""
        calendar = self.of(regime)
        return None if calendar is None else calendar.moved(day, days)


def _read(name: str, fields: Fields, holidays: Holidays) -> WorkCalendar:
    """Read one calendar."""
    whose = fields.child("holidays").only(("country",), ("subdivision",))
    zone = fields.text("zone")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError) as error:
        raise RuleError(
            f"there is no time zone {zone!r}",
            where=fields.where,
            remedy="write one like Asia/Seoul",
        ) from error
    provenance = fields.text("provenance", ("verified", "secondary", "memory"))
    weekend = fields.texts("weekend")
    unknown = [word for word in weekend if word not in _WEEKDAYS]
    if unknown or not weekend:
        raise RuleError(
            f"weekend names {unknown[0]!r}" if unknown else "weekend names no day",
            where=fields.where,
            remedy="write one of: " + ", ".join(_WEEKDAYS),
        )
    return WorkCalendar(
        id=name,
        title=fields.child("title").only(("en",)).text("en"),
        zone=zone,
        weekend=frozenset(_WEEKDAYS.index(word) for word in weekend),
        country=whose.text("country"),
        subdivision=whose.text("subdivision") if "subdivision" in whose.tree else None,
        runs_on=_RUNS_ON[fields.text("runs_on", tuple(_RUNS_ON))],
        cite=fields.text("cite"),
        provenance=provenance,
        note=fields.child("note").only(("en",)).text("en"),
        holidays=holidays,
    )
