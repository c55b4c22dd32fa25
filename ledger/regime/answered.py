"""Answers are what the records say of a subject, with what their lineage and figures imply.

A recorded fact always comes first. Without one, three are read off the lineage and the figures,
so that nobody has to state for every model what the ledger already holds:

* ``model.is_modification``          the model was derived, merged or initialised from another;
  a model without a recorded step is none
* ``model.same_provider_as_base``    whether another provider stands behind one of those steps
* ``model.base_compute_obtainable``  yes where the ledger holds a figure for what lies behind it;
  that no figure can be had is never concluded from silence

A decision that an authority would have sent to the provider is not asked for either:

* ``model.designated_systemic_risk`` a designation that nobody recorded has not been made, as far as
  this ledger knows; contradicting records still leave it open

And what lies behind a model of which no step is recorded is unknown; it is never nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ledger.quantity import Interval
from ledger.regime.counting import CountingSet
from ledger.regime.environment import Environment, FactValue, LineageScope, Rates
from ledger.regime.law import Law
from ledger.regime.rule import ViewName
from ledger.regime.trace import Truth

__all__ = [
    "BASE_OBTAINABLE",
    "DESIGNATED",
    "IS_MODIFICATION",
    "SAME_PROVIDER",
    "Answers",
    "Known",
    "Total",
]

IS_MODIFICATION: Final = "model.is_modification"
SAME_PROVIDER: Final = "model.same_provider_as_base"
BASE_OBTAINABLE: Final = "model.base_compute_obtainable"
DESIGNATED: Final = "model.designated_systemic_risk"
# A student that learnt from a teacher's outputs does not modify the teacher.
_MODIFYING: Final = frozenset({"derived", "merged", "initialised"})


@dataclass(frozen=True, slots=True)
class Known:
    """A fact with what would settle it.

    Attributes:
        value: The value, or None while it is unknown.
        missing: What would settle it; empty once it is known.
        entries: Entries that say so; several without a value contradict each other.
    """

    value: FactValue | None
    missing: tuple[str, ...] = ()
    entries: tuple[int, ...] = ()


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


class Answers:
    """What rules of one law are told about subjects; every evaluator asks here."""

    def __init__(self, law: Law, environment: Environment) -> None:
        """Answer for one law from one environment."""
        self._sets = tuple(law.counting.values())
        self._environment = environment

    def fact(self, subject: str, name: str, view: ViewName) -> Known:
        """Return a fact: as recorded, else as the lineage and the figures imply."""
        found = self._environment.fact(subject, name)
        if found.value is not None or len(found.entries) > 1:
            return Known(found.value, (name,) if found.value is None else (), found.entries)
        if name == IS_MODIFICATION:
            return Known(bool(self._steps(subject)))
        if name == SAME_PROVIDER:
            return Known(*self._same_provider(subject))
        if name == BASE_OBTAINABLE and self._has_figure(subject, view):
            return Known(value=True)
        if name == DESIGNATED:
            return Known(value=False)
        return Known(None, (name,))

    def total(
        self, subject: str, counting: CountingSet, scope: LineageScope, view: ViewName
    ) -> Total:
        """Return operations; a base that no recorded step leads to is unknown."""
        if scope == "base" and not self._steps(subject):
            return Total(Interval.unknown(), Interval.unknown(), (f"lineage.parent@{subject}",))
        found = self._environment.total(subject, counting, scope, view)
        return Total(found.legal, found.error, tuple(found.missing))

    def members(self, developer: str) -> tuple[str, ...]:
        """Return the models of a developer, prefixed."""
        return tuple(self._environment.members(developer))

    def rates(self, device: str) -> tuple[Rates, ...] | None:
        """Return the rate rows of a device, or None when none are recorded."""
        found = self._environment.rates(device)
        return None if found is None else tuple(found)

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
        figures = [self.total(model, counting, "base", view).legal for counting in self._sets]
        return bool(figures) and all(f.lo > 0 and f.hi is not None for f in figures)
