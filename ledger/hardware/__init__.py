"""Hardware is the catalogue of accelerators: exact parts, exact rates, and who says so."""

from __future__ import annotations

from ledger.hardware.catalogue import Catalogue, Refused
from ledger.hardware.device import BITS, FIGURES, FORMATS, Device, Fabric, Provenance
from ledger.hardware.instance import Instance, InstanceTable

__all__ = [
    "BITS",
    "FIGURES",
    "FORMATS",
    "Catalogue",
    "Device",
    "Fabric",
    "Instance",
    "InstanceTable",
    "Provenance",
    "Refused",
]
