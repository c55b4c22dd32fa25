"""A problem list keeps the first problems of each kind and counts the rest: it stays small."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final

from ledger.errors import Problem
from ledger.importers.marked_places import MarkedPlaces

__all__ = ["KEPT_MAX", "ProblemList"]

KEPT_MAX: Final = 1000
"""Problems of one kind that are told one by one."""


class ProblemList:
    """Problems of one file."""

    def __init__(self, path: str) -> None:
        """Begin with none."""
        self._path = path
        self._kept: list[Problem] = []
        self._counts: Counter[str] = Counter()
        self._refused = MarkedPlaces()
        self._refused_whole = False

    def add(self, problem: Problem) -> None:
        """Keep a problem, or count it if there are many like it."""
        self._counts[problem.code] += 1
        if problem.severity == "refused":
            if problem.line is None:
                self._refused_whole = True
            else:
                self._refused.add(problem.line)
        if self._counts[problem.code] <= KEPT_MAX:
            self._kept.append(problem)

    def finding(
        self, line: int | None, code: str, message: str, remedy: str, *, why: str = ""
    ) -> None:
        """Keep something that somebody must look at."""
        self.add(Problem(self._path, line, code, message, remedy, severity="finding", why=why))

    def note(self, code: str, message: str) -> None:
        """Keep something that is as it should be."""
        self.add(Problem(self._path, None, code, message, "", severity="note"))

    @property
    def refused(self) -> int:
        """How many lines are kept out; the whole file counts as one."""
        return len(self._refused) + self._refused_whole

    def all(self) -> tuple[Problem, ...]:
        """Return those kept, and one more for each kind of which there were more."""
        last = {problem.code: problem for problem in self._kept}
        more = [
            replace(
                last[code],
                line=None,
                message=f"{count - KEPT_MAX:,} more like it are not shown: {last[code].message}",
            )
            for code, count in self._counts.items()
            if count > KEPT_MAX
        ]
        return (*self._kept, *more)
