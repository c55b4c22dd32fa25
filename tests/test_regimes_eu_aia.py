"""What is particular to the EU AI Act: the list of what counts, the dates, the two measures."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from ledger.pack import read_pack
from ledger.quantity import Quantity
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.counting import CountingSet
from ledger.regime.dated import standing_on
from ledger.regime.law import Law
from ledger.resources import rules_root

DAY = date(2026, 11, 22)
# Annex A.1 of the guidelines, item by item, written down apart from the rule file.
COUNTED = {
    "pretrain",
    "continued_pretrain",
    "sft",
    "preference",
    "rl_update",
    "synth_private",
    "merge_input",
}
LEFT_OUT = {
    "eval",
    "red_team",
    "failed_experiment",
    "exploratory",
    "distil_teacher_training",
    "auxiliary_model",
    "recompute",
    "startup",
    "idle",
    "inference_service",
}
NOT_NAMED = {
    "rl_rollout",
    "distil_teacher_forward",
    "restart_waste",
    "data_processing",
    "unknown",
}
# Public data fall away, but since when they have to be public is nowhere said.
PUBLIC = {"synth_public"}
WHOLE = ("cumulative", "direct-update")
STEPS = ("cumulative-step", "direct-update-step")


@pytest.fixture(scope="module", name="act")
def _act() -> CasedRegime:
    return load_cased(read_pack(rules_root(None)))["eu.aia"]


def counting(act: CasedRegime, name: str, **readings: str) -> CountingSet:
    chosen = {key.replace("_", "-"): value for key, value in readings.items()}
    return Law.on(act, DAY, readings=chosen).counting[name]


def test_cumulative_compute_counts_what_the_annex_names(act: CasedRegime) -> None:
    found = act.counting["cumulative"].activities
    assert {name for name, word in found.items() if word == "counted"} == COUNTED
    assert {name for name, word in found.items() if word == "excluded"} == LEFT_OUT
    assert set(found) == COUNTED | LEFT_OUT | NOT_NAMED | PUBLIC


def test_cumulative_compute_takes_the_cautious_reading_of_what_is_not_named(
    act: CasedRegime,
) -> None:
    assert counting(act, "cumulative").activities == COUNTED | NOT_NAMED


@pytest.mark.parametrize(
    ("reading", "alternative", "activity"),
    [
        ("rl_rollout", "not-named", "rl_rollout"),
        ("distil_teacher_forward", "with-the-teacher", "distil_teacher_forward"),
        ("restart_waste", "no-contribution", "restart_waste"),
        ("data_processing", "not-training", "data_processing"),
        ("unknown_activity", "left-out", "unknown"),
    ],
)
def test_each_reading_moves_one_activity(
    act: CasedRegime, reading: str, alternative: str, activity: str
) -> None:
    moved = counting(act, "cumulative", **{reading: alternative})
    assert counting(act, "cumulative").activities - moved.activities == {activity}


def test_direct_updates_count_only_what_changes_parameters(act: CasedRegime) -> None:
    updates = {"pretrain", "continued_pretrain", "sft", "preference", "rl_update"}
    assert counting(act, "direct-update").activities == updates | {"restart_waste", "unknown"}


def test_data_published_later_count_under_the_other_reading(act: CasedRegime) -> None:
    moved = counting(act, "cumulative", published_later="when-used")
    assert moved.activities == COUNTED | NOT_NAMED | PUBLIC


@pytest.mark.parametrize("name", [*WHOLE, *STEPS])
def test_every_measure_counts_floating_point_and_follows_the_weights(
    act: CasedRegime, name: str
) -> None:
    found = counting(act, name)
    assert found.operation_kinds == {"float", "unknown"}
    assert found.relations == {"derived", "merged", "initialised"}
    both = counting(act, name, integer_operations="any-arithmetic")
    assert both.operation_kinds == {"float", "integer", "unknown"}


@pytest.mark.parametrize(("whole", "step"), list(zip(WHOLE, STEPS, strict=True)))
def test_a_step_counts_the_same_and_keeps_the_versions_of_one_provider_apart(
    act: CasedRegime, whole: str, step: str
) -> None:
    assert counting(act, whole).same_provider == "collapse"
    assert counting(act, step).same_provider == "ancestor"
    for field in ("activities", "operation_kinds"):
        assert getattr(act.counting[step], field) == getattr(act.counting[whole], field), field


def test_figures_are_exact(act: CasedRegime) -> None:
    law = Law.on(act, DAY)

    def figure(name: str) -> int | None:
        found = law.parameter(name)
        assert found is not None
        assert isinstance(found.value, Quantity)
        return found.value.exact_int()

    assert figure("systemic-risk-flop") == 10_000_000_000_000_000_000_000_000
    assert figure("gpai-indicative-flop") == 100_000_000_000_000_000_000_000
    assert figure("notification-period") == 14 * 24 * 3600
    assert figure("reach-business-users") == 10_000
    assert int(1e25) != 10**25, "a float could not hold the line"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("modifier-share", "1/3 ratio"),
        ("permitted-upper-end", "130 percent"),
        ("documentation-retention", "10 year"),
        ("reassessment-wait", "6 month"),
        ("legacy-cutoff", "2025-08-02"),
        ("legacy-compliance-day", "2027-08-02"),
    ],
)
def test_other_figures_stand_as_the_text_gives_them(
    act: CasedRegime, name: str, written: str
) -> None:
    found = Law.on(act, DAY).parameter(name)
    assert found is not None
    assert str(found.value) == written


def test_every_figure_was_read_in_its_text(act: CasedRegime) -> None:
    given = [value for parameter in act.parameters.values() for value in parameter.values]
    assert {value.provenance for value in given} == {"verified"}
    assert all(value.cite.phrase for value in given)


def test_a_share_is_a_third_and_not_its_decimals(act: CasedRegime) -> None:
    found = Law.on(act, DAY).parameter("modifier-share")
    assert found is not None
    assert isinstance(found.value, Quantity)
    assert found.value.value == Fraction(1, 3)


def test_guidance_is_never_called_law(act: CasedRegime) -> None:
    for rule in act.rules:
        binding = act.sources[rule.cite.source].binding
        assert (rule.effect == "indication") == (binding == "guidance"), rule.id


@pytest.mark.parametrize(
    ("day", "law", "enforcement"),
    [
        (date(2024, 6, 12), None, None),
        (date(2024, 7, 31), "enacted", None),
        (date(2025, 8, 1), "enacted", None),
        (date(2025, 8, 2), "in_force", "no_fines_yet"),
        (date(2026, 8, 1), "in_force", "no_fines_yet"),
        (date(2026, 8, 2), "in_force", "enforced"),
    ],
)
def test_standing_changes_on_the_days_of_the_act(
    act: CasedRegime, day: date, law: str | None, enforcement: str | None
) -> None:
    found = standing_on(act, day)
    assert (found.law, found.enforcement) == (law, enforcement)


def test_indicative_figure_was_not_known_before_the_guidelines(act: CasedRegime) -> None:
    before = Law.on(act, DAY, law_known_on=date(2025, 7, 17))
    assert before.parameter("gpai-indicative-flop") is None
    assert before.parameter("systemic-risk-flop") is not None


def test_notification_names_recipient_content_and_the_two_weeks(act: CasedRegime) -> None:
    rule = act.rule("gpaisr-presumption")
    assert rule is not None
    notify = rule.obligations[0]
    assert notify.id == "notify-commission"
    assert notify.due is not None
    assert (notify.due.within, notify.due.after and notify.due.after.earliest) == (
        "notification-period",
        ("met", "foreseen"),
    )
    assert any("two significant figures" in item for item in notify.content)
    assert notify.recipient is not None
    assert "Commission" in notify.recipient["en"]


def test_each_duty_binds_older_models_on_another_day(act: CasedRegime) -> None:
    """Art. 111(3): one conditional duty per rule, and the dated duties ask the same day."""
    found = {
        duty.id: (duty.when, duty.due and duty.due.on)
        for rule in act.rules
        for duty in rule.obligations
        if duty.id.startswith("transition-")
    }
    assert len(found) == 3
    for when, on in found.values():
        assert str(when).count("legacy-cutoff") == 1
        assert on == "legacy-compliance-day"


def test_designation_stays_a_decision_from_outside(act: CasedRegime) -> None:
    rule = act.rule("gpaisr-designation")
    assert rule is not None
    assert rule.when == "model.designated_systemic_risk"
