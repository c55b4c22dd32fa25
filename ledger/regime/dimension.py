"""A dimension check shows that every name resolves and that only like is compared with like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ledger.errors import RuleError
from ledger.quantity import Dimension
from ledger.regime.answered import DEVICE_FACTS
from ledger.regime.diagnosis import Flaw
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    AtWindow,
    Comparison,
    Condition,
    Exists,
    Flow,
    Max,
    Member,
    Mul,
    Not,
    Number,
    Quote,
    Sum,
    Total,
    walk,
)
from ledger.regime.grouping import HOLDING_KEYS
from ledger.regime.lets import in_order
from ledger.regime.model import Regime
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.product import product
from ledger.regime.rule import Rule
from ledger.regime.scalar import nearest
from ledger.regime.scope import Scope
from ledger.regime.vocabulary import Fact, Vocabulary

__all__ = ["check_rule", "conditions", "duties"]


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
    keys = frozenset[str]() if rule.group is None else frozenset(rule.group.by)
    parts = keys | {"device"} if rule.subject in DEVICE_FACTS else keys
    windowed = rule.group is not None and rule.group.window is not None
    scope = Scope(file, regime, vocabulary, rule.subject, rule.family, parts, windowed)
    _window(rule, f"{place}.group.window", scope)
    lets: dict[str, str | None] = {}
    asked_of_holdings = frozenset(_asked_of_holdings(rule))
    for name, number in in_order(rule.let):
        if name in regime.parameters or name in regime.sets:
            message = f"let {name} hides the parameter or set of that name"
            scope.complain(f"{place}.let.{name}", "shadow", message, "choose another name")
        here = replace(scope, lets=dict(lets))
        inner = _inside(here) if name in asked_of_holdings else here
        lets[name] = _number(number, f"{place}.let.{name}", inner)
    for name in sorted(rule.let.keys() - lets.keys()):
        message = f"let {name} rests on itself"
        scope.complain(f"{place}.let.{name}", "cycle", message, "let it rest on facts and figures")
        lets[name] = None
    full = replace(scope, lets=lets)
    for where, condition in (*conditions(rule), *duties(rule)):
        _condition(condition, f"{place}.{where}", full)
    if rule.rebuttal is not None:
        _boolean_fact(rule.rebuttal.fact, f"{place}.rebuttal.fact", full)
    return tuple(full.flaws)


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


def duties(rule: Rule) -> Iterator[tuple[str, Condition]]:
    """Yield the conditions under which the duties of a rule bind, with their paths inside it."""
    for index, duty in enumerate(rule.obligations):
        if duty.when is not None:
            yield f"obligations[{index}].when", duty.when


def _window(rule: Rule, place: str, scope: Scope) -> None:
    """Refuse a window whose ends are no days of the law."""
    window = None if rule.group is None else rule.group.window
    for name in () if window is None else window.between or ():
        parameter = scope.regime.parameters.get(name)
        if parameter is None or parameter.dimension != "date":
            days = [k for k, item in scope.regime.parameters.items() if item.dimension == "date"]
            message = f"{name!r} is not a parameter of dimension date"
            scope.complain(f"{place}.between", "unresolved", message, nearest(name, days))


def _number(  # noqa: C901, PLR0911 - one return for each operator
    node: Number, place: str, scope: Scope
) -> str | None:
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
            if scope.subject not in {"model", "run", "system"}:
                message = f"a {scope.subject} has no training of its own to sum"
                scope.complain(place, "subject", message, "ask its models through exists")
            return Dimension.OPERATIONS
        case Max():
            return _largest(node, place, scope)
        case Total():
            return _total(node, place, scope)
        case Flow():
            return _flow(node, place, scope)
        case AtWindow():
            return _looked_up(node, place, scope)


def _largest(node: Max, place: str, scope: Scope) -> str | None:
    """Return the dimension of the largest of a number over the rates of a device."""
    if "device" not in scope.kinds and scope.subject != "rate":
        message = f"a {scope.subject} has no rates"
        scope.complain(place, "subject", message, "ask a rule of subject: device")
    inner = replace(scope, subject="rate", family="", parts=scope.kinds)
    if node.where is not None:
        _condition(node.where, f"{place}.where", inner)
    return _number(node.number, f"{place}.max", inner)


def _total(node: Total, place: str, scope: Scope) -> str | None:
    """Return the dimension of a sum over holdings, noting what it cannot ask."""
    held = frozenset[str]() if scope.subject in DEVICE_FACTS else scope.kinds & HOLDING_KEYS
    if not held:
        message = f"a {scope.subject} holds nothing"
        remedy = "make the subject one of " + ", ".join(sorted(HOLDING_KEYS))
        scope.complain(place, "subject", message, remedy)
    for key in node.of or ():
        if key not in held:
            message = f"the subject has no {key} that a holding could share"
            scope.complain(f"{place}.of", "subject", message, nearest(key, sorted(held)))
    both = sorted(set(node.add) & set(node.less))
    if both:
        message = f"{' and '.join(both)} is added and taken away"
        scope.complain(f"{place}.less", "events", message, "name each event once")
    inner = _inside(scope)
    if node.where is not None:
        _condition(node.where, f"{place}.where", inner)
    return _number(node.number, f"{place}.total", inner)


def _inside(scope: Scope) -> Scope:
    """Return what names mean at one holding."""
    return replace(scope, subject="holding", family="", parts=HOLDING_KEYS, windowed=False)


def _asked_of_holdings(rule: Rule) -> Iterator[str]:
    """Yield the names that a rule asks of single holdings."""
    roots = [*rule.let.values(), *(condition for _, condition in conditions(rule))]
    for root in roots:
        for node in walk(root):
            if isinstance(node, Total):
                yield from (name for name in walk(node) if isinstance(name, str))


def _flow(node: Flow, place: str, scope: Scope) -> str | None:
    """Return the dimension of amounts added up over months."""
    parameter = scope.regime.parameters.get(node.preceding)
    if parameter is None or parameter.dimension != Dimension.CALENDAR_PERIOD:
        message = f"{node.preceding!r} is not a parameter of dimension calendar_period"
        remedy = "name a parameter such as value: 12 month"
        scope.complain(f"{place}.preceding", "unresolved", message, remedy)
    return _numeric_fact(node.fact, f"{place}.flow", scope)


def _looked_up(node: AtWindow, place: str, scope: Scope) -> str | None:
    """Return the dimension of a figure for the window of the subject."""
    if not scope.windowed:
        message = f"a {scope.subject} looks at no window here"
        remedy = "name the parameter itself, or give the rule a group with a window"
        scope.complain(place, "subject", message, remedy)
    if node.parameter not in scope.regime.parameters:
        message = f"{node.parameter!r} is not a parameter of this file"
        remedy = nearest(node.parameter, scope.regime.parameters)
        scope.complain(f"{place}.at-window", "unresolved", message, remedy)
        return None
    return scope.regime.parameters[node.parameter].dimension


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
            owner, _, members = node.of.partition(".")
            if scope.subject != owner:
                message = f"{node.of} belongs to a {owner}, the rule asks a {scope.subject}"
                scope.complain(
                    f"{place}.exists.of", "subject", message, f"make it subject: {owner}"
                )
            inner = replace(scope, subject=members.removesuffix("s"), family="", parts=frozenset())
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
    elif rule.family != scope.family and (
        rule.subject not in scope.kinds or rule.group is not None
    ):
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
    if fact.subject not in scope.kinds:
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
