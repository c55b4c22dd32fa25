"""A regraded report sets what stands under each grade as recorded beside the same as reconciled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from ledger.determination.model import Evidence
from ledger.journeys.regrading import Held, Regraded, Shared
from ledger.journeys.tolerance import percent_down
from ledger.report.figure import readable, scientific
from ledger.report.regraded_document import Reconciled, share_of
from ledger.report.table import Column, Table

__all__ = ["regraded_check_table", "regraded_position_table"]

_SECOND_US = 10**6
_LEGEND = (
    "recorded: what the source of each record alone gives it; reconciled: what follows once all "
    "records of its run are put side by side, higher or lower."
)


def regraded_check_table(
    shares: Sequence[Shared], reconciled: Reconciled, left_out: int = 0
) -> Table:
    """Return the totals of a check by grade; rules that count alike share a row.

    Args:
        shares: The totals.
        reconciled: What the grades follow from.
        left_out: Determinations that were counted only, so that their totals are not here.
    """
    rules: dict[tuple[str, Evidence, Evidence], int] = {}
    for each in shares:
        key = (each.subject, each.recorded, each.reconciled)
        rules[key] = rules.get(key, 0) + 1
    columns = (
        Column("subject", wide=True),
        Column("rules", "right"),
        Column("as recorded"),
        Column("as reconciled"),
    )
    rows = tuple(
        (subject, f"{count:,}", _letters(recorded), _letters(lifted))
        for (subject, recorded, lifted), count in rules.items()
    )
    more = f"{left_out:,} determinations were counted only; --all shows their totals too."
    notes = (*((more,) if left_out else ()), _LEGEND, *_notes(reconciled))
    return Table("Share of each total by evidence grade", columns, rows, notes)


def regraded_position_table(regraded: Regraded, reconciled: Reconciled) -> Table:
    """Return the totals of a position by grade.

    Args:
        regraded: What stands under each grade.
        reconciled: What the grades follow from.
    """
    columns = (
        Column("grade"),
        Column("by"),
        Column("operations", "right"),
        Column("share", "right"),
        Column("device-seconds", "right"),
        Column("share", "right"),
    )
    rows = tuple(
        (letter, word, *_cells(held, letter))
        for word, held in (("recorded", regraded.recorded), ("reconciled", regraded.reconciled))
        for letter in "ABCDE"
        if held[letter] != Held()
    )
    notes = (_LEGEND, "operations: the lower ends of what is stated.", *_notes(reconciled))
    return Table("Totals by evidence grade", columns, rows, notes)


def _cells(held: Mapping[str, Held], letter: str) -> tuple[str, ...]:
    """Return operations and device-time under a grade, with their shares."""
    shares = (share_of(held, letter, name) for name in ("operations", "device_us"))
    operations, device = ("–" if share is None else percent_down(share) for share in shares)
    seconds = readable(Fraction(held[letter].device_us, _SECOND_US))
    return scientific(held[letter].operations), operations, seconds, device


def _letters(evidence: Evidence) -> str:
    """Return shares in words; a grade under which nothing stands is left out."""
    shares = [(letter, getattr(evidence, letter)) for letter in "ABCDE"]
    return ", ".join(
        f"{letter} {percent_down(Fraction(ppm, 10**6))}" for letter, ppm in shares if ppm
    )


def _notes(reconciled: Reconciled) -> tuple[str, ...]:
    """Return which reconciliation it is, and under which tolerances."""
    tolerances = ", ".join(f"{name} {ppm:,}" for name, ppm in reconciled.tolerances_ppm.items())
    over = (
        f"Reconciled over the first {reconciled.entries:,} entries of checkpoint "
        f"{reconciled.size:,}, work as of {reconciled.as_of}: {sum(reconciled.runs.values()):,} "
        f"runs, {reconciled.findings:,} findings; flopledger reconcile says why."
    )
    return over, f"tolerances, parts per million: {tolerances}"
