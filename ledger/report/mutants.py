"""A list of mutants in a report is which mistakes in the law a case would tell, and which none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.journeys.gate import Verdict
from ledger.regime.mutation import KINDS
from ledger.report.table import Column, Table

__all__ = ["mutant_document", "mutant_tables"]


def mutant_document(digest: str, found: Mapping[str, Sequence[Verdict]]) -> dict[str, Any]:
    """Return what became of every mutant, by regime, as JSON.

    Args:
        digest: Digest of the rule pack.
        found: Verdicts by regime.
    """
    return {
        "schema": "flopledger/rules-mutants.v1",
        "pack": digest,
        "regimes": [
            {
                "regime": regime,
                "mutants": len(verdicts),
                "by_case": sum(v.by == "case" for v in verdicts),
                "by_check": sum(v.by == "check" for v in verdicts),
                "by_probe": sum(v.by == "probe" for v in verdicts),
                "equivalent": sum(bool(v.same) for v in verdicts),
                "survivors": [
                    {"kind": v.mutant.kind, "place": v.mutant.place, "change": v.mutant.change}
                    for v in verdicts
                    if v.survives
                ],
            }
            for regime, verdicts in found.items()
        ],
    }


def mutant_tables(found: Mapping[str, Sequence[Verdict]]) -> tuple[Table, ...]:
    """Return how many mutants of each kind some case told, and those that none did.

    Args:
        found: Verdicts by regime.
    """
    told = Table("Mutants told apart", _columns(), tuple(_row(r, v) for r, v in found.items()))
    rows = tuple(
        (regime, verdict.mutant.kind, verdict.mutant.place, verdict.mutant.change)
        for regime, verdicts in found.items()
        for verdict in verdicts
        if verdict.survives
    )
    if not rows:
        return (told,)
    columns = (
        Column("regime"),
        Column("kind"),
        Column("place", wide=True),
        Column("change", wide=True),
    )
    notes = ("add a case in which the change matters, or say why it cannot",)
    return told, Table("Survivors: no case tells them from the file", columns, rows, notes)


def _columns() -> tuple[Column, ...]:
    """Return the columns of the counts."""
    return (
        Column("regime"),
        *(Column(kind, align="right") for kind in KINDS),
        Column("by cases", align="right"),
        Column("equivalent", align="right"),
        Column("survivors", align="right"),
    )


def _row(regime: str, verdicts: Sequence[Verdict]) -> tuple[str, ...]:
    """Return the counts of one regime."""
    kinds = Counter(verdict.mutant.kind for verdict in verdicts)
    return (
        regime,
        *(str(kinds[kind]) for kind in KINDS),
        str(sum(verdict.by == "case" for verdict in verdicts)),
        str(sum(bool(verdict.same) for verdict in verdicts)),
        str(sum(verdict.survives for verdict in verdicts)),
    )
