"""Words of a briefing: its verdict, and the cells that say how a subject stands under a rule."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from ledger.determination import Determination
from ledger.determination.model import Band, Evidence
from ledger.journeys.briefing import Briefing, Row, Verdict
from ledger.journeys.news import Change, News
from ledger.regime.words import SIGNS
from ledger.report.deadlines import left_in_words
from ledger.report.determinations import finding_in_words
from ledger.report.figure import decimal, scientific
from ledger.report.table import Column, Table

__all__ = [
    "GRADES",
    "amount",
    "band_of",
    "band_words",
    "distance_words",
    "evidence_words",
    "line_words",
    "news_table",
    "next_words",
    "sign_of",
    "total_words",
    "verdict_words",
]

GRADES: Final = {
    "A": "a meter signed by hardware or provider and bound to the run",
    "B": "counter-signed by the compute provider, or reconciled to an invoice",
    "C": "two independent internal methods agree within tolerance",
    "D": "one documented method",
    "E": "assertion",
}
"""What each evidence grade stands for, the strongest first."""
_TIMES_MIN: Final = 10  # from there on a share is told as so many times


def amount(digits: str, unit: str | None = None, *, up: bool = False) -> str:
    """Return a decimal string in at most four digits, such as ``2.3×10^25 FLOP``."""
    value = Fraction(digits)
    short = (
        scientific(value.numerator, up=up).replace("*", "×")
        if value.denominator == 1
        else decimal(value, 3)
    )
    return f"{short} {unit}" if unit else short


def verdict_words(briefing: Briefing) -> str:
    """Return the one sentence that a report begins with."""
    found, as_of = briefing.verdict, briefing.due.as_of
    if found.word == "nothing":
        return (
            f"As of {as_of} nothing can be said: the ledger holds no subject that the rules asked "
            "concern."
        )
    parts = [_overdue(found), _met(found)]
    if found.foreseen:
        parts.append(f"{_count(found.foreseen, 'line')} more will be met by what is signed")
    if found.waiting:
        parts.append(
            f"{_count(found.waiting, 'finding')} {_wait(found.waiting)} for a missing fact"
        )
    if found.next is not None and found.next.on is not None:
        parts.append(
            f"the next date is {found.next.on} ({found.next.obligation.id}, "
            f"{found.next.determination.subject})"
        )
    return f"As of {as_of}, " + "; ".join(parts) + "."


def _overdue(found: Verdict) -> str:
    """Return how many dates have passed."""
    if not found.overdue:
        return "no date has passed"
    return f"{_count(found.overdue, 'date')} passed with nothing filed"


def _met(found: Verdict) -> str:
    """Return how many lines are met, and by whom."""
    if not found.met:
        held = "no line of binding law is met with a duty open"
    else:
        shown = ", ".join(found.subjects[:3])
        more = len(found.subjects) - 3
        held = f"{_count(found.met, 'line')} of binding law {_is(found.met)} met by {shown}"
        held += f" and {more:,} more" if more > 0 else ""
    if not found.filed:
        return held
    return f"{held}, and for {_count(found.filed, 'line')} met every duty is filed"


def sign_of(row: Row) -> str:
    """Return which word of a verdict a row bears out; empty for a row out of it."""
    d = row.determination
    if d.overdue:
        return "overdue"
    if d.finding == "met":
        return "met" if not d.closed else "clear"
    if d.met:
        return "foreseen"
    return "open" if d.undetermined else "clear"


def band_of(d: Determination) -> Band | None:
    """Return the amount compared; None if the rule compares none."""
    return next(iter((d.measured or {}).values()), None)


def total_words(d: Determination) -> str:
    """Return the amount compared, by its legal interval."""
    band = band_of(d)
    if band is None:
        return ""
    if band.point is not None:
        return amount(band.point, d.unit)
    if band.high is None:
        return "not known" if band.low == "0" else f"at least {amount(band.low, d.unit)}"
    return f"{amount(band.low)} to {amount(band.high, d.unit, up=True)}"


def band_words(d: Determination) -> str:
    """Return the amount by its stated error."""
    band = band_of(d)
    if band is None:
        return ""
    if band.error_high is None:
        return "no upper end"
    if band.error_low == band.error_high:
        return "no error stated"
    return f"{amount(band.error_low)} to {amount(band.error_high, up=True)}"


def line_words(d: Determination) -> str:
    """Return the line with its comparator, as the law writes it."""
    if d.threshold is None or d.comparison is None:
        return ""
    return f"{SIGNS[d.comparison]} {amount(d.threshold, d.unit)}"


def distance_words(d: Determination) -> str:
    """Return how much of the line is surely reached, and what is left."""
    band = band_of(d)
    if band is None or d.threshold in {None, "0"}:
        return ""
    if band.low == "0" and band.high is None:
        return "not known"
    line = Fraction(d.threshold or "1")
    sure = Fraction(band.low) / line
    times = sure.numerator // sure.denominator
    reached = f"{times:,} times" if times >= _TIMES_MIN else f"{_percent(sure)} of"
    share = f"{reached} {amount(str(line))}"
    if band.point is None:
        share = f"at least {share}"
    left = line - Fraction(band.point or band.high or band.low)
    if d.margin == "0":
        return f"{share}; exactly on the line"
    if d.finding == "not_met" and left > 0:
        return f"{share}; {amount(_whole(left))} left"
    if d.finding == "met" and d.margin is not None:
        return f"{share}; {amount(d.margin)} above"
    return share


def evidence_words(evidence: Evidence) -> str:
    """Return the share by evidence grade, the strongest first."""
    held = ((letter, getattr(evidence, letter)) for letter in GRADES)
    shares = [f"{letter} {_percent(Fraction(ppm, 10**6))}" for letter, ppm in held if ppm]
    return ", ".join(shares)


def next_words(row: Row) -> str:
    """Return the next date with its duty, and when the line is crossed if that is ahead."""
    return "; ".join(_next(row))


def _next(row: Row) -> Iterator[str]:
    """Yield what is next."""
    each = row.deadline
    if each is not None and each.on is not None:
        runs = "" if each.runs_on_to is None else f", runs on to {each.runs_on_to}"
        where = " (if it binds)" if each.binds is None else ""
        yield f"{each.on} {each.obligation.id}{where}, {left_in_words(each)}{runs}"
    if row.forecast is not None and (instant := row.forecast.band.point.instant) is not None:
        earlier = " or earlier" if row.forecast.band.point.unbounded else ""
        yield f"crosses {instant.date()} UTC{earlier}"


def news_table(news: News, *, most: int) -> Table:
    """Return what changed since an earlier report.

    Args:
        news: The changes.
        most: Rows shown.
    """
    at = news.earlier.coordinates
    rows = tuple(
        (
            f"{each.about.regime}/{each.about.rule}",
            each.about.subject,
            _standing(each.before),
            _standing(each.after),
            _what(each),
        )
        for each in news.changes[:most]
    )
    columns = (
        Column("rule", wide=True),
        Column("subject", wide=True),
        Column("then"),
        Column("now"),
        Column("what changed", wide=True),
    )
    law = "another rule pack is used" if news.other_law else "the rule pack is the same"
    notes = [
        (
            f"The earlier report was made at {at.evaluated_at}, of work as of {at.as_of}, over "
            f"{news.earlier.ledger.size:,} entries; {news.new_entries:,} were recorded since; "
            f"{law}."
        ),
        (
            f"{news.same:,} findings are as they were; {news.quiet:,} that are new or gone concern "
            "nobody."
        ),
    ]
    left = len(news.changes) - len(rows)
    if left:
        notes.append(f"{left:,} more changes: flopledger check -f json, then compare.")
    title = "" if rows else "No finding changed."
    return Table(title, columns, rows, tuple(notes))


def _standing(d: Determination | None) -> str:
    """Return how a subject stood."""
    return "not asked" if d is None else finding_in_words(d)


def _what(change: Change) -> str:
    """Return what differs, with both amounts where these differ."""
    if change.before is None:
        return "new"
    if change.after is None:
        return "gone"
    words = []
    for part in change.parts:
        before, after = change.before, change.after
        told = {
            "amount": f"amount {total_words(before) or 'none'} → {total_words(after) or 'none'}",
            "line": f"line {line_words(before) or 'none'} → {line_words(after) or 'none'}",
            "law": f"law {before.law or 'unknown'} → {after.law or 'unknown'}",
        }
        words.append(told.get(part, part))
    return "; ".join(words)


def _percent(share: Fraction) -> str:
    """Return a share in percent, rounded down; what is there but small is not 0."""
    percent = share * 100
    if 0 < percent < 1:
        return "< 1 %"
    return f"{percent.numerator // percent.denominator:,} %"


def _whole(value: Fraction) -> str:
    """Return a number rounded down to whole units."""
    return str(value.numerator // value.denominator)


def _count(number: int, noun: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _is(number: int) -> str:
    """Return the verb."""
    return "is" if number == 1 else "are"


def _wait(number: int) -> str:
    """Return the verb."""
    return "waits" if number == 1 else "wait"
