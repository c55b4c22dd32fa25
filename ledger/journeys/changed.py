"""A changed record is one that the ledger already holds, under the same key, with other content."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final, Protocol

from ledger.entry import Entry, Opening
from ledger.errors import Problem
from ledger.log import Row
from ledger.log.wholes import alike
from ledger.record import Draft

__all__ = [
    "CHANGED_MAX",
    "Entries",
    "changed_problem",
    "more_changed",
    "says_the_same",
    "withheld_problem",
]

CHANGED_MAX: Final = 1_000
"""Changed records of one import that are told one by one."""


class Entries(Protocol):
    """Where recorded entries are looked up: a store."""

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yields the entries [start, stop) that exist, in order."""

    def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
        """Yields (seq, ord, bytes) of the openings of the entries [start, stop), in order."""


def says_the_same(draft: Draft, shelf: Entries, seq: int) -> bool:
    """Whether an entry says what a draft says, and was only read at another place."""
    (row,) = shelf.read(seq, seq + 1)
    openings = (Opening.parse(stored) for _, _, stored in shelf.openings(seq, seq + 1))
    hidden = {opening.name: opening.value for opening in openings}
    return alike(draft, Entry.parse(row.bytes).body, hidden)


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
