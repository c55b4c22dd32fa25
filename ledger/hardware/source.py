"""The catalogue file, read field by field into devices."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ledger.errors import RuleError
from ledger.hardware.device import FIGURES, Device, Fabric, Provenance
from ledger.hardware.fields import UNKNOWN, Fields
from ledger.quantity import Dimension

__all__ = ["read_device"]

_KEYS = (
    "id",
    "name",
    "vendor",
    "market",
    "released",
    "aliases",
    "datasheet_basis",
    "dense",
    "sparse_factor",
    "memory",
    "die",
    "fabric",
    "sources",
)
_OPTIONAL = ("note",)
_BASES = ("dense_only", "sparse_only", "both", "unpublished", "unclear", "vendor_effective")
_GROUPS = ("throughput", "memory", "die", "scale_up", "scale_out", "released")
_STATUSES = ("verified", "computed", "from_memory", "unverified")
_GIGA = 10**9


def read_device(fields: Fields, cites: Mapping[str, str]) -> Device:
    """Read one device.

    Args:
        fields: Its entry in the catalogue.
        cites: Reference key to what it is.

    Raises:
        RuleError: If a key, figure, unit, status or reference in it cannot stand.
    """
    fields = Fields(fields.only(_KEYS, _OPTIONAL).tree, f"{fields.where} {fields.text('id')}")
    memory = Fields.of(
        fields.tree["memory"], fields.where, ("capacity", "kind", "bandwidth", "dram_bandwidth")
    )
    die = Fields.of(fields.tree["die"], fields.where, ("applicable_area", "note"))
    dense = _dense(fields.child("dense"))
    released = fields.text("released")
    return Device(
        id=fields.text("id"),
        name=fields.text("name"),
        vendor=fields.text("vendor"),
        market=fields.text("market"),
        released=None if released == UNKNOWN else released,
        aliases=_aliases(fields, cites),
        datasheet_basis=fields.text("datasheet_basis", _BASES),
        dense=dense,
        sparse=_sparse(fields.child("sparse_factor"), dense),
        memory_bytes=_known(memory, "capacity", Dimension.BYTES),
        memory_kind=memory.text("kind"),
        memory_bytes_per_s=_known(memory, "bandwidth", Dimension.BYTE_RATE),
        dram_bytes_per_s=memory.integer("dram_bandwidth", Dimension.BYTE_RATE),
        die_mm2=die.quantity("applicable_area", Dimension.AREA),
        die_note=die.text("note"),
        fabric=_fabric(fields.child("fabric")),
        sources=_sources(fields.child("sources"), cites),
        note=fields.text("note") if "note" in fields.tree else "",
    )


def _known(fields: Fields, key: str, dimension: Dimension) -> int:
    """Return a figure that every entry must have."""
    value = fields.integer(key, dimension)
    if value is None:
        raise RuleError(f"{key} must be known", where=fields.where)
    return value


def _aliases(fields: Fields, cites: Mapping[str, str]) -> tuple[str, ...]:
    """Return the aliases, each with a reference that exists."""
    aliases = fields.children("aliases", ("name", "ref"))
    for alias in aliases:
        alias.text("ref", tuple(cites))
    return tuple(alias.text("name") for alias in aliases)


def _dense(fields: Fields) -> dict[str, int]:
    """Return the dense rates in operations per second."""
    fields.only((), sorted(FIGURES))
    return {key: _known(fields, key, Dimension.OPERATION_RATE) for key in fields.tree}


def _sparse(fields: Fields, dense: Mapping[str, int]) -> dict[str, Fraction | None]:
    """Return the sparse factors; each must give a whole number of operations per second."""
    fields.only(("default",), tuple(dense))
    factors = {key: fields.number(key) for key in fields.tree}
    for figure, rate in dense.items():
        factor = factors.get(figure, factors["default"])
        if factor is not None and (rate * factor).denominator != 1:
            raise RuleError(
                f"{figure} sparse is not a whole number of operations per second",
                where=fields.where,
                remedy="write the factor as the exact ratio of the two published rates",
            )
    return factors


def _fabric(fields: Fields) -> Fabric:
    """Return the links of the part."""
    fields.only(("kind", "scale_up", "scale_up_domain", "typical_scale_out"))
    return Fabric(
        fields.text("kind"),
        fields.integer("scale_up", Dimension.BYTE_RATE, _GIGA),
        fields.integer("scale_up_domain", Dimension.COUNT),
        fields.integer("typical_scale_out", Dimension.BIT_RATE, _GIGA),
    )


def _sources(fields: Fields, cites: Mapping[str, str]) -> dict[str, Provenance]:
    """Return who says each group of figures or single figure."""
    fields.only((), (*_GROUPS, *sorted(FIGURES)))
    sources = {}
    for key in fields.tree:
        entry = fields.child(key).only(("status", "ref"))
        reference = entry.text("ref", tuple(cites))
        sources[key] = Provenance(entry.text("status", _STATUSES), reference, cites[reference])
    return sources
