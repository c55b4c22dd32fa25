"""Settings: one figure of a rule file set otherwise, in a scenario and nowhere else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from regimes import FILE, SMALL, changed, shipped_words, small

from ledger.errors import InputError
from ledger.quantity import Quantity
from ledger.regime.cased import CasedRegime, load_regime
from ledger.regime.dated import parameter_on
from ledger.regime.setting import Setting, amended, parse_setting
from ledger.yamltree import parse_tree

DATED = changed(
    "        provenance: verified\n  share:",
    "        provenance: verified\n"
    "      - from: 2027-06-01\n        known: 2026-06-01\n        value: 10^26 FLOP\n"
    "        cite: { source: repeal, at: s. 2, phrase: greater than }\n"
    "        provenance: verified\n  share:",
    text=changed(
        "        value: 10^25 FLOP\n        cite",
        "        until: 2027-06-01\n        value: 10^25 FLOP\n        cite",
    ),
)
"""The small regime with a line that rises to 10^26 on 2027-06-01."""


def supposed(*settings: str, text: str = DATED) -> CasedRegime:
    """Return the regime of a text under some settings; it must load like any other."""
    known = {"xx.small": small(text)}
    read = [parse_setting(each, known) for each in settings]
    tree = parse_tree(text, where=FILE)
    regime, flaws = load_regime(FILE, amended(tree, read), shipped_words())
    assert regime is not None, flaws
    assert tree == parse_tree(text, where=FILE), "what is amended stays as it was"
    return regime


def line(regime: CasedRegime, day: str, known: str | None = None) -> Any:
    """Return the line on a day in units of 10^24, or None."""
    found = parameter_on(
        regime.parameters["line"],
        date.fromisoformat(day),
        None if known is None else date.fromisoformat(known),
    )
    if found is None:
        return None
    assert isinstance(found.value, Quantity)
    return found.value.exact_int() // 10**24


def test_setting_without_a_day_takes_the_place_of_every_value() -> None:
    regime = supposed("xx.small/line=3*10^25 FLOP")
    days = ("2025-05-31", "2025-06-01", "2026-01-01", "2027-06-01", "2030-01-01")
    assert [line(regime, day) for day in days] == [None, 30, 30, 30, 30]
    (value,) = regime.parameters["line"].values
    assert value.provenance == "memory"
    assert regime.sources[value.cite.source].cite == "A scenario, not law"


def test_setting_with_a_day_ends_what_bound_before_and_drops_what_would_begin_later() -> None:
    regime = supposed("xx.small/line=3*10^25 FLOP,from=2026-10-01")
    days = ("2025-06-01", "2026-09-30", "2026-10-01", "2027-06-01")
    assert [line(regime, day) for day in days] == [10, 10, 30, 30]
    late = supposed("xx.small/line=3*10^25 FLOP,from=2028-01-01")
    assert [line(late, day) for day in ("2027-05-31", "2027-06-01", "2028-01-01")] == [10, 100, 30]


def test_setting_is_seen_however_early_the_law_is_known() -> None:
    regime = supposed("xx.small/line=3*10^25 FLOP,from=2027-06-01")
    assert line(regime, "2027-06-01", known="2025-01-10") == 30
    assert line(regime, "2027-06-01", known="2025-01-09") is None


def test_settings_of_one_figure_follow_each_other_in_any_order() -> None:
    first, second = "xx.small/line=2*10^25 FLOP", "xx.small/line=4*10^25 FLOP,from=2026-10-01"
    for settings in ((first, second), (second, first)):
        regime = supposed(*settings)
        assert [line(regime, day) for day in ("2026-09-30", "2026-10-01")] == [20, 40]


def test_setting_of_a_file_with_a_source_called_scenario_takes_another_name() -> None:
    text = SMALL.replace("  repeal: {", "  scenario: {").replace(
        "source: repeal", "source: scenario"
    )
    regime = supposed("xx.small/line=3*10^25 FLOP", "xx.small/notice=21 day", text=text)
    assert regime.sources["scenario"].cite == "Repeal Act 2026"
    assert regime.sources["scenario-2"].cite == "A scenario, not law"
    assert "scenario-3" not in regime.sources


@pytest.mark.parametrize(
    "text",
    ["xx.small/line=3*10^25 FLOP", "xx.small/line=500_000 FLOP,from=2027-01-01"],
)
def test_setting_writes_itself_as_it_is_given(text: str) -> None:
    setting = parse_setting(text, {"xx.small": small()})
    assert str(setting) == text
    assert isinstance(setting, Setting)


def test_setting_shows_how_the_figure_is_written_now() -> None:
    with pytest.raises(InputError) as refused:
        parse_setting("xx.small/share=10^25 FLOP", {"xx.small": small()})
    assert refused.value.where == "--set xx.small/share"
    assert refused.value.remedy == "write it like the figure now, 1/3 ratio"
