"""What is summed: the sum that a rule compares with its line, and the counting set it counts by."""

from __future__ import annotations

from ledger.determination.ground import ground_of
from ledger.journeys.check_document import Coordinates
from ledger.regime.counting import CountingSet
from ledger.regime.dated import standing_on
from ledger.regime.expression import Sum
from ledger.regime.law import Law
from ledger.regime.model import Regimes

__all__ = ["summed_by"]


def summed_by(
    regimes: Regimes, at: Coordinates, regime_id: str, rule_id: str
) -> tuple[Sum, CountingSet] | None:
    """Return the sum that a rule compares, and what it counts; None if it sums nothing.

    Args:
        regimes: The regimes asked.
        at: The day of the law, and the readings chosen.
        regime_id: The regime.
        rule_id: The rule.
    """
    regime = regimes[regime_id]
    law = Law.on(
        regime,
        at.in_force_on,
        law_known_on=at.law_known_on,
        readings=at.readings.get(regime_id),
        assumed=regime_id in at.assumptions,
    )
    rule = law.regime.rule(rule_id)
    if rule is None:
        return None
    applies = standing_on(regime, at.in_force_on, at.law_known_on).applies_from
    total = ground_of(law, rule, applies).principal(None)
    counting = None if total is None else law.counting.get(total.counting)
    return None if total is None or counting is None else (total, counting)
