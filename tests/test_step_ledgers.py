"""Logs of training programs in a ledger: read twice they add nothing, and a resumed run settles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lawbooks import Run
from megatronlogs import HEAD, step, written
from tables import small_rules

ZONE = ("--set", "zone=UTC", "--set", "activity=pretrain")
NANOGPT = (
    "Sat Jan  4 08:29:45 2025\n"
    "|   0  NVIDIA H100 80GB HBM3          On  |   00000000:61:00.0 Off |            0 |\n"
    "step:3/3 val_loss:3.2 train_time:20005ms step_avg:1.00ms\n"
)
MAXTEXT = (
    "Num_devices: 4, shape (4,)\n"
    "2026-03-01T10:00:05Z completed step: 1, seconds: 5.000, TFLOP/s/device: 152.934, loss: 1.0\n"
)
PROGRESS = (
    "2026-03-01 10:00:00\tJob ID: 7\t# GPUs: 64\tStarting job\n"
    "2026-03-01 11:00:00\tJob ID: 7\t# GPUs: 64\tSaved checkpoint\tIteration: 500\t"
    "Job throughput: 400.0 TFLOP/s/GPU\tFloating-point operations: 9.20e+19\tTokens: 1\n"
)


@pytest.fixture
def ledger(flopledger: Run, tmp_path: Path) -> Run:
    """The program with a new ledger; imports leave their JSON."""
    rules = small_rules(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0

    def ran(code: int, *arguments: str) -> dict[str, Any]:
        done = flopledger("--rules", str(rules), "import", *arguments, *ZONE, "-f", "json")
        assert done.code == code, done.err
        document: dict[str, Any] = json.loads(done.out)
        return document

    return ran


@pytest.mark.parametrize(
    "text",
    [NANOGPT, MAXTEXT, PROGRESS, HEAD + step(100, 100) + "\n"],
    ids=["nanogpt", "maxtext", "progress", "megatron"],
)
def test_a_log_read_twice_adds_nothing(ledger: Run, flopledger: Run, text: str) -> None:
    Path("run.log").write_text(text)
    first = ledger(0, "run.log")
    again = ledger(0, "run.log")
    assert (first["new"], again["new"], again["same"]) == (1, 0, 1)
    assert flopledger("verify").code == 0


def test_a_log_that_grows_settles_what_was_provisional(ledger: Run, tmp_path: Path) -> None:
    lines = [step(n * 100, n * 100) for n in range(1, 5)]
    path = str(written(tmp_path, *lines))
    assert ledger(0, path)["new"] == 1
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 250"
    written(tmp_path, *lines, loaded, step(300, 1050), step(1000, 1750))
    grown = ledger(0, path)
    assert (grown["superseded"], grown["changed"]) == (1, 0)
    assert grown["held_device_us"] == {
        "pretrain": str(8000 * (250_000 + 750_000)),
        "restart_waste": str(8000 * 150_000),
    }
    again = ledger(0, path)
    assert (again["new"], again["same"], again["changed"]) == (0, 3, 0)


def test_a_restart_that_is_imported_by_itself_is_told(ledger: Run, tmp_path: Path) -> None:
    """What was done again is waste only where both logs are read; alone, it is a finding."""
    written(tmp_path, step(100, 100), step(200, 200), name="job1.log")
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 100\n"
    written(tmp_path, step(200, 1100), step(300, 1200), head=loaded, name="job2.log")
    assert ledger(0, "job1.log", "--set", "run=r")["new"] == 1
    told = ledger(0, "job2.log", "--set", "run=r")
    (problem,) = (p for p in told["problems"] if p["code"] == "steps-held")
    assert "entry 0 holds steps 1 to 200 of the run r" in problem["message"]
    # Read again, it says nothing new, and what follows without overlap is no restart.
    assert ledger(0, "job2.log", "--set", "run=r")["new"] == 0
    follows = HEAD + "successfully loaded checkpoint from /c at iteration 300\n"
    written(tmp_path, step(400, 2000), head=follows, name="job3.log")
    assert ledger(0, "job3.log", "--set", "run=r")["new"] == 1
