"""A let is a number that a rule names; one may rest on others, whatever the order they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ledger.regime.expression import Number, walk

__all__ = ["in_order"]


def in_order(lets: Mapping[str, Number]) -> Iterator[tuple[str, Number]]:
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
