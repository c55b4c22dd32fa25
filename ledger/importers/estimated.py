"""An estimate as records: its parts as allocations, cut at UTC midnights and by operand format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast, get_args

from ledger.canonical import JSON
from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.held_time import UNKNOWN, dated, most, peak_fields, undated
from ledger.methods import Part, Worked, dense_equivalent
from ledger.methods.mixture import divide
from ledger.period import Period
from ledger.record import draft_of, fields

__all__ = ["FIELDS", "PRECISIONS", "estimated_records"]

FIELDS = frozenset(
    {
        *("run", "model", "developer", "activity", "extent", "start", "end", "not_after"),
        *("device", "milli_devices", "precision", "sparsity", "operation_kind"),
        *("topology", "commitment", "status", "role", "source_kind", "locator"),
    }
)
"""Fields of an allocation that the caller may give; the method gives the others."""

_AMOUNTS = ("operations", "operations_low", "operations_high", "operations_executed")
_INTEGER_FORMATS = ("int8", "int4")

Body = dict[str, JSON]


def estimated_records(
    worked: Worked, given: Mapping[str, str], shares: Mapping[str, int], catalogue: Catalogue
) -> Iterator[Body]:
    """Yield the records of an estimate, as `flopledger record` reads them.

    Args:
        worked: The estimate.
        given: Fields of `FIELDS` by name; ``run`` and ``model`` at least, and a time or a day.
        shares: Parts per million by operand format, a whole together; empty for one format.
        catalogue: The devices.

    Raises:
        InputError: A field is missing, unknown or wrong.
        HardwareError: The device is not in the catalogue.
    """
    _check(worked, given)
    for part in worked.parts:
        for body in _days(_stated(part, given, catalogue, mixed=bool(shares)), given):
            for leg in _legs(body, shares, catalogue) if shares else (body,):
                yield {"type": "allocation", **draft_of("allocation", leg).body}


def _check(worked: Worked, given: Mapping[str, str]) -> None:
    """Refuse fields that cannot make a record."""
    unknown = sorted(set(given) - FIELDS)
    if unknown:
        raise InputError(
            f"an estimate takes no field {unknown[0]!r}",
            where="--for",
            remedy=f"fields: {', '.join(sorted(FIELDS))}",
        )
    lacking = [name for name in ("run", "model") if name not in given]
    if lacking:
        raise InputError(
            f"the record lacks {' and '.join(lacking)}",
            remedy=f"write --for {lacking[0]}=…",
        )
    if "activity" in given and len(worked.parts) > 1:
        raise InputError(
            f"one activity for {len(worked.parts)} parts",
            where="--for activity",
            why="laws count some of the parts and leave others out",
            remedy="leave it out: each part has its own",
        )


def _stated(part: Part, given: Mapping[str, str], catalogue: Catalogue, *, mixed: bool) -> Body:
    """Return the fields that a part and its caller state."""
    inputs: Body = dict(part.inputs)
    if part.operations is not None and dense_equivalent(part.inputs) != part.operations:
        inputs["dense_equivalent_operations"] = str(dense_equivalent(part.inputs))
    precision = given.get("precision", "unknown")
    kinds = {"unknown": "unknown", **dict.fromkeys(_INTEGER_FORMATS, "integer")}
    stated: Body = {
        "activity": part.activity,
        **{n: v for n, v in given.items() if n not in {"source_kind", "locator", "milli_devices"}},
        "method": part.method,
        "method_inputs": inputs,
        "operations": _text(part.operations),
        "operations_low": _text(part.low),
        "operations_high": _text(part.high),
        "operations_executed": _text(part.executed),
        "evidence": {
            "source_kind": given.get("source_kind", "assertion"),
            "file_sha256": None,
            "locator": given.get("locator", f"estimate, part {part.name}"),
            "importer": "estimate",
            "importer_version": "1",
        },
    }
    stated.setdefault("operation_kind", kinds.get(precision, "float"))
    if "structured_ppm" in part.inputs:
        stated.setdefault("sparsity", "structured" if part.inputs["structured_ppm"] else "dense")
    if "device" in given:
        device = catalogue.find(given["device"])
        stated |= peak_fields(device, "unknown" if mixed else precision, catalogue.digest)
    return stated


def _days(stated: Body, given: Mapping[str, str]) -> Iterator[Body]:
    """Yield the part cut at midnights, or whole where only the latest day is known."""
    if "not_after" in given or "start" not in given or "end" not in given:
        if "not_after" not in given or "start" in given or "end" in given:
            raise InputError(
                "the record does not say when the work was done",
                where="--for",
                remedy="give start and end, or not_after alone: the day by which it was over",
            )
        yield undated(stated, given["not_after"])
        return
    period = Period.parse(given["start"], given["end"])
    text = given.get("milli_devices")
    if text is None:
        lone = [{**UNKNOWN, **stated, "start": given["start"], "end": given["end"]}]
        if not period.within_one_day():
            raise InputError(
                "the work lies on several UTC days, and the devices are not stated",
                where="--for",
                remedy="give milli_devices=…, or not_after in the place of start and end",
            )
        yield from lone
        return
    if not (text.isascii() and text.isdecimal()):
        raise InputError(f"milli_devices is {text!r}, not a whole number", where="--for")
    yield from dated(stated, period, int(text))


def _legs(body: Body, shares: Mapping[str, int], catalogue: Catalogue) -> Iterator[Body]:
    """Yield one leg for each operand format."""
    device = None if body["device"] is None else catalogue.find(str(body["device"]))
    amounts = {name: _whole(body[name]) for name in _AMOUNTS}
    peaks = {precision: device.peak(precision) if device else None for precision in shares}
    for leg in divide(amounts, shares, device_us=_whole(body["device_us"]), peaks=peaks):
        integer = leg.precision in _INTEGER_FORMATS
        peak = {
            "peak_operations_per_s": _text(leg.peak),
            "catalogue_digest": None if leg.peak is None else catalogue.digest,
        }
        yield {
            **body,
            **{name: _text(value) for name, value in leg.amounts.items()},
            **peak,
            "precision": leg.precision,
            "operation_kind": "integer" if integer else "float",
            # The legs share one set of devices, so only their time can be divided.
            "milli_devices": None,
            "device_us": _text(leg.device_us),
            "ceiling_operations": None
            if leg.device_us is None
            else most({**body, **peak}, leg.device_us),
            "method_inputs": {
                **cast("Body", body["method_inputs"]),
                "leg_share_ppm": leg.share_ppm,
            },
        }


def _text(value: int | None) -> str | None:
    """Return an amount as a record writes it."""
    return None if value is None else str(value)


def _whole(value: JSON) -> int | None:
    """Return an amount as a number."""
    return None if value is None else int(str(value))


PRECISIONS: tuple[str, ...] = tuple(p for p in get_args(fields.Precision) if p != "unknown")
"""Operand formats that a leg may have."""
