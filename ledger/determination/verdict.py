"""A verdict is what an evaluator says of a rule and a subject, without dates, law or words.

Two evaluators give verdicts: the plain one asks the interpreter, which defines what a rule means,
and one over columns must give the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from ledger.determination.model import Finding
from ledger.regime.answered import Answers
from ledger.regime.expression import All, Choose, Comparison, Condition, Exists
from ledger.regime.interpret import Interpreter, Outcome
from ledger.regime.law import Law
from ledger.regime.name import reading_named
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Reason, Truth

__all__ = [
    "Evaluator",
    "PlainEvaluator",
    "Verdict",
    "Verdicts",
    "comparisons_of",
    "shows",
    "under_readings",
]

_ELSEWHERE: Final = frozenset({"rule", "exists"})


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
        shown: Place, among the rule's own comparisons in the order of the file, of the one to
            report; None if there is none that can still matter, or out of scope.
    """

    in_scope: Truth
    finding: Finding | None
    exception: str | None
    robust: bool
    missing: tuple[str, ...]
    shown: int | None


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
            for subject in subjects.get(family, ()):
                interpreter = Interpreter(law, answers, subject)
                for rule in asked:
                    standing = under_readings(law, rule.condition)
                    outcome = interpreter.outcome(rule.id, view)
                    found[rule.id, subject] = _verdict(outcome, standing)
        return found


def comparisons_of(condition: Condition | Choose) -> tuple[Comparison, ...]:
    """Return a rule's own comparisons in the order of the file, those of members left out."""
    return tuple(_own(condition))


def under_readings(law: Law, condition: Condition | Choose) -> tuple[bool, ...]:
    """Return whether each of a rule's own comparisons stands under the readings of a law.

    One that stands beside a reading that was not chosen, joined by ``all``, decides nothing.
    """
    return tuple(_standing(law, condition, stands=True))


def shows(finding: Finding | None) -> Truth:
    """Return the truth that the comparison to report should have, if one has it."""
    match finding:
        case "met" | "excepted":
            return True
        case "not_met":
            return False
        case _:
            return None


def _verdict(outcome: Outcome, standing: Sequence[bool]) -> Verdict:
    """Return what an outcome says."""
    return Verdict(
        outcome.in_scope,
        outcome.finding,
        outcome.by,
        outcome.robust,
        outcome.missing,
        None if outcome.finding is None else _shown(outcome, standing),
    )


def _shown(outcome: Outcome, standing: Sequence[bool]) -> int | None:
    """Return the place of the comparison to report."""
    reasons = _reasons(outcome.reason, possible=True)
    held = [
        (found, poss and stands) for (found, poss), stands in zip(reasons, standing, strict=True)
    ]
    wanted = shows(outcome.finding)
    matching = [i for i, (found, possible) in enumerate(held) if possible and found.truth is wanted]
    possible = [i for i, (_, possible) in enumerate(held) if possible]
    return next(iter([*matching, *possible]), None)


def _reasons(reason: Reason, *, possible: bool) -> Iterator[tuple[Reason, bool]]:
    """Yield the rule's own comparisons and whether each can still matter."""
    if reason.operands is not None:
        yield reason, possible
    if reason.operator in _ELSEWHERE:
        return
    ruled_out = reason.operator == "arm" and reason.truth is False
    for part in reason.parts:
        yield from _reasons(part, possible=possible and not ruled_out)


def _standing(law: Law, node: object, *, stands: bool) -> Iterator[bool]:
    """Yield for each comparison below a node whether no reading takes it out."""
    if isinstance(node, Comparison):
        yield stands
    elif not isinstance(node, str | Exists):
        parts = getattr(node, "parts", ())
        if isinstance(node, All):
            asked = [reading_named(part) for part in parts if isinstance(part, str)]
            named = [each for each in asked if each is not None]
            stands = stands and all(
                law.readings.get(name, chosen) == chosen for name, chosen in named
            )
        for part in parts:
            yield from _standing(law, part, stands=stands)


def _own(node: object) -> Iterator[Comparison]:
    """Yield the comparisons below a node, members left out."""
    if isinstance(node, Comparison):
        yield node
    elif not isinstance(node, str | Exists):
        for part in getattr(node, "parts", ()):
            yield from _own(part)
