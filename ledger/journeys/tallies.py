"""Tallies are the totals of one determination, each with the holdings that it looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ledger.regime.expression import Number, Total
from ledger.regime.law import Law
from ledger.regime.name import rule_named
from ledger.regime.question import Question
from ledger.regime.rule import Rule
from ledger.regime.tally import Tallied, tally
from ledger.regime.usage import nodes_of
from ledger.regime.words import in_words

__all__ = ["CountedHolding", "tallies"]


@dataclass(frozen=True, slots=True)
class CountedHolding:
    """A holding that a total of the rule looked at.

    Attributes:
        total: The total, by its name in the rule, else in words.
        tallied: The holding, and what it adds.
    """

    total: str
    tallied: Tallied


def tallies(law: Law, question: Question) -> Iterator[CountedHolding]:
    """Yield the holdings behind a rule's totals, and those of rules asked of the same subject.

    Args:
        law: The law that the rule stands in.
        question: The rule, asked of the subject.
    """
    seen, ahead = set[str](), [question.rule]
    while ahead:
        rule = ahead.pop(0)
        if rule.id in seen:
            continue
        seen.add(rule.id)
        for name, total in _totals(rule).items():
            for tallied in tally(replace(question, rule=rule), total):
                yield CountedHolding(name, tallied)
        named = (rule_named(node) for node in nodes_of(rule) if isinstance(node, str))
        # A rule that is named and was not published yet has nothing behind it.
        asked = (law.regime.rule(name) for name in named if name is not None)
        ahead += [each for each in asked if each is not None and each.family == rule.family]


def _totals(rule: Rule) -> dict[str, Total]:
    """Return every total of a rule by its name: that of its let, else its words."""
    found = {name: number for name, number in rule.let.items() if isinstance(number, Total)}
    held: list[Number] = list(found.values())
    for node in nodes_of(rule):
        if isinstance(node, Total) and node not in held:
            held.append(node)
            found[in_words(node)] = node
    return found
