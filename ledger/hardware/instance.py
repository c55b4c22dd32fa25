"""An instance type is what a provider rents by the hour: how many of which device, and who says so.

Bills name types and not devices. The table is data, ``rules/hardware/instances.yaml``; format:
``schemas/instances.v1.md``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self, cast

from ledger.canonical import JSON, encode
from ledger.errors import RuleError
from ledger.hardware.fields import UNKNOWN, Fields
from ledger.pack import Pack
from ledger.quantity import Dimension

__all__ = ["INSTANCES", "Instance", "InstanceTable", "instances_schema"]

INSTANCES: Final = "hardware/instances.yaml"
"""Path of the table in a rule pack."""

_KEYS: Final = ("schema", "as_of", "provenances", "references", "instances")
_ROW: Final = ("type", "provider", "device", "named", "count", "source", "provenance")
_OPTIONAL: Final = ("scale_up", "scale_up_domain", "scale_out", "note")
_PROVENANCES: Final = ("verified", "secondary", "memory")
_COUNT: Final = re.compile(r"[1-9][0-9]{0,4}")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GIGA: Final = 10**9


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance type.

    Attributes:
        type: As bills write it.
        provider: Who rents it out.
        device: Catalogue id; None where the source does not tell the part, or nobody knows it.
        named: The device in the words of the source.
        count: Devices of one instance.
        scale_up_gb_per_s: GB/s a device, both directions, or None if not stated.
        scale_up_domain: Devices in one scale-up domain, or None.
        scale_out_gbit_per_s: Gbit/s a device, one direction, or None.
        cite: Who says so.
        provenance: ``verified``, ``secondary`` or ``memory``.
        note: What to know of the row; may be empty.
        digest: SHA-256 of the canonical row, 64 hex digits; records carry it.
    """

    type: str
    provider: str
    device: str | None
    named: str
    count: int
    scale_up_gb_per_s: int | None
    scale_up_domain: int | None
    scale_out_gbit_per_s: int | None
    cite: str
    provenance: str
    note: str
    digest: str


@dataclass(frozen=True, slots=True)
class InstanceTable:
    """Every instance type that the rules know.

    Attributes:
        as_of: Day of the table, ``YYYY-MM-DD``; empty without one.
        rows: Type in small letters to its row.
    """

    as_of: str = ""
    rows: Mapping[str, Instance] = field(default_factory=dict)

    @classmethod
    def from_pack(cls, pack: Pack, devices: Collection[str]) -> Self:
        """Read the table of a rule pack; a pack without one knows no types.

        Args:
            pack: The rules.
            devices: Ids of the catalogue.

        Raises:
            RuleError: If a row has no source, names no device of the catalogue or stands twice.
        """
        if INSTANCES not in pack.files:
            return cls()
        fields = Fields.of(pack.tree(INSTANCES), INSTANCES, _KEYS)
        fields.text("schema", ("instances/1",))
        fields.child("provenances").only(_PROVENANCES)
        as_of = fields.text("as_of")
        if not _DAY.fullmatch(as_of):
            raise RuleError("as_of is a day, such as 2026-11-26", where=f"{INSTANCES} as_of")
        cites = fields.child("references")
        rows: dict[str, Instance] = {}
        for item in fields.children("instances"):
            row = _row(item, {key: cites.text(key) for key in cites.tree}, devices)
            if rows.setdefault(row.type.casefold(), row) is not row:
                raise RuleError(
                    f"the type {row.type!r} stands twice",
                    where=item.where,
                    remedy="keep the row with the better source",
                )
        return cls(as_of, rows)

    def find(self, word: str) -> Instance | None:
        """Return the row of a type, in any case of its letters, or None if it is not listed."""
        return self.rows.get(word.strip().casefold())


def _row(item: Fields, cites: Mapping[str, str], devices: Collection[str]) -> Instance:
    """Read one row."""
    item = item.only(_ROW, _OPTIONAL)
    device, count = item.text("device"), item.text("count")
    if device not in {UNKNOWN, *devices}:
        raise RuleError(
            f"{device!r} is not a device of the catalogue",
            where=item.where,
            remedy="see: flopledger hardware list; write unknown if it has none",
        )
    if not _COUNT.fullmatch(count):
        raise RuleError(f"count is {count!r}, not a whole number", where=item.where)
    source, provenance = item.text("source", tuple(cites)), item.text("provenance", _PROVENANCES)
    if (source == "memory") != (provenance == "memory"):
        raise RuleError(
            f"the source is {source}, and the provenance {provenance}",
            where=item.where,
            remedy="what nobody looked up has the source memory and the provenance memory",
        )
    return Instance(
        type=item.text("type"),
        provider=item.text("provider"),
        device=None if device == UNKNOWN else device,
        named=item.text("named"),
        count=int(count),
        scale_up_gb_per_s=_figure(item, "scale_up", Dimension.BYTE_RATE, _GIGA),
        scale_up_domain=_figure(item, "scale_up_domain", Dimension.COUNT),
        scale_out_gbit_per_s=_figure(item, "scale_out", Dimension.BIT_RATE, _GIGA),
        cite=cites[source],
        provenance=provenance,
        note=item.text("note") if "note" in item.tree else "",
        digest=hashlib.sha256(encode(cast("JSON", dict(item.tree)))).hexdigest(),
    )


def _figure(item: Fields, key: str, dimension: Dimension, step: int = 1) -> int | None:
    """Return a figure of the fabric, or None where the source states none."""
    return item.integer(key, dimension, step) if key in item.tree else None


def instances_schema() -> dict[str, Any]:
    """Return the published schema ``schemas/instances.v1.schema.json``."""
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    figure = {"type": ["string", "integer"], "description": "a quantity with its unit, or unknown"}
    described: dict[str, Any] = {
        **dict.fromkeys((*_ROW, *_OPTIONAL), text),
        "count": {"type": ["string", "integer"], "pattern": f"^{_COUNT.pattern}$"},
        "provenance": {"enum": list(_PROVENANCES)},
        "scale_up": figure,
        "scale_up_domain": figure,
        "scale_out": figure,
    }
    row = {
        "type": "object",
        "properties": described,
        "required": list(_ROW),
        "additionalProperties": False,
    }
    words = {"type": "object", "additionalProperties": text}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://flopledger.example/schemas/instances.v1.schema.json",
        "type": "object",
        "properties": {
            "schema": {"const": "instances/1"},
            "as_of": {"type": "string", "pattern": f"^{_DAY.pattern}$"},
            "provenances": words,
            "references": words,
            "instances": {"type": "array", "items": row},
        },
        "required": list(_KEYS),
        "additionalProperties": False,
    }
