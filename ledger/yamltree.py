"""A tree is YAML read as syntax only: every scalar is a string, nothing is guessed.

No anchors, aliases, tags, merge keys, directives or second documents; a duplicate key is an
error. So ``NO`` is Norway, ``1e25`` is the text ``1e25`` and a date is a date only where a field
is one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from ledger.errors import RuleError

if TYPE_CHECKING:
    import yaml

__all__ = ["TEXT_MAX", "Tree", "compose", "line_numbers", "parse_tree", "tree_of_node"]

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

TEXT_MAX = 2_000_000  # bytes; the largest shipped file is under a tenth of it
_DEPTH_MAX = 64
# What YAML says of the commonest slips, and what to do about them.
_MENDED = {
    "mapping values are not allowed here": "put a text that has a colon in quotes",
    "found character '\\t' that cannot start any token": "indent with spaces",
}


def parse_tree(text: str, *, where: str) -> Tree:
    """Read one YAML document as a tree of strings, lists and dicts.

    Args:
        text: The document.
        where: Name of the file, for messages.

    Returns:
        The tree; scalars are the strings as written.

    Raises:
        RuleError: If the text is not YAML or uses what is not allowed; names line and remedy.
    """
    return tree_of_node(compose(text, where=where), where=where)


def tree_of_node(node: yaml.Node, *, where: str) -> Tree:
    """Return what a composed document says, as `parse_tree` does.

    Raises:
        RuleError: If a key stands twice, is no word, or merges.
    """
    return _tree(node, where)


def line_numbers(text: str, *, where: str) -> Mapping[str, int]:
    """Return the line of every part of a document.

    Args:
        text: A document that `parse_tree` accepts.
        where: Name of the file, for messages.

    Returns:
        Line counted from 1 by path, such as ``rules[0].when.gt[1]``; the path of a value with a
        key leads to the line of the key, and the empty path to the first line of the document.

    Raises:
        RuleError: If the text is not one YAML document.
    """
    return dict(_lines(compose(text, where=where), ""))


def compose(text: str, *, where: str) -> yaml.Node:
    """Return the one document as nodes with their marks.

    What would make one text mean two things is refused, all but keys.

    Args:
        text: The document.
        where: Name of the file, for messages.

    Raises:
        RuleError: If the text is not one YAML document, or uses what is not allowed.
    """
    import yaml  # noqa: PLC0415 - start-up reads the canonical pack and needs no YAML

    if len(text) > TEXT_MAX:
        message = f"{len(text)} characters, more than {TEXT_MAX}"
        raise RuleError(message, where=where, remedy="split the file", kind="too-large")
    try:
        node = _reader()(text, where).get_single_node()
    except (yaml.YAMLError, ValueError) as error:
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        line, remedy = _line(error, "problem_mark"), _MENDED.get(problem, "mend the line")
        raise _fault("yaml", f"not YAML: {problem}", remedy, where, line) from error
    if node is None:
        raise _fault("empty", "the file is empty", "write the file, or remove it", where)
    return node


@cache
def _reader() -> Callable[[str, str], yaml.SafeLoader]:
    """Return the loader that refuses as it reads, made once and only where YAML is read."""
    import yaml  # noqa: PLC0415 - see compose

    class Reader(yaml.SafeLoader):
        """A loader that looks at every event before anything is made of it."""

        def __init__(self, text: str, where: str) -> None:
            """Read a text; the name of the file is for messages."""
            super().__init__(text)
            self._where = where
            self._depth = 0

        def get_event(self) -> yaml.Event:
            """Return the next event, if it is one that has one meaning."""
            event: yaml.Event = super().get_event()  # type: ignore[no-untyped-call]
            _refuse(event, self._where)
            self._depth += isinstance(event, yaml.CollectionStartEvent)
            self._depth -= isinstance(event, yaml.CollectionEndEvent)
            if self._depth > _DEPTH_MAX:
                message = f"nested deeper than {_DEPTH_MAX}"
                raise _fault("too-deep", message, "write it flatter", self._where, _line(event))
            return event

    return Reader


def _fault(kind: str, message: str, remedy: str, where: str, line: int | None = None) -> RuleError:
    """Build the error for a text that is refused, with the line where one is known."""
    place = where if line is None else f"{where}:{line}"
    return RuleError(message, where=place, remedy=remedy, kind=kind, line=line)


def _line(marked: object, mark: str = "start_mark") -> int | None:
    """Return the line, counted from 1, of what carries a mark; None without one."""
    found = getattr(marked, mark, None)
    return None if found is None else int(found.line) + 1


def _refuse(event: yaml.Event, where: str) -> None:
    """Raise for the parts of YAML that make one text mean two things."""
    kind, line = type(event).__name__, _line(event)
    if kind == "AliasEvent" or getattr(event, "anchor", None):
        raise _fault("anchor", "anchors and aliases are not allowed", "write it out", where, line)
    if getattr(event, "tag", None):
        raise _fault("tag", "tags are not allowed", "remove the !tag", where, line)
    if kind == "DocumentStartEvent" and (getattr(event, "version", None) or event.__dict__["tags"]):
        raise _fault("directive", "directives are not allowed", "remove the % line", where, line)


def _tree(node: yaml.Node, where: str) -> Tree:
    """Turn a composed node into strings, lists and dicts."""
    import yaml  # noqa: PLC0415 - see compose

    if isinstance(node, yaml.ScalarNode):
        return _text(node, where)
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item, where) for item in node.value]
    assert isinstance(node, yaml.MappingNode)
    tree: dict[str, Tree] = {}
    for key_node, value_node in node.value:
        line = _line(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            raise _fault("key", "a key must be a word", "write a word", where, line)
        key = _text(key_node, where)
        if key == "<<":
            raise _fault("merge-key", "merge keys are not allowed", "write it out", where, line)
        if key in tree:
            raise _fault("duplicate-key", f"the key {key!r} stands twice", "keep one", where, line)
        tree[key] = _tree(value_node, where)
    return tree


def _text(node: yaml.ScalarNode, where: str) -> str:
    """Return a scalar as written; half a character has no bytes and so no digest."""
    text = str(node.value)
    if any("\ud800" <= character <= "\udfff" for character in text):
        message = "an escape stands for half a character"
        raise _fault(
            "encoding", message, "write the character itself", where, node.start_mark.line + 1
        )
    return text


def _lines(node: yaml.Node, place: str) -> Iterator[tuple[str, int]]:
    """Yield the path and line of a node and of everything below it."""
    import yaml  # noqa: PLC0415 - see compose

    if not place:
        yield place, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield f"{place}[{index}]", item.start_mark.line + 1
            yield from _lines(item, f"{place}[{index}]")
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = f"{place}.{key.value}".removeprefix(".")
            yield path, key.start_mark.line + 1
            yield from _lines(value, path)
