"""Markup is a rule file as it is written: its parts with their style, comments and blank lines.

The tree of a file is what it says; its markup is that and how it looks, so that the file can be
written again in another form without losing a comment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from ledger.regime.remark import Placed, Span, Spot, place_remarks, remarks_in
from ledger.yamltree import Tree

if TYPE_CHECKING:
    import yaml

__all__ = ["Entry", "Group", "Part", "Scalar", "markup_of", "tree_of"]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text.

    Attributes:
        text: What it says.
        style: ``"`` or ``'`` for quotes, ``|`` or ``>`` for a block, empty for a plain text.
    """

    text: str
    style: str


@dataclass(frozen=True, slots=True)
class Group:
    """A mapping or a list.

    Attributes:
        entries: Its entries in order; those of a mapping have keys.
        mapping: Whether it is a mapping.
        flow: Whether it is written in brackets.
        foot: Comments after the last entry; an empty text is a blank line.
    """

    entries: tuple[Entry, ...]
    mapping: bool
    flow: bool
    foot: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A value with the key or place it stands at.

    Attributes:
        key: The key, or None in a list and for the whole document.
        value: The value.
        above: Comments on lines of their own before it; an empty text is a blank line.
        beside: The comments on its line.
        column: Column in which the first of those is written, counted from 0.
    """

    key: Scalar | None
    value: Part
    above: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    column: int = 0


Part: TypeAlias = Scalar | Group

_BLOCK: Final = frozenset({"|", ">"})


def markup_of(root: yaml.Node, text: str) -> Entry:
    """Return a rule file as it is written.

    Args:
        root: The document, composed.
        text: Its text, with bare line feeds at the ends of its lines.

    Returns:
        The document: an entry without a key, whose comments stand before everything else.
    """
    survey = _Survey(text)
    survey.spot(root, root.start_mark.index, None)
    survey.visit(root)
    remarks = remarks_in(text, survey.scalars)
    spots = sorted(survey.spots.values(), key=lambda spot: (spot.start, -spot.end))
    return _Builder(survey, place_remarks(remarks, spots, survey.spans)).entry(None, root)


def tree_of(part: Part) -> Tree:
    """Return what a part says, in the order in which it is written."""
    if isinstance(part, Scalar):
        return part.text
    if part.mapping:
        return {e.key.text: tree_of(e.value) for e in part.entries if e.key is not None}
    return [tree_of(entry.value) for entry in part.entries]


class _Survey:
    """Where everything stands in a file, found by walking through it once."""

    def __init__(self, text: str) -> None:
        """Begin with nothing seen."""
        self._text = text
        self._lines = text.split("\n")
        self.scalars: list[tuple[int, int, bool]] = []
        self.spots: dict[int, Spot] = {}
        self.spans: dict[int, Span] = {}
        self.spaced: set[int] = set()

    def visit(self, node: yaml.Node) -> None:
        """Note where a value stands, and what lies below it."""
        start, end, flow = node.start_mark, node.end_mark, bool(getattr(node, "flow_style", None))
        assert start is not None, "nodes read from a text have marks"
        assert end is not None, "nodes read from a text have marks"
        if _is(node, "scalar"):
            self.scalars.append((start.index, end.index, getattr(node, "style", "") in _BLOCK))
            return
        span = Span(id(node), id(node), start.index, end.index, start.column, flow)
        self.spans[span.id] = span
        for key, value in pairs_of(node):
            if key is not None:
                self.spot(value, key.start_mark.index, span)
                self.visit(key)
            else:
                self.spot(value, self._start(value.start_mark.index, span), span)
            self.visit(value)

    def spot(self, value: yaml.Node, start: int, span: Span | None) -> None:
        """Note where an entry stands, and whether a blank line stands before it."""
        end = self._end(value)
        line = self._text.count("\n", 0, start)
        last = self._text.count("\n", 0, end)
        column = start - (self._text.rfind("\n", 0, start) + 1)
        group = None if span is None else span.id
        self.spots[id(value)] = Spot(id(value), group, start, end, last, column)
        if line and not self._lines[line - 1].strip():
            self.spaced.add(id(value))

    def _end(self, node: yaml.Node) -> int:
        """Return where a value ends; the marks of a block lie where the next thing begins."""
        assert node.end_mark is not None, "nodes read from a text have marks"
        end = int(node.end_mark.index)
        if _is(node, "scalar"):
            block = getattr(node, "style", "") in _BLOCK
            return len(self._text[:end].rstrip()) if block else end
        if getattr(node, "flow_style", None) or not node.value:
            return end
        return self._end(pairs_of(node)[-1][1])

    def _start(self, value: int, span: Span) -> int:
        """Return where an entry of a list begins: at its dash, or in brackets at its value."""
        if span.flow:
            return value
        dash = self._text.rfind(f"\n{' ' * span.column}-", span.start, value)
        return span.start if dash < 0 else dash + 1 + span.column


class _Builder:
    """What makes markup of nodes, once it is known where everything stands."""

    def __init__(self, survey: _Survey, placed: Placed) -> None:
        """Take where everything stands and what the comments speak of."""
        self._survey = survey
        self._placed = placed

    def entry(self, key: yaml.Node | None, value: yaml.Node) -> Entry:
        """Return a value with its key and its comments."""
        beside = self._placed.beside.get(id(value), ())
        spaced = ("",) if id(value) in self._survey.spaced else ()
        return Entry(
            None if key is None else self._scalar(key),
            self._scalar(value) if _is(value, "scalar") else self._group(value),
            (*self._placed.above.get(id(value), ()), *spaced),
            tuple(remark.text for remark in beside),
            beside[0].column if beside else 0,
        )

    def _group(self, node: yaml.Node) -> Group:
        """Return a mapping or list."""
        return Group(
            tuple(self.entry(key, value) for key, value in pairs_of(node)),
            mapping=_is(node, "mapping"),
            flow=bool(getattr(node, "flow_style", None)),
            foot=self._placed.foot.get(id(node), ()),
        )

    @staticmethod
    def _scalar(node: yaml.Node) -> Scalar:
        """Return a text."""
        return Scalar(str(node.value), getattr(node, "style", None) or "")


def _is(node: yaml.Node, kind: str) -> bool:
    """Return whether a node is a scalar, a mapping or a sequence."""
    return bool(getattr(node, "id", "") == kind)


def pairs_of(node: yaml.Node) -> list[tuple[yaml.Node | None, yaml.Node]]:
    """Return the entries of a mapping as key and value, those of a list without keys."""
    return [*node.value] if _is(node, "mapping") else [(None, item) for item in node.value]
