"""A worked figure is an estimate with its range, the reason for the range, and all its inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.errors import InputError
from ledger.estimate import MILLION, Inputs, integer_of

__all__ = ["ERROR_MAX_PPM", "Part", "Worked", "bounded"]

ERROR_MAX_PPM = 100 * MILLION
"""A hundredfold: a wider error says nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One activity of a piece of work.

    Attributes:
        name: What it is, one or two words.
        activity: Word of the activity vocabulary; laws count some and leave others out.
        method: As a record states it.
        operations: Operations performed, without recomputation; None if only the range is known.
        low: Lower end; None if no error is known.
        high: Upper end; None likewise.
        executed: With recomputation and padding; None if the method does not tell them apart.
        inputs: What anybody needs to work it out again.
        width: Why the range is as wide as it is.
        notes: What the method takes for granted or leaves out.
    """

    name: str
    activity: str
    method: str
    operations: int | None
    low: int | None
    high: int | None
    executed: int | None
    inputs: Inputs
    width: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worked:
    """The figure of a method: one part, or several that are different activities.

    Attributes:
        method: Name of the method on the command line.
        formula: The formula, written out.
        parts: At least one.
    """

    method: str
    formula: str
    parts: tuple[Part, ...]

    @property
    def operations(self) -> int | None:
        """The sum of the parts; None if one is not known."""
        return _sum(part.operations for part in self.parts)

    @property
    def low(self) -> int | None:
        """The sum of the lower ends: the errors of one method go together."""
        return _sum(part.low for part in self.parts)

    @property
    def high(self) -> int | None:
        """The sum of the upper ends."""
        return _sum(part.high for part in self.parts)


def bounded(operations: int, inputs: Inputs) -> tuple[int, int] | None:
    """Return both ends that an error in the inputs leaves, rounded outwards.

    Args:
        operations: The figure.
        inputs: ``error_ppm`` is the error either way, parts per million of the figure.

    Returns:
        The ends, the lower one never below nothing; None without an error.

    Raises:
        InputError: The error is no number from 0 to `ERROR_MAX_PPM`.
    """
    if "error_ppm" not in inputs:
        return None
    error = integer_of(inputs, "error_ppm")
    if not 0 <= error <= ERROR_MAX_PPM:
        raise InputError(
            f"an error of {error} parts per million",
            remedy="100000 is a tenth of the figure either way",
        )
    low = operations * max(0, MILLION - error) // MILLION
    return low, -(-operations * (MILLION + error) // MILLION)


def _sum(values: Iterable[int | None]) -> int | None:
    """Add up, or return None if one is not known."""
    held = list(values)
    return None if None in held else sum(value for value in held if value is not None)
