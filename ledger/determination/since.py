"""Since when: the days from which a rule is met or foreseen for one subject."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from ledger.crossing import Constant, Undated, first_day, grows
from ledger.determination.model import MetOn
from ledger.determination.world import World
from ledger.regime.answered import Answers
from ledger.regime.expression import Condition
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.question import Question
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
    """

    world: World
    law: Law
    rule: Rule
    subject: str
    models: frozenset[str]

    def met_on(self) -> MetOn:
        """Return since when the rule is met; it is met on the day asked for."""
        latest = self._first(Undated.LATE)
        if not self.world.undated(self.models):
            return MetOn(earliest=latest, latest=latest)
        earliest = (
            self._first(Undated.EARLY) if self._met(Undated.EARLY, self.world.as_of) else None
        )
        return MetOn(earliest=earliest, latest=latest)

    def foreseen_on(self, met_on: MetOn | None) -> date | None:
        """Return the earliest day of agreement that carries what is foreseen.

        Where no agreement alone carries it, but later work beside it does, it is the day of that
        work. None when what was done carried it before any agreement did.

        Args:
            met_on: Since when the rule is met by what was done; None if it is not.
        """
        agreed = sorted({item.counts_from for item in self.world.contracts_of(self.models)})
        for day in agreed:
            if met_on is not None and (met_on.latest is None or day > met_on.latest):
                return None
            if self._holds(Undated.LATE, day, "foreseen"):
                return day
        if met_on is not None or not agreed:
            return None
        days = self.world.days(self.subject, self.models, Undated.LATE)
        return first_day(
            days,
            lambda day: self._holds(Undated.LATE, day, "foreseen"),
            monotone=lambda _: False,
        )

    def _first(self, undated: Undated) -> date | None:
        """Return the first day of the stretch in which it is met, None for since ever."""
        days = self.world.days(self.subject, self.models, undated)
        drawn = self.world.drawn and bool(self.world.contracts_of(self.models))

        @cache
        def monotone(start: date) -> bool:
            constant = self._constant(undated, start)
            return grows(self.law, self.rule, committed=drawn, constant=constant)

        return first_day(days, lambda day: self._met(undated, day), monotone=monotone)

    def _met(self, undated: Undated, day: date) -> bool:
        """Whether it was met by the end of a day by what was done."""
        return self._holds(undated, day, "actual")

    def _holds(self, undated: Undated, day: date, view: ViewName) -> bool:
        """Whether it was met, or foreseen, by the end of a day."""
        found = self._interpreter(undated, day).sighted(self.rule, self.subject, view, "legal")
        return found.finding == "met"

    def _interpreter(self, undated: Undated, day: date) -> Interpreter:
        """Return an interpreter over the records by a day."""
        standpoint = self.world.on(day, self.models, undated)
        return Interpreter(self.law, Answers(self.law, standpoint), self.subject)

    def _constant(self, undated: Undated, start: date) -> Constant:
        """Return what tells the truth of conditions that stays until facts or steps change.

        Args:
            undated: Where undated work is placed.
            start: First day in question; no fact or step of the subject changes after it.
        """
        interpreter = self._interpreter(undated, start)

        def constant(rule: Rule, node: Condition) -> bool | None:
            if rule.subject != self.rule.subject:
                return None
            question = Question(interpreter, rule, self.subject, "actual", "legal")
            return question.condition(node).truth

        return constant
