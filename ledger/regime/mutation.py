"""A mutant is a regime with one thing changed that a lawyer would call a mistake.

Comparators are exchanged, thresholds moved by one unit, days by one day, activities moved between
counted and excluded, members taken out, exceptions and scopes dropped. A rule file whose cases
cannot tell a mutant from it says less than it seems to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, Final, Literal, TypeAlias

from ledger.quantity import Dimension, Quantity
from ledger.regime.cased import CasedRegime
from ledger.regime.expression import (
    All,
    Comparison,
    Ge,
    Gt,
    Le,
    Lt,
    Not,
    Sum,
    Total,
)
from ledger.regime.expression import Any as AnyNode
from ledger.regime.rule import Rule
from ledger.regime.scalar import Node
from ledger.regime.source import SetValue

__all__ = ["KINDS", "Mutant", "MutantKind", "mutants", "value_at"]

MutantKind: TypeAlias = Literal[
    "comparator", "threshold", "day", "counting", "reading", "structure"
]
KINDS: Final[tuple[MutantKind, ...]] = (
    "comparator",
    "threshold",
    "day",
    "counting",
    "reading",
    "structure",
)
_Path: TypeAlias = tuple[str | int, ...]
_Changed: TypeAlias = Iterator[tuple[MutantKind, str, Any]]

_COMPARATORS: Final[Mapping[type[Comparison], tuple[type[Comparison], ...]]] = {
    Gt: (Ge, Lt),
    Ge: (Gt, Le),
    Lt: (Le, Gt),
    Le: (Lt, Ge),
}
_CLASSES: Final[Mapping[str, str]] = {
    "counted": "excluded",
    "excluded": "counted",
    "follow": "stop",
    "stop": "follow",
    "collapse": "ancestor",
    "ancestor": "collapse",
}
# What a mistake in it changes no finding by, and what is told from the law by other means.
_PASSED_OVER: Final = frozenset({"cases", "notes", "review", "penalties", "title", "obligations"})
_WHOLE_UNITS: Final = frozenset(
    {Dimension.DURATION, Dimension.CALENDAR_PERIOD, Dimension.BUSINESS_PERIOD}
)
_MICRO: Final = Fraction(1, 10**6)
_DEEP: Final = 3  # parts of the path of a classified place: counting, the set, the family, the word


@dataclass(frozen=True, slots=True)
class Mutant:
    """A regime with one thing changed.

    Attributes:
        kind: What sort of mistake it is.
        path: Where it is: names of fields, keys and places in lists.
        change: What was changed, in words.
        regime: The changed regime.
    """

    kind: MutantKind
    path: tuple[str | int, ...]
    change: str
    regime: CasedRegime

    @property
    def place(self) -> str:
        """The path as messages write it."""
        text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.path)
        return text.removeprefix(".")

    @property
    def id(self) -> str:
        """Names the mutant in lists."""
        return f"{self.place}: {self.change}"


def mutants(regime: CasedRegime) -> Iterator[Mutant]:
    """Yield every mutant of a regime, in the order of the file."""
    for path, value in _values(regime, ()):
        for kind, change, changed in _changes(regime, path, value):
            yield Mutant(kind, path, change, _with(regime, path, changed))


def value_at(value: Any, path: tuple[str | int, ...]) -> Any:  # noqa: ANN401 - any node
    """Return what stands at a path of a regime."""
    for key in path:
        value = getattr(value, str(key)) if isinstance(value, Node) else value[key]
    return value


def _values(value: object, path: _Path) -> Iterator[tuple[_Path, object]]:
    """Yield everything below a value with its path, parents first."""
    if path:
        yield path, value
    if isinstance(value, Node):
        for name in type(value).model_fields:
            if name not in _PASSED_OVER:
                yield from _values(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _values(item, (*path, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _values(item, (*path, key))


def _changes(  # noqa: C901, PLR0912 - one branch for each thing that can be changed
    regime: CasedRegime, path: _Path, value: object
) -> _Changed:
    """Yield the ways in which one value can be mistaken."""
    family = path[0]
    match value:
        case Comparison():
            for other in _COMPARATORS[type(value)]:
                changed = other(operands=value.operands)
                yield "comparator", f"{value.operator} to {other.operator}", changed
        case Quantity() if family == "parameters":
            yield from _moved(value)
        case date() if family == "sources":
            if _dates_something(regime, str(path[1])):
                yield from _days(value)
        case date():
            yield from _days(value)
        case str() if family == "counting" and value in _CLASSES and len(path) > _DEEP:
            yield "counting", f"{value} to {_CLASSES[value]}", _CLASSES[value]
        case str() if family == "readings" and path[-1] == "default":
            for other_word in regime.readings[str(path[1])].alternatives:
                if other_word != value:
                    yield "reading", f"default {value} to {other_word}", other_word
        case str() if family == "readings" and path[-1] == "effect":
            yield "reading", f"{value} to {_CLASSES[value]}", _CLASSES[value]
        case SetValue() if len(value.members) > 1:
            for member in value.members:
                rest = tuple(each for each in value.members if each != member)
                changed_set = value.model_copy(update={"members": rest})
                yield "structure", f"without {member}", changed_set
        case All() | AnyNode() if len(value.items) > 1:
            turned = (
                AnyNode(items=value.items) if isinstance(value, All) else All(items=value.items)
            )
            yield "structure", f"{value.operator} to {turned.operator}", turned
        case Not():
            yield "structure", "without not", value.item
        case Sum():
            other_lineage = "own" if value.lineage == "cumulative" else "cumulative"
            changed_sum = value.model_copy(update={"lineage": other_lineage})
            yield "structure", f"{value.lineage} to {other_lineage}", changed_sum
        case Total() if value.less:
            yield "structure", "without less", value.model_copy(update={"less": ()})
        case Rule():
            yield from _dropped(value)
        case _:
            return


def _moved(value: Quantity) -> _Changed:
    """Yield a figure moved by one unit, down and up."""
    step = Fraction(1)
    if value.dimension in _WHOLE_UNITS:
        step = value.unit.factor
    elif value.dimension is Dimension.RATIO:
        step = _MICRO
    elif value.base.denominator != 1:
        step = Fraction(1, value.base.denominator)
    for sign in (-1, 1):
        moved = (value.base + sign * step) / value.unit.factor
        if moved >= 0:
            yield (
                "threshold",
                f"{value} to {moved} {value.unit.symbol}",
                Quantity(moved, value.unit),
            )


def _days(value: date) -> _Changed:
    """Yield a day moved by one, back and forth."""
    for days in (-1, 1):
        moved = value + timedelta(days=days)
        yield "day", f"{value} to {moved}", moved


def _dropped(rule: Rule) -> _Changed:
    """Yield a rule without its scope, and without one of its exceptions."""
    if rule.scope is not None:
        yield "structure", "without scope", rule.model_copy(update={"scope": None})
    for item in rule.unless:
        rest = tuple(each for each in rule.unless if each is not item)
        yield "structure", f"without exception {item.id}", rule.model_copy(update={"unless": rest})


def _dates_something(regime: CasedRegime, source: str) -> bool:
    """Return whether the publication of a source says when an event or stance was known."""
    events = [(item.known, item.cite) for item in regime.lifecycle]
    stances = [(item.known, item.cite) for item in regime.enforcement]
    return any(
        known is None and cite is not None and cite.source == source
        for known, cite in (*events, *stances)
    )


def _with(value: Any, path: _Path, changed: Any) -> Any:  # noqa: ANN401 - any node
    """Return a value with what stands at a path replaced."""
    if not path:
        return changed
    key, rest = path[0], path[1:]
    if isinstance(value, Node):
        held = _with(getattr(value, str(key)), rest, changed)
        return value.model_copy(update={str(key): held})
    if isinstance(value, tuple):
        assert isinstance(key, int)
        return (*value[:key], _with(value[key], rest, changed), *value[key + 1 :])
    return {**value, key: _with(value[key], rest, changed)}
