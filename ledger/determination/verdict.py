"""A verdict is what an evaluator says of a rule and a subject, without dates, law or words.

Two evaluators give verdicts: the plain one asks the interpreter, which defines what a rule means,
and one over columns must give the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from ledger.determination.hinge import Hinges, leaf_truths
from ledger.determination.model import Finding
from ledger.regime.answered import Answers
from ledger.regime.interpret import Interpreter, Outcome
from ledger.regime.law import Law
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Truth

__all__ = [
    "Evaluator",
    "PlainEvaluator",
    "Verdict",
    "Verdicts",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a rule finds for a subject in one view.

    Attributes:
        in_scope: Whether the rule concerns the subject.
        finding: What it finds; None when out of scope.
        exception: Id of the exception that takes the subject out, if one does.
        robust: Whether the finding is the same all over the error interval; an undetermined one
            is not.
        missing: Facts that would decide it; empty unless undetermined.
        hinges: Places, among the rule's own comparisons in the order of the file, of those of
            which one is reported, as ``Hinges.at`` gives them; empty if there is none that can
            still matter, or out of scope.
    """

    in_scope: Truth
    finding: Finding | None
    exception: str | None
    robust: bool
    missing: tuple[str, ...]
    hinges: tuple[int, ...]


Verdicts: TypeAlias = Mapping[tuple[str, str], Verdict]
"""By rule id and subject."""


class Evaluator(Protocol):
    """Gives verdicts; every evaluator gives equal ones."""

    def verdicts(
        self,
        law: Law,
        rules: Sequence[Rule],
        subjects: Mapping[str, Sequence[str]],
        answers: Answers,
        view: ViewName,
    ) -> Verdicts:
        """Ask each rule of each subject of its kind.

        Args:
            law: The law that the rules stand in.
            rules: Rules to ask.
            subjects: Subjects by family of rules, with their prefix.
            answers: What is known of subjects.
            view: ``actual``, or ``foreseen`` with what is committed.

        Raises:
            RuleError: If rules refer to each other in a circle.
        """


class PlainEvaluator:
    """Interprets every rule for every subject, one after the other."""

    def verdicts(
        self,
        law: Law,
        rules: Sequence[Rule],
        subjects: Mapping[str, Sequence[str]],
        answers: Answers,
        view: ViewName,
    ) -> Verdicts:
        """Ask each rule of each subject of its kind."""
        found: dict[tuple[str, str], Verdict] = {}
        for family in dict.fromkeys(rule.family for rule in rules):
            asked = [rule for rule in rules if rule.family == family]
            hinges = [Hinges.of(rule.condition) for rule in asked]
            for subject in subjects.get(family, ()):
                interpreter = Interpreter(law, answers, subject)
                for rule, held in zip(asked, hinges, strict=True):
                    outcome = interpreter.outcome(rule.id, view)
                    found[rule.id, subject] = _verdict(rule, outcome, held)
        return found


def _verdict(rule: Rule, outcome: Outcome, hinges: Hinges) -> Verdict:
    """Return what an outcome says."""
    hung: tuple[int, ...] = ()
    if outcome.finding is not None:
        hung = hinges.at(tuple(leaf_truths(rule.condition, outcome.reason)))
    return Verdict(
        outcome.in_scope,
        outcome.finding,
        outcome.by,
        outcome.robust,
        outcome.missing,
        hung,
    )
