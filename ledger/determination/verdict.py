"""A verdict is what an evaluator says of a rule and a subject, without dates, law or words.

Two evaluators give verdicts: the plain one asks the interpreter, which defines what a rule means,
and one over columns must give the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

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
    "Ruled",
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


@dataclass(frozen=True, slots=True)
class Ruled:
    """The verdicts on one rule; subjects that came out alike may share one.

    Attributes:
        subjects: Of the rule's kind, with their prefix.
        found: The verdicts.
        places: Which of them is that of each subject, by its place in ``found``.
    """

    subjects: tuple[str, ...]
    found: Sequence[Verdict]
    places: Sequence[int]

    def __iter__(self) -> Iterator[tuple[str, Verdict]]:
        """Yield every subject with its verdict."""
        found = self.found
        return ((s, found[p]) for s, p in zip(self.subjects, self.places, strict=True))

    def having(self, wanted: Sequence[bool]) -> list[str]:
        """Return the subjects with some of the verdicts, in order.

        Args:
            wanted: For each of ``found`` whether it is one of them.
        """
        if not any(wanted):
            return []
        return [s for s, p in zip(self.subjects, self.places, strict=True) if wanted[p]]


class Verdicts(Mapping[tuple[str, str], Verdict]):
    """Verdicts by rule id and subject.

    Attributes:
        ruled: Those on each rule asked.
    """

    def __init__(self, ruled: Mapping[str, Ruled] | None = None) -> None:
        """Hold the verdicts on some rules; none by default."""
        self.ruled: Mapping[str, Ruled] = ruled or {}
        # By the identity of the subjects, which the rules of one kind share.
        self._rows: dict[int, dict[str, int]] = {}

    def __getitem__(self, place: tuple[str, str]) -> Verdict:
        """Return the verdict on a rule and a subject."""
        rule, subject = place
        ruled = self.ruled[rule]
        rows = self._rows.get(id(ruled.subjects))
        if rows is None:
            rows = {name: row for row, name in enumerate(ruled.subjects)}
            self._rows[id(ruled.subjects)] = rows
        return ruled.found[ruled.places[rows[subject]]]

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield every rule with every subject of its kind."""
        return ((rule, name) for rule, ruled in self.ruled.items() for name in ruled.subjects)

    def __len__(self) -> int:
        """Return how many verdicts there are."""
        return sum(len(ruled.subjects) for ruled in self.ruled.values())


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
        found: dict[str, Ruled] = {}
        for family in dict.fromkeys(rule.family for rule in rules):
            asked = [rule for rule in rules if rule.family == family]
            hinges = [Hinges.of(rule.condition) for rule in asked]
            held = tuple(subjects.get(family, ()))
            verdicts: list[list[Verdict]] = [[] for _ in asked]
            for subject in held:
                interpreter = Interpreter(law, answers, subject)
                for rule, hung, told in zip(asked, hinges, verdicts, strict=True):
                    told.append(_verdict(rule, interpreter.outcome(rule.id, view), hung))
            for rule, told in zip(asked, verdicts, strict=True):
                found[rule.id] = Ruled(held, told, range(len(held)))
        return Verdicts(found)


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
