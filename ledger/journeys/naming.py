"""Naming is whether the subjects of a ledger can be told apart by whoever reads their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ledger.errors import Problem
from ledger.form.lookalike import alike, told

__all__ = ["ALIKE", "alike_names", "naming_problems"]

ALIKE: Final = "names-alike"
"""Code of the finding."""
_WHY: Final = "they count as different, so that work of one can stay below a line that it crosses"


def alike_names(subjects: Iterable[str]) -> Iterator[str]:
    """Yield each group of subjects that look alike, in words.

    Args:
        subjects: With their prefixes.
    """
    for group in alike(subjects):
        yield f"names look alike: {told(group)}; {_WHY}"


def naming_problems(source: str, subjects: Iterable[str]) -> tuple[Problem, ...]:
    """Return a finding for each group of subjects that look alike.

    Args:
        source: Name of the ledger.
        subjects: With their prefixes.
    """
    return tuple(
        Problem(
            source,
            None,
            ALIKE,
            f"names look alike: {told(group)}",
            "if they are one, reverse the records of the wrong name and record them anew",
            "finding",
            _WHY,
        )
        for group in alike(subjects)
    )
