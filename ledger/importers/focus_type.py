"""The type of a charge is the instance that was rented: what it holds, and where that is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.hardware import Instance, InstanceTable
from ledger.importers.focus_charge import Unit
from ledger.importers.mapping import GivenDevice, Map

__all__ = ["Rented", "TypeReader"]

_TAG: Final = "tag:"
_PLACES: Final = ("instancetype", "resourcetype", "skuid", "skumeter")
_COUNTS: Final = frozenset({"gpucount", "acceleratorcount"})
_COUNT_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Rented:
    """What one unit of a charge holds.

    Attributes:
        type: The word for it in the bill; empty where none is stated.
        said_in: Column in which the word stands; empty without one.
        given: What the map says of it, or None.
        instance: Its row in the table of instance types, or None.
        counted: Devices of one instance as the bill states them, or None.
    """

    type: str
    said_in: str
    given: GivenDevice | None
    instance: Instance | None
    counted: int | None

    @property
    def holds_devices(self) -> bool:
        """Whether anybody says that it holds accelerators."""
        if self.given is not None and "milli_devices" in self.given.model_fields_set:
            return self.given.milli_devices > 0
        return bool(self.given or self.instance or self.counted)

    def holds_devices_in(self, unit: Unit) -> bool:
        """Whether it holds accelerators, or is billed by them; a map may say that it does not."""
        if self.given is not None and self.given.milli_devices == 0:
            return False
        return self.holds_devices or unit.of_devices

    @property
    def milli_devices(self) -> int | None:
        """Thousandths of devices of one instance, or None if nobody says; the larger count wins."""
        if self.given is not None and "milli_devices" in self.given.model_fields_set:
            return self.given.milli_devices
        counts = [self.counted or 0, 0 if self.instance is None else self.instance.count]
        return 1000 * max(counts) or None

    @property
    def device(self) -> str | None:
        """Catalogue id or name of the device, or None if nobody says."""
        if self.given is not None:
            return self.given.device
        return None if self.instance is None else self.instance.device


class TypeReader:
    """Reads what charges hold, by the map and by the table of instance types."""

    def __init__(self, table: InstanceTable, mapping: Map | None) -> None:
        """Name the table and the map."""
        self._table = table
        self._map = mapping
        # Millions of rows share a few thousand descriptions.
        self._described = lru_cache(maxsize=8192)(self._listed)

    def columns(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Return the columns by which a map can tell rows apart: the cells, and ``tag:KEY``."""
        asked = frozenset[str]() if self._map is None else self._map.wanted
        wanted = any(name.startswith(_TAG) for name in asked)
        if not wanted:
            return cells
        tags = _pairs(cells.get("tags", ""))
        return {**cells, **{_TAG + name: value for name, value in tags.items()}}

    def rented(self, cells: Mapping[str, str]) -> Rented:
        """Return what a charge rents.

        Args:
            cells: Its columns, with tags.
        """
        details = _pairs(cells.get("skupricedetails", ""))
        word, place = self._word(cells, details)
        counts = [details[name] for name in sorted(_COUNTS) if name in details]
        count = int(counts[0]) if counts and counts[0].isascii() and counts[0].isdigit() else 0
        return Rented(
            word,
            place,
            self._given(cells, word),
            self._table.find(word) if word else None,
            count if 0 < count <= _COUNT_MAX else None,
        )

    def _word(self, cells: Mapping[str, str], details: Mapping[str, str]) -> tuple[str, str]:
        """Return the word for the type and the column it stands in.

        An instance type by name is taken as it is; any other column only where the table lists
        its word, since it may as well name something else.
        """
        if details.get("instancetype"):
            return details["instancetype"], "SkuPriceDetails"
        for name in _PLACES:
            word = cells.get(name, "").strip()
            if word and (name == "instancetype" or self._table.find(word)):
                return word, name
        word = self._described(cells.get("chargedescription", ""))
        return (word, "chargedescription") if word else ("", "")

    def _listed(self, text: str) -> str:
        """Return the one word of a sentence that the table lists, or nothing."""
        listed = {word for word in _words(text) if self._table.find(word) is not None}
        return listed.pop() if len(listed) == 1 else ""

    def _given(self, cells: Mapping[str, str], word: str) -> GivenDevice | None:
        """Return what the map says."""
        if self._map is None or not self._map.file.devices:
            return None
        return self._map.device_of(cells, word)


def _words(text: str) -> Iterator[str]:
    """Yield the words of a sentence that could be types: they hold a point, hyphen or low line."""
    for word in text.split():
        bare = word.strip(",;:()[]\"'")
        if any(sign in bare for sign in ".-_"):
            yield bare


@lru_cache(maxsize=8192)
def _pairs(text: str) -> Mapping[str, str]:
    """Return the pairs of a JSON object, keys in lower case; nothing if it is no such object."""
    if not text.startswith("{"):
        return {}
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return {}
    pairs = value.items() if isinstance(value, dict) else ()
    return {key.lower(): item for key, item in pairs if isinstance(item, str)}
