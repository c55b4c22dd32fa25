"""The ground of a rule is what every determination under it rests on, whoever the subject is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from ledger.determination.hinge import comparisons_of
from ledger.obligations import binding_since
from ledger.quantity import UNITS, Dimension, Quantity
from ledger.regime.counting import CountingSet
from ledger.regime.expression import (
    AtWindow,
    Comparison,
    Expression,
    Flow,
    Max,
    Member,
    Number,
    Sum,
    Total,
    walk,
)
from ledger.regime.law import Law
from ledger.regime.name import is_fact, reading_named, rule_named
from ledger.regime.rule import Rule
from ledger.regime.source import Citation, Provenance
from ledger.regime.trace import Operand

__all__ = ["Ground", "cited", "ground_of", "reached"]

_WEAKEST_FIRST: Final[tuple[Provenance, ...]] = ("memory", "secondary", "verified")
# Numbers that differ from subject to subject.
_VARYING: Final = (Sum, Max, Total, Flow, AtWindow)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a rule rests on under one law.

    Attributes:
        law: The law.
        rule: The rule.
        cite: Where it stands.
        provenance: The weakest check among its figures; None if it has none.
        readings: Alternative taken for each question it rests on.
        countings: Counting sets that it and the rules it asks sum by.
        comparisons: Its own comparisons, in the order of the file.
        since: First day from which it applies with these figures; no clock starts before.
        stands_in: Parameters without a value for the day, for which the nearest stands in.
        lines: Right sides of comparisons that are the same for every subject, as worked out.
    """

    law: Law
    rule: Rule
    cite: str
    provenance: Provenance | None
    readings: dict[str, str]
    countings: tuple[CountingSet, ...]
    comparisons: tuple[Comparison, ...]
    since: date | None
    stands_in: tuple[str, ...]
    lines: dict[int, Operand] = field(default_factory=dict)

    def sum_itself(self, number: Number) -> Sum | None:
        """Return the sum that a number is, by way of the rule's lets; None for any other."""
        if isinstance(number, str) and number in self.rule.let:
            return self.sum_itself(self.rule.let[number])
        return number if isinstance(number, Sum) else None

    def is_constant(self, number: Number) -> bool:
        """Return whether a number is made of figures of the law alone."""
        for node in walk(number):
            if isinstance(node, str) and node in self.rule.let:
                if not self.is_constant(self.rule.let[node]):
                    return False
            elif isinstance(node, _VARYING) or (isinstance(node, str) and is_fact(node)):
                return False
        return True

    def total(self, number: Number) -> Sum | None:
        """Return the sum that a number is, or holds, by way of the rule's lets."""
        for node in walk(number):
            if isinstance(node, Sum):
                return node
            if isinstance(node, str) and node in self.rule.let:
                found = self.total(self.rule.let[node])
                if found is not None:
                    return found
        return None

    def principal(self, shown: Comparison | None) -> Sum | None:
        """Return the sum to report: that of the comparison shown, else the rule's first."""
        numbers: list[Number] = [] if shown is None else [shown.left, shown.right]
        found = (self.total(number) for number in (*numbers, *self.rule.let.values()))
        return next((total for total in found if total is not None), None)

    def unit(self, line: Number, dimension: str) -> str:
        """Return the base unit of a dimension, spelled as the line is where that is one."""
        if isinstance(line, str) and line in self.law.regime.parameters:
            stated = self.law.parameter(line)
            if stated is not None and isinstance(stated.value, Quantity):
                unit = stated.value.unit
                if unit.factor == 1 and unit.dimension == dimension:
                    return unit.symbol
        return next(u.symbol for u in UNITS.values() if u.dimension is Dimension(dimension))


def ground_of(law: Law, rule: Rule, applies_from: date | None) -> Ground:
    """Return the ground of a rule.

    Args:
        law: The law.
        rule: The rule.
        applies_from: First day on which the regime applies, or None.
    """
    nodes = list(reached(law, rule))
    named = [node for node in nodes if isinstance(node, str)]
    figures = [name for name in dict.fromkeys(named) if name in law.regime.parameters]
    sums = dict.fromkeys(
        node.counting
        for node in nodes
        if isinstance(node, Sum) and node.counting in law.regime.counting
    )
    questions = {r[0] for name in named if (r := reading_named(name)) is not None}
    questions |= {q for name in sums for q in law.regime.counting[name].open_readings()}
    return Ground(
        law=law,
        rule=rule,
        cite=cited(law, rule.cite),
        provenance=_weakest(law, rule, figures, nodes, tuple(sums)),
        readings={name: law.readings[name] for name in sorted(questions & law.readings.keys())},
        countings=tuple(law.counting[name] for name in sums if name in law.counting),
        comparisons=comparisons_of(rule.condition),
        since=binding_since(law, rule, applies_from),
        stands_in=tuple(
            name for name in figures if (v := law.parameter(name)) is not None and not v.binding
        ),
    )


def cited(law: Law, cite: Citation) -> str:
    """Return a citation as one line: the source and the place in it."""
    source = law.regime.sources[cite.source].cite
    return source if cite.at is None else f"{source}, {cite.at}"


def reached(law: Law, rule: Rule, seen: set[str] | None = None) -> Iterator[Expression]:
    """Yield every node of a rule and of the rules that it asks, each rule once.

    Args:
        law: The law that the rules stand in.
        rule: The rule to begin with.
        seen: Rules already yielded, which are passed over and added to.
    """
    seen = set() if seen is None else seen
    if rule.id in seen:
        return
    seen.add(rule.id)
    roots: list[Expression] = [rule.condition, *rule.let.values()]
    roots += [item.when for item in rule.unless]
    roots += [] if rule.scope is None else [rule.scope]
    for root in roots:
        for node in walk(root):
            yield node
            named = rule_named(node) if isinstance(node, str) else None
            asked = None if named is None else law.regime.rule(named)
            if asked is not None:
                yield from reached(law, asked, seen)


def _weakest(
    law: Law, rule: Rule, figures: list[str], nodes: list[Expression], sums: tuple[str, ...]
) -> Provenance | None:
    """Return the weakest check among the figures, sets and countings."""
    found: set[Provenance | None] = {rule.provenance}
    for name in figures:
        value = law.parameter(name)
        found.add(None if value is None else value.provenance)
    for node in nodes:
        if isinstance(node, Member):
            found |= {value.provenance for value in law.regime.sets[node.set_id].values}
        elif isinstance(node, AtWindow):
            found |= {value.provenance for value in law.regime.parameters[node.parameter].values}
    found |= {law.regime.counting[name].provenance for name in sums}
    return next((level for level in _WEAKEST_FIRST if level in found), None)
