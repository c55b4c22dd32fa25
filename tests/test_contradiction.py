"""What a determination says beside its finding: contradictions, margins, guidance."""

from __future__ import annotations

from typing import Any

from ledgers import allocation, fact
from regimes import changed, small
from worlds import E24, GENERAL, above


def on(day: str, operations: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return an allocation of model m on a day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    model = changes.pop("model", "m")
    return allocation(model, operations, **{**times, **changes})


def test_two_facts_that_differ_are_named_with_the_remedy() -> None:
    narrow = ("fact", fact("model:m", "model.significant_generality", "boolean", value=False))
    found = above(GENERAL, narrow, on("2026-03-01", 11 * E24))
    assert [(c.name, c.entries) for c in found.contradictions] == [
        ("model.significant_generality", (0, 1))
    ]
    told = "entries 0 and 1 contradict each other about model.significant_generality"
    assert f"{told}: reverse one of them" in found.notes
    assert above(on("2026-03-01", 11 * E24)).contradictions == ()


def test_margin_is_given_only_of_a_comparison_that_is_decided() -> None:
    text = changed(
        "when: { gt: [compute, line] }",
        "when: { all: [model.is_modification, { gt: [compute, line] }] }",
    )
    regime = small(text[: text.index("cases:")])
    found = above(GENERAL, on("2026-03-01", 9 * E24), on("2026-04-01", run="r2"), regime=regime)
    assert (found.finding, found.margin) == ("not_met", None)
    assert found.measured is not None
    assert found.measured["operations"].high is None


def test_rebuttal_that_entries_contradict_is_unknown() -> None:
    text = changed(
        "    obligations:\n",
        "    rebuttal: { fact: model.systemic_risk_rebutted, cite: { source: act } }\n"
        "    obligations:\n",
    )
    regime = small(text[: text.index("cases:")])
    met = (GENERAL, on("2026-03-01", 11 * E24))
    says = [
        ("fact", fact("model:m", "model.systemic_risk_rebutted", "boolean", value=value))
        for value in (True, False)
    ]
    assert above(*met, regime=regime).rebutted is False
    assert above(*met, says[0], regime=regime).rebutted is True
    found = above(*met, *says, regime=regime)
    assert (found.finding, found.rebutted) == ("met", None)
    assert [c.entries for c in found.contradictions] == [(2, 3)]


def test_rule_that_stands_in_guidance_says_so() -> None:
    note = "stands in guidance, not in law"
    soft = changed(
        "act: { cite: Small Act 2025, published: 2025-01-10, binding: law }",
        "act: { cite: Small Act 2025, published: 2025-01-10, binding: guidance }",
    )
    given = (GENERAL, on("2026-03-01", E24))
    assert note in above(*given, regime=small(soft)).notes
    assert note not in above(*given).notes
