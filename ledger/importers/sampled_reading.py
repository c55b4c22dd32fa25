"""A sampled reading turns the samples of a file into device time a day, with its gaps stated.

The file is gone through once. What is kept of it is small: stretches and sums by device and day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError, LedgerError, MissingError, Problem
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Given, Map, Words, given_to
from ledger.importers.presence import ONE, Gaps, Presence
from ledger.importers.problem_list import ProblemList
from ledger.importers.promised import Promised
from ledger.importers.sampled_day import Device, days_of
from ledger.importers.sampled_legs import DayMaker, Maker
from ledger.importers.sampled_series import Sample, Samples, step_of, step_setting
from ledger.importers.unmapped import Unmapped
from ledger.journeys.importing import Reading
from ledger.record import Draft

__all__ = ["SampledReader", "SampledSaid"]

_DISTANCES: Final = 10_000  # distances from which the step is told
_BUFFER: Final = 500_000  # samples held until then
_DAYS_MAX: Final = 2_000_000
_ODD_VALUES: Final = {
    "beyond": "state more than the figure can be",
    "unreadable": "state no number of zero or more",
}
_ROLES: Final = ("corroborating", "primary")


@dataclass(frozen=True, slots=True)
class SampledSaid:
    """What the caller says of a file of samples.

    Attributes:
        model: Model of every device that no map is about, or None.
        role: ``corroborating``, or ``primary`` where nothing else records the time.
        step: Milliseconds from one sample to the next, or None to take the median.
    """

    model: str | None
    role: str
    step: int | None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> SampledSaid:
        """Read the settings.

        Raises:
            InputError: If one has a value that means nothing.
        """
        role, step = held_time.word_setting(settings, "role", _ROLES), settings.get("step")
        return cls(settings.get("model"), role, None if step is None else step_setting(step))


class SampledReader:
    """Reads one file of samples."""

    def __init__(
        self,
        stream: LineStream,
        said: SampledSaid,
        catalogue: Catalogue,
        mapping: Map | None,
        maker: Maker,
    ) -> None:
        """Name what is read, and how.

        Args:
            stream: The file, for its name and digest.
            said: What the caller says.
            catalogue: The devices.
            mapping: What the words of the file mean, or None.
            maker: Whose records they are.
        """
        self._stream = stream
        self._said = said
        self._map = mapping
        self._path = str(stream.path)
        self._problems = ProblemList(self._path)
        self._gaps = Gaps()
        self._odd: Counter[str] = Counter()
        self._presences: list[Presence | None] = []
        self._maker = DayMaker(maker, catalogue, mapping, said.role)

    def reading(self, source: Samples) -> Reading:
        """Take in every sample, and promise the records."""
        try:
            step = self._take_in(source)
        except LedgerError as error:
            self._problems.add(held_time.refusal(self._path, error))
            return Reading((), self._problems.all(), 0, refused=self._problems.refused)
        devices = self._devices(source)
        chosen, runs = self._chosen(devices)
        self._tell(step, source, devices)
        promised = Promised(lambda: self._drafts(chosen))
        return Reading(promised, self._problems.all(), runs, refused=self._problems.refused)

    def _take_in(self, source: Samples) -> int:
        """Take in the samples and return the step."""
        samples = source.samples()
        step, waiting = self._said.step, list[Sample]()
        if step is None:
            waiting, distances = self._first(samples)
            if not waiting:
                self._refuse_empty()
            step = step_of(distances)
        for sample in waiting:
            self._add(sample, source, step)
        seen = bool(waiting)
        for found in samples:
            if isinstance(found, InputError):
                self._refuse(found)
            else:
                self._add(found, source, step)
                seen = True
        if not seen:
            self._refuse_empty()
        for presence in self._presences:
            if presence is not None:
                presence.close()
        return step

    def _first(self, samples: Iterator[Sample | InputError]) -> tuple[list[Sample], list[int]]:
        """Return the first samples and the distances between those of one series."""
        waiting, distances, last = list[Sample](), list[int](), dict[int, int]()
        for found in samples:
            if isinstance(found, InputError):
                self._refuse(found)
                continue
            waiting.append(found)
            distance = found.time_ms - last.get(found.series, found.time_ms)
            last[found.series] = found.time_ms
            if distance > 0:
                distances.append(distance)
            if len(distances) >= _DISTANCES or len(waiting) >= _BUFFER:
                break
        return waiting, distances

    def _add(self, sample: Sample, source: Samples, step: int) -> None:
        """Take in one sample."""
        number, time_ms, value = sample
        while len(self._presences) <= number:
            self._presences.append(None)
        presence = self._presences[number]
        if presence is None:
            presence = self._presences[number] = Presence(step, self._gaps)
        full = source.series[number].full
        if value is not None and value > full * ONE:
            self._odd["beyond"] += 1
            value = None
        elif value is None:
            self._odd["unreadable"] += 1
        share = None if value is None else value // full
        if not presence.add(time_ms, share):
            self._odd["repeated"] += 1

    def _refuse(self, error: InputError) -> None:
        """Tell that a line makes no sample."""
        self._problems.add(held_time.refusal(self._path, error))

    def _refuse_empty(self) -> None:
        """Refuse a file without a sample of a figure that is known."""
        raise MissingError(
            "the file holds no sample of a figure that says that a device is there",
            remedy="export DCGM_FI_PROF_GR_ENGINE_ACTIVE, DCGM_FI_DEV_GPU_UTIL or their like",
        )

    def _devices(self, source: Samples) -> list[Device]:
        """Return what was seen of each device and day, whatever the figures."""
        seen: dict[Words, dict[str, Presence]] = {}
        for series, presence in zip(source.series, self._presences, strict=False):
            if presence is not None:
                seen.setdefault(series.words, {})[series.figure] = presence
        return [Device(words, figures, source.said(words)) for words, figures in seen.items()]

    def _chosen(self, devices: list[Device]) -> tuple[list[tuple[Device, Given]], int]:
        """Return the devices of which a model is known, and how many runs they make."""
        chosen, runs = list[tuple[Device, Given]](), set[str]()
        unmapped = Unmapped("devices", self._maker.maker.told_apart, self._map)
        whole = self._maker.seen_in_slices(devices)
        for device in devices:
            if device in whole:
                continue
            try:
                found = device.agreed(lambda c: given_to(self._map, c, self._said.model))
                if found is None:
                    unmapped.add(device.columns, None, device.covered_ms * 1000)
                    continue
                runs |= {str(draft.body["run"]) for draft in self._checked(device, found)}
            except LedgerError as error:
                self._refuse_device(device, error)
                continue
            chosen.append((device, found))
        for _, doubt in unmapped.findings():
            self._finding(doubt.code, doubt.message, doubt.remedy)
        for device in whole:
            name = device.name
            message = f"{name} is seen whole and in slices at once: the whole one is not recorded"
            self._finding("slices", message, "query either the devices or their slices")
        return chosen, len(runs)

    def _checked(self, device: Device, given: Given) -> list[Draft]:
        """Return the records of a device, to check them before any is written."""
        return list(self._maker.drafts(device, given, self._stream.sha256))

    def _drafts(self, chosen: list[tuple[Device, Given]]) -> Iterator[Draft]:
        """Yield the records of the devices of which a model is known."""
        for device, given in chosen:
            yield from self._maker.drafts(device, given, self._stream.sha256)

    def _refuse_device(self, device: Device, error: LedgerError) -> None:
        """Tell that a device makes no record."""
        where = held_time.refusal(self._path, error)
        message = f"{device.name}: {error.message}"
        self._problems.add(Problem(self._path, None, where.code, message, where.remedy))

    def _tell(self, step: int, source: Samples, devices: list[Device]) -> None:
        """Tell what was read and what is odd about it."""
        for code, message, remedy in self._maker.doubts():
            self._finding(code, message, remedy)
        for severity, code, message, remedy in source.remarks():
            told = Problem(self._path, None, code, message, remedy, severity=severity)
            self._problems.add(told)
        samples = sum(p.samples for p in self._presences if p is not None)
        gaps = self._gaps
        if 2 * gaps.count > samples:
            message = f"most samples are further apart than two steps of {_seconds(step)} s"
            self._finding("step", message, "say the step of the query: --set step=30s")
        for code, what in _ODD_VALUES.items():
            if number := self._odd[code]:
                message = f"{number:,} samples {what}: their figure is left out, their time is not"
                self._finding(code, message, "look at the exporter")
        for name, hours in _shared(devices):
            message = f"{name} is seen under several labels at once for {hours} hours: that time "
            self._finding("shared", message + "counts more than once", "is it time-sliced?")
        of = "stated" if self._said.step is not None else "the median distance of the first samples"
        parts = [
            f"samples: {samples:,} of {len(devices):,} devices and labels",
            f"step: {_seconds(step)} s ({of})",
            f"gaps, longer than two steps: {gaps.count:,}",
            f"not covered: {_hours(gaps.uncovered_ms)} hours",
            f"longest gap: {_seconds(gaps.longest_ms)} s",
        ]
        if self._odd["repeated"]:
            parts.append(f"samples that repeat another: {self._odd['repeated']:,}")
        self._problems.note("read", "; ".join(parts))

    def _finding(self, code: str, message: str, remedy: str) -> None:
        """Tell something that somebody must look at."""
        self._problems.finding(None, code, message, remedy)


def _shared(devices: list[Device]) -> Iterator[tuple[str, str]]:
    """Yield the devices seen under several labels at once, with the hours of it."""
    for several in days_of(devices):
        overlap = several.overlap_ms
        if overlap:
            yield several.name, _hours(overlap)


def _seconds(milliseconds: int) -> str:
    """Return milliseconds in seconds, with all digits."""
    whole, rest = divmod(milliseconds, 1000)
    return f"{whole:,}" + (f".{rest:03d}".rstrip("0") if rest else "")


def _hours(milliseconds: int) -> str:
    """Return milliseconds in hours, with three decimals, cut off."""
    whole, rest = divmod(milliseconds, 3_600_000)
    return f"{whole:,}.{rest * 1000 // 3_600_000:03d}"
