"""A stance is where somebody stands who asks the law: the days, the readings, what is assumed.

Whoever signs a claim chooses its stance, and under another one the same records can come out
otherwise. So the stance of a claim is told, held to days that its period and its entries leave
open, and where it does not keep to them the verifier asks from a stance of his own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Self

from ledger.claim import Days
from ledger.journeys.check_document import CheckDocument
from ledger.period import format_instant, parse_instant
from ledger.regime.model import Regimes

__all__ = ["Span", "Stance", "doubts", "idle", "other_readings"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """The days on which a claim can be asked.

    Attributes:
        first: The last day of the period, or the day of the last entry if that is earlier.
        last: The day on which the claim says that it was worked out, if that is not before.
        sealed: When the last entry was recorded, UTC; None of an empty ledger.
        evaluated: When the claim says that it was worked out, UTC.
    """

    first: date
    last: date
    sealed: datetime | None
    evaluated: datetime

    @classmethod
    def of(cls, period: Days, sealed: str | None, evaluated_at: str) -> Self:
        """Return the days that a claim leaves open.

        Args:
            period: What it is about.
            sealed: ``recorded_at`` of the last entry under its checkpoint.
            evaluated_at: When it says that it was worked out.

        Raises:
            InputError: If that is no time.
        """
        moment = parse_instant(evaluated_at)
        last_entry = None if sealed is None else parse_instant(sealed)
        first = period.end - _DAY
        if last_entry is not None:
            first = min(first, last_entry.date())
        return cls(first, max(first, moment.date()), last_entry, moment)

    def nearest(self, day: date) -> date:
        """Return the day of the span that is nearest to a day."""
        return min(max(day, self.first), self.last)


@dataclass(frozen=True, slots=True)
class Stance:
    """From where the law is asked.

    Attributes:
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen.
        as_of: Last day whose work and facts count.
        readings: Alternative by regime and reading, where one is chosen.
        assumptions: Status by regime, where one is assumed.
    """

    in_force_on: date
    law_known_on: date
    as_of: date
    readings: Mapping[str, Mapping[str, str]]
    assumptions: Mapping[str, str]

    @classmethod
    def of(cls, document: CheckDocument) -> Self:
        """Return the stance of a claimed check."""
        at = document.coordinates
        return cls(
            at.in_force_on, at.law_known_on, at.as_of, dict(at.readings), dict(at.assumptions)
        )

    def within(self, span: Span) -> Stance:
        """Return the verifier's own: the same days where they are open, default readings."""
        in_force = span.nearest(self.in_force_on)
        known = max(in_force, span.nearest(self.law_known_on))
        return Stance(in_force, known, span.nearest(self.as_of), {}, {})

    def not_before(self, day: date) -> Stance:
        """Return the same with no day before this one."""
        return replace(
            self,
            in_force_on=max(day, self.in_force_on),
            law_known_on=max(day, self.law_known_on),
            as_of=max(day, self.as_of),
        )

    def words(self) -> str:
        """Return all of it in words, without an article."""
        chosen = [f"{r}/{n}={a}" for r, held in self.readings.items() for n, a in held.items()]
        assumed = [f"{regime}={status}" for regime, status in self.assumptions.items()]
        return (
            f"law in force on {self.in_force_on}, known on {self.law_known_on}, counting up to "
            f"{self.as_of}; readings chosen: {', '.join(chosen) or 'none'}; assumed: "
            f"{', '.join(assumed) or 'nothing'}"
        )


def doubts(stance: Stance, span: Span, law: Regimes) -> Iterator[str]:
    """Yield what of a stance hides or colours what is claimed, a sentence each.

    Args:
        stance: That of the claim.
        span: The days that it leaves open.
        law: The regimes of whoever asks; their default readings are his.
    """
    if span.sealed is not None and span.evaluated < span.sealed:
        yield (
            f"the claim says that it was worked out {format_instant(span.evaluated)}, before the "
            f"last entry was recorded ({format_instant(span.sealed)})"
        )
    for what, day in (
        ("counts work up to", stance.as_of),
        ("asks the law in force on", stance.in_force_on),
        ("asks the law known on", stance.law_known_on),
    ):
        if day < span.first:
            yield (
                f"the claim {what} {day}, before {span.first}: by then neither its period nor its "
                "entries had come to an end"
            )
        elif day > span.last:
            yield f"the claim {what} {day}, after {span.last}, the day it was worked out"
    if stance.law_known_on < stance.in_force_on:
        yield (
            f"the claim asks the law in force on {stance.in_force_on} as it was known on "
            f"{stance.law_known_on}: what was published between is hidden"
        )
    for regime, name, alternative, default in other_readings(stance, law):
        taken = ": your rules do not know it" if default is None else f", your rules as {default}"
        yield f"the claim reads {regime}/{name} as {alternative}{taken}"
    for regime, status in stance.assumptions.items():
        yield f"the claim assumes that {regime} is {status.replace('_', ' ')}"


def other_readings(stance: Stance, law: Regimes) -> Iterator[tuple[str, str, str, str | None]]:
    """Yield the readings chosen that are no default of the law in use.

    Yields:
        Regime, reading, the alternative that is chosen, and the default; None if that law does not
        know the reading.
    """
    for regime, chosen in stance.readings.items():
        known = law[regime].readings if regime in law else {}
        for name, alternative in chosen.items():
            default = known[name].default if name in known else None
            if alternative != default:
                yield regime, name, alternative, default


def idle(period: Days, months: Iterable[str]) -> str:
    """Return that a period holds none of the work recorded, in words; empty if it holds any.

    Args:
        period: What a claim is about.
        months: ``YYYY-MM`` of the work whose day is known.
    """
    first, last = (day.isoformat()[:7] for day in (period.start, period.end - _DAY))
    seen = set(months)
    if not seen or any(first <= month <= last for month in seen):
        return ""
    return (
        f"no work recorded falls into the period attested, {period.start} to before {period.end}: "
        f"the work is of {min(seen)} to {max(seen)}"
    )
