"""Forecasting asks when a model crosses the lines of the law, if what is signed is delivered.

The law says what counts, the ledger what was done and what is still to come; the rest of a month's
commitment is spread over what is left of its window. Knowledge of a line dates from the signature
that carries it; unallocated capacity is shown as the worst case and starts no clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final, TypeAlias

from ledger.determination import Determination, World
from ledger.forecast import Flow, joined
from ledger.journeys.band import Band, Coming
from ledger.journeys.checking import Checked
from ledger.journeys.deadlines import Deadline, Deadlines
from ledger.journeys.outlays import Outlay
from ledger.journeys.summed import summed_by
from ledger.regime.counting import CountingSet
from ledger.regime.expression import Sum
from ledger.regime.model import Regimes
from ledger.workcalendar import WorkCalendar, WorkCalendars

__all__ = ["Band", "Forecast", "Forecasts", "forecast", "forecast_status"]

_Work: TypeAlias = tuple[str, str]  # activity, kind of operations
_Models: TypeAlias = frozenset[str]
_Unallocated: TypeAlias = tuple[tuple[Flow, ...], tuple[Flow, ...], tuple[str, ...]]
_GROWING: Final = frozenset({"gt", "ge"})


@dataclass(frozen=True, slots=True)
class Forecast:
    """When one model crosses one line.

    Attributes:
        determination: How it stands today.
        line: Operations of the line.
        base: Operations done, by ``low``, ``point`` and ``high`` of the legal interval, and
            ``first`` and ``last`` of the stated error.
        flows: What is expected.
        late: What windows that are over still owe of it; no day of it is known.
        band: When the line is crossed with what is meant for the model.
        worst: The same if all unallocated capacity went to the model too; None if there is none.
        unallocated: Contracts of that capacity.
        known_on: Day from which it is known that the line will be met; None if it is not.
        notify: First duty that then falls due; None if there is none.
        calendar: How the law counts days, for its time zone.
        certain: Whether every commitment counted surely counts.
    """

    determination: Determination
    line: Fraction
    base: Mapping[str, int | None]
    flows: tuple[Flow, ...]
    late: tuple[Flow, ...]
    band: Band
    worst: Band | None
    unallocated: tuple[str, ...]
    known_on: date | None
    notify: Deadline | None
    calendar: WorkCalendar | None
    certain: bool


@dataclass(frozen=True, slots=True)
class Forecasts:
    """What was forecast.

    Attributes:
        held: A forecast for each model and line ahead of it, the earliest crossing first.
        as_of: Day from which it is looked at.
        met: Determinations of lines that are met already.
        open_: Determinations that no forecast can be given for: the amount is not known.
        passed: Determinations whose amount is at the line already, and that hang on other facts.
        unasked: How many lines of models apply to nobody, or compare no growing amount.
        overdue: What windows that are over leave open, in the order of contracts.
        gaps: Contracts of which nobody says how much is to come, and why.
    """

    held: tuple[Forecast, ...]
    as_of: date
    met: tuple[Determination, ...]
    open_: tuple[Determination, ...]
    passed: tuple[Determination, ...]
    unasked: int
    overdue: tuple[Outlay, ...]
    gaps: Mapping[str, str]


def forecast(
    checked: Checked,
    regimes: Regimes,
    calendars: WorkCalendars,
    outlays: Sequence[Outlay],
    due: Deadlines,
) -> Forecasts:
    """Forecast every line of operations that models are asked about and have not met.

    Args:
        checked: A check of the ledger.
        regimes: The regimes asked.
        calendars: How each jurisdiction counts days.
        outlays: What is still to come; of a scenario, what would be.
        due: The deadlines of the same check.
    """
    asking = _Asking(checked, regimes, calendars, outlays, due)
    held: list[Forecast] = []
    met: list[Determination] = []
    open_: list[Determination] = []
    passed: list[Determination] = []
    unasked = 0
    for d in checked.document.determinations:
        if not d.subject.startswith("model:") or d.unit not in {"OP", "FLOP"}:
            unasked += d.subject.startswith("model:") and d.finding is None
            continue
        if d.finding == "met":
            met.append(d)
        elif d.finding is None or d.comparison not in _GROWING or d.threshold is None:
            unasked += 1
        elif (found := asking.of(d)) is None:
            open_.append(d)
        elif (least := found.base["low"]) is not None and least >= found.line:
            passed.append(d)
        else:
            held.append(found)
    held.sort(key=_order)
    return Forecasts(
        held=tuple(held),
        as_of=checked.document.coordinates.as_of,
        met=tuple(met),
        open_=tuple(open_),
        passed=tuple(passed),
        unasked=unasked,
        overdue=tuple(each for each in outlays if each.overdue),
        gaps={each.contract: each.gap for each in outlays if each.counts and each.gap},
    )


def forecast_status(checked: Checked, found: Forecasts) -> int:
    """Return 1 for findings, else 3 for what is not known or not there, else 0, as a check does.

    Findings are lines of operations of models that are met, now or foreseen, under law that binds,
    and that no filing closed, and dates of theirs that passed. A forecast of nothing is never
    clean, and neither is one in which somebody lacks a fact or an amount.

    Args:
        checked: The check behind the forecast.
        found: The forecast of today's book.
    """
    asked = (*(each.determination for each in found.held), *found.met, *found.open_, *found.passed)
    if any(d.actionable for d in asked):
        return 1
    left = checked.strangers or checked.document.ledger.unsigned_tail or found.open_
    unknown = any(d.undetermined for d in asked) or any(
        each.band.point.second is None and each.band.point.unbounded for each in found.held
    )
    return 3 if left or unknown or not (asked or found.unasked) else 0


def _order(each: Forecast) -> tuple[Fraction, str, str, str]:
    """Return what forecasts are sorted by: the expected crossing, then the earliest possible."""
    never = Fraction(10**12)
    second = each.band.point.second or each.band.first.second
    d = each.determination
    return (never if second is None else second, d.regime, d.rule, d.subject)


class _Asking:
    """Forecasts the lines of one check."""

    def __init__(
        self,
        checked: Checked,
        regimes: Regimes,
        calendars: WorkCalendars,
        outlays: Sequence[Outlay],
        due: Deadlines,
    ) -> None:
        """Ask about one check."""
        self._world: World = checked.world
        self._at = checked.document.coordinates
        self._regimes = regimes
        self._calendars = calendars
        self._meant = _by_model(each for each in outlays if not each.overdue)
        self._owed = _by_model(each for each in outlays if each.overdue)
        self._free: dict[frozenset[_Work], _Unallocated] = {}
        self._named = frozenset(name for name in (*self._meant, *self._owed) if name is not None)
        self._due = due
        self._sums: dict[tuple[str, str], tuple[Sum, CountingSet] | None] = {}
        self._works = {(each.activity, each.operation_kind) for each in outlays}
        self._counted_works: dict[int, frozenset[_Work]] = {}
        self._held: dict[tuple[_Models, _Models, frozenset[_Work]], tuple[Coming, Coming]] = {}

    def of(self, d: Determination) -> Forecast | None:
        """Forecast one line; None if nobody knows what was done."""
        band = next(iter((d.measured or {}).values()), None)
        counted = self._counted(d)
        if band is None or counted is None or d.threshold is None:
            return None
        sum_, counting = counted
        model = d.subject.removeprefix("model:")
        sure, perhaps = self._world.present.group(model, counting, sum_.lineage)
        works = self._works_of(counting)
        coming, most = self._coming(sure & self._named, perhaps & self._named, works)
        contracts = self._unallocated(works)[2]
        base = _base(band)
        line = Fraction(d.threshold)
        return Forecast(
            determination=d,
            line=line,
            base=base,
            flows=coming.flows,
            late=coming.late,
            band=coming.band(base, line),
            worst=most.band(base, line) if contracts else None,
            unallocated=contracts,
            known_on=None if d.foreseen is None else d.foreseen.on,
            notify=self._notify(d),
            calendar=self._calendars.of(d.regime),
            certain=not (perhaps - sure) & self._named,
        )

    def _counted(self, d: Determination) -> tuple[Sum, CountingSet] | None:
        """Return the sum that a rule compares, and what it counts; None if it sums nothing."""
        place = (d.regime, d.rule)
        if place not in self._sums:
            self._sums[place] = summed_by(self._regimes, self._at, *place)
        return self._sums[place]

    def _works_of(self, counting: CountingSet) -> frozenset[_Work]:
        """Return the kinds of work of the book that a counting set of a regime counts."""
        place = id(counting)  # the regimes are held as long as this asks
        if place not in self._counted_works:
            self._counted_works[place] = frozenset(
                work for work in self._works if counting.classify(*work) == "counted"
            )
        return self._counted_works[place]

    def _unallocated(self, works: frozenset[_Work]) -> _Unallocated:
        """Return what is meant for no model and counts: to come, owed, and the contracts."""
        if works not in self._free:
            held, owed = (
                [each for _, each in book.get(None, ()) if _work(each) in works]
                for book in (self._meant, self._owed)
            )
            names = tuple(dict.fromkeys(each.contract for each in (*held, *owed)))
            flows = joined(each.flow for each in held)
            self._free[works] = (flows, tuple(each.flow for each in owed), names)
        return self._free[works]

    def _coming(
        self, sure: _Models, perhaps: _Models, works: frozenset[_Work]
    ) -> tuple[Coming, Coming]:
        """Return what is to come for some models, and the same with all that is meant for none.

        Args:
            sure: Models of the book whose commitments surely count.
            perhaps: Models of the book whose commitments may count.
            works: Kinds of work that count.
        """
        place = (sure, perhaps, works)
        if place not in self._held:
            flows, late = (
                tuple(_flows(book, sure, perhaps, works)) for book in (self._meant, self._owed)
            )
            free, owed, contracts = self._unallocated(works)
            own = Coming.of(flows, late)
            most = own if not contracts else Coming.of((*joined(flows), *free), (*late, *owed))
            self._held[place] = (own, most)
        return self._held[place]

    def _notify(self, d: Determination) -> Deadline | None:
        """Return the first duty of a line that falls due."""
        own = (
            each
            for each in self._due.held
            if each.determination is d and each.on is not None and each.sent_on is None
        )
        return min(own, key=lambda each: each.on or date.max, default=None)


def _by_model(outlays: Iterable[Outlay]) -> dict[str | None, list[tuple[int, Outlay]]]:
    """Return the outlays that count by the model meant, each with its place."""
    found: dict[str | None, list[tuple[int, Outlay]]] = {}
    for place, each in enumerate(outlays):
        if each.counts:
            found.setdefault(each.model, []).append((place, each))
    return found


def _flows(
    meant: Mapping[str | None, list[tuple[int, Outlay]]],
    sure: _Models,
    perhaps: _Models,
    works: frozenset[_Work],
) -> Iterator[Flow]:
    """Yield the flows that count; one that only may count has no least amount."""
    held = (each for model in sure | perhaps for each in meant.get(model, ()))
    for _, each in sorted(held, key=lambda placed: placed[0]):
        if _work(each) not in works:
            continue
        if each.model in sure:
            yield each.flow
        elif each.model in perhaps:
            flow = each.flow
            yield Flow(flow.start, flow.end, Fraction(0), Fraction(0), flow.high, flow.source)


def _work(outlay: Outlay) -> _Work:
    """Return what capacity is meant for, as the law tells works apart."""
    return outlay.activity, outlay.operation_kind


def _base(band: object) -> dict[str, int | None]:
    """Return what was done, at the ends of the legal interval and of the stated error."""
    ends = {
        "low": "low",
        "point": "point",
        "high": "high",
        "last": "error_low",
        "first": "error_high",
    }
    found: dict[str, int | None] = {}
    for name, field in ends.items():
        text = getattr(band, field)
        found[name] = None if text is None else int(Fraction(text))
    return found
