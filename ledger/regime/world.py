"""A world is one way the facts and readings that a rule asks about could be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise, permutations, product
from typing import Final

from ledger.quantity import UNITS, Dimension, Quantity
from ledger.regime.answered import DEVICE_FACTS, PINNED
from ledger.regime.case import Case
from ledger.regime.diagnosis import flawed, parse_node
from ledger.regime.dimension import conditions
from ledger.regime.expression import AnyOf, Expression, Max, Member, Sum, walk
from ledger.regime.model import Regime
from ledger.regime.name import is_fact, is_factor, reading_named, rule_named
from ledger.regime.rule import Rule
from ledger.regime.trace import product_of
from ledger.regime.vocabulary import Fact, Vocabulary
from ledger.yamltree import Tree

__all__ = ["BASE_OPERATIONS", "OTHER_AMOUNT", "SUBJECT", "Moved", "World", "worlds"]

SUBJECT: Final = "x"
"""Name of every subject of a world, whatever its kind."""
BASE_OPERATIONS: Final = 3 * 10**24
"""Operations behind a modified model; a case can stand exactly on a third of it."""
OTHER_AMOUNT: Final = 400
"""Any quantity that is not the one moved, in its base unit."""

_MUCH: Final = "10^27 OP"
# What rows of rates and holdings state is no fact that somebody could record.
_ROWS: Final = ("rate.", "holding.")
_MAKER: Final = "device.maker"
_LITTLE: Final = "1 OP"
_PARENT: Final = "y"


@dataclass(frozen=True, slots=True)
class Moved:
    """The number of a world that is moved across a line.

    Attributes:
        number: The name of a fact, a sum of operations, or a largest rate.
        amount: Its value in the base unit; for a date the ordinal of the day.
    """

    number: str | Sum | Max
    amount: int


@dataclass(frozen=True, slots=True)
class World:
    """One way things could be.

    Attributes:
        regime: Whose rules are asked.
        vocabulary: Types of facts.
        facts: What is recorded of ``SUBJECT``, by the name of the fact.
        readings: Alternatives chosen.
        trained: Whether the model has far more operations than any line, or hardly any; None
            where no rule counts them. Not asked where they are what is moved.
        parent: Whether the model was made from one of another provider.
    """

    regime: Regime
    vocabulary: Vocabulary
    facts: Mapping[str, Tree]
    readings: Mapping[str, str]
    trained: bool | None
    parent: bool

    def settled(self, moved: Moved) -> World:
        """Return the world with a fact that was moved recorded where it was moved to."""
        if not isinstance(moved.number, str):
            return self
        return replace(self, facts={**self.facts, moved.number: self._stated(moved)})

    def open(self, fact: str | None) -> World:
        """Return the world with one of its facts left out, to be moved."""
        facts = {name: stated for name, stated in self.facts.items() if name != fact}
        return replace(self, facts=facts)

    def case(self, rule: str, day: date, moved: Moved, *, name: str, finding: str | None) -> Case:
        """Write the world as a case of a rule.

        Args:
            rule: Id of the rule.
            day: Day on which the law is asked; the regime is assumed to be in force.
            moved: The number that is moved, and where to.
            name: Name of the case.
            finding: What must come out; None asks nothing.
        """
        facts, training = dict(self.facts), []
        tree: dict[str, Tree] = {}
        if not facts and isinstance(moved.number, Max):
            facts[_MAKER] = SUBJECT  # a device of which nothing is recorded is no subject
        if isinstance(moved.number, str):
            facts[moved.number] = self._stated(moved)
        elif isinstance(moved.number, Sum):
            training.append(self._row(SUBJECT, moved.number.counting, f"{moved.amount} OP", day))
        else:
            tree["device_rates"] = [_rate(moved.number, moved.amount)]
        counting = next(iter(self.regime.counting), "")
        if self.trained is not None and not isinstance(moved.number, Sum):
            amount = _MUCH if self.trained else _LITTLE
            training.append(self._row(SUBJECT, counting, amount, day))
        if self.parent:
            training.append(self._row(_PARENT, counting, f"{BASE_OPERATIONS} OP", day))
            tree["lineage"] = [{"model": SUBJECT, "parent": _PARENT, "same_provider": "no"}]
        for money in facts.keys() & PINNED.keys():
            # Whoever asks about money at market prices asks about its prices too.
            table, priced_on = PINNED[money]
            facts |= {table: "any", priced_on: day.isoformat()}
        kinds = dict.fromkeys(fact.partition(".")[0] for fact in facts)
        tree |= {
            "name": name,
            "law": {"in_force_on": day.isoformat(), "assume": {self.regime.id: "in_force"}},
            "training": training,
            "facts": {
                f"{kind}:{SUBJECT}": {f: v for f, v in facts.items() if f.startswith(f"{kind}.")}
                for kind in kinds
            },
            "readings": dict(self.readings),
            "expect": {rule: {SUBJECT: {} if finding is None else {"finding": finding}}},
        }
        case, flaws = parse_node(Case, tree, name)
        if case is None:
            raise flawed(flaws)
        return case

    def amount(self, fact: str) -> Fraction:
        """Return what is recorded of a fact in its base unit, a day as its ordinal."""
        stated = str(self.facts.get(fact, ""))
        if not stated:
            return Fraction(OTHER_AMOUNT)
        if self.vocabulary.fact(fact).type == "date":
            return Fraction(date.fromisoformat(stated).toordinal())
        return Quantity.parse(stated).base

    def _stated(self, moved: Moved) -> str:
        """Write the value of the fact that is moved."""
        assert isinstance(moved.number, str)
        fact = self.vocabulary.fact(moved.number)
        if fact.type == "date":
            return date.fromordinal(moved.amount).isoformat()
        return f"{moved.amount} {_unit(str(fact.dimension))}"

    def _row(self, model: str, counting: str, operations: str, day: date) -> Tree:
        """Write a training row that the counting set counts, whatever the readings."""
        found = self.regime.counting[counting]
        activity = next(name for name, word in found.activities.items() if word == "counted")
        kinds = found.operation_kinds
        kind = "float" if kinds.floating == "counted" else "integer"
        row: dict[str, Tree] = {"model": model, "operations": operations, "on": day.isoformat()}
        return row | {"developer": SUBJECT, "activity": activity, "kind": kind}


def worlds(
    regime: Regime, rule: Rule, vocabulary: Vocabulary, moved: str | None = None
) -> Iterator[World]:
    """Yield every way the facts and readings that a rule asks about can be, the likely first.

    Args:
        regime: The regime of the rule.
        rule: The rule; rules that it asks, and facts of the subject's models, are included.
        vocabulary: Types of facts.
        moved: A fact that is moved, and so left out.
    """
    options: dict[str, tuple[Tree, ...]] = {}
    sums, parent = False, False
    nodes = tuple(_reachable(regime, rule))
    for node in nodes:
        match node:
            case AnyOf() | Member() if node.fact.startswith(_ROWS):
                pass
            case AnyOf():
                more = _any_of(vocabulary, node)
                options[node.fact] = (*options.get(node.fact, ()), *more)
            case Member():
                options[node.fact] = (regime.sets[node.set_id].values[-1].members[0], "other")
            case Sum():
                sums, parent = True, parent or node.lineage == "base"
            case str() if (asked := reading_named(node)) is not None:
                options[node.partition("=")[0]] = tuple(regime.readings[asked[0]].alternatives)
            case str() if node in vocabulary.facts and not node.startswith(_ROWS):
                near = _near(regime, nodes, vocabulary.fact(node))
                options.setdefault(node, _ways(vocabulary, node, near))
            case _:
                pass
    options.pop(moved or "", None)
    # The first change fastest, and a reading is what most often opens a line.
    options = dict(sorted(options.items(), key=lambda item: not item[0].startswith("reading:")))
    about = DEVICE_FACTS.get(rule.subject)
    if about is not None and about in vocabulary.facts:
        options[about] = (SUBJECT,)
    # A rule that weighs the base itself is tried with one first, any other without.
    weighs = any(isinstance(n, Sum) and n.lineage == "base" for n in _lets(rule))
    parents = (weighs, not weighs) if parent else (False,)
    trainings = (True, False) if sums else (None,)
    # What the rule asks itself comes first in the options and changes fastest: a rule that it asks
    # stays as it is meanwhile, and a world in which a line decides is found among the first.
    names = list(reversed(options))
    every = product(parents, product(*(options[name] for name in names)), trainings)
    for made_from, chosen, trained in every:
        stated = dict(zip(names, chosen, strict=True))
        yield World(
            regime,
            vocabulary,
            facts={name: value for name, value in stated.items() if is_fact(name)},
            readings={
                name.removeprefix("reading:"): str(value)
                for name, value in stated.items()
                if name.startswith("reading:")
            },
            trained=trained,
            parent=made_from,
        )


def _reachable(regime: Regime, rule: Rule) -> Iterator[Expression]:
    """Yield every node of a rule, of its lets and of the rules that it asks."""
    seen, ahead = set[str](), [rule]
    while ahead:
        here = ahead.pop()
        if here.id in seen:
            continue
        seen.add(here.id)
        for expression in (*(each for _, each in conditions(here)), *here.let.values()):
            for node in walk(expression):
                yield node
                named = rule_named(node) if isinstance(node, str) else None
                other = None if named is None else regime.rule(named)
                if other is not None:
                    ahead.append(other)


def _lets(rule: Rule) -> Iterator[Expression]:
    """Yield every node of the lets of a rule."""
    for let in rule.let.values():
        yield from walk(let)


def _any_of(vocabulary: Vocabulary, node: AnyOf) -> tuple[Tree, ...]:
    """Return a value that is in the list, and one that is not."""
    fact = vocabulary.fact(node.fact)
    outside = next((word for word in fact.values or () if word not in node.values), None)
    if fact.type == "set":
        return [node.values[0]], [outside] if outside else []
    return node.values[0], outside or "other"


def _near(regime: Regime, nodes: Iterable[Expression], fact: Fact) -> tuple[Fraction, ...]:
    """Return amounts between and on the lines that a fact is compared with, in its base unit.

    A line can be a figure of the law, or one such figure divided by another: a performance over a
    density is an area.
    """
    measure = fact.dimension if fact.type == "quantity" else fact.type
    figures = [
        (parameter.dimension, value.value)
        for name in dict.fromkeys(node for node in nodes if isinstance(node, str))
        if (parameter := regime.parameters.get(name)) is not None
        for value in parameter.values
    ]
    points = {_base(value) for dimension, value in figures if dimension == measure}
    if fact.type == "quantity":
        points |= {
            _base(whole) / _base(part)
            for (of_whole, whole), (of_part, part) in permutations(figures, 2)
            if of_part != Dimension.RATIO and product_of((of_part, measure)) == of_whole
        }
    ordered = sorted(points)
    return (*((low + high) / 2 for low, high in pairwise(ordered)), *ordered)


def _base(value: Quantity | date) -> Fraction:
    """Return a figure of the law in its base unit; a day by its place in the calendar."""
    return value.base if isinstance(value, Quantity) else Fraction(value.toordinal())


def _ways(vocabulary: Vocabulary, name: str, near: Iterable[Fraction]) -> tuple[Tree, ...]:
    """Return values of a fact, the likely first."""
    fact = vocabulary.fact(name)
    match fact.type:
        case "boolean":
            return "yes", "no"
        case "quantity":
            unit = _unit(str(fact.dimension))
            amounts = (f"{amount.numerator}/{amount.denominator} {unit}" for amount in near)
            return f"{OTHER_AMOUNT} {unit}", f"10^27 {unit}", f"0 {unit}", *amounts
        case "date":
            days = (date.fromordinal(int(amount)).isoformat() for amount in near)
            return "2000-01-01", "2099-01-01", *days
        case "set":
            return tuple([word] for word in fact.values or ("other",))
        case _:
            return tuple(fact.values or ("other",))


def _rate(number: Max, amount: int) -> Tree:
    """Write the one rate row of a device whose largest rate has that amount."""
    factor = 1
    for node in walk(number.number):
        if isinstance(node, str) and is_factor(node):
            factor *= int(node)
    rate = Fraction(amount, factor)
    return {
        "device": SUBJECT,
        "precision": "fp16",
        "mac_rate": f"{rate.numerator}/{rate.denominator} MacTOPS",
        "bit_length": "1 bit",
    }


def _unit(dimension: str) -> str:
    """Return the symbol of the base unit of a dimension."""
    return next(
        unit.symbol for unit in UNITS.values() if unit.dimension == dimension and unit.factor == 1
    )
