"""Traps of Slurm's accounting: what an export leaves out, hides, cuts off or says twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from slurm import HOUR, MAP, NAMES, bodies, codes, held, job, read, written

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.slurm_reading import EXPORT
from ledger.importers.slurm_time import seconds_of
from ledger.importers.slurm_tres import Held, accelerators, is_slice

BY_PARTITION = MAP.replace("type: [h100", 'partition: ["h100*"], type: [h100')


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7200", 7200),
        ("02:03", 123),
        ("01:02:03", 3723),
        ("1-00:00:00", 86_400),
        ("1-02:03:04", 93_784),
        ("100-00:00:01", 8_640_001),
        ("00:00:01.500000", 1),
        ("02:03.750", 123),
    ],
)
def test_durations_are_whole_seconds_in_every_form(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["UNLIMITED", "Partition_Limit", "1:2:3:4", "-5", "01:02:03:", ""])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no duration"):
        seconds_of(text)


def test_elapsed_seconds_win_over_the_text(tmp_path: Path) -> None:
    """The raw seconds are exact; the text may be cut by the width of its column."""
    path = written(
        tmp_path, job(End="Unknown", State="RUNNING") + "|99:00", header=NAMES + "|Elapsed"
    )
    assert held(read(path)) == 16 * HOUR
    text = NAMES.replace("ElapsedRaw", "Elapsed")
    path = written(
        tmp_path, job(End="Unknown", State="RUNNING", ElapsedRaw="02:00:00"), header=text
    )
    assert held(read(path)) == 16 * HOUR


@pytest.mark.parametrize("time", ["10:00:00", "01 Mar 10:00", "2026-03-01 10:00:00", "Sun10:00"])
def test_another_time_format_of_slurm_is_refused(time: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, job(Start=time)))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert "is no time" in problem.message
    assert "SLURM_TIME_FORMAT" in problem.remedy


def test_fragments_of_two_queries_are_two_records(tmp_path: Path) -> None:
    """What ``--truncate`` cut to the first day and to the second are parts of one job."""
    first = job(End="2026-03-02T00:00:00", ElapsedRaw="50400")
    second = job(Start="2026-03-02T00:00:00", End="2026-03-02T02:00:00")
    (one,) = read(written(tmp_path, first), window="2026-03-01").drafts
    (two,) = read(written(tmp_path, second), window="2026-03-02").drafts
    assert one.key != two.key
    assert int(str(one.body["device_us"])) + int(str(two.body["device_us"])) == 128 * HOUR
    (whole,) = read(written(tmp_path, first)).drafts
    assert whole.key != one.key


def test_the_export_that_is_advised_hides_nothing() -> None:
    """Everybody's jobs, no steps, every run of a job, from a stated day on, in UTC."""
    words = EXPORT.split()
    assert words[:2] == ["TZ=UTC", "sacct"]
    assert {"--allusers", "--allocations", "--duplicates", "--starttime", "--endtime"} <= {*words}
    columns = set(words[-1].split(","))
    assert {"jobid", "submit", "start", "end", "elapsedraw", "suspended", "alloctres"} <= columns


@pytest.mark.parametrize(
    ("tres", "found"),
    [
        ("billing=112,cpu=24,gres/gpu=2,gres/gpu:a100=2,mem=62.50G,node=1", (Held("a100", 2),)),
        ("cpu=1,gres/gpu:a100-sxm4-80gb=4,mem=4000Mc", (Held("a100-sxm4-80gb", 4),)),
        ("gres/gpu:h100_nvl=2,gres/gpu=2,mem=64Gn", (Held("h100_nvl", 2),)),
        ("gres/gpumem:a100=40G,gres/gpuutil:a100=9", ()),
        ("gres/gpumem:a100=40G,gres/shard=3", (Held("shard", 3, part=True),)),
        (
            "gres/mps=200,gres/mps:a100=100",
            tuple(Held(t, 100, part=True) for t in ("mps:a100", "mps")),
        ),
        # A node that is held whole lists its devices, and the parts of them as well.
        ("gres/gpu=2,gres/shard=8", (Held("", 2),)),
    ],
)
def test_devices_are_told_from_what_looks_like_them(tres: str, found: tuple[Held, ...]) -> None:
    assert accelerators(tres) == (found, "")


FREE = ("Comment", "AdminComment", "SystemComment", "Extra", "WorkDir", "WCKey", "Container")
FREE += ("Reason", "Constraints", "Licenses", "StdIn", "StdOut", "StdErr", "SubmitLine")


@pytest.mark.parametrize("column", FREE)
def test_a_delimiter_where_two_columns_are_free_is_refused(tmp_path: Path, column: str) -> None:
    """Cells that slip would give the job the time and the devices of other columns."""
    path = written(tmp_path, f"say|so|{job()}", header=f"{column}%20|{NAMES}")
    reading = read(path)
    assert (reading.refused, bodies(reading)) == (1, [])
    # With one such column alone it is clear whose the delimiter is.
    alone = NAMES.replace("JobName", column)
    (body,) = bodies(read(written(tmp_path, job(JobName="say|so"), header=alone)))
    assert int(body["device_us"]) == 16 * HOUR


def test_odd_counts_of_parts_are_told(tmp_path: Path) -> None:
    odd = "gres/shard=2,gres/shard:a100=3"
    assert accelerators(odd)[1].startswith("gres/shard states 2 devices, its types 3")
    reading = read(written(tmp_path, job(AllocTRES=f"{odd},gres/mps=100")))
    assert "tres-mismatch" in codes(reading)


def test_a_slice_is_known_by_its_type() -> None:
    assert all(is_slice(t) for t in ("1g.10gb", "a100_3g.20gb", "h100-7g.80gb", "1g.10gb.me"))
    assert all(is_slice(t) for t in ("a100.3g.20gb", "1c.3g.40gb"))
    assert not any(is_slice(t) for t in ("a100-sxm4-80gb", "h100_nvl", "", "g5", "10g.1gb"))


@pytest.mark.parametrize(
    "tres", ["gres/gpu:a100.3g.20gb=2", "gres/gpu:1c.3g.40gb=2", "gres/shard=4"]
)
def test_parts_of_devices_hold_no_known_time(tmp_path: Path, tres: str) -> None:
    reading = read(written(tmp_path, job(AllocTRES=f"cpu=4,{tres}")))
    assert [body["device_us"] for body in bodies(reading)] == [None]
    assert codes(reading) == ["unmapped-device"]


def test_a_part_of_a_device_is_as_much_as_the_map_says(tmp_path: Path) -> None:
    given = (
        "  - where: { type: [shard] }\n    give: { device: nvidia-a100-40gb, milli_devices: 250 }\n"
    )
    reading = read(written(tmp_path, job(AllocTRES="cpu=4,gres/shard=4")), MAP + given)
    assert held(reading) == 2 * HOUR
    assert codes(reading) == []


def test_a_resource_that_nobody_knows_is_never_passed_over(tmp_path: Path) -> None:
    jobs = [job(JobID=str(n), AllocTRES="cpu=4,gres/npu=8,gres/gpumem=4G") for n in (1, 2)]
    reading = read(written(tmp_path, job(), *jobs))
    (problem,) = (p for p in reading.problems if p.code == "unknown-resource")
    assert problem.message.startswith("2 jobs held gres/npu: whether that is a device nobody said")


def test_numbers_that_json_marks_as_unset_are_none(tmp_path: Path) -> None:
    times = {"start": 1_772_359_200, "end": 1_772_366_400, "elapsed": 7200, "submission": 0}
    tres = {"allocated": [{"type": "gres", "name": "gpu", "count": 8}]}
    keys = set()
    for unset in (4294967294, 4294967295, {"set": False, "number": 0}):
        value = {
            "job_id": 4711,
            "array": {"job_id": 4711, "task_id": unset},
            "het": {"job_id": 4711, "job_offset": unset},
            "cluster": "c1",
            "account": "llm",
            "partition": "h100",
            "state": {"current": ["COMPLETED"]},
            "time": times,
            "tres": tres,
        }
        path = tmp_path / "jobs.json"
        path.write_text(json.dumps({"meta": {"Slurm": {}}, "jobs": [value]}))
        keys |= {draft.key for draft in read(path).drafts}
    assert [key[4] for key in keys] == ["4711"]


def test_a_job_that_asked_for_devices_and_lists_none_is_told(tmp_path: Path) -> None:
    """Without gres/gpu in AccountingStorageTRES the devices that were held are in no entry."""
    header, none = NAMES + "|ReqTRES", job(JobID="9", AllocTRES="cpu=4,node=1")
    reading = read(written(tmp_path, job() + "|", none + "|cpu=4,gres/gpu=2", header=header))
    assert codes(reading) == ["no-accelerators"]
    assert "1 jobs asked for accelerators and AllocTRES lists none" in reading.problems[0].message
    plain = read(written(tmp_path, job() + "|", none + "|cpu=4", header=header))
    assert codes(plain) == []


def test_no_devices_in_a_partition_that_has_some_are_no_zero(tmp_path: Path) -> None:
    lines = [job(), *(job(JobID=str(n), AllocTRES="cpu=4,node=1") for n in range(3))]
    lines += [job(JobID="9", AllocTRES="cpu=4,node=1", Partition="cpu")]
    path = written(tmp_path, *lines)
    reading = read(path, BY_PARTITION)
    assert codes(reading) == ["no-accelerators"]
    assert "3 jobs of the partition 'h100' list no accelerator" in reading.problems[0].message
    assert codes(read(path)) == []


def test_an_export_without_any_device_is_no_zero(tmp_path: Path) -> None:
    reading = read(written(tmp_path, job(AllocTRES="cpu=4,node=1"), job(JobID="9", AllocTRES="")))
    assert codes(reading) == ["no-accelerators"]
    assert "none of the 1 jobs that started lists an accelerator" in reading.problems[0].message


def test_an_exclusive_job_holds_what_it_never_asked_for(tmp_path: Path) -> None:
    header = NAMES + "|ReqTRES|ReqGRES"
    path = written(tmp_path, job() + "|billing=1,cpu=1,mem=1G,node=1|N/A", header=header)
    assert held(read(path)) == 16 * HOUR


@pytest.mark.parametrize("kind", ["PENDING", "REVOKED", "CANCELLED by 1300204", "REQUEUE_HOLD"])
def test_what_never_started_holds_nothing(kind: str, tmp_path: Path) -> None:
    never = job(JobID="4711_[8-20%4]", State=kind, Start="Unknown", End="Unknown", AllocTRES="")
    reading = read(written(tmp_path, job(), never))
    assert (held(reading), codes(reading)) == (16 * HOUR, [])
    assert "never started: 1" in reading.problems[-1].message


def test_what_another_cluster_started_holds_nothing_here(tmp_path: Path) -> None:
    assert held(read(written(tmp_path, job(), job(JobID="9", State="REVOKED")))) == 16 * HOUR


@pytest.mark.parametrize(
    "state",
    [
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
        *("OUT_OF_MEMORY", "PREEMPTED", "REQUEUED", "RESIZING", "TIMEOUT", "SUSPENDED"),
    ],
)
def test_time_held_counts_however_a_job_ended(state: str, tmp_path: Path) -> None:
    assert held(read(written(tmp_path, job(State=state)))) == 16 * HOUR


def test_parts_of_a_job_that_was_resized_all_count(tmp_path: Path) -> None:
    more = job(Start="2026-03-01T12:00:00", End="2026-03-01T13:00:00", ElapsedRaw="3600")
    fewer = more.replace("gres/gpu=8,gres/gpu:h100=8", "gres/gpu=2,gres/gpu:h100=2")
    reading = read(written(tmp_path, job(State="RESIZING"), fewer))
    assert held(reading) == 18 * HOUR
    assert len({d.key for d in reading.drafts}) == 2


def test_an_id_that_comes_again_is_another_job(tmp_path: Path) -> None:
    old = {"Submit": "2017-03-01T09:58:00", "Start": "2017-03-01T10:00:00"}
    path = written(tmp_path, job(), job(**old, End="2017-03-01T12:00:00"))
    assert len({d.key for d in read(path).drafts}) == 2


def test_tasks_of_an_array_are_jobs_of_their_own(tmp_path: Path) -> None:
    header = "JobIDRaw|" + NAMES
    lines = (f"{4718 + n}|{job(JobID=f'4711_{n}')}" for n in range(3))
    reading = read(written(tmp_path, *lines, header=header))
    assert (held(reading), len({d.key for d in reading.drafts})) == (48 * HOUR, 3)


def test_earlier_runs_that_the_export_hides_are_told(tmp_path: Path) -> None:
    """Without ``--duplicates`` only the last run of a requeued job is shown."""
    header = NAMES + "|Restarts"
    last = job(Start="2026-03-01T13:00:00", End="2026-03-01T15:00:00") + "|2"
    hidden = read(written(tmp_path, last, job(JobID="9") + "|0", header=header))
    assert codes(hidden) == ["earlier-runs"]
    assert "1 jobs began again, and 2 of their earlier runs" in hidden.problems[0].message
    partly = read(written(tmp_path, job() + "|0", last, header=header))
    assert "1 jobs began again, and 1 of their earlier runs" in partly.problems[0].message
    later = job(Start="2026-03-01T12:20:00", End="2026-03-01T12:50:00", ElapsedRaw="1800") + "|1"
    assert codes(read(written(tmp_path, job() + "|0", later, last, header=header))) == []


def test_use_as_slurm_samples_it_is_no_operations(tmp_path: Path) -> None:
    """``gres/gpuutil`` says how long a kernel was there; a total of tasks may exceed 100."""
    use = "cpu=01:00:00,energy=0,gres/gpumem=70G,gres/gpuutil=395"
    path = written(tmp_path, f"{job()}|{use}", header=NAMES + "|TRESUsageInTot")
    (body,) = bodies(read(path))
    (plain,) = bodies(read(written(tmp_path, job())))
    assert {**body, "evidence": None} == {**plain, "evidence": None}
    assert (body["operations"], body["method"]) == (None, "none")


@pytest.mark.parametrize(
    "state", [{"current": ["RUNNING"], "reason": "None"}, {"current": "RUNNING"}, ["RUNNING"]]
)
def test_states_of_every_json_version_are_read(state: Any, tmp_path: Path) -> None:
    value = {
        "job_id": {"set": True, "infinite": False, "number": 4711},
        "array": {"job_id": 0, "task_id": {"set": False, "number": 0}},
        "het": {"job_id": 4711, "job_offset": {"set": True, "number": 1}},
        "state": state,
        "time": {
            "start": 1772359200,
            "end": {"set": False, "number": 0},
            "elapsed": {"set": True, "number": 3600},
        },
        "tres": {"allocated": [{"type": "gres", "name": "gpu:h100", "count": 8}]},
        "account": "llm",
    }
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps({"meta": {"slurm": {}}, "jobs": [value]}))
    (body,) = bodies(read(path))
    assert (body["status"], int(body["device_us"])) == ("provisional", 8 * HOUR)
    assert body["method_inputs"] == {"job": "4711+1", "state": "RUNNING"}


def test_a_job_that_runs_is_replaced_and_never_added(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP)
    flopledger("init", "--origin", "ledger.example/slurm")
    told = []
    for hours in (1, 2, 3):
        line = job(State="RUNNING", End="Unknown", ElapsedRaw=str(3600 * hours))
        if hours == 3:
            line = job(End="2026-03-01T13:00:00", ElapsedRaw="10800")
        path = written(tmp_path, line, name=f"{hours}.txt")
        ran = flopledger(
            "import", str(path), "--map", str(mapping), "--set", "zone=UTC", "-f", "json"
        )
        assert ran.code == 0, ran.err
        told.append([json.loads(ran.out)[name] for name in ("new", "superseded", "changed")])
    assert told == [[1, 0, 0], [1, 1, 0], [1, 1, 0]]
    rows = json.loads(flopledger("position", "-f", "json").out)["rows"]
    assert sum(int(row["device_us"]) for row in rows) == 24 * HOUR


@pytest.mark.parametrize(
    "text",
    [
        "Cluster|Account|Login|Proper Name|TRES Name|Used\nc1|llm|ada|Ada|gres/gpu|999\n",
        "JobId=4711 JobName=pretrain\n   UserId=ada(1) GroupId=llm(1)\n   JobState=RUNNING\n",
    ],
)
def test_sums_and_listings_of_slurm_are_no_accounting(text: str, tmp_path: Path) -> None:
    """What ``sreport`` has added up, and what ``scontrol`` lists, is never taken for jobs."""
    path = tmp_path / "report.txt"
    path.write_text(text)
    with pytest.raises(InputError, match="no importer knows this kind of file"):
        recognise([path])
    assert read(path).refused == 1
