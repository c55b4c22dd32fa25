"""Why a mutant can say the same as its file: each reason holds where it must, and not beside it."""

from __future__ import annotations

import pytest
from regimes import ROOT, SMALL, changed, small

from ledger.regime.cased import CasedRegime
from ledger.regime.equivalence import equivalence
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


def said(regime: CasedRegime, place: str) -> dict[str, str]:
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


def test_equivalence_has_no_reason_for_a_period_of_business_days() -> None:
    """A calendar of holidays gives the day, so one business day more is another day."""
    business = changed("value: 14 day", "value: 14 business_day")
    business = business.replace(
        "  notice:\n    dimension: duration", "  notice:\n    dimension: business_period"
    )
    assert set(said(small(business), "parameters.notice.values[0].value").values()) == {""}


def test_equivalence_day_before_the_regime_applies() -> None:
    place = "parameters.line.values[0].from_"
    earlier = small(
        changed(
            "      - from: 2025-06-01\n        known: 2025-01-10\n        value: 10^25 FLOP",
            "      - from: 2025-05-31\n        known: 2025-01-10\n        value: 10^25 FLOP",
        )
    )
    reason = "nobody is bound on that day, and if the law is assumed the same value stands in"
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


def never_applied(text: str = SMALL) -> str:
    """Return the small regime as a bill that was vetoed."""
    start, stop = text.index("  - { on: 2025-01-10, event: enacted"), text.index("enforcement:")
    veto = "  - { on: 2025-01-11, event: vetoed, cite: { source: repeal } }\n"
    return text[:start] + veto + text[stop:]


def test_equivalence_value_of_a_text_that_never_applied() -> None:
    bill = never_applied()
    share = said(small(bill), "parameters.share.values[0].from_")
    assert all("the same value stands in" in why for why in share.values())
    # A duty runs from the day since when its rule has its figures.
    assert set(said(small(bill), "parameters.line.values[0].from_").values()) == {""}
    two = never_applied(
        changed(
            "      - from: 2025-06-01\n        known: 2025-01-10\n        value: 1/3 ratio",
            """      - from: 2025-01-10
        until: 2025-06-01
        known: 2025-01-10
        value: 1/4 ratio
        cite: { source: act, at: s. 3, phrase: more than a quarter }
        provenance: verified
      - from: 2025-06-01
        known: 2025-01-10
        value: 1/3 ratio""",
        )
    )
    # Before the first value it stands in; between two values each day has its own.
    first = said(small(two), "parameters.share.values[0].from_")
    assert all("the same value stands in" in why for why in first.values())
    second = said(small(two), "parameters.share.values[1].from_")
    assert set(second.values()) == {""}


def test_equivalence_figure_looked_up_for_a_window_has_no_stand_in() -> None:
    text = (ROOT / "tests" / "rules" / "tabled.yaml").read_text("utf-8")
    later = text.replace("{ on: 2025-01-01, event: applies", "{ on: 2025-08-01, event: applies")
    found = said(small(later), "parameters.table.values[1].from_")
    assert set(found.values()) == {""}


def summed(
    lineage: str, same_provider: str, relations: str, *, figure: bool = False
) -> CasedRegime:
    """Return the small regime with one sum, the same answer for every relation, and a provider."""
    text = changed("counting: work, lineage: cumulative", f"counting: work, lineage: {lineage}")
    text = text.replace("same_provider: collapse", f"same_provider: {same_provider}")
    followed = "derived: follow, merged: follow, initialised: follow, distilled: stop"
    every = ("derived", "merged", "initialised", "distilled")
    text = text.replace(followed, ", ".join(f"{relation}: {relations}" for relation in every))
    regime = small(text)
    sums, asks = regime.rules
    kept = asks.model_copy(update={"let": {}})  # asks for a figure, and adds nothing
    return regime.model_copy(update={"rules": (sums, kept) if figure else (sums,)})


@pytest.mark.parametrize("relations", ["follow", "stop"])
@pytest.mark.parametrize("relation", ["derived", "merged", "initialised", "distilled"])
def test_equivalence_own_work_of_one_model(relation: str, relations: str) -> None:
    place = f"counting.work.lineage.relations.{relation}"
    found = said(summed("own", "ancestor", relations), place)
    assert all("of one model alone" in why for why in found.values())
    # Own work of a developer leads through its earlier models, and other sums lead on.
    for other in (("own", "collapse"), ("base", "ancestor"), ("cumulative", "ancestor")):
        assert set(said(summed(*other, relations), place).values()) == {""}
    # Every counting set tells whether there is a figure of the original.
    asks = summed("own", "ancestor", relations, figure=True)
    assert set(said(asks, place).values()) == {""}


@pytest.mark.parametrize("same_provider", ["collapse", "ancestor"])
def test_equivalence_provider_of_no_matter(same_provider: str) -> None:
    place = "counting.work.lineage.same_provider"
    found = said(summed("own", same_provider, "stop"), place)
    assert all("follows no step" in why for why in found.values())
    found = said(summed("cumulative", same_provider, "follow"), place)
    assert all("is cumulative" in why for why in found.values())
    assert set(said(summed("own", same_provider, "follow"), place).values()) == {""}
    assert set(said(summed("own", same_provider, "stop", figure=True), place).values()) == {""}


def test_equivalence_day_of_print_of_a_text_that_could_be_read_before() -> None:
    act = "act: { cite: Small Act 2025, published: 2025-01-10, "
    early = small(changed(act, f"{act}known: 2025-01-09, "))
    found = said(early, "sources.act.published")
    assert all("day of print decides nothing" in why for why in found.values())
    assert said(small(), "sources.act.published")["2025-01-10 to 2025-01-11"] == ""


def of_runs() -> CasedRegime:
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
