"""Devices answer what a rule asks of hardware that nobody recorded facts of: from the catalogue.

A recorded fact always comes first. Rates are dense peaks. TF32 has no agreed operand length, so
its rate stands in two rows, one for each, and a rule says by a reading which of them it takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Protocol

from ledger.hardware import Catalogue
from ledger.hardware.device import BITS, FIGURES, Device
from ledger.quantity import UNITS, Quantity
from ledger.regime.environment import FactValue, Rates

__all__ = ["CatalogueDevices", "Devices", "StatedDevices"]

_TERA: Final = 10**12
_GIGA: Final = 10**9
_TF32_BITS: Final = (19, 32)
_RATE: Final = "rate.mac_rate"
# Figures of the catalogue behind each fact and the rates; what nobody verified of them is said
# with the finding.
_BEHIND: Final[Mapping[str, tuple[str, ...]]] = {
    _RATE: tuple(sorted(FIGURES)),
    "device.applicable_die_area": ("die",),
    "device.dram_bandwidth": ("memory",),
    "device.scale_up_bandwidth": ("scale_up",),
    "device.combined_bandwidth": ("memory", "scale_up"),
    "device.fp64_rate": ("fp64_matrix", "fp64_vector"),
    "device.fp64_vector_rate": ("fp64_vector",),
    "device.fp32_rate": ("fp32_matrix", "fp32_vector"),
    "device.fp32_vector_rate": ("fp32_vector",),
    "device.tf32_rate": ("tf32_matrix",),
}


class Devices(Protocol):
    """Facts and rates of devices by their name, without prefix."""

    def rates(self, name: str) -> Iterable[Rates] | None:
        """Return the dense rates of a device, or None when none are known."""

    def facts(self, name: str) -> Mapping[str, FactValue]:
        """Return what is known of a device, by the name of the fact."""

    def doubts(self, name: str, asked: Collection[str]) -> tuple[str, ...]:
        """Return which of the figures behind the facts and rates asked were not verified."""


class CatalogueDevices:
    """Devices of the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Answer from a catalogue."""
        self._names = catalogue.names

    def rates(self, name: str) -> tuple[Rates, ...] | None:
        """Return the dense rates of a device, or None when none are known."""
        device = self._names.get(name)
        return None if device is None else tuple(_rates(device)) or None

    def facts(self, name: str) -> Mapping[str, FactValue]:
        """Return what the catalogue says of a device, by the name of the fact."""
        device = self._names.get(name)
        if device is None:
            return {}
        stated: dict[str, FactValue | None] = {
            "device.applicable_die_area": _quantity(device.die_mm2, "mm2"),
            "device.designed_or_marketed_for_datacenter": device.market != "consumer",
            "device.dram_bandwidth": _quantity(device.dram_bytes_per_s, "B/s"),
            "device.scale_up_bandwidth": _quantity(device.scale_up_gb_per_s, "GB/s"),
            "device.combined_bandwidth": _quantity(_together(device), "B/s"),
            "device.fp64_rate": _quantity(device.peak("fp64"), "OP/s"),
            "device.fp64_vector_rate": _quantity(device.dense.get("fp64_vector"), "OP/s"),
            "device.fp32_rate": _quantity(device.peak("fp32"), "OP/s"),
            "device.fp32_vector_rate": _quantity(device.dense.get("fp32_vector"), "OP/s"),
            "device.tf32_rate": _quantity(device.peak("tf32"), "OP/s"),
            "device.maker": device.vendor,
            "device.function": "processor",
        }
        return {fact: value for fact, value in stated.items() if value is not None}

    def doubts(self, name: str, asked: Collection[str]) -> tuple[str, ...]:
        """Return which of the figures behind the facts and rates asked were not verified."""
        device = self._names.get(name)
        if device is None:
            return ()
        keys = dict.fromkeys(key for fact in sorted(asked) for key in _BEHIND.get(fact, ()))
        weak = dict.fromkeys(each for key in keys if (each := _doubt(device, key)) is not None)
        return tuple(weak)


@dataclass(frozen=True, slots=True)
class StatedDevices:
    """Devices whose rates a case states; others are looked up below.

    Attributes:
        stated: Rate rows by device.
        below: Where the others are looked up; None knows none.
    """

    stated: Mapping[str, Iterable[Rates]]
    below: Devices | None = None

    def rates(self, name: str) -> Iterable[Rates] | None:
        """Return the rates stated, else those known below."""
        if name in self.stated:
            return self.stated[name]
        return None if self.below is None else self.below.rates(name)

    def facts(self, name: str) -> Mapping[str, FactValue]:
        """Return what is known below; a device with stated rates is an invented one."""
        if self.below is None or name in self.stated:
            return {}
        return self.below.facts(name)

    def doubts(self, name: str, asked: Collection[str]) -> tuple[str, ...]:
        """Return the doubts below; rates that are stated leave none."""
        if self.below is None or name in self.stated:
            return ()
        return self.below.doubts(name, asked)


def _rates(device: Device) -> Iterator[Rates]:
    """Yield a row for each precision, and two for TF32."""
    for precision, bits in BITS.items():
        rate = device.peak(precision)
        if rate is not None:
            yield _row(rate, bits, "stated")
    tf32 = device.peak("tf32")
    if tf32 is not None:
        yield from (_row(tf32, bits, f"tf32-{bits}") for bits in _TF32_BITS)


def _row(rate: int, bits: int, operand: str) -> Rates:
    """Return one row of rates; a multiply-accumulate is two operations."""
    return {
        "rate.mac_rate": Quantity(Fraction(rate, 2 * _TERA), UNITS["MacTOPS"]),
        "rate.bit_length": Quantity(Fraction(bits), UNITS["bit"]),
        "rate.operand": operand,
    }


def _quantity(value: int | Fraction | None, unit: str) -> Quantity | None:
    """Return a figure with its unit, or None where nobody published it."""
    return None if value is None else Quantity(Fraction(value), UNITS[unit])


def _together(device: Device) -> int | None:
    """Return the bandwidth of memory and scale-up links together in bytes a second, if known."""
    links = device.scale_up_gb_per_s
    if device.dram_bytes_per_s is None or links is None:
        return None
    return device.dram_bytes_per_s + links * _GIGA


def _doubt(device: Device, key: str) -> str | None:
    """Say that a figure was not verified, by its group where it has no source of its own."""
    if key in FIGURES and key not in device.dense:
        return None
    held = device.provenance(key)
    if held is None or held.status in {"verified", "computed"}:
        return None
    named = key if key in device.sources else "throughput"
    return f"{named.replace('_', ' ')} of {device.id} is {held.status.replace('_', ' ')}"
