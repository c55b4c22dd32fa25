"""Adopting records which rule pack a ledger is judged by, so that a change of law is on record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ledger.errors import Problem
from ledger.journeys.importing import Ledger
from ledger.journeys.recording import Recorded
from ledger.measure import StoredRecord
from ledger.pack import Pack
from ledger.period import parse_day
from ledger.record import draft_of

__all__ = ["adopt", "not_adopted"]


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


def not_adopted(
    records: Iterable[StoredRecord], digest: str, *, as_of: date
) -> tuple[Problem, ...]:
    """Return a finding if the rules in use are not those that the ledger put in force last.

    Args:
        records: Adoptions that still stand, in order.
        digest: Digest of the rules in use.
        as_of: Adoptions that serve from a later day do not count yet.

    Returns:
        One finding, or none: also where nothing was ever adopted.
    """
    serving = [record for record in records if parse_day(_body(record)["on"]) <= as_of]
    if not serving:
        return ()
    newest = max(serving, key=lambda record: (_body(record)["on"], record.seq))
    adopted, on = _body(newest)["pack_digest"], _body(newest)["on"]
    if adopted == digest:
        return ()
    return (
        Problem(
            source=f"entry {newest.seq}",
            line=None,
            code="pack-not-adopted",
            message=f"the rules in use are pack {digest}; entry {newest.seq} put pack {adopted} "
            f"in force on {on}",
            remedy="adopt these: flopledger rules adopt --by NAME, or give those with --rules",
            severity="finding",
        ),
    )


def _body(record: StoredRecord) -> Mapping[str, Any]:
    """Return the fields of a record."""
    return record.body
