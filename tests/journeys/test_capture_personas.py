"""Four shops with what each really has, from the export to the question that the law asks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bills
import pods
import pytest
import slurm
from recorded import Recorded, about, step

DAY = "2026-11-22"
PRESUMED = "eu.aia/gpaisr-presumption"


@pytest.fixture
def shop(tmp_path: Path) -> Recorded:
    """Return an empty ledger."""
    return Recorded(tmp_path, day=DAY)


def mapped(shop: Recorded, text: str) -> str:
    """Write a map."""
    path = shop.folder / "map.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def grades(shop: Recorded) -> dict[str, int]:
    """Return device-microseconds held by precision and interconnect grade."""
    rows = shop.told_as_json("position")["rows"]
    return {f"{row['precision']} {row['interconnect']}": int(row["device_us"]) for row in rows}


def imported(shop: Recorded, *arguments: str, codes: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Import and return what was told."""
    path = shop.folder / "import.json"
    shop.told("import", *arguments, "-o", str(path), codes=codes)
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def test_a_slurm_shop(shop: Recorded) -> None:
    """H100 and A100 jobs of one export become two positions, and both count for the model."""
    lines = (
        slurm.job(),
        slurm.job(JobID="4712", AllocTRES="gres/gpu=4,gres/gpu:a100=4", Partition="a100"),
        slurm.job(JobID="4713", Account="hr"),
    )
    path = slurm.written(shop.folder, *lines)
    asked = (str(path), "--map", mapped(shop, slurm.MAP), "--set", "zone=UTC")
    first = imported(shop, *asked, codes=(1,))
    assert (first["new"], imported(shop, *asked, codes=(1,))["new"]) == (2, 0)
    assert "hold 16 device-hours" in first["problems"][0]["message"]
    assert sorted(grades(shop).values()) == [8 * slurm.HOUR, 16 * slurm.HOUR]
    found = shop.check("--regime", "eu.aia").of(PRESUMED, "model:llm-7b")
    # Operations are not known to a scheduler: at most what the devices could have done.
    assert found["finding"] == "not_met"
    assert found["measured"]["operations"]["low"] == "0"
    assert found["measured"]["operations"]["point"] is None


def test_a_kubernetes_shop(shop: Recorded) -> None:
    path = shop.folder / "pods.json"
    listed = {"apiVersion": "v1", "kind": "List", "items": [pods.node(), pods.pod()]}
    path.write_text(json.dumps(listed), "utf-8")
    asked = (str(path), "--source", "kubernetes", "--map", mapped(shop, pods.MAP))
    assert imported(shop, *asked)["new"] == 1
    assert imported(shop, *asked)["new"] == 0
    assert sum(grades(shop).values()) == 16 * pods.HOUR
    assert shop.check("--regime", "eu.aia").word(PRESUMED, "model:llm-7b") == "not_met"


def test_a_cloud_customer_with_only_invoices(shop: Recorded) -> None:
    """What was billed is an upper bound of training, and evidence of grade B."""
    path = bills.written(shop.folder, {})
    asked = (str(path), "--source", "focus", "--map", mapped(shop, bills.MAP))
    told = imported(shop, *asked, "--set", "role=primary")
    assert told["new"] == 1
    assert sum(grades(shop).values()) == 8 * bills.HOUR
    evidence = shop.told_as_json("position", "--reconciled")["totals"]
    held = {row["grade"]: int(row["reconciled"]["device_us"]) for row in evidence}
    assert held == {"A": 0, "B": 8 * bills.HOUR, "C": 0, "D": 0, "E": 0}
    document = json.dumps(shop.told_as_json("position"))
    assert "BilledCost" not in document


def test_a_fine_tuner_with_only_a_trainer_state(shop: Recorded) -> None:
    """The base is somebody else's and its compute is not known: the fact that decides is named."""
    path = shop.folder / "trainer_state.json"
    path.write_text(
        json.dumps(
            {
                "global_step": 100,
                "log_history": [{"step": 100, "total_flos": 1.25e16, "train_runtime": 100.25}],
                "max_steps": 100,
                "num_train_epochs": 3,
                "num_input_tokens_seen": 0,
                "total_flos": 1.25e16,
                "train_batch_size": 8,
            }
        ),
        "utf-8",
    )
    settings = ("model=ours", "not_after=2026-06-30", "activity=sft")
    asked = [part for text in settings for part in ("--set", text)]
    assert imported(shop, str(path), "--source", "trainer", *asked)["new"] == 1
    shop.record(
        step("ours", "base-405b", "no"),
        *about("model:ours", output_modalities=["text"], significant_generality=True),
    )
    found = shop.check("--regime", "eu.aia").of("eu.aia/modifier-one-third", "model:ours")
    assert found["finding"] == "undetermined"
    assert found["missing"] == [
        "model.base_compute_obtainable",
        "model.base_is_systemic_risk",
        "operations@model:base-405b",
    ]
