"""A law is a regime on one day, as known on another, under the readings chosen.

It answers the names in a rule that the regime itself answers: parameters, sets, readings, counting
sets and other rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from ledger.errors import MissingError
from ledger.regime.counting import CountingSet, choose_readings, resolve
from ledger.regime.dated import DatedValue, members_on, parameter_on
from ledger.regime.expression import Choose, Expression
from ledger.regime.known import as_known
from ledger.regime.model import Regime
from ledger.regime.rule import Rule
from ledger.regime.words import in_words

__all__ = ["Law"]


@dataclass(frozen=True, slots=True)
class Law:
    """A regime on a day, with every open question answered.

    Attributes:
        regime: The rule file, without what was not published by ``law_known_on``.
        in_force_on: Day on which the law is asked.
        law_known_on: Values published after this day are not seen; None sees all.
        readings: Alternative in force for every reading that was published or chosen.
        counting: Every counting set whose questions those readings answer, resolved.
        assumed: Whether the regime is only assumed to be in force, so that the nearest value of a
            parameter stands in where none binds on the day.
    """

    regime: Regime
    in_force_on: date
    law_known_on: date | None
    readings: Mapping[str, str]
    counting: Mapping[str, CountingSet]
    assumed: bool = False
    # Expressions of the regime in words, by identity: the regime keeps every one of them alive.
    # Bare names stand by themselves.
    _said: dict[int | str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    # Values of parameters on days asked for; the law of a day does not change.
    _values: dict[tuple[str, date | None], DatedValue | None] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @classmethod
    def on(
        cls,
        regime: Regime,
        in_force_on: date,
        *,
        law_known_on: date | None = None,
        readings: Mapping[str, str] | None = None,
        assumed: bool = False,
    ) -> Self:
        """Fix a regime on a day.

        Args:
            regime: The rule file.
            in_force_on: Day on which the law is asked.
            law_known_on: Day after which nothing published is seen; None sees all.
            readings: Reading id to alternative id; a reading not named takes its default.
            assumed: Whether the regime is only assumed to be in force.

        Raises:
            RuleError: If an alternative chosen does not exist.
        """
        seen = as_known(regime, law_known_on, chosen=readings or ())
        chosen = choose_readings(seen.readings, readings or {})
        sets = {
            name: resolve(name, counting, seen.readings, chosen)
            for name, counting in seen.counting.items()
            if chosen.keys() >= set(counting.open_readings())
        }
        return cls(seen, in_force_on, law_known_on, chosen, sets, assumed)

    def words_of(self, expression: Expression) -> str:
        """Return an expression of the regime in words, written once."""
        # A rule makes a choose whenever its condition is asked for, out of the same arms.
        kept = expression.arms if isinstance(expression, Choose) else expression
        key = kept if isinstance(kept, str) else id(kept)
        said = self._said.get(key)
        if said is None:
            said = self._said[key] = in_words(expression)
        return said

    def rule(self, rule_id: str) -> Rule:
        """Return a rule of the regime.

        Raises:
            MissingError: If there is none of that id.
        """
        found = self.regime.rule(rule_id)
        if found is None:
            raise MissingError(
                f"{self.regime.id} has no rule {rule_id!r}",
                remedy="name one of " + ", ".join(rule.id for rule in self.regime.rules),
            )
        return found

    def unpublished(self, counting: str) -> tuple[str, ...]:
        """Return what keeps a counting set from being used: it, or readings that it rests on."""
        stated = self.regime.counting.get(counting)
        if stated is None:
            return (f"counting:{counting}",)
        open_ = set(stated.open_readings()) - self.readings.keys()
        return tuple(sorted(f"reading:{name}" for name in open_))

    def parameter(self, name: str, on: date | None = None) -> DatedValue | None:
        """Return the value of a parameter on the day, or None when none was known to bind.

        Args:
            name: Of the parameter.
            on: Another day; for it no nearest value stands in, whatever is assumed.
        """
        if (name, on) not in self._values:
            self._values[name, on] = parameter_on(
                self.regime.parameters[name],
                on or self.in_force_on,
                self.law_known_on,
                nearest=self.assumed and on is None,
            )
        return self._values[name, on]

    def members(self, name: str) -> frozenset[str] | None:
        """Return the members of a set on the day, or None when none were known to bind."""
        return members_on(
            self.regime.sets[name], self.in_force_on, self.law_known_on, nearest=self.assumed
        )
