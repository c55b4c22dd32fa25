"""Held time is what the primary allocations of an import held, by activity and by device.

Corroborating records speak of the same time and do not weigh.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ledger.canonical import JSON
from ledger.hardware import Catalogue
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet

__all__ = ["UNKNOWN_DEVICE", "Ceiling", "HeldTime"]

DENSE_FORMATS = ("fp64", "fp32", "tf32", "bf16", "fp16", "fp8", "fp6", "fp4", "int8", "int4")
"""Formats whose dense peak the catalogue may state."""
UNKNOWN_DEVICE = "unknown"
"""Under this the time of devices that are not stated, or not in the catalogue, is told."""

_WEIGHED = ("role", "activity", "device", "device_us", "ceiling_operations")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that one kind of device could have done in the time held.

    Attributes:
        device_us: time held, in device-microseconds.
        operations: floor of the held time by the dense peak, summed by record.
        known: records whose ceiling is known.
        unknown: records whose ceiling is not known, and which `operations` leaves out.
        dense: the same time at the dense peak of each format that the device has, in
            operations: what the ceiling would be if the runs had used it.
    """

    device_us: int
    operations: int
    known: int
    unknown: int
    dense: Mapping[str, int]


class HeldTime:
    """Sums that grow while the records of an import go by."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._activities: Counter[str] = Counter()
        self._devices: dict[str, list[int]] = {}

    def add(self, drafts: Sequence[Draft]) -> None:
        """Add the device time and ceilings of primary allocations; nothing else weighs."""
        told: dict[tuple[JSON, JSON], tuple[list[JSON], list[JSON]]] = {}
        for role, activity, device, device_us, ceiling in _weighed(drafts):
            if device_us is None or role != "primary":
                continue
            kind = activity, device
            if kind not in told:
                told[kind] = [], []
            held, ceilings = told[kind]
            held.append(device_us)
            ceilings.append(ceiling)
        for (activity, device), columns in told.items():
            self._add(str(activity), UNKNOWN_DEVICE if device is None else str(device), *columns)

    def _add(
        self, activity: str, device: str, held: Sequence[JSON], ceilings: Sequence[JSON]
    ) -> None:
        """Add the allocations of one activity on one kind of device."""
        total = sum(map(int, map(str, held)))
        known = [str(ceiling) for ceiling in ceilings if ceiling is not None]
        self._activities[activity] += total
        sums = self._devices.setdefault(device, [0, 0, 0, 0])
        sums[0] += total
        sums[1] += sum(map(int, known))
        sums[2] += len(known)
        sums[3] += len(ceilings) - len(known)

    def by_activity(self) -> dict[str, int]:
        """Return device-microseconds by activity, in order."""
        return dict(sorted(self._activities.items()))

    def by_device(self, catalogue: Catalogue) -> dict[str, Ceiling]:
        """Return what each kind of device could have done, in order."""
        return {
            name: _ceiling(catalogue, name, sums) for name, sums in sorted(self._devices.items())
        }


def _weighed(drafts: Sequence[Draft]) -> Iterable[tuple[JSON, ...]]:
    """Return what weighs of each allocation."""
    if isinstance(drafts, Sheet):
        return drafts.fields(*_WEIGHED) if drafts.type == "allocation" else ()
    bodies = (draft.body for draft in drafts if draft.type == "allocation")
    return (tuple(body[name] for name in _WEIGHED) for body in bodies)


def _ceiling(catalogue: Catalogue, device: str, sums: Sequence[int]) -> Ceiling:
    """Freeze what one kind of device could have done."""
    held, operations, known, unknown = sums
    part = catalogue.devices.get(device)
    peaks = {} if part is None else {name: part.peak(name) for name in DENSE_FORMATS}
    dense = {name: held * peak // 10**6 for name, peak in peaks.items() if peak is not None}
    return Ceiling(held, operations, known, unknown, dense)
