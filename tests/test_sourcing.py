"""Sourcing: where a figure comes from, who compared it, and whether a reader can look it up."""

from __future__ import annotations

from datetime import date

import pytest
from regimes import FILE, changed, shipped_words, small

from ledger.regime.lint import lint_regime

TODAY = date(2026, 11, 22)
REPEAL = "  repeal: {"
CHECKED = "state: checked, encoded_by: tests, checked_against_text_by: [a], reviewed_on: 2026-11-01"
PLACES = """\
sets:
  places:
    of: country
    values:
      - from: 2025-06-01
        known: 2025-01-10
        members: [US]
        cite: { source: act }
        provenance: memory
counting:
"""


def findings(text: str) -> list[tuple[str, str]]:
    """Return check and place of every finding in a regime that loads."""
    found = lint_regime(FILE, small(text), shipped_words(), TODAY)
    return [(flaw.code, flaw.place) for flaw in found if flaw.code != "unused"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("cite: Act 7 of 2024, published: 2024-01-01, binding: law", False),
        ("cite: The old act, published: 2024-01-01, binding: law", True),
        ("cite: Press release 7, published: 2024-01-01, binding: announcement", True),
        ("cite: The old act, published: 2024-01-01, binding: law, url: https://x.example", False),
        ("cite: The old act, published: 2024-01-01, binding: law, eli: x", False),
        ("cite: The old act, published: 2024-01-01, binding: law, note: Lost.", False),
    ],
)
def test_source_can_be_looked_up_or_says_why_not(source: str, *, found: bool) -> None:
    text = changed(REPEAL, f"  old: {{ {source} }}\n{REPEAL}")
    expected = [("source-unlocated", "sources.old")] if found else []
    assert findings(text) == expected


def test_source_is_found_by_a_place_that_is_cited_in_it() -> None:
    old = "  old: { cite: The old act, published: 2024-01-01, binding: law }\n"
    text = changed(REPEAL, old + REPEAL)
    cited = changed("cite: { source: act, at: s. 5 }", "cite: { source: old, at: s. 5 }", text=text)
    assert findings(cited) == []
    assert findings(cited.replace("old, at: s. 5", "old")) == [("source-unlocated", "sources.old")]


def test_list_of_the_law_names_the_place_that_holds_it() -> None:
    text = changed("counting:\n", PLACES)
    assert findings(text) == [("no-citation", "sets.places.values[0].cite")]
    assert (
        findings(
            text.replace("{ source: act }\n        prov", "{ source: act, at: s. 6 }\n        prov")
        )
        == []
    )


def test_checked_file_rests_on_nothing_from_memory_wherever_it_stands() -> None:
    text = changed("state: draft, encoded_by: tests", CHECKED)
    text = changed(
        "counting:\n", PLACES.replace("{ source: act }", "{ source: act, at: s. 6 }"), text=text
    )
    assert findings(text) == [
        ("unchecked", "parameters.notice.values[0].provenance"),
        ("unchecked", "sets.places.values[0].provenance"),
    ]


def test_checked_file_says_who_checked_it_and_when() -> None:
    text = changed("provenance: memory", "provenance: verified")
    nobody = text.replace("state: draft", "state: checked")
    assert findings(nobody) == [("unchecked", "review"), ("review-old", "review")]
    assert findings(changed("state: draft, encoded_by: tests", CHECKED, text=text)) == []
