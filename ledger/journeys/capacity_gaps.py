"""A gap is capacity that was billed, receipted, scheduled or contracted, and nobody recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.canonical import JSON
from ledger.errors import Problem
from ledger.estimate import MILLION
from ledger.journeys.lanes import Seen
from ledger.period import parse_day

__all__ = ["Gap", "contract_gaps", "device_gaps"]

_DAY_MS = 86_400_000
_SOURCES = {
    "invoice": "billed",
    "provider_countersigned": "countersigned by the provider",
    "scheduler": "held by the scheduler",
}


@dataclass(frozen=True, slots=True)
class Gap:
    """Capacity that is recorded nowhere.

    Attributes:
        what: Source and device, or the contract.
        kind: ``billed``, ``contracted`` …
        stated_us: Device-time that the source states.
        recorded_us: Device-time of primary records beside it.
        missing_us: What is missing; days with more recorded than stated make up for nothing.
        days: Days on which something is missing.
    """

    what: str
    kind: str
    stated_us: int
    recorded_us: int
    missing_us: int
    days: int

    def problem(self) -> Problem:
        """Return the finding."""
        on = f" on {self.days} days" if self.days > 1 else ""
        return Problem(
            self.what,
            None,
            "unrecorded-capacity",
            f"{self.missing_us} of {self.stated_us} device-microseconds {self.kind} are recorded "
            f"nowhere{on}",
            "import the runs that used it, or record it as idle",
            "finding",
            "capacity that nobody accounts for may have trained something",
        )


def device_gaps(legs: Iterable[Seen], error_ppm: int) -> Iterator[Gap]:
    """Yield what sources beside the record hold of a device day by day beyond the record.

    Args:
        legs: All standing records.
        error_ppm: Differences within this part of a source's whole time are no gap.
    """
    recorded: dict[tuple[str, int], int] = {}
    seen: dict[tuple[str, str, int, str], dict[str, int]] = {}
    for leg in legs:
        if leg.device_us is None or leg.day is None:
            continue
        device = leg.device or "a device that is not stated"
        if leg.primary and leg.own:
            recorded[device, leg.day] = recorded.get((device, leg.day), 0) + leg.device_us
        elif not leg.primary and leg.kind in _SOURCES:
            by = seen.setdefault((leg.kind, device, leg.day, leg.run), {})
            by[leg.importer] = by.get(leg.importer, 0) + leg.device_us
    stated: dict[tuple[str, str], dict[int, int]] = {}
    for (kind, device, day, _), by in seen.items():
        days = stated.setdefault((kind, device), {})
        # Two importers that both saw the time of a run saw the same time.
        days[day] = days.get(day, 0) + max(by.values())
    for (kind, device), days in sorted(stated.items()):
        beside = {day: recorded.get((device, day), 0) for day in days}
        missing = {day: held - beside[day] for day, held in days.items() if held > beside[day]}
        total, lacking = sum(days.values()), sum(missing.values())
        if lacking * MILLION > error_ppm * total:
            recorded_us = sum(beside.values())
            yield Gap(device, _SOURCES[kind], total, recorded_us, lacking, len(missing))


def contract_gaps(
    contracts: Sequence[tuple[int, Mapping[str, JSON]]],
    legs: Mapping[int, Seen],
    as_of: date,
    error_ppm: int,
) -> Iterator[Gap]:
    """Yield what contracts let hold by a day beyond what was recorded under them.

    Plans, options that nobody exercised and contracts that hang on a condition hold nothing; one
    that states no number of devices is compared once its window is over.

    Args:
        contracts: Standing commitments by entry.
        legs: Standing allocations by entry.
        as_of: The day.
        error_ppm: Differences within this part of the contracted time are no gap.
    """
    delivered: dict[str, int] = {}
    for leg in legs.values():
        if not (leg.primary and leg.own):
            continue
        if leg.commitment is not None and leg.device_us is not None:
            delivered[leg.commitment] = delivered.get(leg.commitment, 0) + leg.device_us
    contracted: dict[str, int] = {}
    for _, body in contracts:
        held = _contracted(body, as_of)
        if held:
            name = str(body["contract"])
            contracted[name] = contracted.get(name, 0) + held
    for name, held in sorted(contracted.items()):
        found = delivered.get(name, 0)
        if (held - found) * MILLION > error_ppm * held:
            yield Gap(f"contract {name}", "contracted", held, found, held - found, 1)


def _contracted(body: Mapping[str, Any], as_of: date) -> int:
    """Return the device-microseconds that a contract let hold by the end of a day."""
    unexercised = body["kind"] == "option" and body["exercised_on"] is None
    if unexercised or body["kind"] == "plan" or body["firmness"] == "conditional":
        return 0
    start, end = parse_day(body["window_start"]), parse_day(body["window_end"])
    elapsed = min(as_of.toordinal() + 1, end.toordinal()) - start.toordinal()
    if elapsed <= 0:
        return 0
    if body["milli_devices"] is not None:
        return int(body["milli_devices"]) * elapsed * _DAY_MS
    over = as_of.toordinal() + 1 >= end.toordinal()
    return int(body["device_us"]) if over and body["device_us"] is not None else 0
