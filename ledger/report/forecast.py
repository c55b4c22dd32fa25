"""A forecast report: when each model crosses each line, what is known since, and by when to act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo

from ledger.forecast import Crossing
from ledger.journeys.forecasting import Band, Forecast, Forecasts
from ledger.journeys.outlays import Outlay
from ledger.journeys.supposed_book import Supposed
from ledger.report.figure import readable, scientific
from ledger.report.table import Column, Table

__all__ = ["crossing_day", "crossing_span", "days_moved", "forecast_tables"]

_DAY: Final = timedelta(days=1)
_HOUR_US: Final = 3_600 * 10**6
_NO_DAY: Final = "no day known"
_UNASKED: Final = "not asked"
_UNKNOWN: Final = "not known"
_WORDS: Final = frozenset({_NO_DAY, _UNKNOWN, "never"})


def forecast_tables(
    found: Forecasts,
    changes: Sequence[Supposed],
    then: Forecasts | None,
    cautions: Sequence[str] = (),
) -> tuple[Table, ...]:
    """Return the lines that are crossed, those that are not, and what a scenario changes.

    Args:
        found: As the book stands.
        changes: What is supposed of it.
        then: With what is supposed; None if nothing is.
        cautions: Where what is supposed is not what the contracts say.
    """
    crossed = [each for each in found.held if _ever(each.band)]
    tables = [_crossed(found, crossed)]
    if found.overdue:
        tables.append(_overdue(found.overdue))
    worst = [each for each in found.held if each.worst is not None and _ever(each.worst)]
    if worst:
        tables.append(_worst(worst))
    if then is not None:
        tables.append(_scenario(changes, found, then, cautions))
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
            _span(each.band.first, each.band.last, each),
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
    notes += _unknown(found, crossed)
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


def _unknown(found: Forecasts, crossed: Sequence[Forecast]) -> Iterator[str]:
    """Yield what is not known of crossings, and where the figure is missing."""
    open_ = [each for each in crossed if any(end.unbounded for end in _ends(each.band))]
    undone = dict.fromkeys(e.determination.subject for e in open_ if e.base["point"] is None)
    if undone:
        yield f"how much was done is not known of {', '.join(undone)}"
    named = {flow.source for each in open_ for flow in (*each.flows, *each.late)}
    for contract, gap in found.gaps.items():
        if contract in named:
            yield f"how much is to come is not known of {contract}: it {gap}"


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


def _scenario(
    changes: Sequence[Supposed], found: Forecasts, then: Forecasts, cautions: Sequence[str]
) -> Table:
    """Return how the crossings move, and which lines are no longer asked or asked anew."""
    before, after = ({_place(each): each for each in side.held} for side in (found, then))
    words, words_then = _words(found), _words(then)
    rows, silent = [], 0
    for place in dict.fromkeys((*before, *after)):
        today, other = before.get(place), after.get(place)
        if today is not None and other is not None and not _differs(today, other):
            continue
        if not any(_ever(each.band) for each in (today, other) if each is not None):
            silent += 1
            continue
        rows.append(
            (
                "/".join(place[:2]),
                place[2],
                words.get(place, _UNASKED) if today is None else _day(today),
                words_then.get(place, _UNASKED) if other is None else _day(other),
                "" if other is None else crossing_span(other),
                ""
                if today is None or other is None
                else days_moved(today.band.point, other.band.point),
                "" if other is None or other.known_on is None else str(other.known_on),
                "" if other is None else _notify(other),
            )
        )
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("crosses today"),
        Column("then"),
        Column("by utilisation"),
        Column("days", "right"),
        Column("then known since"),
        Column("then act by"),
    )
    title = "HYPOTHETICAL: " + "; ".join(str(each) for each in changes)
    notes = ["nothing of this was recorded" if rows else "no crossing moves", *cautions]
    if silent:
        notes.append(f"{silent:,} lines more are asked anew or no longer, and not reached")
    return Table(title, columns, tuple(rows), tuple(notes))


def _words(found: Forecasts) -> dict[tuple[str, str, str], str]:
    """Return how lines stand for which nothing is forecast."""
    states = {"met already": found.met, "at the line": found.passed, "open": found.open_}
    return {(d.regime, d.rule, d.subject): word for word, held in states.items() for d in held}


def _ends(band: Band) -> tuple[Crossing, ...]:
    """Return the crossings of a band."""
    return (band.low, band.point, band.high, band.first, band.last)


def _ever(band: Band) -> bool:
    """Return whether any end of a band crosses."""
    return any(each.reached for each in _ends(band))


def _differs(one: Forecast, other: Forecast) -> bool:
    """Return whether two forecasts of a line cross otherwise, or say another day to act by."""
    return _signs(one) != _signs(other)


def _signs(each: Forecast) -> object:
    """Return what tells two forecasts of one line apart."""
    band = each.band
    return (band.low, band.point, band.high, each.known_on, _notify(each))


def _day(each: Forecast) -> str:
    """Return the day on which a line is crossed as expected."""
    return crossing_day(each.band.point, each)


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
        return _UNKNOWN if crossing.unbounded else "never"
    return f"{_local(instant, each).date()}{' or earlier' if crossing.unbounded else ''}"


def crossing_span(each: Forecast) -> str:
    """Return the earliest and the latest day by the utilisation agreed."""
    return _span(each.band.high, each.band.low, each)


def _span(earliest: Crossing, latest: Crossing, each: Forecast) -> str:
    """Return the days between two crossings."""
    first, last = crossing_day(earliest, each), crossing_day(latest, each)
    if first == last and first in _WORDS:
        return first
    return f"{first}, perhaps {last}" if first in _WORDS else f"{first} to {last}"


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
