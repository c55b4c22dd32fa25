"""The form of rule files, of any tree in any style: nothing is lost and comments stay beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from test_regime_form import form_of

from ledger.errors import RuleError
from ledger.yamltree import Tree, parse_tree

PIECES = st.sampled_from(
    ["a", "b c", "word", " ", "  ", ":", ": ", " #", "#", "-", "- ", "?", ",", "[", "]", "{", "}",
     "'", '"', "\\", "\n", "\n\n", "\t", "é", "이상", "\u2028", "\x85", "\xa0", "|", ">", "&", "*",
     "!", "%", "@", "`", "---", "yes", "null", "10", "1e25", "2025-08-02", "<<", "=", "x" * 30]
)  # fmt: skip
texts = st.lists(PIECES, max_size=8).map("".join)
trees = st.recursive(
    texts,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)


def node_of(tree: Tree, data: st.DataObject, names: list[int]) -> yaml.Node:
    """Return a tree as nodes, each in a style drawn for it; keys are made unlike each other."""
    if isinstance(tree, str):
        style = data.draw(st.sampled_from([None, "'", '"', "|", ">"]))
        return yaml.ScalarNode("tag:yaml.org,2002:str", tree, style=style)
    flow = data.draw(st.booleans())
    if isinstance(tree, list):
        items = [node_of(item, data, names) for item in tree]
        return yaml.SequenceNode("tag:yaml.org,2002:seq", items, flow_style=flow)
    pairs = []
    for key, value in tree.items():
        names.append(len(names))
        text = f"k{len(names)}{key}"
        style = data.draw(st.sampled_from([None, "'", '"']))
        name = yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)
        pairs.append((name, node_of(value, data, names)))
    return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=flow)


def keys_of(text: str, node: yaml.Node) -> Iterator[tuple[int, int, str, bool]]:
    """Yield line, column and name of keys alone on their line, and whether their value is on it."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from keys_of(text, item)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        start = key.start_mark.index
        column = start - text.rfind("\n", 0, start) - 1
        block = node.flow_style or "\n" in text[start : key.end_mark.index]
        if not block and not text[start - column : start].strip():
            scalar = isinstance(value, yaml.ScalarNode) and value.style not in {"|", ">"}
            beside = scalar and "\n" not in text[start : value.end_mark.index]
            yield text.count("\n", 0, start), column, key.value, beside
        yield from keys_of(text, value)


def commented(text: str, data: st.DataObject) -> tuple[str, list[str]]:
    """Return a text with comments above and beside some of its keys, and the comments."""
    root = yaml.compose(text)
    assert root is not None
    lines, notes = text.split("\n"), list[str]()
    for line, column, name, beside in sorted(keys_of(text, root), reverse=True):
        if beside and data.draw(st.booleans()):
            notes.append(f"# beside {name!a}")
            lines[line] += f"  {notes[-1]}"
        if data.draw(st.booleans()):
            notes.append(f"# above {name!a}")
            lines.insert(line, " " * column + notes[-1])
    return "\n".join(lines), notes


def told(text: str) -> str:
    """Return what a text says, in its order."""
    return json.dumps(parse_tree(text, where="x"))


@settings(max_examples=80)
@given(tree=trees, data=st.data())
def test_form_of_any_tree_in_any_style(tree: Tree, data: st.DataObject) -> None:
    text = yaml.serialize(node_of(tree, data, []), width=10_000, allow_unicode=True)
    try:
        said = parse_tree(text, where="x")
    except RuleError:
        return  # half a character
    text, notes = commented(text, data)
    assert parse_tree(text, where="x") == said
    result = form_of(text)
    assert told(result) == told(text)
    lines = [line.strip() for line in result.split("\n")]
    for note in notes:
        name = re.findall(r"k[0-9]+", note)[0]
        if note.startswith("# above"):
            assert note in lines
            follower = next(x for x in lines[lines.index(note) + 1 :] if x and x[0] != "#")
            assert name in follower
        else:
            assert any(line.endswith(note) and name in line for line in lines)
