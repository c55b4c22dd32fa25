"""Exports of Slurm for tests: jobs of two hours on eight devices, and what is read of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tables import catalogue

from ledger.importers.mapping import Map
from ledger.importers.slurm import IMPORTER
from ledger.journeys.importing import Reading

NAMES = "JobID|Cluster|Partition|Account|Submit|Start|End|ElapsedRaw|State|AllocTRES|JobName"
HOUR = 3_600_000_000

MAP = """\
schema: map/1
source: slurm
rows:
  - where: { account: [llm] }
    give: { model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }
devices:
  - where: { type: [h100, ""] }
    give: { device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8 }
  - where: { type: [a100] }
    give: { device: nvidia-a100-40gb }
  - where: { type: [1g.10gb] }
    give: { device: nvidia-a100-40gb, milli_devices: 143 }
"""


def job(**changes: str) -> str:
    """One job of two hours on eight devices."""
    cells = {
        "JobID": "4711",
        "Cluster": "c1",
        "Partition": "h100",
        "Account": "llm",
        "Submit": "2026-03-01T09:58:00",
        "Start": "2026-03-01T10:00:00",
        "End": "2026-03-01T12:00:00",
        "ElapsedRaw": "7200",
        "State": "COMPLETED",
        "AllocTRES": "billing=8,cpu=96,gres/gpu=8,gres/gpu:h100=8,mem=1T,node=1",
        "JobName": "pretrain",
        **changes,
    }
    return "|".join(cells[name] for name in NAMES.split("|"))


def written(folder: Path, *lines: str, name: str = "sacct.txt", header: str = NAMES) -> Path:
    path = folder / name
    path.write_text("\n".join((header, *lines)) + "\n", "utf-8")
    return path


def read(path: Path, mapping: str | None = MAP, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "map.yaml"))
    return importer.read(path, {"zone": "UTC", **settings}, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def held(reading: Reading) -> int:
    """Device-microseconds of all records."""
    return sum(int(body["device_us"]) for body in bodies(reading))
