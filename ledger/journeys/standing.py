"""A standing figure is a primary one that the ledger holds of a run before another source's comes.

Primary figures add. Where two sources speak of one run, all but one must be corroborating.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from ledger.canonical import JSON
from ledger.errors import Problem
from ledger.journeys.figures import Entries, standing
from ledger.record.draft import Draft
from ledger.record.sheet import Sheet

__all__ = ["SINGLE", "standing_figures"]

SINGLE = frozenset({"spool", "telemetry", "trainer"})
"""Importers that read one run a file, which is looked up; a table of many would take too long."""

Body = Mapping[str, JSON]


def standing_figures(
    drafts: Sequence[Draft], entries: Entries | None, source: str
) -> tuple[Problem, ...]:
    """Return a finding if the run of a file already has primary operations of another importer.

    Args:
        drafts: What the file says, before it is appended.
        entries: The store, or None if it cannot be asked.
        source: Name of the file.
    """
    if isinstance(drafts, Sheet):
        return ()  # A table, of as many runs as it likes.
    primary = next((draft for draft in drafts if _counts(draft.type, draft.body)), None)
    if entries is None or primary is None or _importer(primary.body) not in SINGLE:
        return ()
    run, importer = str(primary.body["run"]), _importer(primary.body)
    others = standing(
        entries, run, lambda e: _counts(e.type, e.body) and _importer(e.body) != importer
    )
    if not others:
        return ()
    seq, name = next((seq, _importer(entry.body)) for seq, entry in others.items())
    return (
        Problem(
            source,
            None,
            "counted-twice",
            f"entry {seq}, from {name}, already states operations of the run {run}: both add up",
            "if it is the same compute, record a reversal of one with `flopledger record`; "
            "`--set role=corroborating` keeps what the trainer says from adding",
            "finding",
            "primary records of one run are added",
        ),
    )


def _counts(type_: str, body: Body) -> bool:
    """Return whether a record adds operations to its run."""
    stated = ("operations", "operations_low", "operations_high")
    return (
        type_ == "allocation"
        and body["role"] == "primary"
        and any(body[name] is not None for name in stated)
    )


def _importer(body: Body) -> str:
    """Return the importer that wrote a record."""
    return str(cast("Body", body["evidence"])["importer"])
