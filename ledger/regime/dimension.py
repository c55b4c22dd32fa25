"""A dimension check shows that every name resolves and that only like is compared with like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.errors import RuleError
from ledger.quantity import Dimension
from ledger.regime.diagnosis import Flaw
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Comparison,
    Condition,
    Exists,
    Max,
    Member,
    Mul,
    Not,
    Number,
    Quote,
    Sum,
    walk,
)
from ledger.regime.model import Regime
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.rule import Rule
from ledger.regime.scalar import nearest
from ledger.regime.vocabulary import Fact, Vocabulary

__all__ = ["Scope", "check_rule", "product"]

# A dimension as powers of what it is made of. Dimensions that are not here enter no product: a
# TPP-hour counts hours while durations count seconds, and money multiplies with a plain share only.
_MADE_OF: Final[Mapping[Dimension, Mapping[str, int]]] = {
    Dimension.RATIO: {},
    Dimension.OPERATIONS: {"operation": 1},
    Dimension.OPERATION_RATE: {"operation": 1, "time": -1},
    Dimension.DURATION: {"time": 1},
    Dimension.MAC_RATE: {"mac": 1},
    Dimension.BIT_LENGTH: {"bit": 1},
    Dimension.PROCESSING_PERFORMANCE: {"mac": 1, "bit": 1},
    Dimension.PERFORMANCE_DENSITY: {"mac": 1, "bit": 1, "area": -1},
    Dimension.AREA: {"area": 1},
    Dimension.BYTES: {"byte": 1},
    Dimension.BYTE_RATE: {"byte": 1, "time": -1},
    Dimension.COUNT: {"count": 1},
}


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place of a rule.

    Attributes:
        file: Path of the rule file.
        regime: The regime that the rule stands in.
        vocabulary: Facts and activities.
        subject: Kind of subject asked at this place.
        lets: Dimension of each let declared so far; None for one that is itself mistaken.
        flaws: Where mistakes are collected.
    """

    file: str
    regime: Regime
    vocabulary: Vocabulary
    subject: str
    lets: Mapping[str, str | None] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    def complain(self, place: str, code: str, message: str, remedy: str) -> None:
        """Note a mistake and go on."""
        self.flaws.append(Flaw(self.file, place, code, message, remedy))


def product(left: str, right: str) -> str | None:
    """Return the dimension of a product, or None if the product measures nothing we name."""
    if Dimension.RATIO in {left, right}:
        return right if left == Dimension.RATIO else left
    if "date" in {left, right}:
        return None
    first, second = _MADE_OF.get(Dimension(left)), _MADE_OF.get(Dimension(right))
    if first is None or second is None:
        return None
    powers = {part: first.get(part, 0) + second.get(part, 0) for part in {*first, *second}}
    made = {part: power for part, power in powers.items() if power}
    return next((str(name) for name, parts in _MADE_OF.items() if parts == made), None)


def check_rule(
    file: str, place: str, regime: Regime, rule: Rule, vocabulary: Vocabulary
) -> tuple[Flaw, ...]:
    """Return what is wrong with the names and dimensions of a rule.

    Args:
        file: Path of the rule file.
        place: Path of the rule inside the file.
        regime: The regime that the rule stands in.
        rule: The rule.
        vocabulary: Facts and activities.
    """
    scope = Scope(file, regime, vocabulary, rule.subject)
    lets: dict[str, str | None] = {}
    for name, number in _in_order(rule.let):
        if name in regime.parameters or name in regime.sets:
            message = f"let {name} hides the parameter or set of that name"
            scope.complain(f"{place}.let.{name}", "shadow", message, "choose another name")
        lets[name] = _number(number, f"{place}.let.{name}", replace(scope, lets=dict(lets)))
    for name in sorted(rule.let.keys() - lets.keys()):
        message = f"let {name} rests on itself"
        scope.complain(f"{place}.let.{name}", "cycle", message, "let it rest on facts and figures")
        lets[name] = None
    full = replace(scope, lets=lets)
    for where, condition in conditions(rule):
        _condition(condition, f"{place}.{where}", full)
    if rule.rebuttal is not None:
        _boolean_fact(rule.rebuttal.fact, f"{place}.rebuttal.fact", full)
    return tuple(full.flaws)


def _in_order(lets: Mapping[str, Number]) -> Iterator[tuple[str, Number]]:
    """Yield the lets of a rule, each after those it names; none that rests on itself.

    The order in which a file writes them says nothing: a pack keeps mappings by their keys.
    """
    left, done = dict(lets), set[str]()
    while left:
        ready = [name for name, number in left.items() if _lets_named(number, lets) <= done]
        if not ready:
            return
        yield from ((name, left.pop(name)) for name in ready)
        done.update(ready)


def _lets_named(number: Number, lets: Mapping[str, Number]) -> set[str]:
    """Return the lets that a number names."""
    return {node for node in walk(number) if isinstance(node, str) and node in lets}


def conditions(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Yield every condition of a rule with its path inside the rule."""
    if rule.scope is not None:
        yield "scope", rule.scope
    if rule.when is not None:
        yield "when", rule.when
    for index, arm in enumerate(rule.choose or ()):
        yield f"choose[{index}].case", arm.case
        yield f"choose[{index}].then", arm.then
    for index, item in enumerate(rule.unless):
        yield f"unless[{index}].when", item.when


def _number(node: Number, place: str, scope: Scope) -> str | None:
    """Return the dimension of a number, or None after noting what is wrong with it."""
    match node:
        case str():
            return _named_number(node, place, scope)
        case Quote():
            remedy = "make it a parameter with its citation and name it here"
            scope.complain(place, "literal", f"{node.q} stands in a regime as a literal", remedy)
            return None
        case Mul():
            return _product(node, place, scope)
        case Sum():
            if node.counting not in scope.regime.counting:
                message = f"{node.counting!r} is not a counting set of this file"
                remedy = nearest(node.counting, scope.regime.counting)
                scope.complain(f"{place}.counting", "unknown-counting", message, remedy)
            if scope.subject not in {"model", "run"}:
                message = f"a {scope.subject} has no training of its own to sum"
                scope.complain(place, "subject", message, "ask its models through exists")
            return Dimension.OPERATIONS
        case Max():
            return _number(node.number, f"{place}.max", replace(scope, subject="rate"))


def _named_number(name: str, place: str, scope: Scope) -> str | None:
    """Return the dimension of what a name in a number's place stands for."""
    if is_fact(name):
        return _numeric_fact(name, place, scope)
    if name in scope.lets:
        return scope.lets[name]
    if name in scope.regime.parameters:
        return scope.regime.parameters[name].dimension
    if is_factor(name):
        remedy = "make it a parameter with its unit and citation"
        scope.complain(place, "literal", f"{name} has no unit", remedy)
    elif ":" in name:
        scope.complain(place, "type", f"{name} is a condition, not a number", "name a number")
    else:
        message = f"{name!r} is not a parameter of this file or a let of the rule"
        remedy = nearest(name, (*scope.lets, *scope.regime.parameters))
        scope.complain(place, "unresolved", message, remedy)
    return None


def _numeric_fact(name: str, place: str, scope: Scope) -> str | None:
    """Return the dimension of a fact in a number's place."""
    fact = _fact(name, place, scope)
    if fact is None:
        return None
    if fact.type in {"quantity", "date"}:
        return fact.dimension or "date"
    message = f"{name} is of type {fact.type}, not a number"
    scope.complain(place, "fact-type", message, "compare a fact that is a quantity or a date")
    return None


def _product(node: Mul, place: str, scope: Scope) -> str | None:
    """Return the dimension of a product; a bare integer leaves it as it is."""
    found: str | None = Dimension.RATIO
    for index, factor in enumerate(node.factors):
        where = f"{place}.mul[{index}]"
        if isinstance(factor, str) and is_factor(factor):
            continue
        part = _number(factor, where, scope)
        if part is None or found is None:
            return None
        made = product(found, part)
        if made is None:
            message = f"a product of {found} and {part} measures nothing that has a name here"
            scope.complain(where, "dimension", message, "multiply by a ratio, or correct the names")
        found = made
    return found


def _condition(node: Condition, place: str, scope: Scope) -> None:
    """Note what is wrong with a condition."""
    match node:
        case str():
            _named_condition(node, place, scope)
        case Comparison():
            _comparison(node, f"{place}.{node.operator}", scope)
        case All() | Any():
            for index, item in enumerate(node.items):
                _condition(item, f"{place}.{node.operator}[{index}]", scope)
        case Not():
            _condition(node.item, f"{place}.not", scope)
        case AnyOf():
            _any_of(node, f"{place}.any-of", scope)
        case Member():
            _member(node, f"{place}.member", scope)
        case Exists():
            if scope.subject != "developer":
                message = f"{node.of} belongs to a developer, the rule asks a {scope.subject}"
                scope.complain(
                    f"{place}.exists.of", "subject", message, "make it subject: developer"
                )
            inner = replace(scope, subject="model")
            _condition(node.such_that, f"{place}.exists.such-that", inner)


def _comparison(node: Comparison, place: str, scope: Scope) -> None:
    """Refuse a comparison of unlike things."""
    left = _number(node.left, f"{place}[0]", scope)
    right = _number(node.right, f"{place}[1]", scope)
    if left is not None and right is not None and left != right:
        message = f"{left} is compared with {right}"
        scope.complain(place, "dimension", message, "compare two numbers of one dimension")


def _named_condition(name: str, place: str, scope: Scope) -> None:
    """Note what is wrong with a name in a condition's place."""
    rule_id, reading = rule_named(name), reading_named(name)
    if rule_id is not None:
        _rule_reference(rule_id, place, scope)
    elif reading is not None:
        _reading_reference(*reading, place, scope)
    elif is_fact(name):
        _boolean_fact(name, place, scope)
    else:
        message = f"{name!r} is not a condition"
        remedy = "name a yes-or-no fact or a rule, or compare the number with gt, ge, lt or le"
        scope.complain(place, "type", message, remedy)


def _rule_reference(rule_id: str, place: str, scope: Scope) -> None:
    """Refuse a rule that is not there or asks another kind of subject."""
    rule = scope.regime.rule(rule_id)
    if rule is None:
        remedy = nearest(rule_id, [other.id for other in scope.regime.rules])
        scope.complain(place, "unresolved", f"there is no rule {rule_id!r} in this file", remedy)
    elif rule.subject != scope.subject:
        message = f"rule {rule_id} asks a {rule.subject}, this place a {scope.subject}"
        remedy = "ask it of the developer's models through exists"
        scope.complain(place, "subject", message, remedy)


def _reading_reference(reading: str, alternative: str, place: str, scope: Scope) -> None:
    """Refuse a reading or alternative that is not declared."""
    if reading not in scope.regime.readings:
        remedy = nearest(reading, scope.regime.readings)
        scope.complain(place, "unresolved", f"there is no reading {reading!r} in this file", remedy)
    elif alternative not in scope.regime.readings[reading].alternatives:
        message = f"reading {reading} has no alternative {alternative!r}"
        remedy = nearest(alternative, scope.regime.readings[reading].alternatives)
        scope.complain(place, "unresolved", message, remedy)


def _fact(name: str, place: str, scope: Scope) -> Fact | None:
    """Return a fact of the subject asked, or None after noting what is wrong."""
    try:
        fact = scope.vocabulary.fact(name)
    except RuleError as error:
        scope.complain(place, "unknown-fact", error.message, error.remedy)
        return None
    if fact.subject != scope.subject:
        message = f"{name} is a fact of a {fact.subject}, this place asks a {scope.subject}"
        scope.complain(place, "subject", message, "ask a fact of the subject of the rule")
        return None
    return fact


def _boolean_fact(name: str, place: str, scope: Scope) -> None:
    """Refuse a fact that is not yes or no where a condition belongs."""
    fact = _fact(name, place, scope)
    if fact is not None and fact.type != "boolean":
        message = f"{name} is of type {fact.type}, not yes or no"
        scope.complain(place, "fact-type", message, "compare it, or use any-of or member")


def _any_of(node: AnyOf, place: str, scope: Scope) -> None:
    """Refuse values that the fact can never have."""
    fact = _fact(node.fact, f"{place}[0]", scope)
    if fact is None:
        return
    if fact.values is None:
        message = f"{node.fact} is of type {fact.type} and has no list of values"
        scope.complain(f"{place}[0]", "fact-type", message, "use a fact of type set or enum")
        return
    for index, value in enumerate(node.values):
        if value not in fact.values:
            message = f"{value!r} is not a value of {node.fact}"
            scope.complain(f"{place}[1][{index}]", "value", message, nearest(value, fact.values))


def _member(node: Member, place: str, scope: Scope) -> None:
    """Refuse a set that is not declared, or a fact that cannot be in one."""
    fact = _fact(node.fact, f"{place}[0]", scope)
    if fact is not None and fact.type not in {"text", "enum"}:
        message = f"{node.fact} is of type {fact.type} and cannot be a member"
        scope.complain(f"{place}[0]", "fact-type", message, "use a fact of type text or enum")
    if node.set_id not in scope.regime.sets:
        message = f"there is no set {node.set_id!r} in this file"
        scope.complain(
            f"{place}[1]", "unresolved", message, nearest(node.set_id, scope.regime.sets)
        )
