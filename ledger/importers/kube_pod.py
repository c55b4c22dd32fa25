"""A pod holds devices from when a node took it on until the last of its containers has ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ledger.canonical import JSON
from ledger.errors import InputError
from ledger.importers.kube_devices import Resources, is_sidecar
from ledger.importers.kube_objects import KubeObject, list_of, part_of, text_of, time_of
from ledger.importers.stretch import Doubt, Nothing, Stretch, Units, plain_text
from ledger.period import Period

__all__ = ["Setting", "has_ended", "read_pod"]

_ENDED: Final = frozenset({"Succeeded", "Failed"})
_REFUSED: Final = frozenset(
    {"UnexpectedAdmissionError", "NodeAffinity", "NodePorts", "TopologyAffinityError", "Shutdown"}
)
_STATUSES: Final = ("initContainerStatuses", "containerStatuses")
_QUEUE: Final = "kueue.x-k8s.io/queue-name"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known beside a pod.

    Attributes:
        cluster: Name of the cluster; empty if nobody said.
        at: When the file was written, for pods that still ran; None if nobody said.
        nodes: Labels of the nodes by their names.
        resources: Which resources are devices.
    """

    cluster: str
    at: datetime | None
    nodes: Mapping[str, Mapping[str, str]]
    resources: Resources


@dataclass(frozen=True, slots=True)
class _Cut:
    """An attempt of the one container with devices, before the last one.

    Attributes:
        end: When it ended.
        said: What is known of it.
    """

    end: datetime
    said: Mapping[str, JSON]


def has_ended(pod: KubeObject) -> bool:
    """Return whether a pod holds nothing any more."""
    phase = text_of(part_of(pod.value, "status"), "phase")
    return phase in _ENDED or pod.event == "DELETED"


def read_pod(pod: KubeObject, setting: Setting) -> tuple[Stretch, ...] | Nothing:
    """Read one pod.

    Args:
        pod: The object.
        setting: What is known beside it.

    Returns:
        What it held: one stretch, or two where its last restart is known; or why nothing.

    Raises:
        InputError: If it cannot be read.
    """
    spec, status = part_of(pod.value, "spec"), part_of(pod.value, "status")
    if not text_of(part_of(pod.value, "metadata"), "uid"):
        raise InputError(
            "the pod has no uid", why="its name is used again", remedy="export it whole"
        )
    node = text_of(spec, "nodeName")
    labels = {**_texts(spec, "nodeSelector"), **setting.nodes.get(node, {})}
    units = setting.resources.of_pod(spec, labels)
    if not units:
        return Nothing("claims" if list_of(spec, "resourceClaims") else "no-devices")
    start = time_of(status, "startTime")
    if not node:
        return Nothing("never-placed")
    running = not has_ended(pod)
    uid = text_of(part_of(pod.value, "metadata"), "uid")
    places = tuple(unit.place for unit in units)
    over = Nothing("", key=("pod", uid), units=places, locator=pod.locator)
    if start is None or _was_refused(status):
        return replace(over, why="not-started", key=() if running else over.key)
    end, doubts = (setting.at, ()) if running else _end(pod)
    if end is None:
        return Nothing("running")
    if end < start:
        raise InputError(
            f"the pod ends {end:%Y-%m-%dT%H:%M:%SZ}, before it starts {start:%Y-%m-%dT%H:%M:%SZ}",
            remedy="check --set at=…" if running else "check the clock of the node",
        )
    if end == start:
        return replace(over, why="no-time", key=() if running else over.key)
    whole = _stretch(pod, setting, units, Period(start, end), labels)
    whole = replace(whole, running=running, doubts=doubts)
    cut = None if running else _cut(spec, status, setting.resources)
    return (whole,) if cut is None or not start < cut.end < end else _halves(whole, cut)


def _stretch(
    pod: KubeObject,
    setting: Setting,
    units: tuple[Units, ...],
    period: Period,
    labels: Mapping[str, str],
) -> Stretch:
    """Return what a pod held as one stretch."""
    metadata, status = part_of(pod.value, "metadata"), part_of(pod.value, "status")
    cells = _cells(pod, setting, labels)
    uid = text_of(metadata, "uid")
    owner = next((o for o in list_of(metadata, "ownerReferences") if o.get("controller")), {})
    inputs: dict[str, JSON] = {"pod": uid, "phase": text_of(status, "phase") or "unknown"}
    if text_of(status, "reason"):
        inputs["reason"] = plain_text(text_of(status, "reason"))
    if restarts := _restarts(status):
        inputs["restarts"] = restarts
    hidden = {
        "run_name": cells["name"],
        "cluster": setting.cluster,
        "cost_centre": cells["namespace"],
    }
    return Stretch(
        line=pod.number,
        locator=pod.locator,
        cells=cells,
        run=text_of(owner, "uid") or uid,
        key=("pod", uid),
        units=units,
        period=period,
        concurrent=None if owner else sum(held.count for held in units),
        inputs=inputs,
        hidden={name: plain for name, text in hidden.items() if (plain := plain_text(text))},
    )


def _cells(pod: KubeObject, setting: Setting, labels: Mapping[str, str]) -> dict[str, str]:
    """Return the columns of a pod, for the map."""
    metadata, spec = part_of(pod.value, "metadata"), part_of(pod.value, "spec")
    own = _texts(metadata, "labels")
    owner = next((o for o in list_of(metadata, "ownerReferences") if o.get("controller")), {})
    holders = [text_of(c, "name") for c in _holders(spec, setting.resources)]
    return {
        **{f"label:{name}".lower(): text for name, text in own.items()},
        **{f"node-label:{name}".lower(): text for name, text in labels.items()},
        "namespace": text_of(metadata, "namespace"),
        "name": text_of(metadata, "name"),
        "owner": text_of(owner, "name"),
        "owner-kind": text_of(owner, "kind"),
        "node": text_of(spec, "nodeName"),
        "instance-type": labels.get("node.kubernetes.io/instance-type", ""),
        "container": ",".join(holders),
        "queue": own.get(_QUEUE, ""),
        "priority": text_of(spec, "priorityClassName"),
        "phase": text_of(part_of(pod.value, "status"), "phase"),
        "cluster": setting.cluster,
        "attempt": "last",
    }


def _halves(whole: Stretch, cut: _Cut) -> tuple[Stretch, Stretch]:
    """Return the time until the last restart and the time after it, which together are the whole.

    The first stretch of each day has the key that a pod which still runs has for the whole day,
    so that the end of a pod supersedes everything that was recorded while it ran.
    """
    start, end = whole.period.start, whole.period.stop
    days = (cut.end.date() - start.date()).days
    at_midnight = cut.end == cut.end.replace(hour=0, minute=0, second=0, microsecond=0)
    first = replace(
        whole,
        cells={**whole.cells, "attempt": "earlier"},
        period=Period(start, cut.end),
        inputs={**whole.inputs, "attempt": "earlier", **cut.said},
        doubts=(),
    )
    second = replace(
        whole,
        period=Period(cut.end, end),
        inputs={**whole.inputs, "attempt": "last"},
        day=days,
        turn=0 if at_midnight else 1,
        more=True,
    )
    return first, second


def _end(pod: KubeObject) -> tuple[datetime, tuple[Doubt, ...]]:
    """Return when a pod that has ended let its devices go, and what is odd about it."""
    status, metadata = part_of(pod.value, "status"), part_of(pod.value, "metadata")
    states = [part_of(s, "state") for name in _STATUSES for s in list_of(status, name)]
    ends = [time_of(part_of(state, "terminated"), "finishedAt") for state in states]
    known = [end for end in ends if end is not None]
    if known and len(known) == len(states) and list_of(status, "containerStatuses"):
        return max(known), ()
    deleted = time_of(metadata, "deletionTimestamp")
    changes = [time_of(c, "lastTransitionTime") for c in list_of(status, "conditions")]
    last = max((c for c in (*changes, *known) if c is not None), default=None)
    # Who is told to go while working may go on until then; who has ended is only cleared away.
    first = (last, deleted) if text_of(status, "phase") in _ENDED else (deleted, last)
    latest = first[0] or first[1]
    if latest is None:
        raise InputError(
            "the pod has ended, and nothing says when", remedy="look for its events or its log"
        )
    word = "its last change" if latest == last else "the time by which it had to be gone"
    message = f"the containers do not say when they ended: {word} is taken"
    return latest, (Doubt("no-end", message, "compare with the log of the node"),)


def _was_refused(status: Mapping[str, Any]) -> bool:
    """Return whether the node turned the pod away, so that nothing was held."""
    reason = text_of(status, "reason")
    if text_of(status, "phase") != "Failed":
        return False
    if not (reason in _REFUSED or reason.startswith("OutOf")):
        return False
    states = [s for name in _STATUSES for s in list_of(status, name)]
    return not any(_ran(part_of(s, "state")) or _ran(part_of(s, "lastState")) for s in states)


def _ran(state: Mapping[str, Any]) -> bool:
    """Return whether a container ran."""
    ended = part_of(state, "terminated")
    return "running" in state or time_of(ended, "startedAt") is not None


def _cut(spec: Mapping[str, Any], status: Mapping[str, Any], resources: Resources) -> _Cut | None:
    """Return the attempt before the last, where one container alone holds devices and tells it."""
    holders = [text_of(c, "name") for c in _holders(spec, resources)]
    states = [
        s
        for name in _STATUSES
        for s in list_of(status, name)
        if text_of(s, "name") in holders and part_of(s, "lastState", "terminated")
    ]
    if len(holders) != 1 or len(states) != 1:
        return None
    last = part_of(states[0], "lastState", "terminated")
    end = time_of(last, "finishedAt")
    said: dict[str, JSON] = {}
    if text_of(last, "reason"):
        said["attempt_reason"] = plain_text(text_of(last, "reason"))
    code = last.get("exitCode")
    if isinstance(code, int) and abs(code) < 2**31:
        said["exit_code"] = code
    return None if end is None else _Cut(end, said)


def _holders(spec: Mapping[str, Any], resources: Resources) -> list[Mapping[str, Any]]:
    """Return the containers that hold devices while the pod works: its own, and sidecars."""
    sidecars = [c for c in list_of(spec, "initContainers") if is_sidecar(c)]
    return [c for c in (*list_of(spec, "containers"), *sidecars) if resources.holds(c)]


def _restarts(status: Mapping[str, Any]) -> int:
    """Return how often containers of a pod began again."""
    counts = [s.get("restartCount") for name in _STATUSES for s in list_of(status, name)]
    return sum(c for c in counts if isinstance(c, int) and 0 < c < 2**31)


def _texts(value: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return a mapping of texts."""
    return {key: text for key, text in part_of(value, name).items() if isinstance(text, str)}
