"""An intake takes in the samples of a file: it settles their step, and fills the presences.

Samples are taken in many at a time, series by series. The order within each series stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Final

from ledger.errors import InputError, MissingError
from ledger.importers.presence import ONE, Gaps, Presence
from ledger.importers.sampled_series import Burst, Sample, Samples, step_of

__all__ = ["Intake"]

_DISTANCES: Final = 10_000  # distances from which the step is told
_BUFFER: Final = 500_000  # samples held until then
_POURED: Final = 50_000  # single samples held until they are taken in together

Found = Sample | Burst


class Intake:
    """What the samples of one file stand for.

    Attributes:
        presences: By number of the series; None where it has no sample.
        gaps: Distances between samples that are too long.
        odd: How many samples state what they cannot, or repeat another.
    """

    def __init__(self, source: Samples, step: int | None) -> None:
        """Name the file, and the step if somebody said it, in milliseconds."""
        self._source = source
        self._step = step
        self.presences: list[Presence | None] = []
        self.gaps = Gaps()
        self.odd: Counter[str] = Counter()

    def run(self, refuse: Callable[[InputError], None]) -> int:
        """Take in every sample and return the step.

        Args:
            refuse: Told what makes no sample.

        Raises:
            MissingError: If there is no sample of a figure that is known.
            InputError: If the file cannot be read, or its step cannot be told.
        """
        samples = self._source.samples()
        waiting = list[Found]()
        if self._step is None:
            waiting, distances = _first(samples, refuse)
            if waiting:
                self._step = step_of(distances)
        self._take_in(chain(waiting, samples), refuse)
        if self._step is None or not self.presences:
            raise MissingError(
                "the file holds no sample of a figure that says that a device is there",
                remedy="export DCGM_FI_PROF_GR_ENGINE_ACTIVE, DCGM_FI_DEV_GPU_UTIL or their like",
            )
        for presence in self.presences:
            if presence is not None:
                presence.close()
        return self._step

    def _take_in(
        self, samples: Iterator[Found | InputError], refuse: Callable[[InputError], None]
    ) -> None:
        """Take in samples: bursts as they are, and single ones many at a time."""
        singles = dict[int, tuple[list[int], list[int | None]]]()
        held = 0
        for found in samples:
            if isinstance(found, Sample):
                number, time_ms, value = found
                if number not in singles:
                    singles[number] = [], []
                times, values = singles[number]
                times.append(time_ms)
                values.append(value)
                held += 1
                if held >= _POURED:
                    self._pour(singles)
                    held = 0
            elif isinstance(found, Burst):
                self._pour(singles)
                self._add(*found)
            else:
                refuse(found)
        self._pour(singles)

    def _pour(self, singles: dict[int, tuple[list[int], list[int | None]]]) -> None:
        """Take in what was held of each series."""
        for number, (times, values) in singles.items():
            self._add(number, times, values)
        singles.clear()

    def _add(self, number: int, times_ms: Sequence[int], values: Sequence[int | None]) -> None:
        """Take in samples of one series."""
        while len(self.presences) <= number:
            self.presences.append(None)
        presence = self.presences[number]
        if presence is None:
            assert self._step is not None
            presence = self.presences[number] = Presence(self._step, self.gaps)
        full = self._source.series[number].full
        shares = list(values)
        if any(value is None or value > full * ONE for value in values):
            shares = [None if v is None or v > full * ONE else v for v in values]
            unreadable = values.count(None)
            self.odd["unreadable"] += unreadable
            self.odd["beyond"] += shares.count(None) - unreadable
        if full > 1:
            shares = [None if share is None else share // full for share in shares]
        self.odd["repeated"] += presence.extend(times_ms, shares)


def _first(
    samples: Iterator[Found | InputError], refuse: Callable[[InputError], None]
) -> tuple[list[Found], list[int]]:
    """Return the first samples, and the distances between those of one series."""
    waiting, distances, last = list[Found](), list[int](), dict[int, int]()
    held = 0
    for found in samples:
        if isinstance(found, InputError):
            refuse(found)
            continue
        waiting.append(found)
        for time_ms in (found.time_ms,) if isinstance(found, Sample) else found.times_ms:
            held += 1
            distance = time_ms - last.get(found.series, time_ms)
            last[found.series] = time_ms
            if distance > 0:
                distances.append(distance)
            if len(distances) >= _DISTANCES or held >= _BUFFER:
                return waiting, distances
    return waiting, distances
