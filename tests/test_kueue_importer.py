"""The Kueue importer: quota held in each admission, and what a list cannot tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.importers import recognise
from ledger.importers.kueue import IMPORTER
from ledger.importers.mapping import Map
from ledger.journeys.importing import Reading

HOUR = 3_600_000_000
GPU = "nvidia.com/gpu"
MAP = """\
schema: map/1
source: kueue
rows:
  - where: { clusterqueue: [research] }
    give: { model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }
devices:
  - where: { flavor: [h100*] }
    give: { device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8 }
"""


def at(clock: str) -> str:
    return f"2026-03-01T{clock}:00Z"


def condition(kind: str, clock: str, status: str = "True") -> dict[str, str]:
    return {"type": kind, "status": status, "lastTransitionTime": at(clock), "reason": "X"}


def assigned(name: str = "main", count: int = 2, gpus: int = 16, **more: Any) -> dict[str, Any]:
    """What a set of pods was assigned."""
    usage = {GPU: str(gpus), "cpu": "64", "memory": "1Ti"}
    flavors = dict.fromkeys(usage, "h100-nvl")
    return {"name": name, "count": count, "flavors": flavors, "resourceUsage": usage, **more}


def workload(
    *conditions: dict[str, str],
    uid: str = "w-1",
    sets: tuple[dict[str, Any], ...] | None = (assigned(),),
    **status: Any,
) -> dict[str, Any]:
    """A workload that was admitted from ten to twelve."""
    known = conditions or (condition("Admitted", "10:00"), condition("Finished", "12:00"))
    admission = {"clusterQueue": "research", "podSetAssignments": list(sets or ())}
    owner = {"kind": "Job", "name": "night", "uid": "j-1", "controller": True}
    return {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "Workload",
        "metadata": {
            "name": "job-night",
            "namespace": "llm",
            "uid": uid,
            "ownerReferences": [owner],
        },
        "spec": {"queueName": "team", "podSets": [{"name": "main", "count": 2}]},
        "status": {
            "conditions": list(known),
            **({} if sets is None else {"admission": admission}),
            **status,
        },
    }


def written(folder: Path, *items: Any, name: str = "workloads.json") -> Path:
    path = folder / name
    value = {"apiVersion": "kueue.x-k8s.io/v1beta2", "items": items, "kind": "WorkloadList"}
    path.write_text(json.dumps(value, indent=1))
    return path


def logged(folder: Path, *values: Any, event: str = "MODIFIED", name: str = "log.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps({"type": event, "object": v}) + "\n" for v in values))
    return path


def read(path: Path, mapping: str | None = MAP, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "map.yaml"))
    return importer.read(path, settings, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def note(reading: Reading) -> str:
    return reading.problems[-1].message


def held(reading: Reading) -> int:
    """Device-microseconds of all records of which they are known."""
    return sum(int(body["device_us"] or 0) for body in bodies(reading))


def test_a_workload_holds_its_quota_from_admission_to_its_end(tmp_path: Path) -> None:
    reading = read(written(tmp_path, workload()))
    (draft,) = reading.drafts
    body: dict[str, Any] = draft.body
    assert codes(reading) == []
    assert (body["start"], body["end"]) == (at("10:00"), at("12:00"))
    assert (body["device"], body["milli_devices"]) == ("nvidia-h100-sxm5", 16_000)
    assert int(body["device_us"]) == 32 * HOUR
    assert (body["run"], body["status"]) == ("j-1", "final")
    assert body["method_inputs"] == {
        "workload": "w-1",
        "podset": "main",
        "pods": 2,
        "flavor": "h100-nvl",
    }
    assert draft.key[2:] == ("workload", "w-1", at("10:00"), "main", GPU, "0", "0")


def test_a_set_of_no_pods_holds_nothing(tmp_path: Path) -> None:
    sets = (assigned(), assigned("spare", 0, 0))
    reading = read(written(tmp_path, workload(sets=sets)))
    assert (codes(reading), held(reading)) == ([], 32 * HOUR)


def test_what_reclaimed_pods_held_at_most_is_rounded_up(tmp_path: Path) -> None:
    ends = condition("Admitted", "10:00"), condition("Finished", "10:01")
    freed = [{"name": "main", "count": 1}]
    reading = read(written(tmp_path, workload(*ends, reclaimablePods=freed)))
    (problem,) = (p for p in reading.problems if p.code == "reclaimed")
    assert "up to 1 device-hours" in problem.message


def test_it_corroborates_unless_told_otherwise(tmp_path: Path) -> None:
    path = written(tmp_path, workload())
    assert [b["role"] for b in bodies(read(path))] == ["corroborating"]
    assert [b["role"] for b in bodies(read(path, role="primary"))] == ["primary"]


def test_sets_of_pods_add_up_and_count_as_one_workload(tmp_path: Path) -> None:
    sets = (assigned("leader", 1, 1), assigned("cpu", 1, 0), assigned("workers", 4, 32))
    reading = read(written(tmp_path, workload(sets=sets)))
    assert [b["milli_devices"] for b in bodies(reading)] == [1000, 32_000]
    assert {b["concurrent_devices"] for b in bodies(reading)} == {33}
    assert note(reading) == "admissions with accelerators: 1"


def test_an_admitted_workload_needs_the_time_of_the_export(tmp_path: Path) -> None:
    path = written(tmp_path, workload(condition("Admitted", "10:00")))
    reading = read(path)
    assert (bodies(reading), codes(reading)) == ([], ["running"])
    (body,) = bodies(read(path, at=at("11:00")))
    assert (body["status"], int(body["device_us"])) == ("provisional", 16 * HOUR)
    assert "before it begins" in read(path, at=at("09:00")).problems[0].message


def test_an_end_that_is_not_so_is_none(tmp_path: Path) -> None:
    going = workload(condition("Admitted", "10:00"), condition("Finished", "10:30", "False"))
    (body,) = bodies(read(written(tmp_path, going), at=at("11:00")))
    assert (body["status"], body["end"]) == ("provisional", at("11:00"))


def test_what_comes_after_the_end_changes_nothing(tmp_path: Path) -> None:
    later = workload(sets=(assigned(count=1, gpus=1),))
    reading = read(logged(tmp_path, workload(), later))
    assert held(reading) == 32 * HOUR


def test_an_eviction_in_progress_still_holds(tmp_path: Path) -> None:
    going = workload(condition("Admitted", "10:00"), condition("Evicted", "10:30"))
    (body,) = bodies(read(written(tmp_path, going), at=at("11:00")))
    assert (body["status"], body["end"]) == ("provisional", at("11:00"))


def test_a_log_tells_every_admission(tmp_path: Path) -> None:
    versions = [
        workload(condition("QuotaReserved", "09:59")),
        workload(condition("Admitted", "10:00")),
        workload(condition("Admitted", "10:00"), condition("Evicted", "11:00")),
        workload(
            condition("Admitted", "11:01", "False"),
            condition("Evicted", "11:00"),
            sets=None,
            accumulatedPastExecutionTimeSeconds=3660,
        ),
        workload(
            condition("Admitted", "12:00"),
            sets=(assigned(count=1, gpus=8),),
            accumulatedPastExecutionTimeSeconds=3660,
        ),
        workload(
            condition("Admitted", "12:00"),
            condition("Finished", "13:00"),
            sets=(assigned(count=1, gpus=8),),
            accumulatedPastExecutionTimeSeconds=3660,
        ),
    ]
    path = logged(tmp_path, *versions)
    reading = read(path)
    assert codes(reading) == []
    assert [(b["start"], b["end"], b["milli_devices"]) for b in bodies(reading)] == [
        (at("10:00"), at("11:01"), 16_000),
        (at("12:00"), at("13:00"), 8_000),
    ]
    assert note(reading) == "admissions with accelerators: 2; older versions of a workload: 4"
    # The list that is made at the end shows the last admission, and says that one is missing.
    alone = read(written(tmp_path, versions[-1]))
    assert held(alone) == 8 * HOUR
    assert codes(alone) == ["past-differs"]
    assert "3,660 s more of past admissions of llm/job-night" in alone.problems[0].message


@pytest.mark.parametrize(
    ("past", "found"), [(3660, []), (3656, []), (3665, ["past-differs"]), (0, ["past-differs"])]
)
def test_past_admissions_are_held_against_what_kueue_counts(
    past: int, found: list[str], tmp_path: Path
) -> None:
    gone = workload(
        condition("Admitted", "11:01", "False"), sets=None, accumulatedPastExecutionTimeSeconds=past
    )
    old = workload(
        condition("Admitted", "11:01", "False"),
        sets=None,
        accumulatedPastExexcutionTimeSeconds=past,
    )
    for last in (gone, old):
        path = logged(tmp_path, workload(condition("Admitted", "10:00")), last)
        assert codes(read(path)) == found


def test_an_eviction_that_the_log_lost_is_told(tmp_path: Path) -> None:
    versions = [workload(condition("Admitted", "10:00")), workload(condition("Admitted", "11:00"))]
    reading = read(logged(tmp_path, *versions), at=at("12:00"))
    assert [(b["end"], b["status"]) for b in bodies(reading)] == [
        (at("11:00"), "final"),
        (at("12:00"), "provisional"),
    ]
    assert codes(reading) == ["no-end"]


def test_reclaimed_pods_are_subtracted_and_what_they_held_is_unknown(tmp_path: Path) -> None:
    freed = workload(
        sets=(assigned(count=4, gpus=32),), reclaimablePods=[{"name": "main", "count": 3}]
    )
    reading = read(written(tmp_path, freed))
    assert [(b["milli_devices"], b["device_us"]) for b in bodies(reading)] == [
        (8000, str(16 * HOUR)),
        (None, None),
    ]
    assert bodies(reading)[1]["method_inputs"]["reclaimed"] == 3
    assert len({draft.key for draft in reading.drafts}) == 2
    (problem,) = (p for p in reading.problems if p.code == "reclaimed")
    assert "3 of 4 pods were reclaimed" in problem.message
    assert "up to 48 device-hours" in problem.message
    assert note(reading) == "admissions with accelerators: 1"


def test_a_number_of_pods_that_was_not_changed_is_the_one_asked_for(tmp_path: Path) -> None:
    plain = assigned()
    del plain["count"]
    freed = workload(sets=(plain,), reclaimablePods=[{"name": "main", "count": 1}])
    assert held(read(written(tmp_path, freed))) == 16 * HOUR


def test_all_pods_reclaimed_is_not_no_time(tmp_path: Path) -> None:
    freed = workload(reclaimablePods=[{"name": "main", "count": 7}])
    reading = read(written(tmp_path, freed))
    assert [b["device_us"] for b in bodies(reading)] == [None]
    assert "2 of 2 pods" in reading.problems[0].message


def test_the_topology_is_noted(tmp_path: Path) -> None:
    placed = assigned(topologyAssignment={"levels": ["block", "rack"], "slices": []})
    (body,) = bodies(read(written(tmp_path, workload(sets=(placed,)))))
    assert body["method_inputs"]["topology_levels"] == "block,rack"
    assert body["topology"] == "unknown"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (workload(condition("QuotaReserved", "10:00"), sets=None), "no version tells of it: 1"),
        (workload(condition("Admitted", "10:00", "False"), sets=None), "no version tells of it: 1"),
        (workload(sets=(assigned(gpus=0),)), "without accelerators: 1"),
        (workload(condition("Admitted", "10:00"), condition("Finished", "10:00")), "no time: 1"),
        ({"kind": "ClusterQueue", "metadata": {}}, "objects of another kind: 1"),
    ],
)
def test_what_held_nothing_is_counted(value: dict[str, Any], why: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, value))
    assert (bodies(reading), codes(reading)) == ([], [])
    assert note(reading).endswith(why)


def test_a_deleted_workload_has_ended(tmp_path: Path) -> None:
    gone = workload(condition("Admitted", "10:00"))
    gone["metadata"]["deletionTimestamp"] = at("11:00")
    reading = read(logged(tmp_path, gone, event="DELETED"))
    assert [(b["end"], b["status"]) for b in bodies(reading)] == [(at("11:00"), "final")]
    assert codes(reading) == ["no-end"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (workload(uid=""), "no uid"),
        (workload({"type": "Admitted", "status": "True"}), "nothing says since when"),
        (workload(condition("Admitted", "10:00"), {"type": "Finished", "status": "True"}), "when"),
        (workload(condition("Admitted", "10:00"), condition("Finished", "09:00")), "before it"),
        (workload(sets=None), "what it was assigned"),
        (workload(sets=(assigned(count=3, gpus=16),)), "not shared out evenly"),
        (workload(sets=(assigned(count=0),)), "'main' has no pods and is assigned devices"),
        (workload(sets=(assigned(count=-1),)), "no number of pods"),
        (workload(reclaimablePods=[{"name": "main"}]), "how many pods of the set 'main' are"),
        (
            workload(sets=({k: v for k, v in assigned("else").items() if k != "count"},)),
            "how many pods of the set 'else' are",
        ),
        (workload(sets=(assigned(gpus=-1),)), "no whole number of devices"),
        (workload(condition("Admitted", "1x:00")), "no time with its zone"),
        (workload(reclaimablePods=[{"name": "main", "count": "3"}]), "no number of pods"),
    ],
)
def test_a_wrong_workload_is_refused_and_the_others_are_read(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, workload(uid="a"), changed, workload(uid="b")))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert message in problem.message
    assert problem.line == 2
    assert held(reading) == 64 * HOUR


def test_unmapped_workloads_say_how_much_time_they_hold(tmp_path: Path) -> None:
    reading = read(written(tmp_path, workload()), None)
    assert bodies(reading) == []
    assert "1 admissions with namespace llm, queue team hold 32 device-hours" in (
        reading.problems[0].message
    )


@pytest.mark.parametrize(
    "data", [b"\x00" * 100, b"\x1f\x8b x", b"rubbish", b'{"kind": "WorkloadList", "items": [{']
)
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "workloads.json"
    path.write_bytes(data)
    assert any(p.severity == "refused" for p in read(path).problems)


def test_a_second_import_adds_nothing_and_an_end_supersedes(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP)
    running = written(tmp_path, workload(condition("Admitted", "10:00")), name="a.json")
    done = written(tmp_path, workload(), name="b.json")
    assert recognise([running, logged(tmp_path, workload())]).name == "kueue"
    flopledger("init", "--origin", "ledger.example/kueue")
    asked = ("--map", str(mapping), "-f", "json")
    flopledger("import", str(running), "--set", f"at={at('11:00')}", *asked)
    first = json.loads(flopledger("import", str(done), *asked).out)
    again = flopledger("import", str(done), *asked)
    assert (first["new"], first["superseded"]) == (1, 1)
    assert (again.code, json.loads(again.out)["new"], json.loads(again.out)["same"]) == (0, 0, 1)
