"""Answers are what the records say of a subject, with what their lineage and figures imply.

A recorded fact comes first, but for one that the figures contradict. Without one, three are read
off the lineage and the figures, so that nobody has to state for every model what the ledger
already holds:

* ``model.is_modification``          the model was derived, merged or initialised from another;
  a model without a recorded step is none
* ``model.same_provider_as_base``    whether another provider stands behind one of those steps
* ``model.base_compute_obtainable``  yes where the ledger holds a figure for what lies behind it;
  that no figure can be had is never concluded from silence

A statement that no figure of the base can be had does not stand against one that the ledger holds:
the guidelines give their fallback only where the figure can neither be known nor estimated, and a
figure on the ledger is known. Which of the two is wrong is for people to say. As for entries that
contradict each other, the fact has no value until one of them is reversed; to judge by the figure
would rest on what somebody disputes, and to judge by the statement would let it escape.

A decision that an authority would have sent to the provider is not asked for either:

* ``model.designated_systemic_risk`` a designation that nobody recorded has not been made, as far as
  this ledger knows; contradicting records still leave it open
* ``model.systemic_risk_rebutted``    nor has a decision that accepts the arguments of the provider

The country of a destination is its name, which a holding states; no fact can say otherwise.

A sum of money that hangs on market prices is known only with the price table it rests on and the
day of the prices; without them nobody could work it out again.

And what lies behind a model of which no step is recorded is unknown; it is never nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.quantity import Interval
from ledger.regime.counting import CountingSet
from ledger.regime.environment import (
    Bounds,
    Ends,
    Environment,
    Fact,
    Holding,
    LineageScope,
    Rates,
)
from ledger.regime.flow import flow_of
from ledger.regime.grouping import Between, Place
from ledger.regime.knowledge import Known, KnownOf
from ledger.regime.law import Law
from ledger.regime.rule import ViewName
from ledger.regime.trace import Span, Truth

__all__ = [
    "BASE_OBTAINABLE",
    "COUNTRY",
    "DESIGNATED",
    "DEVICE_FACTS",
    "HOLDING",
    "IS_MODIFICATION",
    "PINNED",
    "REBUTTED",
    "SAME_PROVIDER",
    "Answers",
    "Held",
    "Total",
]

HOLDING: Final = "holding"
"""Kind of the subject that one holding is, while totals are added up."""
PINNED: Final[Mapping[str, tuple[str, ...]]] = {
    name: (f"{name}_price_table", f"{name}_priced_on")
    for name in ("model.compute_cost", "model.modification_cost")
}
"""Sums of money at market prices, with the facts that pin the prices."""
DEVICE_FACTS: Final[Mapping[str, str]] = {
    "transaction": "transaction.device",
    "cluster": "cluster.device",
}
"""Subjects that are about a device, by kind, with the fact that says which."""

IS_MODIFICATION: Final = "model.is_modification"
SAME_PROVIDER: Final = "model.same_provider_as_base"
BASE_OBTAINABLE: Final = "model.base_compute_obtainable"
DESIGNATED: Final = "model.designated_systemic_risk"
COUNTRY: Final = "destination.country"
REBUTTED: Final = "model.systemic_risk_rebutted"
_IMPLIED: Final = frozenset({IS_MODIFICATION, SAME_PROVIDER, BASE_OBTAINABLE})
# Kinds of subjects of whom nothing is known that nobody recorded, or their lineage implies.
_RECORDED_ONLY: Final = frozenset({"model", "developer", "run", "cluster"})
_NO_BOUNDS: Final[Ends] = (0, None, 0, None)
# A student that learnt from a teacher's outputs does not modify the teacher.
_MODIFYING: Final = frozenset({"derived", "merged", "initialised"})


@dataclass(frozen=True, slots=True)
class Total:
    """Operations under one counting set.

    Attributes:
        legal: The interval a finding is taken from.
        error: The interval that says whether the finding is robust.
        missing: Facts that would narrow the legal interval.
    """

    legal: Interval
    error: Interval
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A holding that belongs to a subject.

    Attributes:
        holding: The holding.
        subject: ``holding:<seq>``.
        sure: Whether every key of it is stated; else it only may belong.
        missing: Keys that nobody stated.
    """

    holding: Holding
    subject: str
    sure: bool
    missing: tuple[str, ...]


class Answers:
    """What rules of one law are told about subjects; every evaluator asks here."""

    def __init__(self, law: Law, environment: Environment) -> None:
        """Answer for one law from one environment."""
        self._sets = tuple(law.counting.values())
        self._environment = environment
        self._holdings: dict[str, Holding] | None = None
        self._modifications: frozenset[str] | None = None
        self._figured: dict[tuple[str, ViewName], bool] = {}
        # One rule asks the same in several arms; the records of a standpoint do not change.
        self._facts: dict[tuple[str, str, ViewName], Known] = {}
        self._totals: dict[tuple[str, str, LineageScope, ViewName], Total] = {}

    @property
    def day(self) -> date:
        """The day up to which things have happened."""
        return self._environment.day

    def part(self, subject: str, kind: str) -> tuple[str | None, str]:
        """Return which subject of a kind a subject stands for, and the key that would say so.

        A model stands for itself; what a company holds in a destination stands for the company and
        for the destination, and a holding for its device besides. A transaction or a cluster
        stands for the device that a fact of it names.
        """
        own = subject.partition(":")[0]
        if own == kind and "/" not in subject:
            return subject, ""
        if kind == "device" and own in DEVICE_FACTS:
            name = DEVICE_FACTS[own]
            device = self._environment.fact(subject, name).value
            return (f"device:{device}" if isinstance(device, str) else None), f"{name}@{subject}"
        if subject.startswith(f"{HOLDING}:"):
            if kind == HOLDING:
                return subject, ""
            value = self._by_subject()[subject].keys.get(kind)
            return None if value is None else f"{kind}:{value}", f"holding.{kind}@{subject}"
        place = Place.parse(subject)
        if place is None or kind not in place.keys:
            return subject, ""
        return f"{kind}:{place.keys[kind]}", ""

    def every_holding(self) -> tuple[str, ...]:
        """Return every holding as a subject, sorted by its name."""
        return tuple(sorted(self._by_subject()))

    def window(self, subject: str) -> Between | None:
        """Return the window of days that a subject looks at, or None."""
        place = Place.parse(subject)
        return None if place is None else place.window

    def held(
        self, subject: str, keys: tuple[str, ...] | None, *, in_window: bool
    ) -> Iterator[Held]:
        """Yield the holdings that belong to a subject, or may because a key is not stated.

        Args:
            subject: With its prefix.
            keys: Keys of the subject that a holding must share; None for all of them.
            in_window: Whether only those dated in the subject's window belong, or all up to its
                end.
        """
        place = Place.parse(subject)
        assert place is not None, "the file was checked: only such subjects hold devices"
        wanted = {key: place.keys[key] for key in keys or tuple(place.keys)}
        for name, holding in self._by_subject().items():
            stated = {key: holding.keys.get(key) for key in wanted}
            differs = any(stated[k] not in {None, wanted[k]} for k in wanted)
            if differs or not _dated(holding.on, place.window, in_window=in_window):
                continue
            unsaid = tuple(f"holding.{key}@{name}" for key in wanted if stated[key] is None)
            yield Held(holding, name, not unsaid, unsaid)

    def flow(self, subject: str, name: str, window: Between) -> tuple[Span, str | None]:
        """Return the amounts recorded for the periods of a window, added up, and their dimension.

        A day that no period covers leaves the sum without an upper end; periods that overlap, or
        state two amounts, leave it open altogether.
        """
        return flow_of(self._environment.amounts(subject, name), window)

    def fact(self, subject: str, name: str, view: ViewName) -> Known:
        """Return a fact: as recorded, else as the lineage and the figures imply."""
        asked = (subject, name, view)
        known = self._facts.get(asked)
        if known is None:
            known = self._facts[asked] = self._fact(subject, name, view)
        return known

    def _fact(self, subject: str, name: str, view: ViewName) -> Known:
        """Find a fact out."""
        if subject.startswith(f"{HOLDING}:"):
            value = self._by_subject()[subject].facts.get(name)
            return Known(value, (name,) if value is None else ())
        if name == COUNTRY:
            return Known(subject.partition(":")[2])
        found = self._environment.fact(subject, name)
        if found.value is not None or len(found.entries) > 1:
            return self._recorded(subject, name, found, view)
        return self._implied(subject, name, view)

    def facts(self, rows: Mapping[str, int], name: str, view: ViewName) -> KnownOf:
        """Return a fact of many subjects of its kind.

        Args:
            rows: The row of each subject.
            name: Of the fact.
            view: Which rows totals rest on.
        """
        usual = Known(None, (name,))
        if name.partition(".")[0] not in _RECORDED_ONLY:
            every = {row: self.fact(subject, name, view) for subject, row in rows.items()}
            return KnownOf(usual, every)
        if name in {IS_MODIFICATION, DESIGNATED, REBUTTED}:
            usual = Known(value=False)
        others = set(self._environment.stated(name))
        if name in _IMPLIED:
            others |= self._modified()
        if name == BASE_OBTAINABLE:
            self._find_figures(rows, view)
        return KnownOf(
            usual, {rows[each]: self.fact(each, name, view) for each in others if each in rows}
        )

    def _find_figures(self, models: Iterable[str], view: ViewName) -> None:
        """Find out of many models at once whether there is a figure behind each."""
        modified = self._modified()
        asked = tuple(model for model in models if model in modified)
        held = [self.bounds(asked, counting, "base", view) for counting in self._sets]
        for place, model in enumerate(asked):
            found = (each.lo[place] > 0 and each.hi[place] is not None for each in held)
            self._figured[model, view] = bool(held) and all(found)

    def _modified(self) -> frozenset[str]:
        """Return the models with a modifying step to a parent."""
        if self._modifications is None:
            found = (each for each in self._environment.descended() if self._steps(each))
            self._modifications = frozenset(found)
        return self._modifications

    def _recorded(self, subject: str, name: str, found: Fact, view: ViewName) -> Known:
        """Return what is recorded, unless a figure contradicts it; money only with its prices."""
        if found.value is None:
            return Known(None, (name,), tuple(found.entries))
        if name == BASE_OBTAINABLE and found.value is False and self._has_figure(subject, view):
            return Known(None, (name,), tuple(found.entries), against_figure=True)
        pins = PINNED.get(name, ())
        unpinned = [pin for pin in pins if self._environment.fact(subject, pin).value is None]
        if unpinned:
            return Known(None, tuple(unpinned))
        return Known(found.value, (), tuple(found.entries))

    def _implied(self, subject: str, name: str, view: ViewName) -> Known:
        """Return what the lineage and the figures imply of a fact that nobody recorded."""
        if name == IS_MODIFICATION:
            return Known(bool(self._steps(subject)))
        if name == SAME_PROVIDER:
            return Known(*self._same_provider(subject))
        if name == BASE_OBTAINABLE and self._has_figure(subject, view):
            return Known(value=True)
        if name in {DESIGNATED, REBUTTED}:
            return Known(value=False)
        return Known(None, (name,))

    def total(
        self, subject: str, counting: CountingSet, scope: LineageScope, view: ViewName
    ) -> Total:
        """Return operations; a base that no recorded step leads to is unknown."""
        if scope == "base" and not self._steps(subject):
            return Total(Interval.unknown(), Interval.unknown(), (f"lineage.parent@{subject}",))
        asked = (subject, counting.id, scope, view)
        total = self._totals.get(asked)
        if total is None:
            found = self._environment.total(subject, counting, scope, view)
            total = Total(found.legal, found.error, tuple(found.missing))
            self._totals[asked] = total
        return total

    def bounds(
        self, subjects: Sequence[str], counting: CountingSet, scope: LineageScope, view: ViewName
    ) -> Bounds:
        """Return the ends of the totals of many subjects, as ``total`` gives them."""
        if scope != "base":
            return self._environment.bounds(subjects, counting, scope, view)
        modified = self._modified()
        asked = tuple(each for each in subjects if each in modified)
        held = self._environment.bounds(asked, counting, scope, view)
        ends = zip(held.lo, held.hi, held.error_lo, held.error_hi, strict=True)
        return Bounds.of(next(ends) if each in modified else _NO_BOUNDS for each in subjects)

    def members(self, relation: str, subject: str) -> tuple[str, ...]:
        """Return who belongs to a subject, prefixed."""
        return tuple(self._environment.members(relation, subject))

    def rates(self, device: str) -> tuple[Rates, ...] | None:
        """Return the rate rows of a device, or None when none are recorded."""
        found = self._environment.rates(device)
        return None if found is None else tuple(found)

    def _by_subject(self) -> Mapping[str, Holding]:
        """Return every holding by the subject that it is."""
        if self._holdings is None:
            held = self._environment.holdings()
            self._holdings = {f"{HOLDING}:{each.seq}": each for each in held}
        return self._holdings

    def _steps(self, model: str) -> list[tuple[str | None, str, bool]]:
        """Return the modifying steps to parents: (parent, same provider, certain)."""
        return [
            (step.parent, step.same_provider, step.certain)
            for step in self._environment.steps(model)
            if step.relation in _MODIFYING
        ]

    def _same_provider(self, model: str) -> tuple[Truth, tuple[str, ...]]:
        """Walk back within the provider and look for a step from another one."""
        doubts, seen, ahead = set[str](), set[str](), [model]
        if not self._steps(model):
            return None, (SAME_PROVIDER,)
        while ahead:
            here = ahead.pop()
            if here in seen:
                continue
            seen.add(here)
            for parent, provider, certain in self._steps(here):
                if not certain:
                    doubts.add(f"lineage.cycle@{here}")
                elif provider == "no":
                    return False, ()
                elif provider != "yes":
                    doubts.add(f"lineage.same_provider@{here}")
                elif parent is not None:
                    ahead.append(f"model:{parent}")
        return (None, tuple(sorted(doubts))) if doubts else (True, ())

    def _has_figure(self, model: str, view: ViewName) -> bool:
        """Whether every counting set finds a figure behind the model: bounded, above nothing."""
        if (model, view) in self._figured:
            return self._figured[model, view]
        found = (self.bounds((model,), counting, "base", view) for counting in self._sets)
        return bool(self._sets) and all(f.lo[0] > 0 and f.hi[0] is not None for f in found)


def _dated(day: date, window: Between | None, *, in_window: bool) -> bool:
    """Whether an event of a day belongs to a window, or lies before its end."""
    if window is None:
        return True
    return day < window.stop and (not in_window or window.start <= day)
