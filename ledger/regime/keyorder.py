"""A key order is the order in which a rule file names the parts of each thing: the model's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Final, Union, get_args, get_origin

from ledger.regime.cased import CasedRegime
from ledger.regime.markup import Entry, Group, Part
from ledger.regime.scalar import Node
from ledger.regime.vocabulary import ACTIVITIES_PATH, FACTS_PATH, Activity, Fact
from ledger.regime.waiver import Waivers
from ledger.yamltree import Tree

__all__ = ["Kind", "kind_of", "reordered"]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule file.

    Attributes:
        type: Type of what it holds, or None for a kind without a model.
        schema: File name of its JSON Schema, or None for a kind without one.
    """

    type: object | None = None
    schema: str | None = None


_BY_SCHEMA: Final = {
    "regime/1": Kind(CasedRegime, "regime.v1.schema.json"),
    "lint/1": Kind(Waivers, "lint.v1.schema.json"),
}
_BY_PATH: Final = {
    FACTS_PATH: Kind(dict[str, Fact], "facts.v1.schema.json"),
    ACTIVITIES_PATH: Kind(dict[str, Activity]),
}


def kind_of(path: str, tree: Tree) -> Kind:
    """Return the kind of a file: what it says of itself, else what its path says.

    Args:
        path: Path of the file, with ``/``; what stands before the rules folder does not matter.
        tree: What it says.
    """
    if isinstance(tree, dict) and isinstance(named := tree.get("schema"), str):
        return _BY_SCHEMA.get(named, Kind())
    ends = (kind for end, kind in _BY_PATH.items() if f"/{path}".endswith(f"/{end}"))
    return next(ends, Kind())


def reordered(entry: Entry, kind: object) -> Entry:
    """Return an entry in which every mapping of a model has its keys in the order of the model.

    Names that the file itself gives, and keys that the model does not have, stay as they are.

    Args:
        entry: An entry of a file.
        kind: Type of its value.
    """
    return replace(entry, value=_part(entry.value, kind))


def _part(part: Part, kind: object) -> Part:
    """Return a value with its keys in order."""
    if not isinstance(part, Group):
        return part
    kinds = [*_alternatives(kind)]
    if not part.mapping:
        return replace(part, entries=tuple(_items(part, kinds)))
    keys = {entry.key.text for entry in part.entries if entry.key is not None}
    models = [_fields(each) for each in kinds if isinstance(each, type) and issubclass(each, Node)]
    fitting = [fields for fields in models if keys <= set(fields)]
    if fitting or len(kinds) == len(models) == 1:
        fields = (fitting or models)[0]
        ranks = {key: rank for rank, key in enumerate(fields)}
        ordered = sorted(part.entries, key=lambda e: ranks.get(_key(e), len(ranks)))
        entries = (reordered(each, fields.get(_key(each))) for each in ordered)
        return replace(part, entries=tuple(entries))
    values = next((get_args(each)[1] for each in kinds if get_origin(each) is dict), None)
    return replace(part, entries=tuple(reordered(each, values) for each in part.entries))


def _items(group: Group, kinds: list[object]) -> Iterator[Entry]:
    """Yield the entries of a list with their keys in order."""
    inside = next((get_args(each) for each in kinds if get_origin(each) is tuple), ())
    endless = len(inside) == 2 and inside[1] is Ellipsis  # noqa: PLR2004 - a type and three dots
    for number, entry in enumerate(group.entries):
        known = inside[:1] if endless else inside[number : number + 1]
        yield reordered(entry, known[0] if known else None)


def _alternatives(kind: object) -> Iterator[object]:
    """Yield the types that a value may be of."""
    if get_origin(kind) is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif get_origin(kind) in {Union, UnionType}:
        for each in get_args(kind):
            yield from _alternatives(each)
    elif kind is not None and kind is not type(None):
        yield kind


def _fields(model: type[Node]) -> Mapping[str, object]:
    """Return the types of a model's fields by the keys that a file uses."""
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _key(entry: Entry) -> str:
    """Return the key of an entry of a mapping."""
    assert entry.key is not None, "an entry of a mapping has a key"
    return entry.key.text
