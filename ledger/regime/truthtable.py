"""A truth table tries every way the facts could be, to see which conditions can hold together.

A world answers every question that the conditions ask. Comparisons of the same things answer
together: what is above 10^26 is above 10^25. What cannot be looked into, such as an operator that
is not known here, may hold or not. So a table can hold worlds that never come about, and it never
leaves out one that could: what is the same in all of them is so whatever the facts are.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final, Self, TypeAlias

from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Comparison,
    Condition,
    Member,
    Mul,
    Not,
)
from ledger.regime.name import reading_named
from ledger.regime.premises import Premises
from ledger.regime.term import Axis, Division, Sign
from ledger.regime.unknowns import Flag, Option, Scale, Unknown
from ledger.regime.vocabulary import Fact

__all__ = ["WORLDS_MAX", "Table", "World"]

# A table of more worlds than this says more about the rule than any table could.
WORLDS_MAX: Final = 20_000

World: TypeAlias = Mapping[Unknown, Hashable]
Test: TypeAlias = Mapping[Unknown, frozenset[Hashable]]
"""When a condition without parts holds: when one of these has one of these answers."""

_HOLDS: Final[Mapping[str, frozenset[Sign]]] = {
    "gt": frozenset({">"}),
    "ge": frozenset({">", "="}),
    "lt": frozenset({"<"}),
    "le": frozenset({"<", "="}),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The worlds in which some conditions are tried.

    Attributes:
        tests: For each condition without parts, by its key: when it holds, or its truth if it
            comes out alike whatever the facts are.
        unknowns: What the conditions ask, each once.
    """

    tests: Mapping[str, Test | bool]
    unknowns: tuple[Unknown, ...]

    @classmethod
    def of(cls, conditions: Sequence[Condition], premises: Premises) -> Self | None:
        """Make the table of some conditions, or None when there are too many worlds to try."""
        leaves = {_key(leaf): leaf for each in conditions for leaf in _leaves(each)}
        scales = _scales(leaves.values(), premises)
        lists = _lists(leaves.values(), premises)
        tests = {key: _test(leaf, premises, scales, lists) for key, leaf in leaves.items()}
        asked = (one for test in tests.values() if not isinstance(test, bool) for one in test)
        unknowns = tuple(dict.fromkeys(asked))
        size = prod(len(unknown.answers) for unknown in unknowns)
        return None if size > WORLDS_MAX else cls(tests, unknowns)

    def worlds(self) -> Iterator[World]:
        """Yield every world."""
        for answers in product(*(unknown.answers for unknown in self.unknowns)):
            yield dict(zip(self.unknowns, answers, strict=True))

    def holds(self, condition: Condition, world: World) -> bool:
        """Return whether a condition of the table holds in a world."""
        match condition:
            case All():
                return all(self.holds(item, world) for item in condition.items)
            case Any():
                return any(self.holds(item, world) for item in condition.items)
            case Not():
                return not self.holds(condition.item, world)
            case _:
                test = self.tests[_key(condition)]
                if isinstance(test, bool):
                    return test
                return any(world[unknown] in answers for unknown, answers in test.items())

    def constant(self, condition: Condition) -> bool | None:
        """Return True or False for a condition that is so in every world, None if it varies."""
        seen = set[bool]()
        for world in self.worlds():
            seen.add(self.holds(condition, world))
            if len(seen) > 1:
                return None
        return seen.pop()

    def told(self, world: World) -> str:
        """Return a world in words, for a message."""
        return ", ".join(unknown.told(world[unknown]) for unknown in self.unknowns) or "any"


def _leaves(condition: Condition) -> Iterator[Condition]:
    """Yield the conditions without parts, in the order of the file."""
    match condition:
        case All() | Any():
            for item in condition.items:
                yield from _leaves(item)
        case Not():
            yield from _leaves(condition.item)
        case _:
            yield condition


def _key(leaf: Condition) -> str:
    """Return what tells a condition without parts from every other one."""
    return leaf if isinstance(leaf, str) else repr(leaf)


def _scales(leaves: Iterable[Condition], premises: Premises) -> Mapping[Axis, Scale]:
    """Return every axis that comparisons divide."""
    found: dict[Axis, list[tuple[str, str, Division]]] = {}
    for leaf in leaves:
        if isinstance(leaf, Comparison) and leaf.operator in _HOLDS:
            division = premises.division(leaf)
            if isinstance(division, Division):
                told = (_short(leaf.left), _short(leaf.right), division)
                found.setdefault(division.axis, []).append(told)
    return {
        axis: Scale(
            axis,
            tuple(sorted({division.at for _, _, division in compared})),
            bounded=all(division.bounded for _, _, division in compared),
            vanishing=any(division.vanishing for _, _, division in compared),
            compared=tuple(compared),
        )
        for axis, compared in found.items()
    }


def _lists(
    leaves: Iterable[Condition], premises: Premises
) -> Mapping[str, tuple[frozenset[str], ...]]:
    """Return the lists of values that the tests of each fact name, each once."""
    found: dict[str, list[frozenset[str]]] = {}
    for leaf in leaves:
        named = premises.values(leaf)
        if named is not None:
            found.setdefault(named[0], []).append(named[1])
    return {fact: tuple(dict.fromkeys(lists)) for fact, lists in found.items()}


def _test(
    leaf: Condition,
    premises: Premises,
    scales: Mapping[Axis, Scale],
    lists: Mapping[str, tuple[frozenset[str], ...]],
) -> Test | bool:
    """Return when a condition without parts holds."""
    named = premises.values(leaf)
    if named is not None:
        return _among(*named, lists[named[0]], premises.facts.get(named[0]))
    if isinstance(leaf, Comparison) and leaf.operator in _HOLDS:
        wanted, division = _HOLDS[leaf.operator], premises.division(leaf)
        if not isinstance(division, Division):
            return division in wanted
        scale = scales[division.axis]
        held = (answer for answer in scale.answers if scale.sign(division, answer) in wanted)
        return {scale: frozenset(held)}
    chosen = reading_named(leaf) if isinstance(leaf, str) else None
    if chosen is not None and chosen[0] in premises.readings:
        alternatives = (*premises.readings[chosen[0]].alternatives,)
        return {Option(f"reading:{chosen[0]}", alternatives): frozenset({chosen[1]})}
    return {Flag(_key(leaf), _short(leaf)): frozenset({True})}


def _among(
    name: str, values: frozenset[str], lists: tuple[frozenset[str], ...], fact: Fact | None
) -> Test:
    """Return when a fact has one of some values, told apart only as far as its lists do."""
    listed = sorted(frozenset().union(*lists))
    alike: dict[tuple[bool, ...], list[str]] = {}
    for value in listed if fact is None or fact.values is None else fact.values:
        alike.setdefault(tuple(value in each for each in lists), []).append(value)
    if fact is not None and fact.type in {"enum", "text"}:
        answers: list[str | None] = [members[0] for members in alike.values()]
        option = Option(name, (*answers, *([] if fact.values is not None else [None])))
        return {option: frozenset(answer for answer in answers if answer in values)}
    groups = [members for members in alike.values() if members[0] in values]
    return {
        Flag(f"{name} {members}", f"{name} with {' or '.join(members)}"): frozenset({True})
        for members in groups
    }


def _short(value: object) -> str:
    """Return a number or a condition as short text."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mul):
        return " × ".join(_short(factor) for factor in value.factors)
    if isinstance(value, AnyOf | Member):
        return f"{value.operator} of {value.fact}"
    return str(getattr(value, "operator", type(value).__name__))
