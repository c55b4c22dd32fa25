"""Copies are tellings of the same work in one import: one adds, and it is the one that did before.

What stands in the ledger was told on another day, when fewer logs were there, or shorter ones. So
the importer says which tellings are of the same work, and the ledger says which of them adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias

from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import Problem
from ledger.log import Appended, Row
from ledger.log.wholes import is_empty
from ledger.record.draft import Draft
from ledger.record.whole import Whole

__all__ = ["SAME_STEPS", "Copies", "Settled", "Side", "repeat_problem", "settle"]

SAME_STEPS: Final = "tells of the same steps at the same time as"
"""Words for what logs are to each other of which the steps were compared."""

_NAMED_MAX: Final = 8  # entries that a finding names

Key: TypeAlias = tuple[str, ...]
Place: TypeAlias = Literal["primary", "corroborating", "emptied", "left out"]
"""What becomes of a thing that a side tells of."""


@dataclass(frozen=True, slots=True)
class Side:
    """One telling.

    Attributes:
        name: The log, as a finding names it.
        things: Keys of the wholes that its records are legs of.
    """

    name: str
    things: frozenset[Key]

    @classmethod
    def of(cls, name: str, drafts: Iterable[Draft]) -> Side:
        """Return the side of a log with these records, each a leg of a whole."""
        return cls(name, frozenset(d.whole.key for d in drafts if d.whole is not None))


@dataclass(frozen=True, slots=True)
class Copies:
    """Tellings of the same work.

    Attributes:
        sides: At least two. The first adds where the ledger holds nothing of any; the others are
            read as corroborating.
        likeness: What each is to the one that adds; it stands between their names.
    """

    sides: tuple[Side, ...]
    likeness: str = SAME_STEPS


class Rows(Protocol):
    """Where entries are read by their numbers: a store."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield the entries [start, stop) that exist, in order."""


class Settled(NamedTuple):
    """What becomes of an import.

    Attributes:
        told: What is to be appended, in the order of the import.
        withdrawn: Findings of the importer that are not true beside the ledger.
        problems: Those that take their place.
    """

    told: tuple[Draft | Whole, ...]
    withdrawn: frozenset[Problem]
    problems: tuple[Problem, ...]


class _Held(NamedTuple):
    """What the ledger holds as adding of a thing.

    Attributes:
        seqs: Numbers of the entries; none if all of them were emptied.
        final: Whether one of those is final.
    """

    seqs: tuple[int, ...]
    final: bool


def repeat_problem(name: str, twin: str, likeness: str = SAME_STEPS) -> Problem:
    """Return the finding for a log whose records never add.

    Args:
        name: The log.
        twin: What tells of the same, and adds.
        likeness: What it is to that.
    """
    return Problem(
        name,
        None,
        "ranks-repeat",
        f"it {likeness} {twin}: recorded as corroborating",
        "write --set run=NAME if these are logs of one run; if they are not, import each by itself",
        "finding",
        "each rank tells of the whole run: adding them counts it many times",
    )


def settle(
    groups: Sequence[Copies],
    told: Sequence[Draft | Whole],
    preview: Callable[[Sequence[Draft]], Appended],
    rows: Rows | None,
) -> Settled:
    """Say what of an import is to be appended, so that no work adds twice beside the ledger.

    Args:
        groups: Which tellings are of the same work.
        told: All that the import tells, with the roles that it has in an empty ledger.
        preview: Says what the ledger would make of drafts.
        rows: The store; without it, whatever stands against a draft is taken to add and be final.
    """
    drafts = [found for found in told if isinstance(found, Draft) and found.whole is not None]
    asking = _Asking(drafts, preview, rows)
    held, places = asking.against("corroborating"), dict[Key, Place]()
    withdrawn, problems = set[Problem](), list[Problem]()
    for group in groups:
        choice = _Choice(group, held, places)
        if not choice.is_plain():
            withdrawn.update(_plain(group))
            problems += choice.problems()
            problems += _short(choice, asking)
        choice.place(places)
    return Settled(tuple(_placed(told, places)), frozenset(withdrawn), tuple(problems))


class _Asking:
    """Asks the ledger what it holds of the drafts of an import."""

    def __init__(
        self,
        drafts: Sequence[Draft],
        preview: Callable[[Sequence[Draft]], Appended],
        rows: Rows | None,
    ) -> None:
        """Name the drafts, each a leg of a whole, and whom to ask."""
        self.drafts = drafts
        self._preview = preview
        self._rows = rows

    def against(self, role: str) -> dict[Key, _Held]:
        """Return what the ledger holds with another role than this, by thing."""
        mine = [_turned(draft, role) for draft in self.drafts]
        found: dict[Key, _Held] = {}
        for conflict in self._preview(mine).conflicts:
            whole = mine[conflict.draft_index].whole
            assert whole is not None, "each is a leg of a whole"
            held = found.get(whole.key, _Held((), final=False))
            body = self._body(conflict.seq)
            if body is None:
                found[whole.key] = _Held((*held.seqs, conflict.seq), final=True)
            elif body["role"] != role and is_empty(body):
                found[whole.key] = held
            elif body["role"] != role:
                final = held.final or body["status"] == "final"
                found[whole.key] = _Held((*held.seqs, conflict.seq), final)
        return found

    def device_us(self, side: Side) -> int | None:
        """Return the time that a side tells of, device-microseconds; None if any is not known."""
        return _sum(body["device_us"] for body in self._bodies(side))

    def steps(self, side: Side) -> int | None:
        """Return the steps that a side tells of; None if it does not say."""
        inputs = (body["method_inputs"] for body in self._bodies(side))
        return _sum(each.get("steps") if isinstance(each, Mapping) else None for each in inputs)

    def runs(self, *sides: Side) -> list[str]:
        """Return the runs that sides tell of."""
        return sorted({str(body["run"]) for side in sides for body in self._bodies(side)})

    def _bodies(self, side: Side) -> Iterator[Mapping[str, JSON]]:
        """Yield the bodies of the drafts of a side."""
        for draft in self.drafts:
            if draft.whole is not None and draft.whole.key in side.things:
                yield draft.body

    def _body(self, seq: int) -> Mapping[str, JSON] | None:
        """Return the body of an entry, or None if nobody can be asked."""
        rows = () if self._rows is None else self._rows.read(seq, seq + 1)
        return next((Entry.parse(row.bytes).body for row in rows), None)


class _Choice:
    """Which side of a group adds: one that adds already, and of several one that is final."""

    def __init__(
        self, group: Copies, held: Mapping[Key, _Held], places: Mapping[Key, Place]
    ) -> None:
        """Choose.

        Args:
            group: The group.
            held: What the ledger holds as adding.
            places: What is settled already of sides that several groups share.
        """
        self.group = group
        self.held = {
            side: [held[t] for t in sorted(side.things) if t in held and _adds(t, places)]
            for side in group.sides
        }
        self._by_thing = held
        adding = [side for side in group.sides if self.seqs(side)]
        self.ended = [s for s in adding if any(each.final for each in self.held[s])]
        self.first = (*self.ended, *adding, *group.sides)[0]
        self.others = [side for side in group.sides if side is not self.first]

    def seqs(self, side: Side) -> list[int]:
        """Return the entries of a side that add."""
        return sorted(seq for each in self.held[side] for seq in each.seqs)

    def is_plain(self) -> bool:
        """Return whether it is as the importer says."""
        return self.first is self.group.sides[0] and not any(self.held[s] for s in self.others)

    def place(self, places: dict[Key, Place]) -> None:
        """Say what becomes of each thing: what adds no more is emptied, but if it is final."""
        twice = len(self.ended) > 1
        if twice or self.first is not self.group.sides[0]:
            for thing in self.first.things:
                places.setdefault(thing, "left out" if twice else "primary")
        for thing in (thing for side in self.others for thing in side.things):
            if _adds(thing, places):
                held = self._by_thing.get(thing)
                after: Place = "corroborating" if held is None else "emptied"
                places[thing] = "left out" if held is not None and held.final else after

    def problems(self) -> Iterator[Problem]:
        """Yield the findings for the sides that do not add."""
        adds, name = self.seqs(self.first), self.first.name
        for side in self.others:
            told = repeat_problem(side.name, name, self.group.likeness)
            like, seqs = f"it {self.group.likeness} {name}", self.seqs(side)
            if side in self.ended:
                yield _both(told, like, adds, seqs)
            elif seqs:
                message = f"{like}, and added as well, as {_named(seqs)}: replaced by records "
                yield replace(told, message=message + "that hold nothing")
            elif self.held[side]:
                yield replace(told, message=f"{like}: its records hold nothing, and stay so")
            elif adds:
                message = f"{like}, which adds already as {_named(adds)}: recorded as corroborating"
                yield replace(told, message=message)
            else:
                yield told


def _adds(thing: Key, places: Mapping[Key, Place]) -> bool:
    """Return whether no other group has settled that a thing does not add."""
    return places.get(thing, "primary") == "primary"


def _both(told: Problem, like: str, adds: Sequence[int], seqs: Sequence[int]) -> Problem:
    """Return the finding for a side that adds beside another one, and is final like that."""
    return replace(
        told,
        message=f"{like}, which adds as {_named(adds)}; this adds as well, as {_named(seqs)}, and "
        "both are final: the time counts twice, and no new record of either is appended",
        remedy=f"record a reversal of {_named(seqs)} with `flopledger record`, and read the logs "
        "again; if they are not of one run, import each by itself",
    )


def _short(choice: _Choice, asking: _Asking) -> Iterator[Problem]:
    """Yield the finding if what adds tells of no more than half of what else would add."""
    first, best = choice.first, choice.group.sides[0]
    held, told = asking.device_us(first), asking.device_us(best)
    if held is None or told is None:
        held, told = asking.steps(first), asking.steps(best)
    if first is best or held is None or told is None or 2 * held > told:
        return
    runs = " and ".join(f"`flopledger show run:{run}`" for run in asking.runs(first, best))
    yield Problem(
        first.name,
        None,
        "ranks-short",
        f"it adds already, and tells of no more than half of what {best.name} tells of: the rest "
        "does not count",
        f"record a reversal of each entry that {runs} lists, and read the logs again",
        "finding",
        "which of two logs adds is not turned over without being asked",
    )


def _plain(group: Copies) -> Iterator[Problem]:
    """Yield the findings of an importer that has not asked the ledger."""
    first, *others = group.sides
    return (repeat_problem(side.name, first.name, group.likeness) for side in others)


def _placed(told: Iterable[Draft | Whole], places: Mapping[Key, Place]) -> Iterator[Draft | Whole]:
    """Yield what is to be appended of what is told."""
    emptied: set[Key] = set()
    for found in told:
        whole = found.whole if isinstance(found, Draft) else None
        if whole is None or whole.key not in places:
            yield found
            continue
        place = places[whole.key]
        if place == "emptied" and whole.key not in emptied:
            emptied.add(whole.key)
            yield whole
        elif isinstance(found, Draft) and place in {"primary", "corroborating"}:
            yield _turned(found, place)


def _turned(draft: Draft, role: str) -> Draft:
    """Return a draft with a role."""
    return replace(draft, body={**draft.body, "role": role})


def _sum(amounts: Iterable[JSON]) -> int | None:
    """Return the sum of amounts; None if one is not known."""
    told = list(amounts)
    return None if None in told else sum(int(str(each)) for each in told)


def _named(seqs: Sequence[int]) -> str:
    """Return the numbers of entries in words."""
    shown = ", ".join(str(seq) for seq in seqs[:_NAMED_MAX])
    more = len(seqs) - _NAMED_MAX
    noun = "entry" if len(seqs) == 1 else "entries"
    return f"{noun} {shown}" + (f" and {more:,} more" if more > 0 else "")
