"""Kubernetes: what pods held, from lists of the API or from logs of what it said.

The uid tells a pod from every other, since names are used again. Of several versions of one pod
the last counts, and one that has ended before any other. Page: ``schemas/source-kubernetes.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.held_reading import HeldReader, Terms
from ledger.importers.kube_devices import TYPE_LABELS, Resources
from ledger.importers.kube_objects import KubeObject, kube_objects, part_of, text_of
from ledger.importers.kube_pod import Setting, has_ended, read_pod
from ledger.importers.kube_terms import KubeTerms, Odd
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter, by_opening
from ledger.importers.mapping import Map
from ledger.importers.marked_places import MarkedPlaces
from ledger.importers.scratch import Scratch
from ledger.importers.stretch import Doubt, Nothing, Refusal, Stretch
from ledger.journeys.importing import Reading

__all__ = ["IMPORTER", "PodSource"]

_NAME: Final = "kubernetes"
_VERSION: Final = "2"
_EXPORT: Final = "kubectl get pods,nodes --all-namespaces -o json"
_ENDED: Final = 1 << 60  # more than there are places
_NEWEST: Final = (
    "INSERT INTO pods VALUES (?, ?) "
    "ON CONFLICT (pod) DO UPDATE SET version = max(version, excluded.version)"
)
_MINE: Final = re.compile(r'"kind"\s*:\s*"(?:Pod|PodList|Node|NodeList)"')
_OTHER: Final = re.compile(r'"kind"\s*:\s*"Workload(?:List)?"')


class PodSource:
    """One file of pods; see `ledger.importers.held_reading.Source`."""

    name = _NAME
    version = _VERSION
    noun = "pods"
    told_by = ("namespace",)
    nothings: Mapping[str, str] = {
        "claims": "with nothing but resource claims, which are not read",
        "never-placed": "with accelerators, never placed",
        "no-devices": "without accelerators",
        "no-time": "held devices for no time",
        "not-started": "with accelerators, taken on by no node",
        "older": "older versions of a pod",
        "other": "objects of another kind",
        "running": "still running, of which nobody said when the file was written",
    }

    def __init__(self, stream: LineStream, said: KubeTerms, mapping: Map | None) -> None:
        """Name what is read, and how."""
        self._stream = stream
        self._said = said
        asked = frozenset() if mapping is None else mapping.wanted
        self._asked = {name.removeprefix("node-label:") for name in asked}
        self._counting: MarkedPlaces | None = None
        self._nodes: dict[str, dict[str, str]] = {}
        self._odd = Odd(Resources(said.resources))

    def stretches(self) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what every pod held."""
        counting = self._index()
        self._odd = Odd(Resources(self._said.resources))
        setting = Setting(self._said.cluster, self._said.at, self._nodes, self._odd.resources)
        for position, found in enumerate(kube_objects(self._stream)):
            if isinstance(found, Refusal):
                yield found
            elif found.kind != "Pod":
                self._odd.breaks += found.event == "ERROR"
                if found.kind != "Node" and found.event != "ERROR":
                    yield Nothing("other")
            elif position not in counting:
                yield Nothing("older")
            else:
                yield from self._held(found, setting)

    def doubts(self) -> tuple[Doubt, ...]:
        """Return what is odd about the file as a whole."""
        return self._odd.doubts(self.noun)

    def _held(self, pod: KubeObject, setting: Setting) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what one pod held."""
        try:
            found = read_pod(pod, setting)
        except InputError as error:
            yield Refusal(pod.number, error)
            return
        self._odd.claiming += bool(part_of(pod.value, "spec").get("resourceClaims"))
        if isinstance(found, Nothing):
            self._odd.running += found.why == "running"
            yield found
        else:
            yield from found

    def _index(self) -> MarkedPlaces:
        """Return the place of the version of each pod that counts, and learn the nodes."""
        if self._counting is not None:
            return self._counting
        pods = Scratch("pods (pod BLOB PRIMARY KEY, version INTEGER) WITHOUT ROWID")
        pods.put(_NEWEST, self._versions())
        counting = MarkedPlaces()
        for (version,) in pods.rows("SELECT version FROM pods"):
            counting.add(version % _ENDED)
        pods.close()
        if self._nodes and not counting:
            raise InputError(
                "the file holds nodes and no pods",
                remedy="import the pods, and name this file with --set nodes=FILE",
            )
        if self._said.nodes is not None:
            for found in kube_objects(LineStream(self._said.nodes)):
                if isinstance(found, KubeObject) and found.kind == "Node":
                    self._learn(found)
        self._counting = counting
        return counting

    def _versions(self) -> Iterator[tuple[bytes, int]]:
        """Yield every version of every pod as numbers of which the largest counts."""
        for position, found in enumerate(kube_objects(self._stream)):
            if isinstance(found, KubeObject) and found.kind == "Node":
                self._learn(found)
            elif isinstance(found, KubeObject) and found.kind == "Pod":
                yield _identity(found), position + _ENDED * has_ended(found)

    def _learn(self, node: KubeObject) -> None:
        """Keep the labels of a node that tell its devices, or that the map asks for."""
        metadata = part_of(node.value, "metadata")
        self._nodes[text_of(metadata, "name")] = {
            name: text
            for name, text in part_of(metadata, "labels").items()
            if isinstance(text, str) and (name in _KEPT or name.lower() in self._asked)
        }


def _claims(text: str) -> bool:
    """Whether a file begins as JSON that holds pods or nodes, and no workloads."""
    text = text.lstrip()
    return text.startswith("{") and bool(_MINE.search(text)) and not _OTHER.search(text)


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read and check one file; its records are built anew, pod by pod, when asked."""
    stream = LineStream(path)
    source = PodSource(stream, KubeTerms.of(settings), mapping)
    return HeldReader(source, stream, Terms.of(settings), catalogue, mapping).reading()


_KEPT: Final = TYPE_LABELS | {"nvidia.com/gpu.sharing-strategy", "node.kubernetes.io/instance-type"}


def _identity(pod: KubeObject) -> bytes:
    """Return what tells a pod from every other, as few bytes."""
    uid = text_of(part_of(pod.value, "metadata"), "uid")
    # One without a uid is refused later; until then it is like no other.
    return blake2b(
        (uid or f"\0{pod.number}").encode("utf-8", "surrogatepass"), digest_size=16
    ).digest()


IMPORTER = MappedImporter(
    Kind(
        name=_NAME,
        version=_VERSION,
        settings=frozenset({"nodes", "at", "cluster", "resources", "model", "role"}),
        noun="pods",
        remedy=f"export them: {_EXPORT}",
        claims=by_opening(_claims),
        reads=_read,
    )
)
