"""Laws of American states: what one rule file alone cannot say of itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from ledger.determination import Determination, PlainEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.pack import read_pack
from ledger.regime.case import Case
from ledger.regime.cased import load_cased
from ledger.regime.dated import standing_on
from ledger.regime.diagnosis import parse_node
from ledger.regime.law import Law
from ledger.regime.lint import lint_regime
from ledger.regime.vocabulary import load_vocabulary
from ledger.resources import rules_root

PACK = read_pack(rules_root(None))
VOCABULARY = load_vocabulary(PACK)
REGIMES = load_cased(PACK)
BENCH = Bench(VOCABULARY, PlainEngine, PlainEvaluator())
FAMILY = ("us.ca.sb53", "us.ny.raise.2026", "us.il.aisma")
TIERED = (*FAMILY, "us.ct.sb5")
STATES = (*TIERED, "us.ca.sb1047", "us.ny.raise.2025", "us.mi.hb4668", "us.il.sb3444")
DAY = date(2026, 11, 22)
# Nobody asked here is a college, and everyone is where the law in question looks.
OF_DEVELOPER = {
    "developer.new_york_college_academic_research": "no",
    "developer.is_empire_ai": "no",
    "developer.doing_business_in_connecticut": "yes",
    "developer.group_revenue_prior_calendar_year": "600_000_000 USD",
}
OF_MODEL = {"model.is_foundation_model": "yes", "model.within_new_york": "yes"}


def asked(regime: str, day: str, **parts: Any) -> dict[tuple[str, str], Determination]:
    """Ask a regime about an invented ledger on a day."""
    tree: dict[str, Any] = {
        "name": "a case",
        "law": {"in_force_on": day},
        "facts": {"m": OF_MODEL, "developer:acme": OF_DEVELOPER},
        "expect": {"frontier-model": {"m": {}}},
        **parts,
    }
    case, flaws = parse_node(Case, tree, "test")
    assert case is not None, flaws
    return {(d.rule, d.subject): d for d in BENCH.determinations(REGIMES[regime], case)}


@pytest.mark.parametrize("name", STATES)
def test_rule_file_of_a_state_has_no_findings(name: str) -> None:
    found = [(flaw.code, flaw.place) for flaw in lint_regime(f"{name}.yaml", REGIMES[name])]
    # Nobody read the words of this bill, so none are quoted; lint.yaml says so until a day.
    unread = [("no-citation", "parameters.frontier-ops.values[0].cite")]
    assert found == (unread if name == "us.il.sb3444" else [])


@pytest.mark.parametrize(
    ("name", "day", "law", "enforcement"),
    [
        ("us.ca.sb53", date(2026, 11, 22), "in_force", "enforced"),
        ("us.ct.sb5", date(2026, 11, 22), "in_force", "enforced"),
        ("us.ny.raise.2026", date(2026, 11, 22), "enacted", None),
        ("us.il.aisma", date(2026, 11, 22), "enacted", None),
        ("us.ny.raise.2026", date(2027, 1, 1), "in_force", "enforced"),
        ("us.il.aisma", date(2027, 1, 1), "in_force", "enforced"),
        ("us.ca.sb1047", date(2026, 11, 22), "vetoed", "none"),
        ("us.mi.hb4668", date(2026, 11, 22), "proposed", "none"),
        ("us.il.sb3444", date(2026, 11, 22), "proposed", "none"),
    ],
)
def test_states_stand_where_the_law_put_them(
    name: str, day: date, law: str, enforcement: str | None
) -> None:
    found = standing_on(REGIMES[name], day)
    assert (found.law, found.enforcement) == (law, enforcement)


def test_new_york_is_disputed_for_eight_days_and_only_since_it_is_known() -> None:
    first = REGIMES["us.ny.raise.2025"]
    days = [date(2026, 3, day) for day in range(18, 29)]
    disputed = [day for day in days if standing_on(first, day).law == "disputed"]
    assert disputed == days[1:9]
    before = date(2026, 3, 26)
    assert {standing_on(first, day, law_known_on=before).law for day in disputed} == {"in_force"}
    # As the first text alone was known, it was still to apply in 2027; today it never is.
    assert standing_on(first, date(2027, 1, 1), law_known_on=date(2026, 1, 31)).law == "in_force"
    assert standing_on(first, date(2027, 1, 1)).law == "rescinded"


@pytest.mark.parametrize("name", TIERED)
def test_figures_are_the_same_and_say_how_they_were_read(name: str) -> None:
    found = {
        key: (str(value.value), value.provenance)
        for key in ("frontier-ops", "large-revenue")
        for value in REGIMES[name].parameters[key].values
    }
    read = "secondary" if name == "us.ct.sb5" else "verified"
    assert found == {
        "frontier-ops": (f"{10**26} OP", read),
        "large-revenue": ("500000000 USD", read),
    }


def test_same_sentence_counts_the_same_in_three_states() -> None:
    """Each file states its counting set anew; a copy that differs would be a mistake."""
    first, *others = (Law.on(REGIMES[name], DAY).counting["computing-power"] for name in FAMILY)
    assert others == [first, first]
    asks, *more = (REGIMES[n].counting["computing-power"].open_readings() for n in FAMILY)
    assert more == [asks, asks]


@pytest.mark.parametrize("name", TIERED)
def test_exactly_on_the_line_no_state_is_met(name: str) -> None:
    row = {"model": "m", "developer": "acme", "on": "2026-05-01"}
    on = asked(name, "2027-02-01", training=[row | {"operations": f"{10**26} OP"}])
    above = asked(name, "2027-02-01", training=[row | {"operations": f"{10**26 + 1} OP"}])
    for rule, subject in (("frontier-model", "model:m"), ("frontier-developer", "developer:acme")):
        assert on[rule, subject].finding == "not_met"
        assert above[rule, subject].finding == "met"


def planned(day: str, initiated: list[dict[str, str]]) -> dict[str, str | None]:
    """Ask every state who a planned run makes a frontier developer: law and finding."""
    told: dict[str, str | None] = {}
    for name in TIERED:
        found = asked(
            name,
            day,
            training=[
                {"model": "m", "developer": "acme", "operations": "1*10^24 OP", "on": "2026-11-01"}
            ],
            commitments=[
                {
                    "contract": "run",
                    "model": "m",
                    "developer": "acme",
                    "operations": "1.2*10^26 OP",
                    "agreed_on": "2026-11-20",
                    "window_start": "2026-12-01",
                    "window_end": "2027-03-01",
                }
            ],
            facts={
                "m": {**OF_MODEL, "model.training_initiated": initiated},
                "developer:acme": OF_DEVELOPER,
            },
        )["frontier-developer", "developer:acme"]
        told[name] = found.finding or found.law
    return told


def test_one_planned_run_is_four_answers() -> None:
    """Intention in California, New York and Connecticut; in Illinois a run that has begun."""
    waiting = [{"value": "no", "until": "2027-01-15"}, {"value": "yes", "from": "2027-01-15"}]
    assert planned("2026-12-01", waiting) == {
        "us.ca.sb53": "met",
        "us.ny.raise.2026": "enacted",
        "us.il.aisma": "enacted",
        "us.ct.sb5": "met",
    }
    assert planned("2027-01-14", waiting)["us.ny.raise.2026"] == "met"
    assert planned("2027-01-14", waiting)["us.il.aisma"] == "not_met"
    assert planned("2027-01-15", waiting)["us.il.aisma"] == "met"


def test_shield_of_a_bill_rests_on_no_figure_of_cost_that_nobody_read() -> None:
    """Its cost limb is a fact that somebody states; its only condition is called no duty."""
    bill = REGIMES["us.il.sb3444"]
    assert {value.dimension for value in bill.parameters.values()} == {"operations"}
    assert bill.penalties == ()
    (rule,) = bill.rules
    (condition,) = rule.obligations
    assert rule.effect == "definition"
    assert "no duty" in condition.action["en"]
    assert condition.due is None
    assert bill.review.note is not None
    assert "figure of the cost alternative" in bill.review.note


@pytest.mark.parametrize("name", FAMILY)
def test_every_duty_names_who_does_what_for_whom(name: str) -> None:
    duties = [duty for rule in REGIMES[name].rules for duty in rule.obligations]
    assert all(duty.recipient is not None and duty.cite.at for duty in duties)
    assert {duty.id for duty in duties} >= {
        "transparency-report",
        "incident-report",
        "imminent-danger-disclosure",
        "frontier-framework",
        "framework-change",
        "risk-assessment-summary",
        "redaction-record",
        "federal-equivalence",
    }
