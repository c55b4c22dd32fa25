"""An adoption is the entry that put a rule pack in force; a check by another pack is a finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from ledger.errors import Problem
from ledger.measure import StoredRecord
from ledger.period import parse_day

__all__ = ["not_adopted"]


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
