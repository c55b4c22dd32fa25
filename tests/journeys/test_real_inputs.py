"""Real exports of others, from the file to what is held and how far it is borne out."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import slurm
from recorded import Recorded

SECOND = 10**6
MIXED = """\
schema: map/1
source: slurm
rows:
  - where: { account: [llm] }
    give: { model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }
devices:
  - where: { type: [h100] }
    give: { device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8,
            scale_out_gbit_per_s: 400, topology: non_blocking }
  - where: { type: [a100] }
    give: { device: nvidia-a100-40gb, scale_up_gb_per_s: 600, scale_up_domain: 8,
            scale_out_gbit_per_s: 200, topology: non_blocking }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Recorded:
    """Return an empty ledger."""
    return Recorded(tmp_path, day="2026-11-22")


def imported(shop: Recorded, path: Path, *settings: str, **options: str) -> dict[str, Any]:
    """Import a file, then again, which adds nothing; return what the first run told."""
    told = shop.folder / "import.json"
    asked = [part for text in settings for part in ("--set", text)]
    asked += [part for name, value in options.items() for part in (f"--{name}", value)]
    documents = []
    for _ in range(2):
        shop.told("import", str(path), *asked, "-o", str(told), codes=(0, 1))
        documents.append(json.loads(told.read_text("utf-8")))
    first, second = documents
    assert (second["new"], second["changed"], second["same"]) == (0, 0, first["new"])
    return dict(first)


def held(shop: Recorded) -> int:
    """Return the device-microseconds of the position."""
    return sum(int(row["device_us"]) for row in shop.told_as_json("position")["rows"])


def test_phillips_holds_what_its_gpu_jobs_held(
    shop: Recorded, shared_path: Callable[[str], Path]
) -> None:
    """4,285 jobs, of which two held accelerators; the cancelled one is kept."""
    path = shared_path("data/slurm/xdmod/phillips.log.gz")
    told = imported(shop, path, "model=m", "zone=UTC")
    assert told["runs"] == 2
    assert told["held_device_us"] == {"unknown": str(1_824_886 * SECOND)}
    assert held(shop) == 1_824_886 * SECOND


@pytest.mark.slow
def test_duty_cycles_integrate_to_device_time_and_state_their_gaps(
    shop: Recorded, shared_path: Callable[[str], Path]
) -> None:
    path = shared_path("data/telemetry/gentd26_pod_gpu_duty_cycle.csv.gz")
    told = imported(shop, path, "model=m", "role=primary")
    assert held(shop) == 9_015_462 * SECOND
    (note,) = (p["message"] for p in told["problems"] if p["code"] == "read")
    assert "gaps, longer than two steps: 1,552; not covered: 66.674 hours" in note


def test_whisper_count_above_its_hardware_is_flagged_and_believed_by_nobody(
    shop: Recorded, shared_path: Callable[[str], Path]
) -> None:
    """One A100 in 77,351 s does not do 5.27*10^20 operations: cells were counted as tokens."""
    name = "data/trackers/hf_trainer/whisper_large_v2_japanese_trainer_state.json.gz"
    settings = ("model=w", "run=w-1", "activity=sft", "not_after=2023-01-31")
    device = ("device=nvidia-a100-80gb", "devices=1", "precision=bf16", "sparsity=dense")
    told = imported(shop, shared_path(name), *settings, *device)
    assert [p["code"] for p in told["problems"]] == ["above-ceiling"]
    path = shop.folder / "r.json"
    shop.told("reconcile", "-o", str(path), codes=(1,))
    (run,) = json.loads(path.read_text("utf-8"))["runs"]
    assert run["grade"]["letter"] == "E"
    assert {f["code"] for f in run["findings"]} == {"above-ceiling", "above-peak"}
    assert Fraction(run["mfu"]["exact"]) > 21
    shop.told("position", "--reconciled", "-f", "json", "-o", str(path))
    totals = {row["grade"]: row for row in json.loads(path.read_text("utf-8"))["totals"]}
    assert totals["E"]["reconciled"]["operations"] == run["operations"]


def test_mixed_export_is_graded_into_two_positions(shop: Recorded) -> None:
    lines = (
        slurm.job(),
        slurm.job(JobID="4712", AllocTRES="gres/gpu=4,gres/gpu:a100=4", Partition="a100"),
        slurm.job(JobID="4713", AllocTRES="gres/gpu=6,gres/gpu:a100=2,gres/gpu:h100=4"),
    )
    path = slurm.written(shop.folder, *lines)
    mapping = shop.folder / "map.yaml"
    mapping.write_text(MIXED, "utf-8")
    imported(shop, path, "zone=UTC", map=str(mapping))
    rows = shop.told_as_json("position")["rows"]
    by = {tuple(row["devices"]): (row["interconnect"], int(row["device_us"])) for row in rows}
    assert {name: us for name, (_, us) in by.items()} == {
        ("nvidia-h100-sxm5",): (8 + 4) * slurm.HOUR * 2,
        ("nvidia-a100-40gb",): (4 + 2) * slurm.HOUR * 2,
    }
    grades = [grade for grade, _ in by.values()]
    assert grades[0] != grades[1]
