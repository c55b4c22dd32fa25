"""A bond ties a duty to a subject: the condition under which the law puts it on that one."""

from __future__ import annotations

from ledger.determination.world import World
from ledger.regime.answered import Answers
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.question import Question
from ledger.regime.rule import Obligation, Rule

__all__ = ["binds"]


def binds(law: Law, world: World, rule: Rule, subject: str, obligation: Obligation) -> bool | None:
    """Return whether a duty of a rule binds a subject once the rule is met.

    Args:
        law: The law of the day that is asked.
        world: What is recorded.
        rule: The rule.
        subject: The subject, such as ``model:m``.
        obligation: The duty.

    Returns:
        None while a fact is missing.
    """
    if obligation.when is None:
        return True
    interpreter = Interpreter(law, Answers(law, world.present), subject)
    question = Question(interpreter, rule, subject, "actual", "legal")
    return question.condition(obligation.when).truth
