"""A rule is what several fields of a record must agree on, whoever reads it.

Models and forms ask the same rules. A rule is a tuple of the fields that it asks for, under their
names and already of the right kind; ``require`` raises if they do not agree.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import NamedTuple, TypeAlias

from ledger.period import Period, parse_instant
from ledger.quantity import Quantity

__all__ = [
    "Amounts",
    "Descent",
    "Exact",
    "Inputs",
    "Rule",
    "SetOfNames",
    "Times",
    "Window",
    "period_of",
]

_DAY_MS = 24 * 60 * 60 * 1000
_ENTRY = re.compile(r'"([^"]*)":(?:[0-9-]+|"[^"]*")')


class Times(NamedTuple):
    """A leg has both ends within one UTC day, or neither and a latest day."""

    start: str | None
    start_ms: int
    end: str | None
    end_ms: int
    not_after: str | None
    milli_devices: int | None
    device_us: str | None

    def require(self) -> None:
        """Refuse other times, and device time that is not devices × time."""
        start, end = self.start, self.end
        if start is None and end is None:
            if self.not_after is None or self.start_ms or self.end_ms:
                raise ValueError("an undated leg states not_after and no times")
            return
        if start is None or end is None or self.not_after is not None:
            raise ValueError("give start and end, or not_after alone")
        # Times of one day compare as texts; whatever else may be right is asked of the calendar.
        alike = start[:10] == end[:10] and (start, self.start_ms) < (end, self.end_ms)
        if not alike and not period_of(start, self.start_ms, end, self.end_ms).within_one_day():
            raise ValueError("a leg lies within one UTC day: split it at midnight")
        if self.milli_devices is not None and self.device_us is not None:
            expected = self.milli_devices * self._milliseconds(start, end)
            if int(self.device_us) != expected:
                raise ValueError(f"device_us is {self.device_us}, devices × time is {expected}")

    def _milliseconds(self, start: str, end: str) -> int:
        """Return how long a leg ran that ends on the day it begins, or at the midnight after."""
        length = _in_day(end, self.end_ms) - _in_day(start, self.start_ms)
        return length if start[:10] == end[:10] else length + _DAY_MS


class Amounts(NamedTuple):
    """The stated range holds the stated figure, and the ceiling follows from its parts."""

    operations_low: str | None
    operations: str | None
    operations_high: str | None
    device_us: str | None
    peak_operations_per_s: str | None
    ceiling_operations: str | None

    def require(self) -> None:
        """Refuse a range out of order, and another ceiling than floor(device_us × peak ÷ 10^6)."""
        _in_order(self.operations_low, self.operations, self.operations_high)
        device_us, peak, ceiling = (
            self.device_us,
            self.peak_operations_per_s,
            self.ceiling_operations,
        )
        if (
            device_us is not None
            and peak is not None
            and ceiling is not None
            and int(ceiling) != int(device_us) * int(peak) // 10**6
        ):
            raise ValueError("ceiling_operations is not floor(device_us × peak ÷ 10^6)")


class Window(NamedTuple):
    """A window of delivery runs forward, its range is in order, and only options are exercised."""

    kind: str
    window_start: str
    window_end: str
    operations_low: str | None
    operations: str | None
    operations_high: str | None
    exercised_on: str | None

    def require(self) -> None:
        """Refuse a commitment of which that is not so."""
        if self.window_end <= self.window_start:
            raise ValueError("window_end must be later than window_start")
        _in_order(self.operations_low, self.operations, self.operations_high)
        if self.exercised_on is not None and self.kind != "option":
            raise ValueError("only an option is exercised")


class Descent(NamedTuple):
    """A model is not its own parent."""

    model: str
    parent: str | None

    def require(self) -> None:
        """Refuse one that is."""
        if self.parent == self.model:
            raise ValueError("a model cannot be its own parent")


class Exact(NamedTuple):
    """A text is an exact quantity, or there is none."""

    quantity_value: str | None

    def require(self) -> None:
        """Refuse a text that is no quantity."""
        if self.quantity_value is not None:
            Quantity.parse(self.quantity_value)


class SetOfNames(NamedTuple):
    """The names in a canonical list without escapes are sorted and distinct, or there is none."""

    set_value: str | None

    def require(self) -> None:
        """Refuse another order."""
        if self.set_value is not None:
            names = self.set_value[2:-2].split('","')
            if names != sorted(set(names)):
                raise ValueError("a set is written sorted and without repetition")


class Inputs(NamedTuple):
    """The keys of an object without escapes and depth are sorted and distinct."""

    method_inputs: str

    def require(self) -> None:
        """Refuse another order."""
        if self.method_inputs != "{}":
            keys = _ENTRY.findall(self.method_inputs)
            if keys != sorted(set(keys)):
                raise ValueError("the keys of an object are sorted, each once")


Rule: TypeAlias = type[Times | Amounts | Window | Descent | Exact | SetOfNames | Inputs]
"""One of the rules; ``require`` raises ValueError or InputError where it does not hold."""


def period_of(start: str, start_ms: int, end: str, end_ms: int) -> Period:
    """Return when a dated leg ran, exact to the millisecond.

    Raises:
        InputError: If it does not run forward.
    """
    return Period(_instant(start, start_ms), _instant(end, end_ms))


def _instant(text: str, milliseconds: int) -> datetime:
    """Return a time to the millisecond."""
    return parse_instant(text).replace(microsecond=milliseconds * 1000)


def _in_day(text: str, milliseconds: int) -> int:
    """Return the milliseconds since midnight."""
    seconds = (int(text[11:13]) * 60 + int(text[14:16])) * 60 + int(text[17:19])
    return seconds * 1000 + milliseconds


def _in_order(low: str | None, point: str | None, high: str | None) -> None:
    """Refuse a range whose ends and figure decrease."""
    if low is None and high is None:
        return
    stated = [int(value) for value in (low, point, high) if value is not None]
    if stated != sorted(stated):
        raise ValueError("operations_low, operations and operations_high must not decrease")
