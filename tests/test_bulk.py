"""Bulk: a lab's month goes in and verifies in seconds."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tables import small_rules

Run = Callable[..., Any]
ROWS = 5_000


def month(path: Path, rows: int, after: int = 0) -> None:
    """Writes a table of that many rows, one day a row at most, over many runs and models.

    Tables that begin after different numbers of rows have no row in common.
    """
    first = datetime(2025, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        file.write("run,model,activity,start,end,device,devices,precision,sparsity,operations\n")
        for number in range(after, after + rows):
            start = first + timedelta(days=number % 700, hours=number % 20)
            end = start + timedelta(hours=3)
            file.write(
                f"run-{number % 997},model-{number % 41},pretrain,{start:%Y-%m-%dT%H:%M:%SZ},"
                f"{end:%Y-%m-%dT%H:%M:%SZ},nvidia-h100-sxm5,{number % 512 + 1},bf16,dense,"
                f"{10**15 + number * 7919}\n"
            )


def imported(flopledger: Run, tmp_path: Path, rows: int) -> tuple[dict[str, Any], list[float]]:
    """Imports and verifies; returns what the import said and the processor seconds of both.

    Processor time and not the clock on the wall, so that a busy machine does not fail the test.
    """
    rules = small_rules(tmp_path)
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    month(Path("month.csv"), rows)
    started = time.process_time()
    done = flopledger("--rules", str(rules), "import", "month.csv", "-f", "json")
    between = time.process_time()
    assert done.code == 0, done.err
    assert flopledger("verify").code == 0
    seconds = [between - started, time.process_time() - between]
    return json.loads(done.out), seconds


def test_bulk_import_counts_every_row_once(flopledger: Run, tmp_path: Path) -> None:
    first, _ = imported(flopledger, tmp_path, ROWS)
    devices = sum(number % 512 + 1 for number in range(ROWS))
    assert first["new"] == ROWS
    assert first["held_device_us"] == {"pretrain": str(devices * 3 * 3_600_000_000)}
    again = flopledger("--rules", str(tmp_path / "rules"), "import", "month.csv", "-f", "json")
    assert (json.loads(again.out)["new"], json.loads(again.out)["same"]) == (0, ROWS)


@pytest.mark.slow
def test_bulk_100_000_rows_in_seconds(flopledger: Run, tmp_path: Path) -> None:
    first, (import_s, verify_s) = imported(flopledger, tmp_path, 100_000)
    assert first["new"] == 100_000
    assert import_s < 12, f"{import_s:.1f} s to import"
    assert verify_s < 6, f"{verify_s:.1f} s to verify"
