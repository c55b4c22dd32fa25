"""The work of the world is what its labs and clouds would export: tables, bills, pods, deliveries.

Everything follows from ``campaigns.csv`` and ``lineage.csv`` by whole-number arithmetic. Figures of
published models are copied from ``published_runs.csv``; nothing else names a real model.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from ledger.hardware import Catalogue

__all__ = ["LABS", "ORIGINS", "Campaign", "quarters", "write_work"]

LABS = ("lab-a", "lab-b", "lab-c")
ORIGINS = "demonstration.flopledger.example"

_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
_DAY_S = 86_400
_DRIFT = (0, 1, -1, 2, -2, 1, 0, -1)  # percent by which a week's utilisation differs
_COMPLETE = "lab-a"  # states more of its models than the others
_OWNED = ("operator", "scale_up_gb_per_s", "scale_up_domain", "scale_out_gbit_per_s", "topology")
_FEBRUARY = tuple(date(2026, 2, 2) + number * _WEEK for number in range(4))
_INSTANCES, _PODS = 56, 112  # of eight devices each
_DELIVERED = (date(2026, 10, 5), 28)  # first day, days


@dataclass(frozen=True, slots=True)
class Campaign:
    """A run that holds some devices every Monday, from one Monday to another.

    Attributes:
        lab: Whose ledger it is in.
        sheet: Its row of ``campaigns.csv``.
        peak: Dense peak of one device, operations a second.
    """

    lab: str
    sheet: Mapping[str, str]
    peak: int

    def weeks(self) -> Iterator[tuple[date, dict[str, str]]]:
        """Yield each Monday and its row of the allocation table."""
        first, until = (date.fromisoformat(self.sheet[name]) for name in ("first", "until"))
        for number in range((until - first) // _WEEK):
            start = first + number * _WEEK
            yield start, self._row(start, number)

    def _row(self, start: date, number: int) -> dict[str, str]:
        """Return one Monday: held time, times the peak, times what was used of it."""
        sheet = self.sheet
        percent = int(sheet["utilisation"]) + _DRIFT[number % len(_DRIFT)]
        done = int(sheet["devices"]) * _DAY_S * self.peak * percent // 100
        band = int(sheet["band"])
        return {
            "id": f"{sheet['run']} {start}",
            **{name: sheet[name] for name in ("run", "model", "activity", "device", "devices")},
            "developer": self.lab,
            "start": f"{start}T00:00:00Z",
            "end": f"{start + _DAY}T00:00:00Z",
            "precision": sheet["precision"],
            "sparsity": "dense",
            "concurrent_devices": sheet["devices"],
            "operations": str(done),
            "operations_low": str(done * (100 - band) // 100),
            "operations_high": str(done * (100 + band) // 100),
            "method": "framework_reported",
            "evidence_kind": "framework",
            "input.utilisation": f"{percent} %",
            **{name: sheet[name] for name in _OWNED},
        }


def quarters(source: Path) -> tuple[str, ...]:
    """Return the quarters in which some campaign works, as ``2025-q1``, in order."""
    spans = [(row["first"], row["until"]) for row in _rows(source / "campaigns.csv")]
    first = date.fromisoformat(min(first for first, _ in spans))
    until = date.fromisoformat(max(until for _, until in spans))
    weeks = (first + number * _WEEK for number in range((until - first) // _WEEK))
    return tuple(dict.fromkeys(_quarter(day) for day in weeks))


def write_work(source: Path, catalogue: Catalogue) -> None:
    """Write what every party would export into its folder below the current one.

    Args:
        source: The folder of the shipped tables.
        catalogue: Where the peaks of devices come from.
    """
    campaigns = [
        Campaign(row["lab"], row, _peak(catalogue, row)) for row in _rows(source / "campaigns.csv")
    ]
    steps = _rows(source / "lineage.csv")
    published = _rows(source.parent / "published_runs.csv")
    for lab in LABS:
        folder = Path("labs", lab, "work")
        folder.mkdir(parents=True)
        weeks = [week for each in campaigns if each.lab == lab for week in each.weeks()]
        weeks.sort(key=lambda week: week[0])
        for quarter, found in groupby(weeks, key=lambda week: _quarter(week[0])):
            _write_table(folder / f"{quarter}.csv", [row for _, row in found])
        parents = {row["model"]: row["parent"] for row in steps if row["lab"] == lab}
        rows = [row for row in published if row["model"] in parents.values()]
        _write_table(folder / "published-parents.csv", rows)
        _write_lines(folder / "models.jsonl", _about(lab, parents))
    _write_table(Path("clouds/cloud-2/bill-lab-b.csv"), _bill())
    _write_pods(Path("clouds/cloud-2/pods-lab-c.json"))
    _write_lines(Path("clouds/cloud-1/delivered-res-2026-q4.jsonl"), _deliveries(catalogue))


def _rows(path: Path) -> list[dict[str, str]]:
    """Read a table with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _peak(catalogue: Catalogue, row: Mapping[str, str]) -> int:
    """Return the dense peak of a campaign's device."""
    peak = catalogue.find(row["device"]).peak(row["precision"])
    assert peak is not None, row["device"]
    return peak


def _quarter(day: date) -> str:
    """Return the quarter of a day, as a file is named."""
    return f"{day.year}-q{(day.month + 2) // 3}"


def _write_table(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write rows that all have the same columns."""
    held = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(held[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(held)


def _write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write records as JSON Lines."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")


def _evidence(kind: str, locator: str) -> dict[str, Any]:
    """Return what stands behind a record of the world."""
    return {
        "source_kind": kind,
        "file_sha256": None,
        "locator": locator,
        "importer": "hand",
        "importer_version": "1",
    }


def _about(lab: str, parents: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield what a lab states of its models: parent, generality, day on the market, the base."""
    for number, (model, parent) in enumerate(parents.items()):
        yield {
            "type": "lineage",
            "model": model,
            "parent": parent,
            "relation": "derived",
            "same_provider": "no",
            "on": None,
            "evidence": _evidence("assertion", f"{lab}, model card of {model}"),
        }
        stated: list[tuple[str, str, Any]] = [
            ("significant_generality", "boolean", True),
            ("placed_on_market_on", "date", f"2026-{9 + number:02}-01"),
        ]
        if lab == _COMPLETE:
            # The published figure of each of its parents is below 10^25.
            stated.append(("base_is_systemic_risk", "boolean", False))
        for name, kind, value in stated:
            yield {
                "type": "fact",
                "subject": f"model:{model}",
                "name": f"model.{name}",
                "value": {"kind": kind, "value": value},
                "valid_from": None,
                "valid_until": None,
                "evidence": _evidence("assertion", f"{lab}, model card of {model}"),
            }


def _bill() -> Iterator[dict[str, str]]:
    """Yield the instances that Lab B held in February 2026, as FOCUS lays them out."""
    for start in _FEBRUARY:
        for number in range(_INSTANCES):
            yield {
                "ProviderName": "Cloud 2",
                "BillingAccountId": "lab-b",
                "ResourceId": f"instance-{number}",
                "SkuId": "gpu-8x",
                "SkuPriceId": "gpu-8x.reserved",
                "ChargeCategory": "Usage",
                "ChargeClass": "",
                "ChargePeriodStart": f"{start}T00:00:00Z",
                "ChargePeriodEnd": f"{start + _DAY}T00:00:00Z",
                "ConsumedQuantity": "24",
                "ConsumedUnit": "Hours",
                "SkuPriceDetails": json.dumps({"InstanceType": "gpu-8x"}),
                "BilledCost": "288.00",
                "BillingCurrency": "USD",
                "Tags": json.dumps({"application": "b2-sft"}),
            }


def _write_pods(path: Path) -> None:
    """Write the pods that Lab C ran on one Monday, as the server of a cluster lists them."""
    product = "NVIDIA-H100-80GB-HBM3"
    start, end = (f"{day}T00:00:00Z" for day in (_FEBRUARY[0], _FEBRUARY[0] + _DAY))
    nodes, pods = [], []
    for number in range(_PODS):
        labels = {"nvidia.com/gpu.product": product}
        nodes.append({"kind": "Node", "metadata": {"name": f"node-{number}", "labels": labels}})
        limits = {"nvidia.com/gpu": "8"}
        done = {"startedAt": start, "finishedAt": end, "exitCode": 0}
        status = {"name": "main", "restartCount": 0, "state": {"terminated": done}}
        pods.append(
            {
                "kind": "Pod",
                "metadata": {
                    "name": f"c2-{number}",
                    "namespace": "lab-c",
                    "uid": f"c2-reinforce-{number:03}",
                    "creationTimestamp": start,
                },
                "spec": {
                    "nodeName": f"node-{number}",
                    "containers": [{"name": "main", "resources": {"limits": limits}}],
                },
                "status": {
                    "phase": "Succeeded",
                    "startTime": start,
                    "containerStatuses": [status],
                },
            }
        )
    listed = {"apiVersion": "v1", "kind": "List", "items": [*nodes, *pods]}
    path.write_text(json.dumps(listed, indent=1) + "\n", "utf-8")


def _deliveries(catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Yield four weeks of what was reserved for the last quarter of 2026, day by day."""
    first, days = _DELIVERED
    device = catalogue.find("nvidia-h100-sxm5")
    peak = device.peak("bf16")
    assert peak is not None
    for number in range(days):
        day, devices = first + timedelta(days=number), 256 if number < days // 2 else 128
        held = devices * _DAY_S * 10**6
        done = held * peak // 10**6 * 36 // 100
        yield {
            "type": "allocation",
            "run": "a3-reserved",
            "model": "synth-a3",
            "developer": "lab-a",
            "activity": "continued_pretrain",
            "extent": "own",
            "start": f"{day}T00:00:00Z",
            "start_ms": 0,
            "end": f"{day + _DAY}T00:00:00Z",
            "end_ms": 0,
            "not_after": None,
            "device": device.id,
            "milli_devices": devices * 1000,
            "device_us": str(held),
            "precision": "bf16",
            "sparsity": "dense",
            "operation_kind": "float",
            "scale_up_gb_per_s": 900,
            "scale_up_domain": 8,
            "scale_out_gbit_per_s": 400,
            "topology": "non_blocking",
            "concurrent_devices": devices,
            "catalogue_digest": None,
            "peak_operations_per_s": str(peak),
            "ceiling_operations": str(held * peak // 10**6),
            "operations": str(done),
            "operations_low": str(done * 9 // 10),
            "operations_high": str(done * 11 // 10),
            "operations_executed": None,
            "method": "framework_reported",
            "method_inputs": {},
            "evidence": _evidence("framework", "trainer of a3-reserved"),
            "commitment": None,
            "status": "final",
            "role": "primary",
            "key": ["res-2026-q4", str(day)],
        }
