"""A charge is one row of a bill that is usage: how much of what, over which period."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Final

from ledger.errors import InputError
from ledger.importers.focus_table import Record
from ledger.importers.held_time import SPAN_MAX_MS
from ledger.period import Period

__all__ = ["Aside", "Charge", "Unit", "read_charge"]

_USAGE: Final = "usage"
_MONEY: Final = frozenset({"purchase", "tax", "credit", "adjustment"})
_STATUSES: Final = frozenset({"", "used", "unused"})
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{0,24})?(?:[eE][+-]?[0-9]{1,2})?")
_TIME: Final = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<clock>\d{2}:\d{2}:\d{2})(?:\.(?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<zone>Z|UTC|[+-]\d{2}:\d{2}))?"
)
_UNITS: Final = {
    "second": 1,
    "sec": 1,
    "s": 1,
    "minute": 60,
    "min": 60,
    "hour": 3600,
    "hr": 3600,
    "h": 3600,
    "day": 86_400,
}
_INSTANCES: Final = frozenset({"", "instance", "vm", "node", "machine"})
_DEVICES: Final = frozenset({"gpu", "accelerator", "chip"})


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of time in which something is billed.

    Attributes:
        seconds: Length of one unit.
        of_devices: Whether it counts devices, as in GPU-hours, and not instances.
    """

    seconds: int
    of_devices: bool


@dataclass(frozen=True, slots=True)
class Aside:
    """A row that holds no device time.

    Attributes:
        why: ``purchase``, ``tax``, ``credit``, ``adjustment``, ``no-time``,
            ``no-quantity`` or ``unused-money``.
        unit: The unit as the bill writes it; empty where it has none.
        correction: Whether the row restates a charge.
    """

    why: str
    unit: str = ""
    correction: bool = False


@dataclass(frozen=True, slots=True)
class Charge:
    """Usage by the hour.

    Attributes:
        line: Line of its row.
        cells: Its columns; nulls are empty.
        period: Charge period.
        quantity: Units billed; below zero where it takes some back.
        unit: What they are.
        unit_text: As the bill writes it.
        unused: Whether capacity was paid for and not used.
        correction: Whether it restates a charge of the same period.
    """

    line: int
    cells: Mapping[str, str]
    period: Period
    quantity: Fraction
    unit: Unit
    unit_text: str
    unused: bool
    correction: bool

    @property
    def place(self) -> tuple[str, ...]:
        """Who used which resource when: charges of one place are looked at together."""
        cells = self.cells
        provider = cells.get("providername") or cells.get("serviceprovidername", "")
        names = ("billingaccountid", "subaccountid", "resourceid")
        period = (self.period.start.isoformat(), self.period.stop.isoformat())
        return (provider, *(cells.get(name, "") for name in names), *period)

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from every other charge of its place; corrections share it."""
        sku = self.cells.get("skupriceid") or self.cells.get("skuid", "")
        return (sku, "unused" if self.unused else "used", self.unit_text)


def read_charge(record: Record) -> Charge | Aside:
    """Read one row.

    Raises:
        InputError: If it cannot be read; it names the cell.
    """
    cells = record.cells
    category = cells["chargecategory"].strip().casefold()
    if category in _MONEY:
        return Aside(category)
    if category != _USAGE:
        raise InputError(
            f"{category[:40]!r} is no charge category",
            why="whether it is usage cannot be told",
            remedy="FOCUS knows Usage, Purchase, Tax, Credit and Adjustment",
        )
    kind = cells.get("chargeclass", "").casefold()
    if kind not in {"", "correction"}:
        raise InputError(f"{kind[:40]!r} is no charge class", remedy="Correction, or null")
    unused = "unused" in {_status(cells, "commitmentdiscountstatus"), _reserved(cells)}
    correction = kind == "correction"
    stated, unit_text = _stated(cells, priced=unused or correction, unused=unused)
    unit = _unit(unit_text)
    if unused and (not stated or unit is None):
        return Aside("unused-money")
    if not stated:
        return Aside("no-quantity", unit_text, correction)
    quantity = _quantity(stated)
    if unit is None:
        return Aside("no-time", unit_text, correction)
    return Charge(
        line=record.line,
        cells=cells,
        period=_period(cells),
        quantity=quantity,
        unit=unit,
        unit_text=unit_text,
        unused=unused,
        correction=correction or quantity < 0,
    )


def _reserved(cells: Mapping[str, str]) -> str:
    """Return the status of a capacity reservation."""
    return _status(cells, "capacityreservationstatus")


def _status(cells: Mapping[str, str], name: str) -> str:
    """Return whether something paid for in advance was used."""
    status = cells.get(name, "").casefold()
    if status not in _STATUSES:
        raise InputError(
            f"{status[:40]!r} is no {name}",
            why="whether anything was used cannot be told",
            remedy="FOCUS knows Used, Unused and null",
        )
    return status


def _stated(cells: Mapping[str, str], *, priced: bool, unused: bool) -> tuple[str, str]:
    """Return the quantity and its unit; what was not used, or is restated, may only be priced."""
    places = [("consumedquantity", "consumedunit")]
    if unused:
        places.append(("commitmentdiscountquantity", "commitmentdiscountunit"))
    if priced:
        places.append(("pricingquantity", "pricingunit"))
    for quantity, unit in places:
        if cells.get(quantity) and _unit(cells.get(unit, "")) is not None:
            return cells[quantity], cells[unit]
    return cells.get("consumedquantity", ""), cells.get("consumedunit", "")


def _quantity(text: str) -> Fraction:
    """Return a quantity exactly."""
    if not _NUMBER.fullmatch(text):
        raise InputError(
            f"{text[:40]!r} is no quantity", remedy="write a plain decimal with a point"
        )
    return Fraction(text)


@lru_cache(maxsize=256)
def _unit(text: str) -> Unit | None:
    """Return a unit of time, or None if it is another unit."""
    words = text.casefold().replace("-", " ").replace("_", " ").split()
    # Of ten or a hundred hours nobody says whether the quantity counts hours or blocks of them.
    words = words[1:] if words[:1] == ["1"] else words
    if not words or len(words) > 2:  # noqa: PLR2004 - of what, and how long
        return None
    of = words[0] if len(words) > 1 else ""
    word = words[-1] if words[-1] in _UNITS else words[-1].removesuffix("s")
    seconds = _UNITS.get(word)
    if seconds is None or of not in _INSTANCES | _DEVICES:
        return None
    return Unit(seconds, of in _DEVICES)


def _period(cells: Mapping[str, str]) -> Period:
    """Return the charge period; its end is not part of it."""
    start = _instant(cells["chargeperiodstart"].strip())
    stop = _instant(cells["chargeperiodend"].strip())
    period = Period(start, stop)
    if period.milliseconds > SPAN_MAX_MS:
        raise InputError("the charge period is longer than ten years", remedy="check its dates")
    return period


@lru_cache(maxsize=8192)
def _instant(text: str) -> datetime:
    """Return an instant; FOCUS prescribes UTC, and some exports leave it unsaid."""
    found = _TIME.fullmatch(text)
    if not found:
        raise InputError(f"{text[:40]!r} is no time", remedy="write it as 2026-11-22T10:00:00Z")
    part = int((found["part"] or "0").ljust(3, "0")[:3])
    zone = found["zone"] or "Z"
    zone = "+00:00" if zone in {"Z", "UTC"} else zone
    try:
        whole = datetime.fromisoformat(f"{found['day']}T{found['clock'] or '00:00:00'}{zone}")
        return whole.astimezone(UTC) + timedelta(milliseconds=part)
    except (ValueError, OverflowError) as error:
        raise InputError(f"{text!r} does not exist", remedy="check the calendar") from error
