"""What a regime was known to say on a day: parts of texts that came later are not there."""

from __future__ import annotations

from datetime import date

import pytest
from regimes import changed, shipped_words, small

from ledger.determination import Determination, Evaluator, PlainEvaluator
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.plain import PlainEngine
from ledger.journeys.casework import Bench
from ledger.regime.cased import CasedRegime
from ledger.regime.known import as_known
from ledger.regime.law import Law

BEFORE, AFTER = date(2025, 12, 31), date(2026, 1, 1)
ON = date(2026, 2, 1)
EVALUATORS = pytest.mark.parametrize("evaluator", [PlainEvaluator(), ColumnEvaluator()])

# A guidance published on 2026-01-01, a year after the act that it reads.
GUIDED = changed(
    "  repeal: { cite: Repeal Act 2026, published: 2026-06-01, binding: law }\n",
    "  repeal: { cite: Repeal Act 2026, published: 2026-06-01, binding: law }\n"
    "  note: { cite: Note on the Act, published: 2026-01-01, binding: guidance }\n",
)


def guided(*places: str) -> CasedRegime:
    """Return the small regime with the citation of some places moved to the guidance."""
    text = GUIDED
    for place in places:
        assert text.count(place) == 1, place
        text = text.replace(place, place.replace("source: act", "source: note"))
    return small(text)


COUNTING = "    title: { en: Work that trains }\n    cite: { source: act, at: s. 5 }\n"
RULE = "    effect: indication\n    cite: { source: act, at: s. 3 }\n"
NARROW = "{ id: narrow, when: { not: model.significant_generality }, cite: { source: act } }"
DUTY = """\
        due: { within: notice, after: { earliest: [met, foreseen] } }
        cite: { source: act, at: s. 4 }
"""


def found(
    regime: CasedRegime, evaluator: Evaluator, known: date, readings: dict[str, str] | None = None
) -> dict[str, Determination]:
    """Return what the case ``over`` comes to by the law as known on a day."""
    case = regime.cases[0]
    law = case.law.model_copy(update={"law_known_on": known})
    asked = case.model_copy(update={"law": law, "readings": readings or {}})
    bench = Bench(shipped_words(), PlainEngine, evaluator)
    return {d.rule: d for d in bench.determinations(regime, asked)}


def test_known_regime_is_the_very_same_once_all_of_it_is_published() -> None:
    regime = guided(COUNTING)
    assert as_known(regime, None) is regime
    assert as_known(regime, AFTER) is regime
    assert as_known(regime, BEFORE) is not regime


@EVALUATORS
def test_known_counting_set_is_used_from_the_day_of_its_source(evaluator: Evaluator) -> None:
    regime = guided(COUNTING)
    before, after = found(regime, evaluator, BEFORE), found(regime, evaluator, AFTER)
    assert before["above"].finding == "undetermined"
    assert before["above"].missing == ("counting:work",)
    assert before["above"].law == "in_force"
    assert before["above"].readings == {}
    assert before["above"].entries_counted == 0
    assert after["above"].finding == "met"


@EVALUATORS
def test_known_rule_is_not_asked_before_its_source(evaluator: Evaluator) -> None:
    regime = guided(RULE)
    before, after = found(regime, evaluator, BEFORE), found(regime, evaluator, AFTER)
    assert before["above"].finding == after["above"].finding == "met"
    assert after["modifier"].finding == "met"
    rule = before["modifier"]
    assert (rule.law, rule.enforcement, rule.in_scope, rule.finding) == (None, None, False, None)
    assert rule.notes == ("nothing of this rule was published by 2025-12-31",)


@EVALUATORS
@pytest.mark.parametrize(
    ("condition", "before"),
    [
        ('any: [{ gt: [compute, line] }, "rule:modifier"]', "met"),
        ('all: [{ gt: [compute, line] }, "rule:modifier"]', "undetermined"),
        ('all: [{ gt: [compute, line] }, { not: "rule:modifier" }]', "undetermined"),
    ],
)
def test_known_rule_that_was_not_published_is_unknown_to_others(
    evaluator: Evaluator, condition: str, before: str
) -> None:
    text = GUIDED.replace("{ gt: [compute, line] }", f"{{ {condition} }}", 1)
    regime = small(text.replace(RULE, RULE.replace("source: act", "source: note")))
    above = found(regime, evaluator, BEFORE)["above"]
    assert above.finding == before
    assert above.missing == (() if before == "met" else ("rule:modifier",))


@EVALUATORS
def test_known_exceptions_and_duties_hold_from_their_source(evaluator: Evaluator) -> None:
    regime = guided(NARROW, DUTY)
    facts = {"m": {"model.significant_generality": "no", "model.base_compute_obtainable": "no"}}
    narrow = regime.model_copy(
        update={"cases": (regime.cases[0].model_copy(update={"facts": facts}),)}
    )
    assert found(narrow, evaluator, BEFORE)["above"].finding == "met"
    assert found(narrow, evaluator, AFTER)["above"].finding == "excepted"
    assert found(regime, evaluator, BEFORE)["above"].due == ()
    assert found(regime, evaluator, AFTER)["above"].due[0].on == date(2026, 1, 19)


@EVALUATORS
def test_known_reading_has_no_default_before_its_source_and_can_be_chosen(
    evaluator: Evaluator,
) -> None:
    regime = small(
        GUIDED.replace(
            "    why: The act is silent.\n", "    why: So the note.\n    cite: { source: note }\n"
        )
    )
    before = found(regime, evaluator, BEFORE)["above"]
    assert (before.finding, before.missing) == ("undetermined", ("reading:rollouts",))
    chosen = found(regime, evaluator, BEFORE, {"rollouts": "out"})["above"]
    assert (chosen.finding, chosen.readings) == ("met", {"rollouts": "out"})
    after = found(regime, evaluator, AFTER)["above"]
    assert (after.finding, after.readings) == ("met", {"rollouts": "in"})


@EVALUATORS
def test_known_reading_in_a_condition_is_unknown_before_its_source(evaluator: Evaluator) -> None:
    text = GUIDED.replace(
        "    when: { gt: [compute, line] }\n",
        '    when: { any: [{ lt: [compute, line] }, "reading:rollouts=in"] }\n',
    ).replace("    why: The act is silent.\n", "    why: So.\n    known: 2026-01-01\n")
    above = found(small(text), evaluator, BEFORE)["above"]
    assert (above.finding, above.missing) == ("undetermined", ("reading:rollouts",))
    assert found(small(text), evaluator, AFTER)["above"].finding == "met"


def test_known_day_of_its_own_goes_before_that_of_the_source() -> None:
    stated = small(
        GUIDED.replace(COUNTING, f"{COUNTING}    known: 2026-01-01\n").replace(
            RULE, f"{RULE}    known: 2026-01-01\n"
        )
    )
    law = Law.on(stated, ON, law_known_on=BEFORE)
    assert (law.counting, law.regime.rule("modifier")) == ({}, None)
    assert Law.on(stated, ON, law_known_on=AFTER).counting.keys() == {"work"}
    signed = small(
        GUIDED.replace(
            "cite: Note on the Act, published: 2026-01-01,",
            "cite: Note on the Act, published: 2026-01-01, known: 2025-12-31,",
        ).replace(COUNTING, COUNTING.replace("source: act", "source: note"))
    )
    assert Law.on(signed, ON, law_known_on=BEFORE).counting.keys() == {"work"}
    assert Law.on(signed, ON, law_known_on=date(2025, 12, 30)).counting == {}


def test_known_penalties_notes_and_rebuttals_follow_their_source() -> None:
    text = GUIDED.replace(
        "cases:\n",
        "penalties: [{ text: { en: A fine }, cite: { source: note } }]\n"
        "notes: [{ on: 2026-01-01, text: { en: It came }, cite: { source: note } }]\ncases:\n",
    ).replace(
        "    views: {",
        "    rebuttal: { fact: model.systemic_risk_rebutted, cite: { source: note } }\n"
        "    views: {",
    )
    regime = small(text)
    before = as_known(regime, BEFORE)
    above = before.rule("above")
    assert above is not None
    assert (before.penalties, before.notes, above.rebuttal) == ((), (), None)
