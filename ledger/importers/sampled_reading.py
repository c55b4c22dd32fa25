"""A sampled reading turns the samples of a file into device time a day, with its gaps stated.

The file is gone through once. What is kept of it is small: stretches and sums by device and day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import InputError, LedgerError, Problem
from ledger.hardware import Catalogue
from ledger.importers import held_time
from ledger.importers.line_stream import LineStream
from ledger.importers.mapping import Given, Map, Words, given_to
from ledger.importers.presence import Presence
from ledger.importers.problem_list import ProblemList
from ledger.importers.promised import Promised
from ledger.importers.sampled_day import Device, days_of
from ledger.importers.sampled_intake import Intake
from ledger.importers.sampled_legs import DayMaker, Maker
from ledger.importers.sampled_series import Samples, step_setting
from ledger.importers.unmapped import Unmapped
from ledger.journeys.importing import Reading
from ledger.record.draft import Draft

__all__ = ["SampledReader", "SampledSaid"]

_ODD_VALUES: Final = {
    "beyond": "state more than the figure can be",
    "unreadable": "state no number of zero or more",
}
_ALIKE: Final = 5  # gaps of one length that are no chance
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
        self._maker = DayMaker(maker, catalogue, mapping, said.role)

    def reading(self, source: Samples) -> Reading:
        """Take in every sample, and promise the records."""
        intake = Intake(source, self._said.step)
        try:
            step = intake.run(self._refuse)
        except LedgerError as error:
            self._problems.add(held_time.refusal(self._path, error))
            return Reading((), self._problems.all(), 0, refused=self._problems.refused)
        devices = _devices(source, intake)
        chosen, runs = self._chosen(devices)
        self._tell(step, source, devices, intake)
        promised = Promised(lambda: self._drafts(chosen))
        return Reading(promised, self._problems.all(), runs, refused=self._problems.refused)

    def _refuse(self, error: InputError) -> None:
        """Tell that a line makes no sample."""
        self._problems.add(held_time.refusal(self._path, error))

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

    def _tell(self, step: int, source: Samples, devices: list[Device], intake: Intake) -> None:
        """Tell what was read and what is odd about it."""
        for code, message, remedy in self._maker.doubts():
            self._finding(code, message, remedy)
        for severity, code, message, remedy in source.remarks():
            told = Problem(self._path, None, code, message, remedy, severity=severity)
            self._problems.add(told)
        samples = sum(p.samples for p in intake.presences if p is not None)
        gaps = intake.gaps
        if 2 * gaps.count > samples:
            message = f"most samples are further apart than two steps of {_seconds(step)} s"
            self._finding("step", message, "say the step of the query: --set step=30s")
        length, alike = gaps.usual
        if alike >= _ALIKE and 2 * alike > gaps.count and 2 * gaps.count <= samples:
            lost = _hours(alike * (length - step))
            message = f"{alike:,} of {gaps.count:,} gaps are {_seconds(length)} s long each, as if "
            message += f"samples were taken at another distance for a time: {lost} hours in them "
            message += "are not counted"
            remedy = "query each time with its own step, or say the longer one: --set step="
            self._finding("step-changes", message, f"{remedy}{_seconds(length).replace(',', '')}s")
        for code, what in _ODD_VALUES.items():
            if number := intake.odd[code]:
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
        if intake.odd["repeated"]:
            parts.append(f"samples that repeat another: {intake.odd['repeated']:,}")
        self._problems.note("read", "; ".join(parts))

    def _finding(self, code: str, message: str, remedy: str) -> None:
        """Tell something that somebody must look at."""
        self._problems.finding(None, code, message, remedy)


def _devices(source: Samples, intake: Intake) -> list[Device]:
    """Return what was seen of each device and day, whatever the figures."""
    seen: dict[Words, dict[str, Presence]] = {}
    for series, presence in zip(source.series, intake.presences, strict=False):
        if presence is not None:
            seen.setdefault(series.words, {})[series.figure] = presence
    return [Device(words, figures, source.said(words)) for words, figures in seen.items()]


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
