"""Kueue: what workloads were admitted to, from lists of the API or from logs of what it said.

A workload keeps only the last change of each condition: several admissions of one workload are
only in the log of a watch. The same devices are in the pods, so that these records corroborate
unless told otherwise. Page: ``schemas/source-kueue.v1.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Final

from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.importers.held_reading import HeldReader, Terms
from ledger.importers.kube_devices import Resources
from ledger.importers.kube_objects import KubeObject, kube_objects, part_of, text_of
from ledger.importers.kube_terms import KubeTerms, Odd
from ledger.importers.kueue_stories import Stories, Told
from ledger.importers.kueue_workload import Stay, moment_of, stretches_of
from ledger.importers.line_stream import LineStream
from ledger.importers.mapped_importer import Kind, MappedImporter, by_opening
from ledger.importers.mapping import Map
from ledger.importers.stretch import Doubt, Nothing, Refusal, Stretch
from ledger.journeys.importing import Reading
from ledger.period import format_instant

__all__ = ["IMPORTER", "WorkloadSource"]

_NAME: Final = "kueue"
_VERSION: Final = "2"
_EXPORT: Final = "kubectl get workloads.kueue.x-k8s.io --all-namespaces -o json"
_MINE: Final = re.compile(r'"kind"\s*:\s*"Workload(?:List)?"')
_TOLD_MAX: Final = 200  # workloads that are told one by one
_KEPT_MAX: Final = 10_000  # workloads that are kept until the largest are told


class WorkloadSource:
    """One file of workloads; see `ledger.importers.held_reading.Source`."""

    name = _NAME
    version = _VERSION
    noun = "admissions"
    told_by = ("namespace", "queue")
    nothings: Mapping[str, str] = {
        "never-admitted": "never admitted, or no version tells of it",
        "no-devices": "without accelerators",
        "no-time": "admitted for no time",
        "older": "older versions of a workload",
        "other": "objects of another kind",
        "running": "still admitted, of which nobody said when the file was written",
    }

    def __init__(self, stream: LineStream, said: KubeTerms) -> None:
        """Name what is read, and how."""
        self._stream = stream
        self._said = said
        self._stories: Stories | None = None
        self._odd = Odd(Resources(said.resources))
        self._gaps: dict[str, int] = {}
        self._gaps_rest = (0, 0)

    def stretches(self) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what every workload held in each of its admissions."""
        stories = self._index()
        self._odd, self._gaps = Odd(Resources(self._said.resources)), {}
        self._gaps_rest = (0, 0)
        told = stories.told()
        for position, found in enumerate(kube_objects(self._stream)):
            if isinstance(found, Refusal):
                yield found
            elif found.kind != "Workload":
                self._odd.breaks += found.event == "ERROR"
                if found.event != "ERROR":
                    yield Nothing("other")
            else:
                yield from self._told(found, told, position)

    def doubts(self) -> tuple[Doubt, ...]:
        """Return what is odd about the file as a whole."""
        told = []
        self._tell_largest()
        for name, gap in self._gaps.items():
            what = "more" if gap > 0 else "less"
            message = f"Kueue counts {abs(gap):,} s {what} of past admissions of {name}"
            remedy = "import the log of a watch, or take the time from its pods"
            told.append(Doubt("past-differs", f"{message} than the file shows", remedy))
        number, seconds = self._gaps_rest
        if number:
            message = f"{number:,} more workloads differ so, by {seconds:,} s"
            told.append(Doubt("past-differs", message, "import the log of a watch"))
        return (*told, *self._odd.doubts("workloads"))

    def _told(
        self, workload: KubeObject, told: Iterator[Told], position: int
    ) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what one version of a workload is the last to tell."""
        try:
            moment_of(workload)
            _identity(workload)
            version = next(told)  # those that can be read are told in the order of the file
            assert version.position == position
            if version.gap:
                self._keep_gap(workload, version.gap)
            if not version.stays:
                yield Nothing("never-admitted" if version.never else "older")
            for stay in version.stays:
                yield from self._held(workload, stay)
        except InputError as error:
            yield Refusal(workload.number, error)

    def _held(self, workload: KubeObject, stay: Stay) -> Iterator[Stretch | Nothing]:
        """Yield what one admission held."""
        end = stay.ended or self._said.at
        if end is None:
            self._odd.running += 1
            yield Nothing("running")
            return
        if end < stay.since:
            raise InputError(
                f"the admission ends {format_instant(end)}, before it begins "
                f"{format_instant(stay.since)}",
                remedy="check --set at=…" if stay.ended is None else "export it again",
            )
        resources = self._odd.resources
        if end == stay.since:
            yield from _nothing_of(workload, stay, resources)
            return
        found = tuple(stretches_of(workload, stay, end, resources, self._said.cluster))
        if not found:
            yield Nothing("no-devices")
        yield from found

    def _keep_gap(self, workload: KubeObject, gap: int) -> None:
        """Keep how far the admissions of a workload are from what Kueue has added up."""
        metadata = part_of(workload.value, "metadata")
        name = f"{text_of(metadata, 'namespace')}/{text_of(metadata, 'name')}"
        self._gaps[f"{name} ({text_of(metadata, 'uid')})"] = gap
        if len(self._gaps) >= _KEPT_MAX:
            self._tell_largest()

    def _tell_largest(self) -> None:
        """Keep the workloads that differ most, in this order, and count the others."""
        largest = sorted(self._gaps.items(), key=lambda item: (-abs(item[1]), item[0]))
        rest = [abs(gap) for _, gap in largest[_TOLD_MAX:]]
        number, seconds = self._gaps_rest
        self._gaps_rest = (number + len(rest), seconds + sum(rest))
        self._gaps = dict(largest[:_TOLD_MAX])

    def _index(self) -> Stories:
        """Return what all versions of each workload say of its admissions."""
        if self._stories is not None:
            return self._stories
        stories = Stories()
        for position, found in enumerate(kube_objects(self._stream)):
            if isinstance(found, Refusal) or found.kind != "Workload":
                continue
            try:
                moment = moment_of(found)
                stories.add(_identity(found), position, moment)
            except InputError:
                continue  # told by the pass that reads it
        stories.settle()
        self._stories = stories
        return stories


def _claims(text: str) -> bool:
    """Whether a file begins as JSON that holds workloads of Kueue."""
    text = text.lstrip()
    return text.startswith("{") and bool(_MINE.search(text)) and "kueue.x-k8s.io/" in text


def _read(
    path: Path, settings: Mapping[str, str], catalogue: Catalogue, mapping: Map | None
) -> Reading:
    """Read and check one file; its records are built anew, one by one, when asked."""
    stream = LineStream(path)
    source = WorkloadSource(stream, KubeTerms.of(settings))
    terms = Terms.of(settings, role="corroborating")
    return HeldReader(source, stream, terms, catalogue, mapping).reading()


def _identity(workload: KubeObject) -> bytes:
    """Return what tells a workload from every other, as few bytes.

    Raises:
        InputError: If it has no uid.
    """
    uid = text_of(part_of(workload.value, "metadata"), "uid")
    if not uid:
        raise InputError("the workload has no uid", why="its name is used again")
    return blake2b(uid.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _nothing_of(workload: KubeObject, stay: Stay, resources: Resources) -> Iterator[Nothing]:
    """Yield an admission that was over at once, and its sets of pods if they may be recorded."""
    yield Nothing("no-time")
    if stay.ended is not None:
        for one in stretches_of(workload, stay, stay.since + timedelta(seconds=1), resources, ""):
            places = tuple(unit.place for unit in one.units)
            yield Nothing("no-time", 0, key=one.key, units=places, locator=one.locator)


IMPORTER = MappedImporter(
    Kind(
        name=_NAME,
        version=_VERSION,
        settings=frozenset({"at", "cluster", "resources", "model", "role"}),
        noun="workloads",
        remedy=f"export: {_EXPORT}",
        claims=by_opening(_claims),
        reads=_read,
    )
)
