"""A line error is an error about one line of a file."""

from __future__ import annotations

from ledger.errors import InputError

__all__ = ["LineError"]


class LineError(InputError):
    """What one line of a file says cannot be read.

    Args:
        message: What happened, one sentence.
        line: Line of the file, from 1, or None when the whole file is meant.
        where: The file, if the caller does not know it.
        why: Why it matters.
        remedy: What to do or write.
    """

    code = "line"

    def __init__(
        self, message: str, line: int | None, *, where: str = "", why: str = "", remedy: str = ""
    ) -> None:
        """Keep the line apart from the place."""
        super().__init__(message, where=where, why=why, remedy=remedy)
        self.line = line
