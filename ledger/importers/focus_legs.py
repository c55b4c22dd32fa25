"""The legs of a charge are the device time that it bills, cut at UTC midnights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final
from unicodedata import normalize

from ledger.canonical import JSON
from ledger.estimate import parts
from ledger.form.plain import visible
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.focus_charge import Charge
from ledger.importers.focus_places import Net
from ledger.importers.focus_type import Rented
from ledger.importers.mapping import Given
from ledger.period import format_instant
from ledger.record.draft import Draft, draft_of

__all__ = ["NAME", "VERSION", "device_us", "legs"]

NAME: Final = "focus"
VERSION: Final = "2"

_COUNT_MAX: Final = 2**53 - 1
_HIDDEN: Final = (("cost_centre", "subaccountid"), ("site", "regionid"), ("notes", "resourceid"))


def device_us(charge: Charge, rented: Rented, quantity: Fraction) -> int | None:
    """Return the device-microseconds of a quantity, rounded down, or None if no count is known.

    Args:
        charge: What is billed.
        rented: What one unit of it holds.
        quantity: Units, above zero.
    """
    milli = 1000 if charge.unit.of_devices else rented.milli_devices
    if milli is None:
        return None
    return int(quantity * charge.unit.seconds * 1000 * milli)


def legs(
    net: Net,
    rented: Rented,
    given: Given,
    catalogue: Catalogue,
    fields: Mapping[str, JSON],
) -> Iterator[Draft]:
    """Yield one record a UTC day.

    Args:
        net: Charges of one key, above zero together.
        rented: What one unit of them holds.
        given: What they are recorded as.
        catalogue: The devices.
        fields: Role and evidence.

    Raises:
        HardwareError: If the map names no device of the catalogue.
        InputError: If a name cannot stand in a record.
    """
    charge = net.first
    stated: dict[str, JSON] = {
        **held_time.UNKNOWN,
        "run": given.run or _run(charge),
        "model": given.model,
        "developer": given.developer,
        "activity": "idle" if charge.unused else given.activity,
        "precision": given.precision,
        "sparsity": given.sparsity,
        "operation_kind": given.operation_kind,
        **_fabric(rented),
        **_device(rented, given.precision, catalogue),
        "method_inputs": _inputs(net, rented),
        **fields,
    }
    pieces = tuple(charge.period.split_by_day())
    lengths = [piece.milliseconds for piece in pieces]
    total = device_us(charge, rented, net.quantity)
    shares = (None,) * len(pieces) if total is None else parts(total, lengths)
    key = (NAME, *charge.place, *charge.key)
    for number, (piece, share) in enumerate(zip(pieces, shares, strict=True)):
        body = {
            **stated,
            "start": format_instant(piece.start),
            "start_ms": piece.start.microsecond // 1000,
            "end": format_instant(piece.stop),
            "end_ms": piece.stop.microsecond // 1000,
            "milli_devices": _milli(share, lengths[number]),
            "device_us": None if share is None else str(share),
            "ceiling_operations": None if share is None else held_time.most(stated, share),
        }
        yield draft_of("allocation", body, hidden=_hidden(charge), key=(*key, str(number)))


def _milli(share: int | None, milliseconds: int) -> int | None:
    """Return the devices held all the time, or None where the hours billed are a part of it."""
    if share is None or share % milliseconds:
        return None
    return share // milliseconds if share // milliseconds <= _COUNT_MAX else None


def _run(charge: Charge) -> str:
    """Return a name for the use of one resource."""
    cells = charge.cells
    provider, account, sub, resource = charge.place[:4]
    sku = cells.get("skupriceid") or cells.get("skuid", "")
    parts_of = (provider, sub or account, resource or sku)
    return "/".join(text for part in parts_of if (text := _plain(part))) or "bill"


def _device(rented: Rented, precision: str, catalogue: Catalogue) -> dict[str, JSON]:
    """Return the fields of the device, if it is known."""
    if rented.device is None:
        return {}
    part = catalogue.find(rented.device)
    return held_time.peak_fields(part, precision, catalogue.digest)


def _fabric(rented: Rented) -> dict[str, JSON]:
    """Return the fields of the interconnect, as the map or the table states them."""
    if rented.given is not None:
        return rented.given.fabric()
    if rented.instance is None:
        return {}
    return {
        "scale_up_gb_per_s": rented.instance.scale_up_gb_per_s,
        "scale_up_domain": rented.instance.scale_up_domain,
        "scale_out_gbit_per_s": rented.instance.scale_out_gbit_per_s,
    }


def _inputs(net: Net, rented: Rented) -> dict[str, JSON]:
    """Return how the device time was worked out."""
    inputs: dict[str, JSON] = {
        "quantity": _decimal(net.quantity),
        "unit": _plain(net.first.unit_text),
        "charges": net.charges,
    }
    if net.corrections:
        inputs["corrections"] = net.corrections
    if rented.type:
        inputs |= {"type": _plain(rented.type), "type_said_in": rented.said_in}
    if not net.first.unit.of_devices and rented.milli_devices is not None:
        inputs["milli_devices_of_one"] = rented.milli_devices
    if rented.given is None and rented.instance is not None:
        inputs |= {"sku_row": rented.instance.digest, "sku_provenance": rented.instance.provenance}
    return inputs


def _decimal(number: Fraction) -> str:
    """Return a sum of decimals with all its digits, without zeros at the end."""
    with localcontext() as context:
        context.prec = 100
        exact = Decimal(number.numerator) / Decimal(number.denominator)
        return f"{exact.normalize():f}"


def _hidden(charge: Charge) -> dict[str, str]:
    """Return what a charge says in confidence; its price is not kept at all."""
    found = ((ours, _plain(charge.cells.get(theirs, ""))) for ours, theirs in _HIDDEN)
    return {ours: value for ours, value in found if value}


def _plain(text: str) -> str:
    """Return a text as it can stand in a record, shortened."""
    return normalize("NFC", visible(text, " "))[:120].strip()
