"""An outcome is what became of drafts that were to be appended."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Appended", "Conflict"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """A draft whose key is taken by other content; nothing was appended for it.

    Attributes:
        draft_index: Place of the draft in the call, from 0.
        seq: The entry that holds the key.
        key: The natural key.
    """

    draft_index: int
    seq: int
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of the drafts of one call.

    Attributes:
        new: Numbers of the entries that the drafts became, in their order.
        same: Drafts that the ledger already held.
        conflicts: Drafts that contradict what the ledger holds.
        superseded: Provisional entries that a final draft replaced, or an empty record where their
            source no longer tells of them; what the log wrote for that is not in ``new``.
        withheld: Drafts that stand against nothing and were not appended, since another leg of
            the same thing is a conflict.
        refuted: Final entries of things of which the source now says that they held nothing, and
            any of those of which it only lists nothing; they stay as they are.
    """

    new: tuple[int, ...] = ()
    same: int = 0
    conflicts: tuple[Conflict, ...] = ()
    superseded: tuple[int, ...] = ()
    withheld: int = 0
    refuted: tuple[int, ...] = ()
