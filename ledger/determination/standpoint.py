"""A standpoint is what the records say by one day, with or without what is committed by then.

It answers what rules ask. The standpoint of the day asked for rests on the fold; those of earlier
days, which say since when a rule is met, rest on the legs of the models concerned. What is foreseen
is what was done plus what commitments still add to the model, and to its ancestors where they
count.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import TypeAlias

from ledger.book import Book, Scope, measure_run
from ledger.book.lone_work import LoneWork
from ledger.book.reckoning import Reckoning
from ledger.crossing import Rows
from ledger.determination.devices import Devices
from ledger.facts import FactEntry, FactState
from ledger.holdings import HeldDevices
from ledger.lineage import Edge, Lineage
from ledger.measure import Leg, Measured, Sums, TotalKey
from ledger.quantity import Interval
from ledger.regime.counting import RELATIONS, CountingSet
from ledger.regime.environment import Bounds, Ends, Rates, ends_of
from ledger.regime.rule import ViewName

__all__ = ["Standpoint", "all_rows", "bare"]

_ALL_RELATIONS = frozenset(RELATIONS)
_Models: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted by one set, or by several that count alike.

    Attributes:
        reckoning: Adds up.
        totals: What it added up, by subject, scope and view.
        bounds: The ends of what it added up, by subjects, scope and view.
    """

    reckoning: Reckoning
    totals: dict[tuple[str, Scope, ViewName], Measured]
    bounds: dict[tuple[tuple[str, ...], Scope, ViewName], Bounds]


@dataclass(frozen=True, slots=True)
class Standpoint:
    """Answers of a book by the end of a day.

    Attributes:
        book: Facts and members.
        day: The day.
        lineage: Steps that had happened.
        actual: Primary totals by model.
        committed: What commitments still add, by model.
        runs: Legs by run, for rules about runs.
        devices: Rates and facts of devices.
    """

    book: Book
    day: date
    lineage: Lineage
    actual: Rows
    committed: Rows
    runs: dict[str, tuple[Leg, ...]]
    devices: Devices
    _counted: dict[CountingSet, _Counted] = field(default_factory=dict)
    _members: dict[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    _names: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    _work: list[LoneWork] = field(default_factory=list)  # one, once it is asked for

    def fact(self, subject: str, name: str) -> FactState:
        """Return what is recorded of a subject under a name of the vocabulary."""
        state = self.book.fact(subject, name, self.day)
        if state.outcome != "missing" or not subject.startswith("device:"):
            return state
        value = self.devices.facts(bare(subject)).get(name)
        return state if value is None else FactState(subject, name, "known", value, ())

    def stated(self, name: str) -> Collection[str]:
        """Return the subjects of which something is recorded under a name."""
        return self.book.facts.stated(name)

    def total(self, subject: str, counting: CountingSet, scope: Scope, view: ViewName) -> Measured:
        """Return the operations that a counting set counts for a model or a run."""
        if not self.committed:
            view = "actual"
        counted = self._counted.get(counting) or self._begin(counting)
        asked = (subject, scope, view)
        found = counted.totals.get(asked)
        if found is None:
            found = self._measure(subject, counted.reckoning, counting, scope)
            if view == "foreseen" and not subject.startswith("run:"):
                found = self._with_committed(self._models(subject), counting, scope, found)
            counted.totals[asked] = found
        return found

    def bounds(
        self, subjects: Sequence[str], counting: CountingSet, scope: Scope, view: ViewName
    ) -> Bounds:
        """Return the ends of the totals of many subjects, as ``total`` gives them."""
        if not self.committed:
            view = "actual"
        counted = self._counted.get(counting) or self._begin(counting)
        asked = (tuple(subjects), scope, view)
        found = counted.bounds.get(asked)
        if found is None:
            ends = self._ends(asked[0], counting, scope, view)
            found = counted.bounds[asked] = Bounds.of(ends)
        return found

    def members(self, relation: str, subject: str) -> Sequence[str]:
        """Return who belongs to a subject, prefixed, sorted."""
        held = self._members.get((relation, subject))
        if held is None:
            held = self._members[relation, subject] = self._find_members(relation, subject)
        return held

    def _find_members(self, relation: str, subject: str) -> Sequence[str]:
        """Find out who belongs to a subject."""
        name = bare(subject)
        match relation:
            case "group.developers":
                return self.book.stating("developer.group", name, self.day)
            case "group.models":
                developers = self.book.stating("developer.group", name, self.day)
                models = {m for d in developers for m in self.book.members(bare(d))}
                return [f"model:{model}" for model in sorted(models)]
            case "system.models":
                return self.book.stating("model.system", name, self.day)
            case _:
                return [f"model:{model}" for model in self.book.members(name)]

    def holdings(self) -> Sequence[HeldDevices]:
        """Return the holdings by the day, in the order recorded."""
        return self.book.holdings.by(self.day)

    def amounts(self, subject: str, name: str) -> Sequence[FactEntry]:
        """Return every amount recorded of a subject under a name, whatever its period."""
        return self.book.facts.entries(subject, name)

    def steps(self, model: str) -> tuple[Edge, ...]:
        """Return the recorded steps from one model to its parents, of all relations."""
        return self.lineage.along(_ALL_RELATIONS).edges.get(bare(model), ())

    def descended(self) -> Collection[str]:
        """Return the models with a recorded step to a parent, prefixed."""
        return [f"model:{model}" for model in self.lineage.along(_ALL_RELATIONS).edges]

    def rates(self, device: str) -> Iterable[Rates] | None:
        """Return the rate rows of a device, or None when none are recorded."""
        return self.devices.rates(bare(device))

    def ancestry(self, model: str) -> frozenset[str]:
        """Return a model and everything that may be its ancestor, names without prefix."""
        return self.lineage.along(_ALL_RELATIONS).reach(model, follow=_any)

    def _begin(self, counting: CountingSet) -> _Counted:
        """Begin to count by a set; sets that count alike share what was counted, name or not."""
        alike = _nameless(counting)
        held = self._counted.get(alike)
        if held is None:
            reckoning = Reckoning(self.actual, self.lineage, counting)
            held = self._counted[alike] = _Counted(reckoning, {}, {})
        self._counted[counting] = held
        return held

    def _ends(
        self, subjects: tuple[str, ...], counting: CountingSet, scope: Scope, view: ViewName
    ) -> list[Ends]:
        """Return the ends of totals; those of most models are added up directly."""
        found: list[Ends | None] = [None] * len(subjects)
        names = self._model_names(subjects)
        if names:
            if not self._work:
                self._work.append(LoneWork(self.actual))
            found = self._counted[counting].reckoning.ends(names, self._work[0], scope)
            if view == "foreseen":
                # To these, or to those that they were made from, something may be committed.
                edges = self.lineage.along(counting.relations).edges
                for place, name in enumerate(names):
                    if name in self.committed or name in edges:
                        found[place] = None
        return [
            ends_of(self.total(subject, counting, scope, view)) if ends is None else ends
            for subject, ends in zip(subjects, found, strict=True)
        ]

    def _model_names(self, subjects: tuple[str, ...]) -> tuple[str, ...]:
        """Return subjects without their prefix, or none if they are not models, every one."""
        held = self._names.get(subjects)
        if held is None:
            models = all(subject.startswith("model:") for subject in subjects)
            held = self._names[subjects] = tuple(map(bare, subjects)) if models else ()
        return held

    def _measure(
        self, subject: str, reckoning: Reckoning, counting: CountingSet, scope: Scope
    ) -> Measured:
        """Add up what was done for a model or in a run."""
        kind, name = subject.partition(":")[0], bare(subject)
        if kind == "run":
            return measure_run(name, self.runs.get(name, ()), counting)
        models = self._models(subject)
        if not models:
            unknown = Interval.unknown()
            return Measured(unknown, unknown, (f"operations@{subject}",), 0, {})
        if len(models) > 1 or kind == "system":
            several = reckoning.own_together if scope == "own" else reckoning.together
            return several(models).measured()
        match scope:
            case "own":
                return reckoning.own(name).measured()
            case "base":
                return reckoning.base(name).measured()
            case "cumulative":
                return reckoning.cumulative(name).measured()

    def _models(self, subject: str) -> tuple[str, ...]:
        """Return the models that a subject is or consists of, without prefix; none for others."""
        kind = subject.partition(":")[0]
        if kind == "model":
            return (bare(subject),)
        held = self.members("system.models", subject) if kind == "system" else ()
        return tuple(bare(model) for model in held)

    def _with_committed(
        self, models: Iterable[str], counting: CountingSet, scope: Scope, done: Measured
    ) -> Measured:
        """Add what commitments still add to what was done."""
        groups = [self.group(model, counting, scope) for model in models]
        sure = frozenset[str]().union(*(group[0] for group in groups))
        perhaps = frozenset[str]().union(*(group[1] for group in groups))
        surely, gaps = self._committed_to(sure, counting)
        doubtful, more = self._committed_to(perhaps - sure, counting)
        return Measured(
            done.legal + surely.legal + Interval(0, doubtful.legal.hi),
            done.error + surely.error + Interval(0, doubtful.error.hi),
            tuple(sorted({*done.missing, *gaps, *more})),
            done.rows,
            done.evidence,
        )

    def _committed_to(self, models: _Models, counting: CountingSet) -> tuple[Sums, set[str]]:
        """Add up the commitments to some models that a counting set counts.

        Returns:
            The sums, and the commitments whose operations are not one known number.
        """
        total, gaps = Sums(), set[str]()
        for model in sorted(models & self.committed.keys()):
            for key, sums in self.committed[model]:
                if counting.classify(key.activity, key.operation_kind) == "counted":
                    total += sums
                    if not sums.legal.known:
                        gaps.add(f"operations@commitment:{key.run}")
        return total, gaps

    def group(self, model: str, counting: CountingSet, scope: Scope) -> tuple[_Models, _Models]:
        """Return the models whose commitments surely count, and those whose may count."""
        graph = self.lineage.along(counting.relations)
        own, own_perhaps = frozenset({model}), frozenset({model})
        if counting.same_provider == "collapse":
            own = graph.reach(model, follow=lambda e: e.certain and e.same_provider == "yes")
            own_perhaps = graph.reach(model, follow=lambda e: e.same_provider != "no")
        if scope == "own":
            return own, own_perhaps
        all_, all_perhaps = graph.reach(model, follow=_certain), graph.reach(model, follow=_any)
        if scope == "cumulative":
            return all_, all_perhaps
        return all_ - own_perhaps, all_perhaps - own


def all_rows(book: Book) -> Rows:
    """Return the primary totals of a book by model."""
    rows: dict[str, list[tuple[TotalKey, Sums]]] = {}
    for key, sums in book.folded.totals.items():
        if key.role == "primary":
            rows.setdefault(key.model, []).append((key, sums))
    return rows


def bare(subject: str) -> str:
    """Return a subject without the prefix of its kind."""
    return subject.partition(":")[2]


@cache
def _nameless(counting: CountingSet) -> CountingSet:
    """Return a counting set without its name."""
    return replace(counting, id="")


def _certain(edge: Edge) -> bool:
    """Follow an edge that no other record contradicts."""
    return edge.certain


def _any(_edge: Edge) -> bool:
    """Follow every edge."""
    return True
