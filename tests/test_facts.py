"""Facts: one distinct value wins, two conflict, none is missing, and days are half-open."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import Record, Reverse, fact, records

from ledger.facts import Facts
from ledger.quantity import Quantity

MODEL = "model:m"
NAME = "model.open_weights"


def state(*given_: Record, on: str = "2026-05-01", name: str = NAME) -> tuple[str, Any, Any]:
    """Resolve a fact of the model and return outcome, value and entries."""
    found = Facts(records(*given_)).state(MODEL, name, date.fromisoformat(on))
    assert (found.subject, found.name) == (MODEL, name)
    assert found.known == (found.outcome == "known")
    return found.outcome, found.value, found.entries


def said(value: object, kind: str = "boolean", **changes: Any) -> Record:
    """State the fact."""
    return ("fact", fact(MODEL, NAME, kind, value, **changes))


def test_fact_that_nobody_states_is_missing() -> None:
    assert state() == ("missing", None, ())
    assert state(said(value=True), name="model.other") == ("missing", None, ())
    assert state(("fact", fact("model:n", NAME, "boolean", value=True))) == ("missing", None, ())


def test_fact_false_is_known() -> None:
    assert state(said(value=False)) == ("known", False, (0,))


def test_fact_stated_twice_alike_is_one() -> None:
    assert state(said(value=True), said(value=True)) == ("known", True, (0, 1))


def test_fact_stated_differently_names_both_entries() -> None:
    assert state(said(value=True), said(value=False)) == ("conflicting", None, (0, 1))


def test_fact_reversed_no_longer_conflicts() -> None:
    assert state(said(value=True), said(value=False), Reverse(0)) == ("known", False, (1,))
    assert state(said(value=True), Reverse(0)) == ("missing", None, ())


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        ("2025-12-31", "missing"),
        ("2026-01-01", "known"),
        ("2026-05-31", "known"),
        ("2026-06-01", "missing"),
    ],
)
def test_fact_holds_from_its_first_day_until_the_first_day_it_does_not(
    on: str, expected: str
) -> None:
    dated = said(value=True, valid_from="2026-01-01", valid_until="2026-06-01")
    assert state(dated, on=on)[0] == expected


def test_fact_followed_by_another_value_does_not_conflict() -> None:
    before = said(value=True, valid_until="2026-06-01")
    after = said(value=False, valid_from="2026-06-01")
    assert state(before, after, on="2026-05-31") == ("known", True, (0,))
    assert state(before, after, on="2026-06-01") == ("known", False, (1,))


def test_fact_values_have_the_type_of_their_kind() -> None:
    assert state(said(["image", "text"], "set"))[1] == frozenset({"image", "text"})
    assert state(said("2026-01-01", "date"))[1] == date(2026, 1, 1)
    assert state(said("words", "text"))[1] == "words"
    assert state(said("10^25 FLOP", "quantity"))[1] == Quantity.parse("10^25 FLOP")


def test_fact_quantities_are_one_if_their_amounts_are() -> None:
    alike = (said("1 day", "quantity"), said("24 hour", "quantity"))
    assert state(*alike)[0] == "known"
    assert state(said("10^3 FLOP", "quantity"), said("1_001 FLOP", "quantity"))[0] == "conflicting"
    assert state(said("7 day", "quantity"), said("7 FLOP", "quantity"))[0] == "conflicting"


def test_fact_kinds_are_not_mixed_up() -> None:
    assert state(said("2026-01-01", "date"), said("2026-01-01", "text"))[0] == "conflicting"
    assert state(said("1 day", "quantity"), said("1 day", "text"))[0] == "conflicting"


def test_facts_list_subjects_and_names() -> None:
    facts = Facts(records(said(value=True), ("fact", fact("site:s", "site.area", "text", "big"))))
    assert facts.subjects() == {"model:m", "site:s"}
    assert facts.names("model:m") == (NAME,)


WINDOWS = st.sampled_from([None, "2026-01-01", "2026-02-01", "2026-03-01"])


@given(
    rows=st.lists(st.tuples(st.booleans(), WINDOWS, WINDOWS), max_size=5),
    on=st.sampled_from(["2025-12-31", "2026-01-01", "2026-01-31", "2026-02-01", "2026-04-01"]),
)
def test_fact_outcome_counts_distinct_values_valid_that_day(
    rows: list[tuple[bool, str | None, str | None]], on: str
) -> None:
    given_ = [said(value, valid_from=first, valid_until=until) for value, first, until in rows]
    # ISO dates compare as text; this is the definition once more.
    valid = [
        (seq, value)
        for seq, (value, first, until) in enumerate(rows)
        if (first or "0") <= on < (until or "9")
    ]
    outcome, value, entries = state(*given_, on=on)
    assert entries == tuple(seq for seq, _ in valid)
    assert outcome == {0: "missing", 1: "known", 2: "conflicting"}[len({v for _, v in valid})]
    assert value == (valid[0][1] if outcome == "known" else None)
