"""Fields are the keys of one mapping in a rule file, read strictly: none missing, none unknown."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from ledger.errors import RuleError, UnitError
from ledger.quantity import Dimension, parse_number, parse_quantity
from ledger.yamltree import Tree

__all__ = ["UNKNOWN", "Fields"]

UNKNOWN = "unknown"
"""The word for a figure that nobody published; it is never zero."""


@dataclass(frozen=True, slots=True)
class Fields:
    """One mapping and where it stands.

    Attributes:
        tree: Key to scalar, list or mapping.
        where: File and place, for messages.
    """

    tree: Mapping[str, Tree]
    where: str

    @classmethod
    def of(cls, tree: Tree, where: str, required: Collection[str] = ()) -> Self:
        """Read a mapping; with ``required``, exactly those keys.

        Raises:
            RuleError: If it is no mapping, or a key is missing or unknown.
        """
        if not isinstance(tree, dict):
            raise RuleError("a mapping must stand here", where=where)
        fields = cls(tree, where)
        return fields.only(required) if required else fields

    def only(self, required: Collection[str], optional: Collection[str] = ()) -> Self:
        """Return itself if it has exactly these keys.

        Raises:
            RuleError: If a key is missing or unknown.
        """
        missing = [key for key in required if key not in self.tree]
        unknown = [key for key in self.tree if key not in required and key not in optional]
        if missing or unknown:
            word, keys = ("is missing", missing) if missing else ("is unknown", unknown)
            raise RuleError(
                f"the key {keys[0]!r} {word}",
                where=self.where,
                remedy="the keys are: " + ", ".join([*required, *optional]),
            )
        return self

    def text(self, key: str, choices: Collection[str] = ()) -> str:
        """Return a scalar, one of ``choices`` if any are given.

        Raises:
            RuleError: If it is no scalar or no such choice.
        """
        value = self.tree.get(key)
        if not isinstance(value, str):
            raise RuleError(f"{key} must be one word or text", where=self.where)
        if choices and value not in choices:
            raise RuleError(
                f"{key} is {value!r}",
                where=self.where,
                remedy="write one of: " + ", ".join(choices),
            )
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of scalars.

        Raises:
            RuleError: If it is anything else.
        """
        items = self._items(key)
        texts = tuple(item for item in items if isinstance(item, str))
        if len(texts) != len(items):
            raise RuleError(f"{key} must be a list of words", where=self.where)
        return texts

    def child(self, key: str) -> Fields:
        """Return a mapping below."""
        return Fields.of(self.tree.get(key, ""), f"{self.where} {key}")

    def children(self, key: str, required: Collection[str] = ()) -> tuple[Fields, ...]:
        """Return a list of mappings below, each with exactly these keys if any are given."""
        return tuple(
            Fields.of(item, f"{self.where} {key}[{index}]", required)
            for index, item in enumerate(self._items(key))
        )

    def quantity(self, key: str, dimension: Dimension) -> Fraction | None:
        """Return a quantity in the base unit of its dimension; None for ``unknown``.

        Raises:
            RuleError: If it is no exact quantity of that dimension.
        """
        text = self.text(key)
        if text == UNKNOWN:
            return None
        try:
            return parse_quantity(text, dimension).base
        except UnitError as error:
            raise self._bad(key, error) from error

    def integer(self, key: str, dimension: Dimension, step: int = 1) -> int | None:
        """Return how many steps of the base unit a quantity holds; None for ``unknown``.

        Raises:
            RuleError: If it is no whole number of them.
        """
        value = self.quantity(key, dimension)
        if value is None:
            return None
        steps = value / step
        if steps.denominator != 1:
            raise RuleError(f"{key} is not a whole number", where=self.where)
        return steps.numerator

    def number(self, key: str) -> Fraction | None:
        """Return an exact number without unit; None for ``unknown``.

        Raises:
            RuleError: If it is not written as one.
        """
        text = self.text(key)
        try:
            return None if text == UNKNOWN else parse_number(text)
        except UnitError as error:
            raise self._bad(key, error) from error

    def _items(self, key: str) -> list[Tree]:
        """Return a list."""
        value = self.tree.get(key)
        if not isinstance(value, list):
            raise RuleError(f"{key} must be a list", where=self.where)
        return value

    def _bad(self, key: str, error: UnitError) -> RuleError:
        """Return the same complaint with its place in the file."""
        return RuleError(
            f"{key}: {error.message}", where=self.where, why=error.why, remedy=error.remedy
        )
