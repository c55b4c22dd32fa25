"""A restatement report says what was corrected, by which entries, and who approved it."""

from __future__ import annotations

from typing import Any

from ledger.journeys.restating import Proposal, Restated
from ledger.report.table import Column, Table

__all__ = ["proposal_table", "restated_document", "restated_table"]

SCHEMA = "flopledger/restated.v1"


def proposal_table(proposal: Proposal, target: str) -> Table:
    """Return what a proposal would do, and who must do what next."""
    correction = proposal.correction
    number = len(proposal.drafts)
    place = "nothing in its place" if not number else f"{number} in its place"
    return Table(
        f"Proposed: entry {correction.entry.seq} ({correction.entry.type}) is taken back, {place}",
        (),
        (),
        (
            "Nothing was recorded. The proposal holds confidential fields in the clear.",
            f"next: flopledger approve {target} --key THEIR-KEY.pem -o APPROVAL",
            f"then: flopledger restate --proposal {target} --approval APPROVAL --approver VKEY",
        ),
    )


def restated_document(done: Restated) -> dict[str, Any]:
    """Return what was recorded as ``flopledger/restated.v1``."""
    correction = done.proposal.correction
    return {
        "schema": SCHEMA,
        "restated": correction.entry.seq,
        "reason": correction.reversal["reason"],
        "reversal": done.reversal,
        "replacements": list(done.replacements),
        "approval": done.approval,
    }


def restated_table(done: Restated) -> Table:
    """Return what was recorded for people."""
    seq = done.proposal.correction.entry.seq
    rows = [("reversal", str(done.reversal), f"entry {seq} no longer counts")]
    rows += [("replacement", str(n), "counts in its place") for n in done.replacements]
    if done.approval is not None:
        rows.append(("approval", str(done.approval), "digest of the second person's signed yes"))
    return Table(
        f"Entry {seq} is restated",
        (Column("what"), Column("entry", "right"), Column("it says", wide=True)),
        tuple(rows),
        (f"next: flopledger impact {seq}",),
    )
