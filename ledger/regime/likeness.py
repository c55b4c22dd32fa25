"""A likeness says whether two conditions say the same, or shows facts on which they part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_origin

from ledger.regime.counting import Reading
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Comparison,
    Condition,
    Expression,
    Ge,
    Gt,
    Le,
    Lt,
    Mul,
    Not,
    Number,
)
from ledger.regime.logic import World, holds, parting
from ledger.regime.model import Regime
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.trace import Truth
from ledger.regime.words import in_words

__all__ = ["Answer", "Likeness", "likenesses"]

Answer: TypeAlias = Literal["equivalent", "equivalent_when_known", "differs", "not_tried"]

_MIRROR: Final[Mapping[type[Comparison], type[Gt | Ge | Lt | Le]]] = {
    Gt: Lt,
    Lt: Gt,
    Ge: Le,
    Le: Ge,
}
_SAID: Final[Mapping[object, str]] = {True: "yes", False: "no", None: "unknown"}
_ORDER: Final[Mapping[object, str]] = {
    "<": "is less than",
    "=": "equals",
    ">": "exceeds",
    None: "is not known beside",
}


@dataclass(frozen=True, slots=True)
class Likeness:
    """What became of one condition of a rule.

    Attributes:
        rule: Id of the rule.
        place: Path inside the rule, such as ``scope`` or ``unless.narrow``.
        answer: ``equivalent``: the two say the same, whatever is unknown.
            ``equivalent_when_known``: they part only while something is unknown. ``differs``: they
            part. ``not_tried``: there are too many combinations to try.
        witness: Facts and comparisons on which they part, in words; empty if they do not.
        old: What the old condition says there.
        new: What the new one says there.
        changed: Names in either that mean something else than before; the answer takes them as
            the same.
    """

    rule: str
    place: str
    answer: Answer
    witness: tuple[str, ...]
    old: Truth
    new: Truth
    changed: tuple[str, ...]


def likenesses(old: Regime, new: Regime, changed: frozenset[str]) -> Iterator[Likeness]:
    """Compare the conditions, written otherwise, of the rules that two regimes share.

    Facts are taken as independent of each other, and so are comparisons of different numbers.

    Args:
        old: One regime.
        new: The other.
        changed: Names of parameters, sets and counting sets, and of rules as ``rule:id``, that
            mean something else in the other regime.
    """
    readings = {**old.readings, **new.readings}
    for rule in old.rules:
        other = new.rule(rule.id)
        if other is None:
            continue
        ours, theirs = dict(_conditions(rule)), dict(_conditions(other))
        for place in dict.fromkeys((*ours, *theirs)):
            first, second = ours.get(place), theirs.get(place)
            lone = place != "scope" and (first is None or second is None)
            if lone or first == second:
                continue
            found = _liken(_settled(first, rule), _settled(second, other), readings)
            named = _named(first, rule) | _named(second, other)
            choice = rule.choose is not None or other.choose is not None
            answer = found[0]
            if choice and place == "when" and answer == "equivalent":
                # An open choose between like arms is decided, an open any of them is not.
                answer = "equivalent_when_known"
            yield Likeness(rule.id, place, answer, *found[1:], tuple(sorted(named & changed)))


def _conditions(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Yield the conditions of a rule; the cases of a choose as the one condition they make."""
    if rule.scope is not None:
        yield "scope", rule.scope
    if rule.when is not None:
        yield "when", rule.when
    if rule.choose is not None:
        yield "when", Any(items=tuple(All(items=(arm.case, arm.then)) for arm in rule.choose))
    for item in rule.unless:
        yield f"unless.{item.id}", item.when
    for duty in rule.obligations:
        if duty.when is not None:
            yield f"obligations.{duty.id}.when", duty.when


def _liken(
    first: Condition, second: Condition, readings: Mapping[str, Reading]
) -> tuple[Answer, tuple[str, ...], Truth, Truth]:
    """Return whether two conditions say the same, and if not where and what they say there."""
    sure = parting(first, second, readings, known=True)
    if not sure.tried:
        return "not_tried", (), None, None
    if sure.world is not None:
        told = _pruned(first, second, sure.world)
        return "differs", *_witness(first, second, sure.world, told)
    open_ = parting(first, second, readings, known=False)
    if not open_.tried:
        return "equivalent_when_known", (), None, None
    if open_.world is not None:
        return "equivalent_when_known", *_witness(first, second, open_.world, open_.world)
    return "equivalent", (), None, None


def _pruned(first: Condition, second: Condition, world: World) -> World:
    """Return a world with nothing in it that does not matter for what either condition says."""
    said, kept = (holds(first, world), holds(second, world)), dict(world)
    for atom in world:
        if isinstance(atom, str) and atom.startswith("reading:"):
            continue
        without = {**kept, atom: None}
        if (holds(first, without), holds(second, without)) == said:
            kept = without
    return {atom: value for atom, value in kept.items() if value is not None}


def _witness(
    first: Condition, second: Condition, world: World, told: World
) -> tuple[tuple[str, ...], Truth, Truth]:
    """Return what is told of a world in words, and what both conditions say in it."""
    return tuple(_told(told)), holds(first, world), holds(second, world)


def _told(world: World) -> Iterator[str]:
    """Yield what is the case in a world."""
    for atom, value in world.items():
        if isinstance(atom, tuple):
            yield f"{in_words(atom[0])} {_ORDER[value]} {in_words(atom[1])}"
        elif isinstance(atom, str) and atom.startswith("reading:"):
            yield f"{atom.removeprefix('reading:')} is {value}"
        else:
            yield f"{in_words(atom)}: {_SAID[value]}"


def _settled(condition: Condition | None, rule: Rule) -> Condition:
    """Write a condition so that what means the same looks the same: lets in full, one direction."""
    match condition:
        case None:
            return All.model_construct(items=())  # holds whatever is the case
        case Comparison():
            return _directed(condition, rule)
        case All() | Any():
            items = tuple(_settled(item, rule) for item in condition.items)
            found: Condition = condition.model_copy(update={"items": items})
        case Not():
            found = condition.model_copy(update={"item": _settled(condition.item, rule)})
        case AnyOf():
            operands = ((condition.fact, (value,)) for value in condition.values)
            # Built without checks: a list that is told apart from another may be empty.
            found = Any.model_construct(items=tuple(AnyOf(operands=each) for each in operands))
        case _:
            found = condition
    return found


def _directed(node: Gt | Ge | Lt | Le, rule: Rule) -> Condition:
    """Write a comparison with its numbers in full and in one direction."""
    left, right = (_in_full(side, rule) for side in node.operands)
    if repr(left) > repr(right):
        return _MIRROR[type(node)](operands=(right, left))
    return node.model_copy(update={"operands": (left, right)})


def _in_full(number: Number, rule: Rule) -> Number:
    """Write a number with the lets of the rule in full."""
    if isinstance(number, str) and number in rule.let:
        return _in_full(rule.let[number], rule)
    if isinstance(number, Mul):
        factors = sorted((_in_full(factor, rule) for factor in number.factors), key=repr)
        return number.model_copy(update={"factors": tuple(factors)})
    return number


def _named(condition: Condition | None, rule: Rule) -> set[str]:
    """Return every name in a condition and in the lets that it rests on."""
    found = set[str]()
    open_: list[Expression] = [] if condition is None else [condition]
    while open_:
        names = set(_names(open_.pop())) - found
        found |= names
        open_ += [rule.let[name] for name in names if name in rule.let]
    return found


def _names(part: object) -> Iterator[str]:
    """Yield every name in a part of an expression; a word of the language is none."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, Node):
        for name, info in type(part).model_fields.items():
            if get_origin(info.annotation) is not Literal:
                yield from _names(getattr(part, name))
    elif isinstance(part, tuple):
        for item in part:
            yield from _names(item)
