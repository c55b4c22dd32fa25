"""A scope is what names mean at one place of a rule: whose facts, which lets, which rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ledger.regime.diagnosis import Flaw
from ledger.regime.model import Regime
from ledger.regime.vocabulary import Vocabulary

__all__ = ["Scope"]


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean at one place of a rule.

    Attributes:
        file: Path of the rule file.
        regime: The regime that the rule stands in.
        vocabulary: Facts and activities.
        subject: Kind of subject asked at this place.
        family: Kind of subject of the rule, with the grouping that makes it; empty at others.
        parts: Other kinds that the subject stands for, whose facts and rules it can ask.
        windowed: Whether the subject looks at a window of days.
        lets: Dimension of each let declared so far; None for one that is itself mistaken.
        flaws: Where mistakes are collected.
    """

    file: str
    regime: Regime
    vocabulary: Vocabulary
    subject: str
    family: str = ""
    parts: frozenset[str] = frozenset()
    windowed: bool = False
    lets: Mapping[str, str | None] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)

    @property
    def kinds(self) -> frozenset[str]:
        """Every kind whose facts and rules can be asked here."""
        return self.parts | {self.subject}

    def complain(self, place: str, code: str, message: str, remedy: str) -> None:
        """Note a mistake and go on."""
        self.flaws.append(Flaw(self.file, place, code, message, remedy))
