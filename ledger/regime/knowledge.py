"""Knowledge of a fact is its value, or what would settle it: of one subject, or of many at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.regime.environment import FactValue

__all__ = ["Known", "KnownOf"]


@dataclass(frozen=True, slots=True)
class Known:
    """A fact with what would settle it.

    Attributes:
        value: The value, or None while it is unknown.
        missing: What would settle it; empty once it is known.
        entries: Entries that say so; without a value they contradict each other, or a figure.
        against_figure: Whether a figure that the ledger holds contradicts what they say.
    """

    value: FactValue | None
    missing: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()
    against_figure: bool = False


@dataclass(frozen=True, slots=True)
class KnownOf:
    """A fact of many subjects, each in a row.

    Attributes:
        usual: What is known of those of whom nothing is recorded or implied.
        others: What is known of the others, by row.
    """

    usual: Known
    others: Mapping[int, Known]

    def at(self, row: int) -> Known:
        """Return what is known in a row."""
        return self.others.get(row, self.usual)
