"""Pods and nodes as the API server describes them, for the tests of Kubernetes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tables import catalogue

from ledger.importers.kubernetes import IMPORTER
from ledger.importers.mapping import Map
from ledger.journeys.importing import Reading

HOUR = 3_600_000_000
GPU = "nvidia.com/gpu"
H100 = "NVIDIA-H100-80GB-HBM3"
MAP = f"""\
schema: map/1
source: kubernetes
rows:
  - where: {{ namespace: [llm], attempt: [earlier] }}
    give: {{ model: llm-7b, activity: restart_waste, precision: bf16, sparsity: dense }}
  - where: {{ namespace: [llm] }}
    give: {{ model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }}
  - where: {{ "label:Team": [red] }}
    give: {{ model: "red-{{label:team}}", run: "{{namespace}}/{{owner}}" }}
devices:
  - where: {{ type: [{H100}] }}
    give: {{ device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8 }}
  - where: {{ type: [mig-1g.10gb], product: [NVIDIA-A100*] }}
    give: {{ device: nvidia-a100-80gb, milli_devices: 143 }}
  - where: {{ type: [NVIDIA-A100*] }}
    give: {{ device: nvidia-a100-80gb }}
"""


def container(name: str = "main", gpus: int | str = 8, **more: Any) -> dict[str, Any]:
    """A container that holds some GPUs."""
    return {"name": name, "resources": {"limits": {GPU: str(gpus), "cpu": "8"}}, **more}


def ended(name: str = "main", end: str = "12:00:00", **more: Any) -> dict[str, Any]:
    """The status of a container that has ended."""
    at = {"startedAt": "2026-03-01T10:01:00Z", "finishedAt": f"2026-03-01T{end}Z", "exitCode": 0}
    return {"name": name, "restartCount": 0, "state": {"terminated": at}, **more}


def pod(uid: str = "u-1", **changes: Any) -> dict[str, Any]:
    """A pod that held eight GPUs of one node for two hours."""
    status = {
        "phase": "Succeeded",
        "startTime": "2026-03-01T10:00:00Z",
        "containerStatuses": [ended()],
        **changes.pop("status", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "llm", "uid": uid, **changes.pop("metadata", {})},
        "spec": {"nodeName": "n1", "containers": [container()], **changes.pop("spec", {})},
        "status": status,
        **changes,
    }


def node(name: str = "n1", product: str = H100, **labels: str) -> dict[str, Any]:
    """A node with its type of GPU."""
    known = {"nvidia.com/gpu.product": product, "kubernetes.io/os": "linux", **labels}
    return {"kind": "Node", "metadata": {"name": name, "labels": known}}


RUNNING = {
    "phase": "Running",
    "containerStatuses": [{"name": "main", "state": {"running": {}}, "restartCount": 0}],
}


def written(folder: Path, *items: Any, name: str = "pods.json", indent: int | None = 1) -> Path:
    path = folder / name
    path.write_text(json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=indent))
    return path


def logged(folder: Path, *values: Any, name: str = "pods.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{v if isinstance(v, str) else json.dumps(v)}\n" for v in values))
    return path


def read(path: Path, mapping: str | None = MAP, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "map.yaml"))
    return importer.read(path, settings, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def note(reading: Reading) -> str:
    return reading.problems[-1].message


def held(reading: Reading) -> int:
    """Device-microseconds of all records."""
    return sum(int(body["device_us"]) for body in bodies(reading))
