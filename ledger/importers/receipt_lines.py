"""Receipt lines are what a provider countersigned, as records that confirm and never add."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import ConflictError
from ledger.hardware import Catalogue
from ledger.importers.held_time import dated
from ledger.usage import UsageReceipt

__all__ = ["Booking", "check_alone", "receipt_lines"]

IMPORTER = ("receipt", "1")


@dataclass(frozen=True, slots=True)
class Booking:
    """Where a receipt is booked.

    Attributes:
        run: Run that used the devices.
        model: Model that the run served.
        developer: Who develops it, or None.
        role: ``corroborating``, or ``primary`` where nothing else is recorded of the run.
        file_sha256: SHA-256 of the envelope, 64 hex digits.
        key: Name and hint of the key that verified it.
    """

    run: str
    model: str
    developer: str | None
    role: str
    file_sha256: str
    key: str


def receipt_lines(receipt: UsageReceipt, booking: Booking, catalogue: Catalogue) -> bytes:
    """Return the records as JSON Lines, one a line of the receipt and UTC day.

    Args:
        receipt: The receipt; its signature was checked.
        booking: Where it goes.
        catalogue: The devices.

    Raises:
        HardwareError: A device is not in the catalogue.
    """
    records = _records(receipt, booking, catalogue)
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def check_alone(entries: Iterable[Entry], reversed_: Iterable[int], run: str) -> None:
    """Refuse to book as primary where the run has primary records of another source.

    Args:
        entries: Entries that name the run.
        reversed_: Numbers of entries that were reversed.
        run: The run.

    Raises:
        ConflictError: It has; both would add.
    """
    gone = set(reversed_)
    for entry in entries:
        body: Mapping[str, Any] = entry.body
        if entry.type != "allocation" or body["role"] != "primary" or entry.seq in gone:
            continue
        if body["evidence"]["importer"] != IMPORTER[0]:
            raise ConflictError(
                f"entry {entry.seq} is a primary record of the run {run}",
                where="--role primary",
                why="primary records are added, so the same time would count twice",
                remedy="leave --role out: a receipt beside a record confirms it",
            )


def _records(
    receipt: UsageReceipt, booking: Booking, catalogue: Catalogue
) -> Iterator[dict[str, JSON]]:
    """Yield the records."""
    for number, line in enumerate(receipt.lines, start=1):
        stated: dict[str, JSON] = {
            "run": booking.run,
            "model": booking.model,
            "developer": booking.developer,
            "device": catalogue.find(line.device).id,
            "role": booking.role,
            "evidence": {
                "source_kind": "provider_countersigned",
                "file_sha256": booking.file_sha256,
                "locator": f"receipt {receipt.number}, line {number}, signed by {booking.key}",
                "importer": IMPORTER[0],
                "importer_version": IMPORTER[1],
            },
        }
        for body in dated(stated, line.period, line.milli_devices):
            key = [receipt.provider, receipt.number, str(number), str(body["start"])]
            yield {"type": "allocation", **body, "key": ["receipt", *key]}
