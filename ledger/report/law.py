"""A law in a report is a regime as it is shown: on a day, as known on another, read in one way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Self

from ledger.errors import RuleError
from ledger.quantity import Dimension, Quantity
from ledger.regime.cased import CasedRegimes
from ledger.regime.counting import choose_readings
from ledger.regime.dated import Standing, parameter_on, standing_on
from ledger.regime.index import IndexEntry
from ledger.regime.known import as_known
from ledger.regime.model import Regime
from ledger.regime.rule import Due
from ledger.regime.scalar import nearest
from ledger.regime.source import Citation
from ledger.report.figure import scientific
from ledger.report.index import entry_document
from ledger.report.table import Column, Table

__all__ = [
    "STANDING",
    "LawView",
    "cited",
    "clock_in_words",
    "figure_in_words",
    "list_document",
    "list_table",
    "value_shown",
]

_FLAT_MAX = 10**12  # longer whole numbers are shown as powers of ten when that is exact
_MANTISSA_MAX = 4  # digits that the short form of a number keeps
STANDING = "standing"
"""The clock of a duty that has no date of its own."""
_PERIODS: Final = frozenset(
    {Dimension.DURATION, Dimension.CALENDAR_PERIOD, Dimension.BUSINESS_PERIOD}
)
_MOMENTS = {"met": "the day on which it is met", "foreseen": "the day on which it is foreseen"}


@dataclass(frozen=True, slots=True)
class LawView:
    """A regime as it is shown: on a day, as known on another, under the readings chosen.

    Attributes:
        regime: The rule file, without what was not published by ``law_known_on``.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen; None sees all.
        readings: Alternative in force for every reading.
        standing: Where the regime stands on the day.
        hidden: Rules, counting sets and readings that were not published by then, as
            ``rule:x``, ``counting:x`` and ``reading:x``.
    """

    regime: Regime
    in_force_on: date
    law_known_on: date | None
    readings: Mapping[str, str]
    standing: Standing
    hidden: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        regime: Regime,
        in_force_on: date,
        law_known_on: date | None = None,
        readings: Mapping[str, str] | None = None,
    ) -> Self:
        """Fix what is shown.

        Raises:
            RuleError: If a reading or an alternative chosen does not exist.
        """
        for name in readings or ():
            if name not in regime.readings:
                raise RuleError(
                    f"{regime.id} has no reading {name!r}", remedy=nearest(name, regime.readings)
                )
        seen = as_known(regime, law_known_on, chosen=readings or ())
        chosen = choose_readings(seen.readings, readings or {})
        standing = standing_on(regime, in_force_on, law_known_on)
        hidden = (
            *(f"rule:{rule.id}" for rule in regime.rules if seen.rule(rule.id) is None),
            *(f"counting:{name}" for name in regime.counting if name not in seen.counting),
            *(f"reading:{name}" for name in regime.readings if name not in seen.readings),
        )
        return cls(seen, in_force_on, law_known_on, chosen, standing, hidden)

    def lines(self) -> tuple[str, ...]:
        """Return the figures of the day that compute is compared with, as texts."""
        values = [
            parameter_on(parameter, self.in_force_on, self.law_known_on, nearest=True)
            for parameter in self.regime.parameters.values()
            if parameter.dimension in {"operations", "operation_rate"}
        ]
        return tuple(value_shown(value.value) for value in values if value is not None)


def list_table(regimes: CasedRegimes, in_force_on: date, law_known_on: date | None = None) -> Table:
    """Return one row a regime: what it is, where it stands, which lines it draws.

    Args:
        regimes: Regime by id.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen; None sees all.
    """
    columns = (
        Column("regime"),
        Column("title", wide=True),
        Column("law"),
        Column("enforcement"),
        Column("lines", wide=True),
        Column("rules", "right"),
        Column("cases", "right"),
    )
    rows = []
    for regime in regimes.values():
        view = LawView.of(regime, in_force_on, law_known_on)
        standing = (view.standing.law or "none", view.standing.enforcement or "not stated")
        counts = (str(len(view.regime.rules)), str(len(regime.cases)))
        name = f"{regime.id} *" if regime.optional else regime.id
        rows.append((name, regime.title["en"], *standing, ", ".join(view.lines()), *counts))
    starred = any(regime.optional for regime in regimes.values())
    notes = ("* optional: asked only by name, or with --optional",) if starred else ()
    return Table(f"The law on {_asked(in_force_on, law_known_on)}", columns, tuple(rows), notes)


def list_document(
    regimes: CasedRegimes,
    index: Iterable[IndexEntry],
    digest: str,
    in_force_on: date,
    law_known_on: date | None,
) -> dict[str, Any]:
    """Return the list of regimes, and of what was looked at and has no rule.

    Args:
        regimes: Regime by id.
        index: What has no rule.
        digest: Digest of the rule pack.
        in_force_on: Day on which the law is asked.
        law_known_on: Day after which nothing published is seen; None sees all.
    """
    views = {name: LawView.of(each, in_force_on, law_known_on) for name, each in regimes.items()}
    return {
        "schema": "flopledger/rules-list.v2",
        "pack": digest,
        **_days(in_force_on, law_known_on),
        "regimes": [
            _head(view.regime, view.standing)
            | {
                "optional": view.regime.optional,
                "rules": [rule.id for rule in view.regime.rules],
                "cases": len(regimes[name].cases),
            }
            for name, view in views.items()
        ],
        "index": [entry_document(entry) for entry in index],
    }


def _days(in_force_on: date, law_known_on: date | None) -> dict[str, Any]:
    """Return the two days of the law."""
    known = None if law_known_on is None else str(law_known_on)
    return {"in_force_on": str(in_force_on), "law_known_on": known}


def _head(regime: Regime, standing: Standing) -> dict[str, Any]:
    """Return what a regime is and where it stands."""
    return {
        "id": regime.id,
        "title": regime.title["en"],
        "jurisdiction": regime.jurisdiction,
        "law": standing.law,
        "since": None if standing.since is None else str(standing.since),
        "applies_from": None if standing.applies_from is None else str(standing.applies_from),
        "enforcement": standing.enforcement,
    }


def value_shown(value: Quantity | date) -> str:
    """Return a figure of the law as people write it, always exact."""
    if isinstance(value, date):
        return str(value)
    number = value.value
    if number.denominator != 1:
        return str(value)
    digits = str(number.numerator)
    short = number >= _FLAT_MAX and len(digits.rstrip("0")) <= _MANTISSA_MAX
    shown = scientific(number.numerator) if short else f"{number.numerator:,}"
    several = value.dimension in _PERIODS and number != 1 and value.unit.symbol != "s"
    return f"{shown} {value.unit.symbol.replace('_', ' ')}" + ("s" if several else "")


def cited(regime: Regime, citation: Citation) -> str:
    """Return a citation as text: the source, and the place in it."""
    source = regime.sources[citation.source].cite
    return source if citation.at is None else f"{source}, {citation.at}"


def clock_in_words(view: LawView, due: Due | None) -> str:
    """Return when an obligation falls due, with the figures of the day."""
    if due is None:
        return STANDING
    parts = []
    if due.after is not None and due.within is not None:
        moments = [_MOMENTS.get(name, name) for name in due.after.moments]
        which = "earliest" if due.after.earliest else "latest"
        of = moments[0] if len(moments) == 1 else f"the {which} of: {', '.join(moments)}"
        parts.append(f"within {figure_in_words(view, due.within)} after {of}")
    if due.on is not None:
        parts.append(f"{'not before' if parts else 'on'} {figure_in_words(view, due.on)}")
    if due.before is not None:
        ahead = "by" if due.ahead is None else f"{figure_in_words(view, due.ahead)} before"
        parts.append(f"{ahead} {due.before}")
    return ", ".join(parts)


def figure_in_words(view: LawView, name: str) -> str:
    """Return a parameter with its value on the day."""
    found = parameter_on(
        view.regime.parameters[name], view.in_force_on, view.law_known_on, nearest=True
    )
    return name if found is None else f"{value_shown(found.value)} ({name})"


def _asked(in_force_on: date, law_known_on: date | None) -> str:
    """Return the two days of the law in words."""
    return f"{in_force_on}" + ("" if law_known_on is None else f", as known on {law_known_on}")
