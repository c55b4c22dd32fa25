"""A changed record is one that the ledger already holds, under the same key, with other content."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ledger.errors import Problem

__all__ = ["CHANGED_MAX", "changed_problem", "more_changed", "withheld_problem"]

CHANGED_MAX: Final = 1_000
"""Changed records of one import that are told one by one."""


def changed_problem(source: str, line: int | None, seq: int) -> Problem:
    """The finding for a record that the ledger holds with other content."""
    return Problem(
        source,
        line,
        "changed",
        f"the ledger already holds this record, with other content, as entry {seq}",
        f"compare with `flopledger show {seq}`; if the new one is right, record a reversal of "
        f"entry {seq} with `flopledger record` and read the file again",
        severity="finding",
        why="the ledger is append-only: a restated figure is a reversal and a new record",
    )


def more_changed(source: str, number: int) -> Problem:
    """The finding for the changed records that are not told one by one.

    Args:
        source: the last file that has some.
        number: how many they are.
    """
    return replace(
        changed_problem(source, None, 0),
        message=f"{number:,} more records are held with other content: they are not shown",
        remedy="correct those that are shown, and read the files again",
    )


def withheld_problem(source: str, number: int) -> Problem:
    """The finding for records that are not appended, since another of the same thing clashes.

    Args:
        source: the file.
        number: how many they are.
    """
    return Problem(
        source,
        None,
        "withheld",
        f"{number:,} more records of these jobs, pods or runs are not appended either",
        "correct the records that clash, and read the file again",
        severity="finding",
        why="half of a changed run beside half of the old one is a total that nobody stated",
    )
