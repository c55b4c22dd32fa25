"""Each importer twice through the command line: the second run adds and changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bills
import megatronlogs
import pods
import polars as pl
import pytest
import slurm
import spools
import test_epoch_importer as epoch
import test_kueue_importer as kueue
import test_maxtext_importer as maxtext
import test_nanogpt_importer as nanogpt
import test_openb_importer as openb
import test_presence as presence
import test_prometheus_importer as prometheus
import test_trainer_importer as trainer
from conftest import shared_path
from tables import ROW, csv_text, small_rules

import ledger
from ledger.importers import MODULES

Made = tuple[Path, tuple[str, ...]]
"""What is imported, and its settings."""
DEMO = Path(ledger.__file__).parent / "_demo" / "h100"


def parquet(folder: Path) -> Made:
    """Write a typed table."""
    path = folder / "t.parquet"
    pl.DataFrame([ROW]).write_parquet(path)
    return path, ()


def table(folder: Path) -> Made:
    """Write a plain table of two rows, one over midnight."""
    path = folder / "t.csv"
    path.write_text(csv_text({}, {"run": "r-8", "end": "2026-03-03T06:00:00Z"}), "utf-8")
    return path, ()


def kubernetes(folder: Path) -> Made:
    """Write a list of a node and a pod."""
    path = folder / "pods.json"
    listed = {"apiVersion": "v1", "kind": "List", "items": [pods.node(), pods.pod()]}
    path.write_text(json.dumps(listed), "utf-8")
    return path, ("model=m",)


def mlperf(folder: Path) -> Made:
    """Copy one submitter's results of a real round."""
    for part in ("results", "systems"):
        name = f"training_v5.0/{part}/Nebius"
        shutil.copytree(shared_path(f"data/mlperf/{name}"), folder / name)
    return folder / "training_v5.0", ()


def telemetry(folder: Path) -> Made:
    """Copy the measured runs that ship with the package."""
    for path in DEMO.glob("run_*.json"):
        shutil.copy(path, folder / path.name)
    return folder / "run_pretrain-bf16.json", ()


def duty(folder: Path) -> Made:
    """Write three samples of one series."""
    rows = (f"50,{presence.NOON // 1000 + 30 * n},a" for n in range(3))
    return presence.written(folder, *rows), ("model=m",)


def spool(folder: Path) -> Made:
    """Write what a training said that ended."""
    lines = (spools.head(), spools.mark(1, 60_000, "end", operations="5", tokens="1", steps="1"))
    return spools.spooled(folder, *lines), ()


MADE: dict[str, Callable[[Path], Made]] = {
    "csv": table,
    "dutycycle": duty,
    "epoch": lambda folder: (epoch.table(folder, {}, {"Model": "M-2"}), ()),
    "focus": lambda folder: (bills.written(folder, {}, {"ResourceId": "i-2"}), ("model=m",)),
    "kubernetes": kubernetes,
    "kueue": lambda folder: (kueue.written(folder, kueue.workload()), ("model=m",)),
    "maxtext": lambda folder: (
        maxtext.written(folder, *(maxtext.step(n) for n in range(4))),
        ("activity=pretrain",),
    ),
    "megatron": lambda folder: (
        megatronlogs.written(folder, megatronlogs.step(100, 100), megatronlogs.step(200, 200)),
        ("zone=UTC", "activity=pretrain"),
    ),
    "mlperf": mlperf,
    "nanogpt": lambda folder: (
        nanogpt.written(folder, nanogpt.HEAD + nanogpt.DONE),
        ("zone=UTC", "activity=pretrain"),
    ),
    "openb": lambda folder: (
        openb.written(folder, openb.pod()),
        (f"epoch={openb.EPOCH}", "model=m"),
    ),
    "parquet": parquet,
    "prometheus": lambda folder: (
        prometheus.written(folder, prometheus.answer(({}, prometheus.pairs()))),
        ("model=m",),
    ),
    "slurm": lambda folder: (
        slurm.written(folder, slurm.job(), slurm.job(JobID="2", State="FAILED")),
        ("zone=UTC", "model=m"),
    ),
    "spool": spool,
    "telemetry": telemetry,
    "trainer": lambda folder: (
        trainer.state(folder),
        ("activity=sft", "not_after=2026-06-30", "model=m"),
    ),
}


def test_no_importer_is_left_out() -> None:
    assert MADE.keys() == MODULES.keys()


@pytest.mark.parametrize("source", MADE)
def test_second_import_adds_nothing(
    source: str, tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    path, settings = MADE[source](folder)
    flopledger("init", "--origin", "ledger.example/twice")
    asked = ["--rules", str(small_rules(tmp_path)), "import", str(path), "--source", source]
    asked += [part for text in settings for part in ("--set", text)]
    told = []
    for _ in range(2):
        ran = flopledger(*asked, "-f", "json")
        assert ran.out, ran.err
        told.append(json.loads(ran.out))
    first, second = told
    assert first["new"] > 0, first
    assert first["refused"] == 0
    assert (second["new"], second["changed"], second["same"]) == (0, 0, first["new"])
    assert second["held_device_us"] == first["held_device_us"]
