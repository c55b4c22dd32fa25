"""Supposed records are a ledger whose commitments are those of a supposed book; nothing is kept.

A contract that a scenario changes is replaced by what of it is still to come, as it is supposed;
what was delivered stays where it is. No delivery draws on what is supposed: it was netted off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import count
from typing import Any, Final

from ledger.errors import ConflictError
from ledger.journeys.checking import Records
from ledger.journeys.deals import Deal, Part
from ledger.journeys.outlays import Outlay

__all__ = ["SUPPOSED", "suppose_records"]

SUPPOSED: Final = " (supposed)"
"""What the names of contracts end with that a scenario changes."""


def suppose_records(
    records: Records, deals: Sequence[Deal], outlays: Sequence[Outlay], changed: Sequence[str]
) -> Records:
    """Return a ledger with another forward book.

    Args:
        records: The ledger.
        deals: The contracts that stand, deliveries by the day asked netted off.
        outlays: What would still be to come.
        changed: Contracts that the scenario changes.

    Raises:
        ConflictError: If nobody knows how much of a contract was delivered.
    """
    touched = [deal for deal in deals if deal.id in changed]
    parts = {part.seq: part for deal in touched for part in deal.parts}
    kept = [record for record in records.folded.records if record.seq not in parts]
    stored = {record.seq: record for record in records.folded.records if record.seq in parts}
    as_of = records.folded.as_of or date.max
    fresh = count(records.folded.size)
    made = [
        replace(stored[seq], seq=next(fresh), body=body)
        for seq, body in _bodies(parts, outlays, as_of)
    ]
    folded = replace(records.folded, records=(*kept, *made))
    return replace(records, folded=folded)


def _bodies(
    parts: Mapping[int, Part], outlays: Sequence[Outlay], as_of: date
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the commitments of a supposed book, and the entry that each comes from."""
    for part in parts.values():
        if part.delivered.unknown:
            raise ConflictError(
                f"how much of entry {part.seq} was delivered is not known",
                why="then nobody can say what of it could still be changed",
                remedy="record the device time of that delivery first",
            )
    coming = {outlay.seq for outlay in outlays}
    for outlay in outlays:
        if outlay.seq in parts:
            yield outlay.seq, _supposed(parts[outlay.seq].body, outlay, as_of)
    for seq, part in parts.items():
        # What a window that is over leaves open is still owed, and nobody changes it.
        if seq not in coming and part.open_us:
            yield seq, _overdue(part)


def _supposed(body: Mapping[str, Any], outlay: Outlay, as_of: date) -> dict[str, Any]:
    """Return the commitment that an outlay would be; the most is rounded up, all else down."""
    flow = outlay.flow
    exercised = body["exercised_on"]
    if outlay.kind == "option" and outlay.counts and exercised is None:
        exercised = as_of.isoformat()
    return {
        **body,
        "contract": f"{outlay.contract}{SUPPOSED}",
        "model": outlay.model,
        "device": outlay.device,
        "precision": outlay.precision,
        "window_start": flow.start.isoformat(),
        "window_end": flow.end.isoformat(),
        "milli_devices": None,
        "device_us": None if outlay.device_us is None else str(outlay.device_us),
        "operations_low": _digits(body, "operations_low", flow.low),
        "operations": _digits(body, "operations", flow.point),
        "operations_high": _digits(body, "operations_high", flow.high, up=True),
        "exercised_on": exercised,
    }


def _overdue(part: Part) -> dict[str, Any]:
    """Return the commitment of what is left of a window that is over."""
    body, agreed = part.body, part.device_us
    share = Fraction(part.open_us or 0, agreed) if agreed else Fraction(1)
    ends = {
        name: _digits(body, name, Fraction(int(body[name])) * share, up=name.endswith("high"))
        for name in ("operations_low", "operations", "operations_high")
        if body[name] is not None
    }
    contract = f"{body['contract']}{SUPPOSED}"
    return {**body, **ends, "contract": contract, "device_us": str(part.open_us)}


def _digits(
    body: Mapping[str, Any], name: str, value: Fraction | None, *, up: bool = False
) -> str | None:
    """Return operations as digits; None where the contract did not state that end."""
    if value is None or body[name] is None:
        return None
    whole = value.numerator // value.denominator
    return str(-(-value.numerator // value.denominator) if up else whole)
