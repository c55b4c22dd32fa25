"""A problem as people and programs read it: lines on a terminal, an object in a document."""

from __future__ import annotations

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
    """Problems as lines for a terminal, the worst first; the same advice is given once.

    Args:
        problems: what was found.
        most: how many to show; a last line counts the rest.
    """
    ranked = sorted(problems, key=lambda problem: _RANK[problem.severity])
    lines: list[str] = []
    told: set[tuple[str, str]] = set()
    for problem in ranked[:most]:
        place = problem.source if problem.line is None else f"{problem.source}:{problem.line}"
        lines.append(f"{place}: {problem.severity}[{problem.code}]: {problem.message}")
        advice = (problem.why, problem.remedy)
        if advice not in told:
            lines += [f"  why: {problem.why}"] if problem.why else []
            lines += [f"  next: {problem.remedy}"] if problem.remedy else []
        told.add(advice)
    if len(ranked) > most:
        lines.append(f"and {len(ranked) - most:,} more; -f json lists all")
    return lines
