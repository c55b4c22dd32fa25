"""A boundary is a line of the law with cases just below it, on it and just above it.

Hand-written cases leave boundaries out, the middle one above all, where ``>`` and ``>=`` part. So
they are generated for every comparison with a parameter. What must come out on the line follows
from the quoted words of the law where they name a comparator, and not from the rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice
from typing import Any, Final, Literal, TypeAlias

from ledger.quantity import Quantity
from ledger.regime.case import Case
from ledger.regime.dated import parameter_on
from ledger.regime.dimension import conditions
from ledger.regime.expression import Comparison, Ge, Gt, Le, Lt, Max, Mul, Number, Sum, walk
from ledger.regime.model import Regime
from ledger.regime.name import is_fact, is_factor
from ledger.regime.phrase import comparator_of
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.source import ParameterValue
from ledger.regime.vocabulary import Vocabulary
from ledger.regime.world import BASE_OPERATIONS, Moved, World, worlds

__all__ = ["ABOVE", "Boundary", "Judge", "Line", "boundaries", "lines"]

Judge: TypeAlias = Callable[[Regime, Case], str]
"""Gives the finding of the one rule and subject that a case expects; ``none`` out of scope."""
Side: TypeAlias = Literal["below", "above"]

_GENERATED: Final = "generated: "
ABOVE: Final = f"{_GENERATED}above "
"""How the names of cases above a line begin."""
_MIRROR: Final[Mapping[str, str]] = {"gt": "lt", "lt": "gt", "ge": "le", "le": "ge"}
# On the line a rule answers as it does on the side named here.
_ON: Final[Mapping[str, Side]] = {"gt": "below", "le": "below", "ge": "above", "lt": "above"}
_CONTRARY: Final[Mapping[type[Comparison], type[Comparison]]] = {Gt: Le, Le: Gt, Ge: Lt, Lt: Ge}
_WORLDS_MAX: Final = 2_000
_KNOWN_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A comparison with a parameter, of something that a case can move.

    Attributes:
        rule: The rule that it stands in.
        place: Path inside the rule.
        comparison: The comparison itself.
        moved: The number that is moved: the name of a fact, a sum or a largest rate.
        threshold: The other side of the comparison.
        parameter: Id of its parameter.
        value: One of the values that the parameter has had.
        on: The side that the line itself belongs to.
        worded: Whether the quoted words of the law say so, and not only the rule.
    """

    rule: Rule
    place: str
    comparison: Comparison
    moved: str | Sum | Max
    threshold: Number
    parameter: str
    value: ParameterValue
    on: Side
    worded: bool

    def amount(self, world: World) -> Fraction:
        """Return the line in base units on the first day of the value, in a world."""
        return self._amount(self.threshold, world)

    def _amount(self, number: Number, world: World) -> Fraction:
        """Return one number of the side that stays."""
        regime = world.regime
        match number:
            case str() if is_factor(number):
                return Fraction(int(number))
            case str() if number in self.rule.let:
                return self._amount(self.rule.let[number], world)
            case str() if number in regime.parameters:
                found = parameter_on(regime.parameters[number], self.value.from_, nearest=True)
                assert found is not None, "without a day of knowledge every value is seen"
                stated = found.value
                return stated.base if isinstance(stated, Quantity) else Fraction(stated.toordinal())
            case Mul():
                return math.prod(
                    (self._amount(f, world) for f in number.factors), start=Fraction(1)
                )
            case Sum():
                return Fraction(BASE_OPERATIONS)
            case _:
                fact = number if isinstance(number, str) and is_fact(number) else ""
                return world.amount(fact)


@dataclass(frozen=True, slots=True)
class Boundary:
    """The cases around a line.

    Attributes:
        line: The line.
        cases: Below, on and above it, without the one on it where it is no whole number; empty
            when no world was found in which this line is what decides.
    """

    line: Line
    cases: tuple[Case, ...]


def lines(regime: Regime) -> Iterator[Line]:
    """Yield every comparison with a parameter that can be moved, for every value it has had.

    Those of subjects that holdings make are left out: no world holds devices.
    """
    for rule in regime.rules:
        if rule.group is not None:
            continue
        for place, condition in conditions(rule):
            for node in walk(condition):
                if isinstance(node, Comparison):
                    left, right = node.operands
                    yield from _lines(regime, rule, place, node, (left, right, node.operator))
                    mirrored = (right, left, _MIRROR[node.operator])
                    yield from _lines(regime, rule, place, node, mirrored)


def boundaries(
    regime: Regime,
    vocabulary: Vocabulary,
    judge: Judge,
    rules: frozenset[str] | None = None,
) -> tuple[Boundary, ...]:
    """Generate the cases around every line of a regime.

    Args:
        regime: The regime.
        vocabulary: Types of facts.
        judge: Decides cases, so that facts are found under which a line is what decides.
        rules: Rules whose lines are wanted; None wants all.
    """
    wanted = (line for line in lines(regime) if rules is None or line.rule.id in rules)
    known: dict[str, list[World]] = {}
    return tuple(
        _around(regime, line, vocabulary, judge, known.setdefault(line.rule.id, []))
        for line in wanted
    )


def _lines(
    regime: Regime,
    rule: Rule,
    place: str,
    node: Comparison,
    compared: tuple[Number, Number, str],
) -> Iterator[Line]:
    """Yield the lines that one comparison draws, seen from the side that is moved."""
    moved, threshold, comparator = compared
    movable = _movable(moved, rule)
    parameter = next((name for name in _names(threshold, rule) if name in regime.parameters), None)
    if movable is None or parameter is None:
        return
    for value in regime.parameters[parameter].values:
        wanted = comparator_of(value.cite.phrase or "")
        on = _ON[wanted or comparator]
        worded = wanted is not None
        yield Line(rule, place, node, movable, threshold, parameter, value, on, worded)


def _movable(number: Number, rule: Rule) -> str | Sum | Max | None:
    """Return what a number is, if a case can give it any value."""
    named = rule.let.get(number, number) if isinstance(number, str) else number
    match named:
        case str():
            return named if is_fact(named) else None
        case Sum():
            return named if named.lineage != "base" and rule.subject == "model" else None
        case Max():
            return named
        case _:
            return None


def _names(number: Number, rule: Rule) -> Iterator[str]:
    """Yield the names in a number, through the lets of the rule."""
    for node in walk(number):
        if isinstance(node, str):
            if node in rule.let:
                yield from _names(rule.let[node], rule)
            else:
                yield node


def _around(
    regime: Regime, line: Line, vocabulary: Vocabulary, judge: Judge, known: list[World]
) -> Boundary:
    """Look for a world in which the line decides, and give its cases.

    Args:
        regime: The regime of the line.
        line: The line.
        vocabulary: Types of facts.
        judge: Decides cases.
        known: Worlds in which other lines of the rule decide, the last last; those of this line
            are added. Where one line decides the next one mostly does, too.
    """
    contrary = _turned(regime, line)
    second_best: tuple[Case, ...] = ()
    moved = line.moved if isinstance(line.moved, str) else None
    first = [world.open(moved) for world in reversed(known[-_KNOWN_MAX:])]
    every = chain(first, worlds(regime, line.rule, vocabulary, moved))
    for world in islice(every, _WORLDS_MAX):
        if world.trained is False and isinstance(line.moved, Sum):
            continue  # the sum is moved, so this world is the one before it
        cases = _cases(regime, line, world, judge)
        found = [_expected(case) for case in cases]
        if not cases or all(judge(contrary, c) == f for c, f in zip(cases, found, strict=True)):
            continue
        # Where no words of the law say what holds on the line, another comparison of the same
        # number may decide there: then this world tells nothing of this one.
        if not line.worded and any(judge(regime, case) != _expected(case) for case in cases):
            continue
        if _plain(line, frozenset(found)):
            known += [world.settled(Moved(line.moved, end)) for end in _ends(line, world)]
            return Boundary(line, cases)
        second_best = second_best or cases
    return Boundary(line, second_best)


def _plain(line: Line, found: frozenset[str | None]) -> bool:
    """Whether the findings around a line are those that its place in the rule can part best."""
    if line.place.startswith("unless"):
        return found == {"met", "excepted"}
    if line.place == "scope":
        return "none" in found and "undetermined" not in found
    return found == {"met", "not_met"}


def _cases(regime: Regime, line: Line, world: World, judge: Judge) -> tuple[Case, ...]:
    """Write the cases of one world; none if it answers alike on both sides of the line."""
    amount = line.amount(world)
    below, above = _ends(line, world)
    if below < 0:
        return ()
    ends = {
        "below": judge(regime, _case(line, world, "below", below)),
        "above": judge(regime, _case(line, world, "above", above)),
    }
    if ends["below"] == ends["above"]:
        return ()
    points = [("below", below, ends["below"]), ("above", above, ends["above"])]
    if amount.denominator == 1:
        points.insert(1, ("on", int(amount), ends[line.on]))
    return tuple(_case(line, world, where, place, finding) for where, place, finding in points)


def _ends(line: Line, world: World) -> tuple[int, int]:
    """Return the whole numbers just below and just above the line."""
    amount = line.amount(world)
    return math.ceil(amount) - 1, math.floor(amount) + 1


def _turned(regime: Regime, line: Line) -> Regime:
    """Return the regime with one comparison turned into its contrary.

    A world that this leaves as it was says nothing about the comparison.
    """
    node = line.comparison
    turned = _CONTRARY[type(node)](operands=node.operands)
    rules = tuple(
        _replaced(rule, node, turned) if rule is line.rule else rule for rule in regime.rules
    )
    return regime.model_copy(update={"rules": rules})


def _replaced(value: Any, old: Comparison, new: Comparison) -> Any:  # noqa: ANN401 - any node
    """Return a value with one node, known by identity, put in the place of another."""
    if value is old:
        return new
    if isinstance(value, tuple):
        return tuple(_replaced(item, old, new) for item in value)
    if not isinstance(value, Node):
        return value
    fields = {name: getattr(value, name) for name in type(value).model_fields}
    update = {name: _replaced(held, old, new) for name, held in fields.items()}
    return value.model_copy(update=update)


def _case(line: Line, world: World, where: str, amount: int, finding: str | None = None) -> Case:
    """Write the case with the moved number below, on or above the line."""
    day = line.value.from_
    name = f"{_GENERATED}{where} {line.parameter} of {day} in {line.rule.id} {line.place}"
    moved = Moved(line.moved, amount)
    return world.case(line.rule.id, day, moved, name=name, finding=finding)


def _expected(case: Case) -> str | None:
    """Return the finding that a case of one rule and one subject expects."""
    return next(iter(next(iter(case.expect.values())).values())).finding
