"""The Kubernetes importer: every layout of its files, and what of them is recorded."""

from __future__ import annotations

import contextlib
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pods import (
    GPU,
    HOUR,
    RUNNING,
    bodies,
    codes,
    container,
    ended,
    held,
    logged,
    node,
    note,
    pod,
    read,
    written,
)

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.kube_devices import Resources
from ledger.importers.kube_objects import KubeObject
from ledger.importers.kube_pod import Setting, read_pod
from ledger.importers.kubernetes import IMPORTER


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


def test_identifiers_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """JSON may hold half of a pair of signs, which no file can hold: that is refused."""
    reading = read(written(tmp_path, pod("u-\ud800"), pod("u-2"), node()))
    assert [p.code for p in reading.problems if p.severity == "refused"] == ["input"]
    assert len(bodies(reading)) == 1


def test_failed_pods_are_kept(tmp_path: Path) -> None:
    failed = {"phase": "Failed", "reason": "Evicted"}
    (body,) = bodies(read(written(tmp_path, pod(status=failed), node())))
    assert body["method_inputs"]["reason"] == "Evicted"
    assert int(body["device_us"]) == 16 * HOUR


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


@pytest.mark.parametrize("end", ["2046-03-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_pod_held_for_longer_than_can_be_is_refused_and_stays_out(
    end: str, tmp_path: Path
) -> None:
    late = pod("b")
    late["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"] = end
    reading = read(written(tmp_path, node(), pod("a"), late))
    assert [p.line for p in reading.problems if p.severity == "refused"] == [3]
    assert held(reading) == 16 * HOUR  # as with --skip-refused


def test_kinds_of_unmapped_pods_beyond_a_number_are_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.importers.unmapped._KEPT_MAX", 2)
    pods = [pod(f"u-{n}", metadata={"namespace": f"n{n}"}) for n in range(5)]
    reading = read(written(tmp_path, *pods, node()), None)
    told = [p.message.split(" hold ")[0] for p in reading.problems if p.code == "unmapped"]
    assert told == [
        "3 pods with namespace of any other",
        "1 pods with namespace n0",
        "1 pods with namespace n1",
    ]


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
