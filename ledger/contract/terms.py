"""The terms of a contract: its value, and how it becomes commitments month by month.

A commitment is recorded for each month of delivery, so that deliveries net off month by month. What
no market publishes but the law asks for stands in the open: the model meant, the activity, the
grade. What the parties keep to themselves is one canonical text under a salted digest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

from ledger.canonical import JSON, encode
from ledger.contract.price import Price
from ledger.errors import InputError
from ledger.grade import Links
from ledger.hardware import Device
from ledger.quantity import OPERATIONS_MAX
from ledger.record.draft import Draft, draft_of

__all__ = [
    "KINDS",
    "TERMS_SCHEMA",
    "Contract",
    "Kind",
    "Substitute",
    "Utilisation",
    "Window",
]

Kind: TypeAlias = Literal["forward", "option", "reservation", "plan"]
KINDS: Final[tuple[Kind, ...]] = ("forward", "option", "reservation", "plan")
TERMS_SCHEMA: Final = "flopledger/contract-terms.v1"
_DAY_MS: Final = 86_400_000
_MILLION: Final = 10**6


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Share of the dense peak at which the work is expected to run, in parts per million."""

    low: int
    point: int
    high: int


@dataclass(frozen=True, slots=True)
class Substitute:
    """A device that may be delivered in place of the one agreed.

    Attributes:
        device: Catalogue id.
        ratio: How many of it stand for one of those agreed.
    """

    device: str
    ratio: Fraction


@dataclass(frozen=True, slots=True)
class Window:
    """Devices to be delivered over a stretch of days, or the part of it in one month.

    Attributes:
        start: First day.
        end: First day after it.
        milli_devices: Thousandths of devices, at once.
    """

    start: date
    end: date
    milli_devices: int

    @property
    def device_us(self) -> int:
        """Device-microseconds of the window."""
        return self.milli_devices * (self.end - self.start).days * _DAY_MS


@dataclass(frozen=True, slots=True)
class Contract:
    """Capacity agreed for later.

    Attributes:
        id: Identifier that deliveries refer to.
        kind: Forward, option, reservation or plan.
        agreed_on: Day of signature.
        exercised_on: Day an option was exercised; None for what is none or not yet.
        buyer: Who receives the capacity.
        seller: Who delivers it.
        device: Catalogue id.
        precision: Operand format of the grade.
        sparsity: Sparsity basis of the grade.
        interconnect: Name of the interconnect grade promised.
        links: Numbers that the grade follows from.
        accelerators: Devices in one connected cluster: scale N.
        site: Where; None if not agreed.
        deliveries: The profile, in order, no two at the same time.
        utilisation: At which the work is expected to run; None if nobody says.
        firmness: Whether delivery hangs on a condition.
        acceptance: Test that capacity must pass; None if none is agreed.
        tolerance_ppm: How far quantities may differ, in parts per million.
        take_or_pay_ppm: Share to be paid for whether taken or not.
        substitutes: What may be delivered in place.
        destination: Country where it is used, ISO 3166 alpha-2; None if not agreed.
        resale: Terms of resale; None if not agreed.
        price: What is paid; None if it is not stated.
        model: Model it is meant for; None while unallocated.
        developer: Who will use it; None if not stated.
        activity: What it is meant for.
        operation_kind: Floating-point or integer operations.
        customer: Whose capacity it becomes, for know-your-customer duties; None if not stated.
        ultimate_parent: Whose subsidiary the customer is; None if not stated.
        notes: Anything else; None if nothing.
        file_sha256: Digest of the file it was read from, hex.
    """

    id: str
    kind: Kind
    agreed_on: date
    exercised_on: date | None
    buyer: str
    seller: str
    device: str
    precision: str
    sparsity: str
    interconnect: str
    links: Links
    accelerators: int
    site: str | None
    deliveries: tuple[Window, ...]
    utilisation: Utilisation | None
    firmness: Literal["firm", "conditional"]
    acceptance: str | None
    tolerance_ppm: int
    take_or_pay_ppm: int
    substitutes: tuple[Substitute, ...]
    destination: str | None
    resale: str | None
    price: Price | None
    model: str | None
    developer: str | None
    activity: str
    operation_kind: Literal["float", "integer"]
    customer: str | None
    ultimate_parent: str | None
    notes: str | None
    file_sha256: str

    def require_past(self, today: date) -> None:
        """Do nothing if it was signed, and exercised if it says so.

        Raises:
            InputError: If a day that it states is still to come.
        """
        for name, day in (("agreed_on", self.agreed_on), ("exercised_on", self.exercised_on)):
            if day is not None and day > today:
                raise InputError(
                    f"{name} is {day}, which is still to come: today is {today}",
                    where=f"contract {self.id}",
                    why="knowledge of a line runs from that day",
                    remedy="record it on that day, or correct the day",
                )

    @property
    def windows(self) -> tuple[Window, ...]:
        """The deliveries, cut where a month ends."""
        return tuple(window for each in self.deliveries for window in _months(each))

    @property
    def device_us(self) -> int:
        """Device-microseconds agreed."""
        return sum(window.device_us for window in self.windows)

    def meant_for(
        self, model: str | None, *, developer: str | None = None, activity: str | None = None
    ) -> Contract:
        """Return the same contract for another model or activity."""
        return replace(
            self,
            model=model,
            developer=developer or self.developer,
            activity=activity or self.activity,
        )

    def drafts(self, device: Device) -> tuple[Draft, ...]:
        """Return the commitments of the contract, one for each month of delivery.

        Args:
            device: The device agreed, for its dense peak.

        Raises:
            InputError: If the terms are longer than a confidential field may be, or the device has
                no peak in the format agreed while a utilisation is.
        """
        return tuple(self.draft(window, device) for window in self.windows)

    def draft(self, window: Window, device: Device, *, part: str = "whole") -> Draft:
        """Return the commitment of one window.

        Args:
            window: Of delivery.
            device: The device agreed.
            part: Tells apart commitments of one window that are meant for different models.
        """
        low, point, high = self.operations(window, device)
        body: dict[str, Any] = {
            "contract": self.id,
            "kind": self.kind,
            "window_start": window.start.isoformat(),
            "window_end": window.end.isoformat(),
            "device": self.device,
            "milli_devices": window.milli_devices,
            "device_us": str(window.device_us),
            "precision": self.precision,
            "sparsity": self.sparsity,
            "scale_up_gb_per_s": self.links.scale_up_gb_per_s,
            "scale_up_domain": self.links.scale_up_domain,
            "scale_out_gbit_per_s": self.links.scale_out_gbit_per_s,
            "topology": self.links.topology,
            "concurrent_devices": self.accelerators,
            "operations_low": low,
            "operations": point,
            "operations_high": high,
            "firmness": self.firmness,
            "agreed_on": self.agreed_on.isoformat(),
            "exercised_on": None if self.exercised_on is None else self.exercised_on.isoformat(),
            "model": self.model,
            "developer": self.developer,
            "activity": self.activity,
            "operation_kind": self.operation_kind,
            "evidence": {
                "source_kind": "assertion",
                "file_sha256": self.file_sha256,
                "locator": f"contract {self.id}",
                "importer": "contract",
                "importer_version": "1",
            },
            "substitutes": [
                {"device": each.device, "ratio": str(each.ratio)}
                for each in sorted(self.substitutes, key=lambda each: each.device)
            ],
        }
        identity = (self.id, window.start.isoformat(), window.end.isoformat(), part)
        return draft_of("commitment", body, hidden=self.hidden(), key=("contract", *identity))

    def operations(
        self, window: Window, device: Device
    ) -> tuple[str | None, str | None, str | None]:
        """Return least, expected and most operations of a window as digits; None if not known.

        The least and the expected are rounded down, the most is rounded up.

        Raises:
            InputError: If the device has no dense peak in the format agreed, or would do more than
                10^28 operations.
        """
        if self.utilisation is None:
            return None, None, None
        peak = device.peak(self.precision, self.sparsity)
        if peak is None:
            raise InputError(
                f"{self.device} has no {self.sparsity} peak in {self.precision}",
                why="operations expected are a share of that peak",
                remedy="choose a format that flopledger hardware shows, or leave utilisation out",
            )
        work = window.device_us * peak  # operations times a million, at full use
        scale = _MILLION * _MILLION
        use = self.utilisation
        if work * use.high > scale * OPERATIONS_MAX:
            raise InputError(
                f"more than 10^28 operations are expected from {window.start} to {window.end}",
                why="no month of any contract comes near that",
                remedy="check the devices and the days of delivery",
            )
        return (
            str(work * use.low // scale),
            str(work * use.point // scale),
            str(-(-work * use.high // scale)),
        )

    def hidden(self) -> Mapping[str, str]:
        """Return what the parties keep to themselves, by field of the record."""
        found = {"buyer": self.buyer, "seller": self.seller}
        found["terms"] = encode(self._terms()).decode()
        if self.price is not None:
            found["price"] = encode(self.price.document()).decode()
        if self.notes is not None:
            found["notes"] = self.notes
        return found

    def _terms(self) -> dict[str, JSON]:
        """Return the terms that no leaf shows, as one document."""
        use = self.utilisation
        return {
            "acceptance": self.acceptance,
            "customer": self.customer,
            "destination": self.destination,
            "interconnect": self.interconnect,
            "resale": self.resale,
            "schema": TERMS_SCHEMA,
            "site": self.site,
            "substitutes": [[each.device, str(each.ratio)] for each in self.substitutes],
            "take_or_pay_ppm": self.take_or_pay_ppm,
            "tolerance_ppm": self.tolerance_ppm,
            "ultimate_parent": self.ultimate_parent,
            "utilisation_ppm": None if use is None else [use.low, use.point, use.high],
        }


def _months(delivery: Window) -> Iterator[Window]:
    """Yield the parts of a delivery, month by month."""
    start = delivery.start
    while start < delivery.end:
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        end = min(delivery.end, following)
        yield Window(start, end, delivery.milli_devices)
        start = end
