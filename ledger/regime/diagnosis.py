"""A diagnosis names the place in a rule file where something is wrong, and what to write there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from ledger.errors import RuleError
from ledger.modelling import ErrorDetails, TypeAdapter, ValidationError
from ledger.regime.expression import OPERATORS
from ledger.regime.scalar import (
    FACT_PATTERN,
    FROM_FILE,
    ID_PATTERN,
    REGIME_PATTERN,
    WORD_PATTERN,
    nearest,
)
from ledger.yamltree import Tree

__all__ = ["Flaw", "flawed", "parse_node"]

T = TypeVar("T")
_ADAPTERS: Final[dict[type[Any], TypeAdapter[Any]]] = {}  # built at first use, once each
_PLAIN: Final = {
    "model_type": ("a mapping belongs here", "write { key: value }"),
    "dict_type": ("a mapping belongs here", "write { key: value }"),
    "tuple_type": ("a list belongs here", "write [a, b]"),
    "string_type": ("a word or text belongs here", "write it as one text"),
    "too_short": ("the list is too short", "add what is missing"),
    "too_long": ("the list is too long", "a comparison has two sides; split what is more"),
    "string_too_short": ("the text is empty", "write the text"),
    "string_too_long": ("the text is too long", "shorten it"),
    "operator": ("", "use one operator of the language, spelled exactly"),
    "union_tag_invalid": (
        "this operator does not belong here",
        "see schemas/regime.v1.schema.json",
    ),
}
# How a name of each form is written.
_FORMS: Final = {
    f"^{ID_PATTERN}$": "write small letters, digits and single hyphens, such as frontier-model",
    f"^{FACT_PATTERN}$": "write the subject, a point and small letters, such as model.size",
    REGIME_PATTERN: "write small letters with points between, such as us.ca.sb53",
    WORD_PATTERN: "write letters, digits, points, hyphens and low lines only",
}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One mistake in a rule file.

    Attributes:
        file: Path of the file below the rules folder.
        place: Path inside the file, such as ``rules[0].when.gt[1]``; empty for the whole file.
        code: Stable kebab-case word for the kind of mistake.
        message: What stands there.
        remedy: What to write instead.
        line: Line of the place counted from 1, or None where nobody has looked it up.
    """

    file: str
    place: str
    code: str
    message: str
    remedy: str
    line: int | None = None

    @property
    def where(self) -> str:
        """File, line and place, as errors and tables show them."""
        file = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{file}: {self.place}" if self.place else file


def flawed(flaws: Sequence[Flaw]) -> RuleError:
    """Build the error for files that cannot be loaded: the first mistake, and how many more."""
    first = flaws[0]
    more = len(flaws) - 1
    why = "" if not more else f"{more} more in the rule files: flopledger rules lint lists them"
    return RuleError(first.message, where=first.where, why=why, remedy=first.remedy)


def parse_node(
    kind: type[T] | TypeAdapter[T], tree: Tree, file: str
) -> tuple[T | None, tuple[Flaw, ...]]:
    """Read a tree of strings as a part of the rule language.

    Args:
        kind: The model of the file, or an adapter of one.
        tree: The file as strings, lists and mappings.
        file: Its path, for messages.

    Returns:
        The model and no flaws, or None and every flaw that was found.
    """
    try:
        json.dumps(tree, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        halves = (_place(loc, tree, missing=False) for loc in _halves(tree, ()))
        return None, tuple(_half_told(file, place) for place in halves)
    adapter: TypeAdapter[T] = kind if isinstance(kind, TypeAdapter) else _adapter(kind)
    try:
        return adapter.validate_python(_frozen(tree), context=FROM_FILE, strict=True), ()
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, tuple(_flaw(detail, tree, file) for detail in _causes(details))


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    """Return what reads a model, built once."""
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]


def _frozen(tree: Tree) -> object:
    """Return the tree with tuples for lists, which is what strict models of sequences take."""
    if isinstance(tree, dict):
        return {key: _frozen(value) for key, value in tree.items()}
    return tuple(_frozen(item) for item in tree) if isinstance(tree, list) else tree


def _halves(tree: Tree, loc: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Yield where texts hold half a character: they have no bytes, and not every model looks."""
    if isinstance(tree, str):
        if not tree.isascii() and any("\ud800" <= sign <= "\udfff" for sign in tree):
            yield loc
        return
    parts = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for name, part in parts:
        if isinstance(name, str):
            yield from _halves(name, loc)
        yield from _halves(part, (*loc, name))


def _half_told(file: str, place: str) -> Flaw:
    """Return the flaw of such a text."""
    return Flaw(file, place, "encoding", "half a character stands here", "write it anew")


def _causes(details: list[ErrorDetails]) -> list[ErrorDetails]:
    """Drop the complaints that only follow from a deeper one at the same place."""
    places = [detail["loc"] for detail in details]

    def follows(detail: ErrorDetails) -> bool:
        loc = detail["loc"]
        return detail["type"] in {"too_short", "missing"} and any(
            place != loc and place[: len(loc)] == loc for place in places
        )

    return [detail for detail in details if not follows(detail)]


def _flaw(detail: ErrorDetails, tree: Tree, file: str) -> Flaw:
    """Turn one error of the model into a flaw with its place and remedy."""
    place = _place(detail["loc"], tree, missing=detail["type"] == "missing")
    context = detail.get("ctx") or {}
    kind = detail["type"]
    if kind == "rule_scalar":
        return Flaw(file, place, context["kind"], context["text"], context["remedy"])
    code, message, remedy = _told(detail)
    return Flaw(file, place, code, message, remedy)


def _told(detail: ErrorDetails) -> tuple[str, str, str]:
    """Return code, message and remedy for an error that the models do not word themselves."""
    context = detail.get("ctx") or {}
    shown = _shown(detail["input"])
    match detail["type"]:
        case "missing":
            last = detail["loc"][-1]
            name = last if isinstance(last, str) else "the other side"
            return "missing", f"{name} is missing", "add it"
        case "literal_error":
            words = re.findall(r"'([^']*)'", context["expected"])
            return "word", f"{shown} does not belong here", nearest(str(detail["input"]), words)
        case "string_pattern_mismatch":
            pattern = str(context["pattern"])
            remedy = _FORMS.get(pattern, f"it must match {pattern}")
            return "name", f"{shown} has the wrong form", remedy
        case "operator":
            return _operator_told(detail)
        case kind:
            message, remedy = _PLAIN.get(kind, (detail["msg"], "see the schema of rule files"))
            return kind.replace("_", "-"), message, remedy


def _operator_told(detail: ErrorDetails) -> tuple[str, str, str]:
    """Return code, message and remedy for a mapping that is no expression, or not the one asked."""
    given = detail["input"]
    keys = list(given) if isinstance(given, dict) else []
    known = [key for key in keys if key in OPERATORS]
    wanted, _, list_of = detail["msg"].partition(": ")
    if len(known) > 1:
        message = f"{' and '.join(known)} stand in one mapping"
        return "operator", message, "put each into its own mapping, under all or any"
    if keys and not known:
        return "operator", f"{keys[0]!r} is not an operator", nearest(str(keys[0]), OPERATORS)
    return "operator", f"{_shown(given)} does not belong here; {wanted}", list_of


def _place(loc: Sequence[int | str], tree: Tree, *, missing: bool) -> str:
    """Return the path of the file that a location of the model means.

    The model's location also names the alternatives of unions, which are not in the file.
    """
    text = ""
    here: Tree | None = tree
    for step in loc:
        if isinstance(step, int) and isinstance(here, list):
            text += f"[{step}]"
            here = here[step] if step < len(here) else None
        elif isinstance(step, str) and isinstance(here, dict) and step in here:
            text += f".{step}"
            here = here[step]
    last = loc[-1] if loc else ""
    if missing and isinstance(last, str):
        text += f".{last}"
    return text.removeprefix(".")


def _shown(value: object) -> str:
    """Return a value short enough for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - one line of a terminal
