"""Why a mutant can say the same as its file: each reason holds where it must, and not beside it."""

from __future__ import annotations

import pytest
from regimes import SMALL, changed, small

from ledger.regime.equivalence import equivalence
from ledger.regime.model import Regime
from ledger.regime.mutation import mutants

KEPT = changed(
    "        due: { within: notice,",
    "        retention: kept\n        due: { within: notice,",
    text=changed(
        "parameters:\n",
        """parameters:
  kept:
    dimension: duration
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 5 day
        cite: { source: act, at: s. 6 }
        provenance: verified
""",
    ),
)


def said(regime: Regime, place: str) -> dict[str, str]:
    """Return the change and the reason of every mutant of a place."""
    found = {m.change: equivalence(regime, m) for m in mutants(regime) if m.place == place}
    assert found, place
    return found


def test_equivalence_figure_that_is_told_only() -> None:
    place = "parameters.kept.values[0]"
    for field in ("value", "from_", "known"):
        assert all("told only" in why for why in said(small(KEPT), f"{place}.{field}").values())
    judged = KEPT.replace("within: notice", "within: kept").replace(
        "        retention: kept\n", "        retention: notice\n"
    )
    assert set(said(small(judged), f"{place}.value").values()) == {""}


def test_equivalence_period_in_hours_that_ends_on_the_same_day() -> None:
    place = "parameters.notice.values[0].value"
    hours = small(changed("value: 14 day", "value: 72 hour"))
    found = said(hours, place)
    assert "ends on the same one" in found["72 hour to 71 hour"]
    assert found["72 hour to 73 hour"] == ""
    assert set(said(small(), place).values()) == {""}


def test_equivalence_period_of_business_days_gives_no_day() -> None:
    business = changed("value: 14 day", "value: 14 business_day")
    business = business.replace(
        "  notice:\n    dimension: duration", "  notice:\n    dimension: business_period"
    )
    found = said(small(business), "parameters.notice.values[0].value")
    assert all("calendar of holidays" in why for why in found.values())


def test_equivalence_day_before_the_regime_applies() -> None:
    place = "parameters.line.values[0].from_"
    earlier = small(
        changed(
            "      - from: 2025-06-01\n        known: 2025-01-10\n        value: 10^25 FLOP",
            "      - from: 2025-05-31\n        known: 2025-01-10\n        value: 10^25 FLOP",
        )
    )
    reason = "no rule is asked before the regime applies"
    assert set(said(earlier, place).values()) == {reason}
    # On the day itself, a day earlier changes nothing and a day later does.
    assert said(small(), place) == {
        "2025-06-01 to 2025-05-31": reason,
        "2025-06-01 to 2025-06-02": "",
    }


def test_equivalence_day_before_any_rule_was_published() -> None:
    place = "parameters.line.values[0].known"
    reason = "no rule that rests on it was published by that day"
    # The act and the figure became known on one day.
    assert said(small(), place) == {
        "2025-01-10 to 2025-01-09": reason,
        "2025-01-10 to 2025-01-11": "",
    }
    # An event that was known before any rule was.
    assert set(said(small(), "lifecycle[0].known").values()) == {reason}
    # A rule that was known before its act.
    early = small(
        changed("    effect: presumption\n", "    effect: presumption\n    known: 2025-01-01\n")
    )
    assert set(said(early, place).values()) == {""}


def test_equivalence_only_value_of_a_text_that_never_applied() -> None:
    bill = SMALL.replace(
        SMALL[SMALL.index("  - { on: 2025-01-10, event: enacted") : SMALL.index("enforcement:")],
        "  - { on: 2025-01-11, event: vetoed, cite: { source: repeal } }\n",
    )
    place = "parameters.line.values[0].from_"
    assert all("only assumed" in why for why in said(small(bill), place).values())
    two = changed(
        "      - from: 2025-06-01\n        known: 2025-01-10\n        value: 10^25 FLOP",
        """      - from: 2025-01-01
        until: 2025-06-01
        known: 2025-01-10
        value: 10^24 FLOP
        cite: { source: act, at: s. 2, phrase: greater than }
        provenance: verified
      - from: 2025-06-01
        known: 2025-01-10
        value: 10^25 FLOP""",
        text=bill,
    )
    assert "" in said(small(two), "parameters.line.values[1].from_").values()


def of_runs() -> Regime:
    """Return the small regime with one rule, asked of runs."""
    regime = small()
    rule = regime.rules[0].model_copy(update={"subject": "run"})
    return regime.model_copy(update={"rules": (rule,)})


@pytest.mark.parametrize("relation", ["derived", "merged", "initialised", "distilled"])
def test_equivalence_run_is_made_from_nothing(relation: str) -> None:
    place = f"counting.work.lineage.relations.{relation}"
    found = said(of_runs(), place)
    assert all("a run is made from nothing" in why for why in found.values())
    assert set(said(small(), place).values()) == {""}


def test_equivalence_sum_of_a_run_is_of_no_lineage() -> None:
    found = said(of_runs(), "rules[0].let.compute")
    assert all("a run is made from nothing" in why for why in found.values())
    assert set(said(small(), "rules[0].let.compute").values()) == {""}
