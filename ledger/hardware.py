"""A device is an accelerator of the catalogue: what one package can do at most, and who says so.

Names match exactly, as an id or a declared alias. A name that fits none or several is refused
with the nearest ones, because the boards sold under one word differ in rate and in law.
Rates are dense theoretical peaks; total processing performance is rate in tera-operations per
second times bit length (15 CFR 774, supplement 1, 3A090 technical notes).
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Self, cast

from ledger.canonical import JSON, encode
from ledger.errors import HardwareError, RuleError
from ledger.pack import Pack
from ledger.quantity import Dimension, parse_number, parse_quantity
from ledger.yamltree import Tree

__all__ = ["BITS", "FORMATS", "Catalogue", "Device", "Fabric", "Provenance", "Refused"]

CATALOGUE = "hardware/accelerators.yaml"
REFERENCES = "hardware/references.yaml"

FORMATS: Mapping[str, tuple[str, ...]] = {
    "fp64": ("fp64_vector", "fp64_matrix"),
    "fp32": ("fp32_vector", "fp32_matrix"),
    "tf32": ("tf32_matrix",),
    "bf16": ("bf16_matrix",),
    "fp16": ("fp16_matrix",),
    "fp8": ("fp8_matrix",),
    "fp6": ("fp6_matrix",),
    "fp4": ("fp4_matrix",),
    "int8": ("int8_matrix",),
    "int4": ("int4_matrix",),
}
"""Catalogue figures of each operand precision; its peak is the larger of them."""

BITS: Mapping[str, int] = {
    "fp64": 64,
    "fp32": 32,
    "bf16": 16,
    "fp16": 16,
    "fp8": 8,
    "fp6": 6,
    "fp4": 4,
    "int8": 8,
    "int4": 4,
}
"""Bit length of an operand. TF32 is left out: 19 significant bits in a 32-bit container."""

_FIGURES = frozenset(figure for figures in FORMATS.values() for figure in figures)
_GROUPS = ("throughput", "memory", "die", "scale_up", "scale_out", "released")
_STATUSES = ("verified", "computed", "from_memory", "unverified")
_TERA = 10**12
_GIGA = 10**9
_NEAREST_MAX = 6  # more names than this are no help
_NAME_MAX = 120  # longer texts are no device names; comparing them would only cost time
_CUTOFF = 0.5
_WORD = re.compile(r"[0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says a figure, and how far to trust it.

    Attributes:
        status: ``verified``, ``computed``, ``from_memory`` or ``unverified``.
        reference: Key of the reference.
        cite: What the reference is.
    """

    status: str
    reference: str
    cite: str


@dataclass(frozen=True, slots=True)
class Fabric:
    """What links the part has in its usual system; a run's own fabric is recorded with the run.

    Attributes:
        kind: Name of the scale-up fabric.
        scale_up_gb_per_s: GB/s a device, both directions, or None if not known.
        scale_up_domain: Devices in one scale-up domain, or None.
        typical_scale_out_gbit_per_s: Gbit/s a device, one direction, or None.
    """

    kind: str
    scale_up_gb_per_s: int | None
    scale_up_domain: int | None
    typical_scale_out_gbit_per_s: int | None


@dataclass(frozen=True, slots=True)
class Device:
    """One exact part.

    Attributes:
        id: Name of the part in records.
        name: Name for people.
        vendor: Maker.
        market: ``datacenter`` or ``consumer``.
        released: ``YYYY-MM-DD``, or None if not known.
        aliases: Names that real systems print for exactly this part.
        datasheet_basis: Whether the vendor's sheet states dense rates, sparse rates or both.
        dense: Figure, such as ``bf16_matrix``, to operations per second, an exact integer.
        sparse: Figure, or ``default``, to sparse over dense; 1 is no sparse mode, None not known.
        memory_bytes: Capacity.
        memory_kind: Technology.
        memory_bytes_per_s: Bandwidth of that memory.
        dram_bytes_per_s: Total DRAM bandwidth, or None; on-chip memory is not DRAM.
        die_mm2: Applicable die area, or None if not published.
        die_note: What the area counts.
        fabric: Links.
        sources: Group of figures, or one figure, to its provenance.
        note: Traps of this part.
    """

    id: str
    name: str
    vendor: str
    market: str
    released: str | None
    aliases: tuple[str, ...]
    datasheet_basis: str
    dense: Mapping[str, int]
    sparse: Mapping[str, Fraction | None]
    memory_bytes: int
    memory_kind: str
    memory_bytes_per_s: int
    dram_bytes_per_s: int | None
    die_mm2: Fraction | None
    die_note: str
    fabric: Fabric
    sources: Mapping[str, Provenance]
    note: str

    @property
    def scale_up_gb_per_s(self) -> int | None:
        """GB/s a device inside the scale-up domain, both directions."""
        return self.fabric.scale_up_gb_per_s

    @property
    def scale_up_domain(self) -> int | None:
        """Devices in one scale-up domain."""
        return self.fabric.scale_up_domain

    @property
    def precisions(self) -> tuple[str, ...]:
        """Precisions with a dense peak, widest first."""
        return tuple(p for p in FORMATS if self.peak(p) is not None)

    def peak(self, precision: str, sparsity: str = "dense") -> int | None:
        """Return the most operations one device can do in a second.

        Args:
            precision: Operand precision; ``unknown`` has no peak.
            sparsity: ``dense`` or ``structured``; ``unknown`` has no peak.

        Returns:
            Operations per second, a multiply-add counted as two; None if the part does not
            support it or nobody published a figure.
        """
        figure = self._figure(precision)
        if figure is None or sparsity not in {"dense", "structured"}:
            return None
        rate = self.dense[figure]
        if sparsity == "dense":
            return rate
        factor = self.sparse.get(figure, self.sparse["default"])
        if factor is None or factor == 1:
            return None
        sparse = rate * factor
        assert sparse.denominator == 1  # checked when the catalogue is read
        return sparse.numerator

    def sparse_factor(self, precision: str) -> Fraction | None:
        """Return sparse over dense peak; 1 means no sparse mode, None not known."""
        figure = self._figure(precision)
        return None if figure is None else self.sparse.get(figure, self.sparse["default"])

    def tpp_by_bits(self) -> dict[int, Fraction]:
        """Return total processing performance per bit length, longest first; TF32 left out."""
        found: dict[int, Fraction] = {}
        for precision, bits in BITS.items():
            rate = self.peak(precision)
            if rate is not None:
                found[bits] = max(found.get(bits, Fraction(0)), Fraction(rate * bits, _TERA))
        return dict(sorted(found.items(), reverse=True))

    @property
    def tpp(self) -> Fraction | None:
        """Total processing performance: the highest over the bit lengths, or None if not known."""
        return max(self.tpp_by_bits().values(), default=None)

    def tpp_with_tf32(self, bits: int) -> Fraction | None:
        """Return total processing performance if TF32 operands count as ``bits`` long."""
        rate = self.peak("tf32")
        readings = [self.tpp, None if rate is None else Fraction(rate * bits, _TERA)]
        return max((reading for reading in readings if reading is not None), default=None)

    @property
    def binding(self) -> tuple[str, ...]:
        """Precisions that reach the total processing performance."""
        top = self.tpp
        return tuple(p for p in self.precisions if p in BITS and self._tpp_of(p) == top)

    @property
    def performance_density(self) -> Fraction | None:
        """Total processing performance per mm² of applicable die, unrounded; None if unknown."""
        top = self.tpp
        return None if top is None or self.die_mm2 is None else top / self.die_mm2

    def provenance(self, figure: str) -> Provenance | None:
        """Return who says a figure or a group of figures; None if nobody is named.

        Args:
            figure: A rate such as ``fp8_matrix``, a precision, or a group such as ``memory``.
        """
        figure = self._figure(figure) or figure
        group = "throughput" if figure in _FIGURES else figure
        return self.sources.get(figure, self.sources.get(group))

    def _tpp_of(self, precision: str) -> Fraction:
        """Return rate times bit length of a supported precision."""
        rate = self.peak(precision)
        assert rate is not None
        return Fraction(rate * BITS[precision], _TERA)

    def _figure(self, precision: str) -> str | None:
        """Return the figure that is the dense peak of a precision."""
        known = [figure for figure in FORMATS.get(precision, ()) if figure in self.dense]
        return max(known, key=lambda figure: self.dense[figure], default=None)


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
    """

    devices: Mapping[str, Device]
    refused: Mapping[str, Refused]
    digest: str
    as_of: str
    names: Mapping[str, Device]

    @classmethod
    def from_pack(cls, pack: Pack) -> Self:
        """Read the catalogue of a rule pack.

        Raises:
            MissingError: If the pack has none.
            RuleError: If a figure, a unit, a source or a name in it cannot stand.
        """
        tree = pack.tree(CATALOGUE)
        cites = _map(pack.tree(REFERENCES), "references", REFERENCES)
        devices = [_device(item, cites) for item in _list(tree, "accelerators", CATALOGUE)]
        names = _names(devices)
        return cls(
            {device.id: device for device in devices},
            _refused(tree, names),
            hashlib.sha256(encode(cast("JSON", tree))).hexdigest(),
            _text(tree, "as_of", CATALOGUE),
            names,
        )

    def find(self, name: str) -> Device:
        """Return the device of an exact id or declared alias; only outer white space is ignored.

        Raises:
            HardwareError: If the name is unknown or fits several devices; it lists the nearest.
        """
        name = name.strip()
        if name in self.names and name not in self.refused:
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
        return f"write one of: {listed}; {advice}" if listed else advice

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
        close = difflib.get_close_matches(
            name.casefold(), owner, n=2 * _NEAREST_MAX, cutoff=_CUTOFF
        )
        return tuple(dict.fromkeys(owner[label] for label in close))[:_NEAREST_MAX]


def _labels(device: Device) -> Iterator[str]:
    """Yield every name of a device."""
    yield from (device.id, device.name, *device.aliases)
