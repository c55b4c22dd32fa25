"""Kubernetes terms are what a caller says of a file of objects, and what is odd about all of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from ledger.errors import InputError
from ledger.importers.kube_devices import Resources
from ledger.importers.kube_objects import instant_of
from ledger.importers.stretch import Doubt

__all__ = ["KubeTerms", "Odd"]

_RESOURCE: Final = re.compile(r"[a-z0-9.-]+(?:/[A-Za-z0-9._-]+)?")
_TOLD_MAX: Final = 200  # resources that are told one by one


@dataclass(frozen=True, slots=True)
class KubeTerms:
    """What the caller says of a file.

    Attributes:
        cluster: Name of the cluster.
        at: When the file was written.
        nodes: A file of nodes, if they are not in the same one.
        resources: Names of further resources that are devices.
    """

    cluster: str
    at: datetime | None
    nodes: Path | None
    resources: tuple[str, ...]

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> KubeTerms:
        """Read the settings.

        Raises:
            InputError: If one of them is wrong.
        """
        names = tuple(n for n in settings.get("resources", "").split(",") if n)
        wrong = next((name for name in names if not _RESOURCE.fullmatch(name)), None)
        if wrong is not None:
            raise InputError(
                f"{wrong[:60]!r} is no name of a resource",
                where="--set resources=…",
                remedy="write it as in a pod: --set resources=example.com/npu",
            )
        try:
            at = instant_of(settings["at"], "the time") if "at" in settings else None
        except InputError as error:
            raise InputError(error.message, where="--set at=…", remedy=error.remedy) from error
        nodes = Path(settings["nodes"]) if "nodes" in settings else None
        return cls(settings.get("cluster", ""), at, nodes, names)


class Odd:
    """What one pass over a file met that is odd about all of it.

    Attributes:
        resources: Which resources are devices, and which nobody knows.
        running: What still ran, where nobody said when the file was written.
        claiming: What names resource claims.
        breaks: How often a watch broke off.
    """

    def __init__(self, resources: Resources) -> None:
        """Begin with nothing met."""
        self.resources = resources
        self.running = 0
        self.claiming = 0
        self.breaks = 0

    def doubts(self, noun: str) -> tuple[Doubt, ...]:
        """Return it as findings.

        Args:
            noun: What holds devices, in the plural.
        """
        told = []
        if self.running:
            message = f"{self.running:,} {noun} still ran when the file was written: not recorded"
            remedy = "say when that was: --set at=2026-03-01T10:00:00Z"
            told.append(Doubt("running", message, remedy))
        if self.claiming:
            message = f"{self.claiming:,} {noun} name resource claims: what those hold is not read"
            told.append(Doubt("resource-claims", message, "record their device time by hand"))
        if self.breaks:
            message = f"the watch broke off {self.breaks:,} times: what happened then is not here"
            told.append(Doubt("watch-broken", message, "import a list that was made afterwards"))
        for name, number in sorted(self.resources.unknown.items())[:_TOLD_MAX]:
            message = f"{number:,} times {name} is held: whether that is a device nobody said"
            remedy = f"if each is a whole device: --set resources={name}"
            told.append(Doubt("unknown-resource", message, remedy))
        return tuple(told)
