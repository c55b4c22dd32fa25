"""A truth table tries every way the facts could be, to see which conditions can hold together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product
from typing import Final, TypeAlias

from ledger.regime.counting import Reading
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Choice,
    Comparison,
    Condition,
    Exists,
    Member,
    Not,
)
from ledger.regime.name import reading_named

__all__ = ["WORLDS_MAX", "Atom", "World", "always_or_never", "described", "uncovered"]

# A table of more worlds than this says more about the rule than any table could.
WORLDS_MAX: Final = 20_000

# What a condition rests on: a name, two numbers compared, or a test of a set, taken as it stands.
Atom: TypeAlias = "str | tuple[object, object] | AnyOf | Member | Exists"
World: TypeAlias = Mapping[Atom, object]

_HOLDS: Final[Mapping[str, frozenset[str]]] = {
    "gt": frozenset({">"}),
    "ge": frozenset({">", "="}),
    "lt": frozenset({"<"}),
    "le": frozenset({"<", "="}),
}


def uncovered(
    arms: Sequence[Choice], readings: Mapping[str, Reading]
) -> tuple[World | None, World | None] | None:
    """Look for a world in which no case of a choose holds, and one in which two do.

    Args:
        arms: The arms of the choose.
        readings: Readings of the file; exactly one alternative of each is chosen.

    Returns:
        (a world without a case, a world with two cases), each None if there is none; or None when
        there are too many worlds to try.
    """
    none: World | None = None
    two: World | None = None
    worlds = _worlds([arm.case for arm in arms], readings)
    if worlds is None:
        return None
    for world in worlds:
        holding = sum(_holds(arm.case, world) for arm in arms)
        if holding == 0 and none is None:
            none = world
        if holding > 1 and two is None:
            two = world
    return none, two


def always_or_never(condition: Condition, readings: Mapping[str, Reading]) -> bool | None:
    """Return True or False for a condition that is so in every world, None for one that varies.

    A condition with too many worlds to try also gives None.
    """
    worlds = _worlds([condition], readings)
    if worlds is None:
        return None
    seen = {_holds(condition, world) for world in worlds}
    return seen.pop() if len(seen) == 1 else None


def described(world: World) -> str:
    """Return a world in words, for a message."""
    parts = []
    for atom, value in world.items():
        if isinstance(atom, tuple):
            parts.append(f"{_short(atom[0])} {value} {_short(atom[1])}")
        elif isinstance(atom, str) and atom.startswith("reading:"):
            parts.append(f"{atom}={value}")
        else:
            parts.append(f"{_short(atom)} is {'yes' if value else 'no'}")
    return ", ".join(parts) or "any"


def _short(value: object) -> str:
    """Return a number or test as short text."""
    if isinstance(value, str):
        return value
    if isinstance(value, AnyOf | Member):
        return f"{value.operator} of {value.fact}"
    return str(getattr(value, "operator", value))


def _worlds(
    conditions: Sequence[Condition], readings: Mapping[str, Reading]
) -> Iterator[World] | None:
    """Return every combination of what the conditions rest on, or None when there are too many."""
    atoms = list(dict.fromkeys(atom for item in conditions for atom in _atoms(item)))
    domains = [_domain(atom, readings) for atom in atoms]
    size = 1
    for domain in domains:
        size *= len(domain)
    if size > WORLDS_MAX:
        return None
    combinations = product(*domains)
    return (dict(zip(atoms, values, strict=True)) for values in islice(combinations, size))


def _domain(atom: Atom, readings: Mapping[str, Reading]) -> tuple[object, ...]:
    """Return what an atom can be."""
    if isinstance(atom, tuple):
        return ("<", "=", ">")
    if isinstance(atom, str) and atom.startswith("reading:"):
        return tuple(readings[atom.removeprefix("reading:")].alternatives)
    return (True, False)


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


def _holds(condition: Condition, world: World) -> bool:
    """Return whether a condition holds in a world."""
    match condition:
        case str() if condition.startswith("reading:"):
            reading, _, alternative = condition.partition("=")
            return world[reading] == alternative
        case Comparison():
            return world[condition.left, condition.right] in _HOLDS[condition.operator]
        case All() | Any():
            every = all if isinstance(condition, All) else any
            return every(_holds(item, world) for item in condition.items)
        case Not():
            return not _holds(condition.item, world)
        case _:
            return bool(world[condition])
