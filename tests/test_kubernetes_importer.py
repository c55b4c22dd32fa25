"""The Kubernetes importer: what pods hold, from when until when, on every trap of their objects."""

from __future__ import annotations

import contextlib
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import catalogue

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.kube_devices import Resources
from ledger.importers.kube_objects import KubeObject
from ledger.importers.kube_pod import Setting, read_pod
from ledger.importers.kubernetes import IMPORTER
from ledger.importers.mapping import Map
from ledger.journeys.importing import Reading

HOUR = 3_600_000_000
GPU = "nvidia.com/gpu"
H100 = "NVIDIA-H100-80GB-HBM3"
MAP = f"""\
schema: map/1
source: kubernetes
rows:
  - where: {{ namespace: [llm], attempt: [earlier] }}
    give: {{ model: llm-7b, activity: restart_waste, precision: bf16, sparsity: dense }}
  - where: {{ namespace: [llm] }}
    give: {{ model: llm-7b, developer: acme, activity: pretrain, precision: bf16, sparsity: dense }}
  - where: {{ "label:Team": [red] }}
    give: {{ model: "red-{{label:team}}", run: "{{namespace}}/{{owner}}" }}
devices:
  - where: {{ type: [{H100}] }}
    give: {{ device: nvidia-h100-sxm5, scale_up_gb_per_s: 900, scale_up_domain: 8 }}
  - where: {{ type: [mig-1g.10gb], product: [NVIDIA-A100*] }}
    give: {{ device: nvidia-a100-80gb, milli_devices: 143 }}
  - where: {{ type: [NVIDIA-A100*] }}
    give: {{ device: nvidia-a100-80gb }}
"""


def container(name: str = "main", gpus: int | str = 8, **more: Any) -> dict[str, Any]:
    """A container that holds some GPUs."""
    return {"name": name, "resources": {"limits": {GPU: str(gpus), "cpu": "8"}}, **more}


def ended(name: str = "main", end: str = "12:00:00", **more: Any) -> dict[str, Any]:
    """The status of a container that has ended."""
    at = {"startedAt": "2026-03-01T10:01:00Z", "finishedAt": f"2026-03-01T{end}Z", "exitCode": 0}
    return {"name": name, "restartCount": 0, "state": {"terminated": at}, **more}


def pod(uid: str = "u-1", **changes: Any) -> dict[str, Any]:
    """A pod that held eight GPUs of one node for two hours."""
    status = {
        "phase": "Succeeded",
        "startTime": "2026-03-01T10:00:00Z",
        "containerStatuses": [ended()],
        **changes.pop("status", {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "namespace": "llm", "uid": uid, **changes.pop("metadata", {})},
        "spec": {"nodeName": "n1", "containers": [container()], **changes.pop("spec", {})},
        "status": status,
        **changes,
    }


def node(name: str = "n1", product: str = H100, **labels: str) -> dict[str, Any]:
    """A node with its type of GPU."""
    known = {"nvidia.com/gpu.product": product, "kubernetes.io/os": "linux", **labels}
    return {"kind": "Node", "metadata": {"name": name, "labels": known}}


RUNNING = {
    "phase": "Running",
    "containerStatuses": [{"name": "main", "state": {"running": {}}, "restartCount": 0}],
}


def written(folder: Path, *items: Any, name: str = "pods.json", indent: int | None = 1) -> Path:
    path = folder / name
    path.write_text(json.dumps({"apiVersion": "v1", "items": items, "kind": "List"}, indent=indent))
    return path


def logged(folder: Path, *values: Any, name: str = "pods.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(f"{v if isinstance(v, str) else json.dumps(v)}\n" for v in values))
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
    """Device-microseconds of all records."""
    return sum(int(body["device_us"]) for body in bodies(reading))


def test_a_pod_holds_its_devices_from_its_start_to_its_last_end(tmp_path: Path) -> None:
    reading = read(written(tmp_path, pod(), node()))
    (draft,) = reading.drafts
    body: dict[str, Any] = draft.body
    assert codes(reading) == []
    assert (body["start"], body["end"]) == ("2026-03-01T10:00:00Z", "2026-03-01T12:00:00Z")
    assert (body["device"], body["milli_devices"]) == ("nvidia-h100-sxm5", 8000)
    assert int(body["device_us"]) == 16 * HOUR
    assert body["operations"] is None
    assert int(body["ceiling_operations"]) > 0
    assert (body["status"], body["role"], body["run"]) == ("final", "primary", "u-1")
    assert body["method_inputs"] == {"pod": "u-1", "phase": "Succeeded"}
    assert (body["evidence"]["source_kind"], body["evidence"]["locator"]) == ("scheduler", "item 1")
    assert draft.hidden == {"run_name": "p", "cost_centre": "llm"}
    assert draft.key == ("allocation", "kubernetes", "pod", "u-1", GPU, "0", "0")


@pytest.mark.parametrize("indent", [None, 1, 4])
def test_lists_and_logs_of_every_layout_say_the_same(indent: int | None, tmp_path: Path) -> None:
    whole = json.dumps(node()) + json.dumps(pod(), indent=indent)
    other = {"type": "ADDED", "object": pod()}
    api = {"kind": "PodList", "items": [{**pod(), "kind": None, "apiVersion": None}, node()]}
    paths = [
        written(tmp_path, node(), pod(), indent=indent),
        logged(tmp_path, node(), pod(), name="a.jsonl"),
        logged(tmp_path, node(), other, name="b.jsonl"),
        logged(tmp_path, whole, name="c.json"),
        logged(tmp_path, json.dumps(api, indent=indent), name="d.json"),
        logged(tmp_path, {"kind": "List", "items": [node()]}, {"items": [pod()]}, name="e.jsonl"),
    ]
    packed = tmp_path / "f.json.gz"
    packed.write_bytes(gzip.compress(paths[0].read_bytes()))
    for path in (*paths, packed):
        (body,) = bodies(read(path))
        assert (body["device"], body["device_us"]) == ("nvidia-h100-sxm5", str(16 * HOUR)), path


def test_nodes_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    beside = written(tmp_path, node(), name="nodes.json")
    path = written(tmp_path, pod())
    assert [b["device"] for b in bodies(read(path, nodes=str(beside)))] == ["nvidia-h100-sxm5"]
    alone = read(path)
    assert [b["device"] for b in bodies(alone)] == [None]
    assert codes(alone) == ["unmapped-device"]
    assert "no pods" in read(beside).problems[0].message


def test_a_selector_of_the_pod_tells_the_type_where_the_node_is_gone(tmp_path: Path) -> None:
    chosen = pod(spec={"nodeSelector": {"nvidia.com/gpu.product": H100}})
    assert [b["device"] for b in bodies(read(written(tmp_path, chosen)))] == ["nvidia-h100-sxm5"]


@pytest.mark.parametrize(
    ("containers", "initial", "count"),
    [
        ([8], [], 8),
        ([2, 3], [], 5),
        ([2], [(8, False)], 8),
        ([4], [(2, False), (3, False)], 4),
        ([4], [(1, True)], 5),
        ([4], [(1, True), (4, False)], 5),
        ([4], [(4, False), (1, True)], 5),
        ([2], [(1, True), (4, False), (1, True)], 5),
        ([0], [(3, False)], 3),
        ([1], [(1, True), (2, True)], 4),
    ],
)
def test_initial_containers_count_their_maximum_and_sidecars_add(
    containers: list[int], initial: list[tuple[int, bool]], count: int
) -> None:
    spec = {
        "containers": [container(f"c{n}", gpus) for n, gpus in enumerate(containers)],
        "initContainers": [
            container(f"i{n}", gpus, **({"restartPolicy": "Always"} if side else {}))
            for n, (gpus, side) in enumerate(initial)
        ],
    }
    (units,) = Resources().of_pod(spec, {})
    assert (units.count, units.milli) == (count, 1000)


@pytest.mark.parametrize(
    ("amounts", "found"),
    [
        ({"amd.com/gpu": "8"}, [("", 8, 1000)]),
        ({"google.com/tpu": 4}, [("", 4, 1000)]),
        ({"aws.amazon.com/neuron": "16"}, [("", 16, 1000)]),
        ({"aws.amazon.com/neuroncore": "2"}, [("", 2, None)]),
        ({"nvidia.com/mig-1g.10gb": "2"}, [("mig-1g.10gb", 2, None)]),
        ({"nvidia.com/gpu.shared": "1"}, [("", 1, None)]),
        ({GPU: "1", "nvidia.com/gpucores": "25"}, [("", 1, 250)]),
        ({GPU: "2", "nvidia.com/gpumem": "3000"}, [("", 2, None)]),
        ({GPU: "1", "nvidia.com/gpucores": "0"}, [("", 1, 1000)]),
        ({GPU: "0"}, []),
        ({"cpu": "8", "memory": "1Gi", "hugepages-2Mi": "4Mi"}, []),
    ],
)
def test_every_kind_of_device_is_known(
    amounts: dict[str, Any], found: list[tuple[str, int, int | None]]
) -> None:
    spec = {"containers": [{"name": "main", "resources": {"limits": amounts}}]}
    units = Resources().of_pod(spec, {})
    assert [(u.type, u.count, u.milli) for u in units] == found


@pytest.mark.parametrize("product", [f"{H100}-SHARED", "NVIDIA-A100-SXM4-80GB-MIG-1g.10gb"])
def test_a_turn_at_a_device_is_not_a_device(product: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, pod(), node(product=product)))
    (body,) = bodies(reading)
    assert (body["milli_devices"], body["device_us"]) == (None, None)
    assert codes(reading) == ["unmapped-device"]
    assert "is a part of a device" in reading.problems[0].message


def test_a_slice_is_as_much_of_a_device_as_the_map_says(tmp_path: Path) -> None:
    spec = {"containers": [{"name": "m", "resources": {"limits": {"nvidia.com/mig-1g.10gb": 2}}}]}
    (body,) = bodies(read(written(tmp_path, pod(spec=spec), node(product="NVIDIA-A100-SXM4-80GB"))))
    assert (body["device"], body["milli_devices"]) == ("nvidia-a100-80gb", 286)


def test_shares_are_exact_thousandths(tmp_path: Path) -> None:
    amounts = {GPU: "1", "nvidia.com/gpucores": "33"}
    spec = {"containers": [{"name": "m", "resources": {"limits": amounts}}]}
    (body,) = bodies(read(written(tmp_path, pod(spec=spec), node())))
    assert (body["milli_devices"], int(body["device_us"])) == (330, 2 * 330 * HOUR // 1000)


def test_a_resource_that_nobody_knows_is_never_passed_over(tmp_path: Path) -> None:
    spec = {"containers": [{"name": "m", "resources": {"limits": {"example.com/npu": "4"}}}]}
    path = written(tmp_path, pod(spec=spec), pod("u-2", spec=spec))
    reading = read(path)
    assert bodies(reading) == []
    assert codes(reading) == ["unknown-resource"]
    assert "2 times example.com/npu is held" in reading.problems[0].message
    assert held(read(path, resources="example.com/npu")) == 2 * 8 * HOUR
    with pytest.raises(InputError, match="is no name of a resource"):
        read(path, resources="n p u")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"spec": {"nodeName": ""}, "status": {"phase": "Pending"}}, "never placed: 1"),
        ({"status": {"startTime": None, "phase": "Pending"}}, "taken on by no node: 1"),
        (
            {
                "status": {
                    "phase": "Failed",
                    "reason": "OutOfnvidia.com/gpu",
                    "containerStatuses": [],
                }
            },
            "taken on by no node: 1",
        ),
        ({"spec": {"containers": [container(gpus=0)]}}, "without accelerators: 1"),
        ({"status": {"containerStatuses": [ended(end="10:00:00")]}}, "for no time: 1"),
        ({"kind": "Service"}, "objects of another kind: 1"),
    ],
)
def test_what_held_nothing_is_counted_and_not_recorded(
    changed: dict[str, Any], why: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, pod(**changed)))
    assert bodies(reading) == []
    assert codes(reading) == []
    assert note(reading).startswith("pods with accelerators: 0; ")
    assert note(reading).endswith(why)


def test_resource_claims_are_told_and_not_read(tmp_path: Path) -> None:
    claims = [{"name": "gpu", "resourceClaimName": "c"}]
    only = pod(spec={"containers": [container(gpus=0)], "resourceClaims": claims})
    both = pod("u-2", spec={"resourceClaims": claims})
    reading = read(written(tmp_path, only, both, node()))
    assert held(reading) == 16 * HOUR
    assert codes(reading) == ["resource-claims"]
    assert "2 pods name resource claims" in reading.problems[0].message


def test_failed_pods_are_kept(tmp_path: Path) -> None:
    failed = {"phase": "Failed", "reason": "Evicted"}
    (body,) = bodies(read(written(tmp_path, pod(status=failed), node())))
    assert body["method_inputs"]["reason"] == "Evicted"
    assert int(body["device_us"]) == 16 * HOUR


def test_a_running_pod_needs_the_time_of_the_export(tmp_path: Path) -> None:
    path = written(tmp_path, pod(status=RUNNING), node())
    reading = read(path)
    assert (bodies(reading), codes(reading)) == ([], ["running"])
    assert "--set at=" in reading.problems[0].remedy
    (body,) = bodies(read(path, at="2026-03-01T11:00:00Z"))
    assert (body["status"], int(body["device_us"])) == ("provisional", 8 * HOUR)
    early = read(path, at="2026-03-01T09:00:00Z")
    assert "before it starts" in early.problems[0].message
    with pytest.raises(InputError, match="no time with its zone"):
        read(path, at="2026-03-01T11:00:00")


def test_the_end_of_a_pod_supersedes_what_was_recorded_while_it_ran(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    """Also where its last restart cuts it: no day is left that counts twice."""
    last = {
        "restartCount": 3,
        "lastState": {
            "terminated": {"finishedAt": "2026-03-02T06:00:00Z", "exitCode": 1, "reason": "Error"}
        },
        "state": {
            "terminated": {
                "startedAt": "2026-03-02T06:05:00Z",
                "finishedAt": "2026-03-03T12:00:00Z",
            }
        },
    }
    done = pod(status={"containerStatuses": [{"name": "main", **last}]})
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP)
    flopledger("init", "--origin", "ledger.example/kube")
    before = written(tmp_path, pod(status=RUNNING), node(), name="before.json")
    after = written(tmp_path, done, node(), name="after.json")
    asked = ("--map", str(mapping), "-f", "json")
    first = flopledger("import", str(before), "--set", "at=2026-03-02T18:00:00Z", *asked)
    assert json.loads(first.out)["new"] == 2
    ran = json.loads(flopledger("import", str(after), *asked).out)
    assert (ran["new"], ran["superseded"], ran["changed"]) == (4, 2, 0)
    again = json.loads(flopledger("import", str(after), *asked).out)
    assert (again["new"], again["same"], again["changed"]) == (0, 4, 0)
    late = flopledger("import", str(before), "--set", "at=2026-03-02T18:00:00Z", *asked)
    assert json.loads(late.out)["new"] == 0
    reading = read(after)
    assert held(reading) == 8 * 50 * HOUR
    assert {b["activity"] for b in bodies(reading)} == {"restart_waste", "pretrain"}
    starts = [(b["start"], b["activity"]) for b in bodies(reading)]
    assert starts == [
        ("2026-03-01T10:00:00Z", "restart_waste"),
        ("2026-03-02T00:00:00Z", "restart_waste"),
        ("2026-03-02T06:00:00Z", "pretrain"),
        ("2026-03-03T00:00:00Z", "pretrain"),
    ]
    earlier = bodies(reading)[0]["method_inputs"]
    assert (earlier["restarts"], earlier["attempt_reason"], earlier["exit_code"]) == (3, "Error", 1)


@pytest.mark.parametrize(
    ("statuses", "pieces"),
    [
        ([ended(lastState={"terminated": {"finishedAt": "2026-03-01T11:00:00Z"}})], 2),
        ([ended(lastState={"terminated": {"finishedAt": None}}, restartCount=2)], 1),
        ([ended(lastState={}, restartCount=2)], 1),
        ([ended(lastState={"terminated": {"finishedAt": "2026-03-01T12:00:00Z"}})], 1),
        (
            [
                ended(),
                ended("log", lastState={"terminated": {"finishedAt": "2026-03-01T11:00:00Z"}}),
            ],
            1,
        ),
    ],
)
def test_a_restart_cuts_the_time_and_loses_none(
    statuses: list[dict[str, Any]], pieces: int, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, pod(status={"containerStatuses": statuses}), node()))
    assert len({draft.key for draft in reading.drafts}) == len(bodies(reading)) == pieces
    assert held(reading) == 16 * HOUR
    assert note(reading).startswith("pods with accelerators: 1")


def test_a_restart_at_midnight_begins_its_day(tmp_path: Path) -> None:
    last = {"lastState": {"terminated": {"finishedAt": "2026-03-02T00:00:00Z"}}}
    state = {"terminated": {"finishedAt": "2026-03-02T01:00:00Z"}}
    statuses = [{"name": "main", "restartCount": 1, "state": state, **last}]
    reading = read(written(tmp_path, pod(status={"containerStatuses": statuses}), node()))
    assert [draft.key[-2:] for draft in reading.drafts] == [("0", "0"), ("1", "0")]


def test_the_uid_tells_pods_apart_and_not_the_name(tmp_path: Path) -> None:
    reading = read(written(tmp_path, pod("u-1"), pod("u-2"), node()))
    assert held(reading) == 32 * HOUR
    assert len({draft.key for draft in reading.drafts}) == 2


def test_of_several_versions_of_a_pod_the_last_counts(tmp_path: Path) -> None:
    events = [
        {"type": "ADDED", "object": pod(status={"phase": "Pending"})},
        {"type": "MODIFIED", "object": pod(status=RUNNING)},
        {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {}}},
        {"type": "DELETED", "object": pod()},
    ]
    path = logged(tmp_path, node(), *events, pod(status=RUNNING))
    reading = read(path, at="2026-03-05T00:00:00Z")
    assert held(reading) == 16 * HOUR
    assert note(reading) == "pods with accelerators: 1; older versions of a pod: 3"
    assert reading.refused == 0


def test_a_deleted_pod_has_ended_when_it_had_to_be_gone(tmp_path: Path) -> None:
    gone: dict[str, Any] = {
        "metadata": {"deletionTimestamp": "2026-03-01T11:00:30Z"},
        "status": RUNNING,
    }
    event = {"type": "DELETED", "object": pod(**gone)}
    reading = read(logged(tmp_path, node(), event, {"type": "ERROR", "object": {"kind": "Status"}}))
    (body,) = bodies(reading)
    assert (body["end"], body["status"]) == ("2026-03-01T11:00:30Z", "final")
    assert codes(reading) == ["no-end", "watch-broken"]


def test_an_end_that_nobody_states_is_the_last_change_or_a_refusal(tmp_path: Path) -> None:
    lost = {
        "phase": "Failed",
        "containerStatuses": [{"name": "main", "state": {"terminated": {"finishedAt": None}}}],
    }
    changes = [{"type": "Ready", "lastTransitionTime": "2026-03-01T11:00:00Z"}]
    late = {"deletionTimestamp": "2026-04-01T00:00:00Z"}
    known = pod(status={**lost, "conditions": changes}, metadata=late)
    reading = read(written(tmp_path, known, node()))
    assert (held(reading), codes(reading)) == (8 * HOUR, ["no-end"])
    reading = read(written(tmp_path, pod(status=lost), node()))
    assert "nothing says when" in reading.problems[0].message
    assert reading.refused == 1


def test_pods_of_one_owner_are_one_run(tmp_path: Path) -> None:
    owner = [{"kind": "Job", "name": "night", "uid": "j-1", "controller": True}]
    pods = [pod(f"u-{n}", metadata={"ownerReferences": owner}) for n in range(2)]
    reading = read(written(tmp_path, *pods, node()))
    assert reading.runs == 1
    assert [(b["run"], b["concurrent_devices"]) for b in bodies(reading)] == [("j-1", None)] * 2


def test_labels_are_columns_of_the_map(tmp_path: Path) -> None:
    owner = [{"kind": "Job", "name": "night", "uid": "j-1", "controller": True}]
    meta = {"namespace": "x", "labels": {"Team": "red"}, "ownerReferences": owner}
    (body,) = bodies(read(written(tmp_path, pod(metadata=meta), node())))
    assert (body["model"], body["run"]) == ("red-red", "x/night")


def test_pods_of_no_model_say_how_much_time_they_hold(tmp_path: Path) -> None:
    others = [pod(f"o-{n}", metadata={"namespace": "web"}) for n in range(3)]
    reading = read(written(tmp_path, pod(), *others, node()))
    assert len(bodies(reading)) == 1
    (problem,) = (p for p in reading.problems if p.code == "unmapped")
    assert "3 pods with label:team empty, attempt last, namespace web" in problem.message.replace(
        "attempt last, label:team empty", "label:team empty, attempt last"
    )
    assert "hold 48 device-hours" in problem.message


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"metadata": {"uid": ""}}, "no uid"),
        ({"status": {"startTime": "2026-03-01T10:00:00"}}, "no time with its zone"),
        ({"status": {"startTime": 7}}, "no time with its zone"),
        ({"status": {"startTime": "2026-02-30T10:00:00Z"}}, "no time with its zone"),
        ({"status": {"containerStatuses": [ended(end="09:00:00")]}}, "before it starts"),
        ({"spec": {"containers": [container(gpus="two")]}}, "no whole number of devices"),
        ({"spec": {"containers": [container(gpus="0.5")]}}, "no whole number of devices"),
        ({"metadata": {"ownerReferences": [{"controller": True, "uid": "a\tb"}]}}, "run"),
    ],
)
def test_a_wrong_pod_is_refused_and_the_others_are_read(
    changed: dict[str, Any], message: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, node(), pod("a"), pod("b", **changed), pod("c")))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert message in problem.message
    assert problem.line == 3
    assert reading.refused == 1


def test_a_damaged_line_of_a_log_is_refused_alone(tmp_path: Path) -> None:
    path = logged(
        tmp_path, node(), '{"kind": "Pod", "metadata": {', "", "[1]", '{"object": 1}', pod()
    )
    reading = read(path)
    assert held(reading) == 16 * HOUR
    assert [p.line for p in reading.problems if p.severity == "refused"] == [2, 4]


@pytest.mark.parametrize(
    "data",
    [
        *(b"\x00" * 100, b"\x1f\x8b broken", b"rubbish", b'{"items": [{"kind": "Pod"', b"[]"),
        *(b'{"kind": "Pod", "metadata": ' + b"[" * 100_000, b"{" * 70_000),
        *(b'{"items": [{"kind": "Pod", "spec": {"containers": 7}}]', '{"a": 1}'.encode("utf-16")),
    ],
)
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pods.json"
    path.write_bytes(data)
    reading = read(path)
    assert any(p.severity == "refused" for p in reading.problems)
    assert list(reading.drafts) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "terminated",
                    "state",
                    "name",
                    "resources",
                    "limits",
                    GPU,
                    "finishedAt",
                    "restartCount",
                ]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.sampled_from(["metadata", "spec", "status", "containerStatuses", "conditions"]), JSON)
def test_no_object_makes_another_error_than_a_problem(name: str, value: Any) -> None:
    broken = pod(status={name: value}) if name.startswith("con") else {**pod(), name: value}
    with contextlib.suppress(InputError):
        read_pod(KubeObject(1, "item 1", "Pod", "", broken), Setting("", None, {}, Resources()))


def test_files_of_pods_are_recognised(tmp_path: Path) -> None:
    assert recognise([written(tmp_path, pod(), node())]).name == "kubernetes"
    assert recognise([logged(tmp_path, {"type": "ADDED", "object": pod()})]).name == "kubernetes"
    assert IMPORTER.files(tmp_path) == tuple(sorted(tmp_path.iterdir()))


def test_a_file_that_changes_between_the_passes_stops_the_import(tmp_path: Path) -> None:
    reading = read(written(tmp_path, pod(), node()))
    written(tmp_path, pod(spec={"containers": [container(gpus=9)]}), node())
    with pytest.raises(InputError, match="changed while it was read"):
        list(reading.drafts)
