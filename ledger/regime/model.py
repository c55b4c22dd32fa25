"""A regime is one body of law as data: its sources, standing, figures and rules.

Its file holds cases, too, which no determination reads: see ``ledger.regime.cased``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from ledger.modelling import Field
from ledger.regime.counting import Counting, Reading
from ledger.regime.rule import Rule
from ledger.regime.scalar import Day, Identifier, Localised, Node, RegimeId, Word, YesNo
from ledger.regime.source import DatedSet, Event, Note, Parameter, Penalty, Source, Stance, Text

__all__ = ["Regime", "Regimes", "Review"]


class Review(Node):
    """Who wrote the file down, and who compared it with the text of the law and when."""

    state: Literal["draft", "checked"]
    encoded_by: Text
    checked_against_text_by: tuple[Text, ...] = ()
    reviewed_on: Day | None = None
    note: Text | None = None


class Regime(Node):
    """The law of a rule file: all that a determination reads, and no cases."""

    schema_: Literal["regime/1"] = Field(alias="schema")
    id: RegimeId
    title: Localised
    jurisdiction: Word
    optional: YesNo = False
    review: Review
    sources: dict[Identifier, Source] = Field(min_length=1)
    lifecycle: tuple[Event, ...] = Field(min_length=1)
    enforcement: tuple[Stance, ...] = ()
    parameters: dict[Identifier, Parameter] = Field(default_factory=dict)
    sets: dict[Identifier, DatedSet] = Field(default_factory=dict)
    counting: dict[Identifier, Counting] = Field(default_factory=dict)
    readings: dict[Identifier, Reading] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = Field(min_length=1)
    penalties: tuple[Penalty, ...] = ()
    notes: tuple[Note, ...] = ()

    def rule(self, rule_id: str) -> Rule | None:
        """Return the rule of that id, or None."""
        return next((rule for rule in self.rules if rule.id == rule_id), None)


Regimes: TypeAlias = Mapping[str, Regime]
