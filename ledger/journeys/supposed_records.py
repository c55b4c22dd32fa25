"""Supposed records are a ledger whose commitments are those of a supposed book; nothing is kept.

A contract that a scenario changes is replaced by what of it is still to come, as it is supposed;
what was delivered stays where it is. No delivery draws on what is supposed: it was netted off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import count
from math import ceil, floor
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
    for outlay in outlays:
        if outlay.seq in parts:
            yield outlay.seq, _supposed(parts[outlay.seq].body, outlay, as_of)


def _supposed(body: Mapping[str, Any], outlay: Outlay, as_of: date) -> dict[str, Any]:
    """Return the commitment that an outlay would be; the most is rounded up, all else down."""
    flow = outlay.flow
    exercised = body["exercised_on"]
    if outlay.kind == "option" and outlay.counts:
        exercised = min(exercised or as_of.isoformat(), as_of.isoformat())
    # An expected amount that is no longer known stood for the ends that were not stated.
    lost = flow.point is None and body["operations"] is not None
    low, high = (lost or body[f"operations_{end}"] is not None for end in ("low", "high"))
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
        "operations_low": str(floor(flow.low)) if low else None,
        "operations": None if flow.point is None else str(floor(flow.point)),
        "operations_high": str(ceil(flow.high)) if high and flow.high is not None else None,
        "agreed_on": outlay.agreed_on.isoformat(),
        "exercised_on": exercised,
    }
