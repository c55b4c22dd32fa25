"""Unmapped is what no map is about: it is not recorded, and told with the device time it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.importers.mapping import Map, Words
from ledger.importers.stretch import Doubt

__all__ = ["Unmapped", "hours_text"]

_TOLD_MAX: Final = 200  # groups that are told one by one
_KEPT_MAX: Final = 10_000  # groups that are told apart
_REMEDY: Final = "say which with --map FILE, or --set model=NAME for all of them"


class _Group:
    """What has the same words."""

    __slots__ = ("device_us", "line", "number")

    def __init__(self, line: int | None) -> None:
        """Begin with none; the first stands on that line."""
        self.number = 0
        self.device_us = 0
        self.line = line


class Unmapped:
    """What no map is about, in groups of the same words."""

    def __init__(self, noun: str, told_by: tuple[str, ...], mapping: Map | None) -> None:
        """Begin with none.

        Args:
            noun: What they are, in the plural: ``jobs``.
            told_by: Columns by which groups are told where the map looks at none.
            mapping: The map, or None.
        """
        self._noun = noun
        self._names = (() if mapping is None else mapping.asked_of_rows) or told_by
        self._groups: dict[Words, _Group] = {}

    def add(
        self, columns: Mapping[str, str], line: int | None, device_us: int, *, number: int = 1
    ) -> None:
        """Count one more.

        Args:
            columns: Its columns.
            line: Where it stands, or None.
            device_us: What it held, device-microseconds.
            number: How many it is; zero for a further part of one that was counted.
        """
        words = tuple((name, columns.get(name, "")) for name in self._names)
        if words not in self._groups and len(self._groups) >= _KEPT_MAX:
            words = tuple((name, "of any other") for name in self._names)
        group = self._groups.setdefault(words, _Group(line))
        group.number += number
        group.device_us += device_us

    def findings(self) -> Iterator[tuple[int | None, Doubt]]:
        """Yield each group with the line of its first, the longest first."""
        largest = sorted(self._groups.items(), key=lambda item: -item[1].device_us)
        for words, group in largest[:_TOLD_MAX]:
            where = ", ".join(f"{name} {word or 'empty'}" for name, word in words)
            which = f"{group.number:,} {self._noun}" + (f" with {where}" if where else "")
            message = f"{which} hold {hours_text(group.device_us)} device-hours"
            message += " and are of no model: they were not recorded"
            yield group.line, Doubt("unmapped", message, _REMEDY)
        if len(largest) > _TOLD_MAX:
            rest = [group for _, group in largest[_TOLD_MAX:]]
            number = sum(group.number for group in rest)
            hours = hours_text(sum(group.device_us for group in rest))
            message = f"{len(rest):,} more kinds of {self._noun}, {number:,} in all, hold {hours} "
            message += "device-hours and are of no model: they were not recorded"
            yield None, Doubt("unmapped", message, _REMEDY)


def hours_text(device_us: int) -> str:
    """Return device-hours for people: up to six decimals, cut off."""
    whole, rest = divmod(device_us, 3_600_000_000)
    decimals = f"{rest * 10**6 // 3_600_000_000:06d}".rstrip("0")
    return f"{whole:,}" + (f".{decimals}" if decimals else "")
