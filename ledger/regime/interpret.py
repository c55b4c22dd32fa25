"""To interpret a rule is to say what it means for one subject: this package defines it here.

Plain Python, three-valued Kleene logic over exact spans; every other evaluator must give the same.

* ``a > b`` is met when the lowest a exceeds the highest b, not met when the highest a is at most
  the lowest b, and otherwise unknown; the other comparators follow from it.
* ``all``, ``any`` and ``not`` are Kleene's; ``exists`` is ``any`` over the members.
* ``choose`` looks at the arms whose case is not false. One true case alone decides by its arm;
  else, if all those arms say the same, that is the answer; else it is unknown.
* ``rule:x`` is true where x is met at the same subject in the same view, false where it is not
  met, excepted or out of scope, and otherwise unknown.
* What is unknown names the facts and figures that were unknown in the branches still undecided,
  and none of those that no longer matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from ledger.errors import RuleError
from ledger.regime.answered import Answers
from ledger.regime.environment import Environment
from ledger.regime.law import Law
from ledger.regime.peers import LetAsked
from ledger.regime.question import Question, Sight
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Operand, Reason, Truth, together

__all__ = ["Finding", "Interpreter", "Outcome", "interpret"]

Finding: TypeAlias = Literal["met", "not_met", "undetermined", "excepted"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule means for one subject in one view.

    Attributes:
        rule: Id of the rule.
        subject: With its prefix.
        view: ``actual`` or ``foreseen``.
        in_scope: Whether the rule concerns the subject at all.
        finding: What it finds; None when the subject is out of scope.
        by: Id of the exception that takes the subject out, if one does.
        missing: Facts that would decide it, sorted; empty unless the finding is undetermined.
        robust: Whether the finding is the same all over the error interval; an undetermined
            finding is not robust.
        reason: Why the condition is true, false or unknown.
        scope: Why the subject is in scope; None for a rule without a scope.
        exceptions: Why each exception holds or not, by id, in the order of the file.
    """

    rule: str
    subject: str
    view: ViewName
    in_scope: Truth
    finding: Finding | None
    by: str | None
    missing: tuple[str, ...]
    robust: bool
    reason: Reason
    scope: Reason | None
    exceptions: Mapping[str, Reason]

    @property
    def truth(self) -> Truth:
        """What ``rule:`` gives: met, surely not, or unknown."""
        return None if self.finding == "undetermined" else self.finding == "met"

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason: scope, condition, exceptions."""
        scope = () if self.scope is None else (self.scope,)
        return (*scope, self.reason, *self.exceptions.values())

    @property
    def comparisons(self) -> tuple[Reason, ...]:
        """The rule's own comparisons that stand in no arm that is ruled out, in order."""
        return tuple(self.reason.comparisons())


def interpret(
    law: Law, rule: str, subject: str, environment: Environment, view: ViewName = "actual"
) -> Outcome:
    """Say what a rule means for a subject.

    Args:
        law: The regime on a day, under the readings chosen.
        rule: Id of the rule.
        subject: With its prefix, such as ``model:x``.
        environment: The records.
        view: Which rows totals rest on.

    Raises:
        RuleError: If rules refer to each other in a circle.
        MissingError: If there is no such rule.
    """
    return Interpreter(law, Answers(law, environment), subject).outcome(rule, view)


class Interpreter:
    """The interpretation of one law for one subject: what was worked out is kept.

    Attributes:
        law: The law that is interpreted.
        answers: What is known of subjects.
        home: Subject with whom the interpretation began.
        brief: Whether reasons end at the part that decides; findings are the same, and so are
            truths.
        lets: What the lets of its rules came to.
    """

    def __init__(self, law: Law, answers: Answers, home: str, *, brief: bool = False) -> None:
        """Begin with a subject."""
        self.law = law
        self.answers = answers
        self.home = home
        self.brief = brief
        self.lets: dict[LetAsked, Operand] = {}
        # Of the error intervals only the finding is wanted, and no reasons.
        self._briefly = self if brief else Interpreter(law, answers, home, brief=True)
        self._known: dict[tuple[str, str, ViewName, Sight], Outcome] = {}
        self._open: list[tuple[str, str, ViewName, Sight]] = []

    def outcome(self, rule: str, view: ViewName = "actual") -> Outcome:
        """Interpret a rule by the legal intervals, and say whether the error intervals agree."""
        legal = self.sighted(self.law.rule(rule), self.home, view, "legal")
        error = self._briefly.sighted(self.law.rule(rule), self.home, view, "error")
        robust = legal.finding != "undetermined" and legal.finding == error.finding
        return replace(legal, robust=robust)

    def sighted(self, rule: Rule, subject: str, view: ViewName, sight: Sight) -> Outcome:
        """Interpret by one of the two intervals; the outcome says nothing about robustness.

        Raises:
            RuleError: If the rule is already being interpreted for the same subject.
        """
        key = (rule.id, subject, view, sight)
        if key in self._known:
            return self._known[key]
        if key in self._open:
            ids = [place[0] for place in (*self._open[self._open.index(key) :], key)]
            raise RuleError(
                f"rules refer to each other in a circle: {' to '.join(ids)}",
                where=self.law.regime.id,
                why="a rule in a circle says nothing",
                remedy="take one of the references out",
            )
        self._open.append(key)
        try:
            found = _conclude(Question(self, rule, subject, view, sight))
        finally:
            self._open.pop()
        self._known[key] = found
        return found


def _conclude(question: Question) -> Outcome:
    """Put scope, condition and exceptions together."""
    rule = question.rule
    scope = None if rule.scope is None else question.condition(rule.scope)
    reason = question.condition(rule.condition)
    settled = question.peers.brief and reason.truth is False
    exceptions = {item.id: question.condition(item.when) for item in rule.unless if not settled}
    in_scope = True if scope is None else scope.truth
    by = next((name for name, found in exceptions.items() if found.truth is True), None)
    finding: Finding | None
    if in_scope is False:
        finding = None
    elif reason.truth is False:
        finding = "not_met"
    elif by is not None:
        finding = "excepted"
    elif in_scope is None or reason.truth is None or _doubtful(exceptions):
        finding = "undetermined"
    else:
        finding = "met"
    found = Outcome(
        rule=rule.id,
        subject=question.subject,
        view=question.view,
        in_scope=in_scope,
        finding=finding,
        by=by if finding == "excepted" else None,
        missing=(),
        robust=False,
        reason=reason,
        scope=scope,
        exceptions=exceptions,
    )
    if finding != "undetermined":
        return found
    return replace(found, missing=together(part.missing for part in found.reasons))


def _doubtful(exceptions: Mapping[str, Reason]) -> bool:
    """Whether some exception may hold and none surely does."""
    return any(found.truth is None for found in exceptions.values())
