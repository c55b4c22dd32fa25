"""A hardware report shows parts of the catalogue with the source and status of each figure."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from ledger.hardware import BITS, FIGURES, Catalogue, Device
from ledger.report.figure import decimal, exact, readable
from ledger.report.table import Column, Table

__all__ = ["device_document", "device_tables", "list_document", "list_table"]

_TERA = 10**12
_GIGA = 10**9


def list_document(catalogue: Catalogue) -> dict[str, Any]:
    """Return the whole catalogue for programs."""
    return {
        "catalogue": catalogue.digest,
        "as_of": catalogue.as_of,
        "devices": [device_document(device) for device in catalogue.devices.values()],
        "refused_names": [
            {"name": name, "candidates": list(refused.candidates), "why": refused.why}
            for name, refused in catalogue.refused.items()
        ],
    }


def device_document(device: Device) -> dict[str, Any]:
    """Return one device for programs; rates are operations per second as digits."""
    fabric = device.fabric
    return {
        "id": device.id,
        "name": device.name,
        "vendor": device.vendor,
        "market": device.market,
        "released": device.released,
        "aliases": list(device.aliases),
        "datasheet_basis": device.datasheet_basis,
        "dense_operations_per_s": {figure: str(rate) for figure, rate in device.dense.items()},
        "sparse_over_dense": {
            figure: _exact(device.sparse_over_dense(figure)) for figure in device.dense
        },
        "tpp": _exact(device.tpp),
        "tpp_by_bits": {str(bits): exact(tpp) for bits, tpp in device.tpp_by_bits().items()},
        "tpp_binding": list(device.binding),
        "tpp_if_tf32_counts_32_bits": _exact(device.tpp_with_tf32(32)),
        "performance_density": _exact(device.performance_density),
        "die_mm2": _exact(device.die_mm2),
        "memory_bytes": str(device.memory_bytes),
        "memory_bytes_per_s": str(device.memory_bytes_per_s),
        "dram_bytes_per_s": None
        if device.dram_bytes_per_s is None
        else str(device.dram_bytes_per_s),
        "scale_up_gb_per_s": fabric.scale_up_gb_per_s,
        "scale_up_domain": fabric.scale_up_domain,
        "typical_scale_out_gbit_per_s": fabric.typical_scale_out_gbit_per_s,
        "sources": {
            group: {"status": source.status, "reference": source.reference, "cite": source.cite}
            for group, source in device.sources.items()
        },
        "note": device.note,
    }


def list_table(catalogue: Catalogue) -> Table:
    """Return the catalogue for people, one line a part."""
    names = ("id", "name", "released", "BF16 TFLOP/s", "FP8 TFLOP/s", "TPP", "TPP/mm2")
    columns = tuple(Column(name, "right" if "T" in name else "left") for name in names)
    rows = tuple(
        (
            device.id,
            device.name,
            device.released or "unknown",
            _tera(device.peak("bf16")),
            _tera(device.peak("fp8")),
            _shown(device.tpp),
            _shown(device.performance_density),
        )
        for device in catalogue.devices.values()
    )
    notes = (
        "Dense peaks of one package; – is not supported or not published, never zero.",
        f"{len(rows)} parts as of {catalogue.as_of}; catalogue {catalogue.digest}",
    )
    return Table(
        "Accelerators", (*columns, Column("rates are")), _with_status(catalogue, rows), notes
    )


def device_tables(device: Device) -> tuple[Table, ...]:
    """Return one device for people: its rates, its other figures, and what prints its name."""
    return _rates(device), _figures(device), _names(device)


def _with_status(
    catalogue: Catalogue, rows: Iterable[tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    """Return the rows with the status of the rates."""
    devices = catalogue.devices.values()
    return tuple(
        (*row, _status(device, "throughput")) for device, row in zip(devices, rows, strict=True)
    )


def _rates(device: Device) -> Table:
    """Return the rates of a device."""
    columns = (
        Column("figure"),
        Column("dense TOP/s", "right"),
        Column("sparse/dense", "right"),
        Column("bits", "right"),
        Column("TPP", "right"),
        Column("status"),
        Column("source", wide=True),
    )
    rows = tuple(_rate(device, figure) for figure in device.dense)
    notes = [f"TPP {_shown(device.tpp)}, by {', '.join(device.binding) or 'no published rate'}."]
    with_tf32 = device.tpp_with_tf32(32)
    if with_tf32 != device.tpp:
        notes.append(f"If TF32 counts as 32 bits, TPP is {_shown(with_tf32)}; the law is silent.")
    density = device.performance_density
    area = "not published" if device.die_mm2 is None else f"{decimal(device.die_mm2)} mm2"
    notes.append(f"Performance density {_shown(density)} TPP/mm2; die {area}: {device.die_note}.")
    return Table(f"{device.name} ({device.id})", columns, rows, tuple(notes))


def _rate(device: Device, figure: str) -> tuple[str, ...]:
    """Return one rate."""
    precision = figure.partition("_")[0]
    rate, bits = device.dense[figure], BITS.get(precision)
    factor = device.sparse_over_dense(figure)
    source = device.provenance(figure)
    return (
        figure,
        decimal(Fraction(rate, _TERA)),
        "–" if factor is None else exact(factor),
        "–" if bits is None else str(bits),
        "–" if bits is None else decimal(Fraction(rate * bits, _TERA)),
        _status(device, figure),
        source.reference if source else "–",
    )


def _figures(device: Device) -> Table:
    """Return the other figures of a device."""
    fabric = device.fabric
    rows = (
        ("released", device.released or "unknown", "released"),
        ("memory", f"{_giga(device.memory_bytes)} GB {device.memory_kind}", "memory"),
        ("memory bandwidth", f"{_giga(device.memory_bytes_per_s)} GB/s", "memory"),
        ("DRAM bandwidth", _unit(device.dram_bytes_per_s, "GB/s", _GIGA), "memory"),
        ("scale-up, both ways", _unit(fabric.scale_up_gb_per_s, f"GB/s {fabric.kind}"), "scale_up"),
        ("scale-up domain", _unit(fabric.scale_up_domain, "devices"), "scale_up"),
        ("typical scale-out", _unit(fabric.typical_scale_out_gbit_per_s, "Gbit/s"), "scale_out"),
    )
    return Table(
        "Other figures",
        (Column("figure"), Column("value"), Column("status")),
        tuple((name, value, _status(device, group)) for name, value, group in rows),
        (device.note,) if device.note else (),
    )


def _names(device: Device) -> Table:
    """Return the names that records and exports may use."""
    rows = tuple((name,) for name in (device.id, *device.aliases))
    return Table("Names taken for this part", (Column("name", wide=True),), rows)


def _status(device: Device, figure: str) -> str:
    """Return how far to trust a figure."""
    source = device.provenance(figure)
    own = {f for f in device.sources if f in FIGURES and device.sources[f] != source}
    mixed = figure == "throughput" and own
    status = "–" if source is None else source.status.replace("_", " ")
    return f"{status}, some not" if mixed else status


def _exact(value: Fraction | None) -> str | None:
    """Return an exact number, or null."""
    return None if value is None else exact(value)


def _shown(value: Fraction | None) -> str:
    """Return a number for people, or a dash."""
    return "–" if value is None else readable(value)


def _tera(rate: int | None) -> str:
    """Return a rate in tera-operations per second, or a dash."""
    return "–" if rate is None else decimal(Fraction(rate, _TERA))


def _giga(value: int) -> str:
    """Return a number of giga-units."""
    return decimal(Fraction(value, _GIGA))


def _unit(value: int | None, unit: str, scale: int = 1) -> str:
    """Return a figure with its unit, or a dash."""
    return "–" if value is None else f"{decimal(Fraction(value, scale))} {unit}"
