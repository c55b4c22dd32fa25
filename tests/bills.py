"""Bills for the tests of the FOCUS importer: a good row, its changes, and a map for it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from tables import catalogue

from ledger.importers.focus import IMPORTER
from ledger.importers.mapping import Map
from ledger.journeys.importing import Reading

HOUR = 3_600_000_000

ROW = {
    "ProviderName": "AWS",
    "BillingAccountId": "b1",
    "SubAccountId": "s1",
    "ResourceId": "i-1",
    "SkuId": "K1",
    "SkuPriceId": "K1.od",
    "ChargeCategory": "Usage",
    "ChargeClass": "NULL",
    "ChargePeriodStart": "2026-03-01T10:00:00Z",
    "ChargePeriodEnd": "2026-03-01T11:00:00Z",
    "ConsumedQuantity": "1.000000",
    "ConsumedUnit": "Hours",
    "PricingQuantity": "",
    "PricingUnit": "",
    "ResourceType": "",
    "CommitmentDiscountStatus": "null",
    "CapacityReservationStatus": "",
    "CommitmentDiscountQuantity": "",
    "CommitmentDiscountUnit": "",
    "SkuPriceDetails": '{"InstanceType": "BM.GPU.H200.8"}',
    "BilledCost": "98.32",
    "EffectiveCost": "98.32",
    "Tags": '{"application": "llm"}',
    "ChargeDescription": "an hour",
}
MAP = """\
schema: map/1
source: focus
rows:
  - where: { "tag:application": [llm] }
    give: { model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }
  - where: { "tag:application": [chat] }
    give: { model: chat-7b, activity: inference_service }
devices:
  - where: { type: [p9.big] }
    give: { device: nvidia-h100-sxm5, milli_devices: 4000 }
  - where: { type: [p9.odd] }
    give: { device: nvidia-h100-sxm5 }
  - where: { skuid: [LICENCE] }
    give: { milli_devices: 0 }
  - where: { skuid: [VM_LARGE] }
    give: { device: nvidia-a100-80gb, milli_devices: 2000 }
"""


def text(*changes: dict[str, str], header: dict[str, str] | None = None) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(header or ROW), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**ROW, **change} for change in changes)
    return out.getvalue()


def written(folder: Path, *changes: dict[str, str], name: str = "bill.csv") -> Path:
    path = folder / name
    path.write_text(text(*changes), "utf-8")
    return path


def read(path: Path, mapping: str | None = MAP, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "map.yaml"))
    return importer.read(path, settings, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def held(reading: Reading) -> int:
    return sum(int(body["device_us"]) for body in bodies(reading))


def note(reading: Reading) -> str:
    (found,) = (p.message for p in reading.problems if p.code == "read")
    return found
