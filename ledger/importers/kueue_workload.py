"""A workload of Kueue holds its quota from each admission until it is evicted or has finished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from ledger.canonical import JSON
from ledger.errors import InputError
from ledger.importers.kube_devices import SHARES, Resources
from ledger.importers.kube_objects import KubeObject, list_of, part_of, text_of, time_of
from ledger.importers.stretch import WHOLE, Doubt, Stretch, Units, plain_text
from ledger.period import Period, format_instant

__all__ = ["Moment", "Stay", "moment_of", "stretches_of"]

_PAST: Final = (
    "accumulatedPastExecutionTimeSeconds",
    "accumulatedPastExexcutionTimeSeconds",  # as v1beta1 spells it
)
_COUNT_MAX: Final = 10**9


@dataclass(frozen=True, slots=True)
class Moment:
    """What one version of a workload says of its admission.

    Attributes:
        admitted: Since when it is admitted; None if it is not.
        ended: When the admission ended: it finished, was evicted, or the workload is gone.
        past_s: Seconds of admissions before, as Kueue has added them up; None if it has not.
        doubt: What is odd about the end, or nothing.
    """

    admitted: datetime | None
    ended: datetime | None
    past_s: int | None
    doubt: str = ""


class Stay:
    """One admission of a workload.

    Attributes:
        since: When it was admitted.
        position: Place of the last version that tells what it was assigned.
        ended: When it ended; None while it goes on.
        evicted: Whether it ended by eviction, so that Kueue adds it to the past.
        doubt: What is odd about its end, or nothing.
    """

    __slots__ = ("doubt", "ended", "evicted", "position", "since")

    def __init__(self, since: datetime, position: int) -> None:
        """Begin an admission that goes on."""
        self.since = since
        self.position = position
        self.ended: datetime | None = None
        self.evicted = False
        self.doubt = ""


def moment_of(workload: KubeObject) -> Moment:
    """Read the conditions of one version of a workload.

    Raises:
        InputError: If a time is none, or the admission has no time.
    """
    status = part_of(workload.value, "status")
    conditions = {text_of(c, "type"): c for c in list_of(status, "conditions")}
    admitted, finished = conditions.get("Admitted", {}), conditions.get("Finished", {})
    since = time_of(admitted, "lastTransitionTime")
    past = next((v for name in _PAST if isinstance(v := status.get(name), int)), None)
    if text_of(admitted, "status") != "True":
        return Moment(None, since, past)
    if since is None:
        raise InputError("the workload is admitted, and nothing says since when")
    ended, doubt = None, ""
    if text_of(finished, "status") == "True":
        ended = time_of(finished, "lastTransitionTime")
        if ended is None:
            raise InputError("the workload has finished, and nothing says when")
    elif workload.event == "DELETED":
        doubt = "the workload was deleted while it was admitted"
        ended = time_of(part_of(workload.value, "metadata"), "deletionTimestamp")
        if ended is None:
            raise InputError(f"{doubt}, and nothing says when", remedy="look for its pods")
    return Moment(since, ended, past, doubt)


def stretches_of(
    workload: KubeObject, stay: Stay, end: datetime, resources: Resources, cluster: str
) -> Iterator[Stretch]:
    """Yield what a workload held in one admission: a stretch for each set of pods.

    Pods that Kueue counts as reclaimable have let their quota go at a time that nobody states:
    they make a stretch of their own, of which the amount is unknown.

    Args:
        workload: The version that tells what was assigned.
        stay: The admission.
        end: When it ended, or when the file was written; not before it began.
        resources: Which resources are devices.
        cluster: Name of the cluster; empty if nobody said.

    Raises:
        InputError: If it cannot be read.
    """
    status = part_of(workload.value, "status")
    sets = list_of(part_of(status, "admission"), "podSetAssignments")
    if not sets:
        raise InputError("the workload is admitted, and nothing says what it was assigned")
    freed = {text_of(r, "name"): _count(r, "count") for r in list_of(status, "reclaimablePods")}
    held = [(_counted(one, workload), _units(one, resources)) for one in sets]
    whole = _whole(workload, stay, Period(stay.since, end), cluster)
    whole = replace(whole, concurrent=sum(u.count for _, units in held for u in units))
    more, odd = False, (Doubt("no-end", stay.doubt, "compare with its pods"),) * bool(stay.doubt)
    for one, units in held:
        pods, name = _count(one, "count"), text_of(one, "name")
        gone = min(freed.get(name, 0), pods)
        if not units:
            continue
        if not pods:
            raise InputError(f"the set {name[:60]!r} has no pods and is assigned devices")
        for stretch in _shared(whole, one, units, gone):
            yield replace(stretch, more=more, doubts=(*odd, *stretch.doubts))
            more, odd = True, ()


def _whole(workload: KubeObject, stay: Stay, period: Period, cluster: str) -> Stretch:
    """Return an admission without what it held."""
    metadata, spec = part_of(workload.value, "metadata"), part_of(workload.value, "spec")
    uid, owner = text_of(metadata, "uid"), _owner(metadata)
    labels = part_of(metadata, "labels")
    admission = part_of(workload.value, "status", "admission")
    cells = {
        **{f"label:{k}".lower(): text for k, text in labels.items() if isinstance(text, str)},
        "namespace": text_of(metadata, "namespace"),
        "name": text_of(metadata, "name"),
        "owner": text_of(owner, "name"),
        "owner-kind": text_of(owner, "kind"),
        "queue": text_of(spec, "queueName"),
        "clusterqueue": text_of(admission, "clusterQueue"),
        "cluster": cluster,
    }
    said = {"run_name": cells["name"], "cluster": cluster, "cost_centre": cells["namespace"]}
    return Stretch(
        line=workload.number,
        locator=workload.locator,
        cells=cells,
        run=text_of(owner, "uid") or uid,
        key=("workload", uid, format_instant(stay.since)),
        units=(),
        period=period,
        running=stay.ended is None,
        inputs={"workload": uid},
        hidden={name: plain for name, text in said.items() if (plain := plain_text(text))},
    )


def _shared(
    whole: Stretch, one: Mapping[str, Any], units: tuple[Units, ...], gone: int
) -> Iterator[Stretch]:
    """Yield what the pods of a set held that stayed, and that of those which were reclaimed."""
    pods, name = _count(one, "count"), text_of(one, "name")
    inputs: dict[str, JSON] = {**whole.inputs, "podset": name or "unnamed", "pods": pods}
    inputs |= {"flavor": plain_text(units[0].type), **_topology(one)}
    base = replace(
        whole,
        cells={**whole.cells, "podset": name, "flavor": units[0].type},
        key=(*whole.key, name),
        inputs=inputs,
    )
    if gone < pods:
        yield replace(base, units=_of_pods(units, pods - gone, pods))
    if gone:
        held = sum(u.count for u in units) * gone * base.period.milliseconds
        hours = -(-held // (pods * 3_600_000))  # the most that they can be is rounded up
        message = f"{gone:,} of {pods:,} pods were reclaimed, and nothing says when: up to "
        message += f"{hours:,} device-hours of theirs are unknown and not counted"
        yield replace(
            base,
            key=(*base.key, "reclaimed"),
            units=_of_pods(units, gone, pods),
            inputs={**inputs, "reclaimed": gone},
            doubts=(Doubt("reclaimed", message, "compare with their pods"),),
            span_known=False,
        )


def _counted(one: Mapping[str, Any], workload: KubeObject) -> Mapping[str, Any]:
    """Return a set of pods with its number, which is the one asked for where it says none.

    A set that is asked for without a number is of one pod: so the interface of Kueue defines it.
    """
    if "count" in one:
        return one
    asked = list_of(part_of(workload.value, "spec"), "podSets")
    found = next((a for a in asked if text_of(a, "name") == text_of(one, "name")), None)
    return one if found is None else {**one, "count": found.get("count", 1)}


def _units(one: Mapping[str, Any], resources: Resources) -> tuple[Units, ...]:
    """Return the devices of a set of pods, of the type that their flavor is."""
    flavors = part_of(one, "flavors")
    amounts = resources.held(part_of(one, "resourceUsage"))
    share = None if any(amounts.get(name) for name in SHARES) else WHOLE
    devices = {name: amount for name, amount in amounts.items() if name not in SHARES}
    return resources.units(devices, lambda name: text_of(flavors, name), {}, share)


def _of_pods(units: tuple[Units, ...], part: int, pods: int) -> tuple[Units, ...]:
    """Return the devices of a part of the pods of a set, which are all alike."""
    odd = next((u for u in units if u.count % pods), None)
    if odd is not None:
        raise InputError(f"{odd.count} devices are not shared out evenly by {pods} pods")
    return tuple(replace(u, count=u.count // pods * part) for u in units)


def _topology(one: Mapping[str, Any]) -> dict[str, JSON]:
    """Return where the pods of a set were placed together, as the levels of the topology."""
    assignment = part_of(one, "topologyAssignment")
    levels = assignment.get("levels")
    if not isinstance(levels, list):
        return {}
    return {"topology_levels": plain_text(",".join(str(level) for level in levels)) or "none"}


def _owner(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what controls a workload, or its only owner; nothing if there are several."""
    owners = list_of(metadata, "ownerReferences")
    controlling = [owner for owner in owners if owner.get("controller")]
    found = controlling or owners
    return found[0] if len(found) == 1 else {}


def _count(value: Mapping[str, Any], name: str) -> int:
    """Return a number of pods, which may be none where a set is scaled down."""
    count = value.get(name)
    if count is None:
        which = text_of(value, "name")
        raise InputError(
            f"nothing says how many pods of the set {which[:60]!r} are meant",
            remedy="export the workload whole",
        )
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < _COUNT_MAX:
        raise InputError(f"{name} is {str(count)[:40]!r}, and no number of pods")
    return count
