"""A what-if report of law and book for people: both scenarios in one, beside today."""

from __future__ import annotations

from typing import Final

from ledger.journeys.forecasting import Forecast
from ledger.journeys.whatif_book import BookWhatIf, Shift
from ledger.report.forecast import crossing_day, crossing_span, days_moved
from ledger.report.table import Column, Table
from ledger.report.whatif import whatif_csv, whatif_tables

__all__ = ["whatif_book_csv", "whatif_book_tables"]

_STAMP: Final = "Hypothetical"
_NOTHING: Final = "·"
_KINDS: Final = {
    "enters": "crossed only under the scenario",
    "leaves": "no longer crossed",
    "moves": "moves",
    "other": "only the ends or the day to act by",
}


def whatif_book_tables(told: BookWhatIf, *, everything: bool = False) -> tuple[Table, ...]:
    """Return what a scenario of law and book does, for people."""
    head, *rest = whatif_tables(told.found, everything=everything)
    notes = (*head.notes, *(f"Book: {change}" for change in told.changes), *told.cautions)
    shown = (_crossings(told), _contracts(told))
    return (
        Table(head.title, head.columns, head.rows, notes),
        *(table for table in shown if table.rows),
        *rest,
    )


def whatif_book_csv(told: BookWhatIf) -> Table:
    """Return the rows of `whatif_csv`, and one for each crossing and contract, for programs."""
    plain = whatif_csv(told.found)
    crossings = tuple(
        (
            "true", "crossing", *shift.place, shift.kind, "", "crosses on",
            _day(shift.present), _day(shift.then),
        )
        for shift in told.shifts
    )  # fmt: skip
    contracts = tuple(
        ("true", "contract", *place, "affected", "", each.contract, "", "; ".join(each.changes))
        for each in told.contracts
        for place in each.places or (("", "", ""),)
    )
    return Table(plain.title, plain.columns, (*plain.rows, *crossings, *contracts))


def _crossings(told: BookWhatIf) -> Table:
    """Return the lines whose crossing is another."""
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("what", wide=True),
        Column("crosses today"),
        Column("then"),
        Column("then, by utilisation"),
        Column("days", "right"),
        Column("act by today"),
        Column("act by then"),
    )
    notes = (
        "days are those of the zone of each law; · : no forecast, as the line is met or not asked",
    )
    rows = tuple(_crossing(shift) for shift in told.shifts)
    return Table(f"{_STAMP}: crossings that move", columns, rows, notes)


def _crossing(shift: Shift) -> tuple[str, ...]:
    """Return one line."""
    regime, rule, subject = shift.place
    today, then = shift.present, shift.then
    both = today is not None and then is not None
    return (
        f"{regime}/{rule}",
        subject,
        _KINDS[shift.kind],
        _day(today),
        _day(then),
        _NOTHING if then is None else crossing_span(then),
        days_moved(today.band.point, then.band.point) if both and today and then else "",
        _act_by(today),
        _act_by(then),
    )


def _contracts(told: BookWhatIf) -> Table:
    """Return the contracts affected."""
    columns = (
        Column("contract", wide=True),
        Column("supposed", wide=True),
        Column("outcomes that rest on it", wide=True),
    )
    rows = tuple(
        (
            each.contract,
            "\n".join(each.changes) or "as it stands",
            "\n".join(f"{regime}/{rule} {subject}" for regime, rule, subject in each.places),
        )
        for each in told.contracts
    )
    return Table(f"{_STAMP}: contracts affected", columns, rows)


def _day(each: Forecast | None) -> str:
    """Return the day on which a line is crossed as expected."""
    return _NOTHING if each is None else crossing_day(each.band.point, each)


def _act_by(each: Forecast | None) -> str:
    """Return the day to act by."""
    notify = None if each is None else each.notify
    return "" if notify is None else str(notify.on)
