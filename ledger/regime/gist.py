"""A gist is any part of a rule file on one line, in the words of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, cast

from ledger.quantity import Quantity
from ledger.regime.expression import Expression
from ledger.regime.operator import Operator
from ledger.regime.scalar import Node
from ledger.regime.source import Citation
from ledger.regime.words import in_words

__all__ = ["gist", "written"]

_FLAT_MAX: Final = 12  # noughts at the end that are still written out


def gist(value: object) -> str:
    """Return a part of a rule file on one line.

    Args:
        value: A node, a mapping, a list, a scalar, or None for nothing.
    """
    if isinstance(value, Node):
        return _of_node(value)
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(gist(item) for item in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Quantity):
        return written(value)
    return "nothing" if value is None else str(value)


def written(value: Quantity | date) -> str:
    """Return a number or day of the law as a rule file can hold it, a long one as a power of ten.

    Args:
        value: The number with its unit, or the day.
    """
    if isinstance(value, date) or value.value.denominator != 1:
        return str(value)
    digits = str(value.value.numerator)
    front = digits.rstrip("0")
    noughts = len(digits) - len(front)
    if noughts <= _FLAT_MAX:
        return f"{value.value.numerator:_} {value.unit.symbol}"
    return f"{'' if front == '1' else front + '*'}10^{noughts} {value.unit.symbol}"


def _of_node(node: Node) -> str:
    """Return an expression in words, a citation as one, anything else key by key."""
    if isinstance(node, Operator):
        return in_words(cast("Expression", node))
    if isinstance(node, Citation):
        text = node.source if node.at is None else f"{node.source}, {node.at}"
        return text if node.phrase is None else f"{text}: “{node.phrase}”"
    stated = (
        (info.alias or key, getattr(node, key)) for key, info in type(node).model_fields.items()
    )
    return "; ".join(f"{key}: {gist(held)}" for key, held in stated if held not in (None, (), {}))


def _of_mapping(mapping: Mapping[str, object]) -> str:
    """Return a mapping key by key; a text in English alone without its key."""
    if set(mapping) == {"en"}:
        return gist(mapping["en"])
    return "; ".join(f"{key}: {gist(held)}" for key, held in mapping.items()) or "nothing"
