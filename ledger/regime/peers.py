"""Peers are what a question may ask beyond its own rule: the law, the records, other rules."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from ledger.regime.answered import Answers
from ledger.regime.law import Law
from ledger.regime.rule import Rule, ViewName
from ledger.regime.trace import Operand, Reason, Truth

__all__ = ["Concluded", "Concluding", "LetAsked", "Sight"]

Sight: TypeAlias = Literal["legal", "error"]
LetAsked: TypeAlias = tuple[str, str, str, ViewName, Sight]
"""A let that is asked for: id of its rule, its name, of whom, in which view, by which interval."""


class Concluded(Protocol):
    """What another rule found."""

    @property
    def truth(self) -> Truth:
        """Met, surely not, or unknown."""

    @property
    def missing(self) -> tuple[str, ...]:
        """What would decide it, named from where the interpretation began."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, in the order scope, condition, exceptions."""


class Concluding(Protocol):
    """What a question may ask beyond its own rule."""

    @property
    def law(self) -> Law:
        """The law that is interpreted."""

    @property
    def answers(self) -> Answers:
        """What is known of subjects."""

    @property
    def home(self) -> str:
        """Subject with whom the interpretation began; its facts are named without it."""

    @property
    def brief(self) -> bool:
        """Whether reasons may end at the part that decides; truths are the same."""

    @property
    def lets(self) -> dict[LetAsked, Operand]:
        """What lets came to, once worked out; questions add to it."""

    def sighted(self, rule: Rule, subject: str, view: ViewName, sight: Sight) -> Concluded:
        """Interpret another rule."""
