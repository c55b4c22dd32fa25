"""A year's forward book for tests: 200 contracts and 50 models, the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from ledgers import allocation, commitment

CONTRACTS = 200
MODELS = 50
HOUR_US = 3_600_000_000


def year(contracts: int = CONTRACTS, models: int = MODELS) -> Iterator[dict[str, Any]]:
    """Yield records: work of each model, then contracts of one to twelve months of 2027.

    Every tenth contract is meant for no model, every twentieth is an option.
    """
    for number in range(models):
        done = 10**23 * (1 + number * 37 % 120)
        times = {"start": "2026-03-01T00:00:00Z", "end": "2026-03-01T08:00:00Z"}
        held = allocation(f"m-{number}", done, run=f"r-{number}", **times)
        yield {"type": "allocation", **held}
    for number in range(contracts):
        model = None if number % 10 == 9 else f"m-{number % models}"
        for month in range(1, 2 + number % 12):
            yield {"type": "commitment", **_month(number, month, model)}


def _month(number: int, month: int, model: str | None) -> dict[str, Any]:
    """Return the commitment of one month."""
    start = date(2027, month, 1)
    end = date(2027 + month // 12, month % 12 + 1, 1)
    devices = 256 * (1 + number % 7)
    us = devices * (end - start).days * 24 * HOUR_US
    point = us * 989_400_000 * 38 // 100
    return commitment(
        model,
        "acme",
        contract=f"c-{number:03d}",
        kind="option" if number % 20 == 19 else "forward",
        agreed_on="2026-11-20",
        window_start=start.isoformat(),
        window_end=end.isoformat(),
        device="nvidia-h100-sxm5",
        device_us=str(us),
        operations=str(point),
        operations_low=str(point * 30 // 38),
        operations_high=str(point * 46 // 38),
        key=["yearbook", str(number), str(month)],
    )
