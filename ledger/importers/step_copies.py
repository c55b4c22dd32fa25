"""Step copies: logs of one import that tell of the same work under several names.

Each rank of a run may write a log of its own, and each tells of the whole run. When nobody says
that they are one run, all but one are recorded as corroborating, so that they never add. Which one
adds follows from how the logs begin and what they are called, unless the ledger holds one already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, cast

from ledger.canonical import JSON
from ledger.journeys.copies import Copies, Side, repeat_problem
from ledger.journeys.importing import Reading
from ledger.period import epoch_ms, parse_instant
from ledger.record.draft import Draft

__all__ = ["adds", "corroborate", "corroborated", "moment", "near"]

_CLOSE: Final = 100  # ranks time their steps apart by far less than one part in a hundred


@dataclass(frozen=True, slots=True)
class _Work:
    """What a log tells of.

    Attributes:
        devices: Thousandths of devices, or None.
        first: Steps before its first.
        last: Its last step.
        steps: How many it tells of.
        begin: Milliseconds since 1970, or None.
        end: Likewise.
        busy_ms: Time that its steps took.
        operations: What they came to, or None.
    """

    devices: JSON
    first: int
    last: int
    steps: int
    begin: int | None
    end: int | None
    busy_ms: int
    operations: int | None

    @classmethod
    def of(cls, drafts: Sequence[Draft]) -> _Work:
        """Add up the records of a log, of which there is one at least."""
        bodies = [draft.body for draft in drafts]
        inputs = [cast("Mapping[str, JSON]", body["method_inputs"]) for body in bodies]
        ends = [(_whole(each, "last_step"), _whole(each, "steps")) for each in inputs]
        figures = [body["operations"] or body["operations_low"] for body in bodies]
        known = [int(str(figure)) for figure in figures if figure is not None]
        dated = all(body["start"] is not None for body in bodies)
        return cls(
            devices=bodies[0]["milli_devices"],
            first=min(last - steps for last, steps in ends),
            last=max(last for last, _ in ends),
            steps=sum(steps for _, steps in ends),
            begin=min(moment(body, "start") for body in bodies) if dated else None,
            end=max(moment(body, "end") for body in bodies) if dated else None,
            busy_ms=sum(_whole(each, "step_time_ms") for each in inputs),
            operations=sum(known) if len(known) == len(figures) else None,
        )

    def repeats(self, other: _Work) -> bool:
        """Return whether it is most of the same steps, at the same time on as many devices."""
        if self.devices != other.devices or (self.begin is None) != (other.begin is None):
            return False
        common = min(self.last, other.last) - max(self.first, other.first)
        if 2 * common < max(self.last - self.first, other.last - other.first):
            return False
        if not near(self.busy_ms * other.steps, other.busy_ms * self.steps):
            return False
        rates = (self.operations or 0) * other.steps, (other.operations or 0) * self.steps
        if None not in {self.operations, other.operations} and not near(*rates):
            return False
        if self.begin is None or other.begin is None or self.end is None or other.end is None:
            return self.first == other.first  # else it may be the work of a later start
        both = min(self.end, other.end) - max(self.begin, other.begin)
        return 2 * both >= max(self.end - self.begin, other.end - other.begin)


def corroborate(readings: Sequence[Reading], names: Sequence[str]) -> list[Reading]:
    """Return the readings in their order, corroborating all but one of those that copy each other.

    The one that adds carries which others copy it, for a ledger in which another adds already.

    Args:
        readings: One a log.
        names: The logs, as many.
    """
    works = [_Work.of(drafts) if (drafts := tuple(r.drafts)) else None for r in readings]
    told = [(place, work) for place, work in enumerate(works) if work is not None]
    # All of it stays as it is when the logs have grown by the next import.
    told.sort(key=lambda each: (each[1].first, each[1].begin or 0, names[each[0]]))
    groups: list[list[tuple[int, _Work]]] = []
    for place, work in told:
        group = next((g for g in groups if work.repeats(g[0][1])), None)
        if group is None:
            groups.append([(place, work)])
        else:
            # A log that lost half of its lines cannot speak for the run.
            group.insert(0 if work.steps >= 2 * group[0][1].steps else 1, (place, work))
    found = list(readings)
    for (first, _), *copies in groups:
        for place, _ in copies:
            found[place] = corroborated(readings[place], names[place], names[first])
        if copies and adds(readings[first]):
            places = (first, *(place for place, _ in copies))
            sides = tuple(Side.of(names[place], readings[place].drafts) for place in places)
            found[first] = replace(readings[first], copies=(Copies(sides),))
    return found


def adds(reading: Reading) -> bool:
    """Return whether a record of a reading adds: the caller may have said that none does."""
    return any(draft.body["role"] == "primary" for draft in reading.drafts)


def near(one: int, other: int) -> bool:
    """Return whether two amounts differ by no more than one part in a hundred."""
    return abs(one - other) * _CLOSE <= max(one, other)


def _whole(inputs: Mapping[str, JSON], name: str) -> int:
    """Return a whole number among the inputs."""
    return int(str(inputs[name]))


def moment(body: Mapping[str, JSON], name: str) -> int:
    """Return one end of a dated record, milliseconds since 1970."""
    return epoch_ms(parse_instant(str(body[name]))) + int(str(body[f"{name}_ms"]))


def corroborated(reading: Reading, name: str, twin: str) -> Reading:
    """Return a reading whose records never add, and the finding that says so.

    Args:
        reading: Of a log.
        name: The log.
        twin: What tells of the same, and adds.
    """
    told = repeat_problem(name, twin)
    drafts = tuple(reading.drafts)
    copies = tuple(replace(draft, body={**draft.body, "role": "corroborating"}) for draft in drafts)
    return replace(reading, drafts=copies, told=None, problems=(*reading.problems, told))
