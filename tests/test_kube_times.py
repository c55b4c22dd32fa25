"""Times of pods: when devices were let go, what runs on, and where a restart cuts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pods import (
    HOUR,
    MAP,
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


def test_the_last_container_to_end_ends_the_pod(tmp_path: Path) -> None:
    statuses = [ended("log", end="10:30:00"), ended(), ended("push", end="11:00:00")]
    (body,) = bodies(read(written(tmp_path, pod(status={"containerStatuses": statuses}), node())))
    assert body["end"] == "2026-03-01T12:00:00Z"


@pytest.mark.parametrize("restarted", [0, 1])
def test_what_may_not_be_the_last_restart_cuts_nothing(restarted: int, tmp_path: Path) -> None:
    """A pod that runs is one piece a day, and so is one of which two containers hold devices."""
    last = {"lastState": {"terminated": {"finishedAt": "2026-03-01T11:00:00Z"}}}
    running = {
        "phase": "Running",
        "containerStatuses": [{"name": "main", "state": {"running": {}}, **last}],
    }
    reading = read(written(tmp_path, pod(status=running), node()), at="2026-03-01T12:00:00Z")
    assert [b["device_us"] for b in bodies(reading)] == [str(16 * HOUR)]
    two = [ended("a"), ended("b")]
    two[restarted] |= last
    spec = {"containers": [container("a", 4), container("b", 4)]}
    reading = read(written(tmp_path, pod(spec=spec, status={"containerStatuses": two}), node()))
    assert [b["device_us"] for b in bodies(reading)] == [str(16 * HOUR)]


def test_a_container_that_never_ran_does_not_end_the_pod_early(tmp_path: Path) -> None:
    first = {"name": "init", "state": {"terminated": {"finishedAt": "2026-03-01T10:01:00Z"}}}
    waits = {"name": "main", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    status = {
        "phase": "Failed",
        "reason": "DeadlineExceeded",
        "initContainerStatuses": [first],
        "containerStatuses": [waits],
        "conditions": [{"type": "Ready", "lastTransitionTime": "2026-03-01T18:00:00Z"}],
    }
    assert held(read(written(tmp_path, pod(status=status), node()))) == 8 * 8 * HOUR
