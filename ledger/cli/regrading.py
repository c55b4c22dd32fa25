"""Regrading for a command: the entries under the fold's own root, reconciled and counted anew.

What it needs is loaded when somebody asks for it: a plain check has no use for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from ledger.cli.context import Context
from ledger.cli.reading import proved_entries
from ledger.errors import InputError
from ledger.measure import Folded
from ledger.report.table import Table

if TYPE_CHECKING:
    from ledger.journeys.checking import Checked, Records
    from ledger.journeys.regrading import Regraded
    from ledger.report.regraded_document import Reconciled

__all__ = ["reconciled_check", "reconciled_position", "refuse_reconciled"]


def reconciled_check(
    context: Context, records: Records, checked: Checked, again: Callable[[Records], Checked]
) -> tuple[dict[str, Any], Table]:
    """Return a check with its totals by both grades, as a document and as a further table.

    Args:
        context: The global options.
        records: What was checked.
        checked: What came out.
        again: Checks the same question over other records.

    Raises:
        IntegrityError: If the entries do not lead to the root of the fold.
    """
    from ledger.journeys.regrading import shared  # noqa: PLC0415 - see the head
    from ledger.report.regraded import regraded_check_table  # noqa: PLC0415
    from ledger.report.regraded_document import regraded_check_document  # noqa: PLC0415

    regraded, basis = _regraded(context, records.folded)
    shares = shared(checked, again(regraded.over(records)))
    stated = checked.document
    left_out = stated.counts.determinations - len(stated.determinations)
    table = regraded_check_table(shares, basis, left_out)
    return regraded_check_document(stated, shares, basis), table


def reconciled_position(
    context: Context, folded: Folded, document: Mapping[str, Any], form: str
) -> tuple[dict[str, Any], Table]:
    """Return a position with its totals by both grades, as a document and as a further table.

    Args:
        context: The global options.
        folded: What the position was taken from.
        document: Its document.
        form: Form of the output.

    Raises:
        InputError: If the form has no place for it.
        IntegrityError: If the entries do not lead to the root of the fold.
    """
    from ledger.report.regraded import regraded_position_table  # noqa: PLC0415 - see the head
    from ledger.report.regraded_document import regraded_position_document  # noqa: PLC0415

    refuse_reconciled(form)
    regraded, basis = _regraded(context, folded)
    table = regraded_position_table(regraded, basis)
    return regraded_position_document(document, regraded, basis), table


def refuse_reconciled(form: str, replay: str | None = None) -> None:
    """Refuse to tell both grades where there is no place for it.

    Args:
        form: Form of the output.
        replay: The check that is determined again, if it is one.

    Raises:
        InputError: If it is CSV, or a replay.
    """
    if replay is not None:
        raise InputError(
            "--reconciled and --replay are given",
            why="a replay says whether a file comes out again, and the file holds recorded grades",
            remedy="leave one of the two out",
        )
    if form == "csv":
        raise InputError(
            "--reconciled is not written into csv",
            why="a file of one kind of row has no place for the totals by grade",
            remedy="write a table, Markdown or json: -f json",
        )


def _regraded(context: Context, folded: Folded) -> tuple[Regraded, Reconciled]:
    """Reconcile the entries that a fold counts, under the tolerances of this program."""
    from ledger.journeys.regrading import regrade  # noqa: PLC0415 - see the head
    from ledger.journeys.tolerance import parse_tolerances  # noqa: PLC0415
    from ledger.report.regraded_document import reconciled_of  # noqa: PLC0415

    as_of, limit, errors = folded.as_of, folded.limit, parse_tolerances(())
    assert isinstance(as_of, date), "a fold of a ledger says by which day it counts"
    assert limit is not None, "and how many entries"
    regraded = proved_entries(
        context,
        folded.size,
        folded.root,
        lambda entries: regrade(entries, errors, as_of=as_of),
        limit=limit,
    )
    root, day = folded.root.hex(), as_of.isoformat()
    basis = reconciled_of(regraded, size=folded.size, root=root, entries=limit, as_of=day)
    return regraded, basis
