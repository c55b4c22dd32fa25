"""The form of a rule file is the one way in which it is written, whatever it says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from ledger.errors import RuleError
from ledger.regime.keyorder import kind_of, reordered
from ledger.regime.layout import written
from ledger.regime.markup import Entry, Group, markup_of, tree_of
from ledger.yamltree import Tree, compose, tree_of_node

__all__ = ["SERVER", "formatted"]

SERVER: Final = "# yaml-language-server: $schema="


def formatted(text: str, *, where: str, find: Callable[[str], str | None] = lambda _: None) -> str:
    """Write a rule file in the one form, and prove that it still says the same.

    Args:
        text: The file.
        where: Its path, for messages and to know what it holds.
        find: Gives the path from the file to the JSON Schema of that file name, for the first
            line, or None to leave that line as it is.

    Raises:
        RuleError: If the text is no rule file, or could not be written without changing it.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    said, document = _read(plain, where)
    kind = kind_of(where, said)
    ordered = reordered(document, kind.type)
    result = written(_headed(ordered, None if kind.schema is None else find(kind.schema)))
    again, rewritten = _read(result, where)
    kept = _remarks(document) == _remarks(rewritten)
    same = again == said and _told(again) == _told(tree_of(ordered.value))
    if not (kept and same and _told(said) == _told(tree_of(document.value))):
        raise RuleError(
            "the file cannot be written in another form without changing it",
            where=where,
            why="what a rule file says is never changed by its form",
            remedy="leave it as it is, and report it",
        )
    return result


def _read(text: str, where: str) -> tuple[Tree, Entry]:
    """Return what a text says, and how it is written."""
    node = compose(text, where=where)
    return tree_of_node(node, where=where), markup_of(node, text)


def _headed(document: Entry, schema: str | None) -> Entry:
    """Return a document whose line for the editor stands first."""
    found = [line for line in document.above if line.startswith(SERVER)]
    rest = [line for line in document.above if not line.startswith(SERVER)]
    line = found[:1] if schema is None else [f"{SERVER}{schema}"]
    return replace(document, above=(*line, *rest))


def _remarks(entry: Entry) -> Counter[str]:
    """Count the comments of an entry and of everything below it, lines for the editor apart."""
    return Counter(line for line in _every_remark(entry) if line and not line.startswith(SERVER))


def _every_remark(entry: Entry) -> Iterator[str]:
    """Yield every comment of an entry and of everything below it."""
    yield from (*entry.above, *entry.beside)
    if isinstance(entry.value, Group):
        for each in entry.value.entries:
            yield from _every_remark(each)
        yield from entry.value.foot


def _told(tree: Tree) -> str:
    """Return what a tree says, in its order."""
    return json.dumps(tree, ensure_ascii=False)
