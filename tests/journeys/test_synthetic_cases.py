"""Cases made up to part the lines of the law, recorded on one ledger and checked day by day."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest
from ledgers import commitment
from recorded import Answers, Recorded, about, step, work

E22, E24, E25 = 10**22, 10**24, 10**25
TODAY = "2026-11-22"
PLANNED = "2026-12-01"

GENERAL: Final = {
    "output_modalities": ["text"],
    "significant_generality": True,
    "is_foundation_model": True,
    "within_new_york": True,
}
OTHER_LIMBS: Final = {
    "most_advanced_technology": True,
    "broad_serious_risk": True,
    "solely_defence_or_national_security": False,
    "weights_published": False,
    "below_published_benchmark_floor": False,
    "compute_cost": "200_000_000 USD",
    "compute_cost_price_table": "prices of the test",
    "compute_cost_priced_on": date(2026, 1, 1),
    "distilled_from_frontier_model": False,
}


def general(model: str, **more: Any) -> list[dict[str, Any]]:
    """Return facts of a model that is meant for everything."""
    return about(f"model:{model}", **GENERAL, **more)


def developer(name: str) -> list[dict[str, Any]]:
    """Return facts of a developer with 600 million dollars in every year."""
    return about(
        f"developer:{name}",
        group_revenue_prior_calendar_year="600_000_000 USD",
        frontier_training_cost="200_000_000 USD",
        doing_business_in_connecticut=True,
        new_york_college_academic_research=False,
        is_empire_ai=False,
        accredited_academic_research=False,
    )


def at_the_line() -> list[dict[str, Any]]:
    """Return 10^26 to the operation, and one operation more, with every other limb true."""
    rows = []
    for model, operations in (("at", 10**26), ("over", 10**26 + 1)):
        facts = general(model, **OTHER_LIMBS, placed_on_market_on=date(2026, 3, 1))
        rows += [work(model, operations, "2026-02-01", developer=f"lab-{model}"), *facts]
        rows += developer(f"lab-{model}")
    return rows


def modifications() -> list[dict[str, Any]]:
    """Return modifiers of a model of 3.8e25, and of one whose figure nobody can have."""
    base = "Llama 3.1 405B"
    rows = [work(base, 38 * E24, "2025-08-01", extent="cumulative")]
    for model, operations, parent in (
        ("modified-13", 13 * E24, base),
        ("modified-12", 12 * E24, base),
        ("modified-of-hidden-12", 12 * E24, None),
    ):
        rows += [
            work(model, operations, "2026-11-10", activity="continued_pretrain"),
            step(model, parent, "no"),
            *general(model, base_is_systemic_risk=True, placed_on_market_on=date(2026, 11, 20)),
        ]
    return [*rows, *about("model:modified-of-hidden-12", base_compute_obtainable=False)]


def samples() -> list[dict[str, Any]]:
    """Return 9.5e24 of training on samples of 10^22 each: of 100 generated, 10 are used."""
    rows: list[dict[str, Any]] = []
    for model, made in (
        ("all-generated", {"used": ("synth_private", 10), "discarded": ("synth_private", 90)}),
        ("used-only", {"used": ("synth_private", 10)}),
        ("public", {"all": ("synth_public", 100)}),
    ):
        rows += [work(model, 95 * 10**23, "2026-10-02"), *general(model)]
        rows += [
            work(model, count * E22, "2026-10-01", run=f"{model} {part}", activity=activity)
            for part, (activity, count) in made.items()
        ]
    return rows


def plan(model: str, initiated: date) -> list[dict[str, Any]]:
    """Return a run of 1.2e26 planned on 1 December 2026, before any work on it."""
    lab = f"lab-{model}"
    planned = commitment(
        model,
        lab,
        contract=model,
        kind="plan",
        operations=str(12 * E25),
        agreed_on=PLANNED,
        window_start="2026-12-10",
        window_end="2027-06-01",
    )
    facts = general(model, placed_on_market_on=date(2027, 6, 1))
    waiting = about(f"model:{model}", training_initiated=False)
    waiting = [{**each, "valid_until": str(initiated)} for each in waiting]
    nothing = work(model, 0, PLANNED, developer=lab)
    return [{"type": "commitment", **planned}, nothing, *facts, *waiting, *developer(lab)]


def begun(model: str, initiated: date) -> list[dict[str, Any]]:
    """Return that the training of a planned run was initiated on a day."""
    stated = about(f"model:{model}", training_initiated=True, training_initiated_on=initiated)
    return [{**each, "valid_from": str(initiated)} for each in stated]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """All cases, each recorded on a day on which it was known."""
    made = Recorded(tmp_path_factory.mktemp("synthetic"), day=TODAY)
    made.record(*at_the_line(), *modifications(), *samples())
    late, early = date(2027, 1, 15), date(2026, 12, 20)
    made.record(*plan("planned", late), *plan("early", early), day=PLANNED)
    grown = work("grown", 99 * E24, "2026-12-15", developer="lab-grown")
    made.record(grown, *general("grown"), *developer("lab-grown"), day="2026-12-20")
    made.record(*begun("planned", late), *begun("early", early), day="2027-01-15")
    rl = work("grown", 2 * E24, "2027-02-14", developer="lab-grown", activity="rl_update")
    made.record(rl, day="2027-02-20")
    return made


def regimes(*names: str) -> tuple[str, ...]:
    return tuple(option for name in names for option in ("--regime", name))


STATES: Final = ("us.ca.sb53", "us.ny.raise.2026", "us.il.aisma", "us.ct.sb5")
EVERYWHERE: Final = regimes("eu.aia", "kr.aiba", "us.bis.4e091", *STATES)


@pytest.fixture(scope="module")
def today(ledger: Recorded) -> Answers:
    """What is said on 22 November 2026."""
    return ledger.check(*EVERYWHERE)


@pytest.fixture(scope="module")
def march(ledger: Recorded) -> Answers:
    """What is said on 10 March 2027."""
    return ledger.check(*regimes(*STATES), day="2027-03-10")


def test_ten_to_the_26_is_reached_in_korea_and_for_weights_and_not_exceeded_in_the_states(
    today: Answers, march: Answers
) -> None:
    for rule in ("kr.aiba/safety-duty", "us.bis.4e091/controlled-weights"):
        found = today.of(rule, "model:at")
        assert (found["finding"], found["comparison"], found["margin"]) == ("met", "ge", "0")
    for said, regime in ((today, "us.ca.sb53"), (today, "us.ct.sb5"), (march, "us.ny.raise.2026")):
        found = said.of(f"{regime}/frontier-model", "model:at")
        assert (found["finding"], found["comparison"], found["margin"]) == ("not_met", "gt", "0")
    for regime in STATES:
        rule = f"{regime}/frontier-model"
        assert (march.word(rule, "model:at"), march.word(rule, "model:over")) == ("not_met", "met")
        rule = f"{regime}/large-frontier-developer"
        assert march.word(rule, "developer:lab-at") == "not_met"
        assert march.word(rule, "developer:lab-over") == "met"
    assert today.word("eu.aia/gpaisr-presumption", "model:at") == "met"


def test_weights_are_controlled_on_the_books_and_the_control_is_not_enforced(
    today: Answers,
) -> None:
    assert today.document["coordinates"]["in_force_on"] == TODAY
    found = today.of("us.bis.4e091/controlled-weights", "model:at")
    assert (found["law"], found["enforcement"], found["finding"]) == (
        "in_force",
        "not_enforced",
        "met",
    )


def test_modifier_above_a_third_is_a_provider_with_two_weeks(today: Answers) -> None:
    third = today.of("eu.aia/modifier-one-third", "model:modified-13")
    assert third["finding"] == "met"
    assert third["margin"] == "333333333333333333333334"  # 1.3e25 less 3.8e25 / 3, away from it
    presumed = today.of("eu.aia/gpaisr-presumption", "model:modified-13")
    assert presumed["finding"] == "met"
    notice = {"obligation": "notify-commission", "on": "2026-11-24", "days_left": 2}
    assert presumed["due"] == [notice]


def test_modifier_below_a_third_is_outside_although_the_sum_is_above(today: Answers) -> None:
    third = today.of("eu.aia/modifier-one-third", "model:modified-12")
    assert (third["finding"], third["margin"]) == ("not_met", "666666666666666666666666")
    presumed = today.of("eu.aia/gpaisr-presumption", "model:modified-12")
    assert (presumed["finding"], presumed["due"]) == ("excepted", [])
    assert presumed["measured"]["operations"]["point"] == str(50 * E24)


def test_same_modifier_is_a_provider_where_the_figure_of_the_original_cannot_be_had(
    today: Answers,
) -> None:
    third = today.of("eu.aia/modifier-one-third", "model:modified-of-hidden-12")
    assert third["finding"] == "met"
    assert third["margin"] == "8666666666666666666666667"  # 1.2e25 less 10^25 / 3
    assert today.word("eu.aia/gpaisr-presumption", "model:modified-of-hidden-12") == "met"


def test_all_samples_that_were_generated_count(today: Answers) -> None:
    rule = "eu.aia/gpaisr-presumption"
    found = today.of(rule, "model:all-generated")
    assert (found["finding"], found["measured"]["operations"]["point"]) == (
        "met",
        str(105 * 10**23),
    )
    assert found["margin"] == str(5 * 10**23)
    assert today.word(rule, "model:used-only") == "not_met"
    public = today.of(rule, "model:public")
    assert (public["finding"], public["measured"]["operations"]["point"]) == (
        "not_met",
        str(95 * 10**23),
    )


def test_planned_run_starts_the_two_weeks_of_the_union_and_makes_a_developer_by_intention(
    ledger: Recorded,
) -> None:
    before = ledger.check(*EVERYWHERE, "--as-of", "2026-11-30", day=PLANNED)
    assert before.of("eu.aia/gpaisr-presumption", "model:planned")["due"] == []
    said = ledger.check(*EVERYWHERE, day=PLANNED)
    presumed = said.of("eu.aia/gpaisr-presumption", "model:planned")
    assert (presumed["finding"], presumed["foreseen"]) == (
        "not_met",
        {"finding": "met", "on": PLANNED},
    )
    assert presumed["due"] == [
        {"obligation": "notify-commission", "on": "2026-12-15", "days_left": 14}
    ]
    lab = "developer:lab-planned"
    for regime in ("us.ca.sb53", "us.ct.sb5"):
        for tier in ("frontier-developer", "large-frontier-developer"):
            found = said.of(f"{regime}/{tier}", lab)
            assert (found["finding"], found["met_on"]["earliest"]) == ("met", PLANNED), found
            assert before.word(f"{regime}/{tier}", lab) != "met"
    for regime in ("us.ny.raise.2026", "us.il.aisma"):
        found = said.of(f"{regime}/frontier-developer", lab)
        assert (found["law"], found["finding"]) == ("enacted", None)
    used = ledger.check(
        *regimes("us.ca.sb53"), "--reading", "us.ca.sb53/intention=used", day=PLANNED
    )
    assert used.word("us.ca.sb53/frontier-developer", lab) == "not_met"


@pytest.mark.parametrize(("day", "illinois"), [("2027-01-14", "not_met"), ("2027-01-15", "met")])
def test_planned_run_makes_a_developer_in_illinois_once_its_training_is_initiated(
    ledger: Recorded, day: str, illinois: str
) -> None:
    said = ledger.check(*regimes(*STATES), day=day)
    lab = "developer:lab-planned"
    assert said.word("us.ny.raise.2026/frontier-developer", lab) == "met"
    for tier in ("frontier-developer", "large-frontier-developer"):
        found = said.of(f"us.il.aisma/{tier}", lab)
        assert (found["law"], found["finding"]) == ("in_force", illinois)
        if illinois == "met":
            assert found["met_on"] == {"earliest": day, "latest": day}
        # Whether a run that began in 2026 makes one is open; the shipped reading says that it does.
        assert said.word(f"us.il.aisma/{tier}", "developer:lab-early") == "met"


def test_run_that_began_before_the_act_of_illinois_is_a_choice_of_reading(ledger: Recorded) -> None:
    narrow = ("--reading", "us.il.aisma/earlier-training=from-the-effective-day")
    said = ledger.check(*regimes("us.il.aisma"), *narrow, day="2027-01-15")
    rule = "us.il.aisma/frontier-developer"
    assert said.word(rule, "developer:lab-early") == "not_met"
    assert said.word(rule, "developer:lab-planned") == "met"


def test_reinforcement_learning_in_february_crosses_on_its_own_day(
    ledger: Recorded, march: Answers
) -> None:
    eve = ledger.check(*regimes(*STATES), "--as-of", "2027-02-13", day="2027-03-10")
    for regime in STATES:
        rule = f"{regime}/frontier-model"
        before, found = eve.of(rule, "model:grown"), march.of(rule, "model:grown")
        assert (before["finding"], before["margin"]) == ("not_met", str(E24))
        assert (found["finding"], found["margin"]) == ("met", str(E24))
        assert found["met_on"] == {"earliest": "2027-02-14", "latest": "2027-02-14"}
        made = march.of(f"{regime}/frontier-developer", "developer:lab-grown")
        assert (made["finding"], made["met_on"]["earliest"]) == ("met", "2027-02-14")


NEW_YORK: Final = "us.ny.raise.2025/frontier-model"


@pytest.mark.parametrize(
    ("day", "law", "finding"),
    [
        ("2026-03-18", "enacted", None),
        ("2026-03-22", "disputed", "met"),
        ("2026-03-27", "enacted", None),
    ],
)
def test_new_york_is_disputed_in_the_week_between_two_acts(
    ledger: Recorded, day: str, law: str, finding: str | None
) -> None:
    said = ledger.check("--rule", NEW_YORK, "--in-force-on", day)
    found = said.of(NEW_YORK, "model:over")
    assert (found["law"], found["enforcement"] == "enforced", found["finding"]) == (
        law,
        False,
        finding,
    )
    assert said.word(NEW_YORK, "model:at") == (finding and "not_met")


def test_new_york_was_plainly_in_force_to_who_looked_that_week(ledger: Recorded) -> None:
    known = ("--in-force-on", "2026-03-22", "--law-known-on", "2026-03-22")
    found = ledger.check("--rule", NEW_YORK, *known).of(NEW_YORK, "model:over")
    assert (found["law"], found["finding"]) == ("in_force", "met")
