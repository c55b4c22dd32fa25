"""Rules that stand in the books and that nobody enforces: each is met and says so.

The rules of the AI Diffusion Framework and entry 4E091, on 22 November 2026: an authority said in
May 2025 that it would not enforce them, and no repeal was published. Each gets records that meet it
and, beside them, records that do not.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import pytest
from recorded import Answers, Recorded, about, holding, step, work

H100: Final = 15_832
"""Total processing performance of the part that is held everywhere here."""
E25: Final = 10**25
BASE: Final = "us.diffusion"
EXCEPTIONS: Final = "us.diffusion.exceptions"
VEU: Final = "us.diffusion.veu"
WEIGHTS: Final = "us.bis.4e091"


def sent(quantity: int, to: str, country: str, day: str, **changes: Any) -> dict[str, Any]:
    """Return H100 shipped to a consignee."""
    more = {"quantity": quantity, "destination": country, "on": day, "event": "shipped", **changes}
    return holding("nvidia-h100-sxm5", hidden={"consignee": to}, **more)


def had(quantity: int, by: str, country: str, **changes: Any) -> dict[str, Any]:
    """Return H100 that a company has installed."""
    hidden = {"ultimate_parent": by, "consignee": f"{by} subsidiary"}
    more = {"quantity": quantity, "destination": country, "event": "installed", **changes}
    return holding("nvidia-h100-sxm5", hidden=hidden, **more)


def destinations() -> list[dict[str, Any]]:
    """Return licensed shipments to two countries, of which one is a device above its allocation."""
    open_ = {"government_assurances": False, "allocation_met": False, "country_group_d5": False}
    return [
        sent(49_899, "Buyer", "IN", "2026-03-02", authorisation="D1"),
        sent(49_898, "Buyer", "AE", "2026-03-03", authorisation="D1"),
        *about("destination:IN", **open_),
        *about("destination:AE", **open_),
    ]


def friends() -> list[dict[str, Any]]:
    """Return shipments inside the list of countries, up to and above 253,000,000 TPP."""
    rows = []
    for name, quantity in (("Friend Above", 15_981), ("Friend Below", 15_980)):
        rows.append(sent(quantity, name, "DE", "2026-03-04", authorisation="AIA"))
        facts = {"headquarters": "DE", "parent_headquarters": "JP"}
        rows += about(f"consignee:{name}", **facts)
    return rows


def small_orders() -> list[dict[str, Any]]:
    """Return what one company received under the exception for small orders, in two shipments."""
    below = {"lpp_year_with_others": "below_limit"}
    facts = {"headquarters": "SG", "headquartered_in_d5": False, **below}
    return [
        had(1_700, "Small", "SG", event="received", authorisation="LPP", on="2026-03-05"),
        had(203, "Small", "SG", event="shipped", authorisation="LPP", on="2026-03-06"),
        had(202, "Small", "SG", event="shipped", authorisation="LPP", on="2026-03-07"),
        *about("company:Small", **facts),
        sent(1, "Wrong", "CN", "2026-03-08", authorisation="LPP"),
        holding("nvidia-h100-sxm5", authorisation="ACM", hidden={"site": "Plant"}),
    ]


def validated() -> list[dict[str, Any]]:
    """Return the installed base of validated end users, by country."""
    wide = {"veu_authorisations": ["universal"]}
    return [
        had(269_881, "National", "IN", on="2026-11-02"),
        *about("company:National", veu_authorisations=["national"], headquarters="SG"),
        *(had(n, "American", c) for c, n in (("US", 40), ("FR", 53), ("IN", 7))),
        *about("company:American", **wide, headquarters="US"),
        *(had(n, "European", c) for c, n in (("DE", 74), ("IN", 8), ("BR", 7), ("KE", 11))),
        *about("company:European", **wide, headquarters="DE"),
        *about("site:Plant", new_uveu_location=True, first_delivery_on=date(2027, 6, 1)),
        *about("transaction:move", uveu_chip_transfer=True, chips_moved_on=date(2027, 6, 1)),
    ]


def trained() -> list[dict[str, Any]]:
    """Return models of 10^26, and fine-tuning of one by a quarter and by one operation more."""
    closed = {"weights_published": False, "below_published_benchmark_floor": False}
    rows = [work("closed", 10 * E25, "2026-02-01"), work("open", 10 * E25, "2026-02-01")]
    for model, operations in (("quarter", 25 * E25 // 10), ("more", 25 * E25 // 10 + 1)):
        rows += [work(model, operations, "2026-03-01", activity="sft"), step(model, "closed", "no")]
    for model in ("closed", "quarter", "more"):
        rows += about(f"model:{model}", **closed, veu_training_outside_list=True)
    rows += about("model:open", weights_published=True, below_published_benchmark_floor=False)
    for name, country in (("abroad", "SG"), ("at-home", "DE")):
        rows += about(
            f"transaction:{name}",
            exports_4e091_weights=True,
            deemed_export_to_permanent_employee=False,
            to_d5_or_macau=False,
            weights_in_secured_facility=False,
            recipient_headquarters=country,
            recipient_parent_headquarters=country,
        )
    return rows


RECORDS: Final = (*destinations(), *friends(), *small_orders(), *validated(), *trained())


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    made = Recorded(tmp_path_factory.mktemp("unenforced"), day="2026-11-22")
    made.record(*RECORDS)
    return made


@pytest.fixture(scope="module")
def said(ledger: Recorded) -> Answers:
    """What is said of all four rule files on 22 November 2026."""
    regimes = (BASE, EXCEPTIONS, VEU, WEIGHTS)
    return ledger.check(*(option for name in regimes for option in ("--regime", name)))


@pytest.fixture(scope="module")
def stand_in(ledger: Recorded) -> dict[str, str]:
    """The pseudonym that stands for each confidential name."""
    found: dict[str, str] = {}
    for seq, record in enumerate(RECORDS):
        hidden = record.get("hidden", {})
        if hidden.keys() and not set(hidden.values()) <= found.keys():
            body = ledger.told_as_json("show", str(seq))["body"]
            found |= {name: body[f"{field}_pseudonym"] for field, name in hidden.items()}
    return found


def test_none_of_these_rules_is_enforced_and_each_is_met_by_something(said: Answers) -> None:
    rows = said.document["determinations"]
    assert {(row["law"], row["enforcement"]) for row in rows} == {("in_force", "not_enforced")}
    rules = {f"{row['regime']}/{row['rule']}" for row in rows}
    met = {f"{row['regime']}/{row['rule']}" for row in rows if row["finding"] == "met"}
    assert rules - met == set()
    assert len(rules) == 24
    assert said.code == 1
    assert not any(row["hypothetical"] for row in rows)


def test_country_has_one_allocation_for_three_years(said: Answers) -> None:
    window = "2025-01-01..2028-01-01"
    over = said.of(f"{BASE}/country-allocation", f"destination:IN/{window}")
    assert (over["finding"], over["margin"]) == ("met", str(49_899 * H100 - 790_000_000))
    assert over["met_on"] == {"earliest": "2026-03-02", "latest": "2026-03-02"}
    below = said.of(f"{BASE}/country-allocation", f"destination:AE/{window}")
    assert (below["finding"], below["margin"]) == ("not_met", str(790_000_000 - 49_898 * H100))
    friend = said.of(f"{BASE}/country-allocation", f"destination:DE/{window}")
    assert (friend["in_scope"], friend["finding"]) == (False, None)


def test_shipment_outside_the_united_states_needs_a_licence_unless_an_exception_covers_it(
    said: Answers, stand_in: dict[str, str]
) -> None:
    rule, friend = f"{BASE}/worldwide-licence", stand_in["Friend Above"]
    buyer = f"consignee:{stand_in['Buyer']}/destination:IN/2026-03-02"
    assert said.word(rule, buyer) == "met"
    assert said.word(rule, f"consignee:{friend}/destination:DE/2026-03-04") == "not_met"
    wrong = f"consignee:{stand_in['Wrong']}/destination:CN/2026-03-08"
    assert said.word(f"{EXCEPTIONS}/exception-misused", wrong) == "met"
    assert said.word(f"{EXCEPTIONS}/exception-misused", buyer) == "not_met"


def test_friendly_consignee_is_certified_at_253_million(
    said: Answers, stand_in: dict[str, str]
) -> None:
    rule = f"{EXCEPTIONS}/aia-certificate"
    above = said.of(rule, f"consignee:{stand_in['Friend Above']}")
    below = said.of(rule, f"consignee:{stand_in['Friend Below']}")
    assert (above["finding"], above["margin"]) == ("met", str(15_981 * H100 - 253_000_000))
    assert (below["finding"], below["margin"]) == ("not_met", str(253_000_000 - 15_980 * H100))
    for name in ("Friend Above", "Friend Below"):
        assert said.word(f"{EXCEPTIONS}/aia-use", f"consignee:{stand_in[name]}") == "met"


def test_small_orders_are_counted_by_year_and_by_shipment(
    said: Answers, stand_in: dict[str, str]
) -> None:
    small = f"company:{stand_in['Small']}"
    for rule in ("lpp-limit", "lpp-used-up"):
        year = said.of(f"{EXCEPTIONS}/{rule}", f"{small}/2026")
        assert (year["finding"], year["margin"]) == ("met", str(1_700 * H100 - 26_900_000))
    rule = f"{EXCEPTIONS}/lpp-large-shipment"
    first, second = (said.of(rule, f"{small}/2026-03-0{day}") for day in (6, 7))
    assert (first["finding"], first["margin"]) == ("met", str(203 * H100 - 3_200_000))
    assert (second["finding"], second["margin"]) == ("not_met", str(3_200_000 - 202 * H100))


def test_national_end_user_is_held_to_the_table_of_its_quarter(
    said: Answers, stand_in: dict[str, str]
) -> None:
    subject = f"company:{stand_in['National']}/destination:IN/2026-Q4"
    found = said.of(f"{VEU}/nveu-allocation", subject)
    assert found["finding"] == "met"
    assert found["threshold"] == "4272750000"
    assert found["margin"] == str(269_881 * H100 - 4_272_750_000)


def test_universal_end_user_keeps_three_shares(said: Answers, stand_in: dict[str, str]) -> None:
    """Of 100 devices, 60 abroad exceed a half, 26 outside the list a quarter, 8 somewhere 7 %."""
    american, european = (f"company:{stand_in[name]}" for name in ("American", "European"))
    abroad = f"{VEU}/uveu-abroad"
    assert (said.word(abroad, american), said.word(abroad, european)) == ("met", None)
    outside = f"{VEU}/uveu-outside"
    assert (said.word(outside, american), said.word(outside, european)) == ("not_met", "met")
    shares = {
        (company, country): said.of(f"{VEU}/uveu-one-country", f"{company}/destination:{country}")
        for company, country in ((american, "IN"), (european, "BR"), (european, "IN"))
    }
    assert [(each["finding"], each["margin"]) for each in shares.values()] == [
        ("not_met", "0"),
        ("not_met", "0"),
        ("met", str(H100)),
    ]


def test_weights_of_10_to_the_26_are_controlled_unless_they_are_published(said: Answers) -> None:
    rule = f"{WEIGHTS}/controlled-weights"
    assert said.word(rule, "model:closed") == "met"
    assert said.of(rule, "model:open")["exception"] == "published-weights"
    assert said.word(f"{WEIGHTS}/licence-required", "transaction:at-home") == "met"
    denial = f"{WEIGHTS}/presumption-of-denial"
    assert said.word(denial, "transaction:abroad") == "met"
    assert said.word(denial, "transaction:at-home") == "not_met"


def test_fine_tuning_of_such_weights_abroad_may_take_a_quarter(said: Answers) -> None:
    rule = f"{VEU}/advanced-training"
    quarter, more = said.of(rule, "model:quarter"), said.of(rule, "model:more")
    assert (quarter["finding"], quarter["exception"]) == ("excepted", "small-fine-tuning")
    assert (more["finding"], more["exception"]) == ("met", None)
