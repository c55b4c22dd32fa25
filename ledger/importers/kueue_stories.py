"""Stories are what all versions of each workload in a file say of its admissions.

They take little memory, however many workloads there are: the versions lie in a temporary file,
from which they are read workload by workload, and what they tell is read in the order of the file.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final

from ledger.importers.kueue_workload import Moment, Stay
from ledger.importers.scratch import Scratch

__all__ = ["Stories", "Told"]

_SLACK_S: Final = 2  # each end of an admission is rounded to a second
_WAITING_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What one version of a workload is the last to tell.

    Attributes:
        position: Place of the version in the file.
        stays: Admissions that no later version tells more of.
        gap: Seconds that Kueue counts more, or fewer, than the admissions that ended; zero for all
            versions but the last.
        never: Whether it is the last version, and no version tells of an admission.
    """

    position: int
    stays: tuple[Stay, ...]
    gap: int
    never: bool


class _Story:
    """What all versions of one workload say of its admissions.

    Attributes:
        stays: In their order.
        past_s: Seconds of past admissions, as Kueue has added them up; None if it has not.
    """

    __slots__ = ("past_s", "stays")

    def __init__(self) -> None:
        """Begin with no version."""
        self.stays: list[Stay] = []
        self.past_s: int | None = None

    def add(self, moment: Moment, position: int) -> None:
        """Take in one more version."""
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


class Stories:
    """The stories of one file."""

    def __init__(self) -> None:
        """Begin with none."""
        columns = "workload BLOB, position INTEGER, moment TEXT, PRIMARY KEY (workload, position)"
        self._moments = Scratch(f"moments ({columns}) WITHOUT ROWID")
        self._told = Scratch("told (position INTEGER PRIMARY KEY, story TEXT)")
        self._waiting: list[tuple[Any, ...]] = []

    def add(self, workload: bytes, position: int, moment: Moment) -> None:
        """Take in one version.

        Args:
            workload: What tells it from every other.
            position: Place in the file.
            moment: What it says.
        """
        times = _text(moment.admitted), _text(moment.ended)
        said = json.dumps([*times, moment.past_s, moment.doubt])
        self._waiting.append((workload, position, said))
        if len(self._waiting) >= _WAITING_MAX:
            self._move()

    def settle(self) -> None:
        """Tell every story; there are no more versions."""
        self._move()
        self._told.put("INSERT INTO told VALUES (?, ?)", self._all_told())
        self._moments.close()

    def told(self) -> Iterator[Told]:
        """Yield what the versions tell, in the order of the file."""
        for position, story in self._told.rows("SELECT position, story FROM told ORDER BY 1"):
            stays, gap, never = json.loads(story)
            yield Told(position, tuple(_stay(position, *stay) for stay in stays), gap, never)

    def _move(self) -> None:
        """Move what waits to the file."""
        self._moments.put("INSERT INTO moments VALUES (?, ?, ?)", self._waiting)
        self._waiting.clear()

    def _all_told(self) -> Iterator[tuple[int, str]]:
        """Yield place and text of what each version tells."""
        versions = self._moments.rows("SELECT * FROM moments ORDER BY workload, position")
        for _, rows in groupby(versions, key=lambda row: row[0]):
            story, positions = _Story(), list[int]()
            for _, position, said in rows:
                admitted, ended, past_s, doubt = json.loads(said)
                story.add(Moment(_time(admitted), _time(ended), past_s, doubt), position)
                positions.append(position)
            for position in positions:
                latest = position == positions[-1]
                stays = [
                    (_text(s.since), _text(s.ended), s.doubt)
                    for s in story.stays
                    if s.position == position
                ]
                gap = story.past_gap() if latest else 0
                yield position, json.dumps([stays, gap, latest and not story.stays])


def _stay(position: int, since: str, ended: str | None, doubt: str) -> Stay:
    """Return an admission as it is told."""
    stay = Stay(datetime.fromisoformat(since), position)
    stay.ended, stay.doubt = _time(ended), doubt
    return stay


def _text(time: datetime | None) -> str | None:
    """Return a time as it is kept."""
    return None if time is None else time.isoformat()


def _time(text: str | None) -> datetime | None:
    """Return a time that was kept."""
    return None if text is None else datetime.fromisoformat(text)
