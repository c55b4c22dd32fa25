"""Devices of Kubernetes: which resources are accelerators, and how many of them a pod holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from ledger.errors import InputError
from ledger.importers.kube_objects import list_of, part_of, text_of
from ledger.importers.stretch import WHOLE, Units

__all__ = ["SHARES", "TYPE_LABELS", "Resources", "is_sidecar"]

_WHOLE_NAMES: Final = frozenset(
    {
        *("nvidia.com/gpu", "amd.com/gpu", "google.com/tpu", "habana.ai/gaudi"),
        *("aws.amazon.com/neuron", "aws.amazon.com/neurondevice"),
    }
)
_PART_NAMES: Final = frozenset({"nvidia.com/gpu.shared", "aws.amazon.com/neuroncore"})
_MIG: Final = "nvidia.com/mig-"
_PERCENT: Final = "nvidia.com/gpucores"
SHARES: Final = frozenset({_PERCENT, "nvidia.com/gpumem", "nvidia.com/gpumem-percentage"})
"""Resources that are no devices, and say that devices are shared."""

_NO_DEVICES: Final = ("rdma/", "vpc.amazonaws.com/")
_OWN: Final = frozenset({"cpu", "memory", "pods", "storage", "ephemeral-storage"})
_OWN_OF_A_KIND: Final = ("hugepages-", "attachable-volumes-")
_COUNT: Final = re.compile(r"[0-9]{1,9}")
_LABELS: Final[Mapping[str, tuple[str, ...]]] = {
    "nvidia.com": ("nvidia.com/gpu.product", "cloud.google.com/gke-accelerator"),
    "amd.com": ("amd.com/gpu.product-name", "beta.amd.com/gpu.product-name"),
    "google.com": ("cloud.google.com/gke-tpu-accelerator",),
    "aws.amazon.com": ("node.kubernetes.io/instance-type",),
    "habana.ai": ("node.kubernetes.io/instance-type",),
}
TYPE_LABELS: Final = frozenset(label for labels in _LABELS.values() for label in labels)
"""Labels of a node that tell the type of its devices, or of the machine."""


class Resources:
    """Which resources are devices, and what was met that is none.

    Attributes:
        more: Names of further resources of which each is a whole device.
        unknown: Names of resources that nobody declared, and how often they were met.
    """

    def __init__(self, more: Collection[str] = ()) -> None:
        """Begin with nothing met."""
        self.more = more
        self.unknown: dict[str, int] = {}

    def held(self, amounts: Mapping[str, Any]) -> dict[str, int]:
        """Return the devices among amounts of resources, and what tells shares of them.

        Raises:
            InputError: If an amount of devices is no whole number.
        """
        found = {}
        for name, amount in amounts.items():
            if self._is_device(name) or name in SHARES:
                found[name] = _count(name, amount)
            elif _is_extended(name) and not name.startswith(_NO_DEVICES):
                self.unknown[name] = self.unknown.get(name, 0) + 1
        return found

    def of_pod(self, spec: Mapping[str, Any], labels: Mapping[str, str]) -> tuple[Units, ...]:
        """Return what a pod holds: its containers together, or an initial one that holds more.

        Sidecars run beside both. A percentage of each device, as HAMi writes it, is the share of
        the one container that holds devices; memory alone states no share.

        Args:
            spec: Of the pod.
            labels: Of its node.
        """
        containers = [self._limits(c) for c in list_of(spec, "containers")]
        initial = [(self._limits(c), is_sidecar(c)) for c in list_of(spec, "initContainers")]
        names = {name for limits in (*containers, *(i for i, _ in initial)) for name in limits}
        amounts = {}
        for name in names - SHARES:
            beside = peak = 0
            for limits, sidecar in initial:
                amount = limits.get(name, 0)
                peak = max(peak, beside + amount)
                beside += amount if sidecar else 0
            amounts[name] = max(peak, beside + sum(c.get(name, 0) for c in containers))
        holders = [c for c in (*containers, *(i for i, _ in initial)) if c.keys() - SHARES]
        shares: set[int | None] = {_share(limits) for limits in holders}
        share = shares.pop() if len(shares) == 1 else None
        return self.units(amounts, lambda name: _type(name, labels), labels, share)

    def units(
        self,
        amounts: Mapping[str, int],
        type_of: Callable[[str], str],
        labels: Mapping[str, str],
        share: int | None = WHOLE,
    ) -> tuple[Units, ...]:
        """Return amounts of devices with their types, in the order of the names.

        Args:
            amounts: By name of the resource.
            type_of: Returns the type of the devices of a resource.
            labels: Of the node.
            share: How much of each device is held, in thousandths; None if not known.
        """
        found = []
        for name in sorted(amounts):
            kind = type_of(name)
            milli = None if self._is_part(name, kind, labels) else share
            words = {"resource": name, "product": labels.get("nvidia.com/gpu.product", "")}
            if amounts[name]:
                found.append(Units(kind, amounts[name], milli, words, name))
        return tuple(found)

    def holds(self, container: Mapping[str, Any]) -> bool:
        """Return whether a container holds devices."""
        resources = part_of(container, "resources")
        names = {**part_of(resources, "requests"), **part_of(resources, "limits")}
        return any(self._is_device(name) and str(names[name]) != "0" for name in names)

    def _limits(self, container: Mapping[str, Any]) -> dict[str, int]:
        """Return what a container holds; limits and requests of devices are the same."""
        resources = part_of(container, "resources")
        limits, requests = part_of(resources, "limits"), part_of(resources, "requests")
        found = self.held({**requests, **limits})
        return {name: amount for name, amount in found.items() if amount}

    def _is_device(self, name: str) -> bool:
        """Return whether a resource is an accelerator or a part of one."""
        return (
            name in _WHOLE_NAMES
            or name in _PART_NAMES
            or name.startswith(_MIG)
            or name in self.more
        )

    def _is_part(self, name: str, kind: str, labels: Mapping[str, str]) -> bool:
        """Return whether each unit is a part of a device: a slice, or a turn at one."""
        if name in _PART_NAMES or name.startswith(_MIG):
            return True
        sharing = labels.get("nvidia.com/gpu.sharing-strategy", "none")
        shared = kind.endswith("-SHARED") or "-MIG-" in kind or sharing not in {"none", ""}
        return name == "nvidia.com/gpu" and shared


def is_sidecar(container: Mapping[str, Any]) -> bool:
    """Return whether an initial container goes on running beside the others."""
    return text_of(container, "restartPolicy") == "Always"


def _share(limits: Mapping[str, int]) -> int | None:
    """Return how much of each of its devices a container holds, in thousandths."""
    if not limits.keys() & SHARES:
        return WHOLE
    percent = limits.get(_PERCENT, 0)
    return percent * 10 if 0 < percent <= 100 else None  # noqa: PLR2004 - per cent


def _type(name: str, labels: Mapping[str, str]) -> str:
    """Return the type of the devices of a resource, as the node is labelled."""
    if name.startswith(_MIG):
        return name.partition("/")[2]
    known = _LABELS.get(name.partition("/")[0], ())
    return next((labels[label] for label in known if labels.get(label)), "")


def _is_extended(name: str) -> bool:
    """Return whether a resource is none of Kubernetes itself."""
    domain, slash, _ = name.partition("/")
    if slash:
        return not domain.endswith("kubernetes.io")
    return name not in _OWN and not name.startswith(_OWN_OF_A_KIND)


def _count(name: str, amount: object) -> int:
    """Return a whole number of devices."""
    text = str(amount) if isinstance(amount, int | str) and not isinstance(amount, bool) else ""
    if not _COUNT.fullmatch(text):
        raise InputError(
            f"{name} is {str(amount)[:40]!r}, and no whole number of devices",
            remedy="check the object",
        )
    return int(text)
