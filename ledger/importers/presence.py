"""Presence is what the samples of one device stand for: stretches of time, and how busy it was.

A sample stands until the next one if that comes within two steps, and else for one step; what is
left is a gap, which nothing fills. Stretches are cut at UTC midnights. A device takes a few bytes a
day and stretch, however many samples there are.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["DAY_MS", "ONE", "DayCover", "Gaps", "Presence", "cover_of"]

DAY_MS: Final = 86_400_000
_LENGTHS_MAX: Final = 1_000  # lengths of gaps that are counted apart
ONE: Final = 10**9
"""A share of one, in the unit in which values are added up: billionths."""


@dataclass(frozen=True, slots=True)
class DayCover:
    """What samples stand for on one UTC day.

    Attributes:
        start_ms: First instant, milliseconds since the epoch.
        stop_ms: First instant after the last.
        covered_ms: Time that they stand for; where they overlap, once.
        overlap_ms: Time for which more than one of them stands.
        gaps: Gaps between the first and the last instant.
        longest_ms: Longest of them.
    """

    start_ms: int
    stop_ms: int
    covered_ms: int
    overlap_ms: int
    gaps: int
    longest_ms: int


class Gaps:
    """Distances between samples that are too long, over a whole file."""

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self.uncovered_ms = 0
        self.longest_ms = 0
        self._lengths = Counter[int]()

    @property
    def usual(self) -> tuple[int, int]:
        """The distance that most of them have, in milliseconds, and how many have it."""
        return max(self._lengths.items(), key=lambda item: (item[1], -item[0]), default=(0, 0))

    def add(self, distance: int, step: int) -> None:
        """Count the distance between two samples, in milliseconds."""
        self.count += 1
        if distance in self._lengths or len(self._lengths) < _LENGTHS_MAX:
            self._lengths[distance] += 1
        self.uncovered_ms += distance - step
        self.longest_ms = max(self.longest_ms, distance)


class Presence:
    """The samples of one figure of one device, taken in one by one."""

    __slots__ = ("_busy", "_gaps", "_stretches", "_valued", "last_ms", "samples", "step", "value")

    def __init__(self, step: int, gaps: Gaps) -> None:
        """Begin without a sample.

        Args:
            step: Milliseconds from one sample to the next, above zero.
            gaps: Where gaps are counted.
        """
        self.step = step
        self.samples = 0
        self.last_ms = -1
        self.value: int | None = None
        self._gaps = gaps
        self._stretches: dict[int, array[int]] = {}
        self._busy: dict[int, int] = {}
        self._valued: dict[int, int] = {}

    def add(self, time_ms: int, value: int | None) -> bool:
        """Take in a sample; return whether it says anything new.

        Args:
            time_ms: When it was taken, milliseconds since the epoch.
            value: The share of one in billionths, or None where it states none.
        """
        last = self.last_ms
        if time_ms == last:
            return False
        if last >= 0:
            distance = time_ms - last
            if 0 < distance <= 2 * self.step:
                self._hold(last, time_ms)
            else:
                self._hold(last, last + self.step)
                if distance > 0:
                    self._gaps.add(distance, self.step)
        self.last_ms, self.value = time_ms, value
        self.samples += 1
        return True

    def extend(self, times_ms: Sequence[int], values: Sequence[int | None]) -> int:
        """Take in many samples; return how many of them say nothing new.

        Args:
            times_ms: When each was taken, milliseconds since the epoch.
            values: The share of one of each in billionths, or None where it states none.
        """
        limit, repeated, singly = 2 * self.step, 0, 0
        last = begun = self.last_ms
        value = self.value
        midnight = busy = valued = 0
        for time_ms, share in zip(times_ms, values, strict=True):
            distance = time_ms - last
            # Nearly all samples come within two steps of the last, and on its day.
            if 0 < distance <= limit and time_ms < midnight:
                if value is not None:
                    busy += value * distance
                    valued += distance
                last, value = time_ms, share
                continue
            self._catch_up(begun, (last, value), busy, valued)
            repeated += not self.add(time_ms, share)
            singly += 1
            last, value = self.last_ms, self.value
            midnight = (last // DAY_MS + 1) * DAY_MS
            begun, busy, valued = last, 0, 0
        self._catch_up(begun, (last, value), busy, valued)
        self.samples += len(times_ms) - singly
        return repeated

    def close(self) -> None:
        """Let the last sample stand for its step; there is no sample after it."""
        if self.last_ms >= 0:
            self._hold(self.last_ms, self.last_ms + self.step)
            self.last_ms = -1

    def days(self) -> list[int]:
        """Return the days with samples, counted from the epoch, in order."""
        return sorted(self._stretches)

    def stretches(self, day: int) -> Sequence[int]:
        """Return first and last instants of the stretches of a day, one after the other."""
        return self._stretches.get(day, ())

    def busy(self, day: int) -> tuple[int, int]:
        """Return billionths of milliseconds busy on a day, and the milliseconds of that figure."""
        return self._busy.get(day, 0), self._valued.get(day, 0)

    def _catch_up(self, begun: int, held: tuple[int, int | None], busy: int, valued: int) -> None:
        """Keep what samples of one day stand for, and hold the last of them."""
        self.last_ms, self.value = held
        if begun < self.last_ms:
            self._keep(begun, self.last_ms, busy, valued)

    def _hold(self, start: int, stop: int) -> None:
        """Let the held value stand from one instant to another."""
        while start < stop:
            end = min(stop, (start // DAY_MS + 1) * DAY_MS)
            valued = 0 if self.value is None else end - start
            self._keep(start, end, valued * (self.value or 0), valued)
            start = end

    def _keep(self, start: int, end: int, busy: int, valued: int) -> None:
        """Keep a stretch of one day.

        Args:
            start: Its first instant.
            end: Its end, on the same day or the midnight after it.
            busy: Billionths of milliseconds busy in it.
            valued: Milliseconds of it for which that is known.
        """
        day = start // DAY_MS
        found = self._stretches.get(day)
        if found is None:
            self._stretches[day] = array("q", (start, end))
        elif found[-1] == start:
            found[-1] = end
        else:
            found.extend((start, end))
        if valued:
            self._busy[day] = self._busy.get(day, 0) + busy
            self._valued[day] = self._valued.get(day, 0) + valued


def cover_of(several: Iterable[Sequence[int]]) -> DayCover | None:
    """Return what stretches of one day cover together, or None if there are none.

    Args:
        several: First and last instants of stretches, one after the other, in any order.
    """
    pairs = sorted(pair for stretches in several for pair in _pairs(stretches))
    if not pairs:
        return None
    start, stop = pairs[0]
    first, covered, gaps, longest = start, 0, 0, 0
    for begin, end in pairs[1:]:
        if begin > stop:
            covered += stop - start
            gaps += 1
            longest = max(longest, begin - stop)
            start, stop = begin, end
        else:
            stop = max(stop, end)
    covered += stop - start
    total = sum(end - begin for begin, end in pairs)
    return DayCover(first, stop, covered, total - covered, gaps, longest)


def _pairs(stretches: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield stretches as pairs."""
    each = iter(stretches)
    yield from zip(each, each, strict=True)
