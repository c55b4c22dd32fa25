"""A device is one exact part: what a package can do at most, dense, and who says so.

Rates are theoretical peaks in operations per second, a multiply-accumulate counted as two. Total
processing performance is the rate in tera-operations per second times the bit length of the
operation (15 CFR 774, supplement 1, technical notes to 3A090).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

__all__ = ["BITS", "FIGURES", "FORMATS", "Device", "Fabric", "Provenance"]

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

FIGURES = frozenset(figure for figures in FORMATS.values() for figure in figures)
"""Every rate that the catalogue may state."""

_TERA = 10**12


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
        factor = self.sparse_over_dense(figure)
        if factor is None or factor == 1:
            return None
        sparse = rate * factor
        assert sparse.denominator == 1  # checked when the catalogue is read
        return sparse.numerator

    def sparse_over_dense(self, figure: str) -> Fraction | None:
        """Return sparse over dense for one figure; 1 means no sparse mode, None not known.

        The default of a part is the vendor's figure for the tensor formats; nobody states one for
        FP64 and FP32.
        """
        default = None if figure.startswith(("fp64", "fp32")) else self.sparse["default"]
        return self.sparse.get(figure, default)

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
        group = "throughput" if figure in FIGURES else figure
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
