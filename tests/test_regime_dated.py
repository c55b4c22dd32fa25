"""The law on a day, as known on another."""

from __future__ import annotations

from datetime import date

import pytest
from regimes import SMALL, changed, small

from ledger.quantity import Quantity
from ledger.regime.cased import CasedRegime
from ledger.regime.dated import (
    applies_from,
    enforcement_on,
    members_on,
    parameter_on,
    standing_on,
)
from ledger.regime.source import DatedSet, Parameter

TWO_CLOCKS = changed(
    "        provenance: verified\n",
    "        provenance: verified\n"
    "      - from: 2026-01-01\n"
    "        known: 2026-03-27\n"
    "        retroactive: The amendment replaced the definition from the first of January.\n"
    "        value: 10^26 FLOP\n"
    "        cite: { source: act, at: s. 2, phrase: greater than }\n"
    "        provenance: verified\n",
)


def line(on: str, known: str | None = None, *, text: str = SMALL, nearest: bool = False) -> str:
    """Return the value of the line on a day as text, or that there is none."""
    parameter = small(text).parameters["line"]
    day = None if known is None else date.fromisoformat(known)
    found = parameter_on(parameter, date.fromisoformat(on), day, nearest=nearest)
    return "none" if found is None else f"{found.value} {'binds' if found.binding else 'near'}"


@pytest.mark.parametrize(
    ("on", "law", "enforcement"),
    [
        ("2024-10-31", None, None),
        ("2024-11-01", "proposed", None),
        ("2025-01-09", "proposed", None),
        ("2025-01-10", "enacted", None),
        ("2025-03-01", "enacted", None),
        ("2025-05-31", "enacted", None),
        ("2025-06-01", "in_force", "grace_period"),
        ("2025-12-31", "in_force", "grace_period"),
        ("2026-01-01", "in_force", "enforced"),
        ("2026-12-31", "in_force", "enforced"),
        ("2027-01-01", "rescinded", "enforced"),
    ],
)
def test_dated_status_follows_the_events(on: str, law: str | None, enforcement: str | None) -> None:
    standing = standing_on(small(), date.fromisoformat(on))
    assert (standing.law, standing.enforcement) == (law, enforcement)
    assert standing.applicable == (law == "in_force")


def test_dated_status_names_the_event_that_gave_it() -> None:
    standing = standing_on(small(), date(2026, 5, 1))
    assert standing.since == date(2025, 6, 1)
    assert standing.cite is not None
    assert standing.cite.at == "s. 9"
    assert standing.applies_from == date(2025, 6, 1)


def test_dated_what_was_published_later_is_not_seen() -> None:
    regime, day = small(), date(2027, 6, 1)
    assert standing_on(regime, day, date(2026, 5, 31)).law == "in_force"
    assert standing_on(regime, day, date(2026, 6, 1)).law == "rescinded"
    assert standing_on(regime, day, date(2025, 1, 9)).law == "proposed"
    assert standing_on(regime, day, date(2024, 10, 1)).law is None
    assert applies_from(regime, date(2025, 1, 9)) is None


def test_dated_entering_into_force_applies_unless_a_later_day_is_named() -> None:
    applies = "  - { on: 2025-06-01, event: applies, cite: { source: act, at: s. 9 } }\n"
    regime = small(changed(applies, ""))
    assert standing_on(regime, date(2025, 3, 1)).law == "in_force"
    assert applies_from(regime) == date(2025, 3, 1)


def events(*lines: str) -> CasedRegime:
    """Return the small regime with other events after the one that applies."""
    rescinded = "  - { on: 2027-01-01, event: rescinded, cite: { source: repeal, at: s. 1 } }\n"
    new = "".join(f"  - {{ {line}, cite: {{ source: act }} }}\n" for line in lines)
    return small(SMALL.replace(rescinded, new).replace("  repeal:", "  other:"))


def law(regime: CasedRegime, on: str) -> str | None:
    """Return the status of a regime on a day."""
    return standing_on(regime, date.fromisoformat(on)).law


def test_dated_dispute_and_suspension_fall_back_when_they_end() -> None:
    regime = events(
        "on: 2026-03-19, until: 2026-03-27, event: disputed",
        "on: 2026-06-01, until: 2026-07-01, event: suspended",
    )
    assert law(regime, "2026-03-18") == "in_force"
    assert law(regime, "2026-03-19") == "disputed"
    assert law(regime, "2026-03-26") == "disputed"
    assert law(regime, "2026-03-27") == "in_force"
    assert law(regime, "2026-06-30") == "suspended"
    assert law(regime, "2026-07-01") == "in_force"
    assert standing_on(regime, date(2026, 3, 20)).applicable


def test_dated_suspension_without_end_lasts_until_revived() -> None:
    regime = events("on: 2026-03-01, event: suspended", "on: 2026-09-01, event: revived")
    assert law(regime, "2026-08-31") == "suspended"
    assert law(regime, "2026-09-01") == "in_force"


@pytest.mark.parametrize(
    ("event", "status"),
    [("expired", "expired"), ("vetoed", "vetoed"), ("voluntary", "voluntary")],
)
def test_dated_every_ending_has_its_status(event: str, status: str) -> None:
    assert law(events(f"on: 2026-03-01, event: {event}"), "2026-03-01") == status


def test_dated_events_of_one_day_keep_the_order_of_the_file() -> None:
    regime = events("on: 2026-03-01, event: suspended", "on: 2026-03-01, event: revived")
    assert law(regime, "2026-03-01") == "in_force"


def test_dated_values_bind_from_their_first_day() -> None:
    assert line("2025-05-31") == "none"
    assert line("2025-06-01") == f"{10**25} FLOP binds"


def test_dated_later_knowledge_replaces_a_value_on_the_days_of_both() -> None:
    assert line("2026-02-01", "2026-03-26", text=TWO_CLOCKS) == f"{10**25} FLOP binds"
    assert line("2026-02-01", "2026-03-27", text=TWO_CLOCKS) == f"{10**26} FLOP binds"
    assert line("2026-02-01", text=TWO_CLOCKS) == f"{10**26} FLOP binds"
    assert line("2025-12-31", text=TWO_CLOCKS) == f"{10**25} FLOP binds"


def test_dated_nearest_value_serves_a_regime_that_is_only_assumed() -> None:
    ended = changed(
        "        known: 2025-01-10\n        value: 10^25 FLOP\n",
        "        until: 2026-01-01\n        known: 2025-01-10\n        value: 10^25 FLOP\n",
    )
    assert line("2026-01-01", text=ended) == "none"
    assert line("2026-01-01", text=ended, nearest=True) == f"{10**25} FLOP near"
    assert line("2020-01-01", text=ended, nearest=True) == f"{10**25} FLOP near"
    assert line("2025-12-31", text=ended, nearest=True) == f"{10**25} FLOP binds"
    assert line("2026-01-01", "2025-01-09", text=ended, nearest=True) == "none"


def test_dated_nearest_of_two_ended_values_is_the_later() -> None:
    cite = {"source": "act"}
    values = [
        {"from": "2024-01-01", "until": "2024-06-01", "value": "1 FLOP"},
        {"from": "2025-01-01", "until": "2025-06-01", "value": "2 FLOP"},
    ]
    rows = [row | {"known": "2023-01-01", "cite": cite, "provenance": "memory"} for row in values]
    parameter = Parameter.model_validate(
        {"dimension": "operations", "values": tuple(rows)}, strict=True
    )
    for day, number in (("2024-09-01", 1), ("2025-09-01", 2), ("2023-06-01", 1)):
        found = parameter_on(parameter, date.fromisoformat(day), nearest=True)
        assert found is not None
        assert isinstance(found.value, Quantity)
        assert found.value.exact_int() == number, day


def values(*rows: tuple[str, str | None, str, str]) -> Parameter:
    """Return a parameter with values as (from, until, known, quantity)."""
    built = [
        {"from": start, "known": known, "value": value, "cite": {"source": "act"},
         "provenance": "memory"} | ({} if stop is None else {"until": stop})
        for start, stop, known, value in rows
    ]  # fmt: skip
    return Parameter.model_validate({"dimension": "operations", "values": tuple(built)})


def picked(parameter: Parameter, on: str, *, nearest: bool = False) -> int:
    """Return the operations that a parameter gives on a day."""
    found = parameter_on(parameter, date.fromisoformat(on), nearest=nearest)
    assert found is not None
    assert isinstance(found.value, Quantity)
    return found.value.exact_int()


def test_dated_later_knowledge_wins_over_a_later_start() -> None:
    parameter = values(
        ("2026-01-01", None, "2025-01-01", "1 FLOP"), ("2025-06-01", None, "2025-12-01", "2 FLOP")
    )
    assert picked(parameter, "2026-02-01") == 2


def test_dated_nearest_is_the_value_that_ended_last() -> None:
    parameter = values(
        ("2024-01-01", "2024-06-01", "2023-12-01", "1 FLOP"),
        ("2025-01-01", "2025-06-01", "2023-01-01", "2 FLOP"),
    )
    assert picked(parameter, "2026-01-01", nearest=True) == 2


def test_dated_rules_apply_from_the_first_day_that_one_does() -> None:
    regime = events("on: 2026-08-02, event: applies")
    assert applies_from(regime) == date(2025, 6, 1)


def test_dated_sets_change_their_members() -> None:
    base = {"known": "2023-01-01", "cite": {"source": "act"}, "provenance": "memory"}
    rows = (
        base | {"from": "2024-01-01", "until": "2025-01-01", "members": ("NO", "SE")},
        base | {"from": "2025-01-01", "members": ("NO",)},
    )
    listed = DatedSet.model_validate({"of": "country", "values": rows})
    assert members_on(listed, date(2024, 12, 31)) == {"NO", "SE"}
    assert members_on(listed, date(2025, 1, 1)) == {"NO"}
    assert members_on(listed, date(2023, 12, 31)) is None
    assert members_on(listed, date(2023, 12, 31), nearest=True) == {"NO", "SE"}


def test_dated_enforcement_hides_what_was_announced_later() -> None:
    announced = changed(
        "  - { from: 2026-01-01, stance: enforced }\n",
        "  - { from: 2026-01-01, stance: enforced, known: 2025-10-01 }\n",
    )
    regime = small(announced)
    assert enforcement_on(regime, date(2026, 2, 1), date(2025, 9, 30)) is None
    assert enforcement_on(regime, date(2026, 2, 1), date(2025, 10, 1)) == "enforced"
