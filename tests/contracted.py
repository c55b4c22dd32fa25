"""Contracts for tests: the forward of the flagship journey, changes of it, and deliveries."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from jsonschema import validate

from ledger.importers import held_time

Run = Callable[..., Any]
SCHEMA = Path(__file__).resolve().parent.parent / "schemas" / "contracts.v1.schema.json"
HOUR_US = 3_600_000_000
NAME = "fwd-2027-q1"

FORWARD: dict[str, Any] = {
    "schema": "flopledger/contract.v1",
    "contract": NAME,
    "kind": "forward",
    "agreed_on": "2026-11-22",
    "buyer": "Lab A",
    "seller": "Cloud B",
    "device": "nvidia-h100-sxm5",
    "grade": {
        "precision": "bf16",
        "sparsity": "dense",
        "interconnect": "H",
        "scale_up": "900 GB/s",
        "scale_up_domain": "8 accelerator",
        "scale_out": "400 Gbit/s",
        "topology": "non_blocking",
        "accelerators": "4096",
    },
    "delivery": [{"from": "2027-01-01", "until": "2027-04-01", "devices": "4096"}],
    "utilisation": {"low": "30 %", "point": "38 %", "high": "46 %"},
    "firmness": "firm",
    "tolerance": "2 %",
    "take_or_pay": "100 %",
    "substitutes": [{"device": "nvidia-b200", "ratio": "1/2"}],
    "destination": "US",
    "resale": "with the seller's consent",
    "price": {
        "amount": "2.10",
        "currency": "USD",
        "per": "device_hour",
        "interconnect": "included",
        "schedule": [{"grade": "H", "share": "100 %"}, {"grade": "Hx", "share": "80 %"}],
    },
    "model": "falcon-2",
    "developer": "lab-a",
    "activity": "pretrain",
    "operation_kind": "float",
}
"""4,096 H100 for the first quarter of 2027, signed on 2026-11-22, meant for one model."""


def contract_text(**changes: Any) -> str:
    """The forward as a file, with changes; ``grade__topology`` changes one of its grade.

    A change to None leaves the key out.
    """
    sheet = {name: value for name, value in FORWARD.items() if name not in changes}
    sheet |= {name: value for name, value in changes.items() if value is not None}
    for path in [name for name in sheet if "__" in name]:
        above, _, below = path.partition("__")
        value = sheet.pop(path)
        sheet[above] = {**sheet[above], below: value}
    return yaml.safe_dump(sheet, sort_keys=False)


def shown(run: Run, *options: str) -> dict[str, Any]:
    """The contract as JSON, which the published schema must describe."""
    done = run("contract", "show", NAME, "-f", "json", *options)
    assert done.code == 0, done.err
    document = json.loads(done.out)
    validate(document, json.loads(SCHEMA.read_text()))
    (found,) = document["contracts"]
    assert isinstance(found, dict)
    return found


def size(run: Run) -> int:
    """Entries in the ledger."""
    found = json.loads(run("status", "-f", "json").out)
    return int(found["size"])


def total(contract: dict[str, Any], name: str = "agreed_us") -> int:
    """Device-microseconds over all parts."""
    return sum(int(part[name]) for part in contract["parts"])


def delivery(day: str, devices: int, **changes: Any) -> dict[str, Any]:
    """One day of devices as an allocation."""
    return {
        **held_time.UNKNOWN,
        "type": "allocation",
        "run": f"r-{day}",
        "model": "falcon-2",
        "developer": "lab-a",
        "activity": "pretrain",
        "start": f"{day}T00:00:00Z",
        "end": f"{day[:8]}{int(day[8:]) + 1:02d}T00:00:00Z",
        "device": "nvidia-h100-sxm5",
        "milli_devices": devices * 1000,
        "device_us": str(devices * 86_400 * 10**6),
        "precision": "bf16",
        "sparsity": "dense",
        "operation_kind": "float",
        "scale_up_gb_per_s": 900,
        "scale_up_domain": 8,
        "scale_out_gbit_per_s": 400,
        "topology": "non_blocking",
        "concurrent_devices": devices,
        "evidence": {
            "source_kind": "assertion",
            "file_sha256": None,
            "locator": "",
            "importer": "hand",
            "importer_version": "1",
        },
        "key": ["delivery", day],
        **changes,
    }


def deliver(run: Run, *records: dict[str, Any]) -> Any:
    """Record allocations as deliveries."""
    Path("d.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    return run("contract", "deliver", NAME, "d.jsonl")
