"""A whole is what a source tells of one thing, such as a job: its legs stand or fall together.

The legs of a thing are told apart by a number in their keys. So whoever holds the keys of a ledger
finds every leg that was told of it before, and sees which of them the source no longer tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from ledger.canonical import JSON

__all__ = ["Series", "Whole"]


@dataclass(frozen=True, slots=True)
class Series:
    """Keys that differ in a number, which counts from 0 without a gap.

    Attributes:
        before: Parts of the key before the number, the record type first.
        after: Parts behind it.
    """

    before: tuple[str, ...]
    after: tuple[str, ...] = ()

    def key(self, number: int) -> tuple[str, ...]:
        """Return the natural key of the leg with that number."""
        return (*self.before, str(number), *self.after)


@dataclass(frozen=True, slots=True)
class Whole:
    """One thing, as a source tells of it now.

    Attributes:
        key: What tells the thing from every other.
        series: Where legs of it have their keys.
        evidence: Where the source tells of it, as an allocation states it.
        ordered: Whether a series has legs only if the one before it has.
        parts: Whether a leg is a part of one time and tells nothing of others: sealing numbers it,
            so that those that share no time have each a number of their own.
        doubtful: Where it holds nothing any more: whether that may be for want of knowing.
        role: Where it holds nothing any more: of which role its records are; None for any.
    """

    key: tuple[str, ...]
    series: tuple[Series, ...]
    evidence: Mapping[str, JSON]
    ordered: bool = False
    parts: bool = False
    doubtful: bool = False
    role: str | None = None

    @classmethod
    def numbered(
        cls, key: tuple[str, ...], evidence: Mapping[str, JSON], *, parts: bool = False
    ) -> Self:
        """Return a thing whose allocations have its key and their number.

        Args:
            key: The key of each leg without its type and number.
            evidence: Where the source tells of it.
            parts: Whether each leg is a part that tells nothing of others.
        """
        return cls(key, (Series(("allocation", *key)),), evidence, parts=parts)
