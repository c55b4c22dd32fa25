"""A parting is a way the facts could be in which two conditions do not say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final, TypeAlias

from ledger.regime.counting import Reading
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Comparison,
    Condition,
    Exists,
    Member,
    Not,
    Number,
)
from ledger.regime.name import reading_named
from ledger.regime.trace import Truth

__all__ = ["WORLDS_MAX", "Atom", "Parting", "World", "holds", "parting"]

# A table of more worlds than this says more about the rule than any table could.
WORLDS_MAX: Final = 20_000

# What a condition rests on: a name, two numbers compared, or a test of a set, taken as it stands.
Atom: TypeAlias = "str | tuple[Number, Number] | AnyOf | Member | Exists"
World: TypeAlias = Mapping[Atom, object]

_HOLDS: Final[Mapping[str, frozenset[str]]] = {
    "gt": frozenset({">"}),
    "ge": frozenset({">", "="}),
    "lt": frozenset({"<"}),
    "le": frozenset({"<", "="}),
}


@dataclass(frozen=True, slots=True)
class Parting:
    """Where two conditions part.

    Attributes:
        tried: Whether every world was tried; False when there are too many.
        world: A world in which they do not say the same; None if there is none.
    """

    tried: bool
    world: World | None


def parting(
    first: Condition, second: Condition, readings: Mapping[str, Reading], *, known: bool
) -> Parting:
    """Look for a world in which two conditions do not say the same.

    What the conditions rest on is taken as independent: a name, two numbers compared, a test.

    Args:
        first: One condition.
        second: The other.
        readings: Readings that either of them names.
        known: Whether everything is known; else each thing can also be unknown, as in Kleene's
            logic.
    """
    worlds = _worlds([first, second], readings, unknown=not known)
    if worlds is None:
        return Parting(tried=False, world=None)
    found = (world for world in worlds if holds(first, world) is not holds(second, world))
    return Parting(tried=True, world=next(found, None))


def holds(condition: Condition, world: World) -> Truth:
    """Return whether a condition holds in a world; None where what is unknown leaves it open."""
    match condition:
        case str() if condition.startswith("reading:"):
            reading, _, alternative = condition.partition("=")
            return world[reading] == alternative
        case Comparison():
            order = world[condition.left, condition.right]
            return None if order is None else order in _HOLDS[condition.operator]
        case All() | Any():
            decisive = isinstance(condition, Any)
            found = {holds(item, world) for item in condition.items}
            return decisive if decisive in found else None if None in found else not decisive
        case Not():
            inner = holds(condition.item, world)
            return None if inner is None else not inner
        case _:
            value = world[condition]
            return None if value is None else bool(value)


def _worlds(
    conditions: Sequence[Condition], readings: Mapping[str, Reading], *, unknown: bool = False
) -> Iterator[World] | None:
    """Return every combination of what the conditions rest on, or None when there are too many."""
    atoms = list(dict.fromkeys(atom for item in conditions for atom in _atoms(item)))
    domains = [_domain(atom, readings, unknown=unknown) for atom in atoms]
    size = 1
    for domain in domains:
        size *= len(domain)
    if size > WORLDS_MAX:
        return None
    combinations = product(*domains)
    return (dict(zip(atoms, values, strict=True)) for values in islice(combinations, size))


def _domain(atom: Atom, readings: Mapping[str, Reading], *, unknown: bool) -> tuple[object, ...]:
    """Return what an atom can be; a reading is chosen and never unknown."""
    if isinstance(atom, str) and atom.startswith("reading:"):
        return tuple(readings[atom.removeprefix("reading:")].alternatives)
    sure: tuple[object, ...] = ("<", "=", ">") if isinstance(atom, tuple) else (True, False)
    return (*sure, None) if unknown else sure


def _atoms(condition: Condition) -> Iterator[Atom]:
    """Yield what a condition rests on."""
    match condition:
        case str():
            reading = reading_named(condition)
            yield condition if reading is None else f"reading:{reading[0]}"
        case Comparison():
            yield (condition.left, condition.right)
        case All() | Any():
            for item in condition.items:
                yield from _atoms(item)
        case Not():
            yield from _atoms(condition.item)
        case _:
            yield condition
