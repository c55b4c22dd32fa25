"""A book is what a prefix of the log says by a day: subjects, facts, lineage, totals, contracts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, assert_never

from ledger.book.reckoning import Reckoning, Scope
from ledger.book.runs import measure_run, name_runs
from ledger.errors import Problem
from ledger.facts import Facts, FactState
from ledger.holdings import Holdings
from ledger.lineage import Lineage
from ledger.measure import Folded, Measured, StoredRecord, Sums, TotalKey, unreversed
from ledger.regime.counting import CountingSet
from ledger.regime.grouping import HOLDING_KEYS

__all__ = ["Book", "Scope", "measure_run", "name_runs"]

# Facts by which subjects say to what they belong, by the kind of that.
_BELONGING: Final = {"group": "developer.group", "system": "model.system"}


class Book:
    """Built from a fold; answers what determinations ask.

    Attributes:
        folded: The fold it was built from.
        facts: Facts of the prefix.
        lineage: Steps that had happened by the fold's day.
        commitments: Commitments that still stand, in order.
        holdings: Events of devices that still stand, in order.
    """

    def __init__(self, folded: Folded) -> None:
        """Index the fold; lineage is as of the fold's own day."""
        self.folded = folded
        self._standing = unreversed(folded.records)
        self.facts = Facts(folded.records)
        self.lineage = Lineage(folded.records, as_of=folded.as_of)
        self.commitments = self.records("commitment")
        self.holdings = Holdings(self.records("holding"))
        self._members = self._by_developer()
        self._rows: dict[str, list[tuple[TotalKey, Sums]]] = {}
        for key, sums in folded.totals.items():
            if key.role == "primary":
                self._rows.setdefault(key.model, []).append((key, sums))
        self._reckonings: dict[CountingSet, Reckoning] = {}

    def records(self, kind: str) -> tuple[StoredRecord, ...]:
        """Return the records of one type that still stand, in order; never allocations."""
        return tuple(record for record in self._standing if record.type == kind)

    def problems(self) -> tuple[Problem, ...]:
        """Return the findings about the records themselves: cycles in the lineage."""
        return self.lineage.problems()

    def subjects(self, kind: str) -> tuple[str, ...]:
        """Return the subjects of one kind, sorted and without prefix.

        Args:
            kind: ``model``: those with work, a parent, a fact or a contract (a model that is only
                named as a parent is none). ``developer``: those with a model, a fact or a
                contract. ``group`` and ``system``: those that a developer or a model belongs
                to, or with a fact. Any other kind: those with a fact, or named by a holding.
        """
        prefix = f"{kind}:"
        found = {
            subject.removeprefix(prefix)
            for subject in self.facts.subjects()
            if subject.startswith(prefix)
        }
        if kind == "model":
            found |= {key.model for key in self.folded.totals} | self.lineage.models()
        elif kind == "developer":
            found |= {key.developer for key in self.folded.totals if key.developer is not None}
        elif kind in _BELONGING:
            found |= self.facts.texts(_BELONGING[kind])
        elif kind in HOLDING_KEYS:
            found |= self.holdings.values(kind)
        if kind in {"model", "developer"}:
            found |= {str(value) for c in self.commitments if (value := c.body[kind]) is not None}
        return tuple(sorted(found))

    def stating(self, name: str, value: str, day: date) -> tuple[str, ...]:
        """Return the subjects of which a fact surely states a value on a day, sorted.

        Args:
            name: Word of the vocabulary.
            value: The text it must state.
            day: The day it must be valid on.
        """
        return self.facts.stating(name, value, day)

    def members(self, developer: str) -> tuple[str, ...]:
        """Return the models that a developer works on or has contracted for, sorted."""
        return self._members.get(developer, ())

    def _by_developer(self) -> dict[str, tuple[str, ...]]:
        """Return the models of every developer, sorted."""
        found: dict[str, set[str]] = {}
        for key in self.folded.totals:
            if key.developer is not None:
                found.setdefault(key.developer, set()).add(key.model)
        for commitment in self.commitments:
            body: Mapping[str, Any] = commitment.body
            if body["developer"] is not None and body["model"] is not None:
                found.setdefault(body["developer"], set()).add(body["model"])
        return {developer: tuple(sorted(models)) for developer, models in found.items()}

    def fact(self, subject: str, name: str, as_of: date) -> FactState:
        """Resolve one fact on a day.

        Args:
            subject: With its prefix, such as ``model:x``.
            name: Word of the vocabulary.
            as_of: The day it must be valid on.
        """
        return self.facts.state(subject, name, as_of)

    def measure(self, model: str, counting: CountingSet, scope: Scope = "cumulative") -> Measured:
        """Add up what a counting set counts for a model.

        Args:
            model: Name without prefix.
            counting: What counts, every reading chosen.
            scope: ``own``: since the last edge from another provider; ``cumulative``: with all
                ancestors along the relations the set follows; ``base``: cumulative without own.

        Raises:
            RuleError: If the set does not classify an activity in the ledger.
        """
        reckoning = self._reckonings.get(counting)
        if reckoning is None:
            reckoning = Reckoning(self._rows, self.lineage, counting)
            self._reckonings[counting] = reckoning
        match scope:
            case "own":
                return reckoning.own(model).measured()
            case "base":
                return reckoning.base(model).measured()
            case "cumulative":
                return reckoning.cumulative(model).measured()
            case _:
                assert_never(scope)
