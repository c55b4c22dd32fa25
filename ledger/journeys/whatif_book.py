"""What if, with the forward book: another law and other contracts at once, side by side with today.

Crossings are forecast under both, and each line is told by what happens to its expected crossing.
Nothing is recorded, no rule in use changes, and what comes out under the scenario is hypothetical.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ledger.determination import Evaluator
from ledger.errors import InputError
from ledger.hardware import Catalogue
from ledger.journeys.checking import Checked, Question, Records
from ledger.journeys.deadlines import deadlines_of
from ledger.journeys.deals import Deal
from ledger.journeys.forecasting import Forecast, Forecasts, forecast
from ledger.journeys.outlays import Outlay, outlays_of
from ledger.journeys.scenario import Scenario
from ledger.journeys.supposed_book import Supposed, suppose
from ledger.journeys.supposed_records import SUPPOSED, suppose_records
from ledger.journeys.supposed_terms import cautions_of
from ledger.journeys.whatif import Ledgers, WhatIf, what_if
from ledger.regime.edition import Lawbook
from ledger.workcalendar import WorkCalendars

__all__ = [
    "Affected",
    "BookWhatIf",
    "Desk",
    "Shift",
    "ShiftKind",
    "forecasts_of",
    "what_if_with_book",
]

ShiftKind: TypeAlias = Literal["enters", "leaves", "moves", "other"]


@dataclass(frozen=True, slots=True)
class Shift:
    """A line whose crossing is another under a scenario.

    Attributes:
        kind: ``enters``: crossed as expected only under the scenario. ``leaves``: no longer
            crossed. ``moves``: crossed under both, at another instant. ``other``: only the ends,
            the line or the day to act by is another.
        present: The forecast as things are; None where there is none.
        then: Under the scenario; None where there is none, as the line is met or not asked.
    """

    kind: ShiftKind
    present: Forecast | None
    then: Forecast | None

    @property
    def place(self) -> tuple[str, str, str]:
        """Regime, rule and subject."""
        held = self.present or self.then
        assert held is not None, "a shift has a side"
        return _place(held)


@dataclass(frozen=True, slots=True)
class Affected:
    """A contract that a scenario changes, or on which an outcome rests that is another.

    Attributes:
        contract: The contract.
        changes: What the scenario supposes of it, in words.
        places: Regime, rule and subject of the outcomes that rest on it.
    """

    contract: str
    changes: tuple[str, ...]
    places: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class BookWhatIf:
    """What a scenario of law and contracts does.

    Attributes:
        found: What comes out otherwise.
        changes: What is supposed of the book.
        shifts: Lines whose crossing is another.
        contracts: Contracts affected, by name.
        cautions: Where what is supposed is not what the contracts say.
    """

    found: WhatIf
    changes: tuple[Supposed, ...]
    shifts: tuple[Shift, ...]
    contracts: tuple[Affected, ...]
    cautions: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether anything is different."""
        return bool(self.found.effects or self.shifts)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a scenario of the book is worked out with.

    Attributes:
        evaluator: Gives the verdicts.
        calendars: How each jurisdiction counts days.
        taken: Readings that are taken under both laws.
    """

    evaluator: Evaluator
    calendars: WorkCalendars
    taken: tuple[str, ...] = ()


def what_if_with_book(
    scenario: Scenario,
    changes: Sequence[Supposed],
    question: Question,
    held: tuple[Records, Sequence[Deal]],
    desk: Desk,
) -> BookWhatIf:
    """Ask a ledger and its book under the law in use and under a scenario of both.

    Args:
        scenario: The law as it might be; perhaps the law in use.
        changes: What is supposed of the book.
        question: The coordinates. Its readings and assumptions belong to the scenario.
        held: The ledger, and the contracts that stand in it.
        desk: What it is worked out with.

    Raises:
        InputError: If nothing is supposed, or a change cannot be made.
        RuleError: If a reading or regime named does not exist.
    """
    if not (changes or scenario.law or question.readings or question.assumptions):
        raise InputError(
            "nothing is supposed",
            remedy="write --set REGIME/PARAMETER=VALUE, --pack FILE, or a change such as --slip",
        )
    records, deals = held
    question = replace(question, workdays=desk.calendars)
    outlays = outlays_of(deals, question.as_of)
    # Devices of the draft, if it brings any, are those of the scenario.
    catalogue = Catalogue.from_pack(scenario.law.new.pack)
    other = suppose(outlays, changes, catalogue, question.as_of)
    names = [change.contract for change in changes]
    supposed = suppose_records(records, deals, other, names)
    ledgers = Ledgers(records, supposed)
    found = what_if(scenario, question, desk.taken, ledgers, desk.evaluator)
    law = scenario.law
    today = _by_place(found.checked[0], law.old, desk.calendars, outlays)
    then = _by_place(found.checked[1], law.new, desk.calendars, other)
    shifts = tuple(_shifts(today, then))
    affected = tuple(_affected(found, changes, shifts))
    cautions = cautions_of(deals, changes, catalogue)
    return BookWhatIf(found, tuple(changes), shifts, affected, cautions)


def forecasts_of(
    checked: Checked, book: Lawbook, calendars: WorkCalendars, outlays: Sequence[Outlay]
) -> Forecasts:
    """Return the forecasts of a check, with what then falls due.

    Args:
        checked: A check for which business days were counted by the same calendars.
        book: The law asked.
        calendars: How each jurisdiction counts days.
        outlays: What is still to come; of a scenario, what would be.
    """
    until = checked.document.coordinates.as_of
    due = deadlines_of(checked, book.regimes, calendars, until=until)
    return forecast(checked, book.regimes, calendars, outlays, due)


def _by_place(
    checked: Checked | None, book: Lawbook, calendars: WorkCalendars, outlays: Sequence[Outlay]
) -> Mapping[tuple[str, str, str], Forecast]:
    """Return the forecasts under one law and book, by what they are about."""
    if checked is None:
        return {}
    return {_place(each): each for each in forecasts_of(checked, book, calendars, outlays).held}


def _shifts(
    today: Mapping[tuple[str, str, str], Forecast], then: Mapping[tuple[str, str, str], Forecast]
) -> Iterator[Shift]:
    """Yield the lines whose crossing is another, by regime, rule and subject."""
    for place in sorted(today.keys() | then.keys()):
        old, new = today.get(place), then.get(place)
        if _signs(old) != _signs(new) and (_ever(old) or _ever(new)):
            yield Shift(_kind(old, new), old, new)


def _kind(old: Forecast | None, new: Forecast | None) -> ShiftKind:
    """Return what happens to the expected crossing."""
    before, after = _second(old), _second(new)
    if before == after:
        return "other"
    if before is None:
        return "enters"
    return "leaves" if after is None else "moves"


def _signs(each: Forecast | None) -> object:
    """Return what tells two forecasts of one line apart."""
    if each is None:
        return None
    due = None if each.notify is None else each.notify.on
    return (each.line, each.band, each.worst, each.known_on, due)


def _ever(each: Forecast | None) -> bool:
    """Return whether a line is crossed at any end, or in the worst case."""
    bands = () if each is None else (each.band, each.worst)
    return any(
        end.second is not None or end.unbounded
        for band in bands
        if band is not None
        for end in (band.low, band.point, band.high, band.first, band.last)
    )


def _second(each: Forecast | None) -> object:
    """Return when a line is crossed as expected; None if it never is."""
    return None if each is None else each.band.point.second


def _affected(
    found: WhatIf, changes: Sequence[Supposed], shifts: Sequence[Shift]
) -> Iterator[Affected]:
    """Yield the contracts that are changed or on which another outcome rests."""
    words: dict[str, list[str]] = {}
    places: dict[str, dict[tuple[str, str, str], None]] = {}
    for change in changes:
        words.setdefault(change.contract, []).append(str(change))
    for touched in found.touched:
        name = str(touched.record.body["contract"]).removesuffix(SUPPOSED)
        places.setdefault(name, {}).update(dict.fromkeys(touched.places))
    for shift in shifts:
        for side in (shift.present, shift.then):
            for flow in () if side is None else side.flows:
                places.setdefault(flow.source, {})[shift.place] = None
    for name in sorted({*words, *places}):
        yield Affected(name, tuple(words.get(name, ())), tuple(sorted(places.get(name, ()))))


def _place(each: Forecast) -> tuple[str, str, str]:
    """Return what a forecast is about."""
    d = each.determination
    return d.regime, d.rule, d.subject
