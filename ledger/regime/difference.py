"""A difference is where two rule files part: standing, figures, what is counted, rules, cases.

Models are walked by their fields, so that whatever the rule language comes to hold is compared
without a word of it here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, TypeVar

from ledger.regime.case import Case
from ledger.regime.cased import CasedRegime
from ledger.regime.counting import Counting
from ledger.regime.expression import AnyOf, Comparison, Member
from ledger.regime.gist import gist
from ledger.regime.likeness import Likeness, likenesses
from ledger.regime.operator import Operator
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.source import ParameterValue

__all__ = ["CaseChange", "Change", "Difference", "Kind", "ValueChange", "changes", "difference"]

Kind: TypeAlias = Literal["added", "removed", "changed", "moved"]
T = TypeVar("T")

# A statement is one thing said; a change inside it is shown as the statement before and after.
_STATEMENTS: Final = (Comparison, AnyOf, Member)
# What is spelt out part by part when it is new or gone.
_LARGE: Final = (Rule, Counting)


@dataclass(frozen=True, slots=True)
class Change:
    """One place in which two files differ.

    Attributes:
        place: Path inside the file, such as ``rules.above.when.all[0]``.
        kind: ``added``, ``removed``, ``changed``, or ``moved`` for another order of the same.
        old: What stood there, in words; None if nothing did.
        new: What stands there; None if nothing does.
    """

    place: str
    kind: Kind
    old: str | None
    new: str | None

    @property
    def section(self) -> str:
        """The part of the file in which it is."""
        return self.place.partition(".")[0].partition("[")[0]

    def is_of(self, rule: str) -> bool:
        """Return whether it is of a rule, and not of one whose id begins with that of the rule."""
        whole = f"rules.{rule}"
        return self.place.startswith(whole) and self.place[len(whole) :][:1] in {"", ".", "["}


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One value of a parameter that is new, gone or otherwise.

    Attributes:
        parameter: Id of the parameter.
        old: The value before; None if it is new.
        new: The value after; None if it is gone.
    """

    parameter: str
    old: ParameterValue | None
    new: ParameterValue | None

    @property
    def changed(self) -> tuple[str, ...]:
        """Keys that say something else; empty for a value that is new or gone."""
        if self.old is None or self.new is None:
            return ()
        return tuple(
            info.alias or name
            for name, info in ParameterValue.model_fields.items()
            if getattr(self.old, name) != getattr(self.new, name)
        )


@dataclass(frozen=True, slots=True)
class CaseChange:
    """A case that is new, gone or otherwise.

    Attributes:
        name: Its name.
        kind: What happened to it.
    """

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two regimes of one id part.

    Attributes:
        old: The one.
        new: The other.
        changes: Everything but values of parameters and cases, in the order of the file.
        values: Values of parameters.
        cases: Cases.
        likenesses: What became of each condition that is written otherwise.
    """

    old: CasedRegime
    new: CasedRegime
    changes: tuple[Change, ...]
    values: tuple[ValueChange, ...]
    cases: tuple[CaseChange, ...]
    likenesses: tuple[Likeness, ...]

    @property
    def of_law(self) -> bool:
        """Whether anything but the cases differs."""
        return bool(self.changes or self.values)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return self.of_law or bool(self.cases)


def difference(old: CasedRegime, new: CasedRegime) -> Difference:
    """Compare two regimes.

    Args:
        old: The one.
        new: The other, of the same id or not.
    """
    found: list[Change] = []
    for name, info in CasedRegime.model_fields.items():
        if name not in {"parameters", "cases"}:
            key = info.alias or name
            found += changes(getattr(old, name), getattr(new, name), key)
        elif name == "parameters":
            found += _parameters(old, new)
    values = tuple(_values(old, new))
    return Difference(
        old,
        new,
        tuple(found),
        values,
        tuple(_cases(old.cases, new.cases)),
        tuple(likenesses(old, new, _meaning_changed(found, values))),
    )


def changes(old: object, new: object, place: str) -> Iterator[Change]:
    """Yield every place below two values in which they differ.

    Args:
        old: A node, a mapping, a list or a scalar.
        new: The same of the other file.
        place: Path of both.
    """
    if old == new and type(old) is type(new):
        return
    if old is None or new is None:
        yield from _lone(old, new, place)
    elif isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(old, new, place)
    elif isinstance(old, tuple | list) and isinstance(new, tuple | list):
        yield from _lists(old, new, place)
    elif isinstance(old, Node) and type(old) is type(new) and not isinstance(old, _STATEMENTS):
        for name, info in type(old).model_fields.items():
            inner = f"{place}.{info.alias or name}"
            yield from changes(getattr(old, name), getattr(new, name), inner)
    else:
        yield _changed(old, new, place)


def _changed(old: object, new: object, place: str) -> Change:
    """Return a change of one thing into another; what reads alike is given key by key."""
    before, after = gist(old), gist(new)
    if before == after:
        before, after = repr(old), repr(new)
    return Change(place, "changed", before, after)


def _lone(old: object, new: object, place: str) -> Iterator[Change]:
    """Yield what stands in one of the files only."""
    held = new if old is None else old
    if isinstance(held, _LARGE):
        for name, info in type(held).model_fields.items():
            value = getattr(held, name)
            inner = f"{place}.{info.alias or name}"
            for key, part in value.items() if isinstance(value, dict) else ((None, value),):
                where = inner if key is None else f"{inner}.{key}"
                if part not in (None, (), {}):
                    yield _one_sided(part, where, new=old is None)
        return
    yield _one_sided(held, place, new=old is None)


def _one_sided(held: object, place: str, *, new: bool) -> Change:
    """Return a thing that stands in one of the files only."""
    if new:
        return Change(place, "added", None, gist(held))
    return Change(place, "removed", gist(held), None)


def _mappings(old: Mapping[str, object], new: Mapping[str, object], place: str) -> Iterator[Change]:
    """Yield where two mappings differ; their order says nothing."""
    for key in dict.fromkeys((*old, *new)):
        yield from changes(old.get(key), new.get(key), f"{place}.{key}")


def _lists(old: Sequence[object], new: Sequence[object], place: str) -> Iterator[Change]:
    """Yield where two lists differ: item by item where they have names, else by what is left."""
    ours, theirs = _named(old), _named(new)
    if ours is not None and theirs is not None:
        yield from _mappings(ours, theirs, place)
        yield from _order([k for k in ours if k in theirs], [k for k in theirs if k in ours], place)
        return
    gone, come = _left_over(old, new)
    for before, after in _paired(gone, come):
        if before is None:
            assert after is not None, "a pair has at least one side"
            yield from _lone(None, after[1], f"{place}[{_index(after, new)}]")
            continue
        where = f"{place}[{_index(before, old)}]"
        if after is None:
            yield from _lone(before[1], None, where)
        else:
            yield from changes(before[1], after[1], where)
    if not gone and not come:
        yield from _order([gist(item) for item in old], [gist(item) for item in new], place)


def _order(old: Sequence[str], new: Sequence[str], place: str) -> Iterator[Change]:
    """Yield that the same things stand in another order."""
    if list(old) != list(new):
        yield Change(place, "moved", ", ".join(old), ", ".join(new))


_Place: TypeAlias = tuple[int, T]


def _left_over(old: Sequence[T], new: Sequence[T]) -> tuple[list[_Place[T]], list[_Place[T]]]:
    """Return what remains of two lists, with places, once each equal pair is taken away."""
    come = list(enumerate(new))
    gone: list[_Place[T]] = []
    for place in enumerate(old):
        same = next((other for other in come if other[1] == place[1]), None)
        if same is None:
            gone.append(place)
        else:
            come.remove(same)
    return gone, come


def _paired(
    gone: Sequence[_Place[T]], come: Sequence[_Place[T]]
) -> Iterator[tuple[_Place[T] | None, _Place[T] | None]]:
    """Pair what left with what came: what is labelled alike first, then in order."""
    left, pairs = list(come), dict[int, _Place[T]]()
    for by_label in (True, False):
        for before in gone:
            if before[0] in pairs:
                continue
            alike = (
                after
                for after in left
                if _pairs(before[1], after[1])
                and (not by_label or _label(before[1]) == _label(after[1]))
            )
            found = next(alike, None)
            if found is not None:
                pairs[before[0]] = found
                left.remove(found)
    for before in gone:
        yield before, pairs.get(before[0])
    for after in left:
        yield None, after


def _pairs(old: object, new: object) -> bool:
    """Return whether one can be the other, changed; a word of a list is itself or gone."""
    if isinstance(old, Operator) or isinstance(new, Operator):
        return True
    return isinstance(old, Node | dict) and type(old) is type(new)


def _named(items: Sequence[object]) -> dict[str, object] | None:
    """Return a list as a mapping if each item has a name of its own."""
    names = [_name(item) for item in items]
    if None in names or len(set(names)) != len(names):
        return None
    return dict(zip((str(name) for name in names), items, strict=True))


def _name(item: object) -> str | None:
    """Return the name by which an item of a list is known for good, or None."""
    held = item.get("id", item.get("name")) if isinstance(item, dict) else getattr(item, "id", None)
    return held if isinstance(held, str) else None


def _label(item: object) -> str | None:
    """Return what an item of a list is mostly told apart by, or None."""
    for name in ("event", "stance", "from_", "on"):
        held = getattr(item, name, None)
        if held is not None:
            return str(held)
    return None


def _index(place: _Place[object], items: Sequence[object]) -> str:
    """Return the place of an item in its list: its label if no other has it, else its number."""
    label = _label(place[1])
    alone = Counter(_label(item) for item in items)[label] == 1
    return label if label is not None and alone else str(place[0])


def _parameters(old: CasedRegime, new: CasedRegime) -> Iterator[Change]:
    """Yield what differs of parameters beside their values."""
    for name in dict.fromkeys((*old.parameters, *new.parameters)):
        place = f"parameters.{name}"
        before, after = old.parameters.get(name), new.parameters.get(name)
        if before is None or after is None:
            held = before or after
            assert held is not None, "the name is one of the two files'"
            yield _one_sided(f"a figure of {held.dimension}", place, new=before is None)
        else:
            empty = {"values": ()}
            yield from changes(
                before.model_copy(update=empty), after.model_copy(update=empty), place
            )


def _values(old: CasedRegime, new: CasedRegime) -> Iterator[ValueChange]:
    """Yield the values of parameters that are new, gone or otherwise."""
    for name in dict.fromkeys((*old.parameters, *new.parameters)):
        before, after = (
            () if (held := side.parameters.get(name)) is None else held.values
            for side in (old, new)
        )
        gone, come = _left_over(before, after)
        for one, other in _paired(gone, come):
            sides = (None if side is None else side[1] for side in (one, other))
            yield ValueChange(name, *sides)


def _cases(old: Sequence[Case], new: Sequence[Case]) -> Iterator[CaseChange]:
    """Yield the cases that are new, gone or otherwise."""
    gone, come = _left_over(old, new)
    before, after = ([case.name for _, case in left] for left in (gone, come))
    for name in dict.fromkeys((*before, *after)):
        kind: Kind = "removed" if name not in after else "changed" if name in before else "added"
        yield CaseChange(name, kind)


def _meaning_changed(found: Sequence[Change], values: Sequence[ValueChange]) -> frozenset[str]:
    """Return the names that mean something else: parameters, sets, counting sets, rules."""
    names = {value.parameter for value in values}
    for change in found:
        family, _, rest = change.place.partition(".")
        name = rest.partition(".")[0]
        if family in {"parameters", "sets", "counting"}:
            names.add(name)
        elif family == "rules":
            names.add(f"rule:{name}")
    return frozenset(names)
