"""The catalogue holds every device that records may name, and refuses every other name.

Names match exactly, as an id or a declared alias. A name that fits none or several is refused
with the nearest ones, because the boards sold under one word differ in rate and in law.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, cast

from ledger.canonical import JSON, encode
from ledger.errors import HardwareError, RuleError
from ledger.hardware.device import Device
from ledger.hardware.fields import Fields
from ledger.hardware.instance import InstanceTable
from ledger.hardware.source import read_device
from ledger.pack import Pack

__all__ = ["Catalogue", "Refused"]

_CATALOGUE = "hardware/accelerators.yaml"
_REFERENCES = "hardware/references.yaml"
_NEAREST_MAX = 6  # more names than this are no help
_NAME_MAX = 120  # longer texts are no device names, and comparing them only costs time
_KEYS = ("schema", "as_of", "statuses", "refused_names", "accelerators")
_WORD = re.compile(r"[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Refused:
    """A name that looks like one device and is not.

    Attributes:
        candidates: Ids that it may mean; may be empty.
        why: What tells them apart.
    """

    candidates: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every device that records may name.

    Attributes:
        devices: By id, in the order of the file.
        refused: Names with a reason to refuse them.
        digest: SHA-256 of the canonical catalogue, 64 hex digits; records carry it.
        as_of: Day of the figures, ``YYYY-MM-DD``.
        names: Id or alias to device.
        instances: What providers rent by the hour; empty in a pack without the table.
    """

    devices: Mapping[str, Device]
    refused: Mapping[str, Refused]
    digest: str
    as_of: str
    names: Mapping[str, Device]
    instances: InstanceTable = field(default_factory=InstanceTable)

    @classmethod
    def from_pack(cls, pack: Pack) -> Self:
        """Read the catalogue of a rule pack.

        Raises:
            MissingError: If the pack has none.
            RuleError: If a figure, a unit, a source or a name in it cannot stand.
        """
        tree = pack.tree(_CATALOGUE)
        fields = Fields.of(tree, _CATALOGUE, _KEYS)
        fields.text("schema", ("accelerators/1",))
        cites = _cites(pack)
        devices = [read_device(item, cites) for item in fields.children("accelerators")]
        names = _names(devices)
        by_id = {device.id: device for device in devices}
        return cls(
            by_id,
            _refused(fields, by_id, names),
            hashlib.sha256(encode(cast("JSON", tree))).hexdigest(),
            fields.text("as_of"),
            names,
            InstanceTable.from_pack(pack, by_id),
        )

    def find(self, name: str) -> Device:
        """Return the device of an exact id or declared alias; only outer white space is ignored.

        Raises:
            HardwareError: If the name is unknown or fits several devices; it lists the nearest.
        """
        name = name.strip()
        if name in self.names:
            return self.names[name]
        shown = repr(name[:_NAME_MAX])
        if name in self.refused:
            refused = self.refused[name]
            raise HardwareError(
                f"{shown} does not name one exact device",
                why=refused.why,
                remedy=self._advice(refused.candidates),
            )
        fits = self._fitting(name)
        raise HardwareError(
            f"{shown} fits {len(fits)} devices" if len(fits) > 1 else f"{shown} is not a device",
            why="only exact ids and declared aliases are taken; the device is never guessed",
            remedy=self._advice(fits or self._nearest(name)),
        )

    def _advice(self, ids: tuple[str, ...]) -> str:
        """Return what to type instead."""
        listed = ", ".join(f"{i} ({self.devices[i].name})" for i in ids)
        advice = "see: flopledger hardware list"
        return f"if it is one of these, write its id: {listed}; {advice}" if listed else advice

    def _fitting(self, name: str) -> tuple[str, ...]:
        """Return the ids of which some name has every word of this one."""
        words = set(_WORD.findall(name[:_NAME_MAX].casefold()))
        return tuple(
            device.id
            for device in self.devices.values()
            if words
            and any(words <= set(_WORD.findall(label.casefold())) for label in _labels(device))
        )[:_NEAREST_MAX]

    def _nearest(self, name: str) -> tuple[str, ...]:
        """Return the ids whose names are spelt most like this one."""
        if len(name) > _NAME_MAX:
            return ()
        owner = {label.casefold(): d.id for d in self.devices.values() for label in _labels(d)}
        close = difflib.get_close_matches(name.casefold(), owner, n=2 * _NEAREST_MAX)
        return tuple(dict.fromkeys(owner[label] for label in close))[:_NEAREST_MAX]


def _labels(device: Device) -> Iterator[str]:
    """Yield every name of a device."""
    yield from (device.id, device.name, *device.aliases)


def _cites(pack: Pack) -> dict[str, str]:
    """Return what each reference key stands for."""
    fields = Fields.of(pack.tree(_REFERENCES), _REFERENCES, ("schema", "references"))
    references = fields.child("references")
    return {key: references.text(key) for key in references.tree}


def _names(devices: Sequence[Device]) -> dict[str, Device]:
    """Return every id and alias; each must belong to one device."""
    names: dict[str, Device] = {}
    for device in devices:
        for name in (device.id, *device.aliases):
            if name != name.strip() or name in names:
                raise RuleError(
                    f"the name {name!r} is taken or has outer white space",
                    where=f"{_CATALOGUE} {device.id}",
                    remedy="give each name to one device",
                )
            names[name] = device
    return names


def _refused(
    fields: Fields, devices: Mapping[str, Device], names: Mapping[str, Device]
) -> dict[str, Refused]:
    """Return the names that have a reason to be refused; none may be an id or alias."""
    refused = {}
    for item in fields.children("refused_names", ("name", "candidates", "why")):
        name, candidates = item.text("name"), item.texts("candidates")
        if name in names or any(candidate not in devices for candidate in candidates):
            raise RuleError(
                f"{name!r} is a device of its own, or a candidate is none", where=item.where
            )
        refused[name] = Refused(candidates, item.text("why"))
    return refused
