"""What a determination says beside its finding: contradictions, margins, guidance."""

from __future__ import annotations

from typing import Any

import pytest
from ledgers import allocation, fact, lineage
from regimes import changed, shipped_words, small
from worlds import E24, GENERAL, above, determined

from ledger.journeys.lacking import lacking


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


DENIED = ("fact", fact("model:m", "model.base_compute_obtainable", "boolean", value=False))
DERIVED = ("lineage", lineage("m", "base", "no"))


@pytest.mark.parametrize(
    ("base", "own", "finding", "contradicted"),
    [
        # 2.5e24 is above a third of 6e24, and below a third of 10^25: the fallback would let it go.
        (6 * E24, 25 * E24 // 10, "undetermined", True),
        # Below both lines and above both, what is contradicted does not matter.
        (6 * E24, E24, "not_met", False),
        (6 * E24, 4 * E24, "met", False),
        (None, 25 * E24 // 10, "not_met", False),
    ],
)
def test_figure_on_the_ledger_contradicts_that_none_can_be_had(
    base: int | None, own: int, finding: str, *, contradicted: bool
) -> None:
    given = (
        on("2026-01-01", base, model="base"),
        on("2026-03-01", own),
        DERIVED,
        DENIED,
    )
    found = determined(*given)["modifier", "model:m"]
    assert found.finding == finding
    said = [(each.name, each.entries) for each in found.contradictions]
    name = "model.base_compute_obtainable"
    assert said == ([(name, (3,))] if contradicted else [])
    told = (
        f"entry 3 says that {name} is no, and the ledger holds a figure of what lies behind: "
        "reverse what is wrong"
    )
    assert (told in found.notes) is contradicted
    assert found.missing == ((name,) if contradicted else ())


def test_entries_that_agree_are_all_named_against_the_figure() -> None:
    work = (on("2026-01-01", 6 * E24, model="base"), on("2026-03-01", 25 * E24 // 10))
    found = determined(*work, DERIVED, DENIED, DENIED)["modifier", "model:m"]
    assert [each.entries for each in found.contradictions] == [(3, 4)]
    assert any(note.startswith("entries 3 and 4 say that") for note in found.notes)
    (item,) = [each for each in lacking([found], shipped_words()) if each.subject == "model:m"]
    assert item.record is None
    assert item.values == ("contradictory: reverse what is wrong, 3, 4 or the figure of the base")
    granted = ("fact", {**DENIED[1], "value": {"kind": "boolean", "value": True}})
    both = determined(*work, DERIVED, DENIED, granted)["modifier", "model:m"]
    assert any("entries 3 and 4 contradict each other" in note for note in both.notes)


def test_without_the_denial_the_figure_decides() -> None:
    work = (on("2026-01-01", 6 * E24, model="base"), on("2026-03-01", 25 * E24 // 10))
    found = determined(*work, DERIVED)["modifier", "model:m"]
    assert (found.finding, found.threshold) == ("met", str(2 * E24))
