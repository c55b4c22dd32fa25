"""A use is a place that asks for what a rule file declares; what nothing uses is dead law."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ledger.regime.dimension import conditions, duties
from ledger.regime.expression import Expression, walk
from ledger.regime.model import Regime
from ledger.regime.name import reading_named
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.soundness import citations

__all__ = ["asked", "nodes_of", "texts", "unused"]

# Parts of a rule in which a text names nothing of its file.
_PROSE: Final = frozenset(
    {"id", "title", "subject", "effect", "cite", "provenance", "interpretation", "note"}
    | {"actor", "action", "recipient", "content"}
)
_STEP: Final = re.compile(r"[.\[]")


def unused(regime: Regime) -> Iterator[tuple[str, str, str]]:
    """Everything declared is used.

    Yields:
        Place, message and remedy of each parameter, set, counting set, reading, source and let
        that nothing uses.
    """
    used = {name for rule in regime.rules for name in asked(rule)}
    sources = {cite.source for _, cite in citations(regime)}
    sources |= {source.replaces for source in regime.sources.values() if source.replaces}
    readings = used | {
        name for counting in regime.counting.values() for name in counting.open_readings()
    }
    families = (
        ("parameters", regime.parameters, used),
        ("sets", regime.sets, used),
        ("counting", regime.counting, used),
        ("readings", regime.readings, readings),
        ("sources", regime.sources, sources),
    )
    for family, declared, held in families:
        for name in declared:
            if name not in held:
                yield f"{family}.{name}", f"nothing uses {name}", "use it, or remove it"
    for index, rule in enumerate(regime.rules):
        for name in rule.let:
            if name not in asked(rule):
                yield f"rules[{index}].let.{name}", f"nothing uses {name}", "use it, or remove it"


def nodes_of(rule: Rule) -> Iterator[Expression]:
    """Yield every node of the expressions of a rule, lets included."""
    for _, condition in (*conditions(rule), *duties(rule)):
        yield from walk(condition)
    for number in rule.let.values():
        yield from walk(number)


def texts(node: Node, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text below a node with its path, in the order of the file."""
    for name, info in type(node).model_fields.items():
        yield from _texts_in(getattr(node, name), f"{place}.{info.alias or name}".removeprefix("."))


def _texts_in(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Yield the texts below a value of a field."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, Node):
        yield from texts(value, place)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _texts_in(item, f"{place}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts_in(item, f"{place}.{key}")


def asked(rule: Rule) -> set[str]:
    """Return the ids of what a rule asks of its file: names, counting sets, sets, readings.

    Every text of its conditions, numbers and duties counts, so that what an operator names that
    is not known here is seen to be used.
    """
    held = [text for place, text in texts(rule) if _PROSE.isdisjoint(_STEP.split(place))]
    readings = (reading_named(text) for text in held)
    return {*held, *(reading[0] for reading in readings if reading is not None)}
