"""A tally is what a total is made of: the holdings that may belong to it, and what each adds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from ledger.regime.environment import Holding
from ledger.regime.expression import Total
from ledger.regime.trace import Operand, Span, Truth

if TYPE_CHECKING:
    from ledger.regime.question import Question

__all__ = ["Tallied", "tally"]


@dataclass(frozen=True, slots=True)
class Tallied:
    """A holding that a total looked at.

    Attributes:
        holding: The holding.
        adds: Whether it is added; else it is taken away.
        counts: Whether it belongs to the total; None where something that is not stated, or not
            known, would say so.
        number: What it holds; None where it surely does not count.
        missing: What would settle whether it counts and how much it holds.
    """

    holding: Holding
    adds: bool
    counts: Truth
    number: Operand | None
    missing: tuple[str, ...]

    @property
    def span(self) -> Span:
        """What it adds or takes away: from nothing on where it only may count."""
        if self.number is None:
            return Span.point(0)
        return self.number.span if self.counts else Span(Fraction(0), self.number.span.hi)


def tally(question: Question, asked: Total) -> Iterator[Tallied]:
    """Yield the holdings that a total looks at, in the order recorded.

    Args:
        question: The rule, asked of the subject whose holdings they are.
        asked: The total.
    """
    in_window = asked.during == "window"
    for held in question.peers.answers.held(question.subject, asked.of, in_window=in_window):
        event = held.holding.event
        if event not in asked.add and event not in asked.less:
            continue
        adds = event in asked.add
        inner = replace(question, subject=held.subject)
        where = None if asked.where is None else inner.condition(asked.where)
        truth = True if where is None else where.truth
        if truth is False:
            yield Tallied(held.holding, adds, counts=False, number=None, missing=())
            continue
        number = inner.number(asked.number)
        unsaid = () if where is None else where.missing
        yield Tallied(
            held.holding,
            adds,
            counts=True if held.sure and truth else None,
            number=number,
            missing=(*held.missing, *number.missing, *unsaid),
        )
