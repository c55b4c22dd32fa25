"""Contracts for tests: the forward of the flagship journey, and changes of it."""

from __future__ import annotations

from typing import Any

import yaml

FORWARD: dict[str, Any] = {
    "schema": "flopledger/contract.v1",
    "contract": "fwd-2027-q1",
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
