"""Samples of devices for tests: answers of Prometheus as JSON and as text, and what is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tables import catalogue

from ledger.importers.mapping import Map
from ledger.importers.prometheus import IMPORTER
from ledger.journeys.importing import Reading

NOON = 1_772_366_400
MAP = """\
schema: map/1
source: prometheus
rows:
  - where: { namespace: [llm] }
    give: { model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }
devices:
  - where: { type: [1g.10gb] }
    give: { device: nvidia-a100-80gb, milli_devices: 143 }
"""
LABELS = {
    "__name__": "DCGM_FI_PROF_GR_ENGINE_ACTIVE",
    "gpu": "0",
    "UUID": "GPU-1",
    "modelName": "NVIDIA A100-SXM4-80GB",
    "Hostname": "h1",
    "namespace": "llm",
    "pod": "train-0",
    "instance": "10.0.0.1:9400",
}
Pairs = list[tuple[float | int, str]]


def pairs(number: int = 10, value: str = "0.5", step: int = 30, start: int = NOON) -> Pairs:
    return [(start + step * n, value) for n in range(number)]


def answer(*series: tuple[dict[str, str], Pairs]) -> str:
    result = [{"metric": {**LABELS, **labels}, "values": values} for labels, values in series]
    data = {"resultType": "matrix", "result": result}
    return json.dumps({"status": "success", "data": data}, separators=(",", ":"))


def lines(*series: tuple[dict[str, str], Pairs]) -> str:
    out = ["# TYPE DCGM_FI_PROF_GR_ENGINE_ACTIVE gauge"]
    for changes, values in series:
        labels = {**LABELS, **changes}
        name = labels.pop("__name__")
        inner = ",".join(f'{key}="{value}"' for key, value in labels.items())
        out += [f"{name}{{{inner}}} {value} {time}" for time, value in values]
    return "\n".join([*out, "# EOF"]) + "\n"


def written(folder: Path, text: str, name: str = "range.json") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def read(path: Path, mapping: str | None = MAP, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "map.yaml"))
    return importer.read(path, settings, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def seconds(reading: Reading) -> list[int]:
    return [int(body["device_us"]) // 10**6 for body in bodies(reading)]
