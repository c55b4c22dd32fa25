"""A use is a place that asks for what a rule file declares; what nothing uses is dead law."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.regime.dimension import conditions, duties
from ledger.regime.expression import AtWindow, Expression, Member, Sum, walk
from ledger.regime.model import Regime
from ledger.regime.name import reading_named
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.soundness import citations

__all__ = ["nodes_of", "texts", "unused"]


def unused(regime: Regime) -> Iterator[tuple[str, str, str]]:
    """Everything declared is used.

    Yields:
        Place, message and remedy of each parameter, set, counting set, reading, source and let
        that nothing uses.
    """
    asked = {name for rule in regime.rules for name in _asked(rule)}
    sources = {cite.source for _, cite in citations(regime)}
    sources |= {source.replaces for source in regime.sources.values() if source.replaces}
    readings = asked | {
        name for counting in regime.counting.values() for name in counting.open_readings()
    }
    families = (
        ("parameters", regime.parameters, asked),
        ("sets", regime.sets, asked),
        ("counting", regime.counting, asked),
        ("readings", regime.readings, readings),
        ("sources", regime.sources, sources),
    )
    for family, declared, used in families:
        for name in declared:
            if name not in used:
                yield f"{family}.{name}", f"nothing uses {name}", "use it, or remove it"
    for index, rule in enumerate(regime.rules):
        for name in rule.let:
            if name not in _names(rule):
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


def _names(rule: Rule) -> set[str]:
    """Return every bare name in the expressions of a rule."""
    return {node for node in nodes_of(rule) if isinstance(node, str)}


def _asked(rule: Rule) -> Iterator[str]:
    """Yield the ids of what a rule asks of its file."""
    for node in nodes_of(rule):
        match node:
            case str():
                reading = reading_named(node)
                yield node if reading is None else reading[0]
            case Sum():
                yield node.counting
            case Member():
                yield node.set_id
            case AtWindow():
                yield node.parameter
            case _:
                continue
    for duty in rule.obligations:
        due, repeats = duty.due, duty.repeats
        named = (
            duty.retention,
            *(() if due is None else (due.within, due.on, due.ahead)),
            *(() if repeats is None else (repeats.every, repeats.days)),
        )
        yield from (name for name in named if name is not None)
    window = None if rule.group is None else rule.group.window
    yield from () if window is None else window.between or ()
