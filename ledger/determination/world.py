"""A world holds every standpoint of one determination: that of its day, and those of days before.

Legs are asked for once for all models concerned; a standpoint of an earlier day is made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final, Literal, TypeAlias, TypeVar

from ledger.book import Book
from ledger.crossing import BEFORE, Daily, Days, Undated, by_day, rows_on
from ledger.determination.devices import Devices
from ledger.determination.standpoint import Standpoint, all_rows, bare
from ledger.drawing import Drawings, delivered_by
from ledger.forward import Outstanding, committed, outstanding, standing_parts
from ledger.lineage import Lineage
from ledger.measure import Leg, StoredRecord
from ledger.period import parse_day
from ledger.regime.answered import DEVICE_FACTS
from ledger.regime.expression import AtWindow
from ledger.regime.grouping import Between, Place
from ledger.regime.law import Law
from ledger.regime.rule import Rule
from ledger.regime.usage import nodes_of

__all__ = ["Legs", "World", "within_tables"]

Legs: TypeAlias = Callable[[frozenset[str]], Mapping[str, tuple[Leg, ...]]]
"""Legs of some models by the day asked for, as an engine gives them."""

_STANDPOINTS_MAX: Final = 32_768  # kept for the other rules of a subject, a few kB each
_Models: TypeAlias = frozenset[str]
_Place: TypeAlias = tuple[_Models, date, Undated]
_Item = TypeVar("_Item")


class World:
    """The records of a book by its day, and what they said on earlier days.

    Attributes:
        book: What the prefix of the log says.
        as_of: The day.
        devices: Rates and facts of devices.
        contracts: Commitments that count on it, in order.
        drawn: Whether something was delivered under one of them.
        present: The standpoint of the day.
    """

    def __init__(self, book: Book, *, as_of: date, legs: Legs, devices: Devices) -> None:
        """Prepare the standpoint of the day.

        Args:
            book: What the prefix of the log says by ``as_of``.
            as_of: The day.
            legs: Gives legs by the same day and of the same prefix.
            devices: Rates and facts of devices.
        """
        self.book = book
        self.as_of = as_of
        ever = [each for each in outstanding(book.commitments) if each.counts_from <= as_of]
        self.contracts = tuple(each for each in ever if each.counts_on(as_of))
        self._contracts_to = _grouped(ever, lambda item: item.model)
        self._parts_of = _grouped(standing_parts(book.commitments), lambda part: part.contract)
        self._drawings: Drawings | None = None
        self._ask_legs = legs
        self.devices = devices
        self._legs: dict[str, tuple[Leg, ...]] = {}
        self._daily: dict[str, Daily] = {}
        self._subjects: dict[str, tuple[str, ...]] = {}
        self._runs: dict[str, tuple[Leg, ...]] | None = None
        self._models_in: dict[str, set[str]] = {}
        self._steps = _by(book.records("lineage"), "model")
        self._facts = _by(book.records("fact"), "subject")
        self._standpoints: dict[_Place, Standpoint] = {}
        self._lineages: dict[tuple[int, ...], Lineage] = {}
        self.drawn = any(item.contract in book.folded.deliveries for item in ever)
        self._drawn_by: _Models = self.models() if self.drawn else frozenset()
        self.present = Standpoint(
            book,
            as_of,
            book.lineage,
            all_rows(book),
            self._committed(as_of),
            {},
            devices,
        )

    def models(self) -> _Models:
        """Return every model that operations are recorded of."""
        return frozenset(key.model for key in self.book.folded.totals)

    def subjects_of(self, law: Law, rule: Rule) -> tuple[str, ...]:
        """Return the subjects of a rule's family, prefixed and sorted."""
        if rule.group is None:
            return self.subjects(rule.subject)
        window = None if rule.group.window is None else rule.group.window.between
        between = None
        if window is not None:
            ends = [None if (v := law.parameter(name)) is None else v.value for name in window]
            if isinstance(ends[0], date) and isinstance(ends[1], date):
                between = Between(ends[0], ends[1])
        return self.book.holdings.subjects(rule.group, between, self.as_of)

    def subjects(self, kind: str) -> tuple[str, ...]:
        """Return the subjects of one kind, prefixed and sorted."""
        held = self._subjects.get(kind)
        if held is None:
            names = self.runs() if kind == "run" else self.book.subjects(kind)
            held = self._subjects[kind] = tuple(f"{kind}:{name}" for name in sorted(names))
        return held

    def runs(self) -> Mapping[str, tuple[Leg, ...]]:
        """Return the legs of every run; asks for the legs of every model."""
        if self._runs is None:
            found: dict[str, list[Leg]] = {}
            for model, legs in self.legs(self.models()).items():
                for leg in legs:
                    found.setdefault(leg.run, []).append(leg)
                    self._models_in.setdefault(leg.run, set()).add(model)
            self._runs = {run: tuple(legs) for run, legs in found.items()}
            self.present.runs.update(self._runs)
        return self._runs

    def legs(self, models: Iterable[str]) -> Mapping[str, tuple[Leg, ...]]:
        """Return the legs of some models; those not asked for before are asked for together."""
        wanted = frozenset(models)
        more = frozenset(model for model in wanted if model not in self._legs)
        if more:
            self._legs |= self._ask_legs(more)
        return {model: self._legs.get(model, ()) for model in sorted(wanted)}

    def closure(self, subject: str) -> _Models:
        """Return the models that totals of a subject rest on, without prefix."""
        kind = subject.partition(":")[0]
        match kind:
            case "model":
                return self.present.ancestry(bare(subject))
            case "developer" | "group" | "system":
                members = self.present.members(f"{kind}.models", subject)
                return frozenset().union(*(self.present.ancestry(bare(name)) for name in members))
            case "run":
                self.runs()
                return frozenset(self._models_in.get(bare(subject), ()))
            case _:
                return frozenset()

    def contracts_of(self, models: _Models) -> tuple[Outstanding, ...]:
        """Return the commitments to some models, in order; those too that have expired by now."""
        found = (item for model in models for item in self._contracts_to.get(model, ()))
        return tuple(sorted(found, key=lambda item: item.seq))

    def counting(self, models: _Models) -> tuple[Outstanding, ...]:
        """Return the commitments to some models that count on the day asked for, in order."""
        return tuple(each for each in self.contracts_of(models) if each.counts_on(self.as_of))

    def days(
        self, subject: str, models: _Models, undated: Undated, *, until: date | None = None
    ) -> Days:
        """Return the days on which what is said of a subject can change.

        Args:
            subject: With its prefix.
            models: Models that its totals rest on.
            undated: Where undated work is placed.
            until: Last of the days; None for the day asked for.
        """
        legs = [leg for held in self.legs(models).values() for leg in held]
        totals = [leg.day for leg in legs if leg.day is not None]
        if undated is Undated.LATE:
            totals += [leg.not_after for leg in legs if leg.not_after is not None]
        contracts = self.contracts_of(models)
        totals += [item.counts_from for item in contracts]
        parts = [part for name in {c.contract for c in contracts} for part in self._parts_of[name]]
        breaks = [part.expired_on for part in parts if part.expired_on is not None]
        breaks += [day for m in models for day in _dates(self._steps.get(m, ()), "on")]
        undated_steps = [m for m in models if any(not s.body["on"] for s in self._steps.get(m, ()))]
        breaks += [day for m in undated_steps if (day := _first_work(self.legs([m])[m])) > BEFORE]
        subjects = {subject, *(f"model:{model}" for model in models)}
        if (place := Place.parse(subject)) is not None:
            subjects |= {f"{key}:{value}" for key, value in place.keys.items()}
            breaks += self.book.holdings.days()
        about = DEVICE_FACTS.get(subject.partition(":")[0])
        if about is not None:
            subjects |= {f"device:{value}" for value in self.book.facts.texts(about)}
        for held in sorted(subjects & self._facts.keys()):
            breaks += _dates(self._facts[held], "valid_from", "valid_until")
        return Days.of(totals, breaks, until=until or self.as_of)

    def undated(self, models: _Models) -> bool:
        """Return whether some work of some models has no day."""
        return any(leg.day is None for held in self.legs(models).values() for leg in held)

    def on(self, day: date, models: _Models, undated: Undated) -> Standpoint:
        """Return the standpoint of an earlier day, of some models only.

        A step without a day is taken to happen with the first work of the later model: before
        that, there was no such model.
        """
        place = (models, day, undated)
        held = self._standpoints.get(place)
        if held is None:
            if len(self._standpoints) >= _STANDPOINTS_MAX:
                self._standpoints.clear()
                self._lineages.clear()
            legs = self.legs(models)
            steps = [step for m in sorted(models) for step in self._steps.get(m, ())]
            begun = {m: _first_work(legs[m]) for m in models}
            steps = [s for s in steps if s.body["on"] or begun[str(s.body["model"])] <= day]
            held = self._standpoints[place] = Standpoint(
                self.book,
                day,
                self._lineage(steps, day),
                rows_on({m: self._added_up(m, legs[m]) for m in legs}, day, undated),
                self._committed(day, models),
                self._runs_by(day, models, undated),
                self.devices,
            )
        return held

    def _added_up(self, model: str, legs: Iterable[Leg]) -> Daily:
        """Return what the legs of a model add on each day, worked out once."""
        held = self._daily.get(model)
        if held is None:
            held = self._daily[model] = by_day(model, legs)
        return held

    def _lineage(self, steps: Iterable[StoredRecord], day: date) -> Lineage:
        """Return the lineage of the steps that had happened by a day; days often share one."""
        done = [s for s in steps if not s.body["on"] or parse_day(str(s.body["on"])) <= day]
        place = tuple(sorted(step.seq for step in done))
        held = self._lineages.get(place)
        if held is None:
            held = Lineage(sorted(done, key=lambda step: step.seq))
            self._lineages[place] = held
        return held

    def _committed(self, day: date, models: _Models | None = None) -> Mapping[str, list[Any]]:
        """Return what commitments to some models, or to all, still add by the end of a day."""
        named = self.contracts if models is None else self.contracts_of(models)
        if self._drawings is None:
            # A contract is drawn on by all its models, whoever is asked about.
            delivered = delivered_by(self.legs(self._drawn_by), self.as_of)
            self._drawings = Drawings(self._parts_of, delivered)
        return committed(named, self._drawings, day)

    def _runs_by(self, day: date, models: _Models, undated: Undated) -> dict[str, tuple[Leg, ...]]:
        """Return the legs done by a day, by run; only asked of once rules are about runs."""
        if self._runs is None:
            return {}
        found: dict[str, list[Leg]] = {}
        for legs in self.legs(models).values():
            for leg in legs:
                last = BEFORE if undated is Undated.EARLY else leg.not_after
                if (leg.day or last or BEFORE) <= day:
                    found.setdefault(leg.run, []).append(leg)
        return {run: tuple(legs) for run, legs in found.items()}


def within_tables(law: Law, rule: Rule, subjects: Iterable[str]) -> tuple[str, ...]:
    """Return the subjects whose windows end after the tables begin that a rule looks figures up in.

    Args:
        law: The law that the rule stands in.
        rule: The rule; one that looks nothing up is asked of all.
        subjects: With their prefix.
    """
    names = {node.parameter for node in nodes_of(rule) if isinstance(node, AtWindow)}
    if not names:
        return tuple(subjects)
    tables = [law.regime.parameters[name].values for name in sorted(names)]
    begin = max((min(value.from_ for value in table) for table in tables), default=date.min)
    places = ((subject, Place.parse(subject)) for subject in subjects)
    return tuple(s for s, p in places if p is None or p.window is None or p.window.stop > begin)


def _by(
    records: Iterable[StoredRecord], name: Literal["model", "subject"]
) -> Mapping[str, tuple[StoredRecord, ...]]:
    """Return records by one of their fields, in order."""
    return _grouped(records, lambda record: str(record.body[name]))


def _grouped(
    items: Iterable[_Item], key: Callable[[_Item], str]
) -> Mapping[str, tuple[_Item, ...]]:
    """Return items by a key, in order."""
    found: dict[str, list[_Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return {name: tuple(held) for name, held in found.items()}


def _dates(records: Iterable[StoredRecord], *names: str) -> list[date]:
    """Return the days that some fields of records state."""
    texts = [record.body[name] for record in records for name in names]
    return [parse_day(text) for text in texts if isinstance(text, str)]


def _first_work(legs: Iterable[Leg]) -> date:
    """Return the day of the first own work of a model; the earliest day if some has no day."""
    own = [leg.day or BEFORE for leg in legs if leg.extent == "own"]
    return min(own, default=BEFORE)
