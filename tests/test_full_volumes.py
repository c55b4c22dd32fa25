"""Full volumes: the program imports files of the size of a large lab within the memory promised.

All are slow. ``FLOPLEDGER_TEST_ROWS`` and ``FLOPLEDGER_TEST_BYTES`` make them smaller.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Container
from pathlib import Path
from typing import Any

import pytest
from tables import ROW, small_rules
from volumes import (
    SACCT_MAP,
    VOLUMES,
    counters,
    duty_cycles,
    exposition,
    range_query,
    sacct,
    sacct_jobs,
    write,
)

PROMISED_KIB = 500 * 1024
ROWS = int(os.environ.get("FLOPLEDGER_TEST_ROWS", "1000000"))
BYTES = int(os.environ.get("FLOPLEDGER_TEST_BYTES", "5000000000"))
CHILD = """
import json, resource, sys
from ledger.cli.app import run
code = run(["--quiet", *sys.argv[1:]])
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: that begins with what the process that started this one held.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([code, used.ru_utime + used.ru_stime, int(peak)]))
"""
MODEL = {
    "slurm": {},
    "focus": {"model": "m"},
    "kubernetes": {"model": "m"},
    "kueue": {"model": "m"},
}


def run(
    folder: Path, *arguments: str, codes: Container[int] = frozenset({0, 1})
) -> tuple[dict[str, Any], float, int]:
    """Run the program in a process of its own; its document, CPU seconds, and peak in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    code, seconds, peak = json.loads(done.stdout.splitlines()[-1])
    assert code in codes, done.stderr
    out = folder / "out.json"
    return json.loads(out.read_text("utf-8")) if out.exists() else {}, seconds, peak


def twice(folder: Path, path: Path, source: str, *more: str) -> list[dict[str, Any]]:
    """Import a file twice with the program; each time within the memory that is promised."""
    rules = small_rules(folder)
    run(folder, "init", "--origin", "ledger.example/lab-a")
    documents = []
    for _ in range(2):
        document, seconds, peak = run(
            *(folder, "--rules", str(rules), "import", str(path), "--source", source),
            *("-f", "json", "-o", "out.json", *more),
        )
        assert peak < PROMISED_KIB, f"{peak:,} KiB in {seconds:.0f} s"
        documents.append(document)
    assert documents[1]["new"] == documents[1]["changed"] == documents[1]["refused"] == 0
    assert documents[1]["same"] == documents[0]["new"]
    return documents


@pytest.mark.slow
def test_a_million_rows_of_sacct_fit_into_the_memory_that_is_promised(tmp_path: Path) -> None:
    path = tmp_path / "sacct.txt"
    write(path, sacct(ROWS))
    (tmp_path / "map.yaml").write_text(SACCT_MAP, "utf-8")
    first, _ = twice(tmp_path, path, "slurm", "--map", str(tmp_path / "map.yaml"))
    assert first["runs"] == sacct_jobs(ROWS)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["json", "text", "dutycycle"])
def test_five_gigabytes_of_telemetry_fit_into_the_memory_that_is_promised(
    form: str, tmp_path: Path
) -> None:
    path = tmp_path / "telemetry"
    lines = {"json": lambda: range_query(BYTES), "text": exposition, "dutycycle": duty_cycles}
    write(path, lines[form](), None if form == "json" else BYTES)
    source = "dutycycle" if form == "dutycycle" else "prometheus"
    (first, _) = twice(tmp_path, path, source, "--set", "model=m")
    path.unlink()
    assert first["new"] > 0


@pytest.mark.slow
def test_five_gigabytes_of_counters_fit_into_the_memory_that_is_promised(tmp_path: Path) -> None:
    facts = {
        "run_id": "pretrain-a",
        "precision": "bf16",
        "start_utc": 1_767_225_600,
        "end_utc": 1_798_761_600,
        "wall_s": 31_536_000,
        "steps": 10,
        "tokens": 100,
        "parameters": 1000,
        "trainable_parameters": 1000,
        "flop_per_step_counted": 70_000,
        "flop_counted": 700_000,
        "flop_by_op_per_step": {"aten.mm": 70_000},
        "flop_6nd": 600_000,
        "trainer_total_flos": None,
        "gpu": "NVIDIA H100 80GB HBM3",
        "gpus": 8,
    }
    path = tmp_path / "run_pretrain-a.json"
    path.write_text(json.dumps(facts), "utf-8")
    write(tmp_path / "telemetry_pretrain-a.csv", counters(), BYTES)
    first, _ = twice(tmp_path, path, "telemetry")
    codes = {problem["code"] for problem in first["problems"]}
    assert not codes & {"telemetry-unread", "no-pipe-figure", "devices-differ"}
    assert first["new"] > 0


@pytest.mark.slow
@pytest.mark.parametrize("source", ["focus", "kubernetes", "kueue"])
def test_a_tenth_of_the_rows_of_a_bill_and_of_a_cluster_fit_too(
    source: str, tmp_path: Path
) -> None:
    path = tmp_path / ("bill.csv" if source == "focus" else "list.json")
    write(path, VOLUMES[source](ROWS // 10))
    (first, _) = twice(tmp_path, path, source, "--set", "model=m")
    assert first["new"] > 0


@pytest.mark.slow
def test_a_million_refused_rows_fit_and_each_is_in_the_document(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(ROW) + "\n")
        for number in range(ROWS):
            file.write(",".join({**ROW, "operations": f"{number} FLOPs"}.values()) + "\n")
    rules = small_rules(tmp_path)
    run(tmp_path, "init", "--origin", "ledger.example/lab-a")
    document, seconds, peak = run(
        *(tmp_path, "--rules", str(rules), "import", str(path), "-f", "json", "-o", "out.json"),
        codes={2},
    )
    assert peak < PROMISED_KIB, f"{peak:,} KiB in {seconds:.0f} s"
    assert document["refused"] == ROWS
    assert [found["line"] for found in document["problems"]] == list(range(2, ROWS + 2))
