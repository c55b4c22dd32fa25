"""A bearing is what a place of a rule file bears on: the rules whose outcome it can change.

What no rule of a case rests on changes nothing in that case, so nobody has to ask it again.
"""

from __future__ import annotations

from ledger.regime.answered import BASE_OBTAINABLE
from ledger.regime.model import Regime
from ledger.regime.usage import asked

__all__ = ["bearing"]

_RULE: str = "rule:"


def bearing(regime: Regime, path: tuple[str | int, ...]) -> frozenset[str]:
    """Return the ids of the rules whose outcome can change with what stands at a place.

    Args:
        regime: The regime.
        path: Where something changes: names of fields, keys and places in lists.
    """
    texts = {rule.id: asked(rule) for rule in regime.rules}
    match path:
        case ("rules", int(index), *_):
            first = {regime.rules[index].id}
        case ("parameters" | "sets", str(name), *_):
            first = {rule for rule, held in texts.items() if name in held}
        case ("counting" | "readings", str(name), *_):
            first = _counting(regime, texts, name)
        case _:
            return frozenset(texts)
    return _with_askers(texts, first)


def _counting(regime: Regime, texts: dict[str, set[str]], name: str) -> set[str]:
    """Return the rules that ask a counting set or a reading, or sets that the reading answers."""
    sets = {key for key, each in regime.counting.items() if name in each.open_readings()}
    # Whether the ledger holds a figure of the original is told by every counting set.
    names = {name, *sets} | ({BASE_OBTAINABLE} if sets or name in regime.counting else set())
    return {rule for rule, held in texts.items() if not names.isdisjoint(held)}


def _with_askers(texts: dict[str, set[str]], first: set[str]) -> frozenset[str]:
    """Return rules with those that ask them, and those that ask these in turn."""
    found = set(first)
    while True:
        named = {f"{_RULE}{rule}" for rule in found}
        more = {rule for rule, held in texts.items() if not named.isdisjoint(held)} - found
        if not more:
            return frozenset(found)
        found |= more
