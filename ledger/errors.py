"""An error says what happened, where, why it matters and what to type next.

The tree, with the exit status each one causes::

    LedgerError (2)
    ├── InputError       what was given cannot be read as what it claims to be
    │   └── CanonicalError   bytes that are not canonical JSON
    ├── UnitError        two dimensions were mixed, or a unit is unknown
    ├── RuleError        a rule file cannot be loaded or means nothing
    ├── HardwareError    a device is unknown or its name is ambiguous
    ├── MissingError     a file, a ledger or a rule set is not there
    ├── ConflictError    the same key was recorded before with other content
    ├── HeadMovedError   another writer appended first
    └── IntegrityError   stored bytes do not prove what they should (4)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

__all__ = [
    "CanonicalError",
    "ConflictError",
    "HardwareError",
    "HeadMovedError",
    "InputError",
    "IntegrityError",
    "LedgerError",
    "MissingError",
    "Problem",
    "RuleError",
    "Severity",
    "UnitError",
]

Severity = Literal["refused", "finding", "note"]


class LedgerError(Exception):
    """A failure that the person at the keyboard can act on.

    Args:
        message: What happened, one sentence.
        where: File and line, entry, field or flag; empty if there is no place.
        why: Why it matters; empty if the message says it.
        remedy: What to do or type next.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, *, where: str = "", why: str = "", remedy: str = "") -> None:
        """Keep the four parts apart so that every renderer can lay them out."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.why = why
        self.remedy = remedy

    def diagnostics(self) -> str:
        """Return the text for a terminal: one part a line, no trailing newline."""
        lines = [f"error[{self.code}]: {self.message}"]
        lines += [
            f"  {label}: {text}"
            for label, text in (("where", self.where), ("why", self.why), ("next", self.remedy))
            if text
        ]
        return "\n".join(_visible(line) for line in lines)


def _visible(text: str) -> str:
    """Return a line in which nothing can move a cursor; names may come from a foreign file."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


class InputError(LedgerError):
    """What was given cannot be read as what it claims to be."""

    code = "input"


class CanonicalError(InputError):
    """Bytes that are not canonical JSON of the restricted profile."""

    code = "canonical"


class UnitError(LedgerError):
    """Two dimensions were mixed, or a unit or number is not written as the grammar asks."""

    code = "unit"


class RuleError(LedgerError):
    """A rule file cannot be loaded, or what it says means nothing.

    Args:
        message: What is wrong.
        where: File, and line or path inside it.
        why: Why it matters.
        remedy: What to write instead.
        kind: Stable word for the kind of mistake; ``rules lint --explain`` tells more of it.
        line: Line of the file counted from 1, or None when the whole file is meant.
    """

    code = "rule"

    def __init__(  # noqa: PLR0913 - the four parts, and two that tell them apart
        self,
        message: str,
        *,
        where: str = "",
        why: str = "",
        remedy: str = "",
        kind: str = "",
        line: int | None = None,
    ) -> None:
        """Keep the kind and the line beside the text."""
        super().__init__(message, where=where, why=why, remedy=remedy)
        self.kind = kind
        self.line = line


class HardwareError(LedgerError):
    """A device is not in the catalogue, or its name fits more than one."""

    code = "hardware"


class MissingError(LedgerError):
    """A file, a ledger or a rule set is not where it should be."""

    code = "missing"


class ConflictError(LedgerError):
    """The same key was recorded before with other content."""

    code = "conflict"


class HeadMovedError(LedgerError):
    """Another writer appended between reading the head and writing."""

    code = "head-moved"


class IntegrityError(LedgerError):
    """Stored bytes do not prove what they should.

    Args:
        message: What does not hold.
        seq: Number of the first bad entry, or None when no single entry is at fault.
        where: Table and column, or the checkpoint at fault.
        why: What follows from it.
        remedy: What to do next.
    """

    code = "integrity"
    exit_code = 4

    def __init__(
        self,
        message: str,
        *,
        seq: int | None = None,
        where: str = "",
        why: str = "",
        remedy: str = "",
    ) -> None:
        """Keep the number of the entry beside the text."""
        place = where or ("" if seq is None else f"entry {seq}")
        super().__init__(message, where=place, why=why, remedy=remedy)
        self.seq = seq


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, odd or worth knowing about a place in an input.

    Attributes:
        source: Name of the file as the user gave it.
        line: Line counted from 1, or None when the whole file is meant.
        code: Stable kebab-case word for the kind of problem.
        message: What is there.
        remedy: What to write or do instead.
        severity: ``refused`` keeps the row out, ``finding`` is recorded but must be looked at,
            ``note`` is worth knowing.
        why: Why it matters; may be empty.
    """

    source: str
    line: int | None
    code: str
    message: str
    remedy: str
    severity: Severity = "refused"
    why: str = ""
