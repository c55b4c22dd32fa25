"""A tree is YAML read as syntax only: every scalar is a string, nothing is guessed.

No anchors, aliases, tags, merge keys, directives or second documents; a duplicate key is an
error. So ``NO`` is Norway, ``1e25`` is the text ``1e25`` and a date is a date only where a field
is one.
"""

from __future__ import annotations

from typing import TypeAlias

from ledger.errors import RuleError

__all__ = ["TEXT_MAX", "Tree", "parse_tree"]

Tree: TypeAlias = "str | list[Tree] | dict[str, Tree]"

TEXT_MAX = 2_000_000  # bytes; the largest shipped file is under a tenth of it
_DEPTH_MAX = 64


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
    import yaml  # noqa: PLC0415 - start-up reads the canonical pack and needs no YAML

    if len(text) > TEXT_MAX:
        raise RuleError(f"{len(text)} characters, more than {TEXT_MAX}", where=where)
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            _refuse(event, where)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = where if mark is None else f"{where}:{mark.line + 1}"
        problem = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
        raise RuleError(f"not YAML: {problem}", where=place, remedy="mend the line") from error
    if node is None:
        raise RuleError("the file is empty", where=where)
    return _tree(node, where, 0)


def _refuse(event: object, where: str) -> None:
    """Raise for the parts of YAML that make one text mean two things."""
    line = getattr(event, "start_mark", None)
    place = where if line is None else f"{where}:{line.line + 1}"
    kind = type(event).__name__
    if kind == "AliasEvent" or getattr(event, "anchor", None):
        raise RuleError("anchors and aliases are not allowed", where=place, remedy="write it out")
    if getattr(event, "tag", None):
        raise RuleError("tags are not allowed", where=place, remedy="remove the !tag")
    if kind == "DocumentStartEvent" and (getattr(event, "version", None) or event.__dict__["tags"]):
        raise RuleError("directives are not allowed", where=place, remedy="remove the % line")


def _tree(node: object, where: str, depth: int) -> Tree:
    """Turn a composed node into strings, lists and dicts."""
    import yaml  # noqa: PLC0415 - see parse_tree

    assert isinstance(node, yaml.Node)
    place = f"{where}:{node.start_mark.line + 1}"
    if depth > _DEPTH_MAX:
        raise RuleError(f"nested deeper than {_DEPTH_MAX}", where=place)
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_tree(item, where, depth + 1) for item in node.value]
    tree: dict[str, Tree] = {}
    for key_node, value_node in node.value:
        line = f"{where}:{key_node.start_mark.line + 1}"
        if not isinstance(key_node, yaml.ScalarNode):
            raise RuleError("a key must be a word", where=line)
        key = str(key_node.value)
        if key == "<<":
            raise RuleError("merge keys are not allowed", where=line, remedy="write it out")
        if key in tree:
            raise RuleError(f"the key {key!r} stands twice", where=line, remedy="keep one")
        tree[key] = _tree(value_node, where, depth + 1)
    return tree
