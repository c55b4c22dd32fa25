"""Progress files of Megatron-LM: operations from job to job, and what was done again."""

from __future__ import annotations

from pathlib import Path

import pytest
from megatronlogs import H100, bodies, by_activity, codes, read, step, written

from ledger.importers import recognise
from ledger.importers.megatron import IMPORTER

E18 = 10**18


def started(clock: str, job: int, devices: int = 64) -> str:
    return f"2026-03-0{clock}\tJob ID: {job}\t# GPUs: {devices}\tStarting job"


def saved(clock: str, job: int, at: int, figure: str, devices: int = 64) -> str:
    return (
        f"2026-03-0{clock}\tJob ID: {job}\t# GPUs: {devices}\tSaved checkpoint\t"
        f"Iteration: {at}\tJob throughput: 400.0 TFLOP/s/GPU\t"
        f"Cumulative throughput: 399.1 TFLOP/s/GPU\tFloating-point operations: {figure}\t"
        "Tokens (in billions): 1.05"
    )


def progress(folder: Path, *lines: str) -> Path:
    return written(folder, *lines, head="", name="progress.txt")


TWO = (
    started("1 10:00:00", 7),
    saved("1 11:00:00", 7, 500, "9.20e+19"),
    saved("1 12:00:00", 7, 1000, "1.84e+20"),
    started("1 13:00:00", 8),
    saved("1 14:00:00", 8, 1500, "2.76e+20"),
)


def test_each_job_counts_what_it_added(tmp_path: Path) -> None:
    reading = read(progress(tmp_path, *TWO), run="llm", **H100)
    first, second = bodies(reading)
    assert codes(reading) == []
    assert (first["operations"], second["operations"]) == (str(184 * E18), str(92 * E18))
    assert first["operations_low"] == str(184 * E18 - E18 // 2)
    assert second["operations_high"] == str(92 * E18 + E18)
    assert (first["device_us"], second["device_us"]) == (
        str(64_000 * 7_200_000),
        str(64_000 * 3_600_000),
    )
    assert (first["status"], second["status"]) == ("final", "provisional")
    assert (first["role"], first["evidence"]["locator"]) == ("primary", "lines 1-3")
    assert [p.code for p in reading.problems] == ["after-checkpoint"]


def test_work_that_a_later_job_does_again_is_waste(tmp_path: Path) -> None:
    again = (started("1 13:00:00", 8), saved("1 14:00:00", 8, 1000, "1.85e+20"))
    reading = read(progress(tmp_path, *TWO[:3], *again))
    assert codes(reading) == ["done-again"]
    assert by_activity(reading, "operations") == {
        "pretrain": 92 * E18 + 93 * E18,
        "restart_waste": 92 * E18,
    }
    assert by_activity(reading, "device_us") == {
        "pretrain": 64_000 * 7_200_000,
        "restart_waste": 64_000 * 3_600_000,
    }


def test_a_job_over_midnight_adds_up(tmp_path: Path) -> None:
    lines = (started("1 20:00:00", 7), saved("2 04:00:00", 7, 500, "9.21e+19"))
    first, second = bodies(read(progress(tmp_path, *lines)))
    assert int(first["operations"]) + int(second["operations"]) == 921 * 10**17
    assert second["start"] == "2026-03-02T00:00:00Z"


def test_a_job_without_checkpoint_is_told(tmp_path: Path) -> None:
    reading = read(progress(tmp_path, *TWO, started("2 10:00:00", 9)))
    assert codes(reading) == ["no-checkpoint"]
    assert len(bodies(reading)) == 2


def test_a_file_whose_head_is_cut_off_has_an_undated_beginning(tmp_path: Path) -> None:
    first, second = bodies(read(progress(tmp_path, *TWO[2:])))
    assert (first["start"], first["not_after"]) == (None, "2026-03-01")
    assert (first["device_us"], first["operations"]) == (None, str(184 * E18))
    assert second["operations"] == str(92 * E18)


def test_a_counter_that_goes_back_is_unknown(tmp_path: Path) -> None:
    odd = saved("1 14:00:00", 8, 1500, "1.00e+19")
    reading = read(progress(tmp_path, *TWO[:4], odd))
    assert codes(reading) == ["count-back"]
    assert bodies(reading)[-1]["operations"] is None


def test_beside_a_log_it_never_adds(tmp_path: Path) -> None:
    progress(tmp_path, *TWO)
    written(tmp_path, step(100, 100), name="train.log")
    for settings in ({"run": "llm"}, {}):
        reading = read(tmp_path, **settings)
        roles = {(b["role"], "job" in b["method_inputs"]) for b in bodies(reading)}
        assert roles == {("primary", False), ("corroborating", True)}


def test_the_zone_is_needed(tmp_path: Path) -> None:
    reading = IMPORTER.read(progress(tmp_path, *TWO), {}, None)  # type: ignore[arg-type]
    (problem,) = reading.problems
    assert (problem.code, problem.severity) == ("missing", "refused")
    assert "--set zone=UTC" in problem.remedy


@pytest.mark.parametrize(
    "line",
    [
        saved("1 11:00:00", 7, 500, "nan"),
        saved("1 11:00:00", 7, 500, "9.20e+99"),
        started("1 11:00:00", 7, devices=0),
        "2026-03-01 11:00:00\tJob",
    ],
)
def test_a_line_that_cannot_be_read_is_told(tmp_path: Path, line: str) -> None:
    reading = read(progress(tmp_path, *TWO, line))
    assert codes(reading) == ["broken-line"]


def test_it_is_recognised(tmp_path: Path) -> None:
    assert recognise([progress(tmp_path, *TWO)]).name == "megatron"
