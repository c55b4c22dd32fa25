"""A thing told again: what its source tells no more stops to count, and half of it never does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from megatronlogs import HEAD, START, step
from pods import RUNNING, pod
from pods import written as pods_written
from retelling import MODEL, SLURM, Imports
from slurm import HOUR, job, read, written
from tables import ROW, csv_text


def test_a_runaway_job_that_held_nothing_counts_nothing(imports: Imports, tmp_path: Path) -> None:
    running = written(
        tmp_path, job(State="RUNNING", End="Unknown", ElapsedRaw="720000"), name="running.txt"
    )
    ended = written(
        tmp_path,
        job(State="COMPLETED", End="2026-03-01T10:00:00", ElapsedRaw="0"),
        name="ended.txt",
    )
    assert imports(running, *SLURM)["device_us"] == 8 * 200 * HOUR
    first = imports(ended, *SLURM)
    assert (first["device_us"], first["superseded"], first["new"]) == (0, 9, 0)
    # Neither the older export nor the newer one adds anything to it.
    again = [imports(path, *SLURM) for path in (running, ended, running)]
    assert [(one["device_us"], one["new"], one["superseded"]) for one in again] == [(0, 0, 0)] * 3
    # Nor does one from between them, when the job still seemed to run for longer.
    between = job(State="RUNNING", End="Unknown", ElapsedRaw="960000")
    assert imports(written(tmp_path, between, name="b.txt"), *SLURM)["device_us"] == 0


def test_a_job_that_ended_early_counts_until_its_end(imports: Imports, tmp_path: Path) -> None:
    running = written(tmp_path, job(State="RUNNING", End="Unknown", ElapsedRaw="720000"))
    assert imports(running, *SLURM)["device_us"] == 8 * 200 * HOUR
    failed = written(tmp_path, job(State="NODE_FAIL"), name="failed.txt")
    ran = imports(failed, *SLURM)
    assert (ran["device_us"], ran["new"], ran["superseded"]) == (16 * HOUR, 1, 9)
    assert imports(running, *SLURM)["device_us"] == 16 * HOUR
    again = imports(failed, *SLURM)
    assert (again["new"], again["same"], again["changed"]) == (0, 1, 0)


def test_a_job_and_its_end_in_one_export_are_one(imports: Imports, tmp_path: Path) -> None:
    running = job(State="RUNNING", End="Unknown", ElapsedRaw="720000")
    assert imports(written(tmp_path, running, job()), *SLURM)["device_us"] == 16 * HOUR


def test_a_final_job_of_which_an_export_says_that_it_held_nothing_is_told(
    imports: Imports, tmp_path: Path
) -> None:
    assert imports(written(tmp_path, job()), *SLURM)["device_us"] == 16 * HOUR
    nothing = job(End="2026-03-01T10:00:00", ElapsedRaw="0")
    ran = imports(written(tmp_path, nothing, name="n.txt"), *SLURM)
    assert (ran["changed"], ran["device_us"]) == (1, 16 * HOUR)
    assert "changed" in [problem["code"] for problem in ran["problems"]]


RUNNING_10H = {"State": "RUNNING", "End": "Unknown", "ElapsedRaw": "36000"}
ENDED_AT_ONCE = {"End": "2026-03-01T10:00:00", "ElapsedRaw": "0"}
ENDED_12H = {"End": "2026-03-01T22:00:00", "ElapsedRaw": "43200"}


@pytest.mark.parametrize(
    ("before", "after", "devices"),
    [
        ("gres/gpu:h100=8", "gres/gpu=8", 8),
        ("gres/gpu=8", "gres/gpu=8,gres/gpu:h100=8", 8),
        ("gres/gpu=8,gres/gpu:h100=4", "gres/gpu:h100=8", 8),
        ("gres/gpu:a100=2,gres/gpu:h100=4", "gres/gpu:h100=4", 4),
        ("gres/gpu:h100=4", "gres/gpu:a100=2,gres/gpu:h100=4", 6),
    ],
)
def test_a_job_whose_types_are_told_otherwise_counts_once(
    imports: Imports, tmp_path: Path, before: str, after: str, devices: int
) -> None:
    running = written(tmp_path, job(AllocTRES=before, **RUNNING_10H), name="running.txt")
    ended = written(tmp_path, job(AllocTRES=after, **ENDED_12H), name="ended.txt")
    imports(running, *SLURM)
    for path in (ended, running, ended):
        ran = imports(path, *SLURM)
        assert (ran["device_us"], ran["changed"]) == (devices * 12 * HOUR, 0)


@pytest.mark.parametrize("lists", ["cpu=8,node=1", ""])
def test_a_job_that_ran_and_lists_no_devices_at_its_end_stays_and_is_told(
    imports: Imports, tmp_path: Path, lists: str
) -> None:
    """Slurm may not track them: what is not listed is not known, and is no zero."""
    held = "gres/gpu:a100=2,gres/gpu:h100=8"
    running = written(tmp_path, job(AllocTRES=held, **RUNNING_10H), name="running.txt")
    assert imports(running, *SLURM)["device_us"] == 100 * HOUR
    # While it runs, a list without devices empties nothing; nor do its steps, or a requeued start.
    for now in ({**RUNNING_10H}, {"JobID": "4711.batch"}, {"State": "PENDING"}):
        path = written(tmp_path, job(**{**ENDED_12H, **now, "AllocTRES": lists}), name="now.txt")
        assert imports(path, *SLURM)["device_us"] == 100 * HOUR
    ended = written(tmp_path, job(AllocTRES=lists, **ENDED_12H), name="ended.txt")
    ran = imports(ended, *SLURM)
    assert (ran["superseded"], ran["changed"], ran["device_us"]) == (0, 2, 100 * HOUR)
    told = [each["code"] for each in ran["problems"]]
    assert told.count("changed") == 2
    assert imports(running, *SLURM)["device_us"] == 100 * HOUR


@pytest.mark.parametrize("lists", ["cpu=8,node=1", "", "gres/gpu:h100=8"])
def test_a_job_that_took_no_time_counts_nothing(
    imports: Imports, tmp_path: Path, lists: str
) -> None:
    running = written(tmp_path, job(**RUNNING_10H), name="running.txt")
    assert imports(running, *SLURM)["device_us"] == 80 * HOUR
    ended = written(tmp_path, job(AllocTRES=lists, **ENDED_AT_ONCE), name="ended.txt")
    # As a source that only corroborates it takes nothing from what adds.
    ran = imports(ended, *SLURM, "--set", "role=corroborating")
    assert (ran["superseded"], ran["device_us"]) == (0, 80 * HOUR)
    ran = imports(ended, *SLURM)
    assert (ran["superseded"], ran["device_us"]) == (1, 0)
    assert imports(running, *SLURM)["device_us"] == 0


NEVER_RAN = {"phase": "Failed", "reason": "UnexpectedAdmissionError", "containerStatuses": []}


def test_exports_are_read_in_their_order(imports: Imports, tmp_path: Path) -> None:
    """A limit: of what held nothing no record is made, so that an older export counts behind it."""
    unlisted = written(tmp_path, job(**ENDED_AT_ONCE), name="ended.txt")
    running = written(tmp_path, job(**RUNNING_10H), name="running.txt")
    placed = pods_written(tmp_path, pod(status=RUNNING), name="before.json")
    refused = pods_written(tmp_path, pod(status=NEVER_RAN), name="after.json")
    asked = (*MODEL, "--set", "at=2026-03-03T06:00:00Z")
    for older, newer, said, time in (
        (running, unlisted, SLURM, 80 * HOUR),
        (placed, refused, asked, 8 * 44 * HOUR),
    ):
        assert imports(newer, *said)["device_us"] == 0
        assert imports(older, *said)["device_us"] == time
        assert imports(newer, *said)["device_us"] == 0
        # In their order, and from then on in any, nothing counts.
        assert imports(older, *said)["device_us"] == 0


def test_a_job_of_more_types_than_can_be_told_apart_is_refused(tmp_path: Path) -> None:
    types = ",".join(f"gres/gpu:t{n}=1" for n in range(9))
    reading = read(written(tmp_path, job(AllocTRES=types)))
    assert reading.refused == 1
    assert "9 types of device" in reading.problems[0].message
    fewer = types.rpartition(",")[0]
    assert len(tuple(read(written(tmp_path, job(AllocTRES=fewer))).drafts)) == 8


def test_a_pod_that_ended_before_it_was_exported_counts_until_its_end(
    imports: Imports, tmp_path: Path
) -> None:
    running = pods_written(tmp_path, pod(status=RUNNING), name="before.json")
    ended = pods_written(tmp_path, pod(), name="after.json")
    asked = (*MODEL, "--set", "at=2026-03-03T06:00:00Z")
    assert imports(running, *asked)["device_us"] == 8 * 44 * HOUR
    ran = imports(ended, *MODEL)
    assert (ran["device_us"], ran["new"], ran["superseded"]) == (16 * HOUR, 1, 3)
    assert imports(running, *asked)["device_us"] == 16 * HOUR


def test_a_workload_that_was_evicted_at_once_counts_nothing(
    imports: Imports, tmp_path: Path
) -> None:
    def workload(**more: str) -> dict[str, Any]:
        at = {"lastTransitionTime": "2026-03-01T10:00:00Z", "status": "True"}
        sets = [
            {
                "name": "main",
                "count": 1,
                "flavors": {"nvidia.com/gpu": "h100"},
                "resourceUsage": {"nvidia.com/gpu": "8"},
            }
        ]
        conditions = [{"type": "Admitted", **at}]
        conditions += [{"type": name, **at} for name in more.values()]
        return {
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "Workload",
            "metadata": {"name": "w", "namespace": "n", "uid": "u-1"},
            "spec": {"queueName": "q"},
            "status": {"admission": {"podSetAssignments": sets}, "conditions": conditions},
        }

    asked = (*MODEL, "--set", "role=primary")
    running, ended = tmp_path / "running.json", tmp_path / "ended.json"
    running.write_text(json.dumps(workload()))
    ended.write_text(json.dumps(workload(also="Finished")))
    first = imports(running, *asked, "--set", "at=2026-03-02T06:00:00Z")
    assert first["device_us"] == 8 * 20 * HOUR
    assert imports(ended, *asked)["device_us"] == 0


def test_steps_that_moved_to_another_leg_count_once(imports: Imports, tmp_path: Path) -> None:
    """A session that crosses midnight is resumed below its end: the second day was done again."""
    midnight = 14 * 3600
    assert START.hour == 10
    lines = [step(n * 100, midnight - 300 + n * 100) for n in range(1, 6)]
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "job1.log").write_text(HEAD + "\n".join(lines) + "\n")
    asked = ("--set", "run=r", "--set", "activity=pretrain", "--set", "zone=UTC")
    assert imports(logs, *asked)["device_us"] == 8 * 500 * 10**6
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 200\n"
    more = [step(n * 100, midnight + 9000 + n * 100) for n in range(3, 11)]
    (logs / "job2.log").write_text(loaded + "\n".join(more) + "\n")
    ran = imports(logs, *asked)
    assert ran["held_device_us"] == {
        "pretrain": str(8 * 1000 * 10**6),
        "restart_waste": str(8 * 300 * 10**6),
    }
    assert ran["device_us"] == 8 * 1300 * 10**6
    again = imports(logs, *asked)
    assert (again["new"], again["changed"], again["device_us"]) == (0, 0, ran["device_us"])


def state(folder: Path, operations: float, hours: int) -> Path:
    folder.mkdir(parents=True)
    summary = {"step": 10, "train_runtime": hours * 3600.0, "total_flos": operations}
    log = [{"loss": 1.0, "step": 10}, {**summary, "train_steps_per_second": 1.0}]
    value = {"global_step": 10, "max_steps": 10, "total_flos": operations, "log_history": log}
    (folder / "trainer_state.json").write_text(json.dumps(value))
    return folder / "trainer_state.json"


def test_a_run_told_otherwise_is_appended_whole_or_not_at_all(
    imports: Imports, tmp_path: Path
) -> None:
    asked = ("--set", "start=2026-03-01T20:00:00Z", "--set", "devices=8", "--set", "run=r")
    first = state(tmp_path / "a", 1e20, 20)
    assert imports(first, *asked)["device_us"] == 8 * 20 * HOUR
    ran = imports(state(tmp_path / "b", 2e20, 50), *asked)
    # Of three days two clash and one is new: none of it is appended.
    assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 3, 8 * 20 * HOUR)
    told = [problem["code"] for problem in ran["problems"]]
    assert (told.count("changed"), told.count("withheld")) == (2, 1)


def test_a_row_of_a_table_that_ended_early_counts_until_its_end(
    imports: Imports, tmp_path: Path
) -> None:
    columns = ("id", *ROW, "status")
    long = {"id": "a", "status": "provisional", "end": "2026-03-05T00:00:00Z"}
    for name, row in (("long", long), ("short", {"id": "a", "status": "final"})):
        unstated = {**row, "operations": "", "method": "none"}
        (tmp_path / f"{name}.csv").write_text(csv_text(unstated, columns=columns))
    before = imports(tmp_path / "long.csv")["device_us"]
    after = imports(tmp_path / "short.csv")
    assert before > after["device_us"] == int(after["held_device_us"]["pretrain"])
