"""An environment is what a rule can ask about subjects, whoever keeps the records.

Subjects carry their prefix everywhere: ``model:x``, ``developer:y``, ``cluster:z``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal, Protocol, TypeAlias

from ledger.quantity import Interval, Quantity
from ledger.regime.counting import CountingSet
from ledger.regime.rule import ViewName

__all__ = ["Environment", "Fact", "FactValue", "LineageScope", "Measured", "Rates", "Step"]

FactValue: TypeAlias = bool | frozenset[str] | Quantity | date | str
LineageScope: TypeAlias = Literal["own", "base", "cumulative"]
Rates: TypeAlias = Mapping[str, Quantity]
"""One row of a device's rates: ``rate.mac_rate`` and ``rate.bit_length``."""


class Fact(Protocol):
    """What is recorded of (subject, name): one value, none, or several that conflict."""

    @property
    def value(self) -> FactValue | None:
        """The one value, or None when there is none or there are two."""

    @property
    def entries(self) -> tuple[int, ...]:
        """Entries that say so; several without a value contradict each other."""


class Measured(Protocol):
    """A total of operations under one counting set."""

    @property
    def legal(self) -> Interval:
        """The interval a finding is taken from."""

    @property
    def error(self) -> Interval:
        """The interval that says whether the finding is robust."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts that would narrow the legal interval."""


class Step(Protocol):
    """One recorded step from a model to a parent."""

    @property
    def model(self) -> str:
        """The later model, without prefix."""

    @property
    def parent(self) -> str | None:
        """The earlier model, without prefix; None if nobody says which."""

    @property
    def relation(self) -> str:
        """``derived``, ``merged``, ``initialised`` or ``distilled``."""

    @property
    def same_provider(self) -> str:
        """``yes``, ``no`` or ``unknown``."""

    @property
    def certain(self) -> bool:
        """False where records contradict each other."""


class Environment(Protocol):
    """Answers about subjects, by one day and within one prefix of a ledger."""

    def fact(self, subject: str, name: str) -> Fact:
        """Return what is recorded of a subject under a name of the vocabulary."""

    def total(
        self, subject: str, counting: CountingSet, scope: LineageScope, view: ViewName
    ) -> Measured:
        """Return the operations that a counting set counts for a model or a run.

        Args:
            subject: ``model:x`` or ``run:x``.
            counting: What counts.
            scope: ``own``, ``base`` or ``cumulative``.
            view: ``actual``, or ``foreseen`` with what is committed added.
        """

    def members(self, developer: str) -> Iterable[str]:
        """Return the models of a developer, prefixed, in a fixed order."""

    def steps(self, model: str) -> Iterable[Step]:
        """Return the recorded steps from one model to its parents, of all relations."""

    def rates(self, device: str) -> Iterable[Rates] | None:
        """Return the rate rows of a device, or None when none are recorded."""
