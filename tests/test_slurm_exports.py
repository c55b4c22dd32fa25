"""Exports of Slurm that others published: counted whole, repaired as they repair them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from slurm import HOUR, bodies, codes, held, job, read, written

from ledger.errors import InputError
from ledger.importers.slurm_time import Clock


def test_json_of_sacct_says_the_same_as_its_table(tmp_path: Path) -> None:
    number = {"set": True, "infinite": False, "number": 1772359200}
    value = {
        "jobs": [
            {
                "account": "llm",
                "cluster": "c1",
                "partition": "h100",
                "job_id": 4711,
                "name": "pretrain",
                "array": {"job_id": 0, "task_id": {"set": False}},
                "state": {"current": ["COMPLETED"], "reason": "None"},
                "time": {
                    "start": number,
                    "end": 1772366400,
                    "elapsed": 7200,
                    "submission": 1772359080,
                },
                "tres": {
                    "allocated": [
                        {"type": "cpu", "name": "", "id": 1, "count": 96},
                        {"type": "gres", "name": "gpu", "id": 1001, "count": 8},
                        {"type": "gres", "name": "gpu:h100", "id": 1002, "count": 8},
                    ]
                },
            }
        ],
        "meta": {"slurm": {"version": {"major": "24"}}},
    }
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps(value, indent=1))
    (body,) = bodies(read(path))
    (table,) = bodies(read(written(tmp_path, job())))
    different = {name for name in body if body[name] != table[name]}
    assert different == {"evidence"}


def test_json_that_ends_too_early_is_refused_whole(tmp_path: Path) -> None:
    path = tmp_path / "jobs.json"
    path.write_text('{"meta": {"Slurm": {}}, "jobs": [{"job_id": 1')
    reading = read(path)
    assert [p.code for p in reading.problems if p.severity == "refused"] == ["input"]
    assert list(reading.drafts) == []


def test_phillips_whole(shared_path: Callable[[str], Path]) -> None:
    """4,285 jobs, two with accelerators: 1,824,886 device-seconds, one of them cancelled."""
    path = shared_path("data/slurm/xdmod/phillips.log.gz")
    reading = read(path, None, model="m")
    assert held(reading) == 1_824_886 * 1_000_000
    assert {b["method_inputs"]["state"] for b in bodies(reading)} >= {"CANCELLED"}
    note = reading.problems[-1].message
    assert note == "jobs with accelerators: 2; without accelerators: 4,283"
    with gzip.open(path) as stream:
        assert len(stream.readlines()) == 2 + 4_283


def test_lines_ends_in_a_cell_are_joined_as_their_publisher_does(
    shared_path: Callable[[str], Path],
) -> None:
    folder = shared_path("data/slurm/meta_gcm")
    raw = read(folder / "sample-sacct-one-multiline.txt", None, model="m")
    repaired = read(folder / "sample-sacct-one-multiline-expected.txt", None, model="m")
    assert codes(raw) == codes(repaired) == ["unmapped-device"]
    assert held(raw) == held(repaired) == 28_795_733 * HOUR // 1000 + 1_200_000


@pytest.mark.parametrize(
    ("name", "refused", "records"),
    [
        ("meta_gcm/sample-sacct-output-invalid-utf8.txt", 0, 2),
        ("meta_gcm/sample-sacct-output-with-invalid-lines.txt", 1, 0),
        ("meta_gcm/sample-sacct-running-output.txt", 0, 0),
        ("rivos/squeue_out.json", 0, 0),
        ("slurm2sql/test-data1.csv", 0, 0),
        ("xdmod/unknown-job-state.log", 2, 0),
        ("xdmod/accounting-logs.log", 0, 0),
    ],
)
def test_files_of_others(
    name: str, refused: int, records: int, shared_path: Callable[[str], Path]
) -> None:
    reading = read(shared_path(f"data/slurm/{name}"), None, model="m")
    assert (reading.refused, len(bodies(reading))) == (refused, records)


def test_time_before_the_first_year_is_no_time() -> None:
    with pytest.raises(InputError, match="is no time"):
        Clock("Europe/Berlin").read("0001-01-01T00:00:00")
