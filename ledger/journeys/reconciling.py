"""Reconciling lines up all that a ledger says of a run, and says how far it can be believed.

Every figure is taken from the records, reversed ones left out. Ratios are exact fractions. The
evidence grade of a run follows from what agrees with what, and never from an opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import chain, combinations, product
from typing import TypeAlias, cast

from ledger.canonical import JSON
from ledger.entry import Entry
from ledger.errors import MissingError, Problem
from ledger.journeys.capacity_gaps import Gap, contract_gaps, device_gaps
from ledger.journeys.lanes import Lane, Seen, lanes_of, seen
from ledger.journeys.mismatches import run_problems
from ledger.journeys.overlaps import elsewhere, nested
from ledger.journeys.run_grade import RunGrade, grade_run
from ledger.journeys.tolerance import agree, comparable, independent
from ledger.log.wholes import is_empty

__all__ = ["DayLine", "Pair", "Reconciliation", "RunLine", "reconcile"]

Body = Mapping[str, JSON]

_Place: TypeAlias = tuple[str | None, int | None]  # device and day


@dataclass(frozen=True, slots=True)
class Pair:
    """Two independent methods of one run.

    Attributes:
        left: One.
        right: The other.
        agree: Whether their widened ranges meet.
        ratio: Lower end of the right one over that of the left; None if the left one is 0.
    """

    left: Lane
    right: Lane
    agree: bool
    ratio: Fraction | None


@dataclass(frozen=True, slots=True)
class DayLine:
    """What is recorded of a run on one UTC day.

    Attributes:
        day: The day; None for undated work.
        lanes: Its lanes.
        ceiling: Most operations in the primary time; None if a leg has none.
    """

    day: date | None
    lanes: tuple[Lane, ...]
    ceiling: int | None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run, reconciled.

    Attributes:
        run: Its identifier.
        lanes: Every way in which it was seen, the primary first.
        operations: Sum of the primary figures that are stated; None if none is. Figures that
            include ancestors are left out here and below: their work stands under other runs.
        unstated: Primary legs that state no figure.
        device_us: Time held by primary legs; None if none states it.
        figureless_us: The part of it that legs without a figure held.
        ceiling: Sum of the primary ceilings; None if one is missing.
        mfu: Operations over the ceiling; None if either is not known.
        hfu: Operations executed over the ceiling; None likewise.
        coverage: Time that telemetry saw over time held; None without either.
        billed: Time held that is billed for its device and day, over time held; if all of it is,
            time billed over time held. None without either.
        receipted: Likewise, of what the provider countersigned.
        pairs: Independent methods that can be compared.
        days: The same day by day.
        problems: What must be looked at.
        grade: Evidence grade and its reason.
    """

    run: str
    lanes: tuple[Lane, ...]
    operations: int | None
    unstated: int
    device_us: int | None
    figureless_us: int
    ceiling: int | None
    mfu: Fraction | None
    hfu: Fraction | None
    coverage: Fraction | None
    billed: Fraction | None
    receipted: Fraction | None
    pairs: tuple[Pair, ...]
    days: tuple[DayLine, ...]
    problems: tuple[Problem, ...]
    grade: RunGrade


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """A ledger, reconciled.

    Attributes:
        runs: In order of their names.
        gaps: Capacity that is billed, receipted, scheduled or contracted and recorded nowhere.
        operations: Primary operations of the runs by grade.
        device_us: Primary device-time of the runs by grade.
        tolerances: By method, parts per million.
    """

    runs: tuple[RunLine, ...]
    gaps: tuple[Gap, ...]
    operations: Mapping[str, int]
    device_us: Mapping[str, int]
    tolerances: Mapping[str, int]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every finding, run by run, then those about capacity."""
        of_runs = tuple(problem for run in self.runs for problem in run.problems)
        return (*of_runs, *(gap.problem() for gap in self.gaps))


def reconcile(
    entries: Iterable[Entry],
    tolerances: Mapping[str, int],
    *,
    as_of: date,
    names: Sequence[str] = (),
) -> Reconciliation:
    """Reconcile a ledger.

    Args:
        entries: Its entries, in order; gone through once.
        tolerances: As `parse_tolerances` gives them.
        as_of: Last day whose contracts and work count.
        names: Runs to show; none shows all. Capacity is reconciled over all of them only.

    Raises:
        MissingError: No record names one of the runs.
    """
    legs, contracts = _standing(entries, as_of)
    runs: dict[str, list[Seen]] = {}
    for leg in legs.values():
        runs.setdefault(leg.run, []).append(leg)
    for name in names:
        if name not in runs:
            raise MissingError(
                f"no record names the run {name!r}",
                remedy="flopledger reconcile without names shows every run; names are exact",
            )
    inside: dict[str, list[Problem]] = {}
    for parent, child, both in nested(runs):
        inside.setdefault(parent, []).append(_nested_problem(parent, child, both.device_us))
    for one, other in elsewhere(legs.values()):
        inside.setdefault(one.run, []).append(_elsewhere_problem(one, other))
    lines = tuple(
        _run_line(name, runs[name], inside.get(name, ()), tolerances)
        for name in sorted(set(names) or runs)
    )
    gaps: tuple[Gap, ...] = ()
    if not names:
        error = tolerances["time"]
        gaps = (*device_gaps(legs.values(), error), *contract_gaps(contracts, legs, as_of, error))
    return Reconciliation(lines, gaps, *_shares(lines), tolerances)


def _standing(
    entries: Iterable[Entry], as_of: date
) -> tuple[dict[int, Seen], tuple[tuple[int, Body], ...]]:
    """Return the allocations and the commitments that no reversal takes back."""
    legs: dict[int, Seen] = {}
    contracts: dict[int, Body] = {}
    last = as_of.toordinal() - date(1970, 1, 1).toordinal()
    for entry in entries:
        if entry.type == "allocation":
            leg = seen(entry.seq, entry.body)
            # A leg of which nothing remained bears nothing out and contradicts nothing.
            if (leg.day is None or leg.day <= last) and not is_empty(entry.body):
                legs[entry.seq] = leg
        elif entry.type == "commitment":
            contracts[entry.seq] = entry.body
        elif entry.type == "reversal":
            taken = cast("int", entry.body["reverses"])
            legs.pop(taken, None)
            contracts.pop(taken, None)
    return legs, tuple(contracts.items())


def _run_line(
    name: str, legs: Sequence[Seen], inside: Sequence[Problem], tolerances: Mapping[str, int]
) -> RunLine:
    """Reconcile one run."""
    lanes = lanes_of(legs)
    primary = [leg for leg in legs if leg.primary and leg.own]
    stated = [leg.operations for leg in primary if leg.operations is not None]
    held = [leg.device_us for leg in primary if leg.device_us is not None]
    device_us = sum(held) if held else None
    # A share of what is only partly known would be a share of something else.
    whole_us = device_us if len(held) == len(primary) else None
    ceiling = _ceiling(primary)
    operations = sum(stated) if stated else None
    pairs = tuple(_pairs(lanes, tolerances))
    ratios = {
        "mfu": _ratio(operations if len(stated) == len(primary) else None, ceiling),
        "hfu": _ratio(_executed(lanes, primary), ceiling),
        "coverage": _ratio(_time(lanes, "telemetry", sampled=True), whole_us),
        "billed": _borne_out(legs, lanes, "invoice", whole_us),
        "receipted": _borne_out(legs, lanes, "provider_countersigned", whole_us),
    }
    found = (
        *run_problems(name, legs, ratios, [(p.left, p.right, p.agree) for p in pairs], tolerances),
        *inside,
    )
    # Two sources that agree with each other confirm the figure that counts only if it is one.
    counted = [pair for pair in pairs if pair.agree and pair.left.primary]
    agreed = next((f"{pair.left.name} and {pair.right.name}" for pair in counted), None)
    return RunLine(
        run=name,
        lanes=lanes,
        operations=operations,
        unstated=len(primary) - len(stated),
        device_us=device_us,
        figureless_us=sum(leg.device_us or 0 for leg in primary if not leg.states),
        ceiling=ceiling,
        **ratios,
        pairs=pairs,
        days=_days(legs),
        problems=found,
        grade=grade_run(legs, ratios, agreed, found, tolerances),
    )


def _pairs(lanes: Sequence[Lane], tolerances: Mapping[str, int]) -> Iterable[Pair]:
    """Yield the independent lanes that state comparable figures."""
    for left, right in combinations(lanes, 2):
        fit = all(comparable(lane, tolerances) for lane in (left, right))
        if fit and independent(left, right):
            yield Pair(left, right, agree(left, right, tolerances), _ratio(right.low, left.low))


def _executed(lanes: Sequence[Lane], primary: Sequence[Seen]) -> int | None:
    """Return the operations executed: stated by every primary leg, or seen by counters.

    Counters that are primary saw the legs that they read, and none that another source states.
    """
    stated = [leg.executed for leg in primary if leg.executed is not None]
    if stated and len(stated) == len(primary):
        return sum(stated)
    legs = {leg.seq for leg in primary}
    seen = [lane for lane in lanes if not lane.primary or legs <= set(lane.entries)]
    return next((lane.low for lane in seen if lane.name == "telemetry"), None)


def _time(lanes: Sequence[Lane], kind: str, *, sampled: bool = False) -> int | None:
    """Return the device-time of the lanes that rest on one kind of source alone.

    What is primary is the time held itself and confirms nothing; telemetry sees a part of it.
    """
    of_kind = [lane for lane in lanes if lane.kinds == (kind,) and (sampled or not lane.primary)]
    times = [lane.seen_us if sampled else lane.device_us for lane in of_kind]
    known = [time for time in times if time is not None]
    # Two importers that both saw the time saw the same time.
    return max(known) if known else None


def _borne_out(
    legs: Sequence[Seen], lanes: Sequence[Lane], kind: str, whole_us: int | None
) -> Fraction | None:
    """Return how much of the time held a source confirms, device by device and day by day.

    A bill for another day, or for other devices, confirms nothing; one that names none may be for
    any, so that nobody can tell while time of that day or device is open. Where all of the time is
    confirmed, the ratio is that of the whole times, so that what is billed beyond it shows.
    """
    whole = _ratio(_time(lanes, kind), whole_us)
    if whole is None or whole_us is None:
        return None
    held: dict[_Place, int] = {}
    told: dict[_Place, dict[str, int]] = {}
    for leg in legs:
        place = (leg.device, leg.day)
        if leg.primary and leg.own:
            held[place] = held.get(place, 0) + (leg.device_us or 0)
        elif not leg.primary and leg.kind == kind:
            by = told.setdefault(place, {})
            by[leg.importer] = by.get(leg.importer, 0) + (leg.device_us or 0)
    # Two importers that both saw the time saw the same time.
    most = {place: max(by.values()) for place, by in told.items()}
    met = sum(min(held.get(place, 0), us) for place, us in most.items())
    if met == whole_us:
        return whole
    lacking = [place for place, us in held.items() if us > most.get(place, 0)]
    beyond = [place for place, us in most.items() if us > held.get(place, 0)]
    return None if _may_meet(lacking, beyond) else Fraction(met, whole_us)


def _may_meet(some: Sequence[_Place], others: Sequence[_Place]) -> bool:
    """Return whether a place may be one of others, since a device or a day is not known."""
    open_, others_open = ([p for p in places if None in p] for places in (some, others))
    pairs = chain(product(open_, others), product(some, others_open))
    return any(
        all(None in {a, b} or a == b for a, b in zip(one, other, strict=True))
        for one, other in pairs
    )


def _ceiling(primary: Sequence[Seen]) -> int | None:
    """Return the sum of the ceilings, or None if a leg has none."""
    known = [leg.ceiling for leg in primary if leg.ceiling is not None]
    return sum(known) if known and len(known) == len(primary) else None


def _ratio(value: int | None, reference: int | None) -> Fraction | None:
    """Return an exact ratio, or None if a side is not known or the reference is nothing."""
    return None if value is None or not reference else Fraction(value, reference)


def _days(legs: Sequence[Seen]) -> tuple[DayLine, ...]:
    """Return the run day by day, undated work last."""
    days: dict[int | None, list[Seen]] = {}
    for leg in legs:
        days.setdefault(leg.day, []).append(leg)
    epoch = date(1970, 1, 1).toordinal()
    return tuple(
        DayLine(
            None if day is None else date.fromordinal(epoch + day),
            lanes_of(held),
            _ceiling([leg for leg in held if leg.primary and leg.own]),
        )
        for day, held in sorted(days.items(), key=lambda item: (item[0] is None, item[0] or 0))
    )


def _shares(lines: Sequence[RunLine]) -> tuple[dict[str, int], dict[str, int]]:
    """Return operations and device-time by grade."""
    operations: dict[str, int] = dict.fromkeys("ABCDE", 0)
    held: dict[str, int] = dict.fromkeys("ABCDE", 0)
    for line in lines:
        operations[line.grade.figure] += line.operations or 0
        held[line.grade.figure] += (line.device_us or 0) - line.figureless_us
        held[line.grade.time] += line.figureless_us
    return operations, held


def _nested_problem(parent: str, child: str, device_us: int) -> Problem:
    """Return the finding for a run whose time stands under another run as well."""
    return Problem(
        f"run {parent}",
        None,
        "nested-runs",
        f"the run {child} lies inside it, and {device_us} device-microseconds stand under both",
        "reverse the records of one of the two with `flopledger record`",
        "finding",
        "primary records are added, so the same time counts twice",
    )


def _elsewhere_problem(one: Seen, other: Seen) -> Problem:
    """Return the finding for two runs that may be one, told by two importers."""
    return Problem(
        f"run {one.run}",
        None,
        "same-time-elsewhere",
        f"the run {other.run}, from {other.importer}, holds as many devices at the same time for "
        f"the same model as this one, from {one.importer}: entries {one.seq} and {other.seq}",
        "if it is one run, reverse the records of one with `flopledger record`, or import them "
        "again with `--set role=corroborating`",
        "finding",
        "primary records are added, whatever their runs are called",
    )
