"""Since when: the days from which a rule is met or foreseen for one subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from ledger.crossing import Undated, first_day, grows
from ledger.determination.model import MetOn
from ledger.determination.world import World
from ledger.regime.answered import Answers
from ledger.regime.decide import Decider
from ledger.regime.expression import Condition
from ledger.regime.law import Law
from ledger.regime.rule import Rule, ViewName

__all__ = ["Since"]


@dataclass(frozen=True, slots=True)
class Since:
    """Asks one rule of one subject on earlier days.

    Attributes:
        world: The records.
        law: The law of the day asked for; earlier days are judged by the same text.
        rule: The rule.
        subject: With its prefix.
        models: Models that its totals rest on, without prefix.
        deciders: What decides rules of the law, by the identity of the standpoint it goes by: one
            rule asks what another has asked.
    """

    world: World
    law: Law
    rule: Rule
    subject: str
    models: frozenset[str]
    deciders: dict[int, Decider]

    def met_on(self) -> MetOn:
        """Return since when the rule is met; it is met on the day asked for."""
        latest = self._first(Undated.LATE)
        if not self.world.undated(self.models):
            return MetOn(earliest=latest, latest=latest)
        # Less work can meet a rule that more does not: then nothing earlier can be said.
        early = self._holds(Undated.EARLY, self.world.as_of, "actual")
        return MetOn(earliest=self._first(Undated.EARLY) if early else latest, latest=latest)

    def foreseen_on(self, met_on: MetOn | None) -> date | None:
        """Return the day from which what was done and agreed carried it; it is foreseen now.

        As a rule that is the day of the agreement that carries it; where no agreement alone does,
        it is the day of the work that did beside them. None when there is no commitment, or when
        what was done carried it as early.

        Args:
            met_on: Since when the rule is met by what was done; None if it is not.
        """
        if not self.world.contracts_of(self.models):
            return None
        met = None if met_on is None else met_on.latest
        if met_on is not None and met is None:
            return None
        days = self.world.days(self.subject, self.models, Undated.LATE, until=met)
        found = first_day(
            days,
            lambda day: self._holds(Undated.LATE, day, "foreseen"),
            monotone=lambda start: not self.world.drawn and self._grows(Undated.LATE, start),
        )
        return None if found == met else found

    def _first(self, undated: Undated) -> date | None:
        """Return the first day of the stretch in which it is met, None for since ever."""
        days = self.world.days(self.subject, self.models, undated)
        return first_day(
            days,
            lambda day: self._holds(undated, day, "actual"),
            monotone=lambda start: self._grows(undated, start),
        )

    def _holds(self, undated: Undated, day: date, view: ViewName) -> bool:
        """Whether it was met, or foreseen, by the end of a day."""
        return self._by(undated, day).finding(self.rule, self.subject, view, "legal") == "met"

    def _by(self, undated: Undated, day: date) -> Decider:
        """Return what decides rules over the records by a day."""
        standpoint = self.world.on(day, self.models, undated)
        decider = self.deciders.get(id(standpoint))
        if decider is None:
            # It keeps its standpoint, so that no other one can come to have the same identity.
            decider = Decider(self.law, Answers(self.law, standpoint))
            self.deciders[id(standpoint)] = decider
        return decider

    def _grows(self, undated: Undated, start: date) -> bool:
        """Whether it can only begin to be met until facts or steps change.

        Args:
            undated: Where undated work is placed.
            start: First day in question; no fact or step of the subject changes after it.
        """
        drawn = self.world.drawn and bool(self.world.contracts_of(self.models))
        decider = self._by(undated, start)

        def constant(rule: Rule, node: Condition) -> bool | None:
            if rule.subject != self.rule.subject:
                return None
            return decider.truth(rule, node, self.subject, "actual", "legal")

        return grows(self.law, self.rule, committed=drawn, constant=constant)
