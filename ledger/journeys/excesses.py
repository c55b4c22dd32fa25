"""Excesses are the records of an import that state more than their own devices can do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from ledger.errors import Problem
from ledger.methods.bound import ABOVE, excess, excess_problem
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet

__all__ = ["TOLD_MAX", "excesses"]

TOLD_MAX: Final = 1_000
"""Legs above their own ceiling that are told one by one."""


def excesses(
    drafts: Sequence[Draft],
    lines: Sequence[int] | None,
    place: tuple[str, int],
    told: tuple[Sequence[Problem], Sequence[Problem]],
) -> tuple[Problem, ...]:
    """Return a finding for each allocation above its own ceiling, whatever the importer.

    Args:
        drafts: Records of one file, a chunk of them.
        lines: The line of the file that each record of the file came from, or None.
        place: Name of the file, and the place of the first of these records in it.
        told: What the importer says of the file, and what was told of all files so far. A file
            whose importer finds them row by row is passed over.
    """
    source, start = place
    of_file, of_all = (sum(problem.code == ABOVE for problem in problems) for problems in told)
    if of_file:
        return ()

    def found() -> Iterator[Problem]:
        for index, draft in _doubtful(drafts):
            above = excess(draft.body) if draft.type == "allocation" else None
            if above is not None:
                line = None if lines is None else lines[start + index]
                yield excess_problem(source, line, above)

    return tuple(islice(found(), max(0, TOLD_MAX - of_all)))


def _doubtful(drafts: Sequence[Draft]) -> Iterator[tuple[int, Draft]]:
    """Yield the drafts that may be above their ceiling, with their places; of a sheet, few."""
    if not isinstance(drafts, Sheet) or drafts.type != "allocation":
        yield from enumerate(drafts)
        return
    for index in drafts.surpassing():
        yield index, drafts[index]
