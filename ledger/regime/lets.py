"""Lets are the numbers that a rule gives names to; one may rest on others, written before or after.

A packed rule file keeps no order of names, so that none can decide what a name means.
"""

from __future__ import annotations

from collections.abc import Iterator

from ledger.regime.expression import walk
from ledger.regime.rule import Rule

__all__ = ["lets_in_order"]


def lets_in_order(rule: Rule) -> tuple[str, ...]:
    """Return the names of a rule's lets, each after those that it rests on.

    Of lets that rest on each other in a circle one comes before what it rests on.
    """
    found: dict[str, None] = {}
    for name in rule.let:
        found |= dict.fromkeys(_with_rests(rule, name, ()))
    return tuple(found)


def _with_rests(rule: Rule, name: str, above: tuple[str, ...]) -> Iterator[str]:
    """Yield the lets that one rests on, each after its own, and then itself."""
    for node in walk(rule.let[name]):
        if isinstance(node, str) and node in rule.let and node not in {*above, name}:
            yield from _with_rests(rule, node, (*above, name))
    yield name
