"""A problem as people and programs read it: lines on a terminal, an object in a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ledger.errors import Problem

__all__ = ["SHOWN_MAX", "ProblemPart", "problem_lines", "problem_part"]

SHOWN_MAX = 20
"""Problems shown on a terminal; the JSON form has all of them."""

_RANK = {"refused": 0, "finding": 1, "note": 2}


class ProblemPart(BaseModel):
    """One thing wrong or odd about a place in a file."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    file: str = Field(description="Name of the file as given.")
    line: int | None = Field(ge=1, description="Line or row, from 1; null means the whole file.")
    code: str = Field(description="Stable word for the kind of problem.")
    severity: Literal["refused", "finding", "note"] = Field(
        description="Refused rows are not recorded; rows with a finding are, unless changed."
    )
    message: str = Field(description="What is there.")
    why: str = Field(description="Why it matters; may be empty.")
    remedy: str = Field(description="What to write or do.")


def problem_part(problem: Problem) -> ProblemPart:
    """One problem in a document."""
    return ProblemPart(
        file=problem.source,
        line=problem.line,
        code=problem.code,
        severity=problem.severity,
        message=problem.message,
        why=problem.why,
        remedy=problem.remedy,
    )


def problem_lines(problems: Iterable[Problem], *, most: int = SHOWN_MAX) -> list[str]:
    """Problems as lines for a terminal, the worst first; the same words are given once.

    Args:
        problems: what was found.
        most: how many different ones to show; a last line counts the rest.
    """
    found, rest = _alike(problems, most)
    lines: list[str] = []
    told: set[tuple[str, str]] = set()
    for problem, more in found:
        place = problem.source if problem.line is None else f"{problem.source}:{problem.line}"
        again = f" (and at {_places(more)})" if more else ""
        lines.append(f"{place}: {problem.severity}[{problem.code}]: {problem.message}{again}")
        advice = (problem.why, problem.remedy)
        if advice not in told:
            lines += [f"  why: {problem.why}"] if problem.why else []
            lines += [f"  next: {problem.remedy}"] if problem.remedy else []
        told.add(advice)
    if rest:
        lines.append(f"and {rest:,} more; -f json lists all")
    return lines


def _alike(problems: Iterable[Problem], most: int) -> tuple[list[tuple[Problem, int]], int]:
    """Return the first different ones, the worst first, and how many problems are left.

    Beside each stands how many more say the same. Of the rest nothing is kept: there may be one
    for every row of a file.
    """
    first: dict[tuple[str, ...], Problem] = {}
    different, alike, total = Counter[str](), Counter[tuple[str, ...]](), 0
    for problem in problems:
        total += 1
        words = (problem.severity, problem.code, problem.message, problem.why, problem.remedy)
        if words not in first and different[problem.severity] < most:
            different[problem.severity] += 1
            first[words] = problem
        if words in first:
            alike[words] += 1
    shown = sorted(first, key=lambda words: _RANK[words[0]])[:most]
    return [(first[words], alike[words] - 1) for words in shown], total - sum(
        alike[words] for words in shown
    )


def _places(count: int) -> str:
    """How many places there are besides the one that is told."""
    return "1 place more" if count == 1 else f"{count:,} places more"
