"""Obligations: the day on which they fall due, and the filings that close them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ledgers import records
from regimes import SMALL, changed, small

from ledger.obligations import DueDate, Filings, binding_since, due_date
from ledger.regime.law import Law
from ledger.report.law import LawView, clock_in_words

DAY = date(2026, 2, 1)
WITHIN = "due: { within: notice, after: { earliest: [met, foreseen] } }"
_FIXED = """\
  fixed:
    dimension: date
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 2026-05-01
        cite: { source: act, at: s. 6 }
        provenance: verified
counting:
"""


def law(due: str = WITHIN, period: str = "14 day", on: date = DAY, **known: date) -> Law:
    """Return the small act with another due date and period, without its cases."""
    text = changed(WITHIN, due, text=changed("value: 14 day", f"value: {period}"))
    text = changed("counting:\n  work:", f"{_FIXED}  work:", text=text)
    return Law.on(small(text[: text.index("cases:")]), on, **known)


def due(
    moments: dict[str, date | None], asked: Law | None = None, not_before: date | None = None
) -> DueDate | None:
    """Return when the duty of the small act falls due."""
    act = asked or law()
    return due_date(act, act.rule("above").obligations[0], moments, not_before=not_before)


@pytest.mark.parametrize(
    ("met", "foreseen", "since"),
    [
        (date(2026, 3, 9), None, date(2026, 3, 9)),
        (None, date(2026, 3, 9), date(2026, 3, 9)),
        (date(2026, 3, 9), date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 1)),
    ],
)
def test_period_runs_from_the_earliest_moment(
    met: date | None, foreseen: date | None, since: date
) -> None:
    found = due({"met": met, "foreseen": foreseen})
    assert found == DueDate("tell", since, date.fromordinal(since.toordinal() + 14))


def test_latest_moment_needs_all_of_them() -> None:
    both = law(due="due: { within: notice, after: { latest: [met, foreseen] } }")
    assert due({"met": date(2026, 3, 9)}, both) == DueDate("tell", None, None)
    found = due({"met": date(2026, 3, 9), "foreseen": date(2026, 3, 1)}, both)
    assert found is not None
    assert found.on == date(2026, 3, 23)


def test_no_clock_starts_before_the_day_given() -> None:
    found = due({"met": date(2024, 3, 9)}, not_before=date(2025, 6, 1))
    assert found == DueDate("tell", date(2025, 6, 1), date(2025, 6, 15))


def test_moment_that_has_not_come_gives_no_day() -> None:
    assert due({"met": None}) == DueDate("tell", None, None)


@pytest.mark.parametrize(
    ("period", "on"),
    [("2 week", date(2026, 3, 15)), ("72 hour", date(2026, 3, 4)), ("25 hour", date(2026, 3, 3))],
)
def test_period_in_hours_ends_on_the_day_it_is_over(period: str, on: date) -> None:
    found = due({"met": date(2026, 3, 1)}, law(period=period))
    assert found is not None
    assert found.on == on


def test_fixed_day_of_the_law_stands_alone_or_bounds_the_period() -> None:
    alone = law(due="due: { on: fixed }")
    assert due({}, alone) == DueDate("tell", None, date(2026, 5, 1))
    both = law(due="due: { within: notice, after: { earliest: [met] }, on: fixed }")
    early = due({"met": date(2026, 3, 1)}, both)
    late = due({"met": date(2026, 4, 30)}, both)
    assert early is not None
    assert late is not None
    assert (early.on, late.on) == (date(2026, 5, 1), date(2026, 5, 14))


@pytest.mark.parametrize(
    ("period", "on"),
    [
        ("25 day", date(2027, 2, 4)),
        ("3 week", date(2027, 2, 8)),
        ("25 hour", date(2027, 2, 27)),
    ],
)
def test_duty_ahead_of_a_date_is_due_so_long_before_it(period: str, on: date) -> None:
    act = law(due="due: { before: model.deployed_on, ahead: notice }", period=period)
    found = due({"met": DAY, "model.deployed_on": date(2027, 3, 1)}, act)
    assert found == DueDate("tell", None, on)


def test_duty_ahead_of_a_date_that_nobody_recorded_has_no_day() -> None:
    act = law(due="due: { before: model.deployed_on, ahead: notice }")
    assert due({"met": DAY, "model.deployed_on": None}, act) == DueDate("tell", None, None)


def test_duty_before_a_date_alone_is_due_on_it() -> None:
    act = law(due="due: { before: model.deployed_on }")
    found = due({"model.deployed_on": date(2027, 3, 1)}, act)
    assert found == DueDate("tell", None, date(2027, 3, 1))


@pytest.mark.parametrize(
    ("stated", "shown"),
    [
        (
            "due: { before: model.deployed_on, ahead: notice }",
            "14 days (notice) before model.deployed_on",
        ),
        ("due: { before: model.deployed_on }", "by model.deployed_on"),
    ],
)
def test_duty_before_a_date_is_shown_in_words(stated: str, shown: str) -> None:
    act = law(due=stated)
    view = LawView.of(act.regime, DAY, None, {})
    assert clock_in_words(view, act.rule("above").obligations[0].due) == shown


def test_standing_duty_has_no_day() -> None:
    act = law()
    standing = act.rule("above").obligations[0].model_copy(update={"due": None})
    assert due_date(act, standing, {"met": DAY}, not_before=None) is None


def test_rule_applies_since_its_figure_does() -> None:
    act = law()
    assert binding_since(act, act.rule("above"), date(2025, 6, 1)) == date(2025, 6, 1)
    assert binding_since(act, act.rule("above"), date(2025, 8, 1)) == date(2025, 8, 1)


def revised(value: str, known: str = "2025-11-01") -> str:
    """Return the small act with a second value of the line from 2026 on."""
    first = (
        "        cite: { source: act, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n"
    )
    second = (
        f"      - from: 2026-01-01\n        known: {known}\n        value: {value}\n"
        "        cite: { source: repeal, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n"
    )
    ended = changed("value: 10^25 FLOP", "until: 2026-01-01\n        value: 10^25 FLOP")
    text = changed(first, first + second, text=ended)
    return text[: text.index("cases:")]


@pytest.mark.parametrize(
    ("value", "since"),
    [("10^24 FLOP", date(2026, 1, 1)), ("10^25 FLOP", date(2025, 6, 1))],
)
def test_new_figure_starts_the_rule_anew_and_a_restated_one_does_not(
    value: str, since: date
) -> None:
    act = Law.on(small(revised(value)), DAY)
    assert binding_since(act, act.rule("above"), date(2025, 6, 1)) == since


def test_figure_that_returns_starts_the_rule_anew() -> None:
    text = revised("10^24 FLOP")
    between = "known: 2025-11-01\n        value: 10^24 FLOP"
    back = (
        "until: 2026-01-20\n        " + between + "\n"
        "        cite: { source: repeal, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n"
        "      - from: 2026-01-20\n        known: 2025-11-01\n        value: 10^25 FLOP"
    )
    act = Law.on(small(changed(between, back, text=text)), DAY)
    assert binding_since(act, act.rule("above"), date(2025, 6, 1)) == date(2026, 1, 20)


def test_figure_published_later_does_not_count() -> None:
    text = revised("10^24 FLOP", known="2026-06-01")
    act = Law.on(small(text), DAY, law_known_on=date(2026, 2, 1))
    # Under what was known, no figure binds in 2026: the first one ended.
    assert binding_since(act, act.rule("above"), date(2025, 6, 1)) == date(2025, 6, 1)


def filing(**changes: Any) -> tuple[str, dict[str, Any]]:
    """Return a filing under the small act."""
    body = {
        "regime": "xx.small",
        "rule": "above",
        "obligation": "tell",
        "subject": "model:m",
        "sent": "notice",
        "sent_at": "2026-03-10T23:59:59Z",
        "receipt": None,
    }
    return "filing", {**body, **changes}


def test_filings_are_found_by_regime_rule_and_subject_in_order() -> None:
    held = records(filing(), filing(subject="m"), filing(rule="other"), filing(subject="model:n"))
    filings = Filings(held, as_of=DAY.replace(year=2027))
    found = filings.of("xx.small", "above", "model:m")
    assert [(each.seq, each.obligation) for each in found] == [(0, "tell"), (1, "tell")]
    assert found[0].sent_on == date(2026, 3, 10)


@pytest.mark.parametrize(("as_of", "count"), [(date(2026, 3, 9), 0), (date(2026, 3, 10), 1)])
def test_filing_counts_from_the_day_it_was_sent(as_of: date, count: int) -> None:
    filings = Filings(records(filing()), as_of=as_of)
    assert len(filings.of("xx.small", "above", "model:m")) == count


def test_small_act_states_what_these_tests_change() -> None:
    assert WITHIN in SMALL
