"""A release is a pack that others rely on, so no figure in it rests on somebody's memory alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.quantity import Quantity
from ledger.regime.model import Regime, Regimes
from ledger.regime.scalar import Node

__all__ = ["Unverified", "drafts", "unverified"]


@dataclass(frozen=True, slots=True)
class Unverified:
    """A part of the law that somebody wrote down from memory.

    Attributes:
        regime: Id of the regime.
        place: Path inside the file.
        text: What stands there, in short.
    """

    regime: str
    place: str
    text: str


def unverified(regimes: Regimes) -> tuple[Unverified, ...]:
    """Return everything whose provenance is memory, in the order of regimes and places."""
    return tuple(
        Unverified(regime.id, place, _text(node))
        for regime in regimes.values()
        for place, node in _nodes(regime, "")
        if getattr(node, "provenance", None) == "memory"
    )


def drafts(regimes: Regimes) -> tuple[str, ...]:
    """Return the regimes whose file nobody has compared with the text of the law yet."""
    return tuple(regime.id for regime in regimes.values() if regime.review.state == "draft")


def _nodes(value: object, place: str) -> Iterator[tuple[str, Node]]:
    """Yield every mapping of a rule file with its path."""
    if isinstance(value, Regime):
        yield from _below(value, place)
    elif isinstance(value, Node):
        yield place, value
        yield from _below(value, place)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _nodes(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _nodes(item, f"{place}.{key}")


def _below(node: Node, place: str) -> Iterator[tuple[str, Node]]:
    """Yield the mappings below one."""
    for name, info in type(node).model_fields.items():
        label = f"{place}.{info.alias or name}".removeprefix(".")
        yield from _nodes(getattr(node, name), label)


def _text(node: Node) -> str:
    """Return what stands at a place: its value, else its title, id or words."""
    for name in ("value", "members", "title", "id", "text", "action"):
        found = getattr(node, name, None)
        if isinstance(found, Quantity | date | str):
            return str(found)
        if isinstance(found, dict):
            return str(found["en"])
        if isinstance(found, tuple):
            return ", ".join(map(str, found))
    return type(node).__name__.lower()
