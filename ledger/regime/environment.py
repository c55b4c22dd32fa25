"""An environment is what a rule can ask about subjects, whoever keeps the records.

Subjects carry their prefix everywhere: ``model:x``, ``developer:y``, ``cluster:z``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Protocol, Self, TypeAlias

from ledger.quantity import Interval, Quantity
from ledger.regime.counting import CountingSet
from ledger.regime.rule import ViewName

__all__ = [
    "Amount",
    "Bounds",
    "Ends",
    "Environment",
    "Fact",
    "FactValue",
    "Holding",
    "LineageScope",
    "Measured",
    "Rates",
    "Step",
    "ends_of",
]

FactValue: TypeAlias = bool | frozenset[str] | Quantity | date | str
LineageScope: TypeAlias = Literal["own", "base", "cumulative"]
Ends: TypeAlias = tuple[int, int | None, int, int | None]
"""Both ends of a legal interval, then both of an error interval; None where nothing bounds it."""
Rates: TypeAlias = Mapping[str, FactValue]
"""One row of a device's rates: ``rate.mac_rate``, ``rate.bit_length`` and ``rate.operand``."""


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


@dataclass(frozen=True, slots=True)
class Bounds:
    """Totals of many subjects under one counting set, by their ends: one item a subject.

    Attributes:
        lo: Lower ends of the legal intervals.
        hi: Upper ends of the legal intervals; None where nothing bounds them.
        error_lo: Lower ends of the error intervals.
        error_hi: Upper ends of the error intervals; None where nothing bounds them.
        kept: What an evaluator made of them, such as columns, for the other rules that ask.
    """

    lo: tuple[int, ...]
    hi: tuple[int | None, ...]
    error_lo: tuple[int, ...]
    error_hi: tuple[int | None, ...]
    kept: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, ends: Iterable[Ends]) -> Self:
        """Put the ends of subjects, one after the other, into columns."""
        held = list(ends)
        if not held:
            return cls((), (), (), ())
        lo, hi, error_lo, error_hi = zip(*held, strict=True)
        return cls(lo, hi, error_lo, error_hi)


def ends_of(total: Measured) -> Ends:
    """Return the ends of one total: legal ones, then those of the error."""
    return total.legal.lo, total.legal.hi, total.error.lo, total.error.hi


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


class Holding(Protocol):
    """One recorded event of devices: shipped, received, installed or removed."""

    @property
    def seq(self) -> int:
        """Its entry."""

    @property
    def event(self) -> str:
        """What happened."""

    @property
    def on(self) -> date:
        """Day of the event."""

    @property
    def keys(self) -> Mapping[str, str | None]:
        """Whose and where, by key; None where nobody says."""

    @property
    def facts(self) -> Mapping[str, FactValue]:
        """What is stated, by ``holding.…`` name; what is not stated is not there."""


class Amount(Protocol):
    """An amount recorded of a subject for a period."""

    @property
    def value(self) -> FactValue:
        """How much."""

    @property
    def valid_from(self) -> date | None:
        """First day of the period, or None."""

    @property
    def valid_until(self) -> date | None:
        """First day after it, or None."""


class Environment(Protocol):
    """Answers about subjects, by one day and within one prefix of a ledger."""

    @property
    def day(self) -> date:
        """The day up to which things have happened."""

    def fact(self, subject: str, name: str) -> Fact:
        """Return what is recorded of a subject under a name of the vocabulary."""

    def stated(self, name: str) -> Collection[str]:
        """Return the subjects of which something may be recorded under a name."""

    def total(
        self, subject: str, counting: CountingSet, scope: LineageScope, view: ViewName
    ) -> Measured:
        """Return the operations that a counting set counts for a model or a run.

        Args:
            subject: ``model:x``, ``system:x`` or ``run:x``.
            counting: What counts.
            scope: ``own``, ``base`` or ``cumulative``.
            view: ``actual``, or ``foreseen`` with what is committed added.
        """

    def bounds(
        self, subjects: Sequence[str], counting: CountingSet, scope: LineageScope, view: ViewName
    ) -> Bounds:
        """Return the ends of the totals of many subjects, as ``total`` gives them."""

    def members(self, relation: str, subject: str) -> Iterable[str]:
        """Return who belongs to a subject, prefixed, in a fixed order.

        Args:
            relation: ``developer.models``, ``group.models``, ``group.developers`` or
                ``system.models``.
            subject: With its prefix.
        """

    def steps(self, model: str) -> Iterable[Step]:
        """Return the recorded steps from one model to its parents, of all relations."""

    def descended(self) -> Collection[str]:
        """Return the models, with their prefix, that may have a recorded step to a parent."""

    def rates(self, device: str) -> Iterable[Rates] | None:
        """Return the rate rows of a device, or None when none are recorded."""

    def holdings(self) -> Iterable[Holding]:
        """Return the holdings of the prefix by the day, in the order recorded."""

    def amounts(self, subject: str, name: str) -> Iterable[Amount]:
        """Return every amount recorded of a subject under a name, whatever its period."""
