"""A holding is a recorded event of devices: shipped, received, installed or removed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from ledger.measure import StoredRecord
from ledger.period import parse_day
from ledger.quantity import UNITS, Quantity
from ledger.regime.environment import FactValue
from ledger.regime.grouping import Between, Group, calendar_window

__all__ = ["HeldDevices", "Holdings"]

# Field of the record behind each key; who holds them stands in a leaf as a pseudonym.
_FIELDS: Final[Mapping[str, str]] = {
    "consignee": "consignee_pseudonym",
    "company": "ultimate_parent_pseudonym",
    "site": "site_pseudonym",
    "destination": "destination",
    "headquarters": "headquarters",
    "device": "device",
}


@dataclass(frozen=True, slots=True)
class HeldDevices:
    """One holding.

    Attributes:
        seq: Its entry.
        event: What happened.
        on: Day of the event.
        keys: Whose and where, by key; None where nobody says.
        facts: What is stated, by ``holding.…`` name.
    """

    seq: int
    event: str
    on: date
    keys: Mapping[str, str | None]
    facts: Mapping[str, FactValue]

    @classmethod
    def of(cls, record: StoredRecord) -> HeldDevices:
        """Read a record of a holding."""
        body: Mapping[str, Any] = record.body
        keys = {key: body.get(field) for key, field in _FIELDS.items()}
        on = parse_day(body["on"])
        stated: dict[str, FactValue | None] = {
            "holding.quantity": Quantity(Fraction(body["quantity"]), UNITS["accelerator"]),
            "holding.event": body["event"],
            "holding.on": on,
            "holding.destination": body["destination"],
            "holding.headquarters": body["headquarters"],
            "holding.authorisation": body["authorisation"],
        }
        facts = {name: value for name, value in stated.items() if value is not None}
        return cls(record.seq, body["event"], on, keys, facts)


class Holdings:
    """The holdings of a prefix of the log that still stand, in the order recorded."""

    def __init__(self, records: Iterable[StoredRecord]) -> None:
        """Read holding records that still stand."""
        self._held = tuple(HeldDevices.of(record) for record in records)

    def by(self, day: date) -> Sequence[HeldDevices]:
        """Return those dated on or before a day."""
        return tuple(each for each in self._held if each.on <= day)

    def values(self, key: str) -> frozenset[str]:
        """Return every value that holdings state of a key."""
        return frozenset(v for each in self._held if (v := each.keys[key]) is not None)

    def days(self) -> frozenset[date]:
        """Return every day on which something happened to devices."""
        return frozenset(each.on for each in self._held)

    def subjects(self, group: Group, between: Between | None, day: date) -> tuple[str, ...]:
        """Return the subjects that a grouping makes of the holdings by a day, sorted.

        A window of the calendar makes one subject for each stretch from the first holding of its
        keys to the day, since what is held in one is still held in the next; of single days only
        those on which something happened.

        Args:
            group: How holdings are grouped.
            between: The window of the law that the grouping names, or None.
            day: Last day that counts.
        """
        seen: dict[tuple[str, ...], set[date]] = {}
        for each in self.by(day):
            values = tuple(value for key in group.by if (value := each.keys[key]) is not None)
            if len(values) == len(group.by):
                seen.setdefault(values, set()).add(each.on)
        found: list[str] = []
        for values, days in seen.items():
            named = "/".join(f"{key}:{v}" for key, v in zip(group.by, values, strict=True))
            found += [f"{named}{window}" for window in _windows(group, between, days, day)]
        return tuple(sorted(found))


def _windows(
    group: Group, between: Between | None, days: Collection[date], last: date
) -> Iterator[str]:
    """Yield the windows of a subject seen on some days up to a last one, each as a name's end."""
    window = group.window
    if window is None:
        yield ""
    elif window.calendar is None:
        if between is not None and min(days) < between.stop:
            yield f"/{between.start}..{between.stop}"
    elif window.calendar == "day":
        yield from (f"/{day}" for day in sorted(days))
    else:
        here = min(days)
        while here <= last:
            name, stretch = calendar_window(window.calendar, here)
            yield f"/{name}"
            here = stretch.stop
