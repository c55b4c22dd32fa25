"""An unknown is a question of a truth table: what it could be, and how that is told."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeAlias

from ledger.regime.term import Axis, Division, Sign

__all__ = ["Flag", "Option", "Scale", "Unknown"]

_BOTH_ZERO: Final = -1


@dataclass(frozen=True, slots=True)
class Scale:
    """Where something lies on an axis that comparisons divide.

    Attributes:
        axis: What is divided.
        places: Where, in order, each once.
        bounded: Whether nothing on the axis is below zero.
        vanishing: Whether both sides can be zero at once.
        compared: The comparisons: left and right as told, and the division.
    """

    axis: Axis
    places: tuple[Fraction, ...]
    bounded: bool
    vanishing: bool
    compared: tuple[tuple[str, str, Division], ...]

    @property
    def answers(self) -> tuple[Hashable, ...]:
        """Stretches and places by turns: 0 is below the first place, 1 on it, 2 above it."""
        first = 1 if self.bounded and self.places[0] == 0 else 0
        found = (*range(first, 2 * len(self.places) + 1),)
        return (*found, _BOTH_ZERO) if self.vanishing else found

    def sign(self, division: Division, answer: Hashable) -> Sign:
        """Return how the left of a comparison stands to its right."""
        assert isinstance(answer, int), "a scale is answered by the number of a stretch or place"
        on = 2 * self.places.index(division.at) + 1
        if answer in {on, _BOTH_ZERO}:
            return "="
        return division.seen("<" if answer < on else ">")

    def told(self, answer: Hashable) -> str:
        """Return how each comparison of the axis comes out."""
        signs = (f"{a} {self.sign(division, answer)} {b}" for a, b, division in self.compared)
        return ", ".join(dict.fromkeys(signs))


@dataclass(frozen=True, slots=True)
class Option:
    """Which of several answers one thing has, where it has exactly one.

    Attributes:
        name: A reading, with its prefix, or a fact.
        answers: What it can be; None stands for anything that nobody asks about.
    """

    name: str
    answers: tuple[Hashable, ...]

    def told(self, answer: Hashable) -> str:
        """Return the answer in words."""
        if self.name.startswith("reading:"):
            return f"{self.name}={answer}"
        return f"{self.name} is {'something else' if answer is None else answer}"


@dataclass(frozen=True, slots=True)
class Flag:
    """Whether something holds that is not looked into.

    Attributes:
        name: What tells it from every other flag.
        text: What it says, for a message.
    """

    name: str
    text: str

    @property
    def answers(self) -> tuple[Hashable, ...]:
        """It holds, or it does not."""
        return (True, False)

    def told(self, answer: Hashable) -> str:
        """Return the answer in words."""
        return f"{self.text} is {'yes' if answer is True else 'no'}"


Unknown: TypeAlias = Scale | Option | Flag
