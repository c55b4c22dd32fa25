"""Adopting records which rule pack a ledger is judged by, so that a change of law is on record."""

from __future__ import annotations

from datetime import date

from ledger.journeys.importing import Ledger
from ledger.journeys.recording import Recorded
from ledger.pack import Pack
from ledger.record.draft import draft_of

__all__ = ["adopt"]


def adopt(ledger: Ledger, pack: Pack, *, by: str, on: date) -> Recorded:
    """Append that a rule pack is put in force; the same again adds nothing.

    Args:
        ledger: Where to append.
        pack: The rules in use.
        by: Who decides.
        on: First day on which it serves.

    Raises:
        InputError: If ``by`` cannot be recorded.
        HeadMovedError: If another writer appended meanwhile.
    """
    body = {"pack_digest": pack.digest, "by": by, "on": on.isoformat()}
    appended = ledger.append([draft_of("adoption", body)])
    assert not appended.conflicts, "an adoption is its own identity"
    return Recorded(len(appended.new), appended.same, 0, 0, 0, (), appended.new)
