"""Kueue: what workloads were admitted to, from lists of the API or from logs of what it said.

A workload keeps only the last change of each condition: several admissions of one workload are
only in the log of a watch. The same devices are in the pods, so that these records corroborate
unless told otherwise. Page: ``schemas/source-kueue.v1.md``.
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
from ledger.importers.kube_devices import Resources
from ledger.importers.kube_objects import KubeObject, kube_objects, part_of, text_of
from ledger.importers.kube_terms import KubeTerms, Odd
from ledger.importers.kueue_workload import Moment, Stay, moment_of, stretches_of
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
_SLACK_S: Final = 2  # each end of an admission is rounded to a second


class _Story:
    """What all versions of one workload say of its admissions.

    Attributes:
        stays: In their order.
        past_s: Seconds of past admissions, as Kueue has added them up; None if it has not.
        latest: Place of the last version.
    """

    __slots__ = ("latest", "past_s", "stays")

    def __init__(self) -> None:
        """Begin with no version."""
        self.stays: list[Stay] = []
        self.past_s: int | None = None
        self.latest = 0

    def add(self, moment: Moment, position: int) -> None:
        """Take in one more version."""
        self.latest = position
        self.past_s = moment.past_s
        last = self.stays[-1] if self.stays else None
        if moment.admitted is None:
            if last is not None and last.ended is None:
                last.ended, last.evicted = moment.ended, True
            return
        if last is not None and last.since != moment.admitted and last.ended is None:
            last.ended, last.evicted = moment.admitted, True
            last.doubt = "the eviction is not in the log: the next admission is taken for the end"
        if last is None or last.since != moment.admitted:
            last = Stay(moment.admitted, position)
            self.stays.append(last)
        if last.ended is None:
            last.position, last.ended, last.doubt = position, moment.ended, moment.doubt

    def past_gap(self) -> int:
        """Return how many seconds Kueue counts more, or fewer, than the admissions that ended."""
        ended = [s for s in self.stays if s.evicted and s.ended is not None]
        shown = sum(int((s.ended - s.since).total_seconds()) for s in ended if s.ended is not None)
        gap = (shown if self.past_s is None else self.past_s) - shown
        return gap if abs(gap) > _SLACK_S * (len(ended) + 1) else 0


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
        self._stories: dict[bytes, _Story] | None = None
        self._odd = Odd(Resources(said.resources))
        self._gaps: dict[str, int] = {}

    def stretches(self) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what every workload held in each of its admissions."""
        stories = self._index()
        self._odd, self._gaps = Odd(Resources(self._said.resources)), {}
        for position, found in enumerate(kube_objects(self._stream)):
            if isinstance(found, Refusal):
                yield found
            elif found.kind != "Workload":
                self._odd.breaks += found.event == "ERROR"
                if found.event != "ERROR":
                    yield Nothing("other")
            else:
                yield from self._told(found, stories, position)

    def doubts(self) -> tuple[Doubt, ...]:
        """Return what is odd about the file as a whole."""
        told = []
        largest = sorted(self._gaps.items(), key=lambda item: (-abs(item[1]), item[0]))
        for name, gap in largest[:_TOLD_MAX]:
            what = "more" if gap > 0 else "less"
            message = f"Kueue counts {abs(gap):,} s {what} of past admissions of {name}"
            remedy = "import the log of a watch, or take the time from its pods"
            told.append(Doubt("past-differs", f"{message} than the file shows", remedy))
        if len(largest) > _TOLD_MAX:
            rest = sum(abs(gap) for _, gap in largest[_TOLD_MAX:])
            message = f"{len(largest) - _TOLD_MAX:,} more workloads differ so, by {rest:,} s"
            told.append(Doubt("past-differs", message, "import the log of a watch"))
        return (*told, *self._odd.doubts("workloads"))

    def _told(
        self, workload: KubeObject, stories: Mapping[bytes, _Story], position: int
    ) -> Iterator[Stretch | Nothing | Refusal]:
        """Yield what one version of a workload is the last to tell."""
        try:
            moment_of(workload)
            story = stories[_identity(workload)]
            stays = [stay for stay in story.stays if stay.position == position]
            if position == story.latest:
                self._tell_gap(workload, story)
            if not stays:
                last = position == story.latest and not story.stays
                yield Nothing("never-admitted" if last else "older")
            for stay in stays:
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
        if end == stay.since:
            yield Nothing("no-time")
            return
        resources = self._odd.resources
        found = tuple(stretches_of(workload, stay, end, resources, self._said.cluster))
        if not found:
            yield Nothing("no-devices")
        yield from found

    def _tell_gap(self, workload: KubeObject, story: _Story) -> None:
        """Keep how far the admissions of a workload are from what Kueue has added up."""
        if gap := story.past_gap():
            metadata = part_of(workload.value, "metadata")
            name = f"{text_of(metadata, 'namespace')}/{text_of(metadata, 'name')}"
            self._gaps[f"{name} ({text_of(metadata, 'uid')})"] = gap

    def _index(self) -> dict[bytes, _Story]:
        """Return what all versions of each workload say of its admissions."""
        if self._stories is not None:
            return self._stories
        stories: dict[bytes, _Story] = {}
        for position, found in enumerate(kube_objects(self._stream)):
            if isinstance(found, Refusal) or found.kind != "Workload":
                continue
            try:
                moment = moment_of(found)
                stories.setdefault(_identity(found), _Story()).add(moment, position)
            except InputError:
                continue  # told by the pass that reads it
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
