"""A forecast report: when each model crosses each line, what is known since, and by when to act."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from ledger.forecast import Crossing
from ledger.journeys.forecasting import Band, Forecast, Forecasts
from ledger.journeys.outlays import Outlay
from ledger.report.figure import readable, scientific
from ledger.report.table import Column, Table

__all__ = ["crossing_day", "crossing_span", "days_moved", "forecast_tables"]

_DAY: Final = timedelta(days=1)
_HOUR_US: Final = 3_600 * 10**6
_NO_DAY: Final = "no day known"


def forecast_tables(
    found: Forecasts, supposed: tuple[str, ...], then: Forecasts | None
) -> tuple[Table, ...]:
    """Return the lines that are crossed, those that are not, and what a scenario changes.

    Args:
        found: As the book stands.
        supposed: What is supposed, in words.
        then: With what is supposed; None if nothing is.
    """
    crossed = [each for each in found.held if _ever(each.band)]
    tables = [_crossed(found, crossed)]
    if found.overdue:
        tables.append(_overdue(found.overdue))
    worst = [each for each in found.held if each.worst is not None and _ever(each.worst)]
    if worst:
        tables.append(_worst(worst))
    if then is not None:
        tables.append(_scenario(found, supposed, then))
    return tuple(tables)


def _crossed(found: Forecasts, crossed: list[Forecast]) -> Table:
    """Return the lines that are crossed if what is signed is delivered."""
    rows = tuple(
        (
            _rule(each),
            each.determination.subject,
            f"{_amount(each.base['point'])} of {_amount(int(each.line))}",
            crossing_day(each.band.point, each),
            crossing_span(each),
            f"{crossing_day(each.band.first, each)} to {crossing_day(each.band.last, each)}",
            "" if each.known_on is None else str(each.known_on),
            _notify(each),
        )
        for each in crossed
    )
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("done", wide=True),
        Column("crosses"),
        Column("by utilisation"),
        Column("and by the starting total"),
        Column("known since"),
        Column("act by"),
    )
    never = len(found.held) - len(crossed)
    notes = [
        "days are those of the zone of each law; exact instants: -f json",
        f"{never:,} other lines are not reached; {len(found.met):,} are met already; ",
    ]
    notes[-1] += f"{len(found.open_):,} are open, as the amount done is not known"
    if any(not each.certain for each in crossed):
        notes.append("some commitments may count or not: a step of the lineage is open")
    if any(crossing.undated for each in crossed for crossing in _ends(each.band)):
        notes.append(
            f"{_NO_DAY}: reached only with what windows that are over still owe, see below"
        )
    title = f"Lines crossed if what is signed is delivered, seen from {found.as_of}"
    return Table(
        title if rows else "No line is crossed by what is signed", columns, rows, tuple(notes)
    )


def _overdue(held: Sequence[Outlay]) -> Table:
    """Return what windows that are over leave open."""
    rows = tuple(
        (
            each.contract,
            f"{each.flow.start} to {each.flow.end - _DAY}",
            each.model or "unallocated",
            "?" if each.device_us is None else readable(Fraction(each.device_us, _HOUR_US)),
            "?" if each.flow.point is None else scientific(int(each.flow.point)),
        )
        for each in held
    )
    columns = (
        Column("contract", wide=True),
        Column("window"),
        Column("for", wide=True),
        Column("device-hours open", "right"),
        Column("operations open", "right"),
    )
    notes = (
        "these count as still to come, and nobody can say for which day",
        "record what was delivered, or that the rest will not come: flopledger contract expire",
    )
    return Table("Windows that are over and still open", columns, rows, notes)


def _worst(held: list[Forecast]) -> Table:
    """Return the crossings if all unallocated capacity went to one model."""
    rows = tuple(
        (
            _rule(each),
            each.determination.subject,
            crossing_day(each.worst.point, each),
            crossing_day(each.worst.high, each),
            ", ".join(each.unallocated),
        )
        for each in held
        if each.worst is not None
    )
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("crosses"),
        Column("earliest"),
        Column("unallocated contracts", wide=True),
    )
    notes = ("capacity that is meant for no model is no knowledge of a line, and starts no clock",)
    return Table("Worst case: all unallocated capacity goes to the model", columns, rows, notes)


def _scenario(found: Forecasts, supposed: tuple[str, ...], then: Forecasts) -> Table:
    """Return how the crossings move."""
    after = {_place(each): each for each in then.held}
    before = {_place(each): each for each in found.held}
    rows = tuple(
        (
            "/".join(place[:2]),
            place[2],
            crossing_day(before[place].band.point, before[place]),
            crossing_day(after[place].band.point, after[place]),
            crossing_span(after[place]),
            days_moved(before[place].band.point, after[place].band.point),
        )
        for place in after
        if place in before and _differs(before[place].band, after[place].band)
    )
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("crosses today"),
        Column("then"),
        Column("by utilisation"),
        Column("days", "right"),
    )
    title = "HYPOTHETICAL: " + "; ".join(supposed)
    notes = ("nothing of this was recorded",) if rows else ("no crossing moves",)
    return Table(title, columns, rows, notes)


def _ends(band: Band) -> tuple[Crossing, ...]:
    """Return the crossings of a band."""
    return (band.low, band.point, band.high, band.first, band.last)


def _ever(band: Band) -> bool:
    """Return whether any end of a band crosses."""
    return any(each.reached for each in _ends(band))


def _differs(one: Band, other: Band) -> bool:
    """Return whether two bands cross at other instants."""
    return (one.low, one.point, one.high) != (other.low, other.point, other.high)


def _place(each: Forecast) -> tuple[str, str, str]:
    """Return what a forecast is about."""
    d = each.determination
    return (d.regime, d.rule, d.subject)


def _rule(each: Forecast) -> str:
    """Return the line."""
    return f"{each.determination.regime}/{each.determination.rule}"


def _amount(value: int | None) -> str:
    """Return operations, or that they are not known."""
    return "unknown" if value is None else scientific(value)


def crossing_day(crossing: Crossing, each: Forecast) -> str:
    """Return the day of a crossing in the zone of the law."""
    instant = crossing.instant
    if crossing.undated:
        return _NO_DAY
    if instant is None:
        return "not known" if crossing.unbounded else "never"
    return str(_local(instant, each).date())


def crossing_span(each: Forecast) -> str:
    """Return the earliest and the latest day by the utilisation agreed."""
    return f"{crossing_day(each.band.high, each)} to {crossing_day(each.band.low, each)}"


def _local(instant: datetime, each: Forecast) -> datetime:
    """Return an instant in the zone of the law."""
    return instant if each.calendar is None else instant.astimezone(ZoneInfo(each.calendar.zone))


def _notify(each: Forecast) -> str:
    """Return by when to act, and the day to which the law runs on."""
    notify = each.notify
    if notify is None or notify.on is None:
        return ""
    more = "" if notify.runs_on_to is None else f" (runs on to {notify.runs_on_to})"
    return f"{notify.on}{more}"


def days_moved(before: Crossing, after: Crossing) -> str:
    """Return by how many days a crossing moves."""
    if before.second is None or after.second is None:
        return ""
    days = Fraction(after.second - before.second) / 86_400
    rounded = round(days)
    return f"{rounded:+,}" if rounded else "0"
