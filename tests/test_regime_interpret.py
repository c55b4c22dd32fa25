"""The interpreter defines what a rule means: these are its truth tables and its traps."""

from __future__ import annotations

from datetime import date
from itertools import product
from typing import Any

import pytest
from stated import ABOVE, FACTS, LINE, SUM, Counted, Made, Stated, World, ask, exactly, regime

from ledger.errors import RuleError
from ledger.quantity import Interval, Quantity
from ledger.regime.environment import FactValue
from ledger.regime.interpret import Outcome, interpret
from ledger.regime.law import Law
from ledger.regime.trace import Truth


def truth_of(condition: Any, values: dict[str, bool | None]) -> Outcome:
    world = World({("model:m", name): Stated(value) for name, value in values.items()})
    return ask(regime({"id": "r", "when": condition}), world)


def test_rule_at_the_threshold_is_not_met_and_one_more_is() -> None:
    for step, finding in ((-1, "not_met"), (0, "not_met"), (1, "met")):
        world = World(totals={("model:m", "cumulative", "actual"): exactly(LINE + step)})
        found = ask(regime(ABOVE), world)
        assert found.finding == finding
        assert found.comparisons[0].margin == abs(step)
        assert found.comparisons[0].threshold == LINE
        assert found.missing == ()


def test_total_without_an_upper_end_is_met_above_and_undetermined_below() -> None:
    def total(lo: int) -> World:
        legal = Interval(lo, None)
        return World(
            totals={("model:m", "cumulative", "actual"): Counted(legal, legal, ("operations@x",))}
        )

    assert ask(regime(ABOVE), total(LINE + 1)).finding == "met"
    below = ask(regime(ABOVE), total(LINE))
    assert (below.finding, below.missing, below.robust) == (
        "undetermined",
        ("operations@x",),
        False,
    )


def test_finding_comes_from_the_legal_interval_and_robust_from_the_error() -> None:
    band = Interval(679 * 10**22, 1261 * 10**22)
    world = World(totals={("model:m", "cumulative", "actual"): exactly(97 * 10**23, band)})
    found = ask(regime(ABOVE), world)
    assert (found.finding, found.robust) == ("not_met", False)
    narrow = exactly(97 * 10**23, Interval(96 * 10**23, LINE))
    assert ask(regime(ABOVE), World(totals={("model:m", "cumulative", "actual"): narrow})).robust


def test_views_are_measured_apart() -> None:
    world = World(
        totals={
            ("model:m", "cumulative", "actual"): exactly(1),
            ("model:m", "cumulative", "foreseen"): exactly(LINE + 1),
        }
    )
    assert ask(regime(ABOVE), world).finding == "not_met"
    assert ask(regime(ABOVE), world, view="foreseen").finding == "met"


KLEENE = (True, False, None)


@pytest.mark.parametrize(("a", "b"), list(product(KLEENE, KLEENE)))
def test_joining_follows_kleene(a: Truth, b: Truth) -> None:
    values = {"model.a": a, "model.b": b}
    both = False if False in (a, b) else None if None in (a, b) else True
    either = True if True in (a, b) else None if None in (a, b) else False
    assert truth_of({"all": ["model.a", "model.b"]}, values).reason.truth is both
    assert truth_of({"any": ["model.a", "model.b"]}, values).reason.truth is either
    negated = truth_of({"not": "model.a"}, values).reason.truth
    assert negated is (None if a is None else not a)


def test_missing_names_only_what_still_matters() -> None:
    one = {"model.a": None, "model.b": False}
    assert truth_of({"all": ["model.a", "model.b"]}, one).missing == ()
    assert truth_of({"any": ["model.a", "model.b"]}, one).missing == ("model.a",)
    nested = {"any": [{"all": ["model.b", "model.c"]}, "model.a"]}
    assert truth_of(nested, one).missing == ("model.a",)
    assert truth_of({"all": FACTS}, dict.fromkeys(FACTS)).missing == FACTS


def test_fact_of_another_type_answers_nothing() -> None:
    world = World({("model:m", "model.a"): Stated("yes")})
    found = ask(regime({"id": "r", "when": "model.a"}), world)
    assert (found.finding, found.missing) == ("undetermined", ("model.a",))


def test_fact_that_entries_contradict_is_unknown_and_names_them() -> None:
    world = World({("model:m", "model.is_modification"): Stated(None, (3, 9))})
    found = ask(regime({"id": "r", "when": "model.is_modification"}), world)
    assert found.missing == ("model.is_modification",)
    assert found.reason.value == "entries 3, 9 differ"


def test_quantity_of_another_dimension_is_not_compared() -> None:
    world = World({("model:m", "model.cost"): Stated(Quantity.parse("10^26 FLOP"))})
    found = ask(regime({"id": "r", "when": {"gt": ["model.cost", "money"]}}), world)
    assert (found.finding, found.missing) == ("undetermined", ("model.cost", "money"))


def test_quantities_are_compared_in_base_units() -> None:
    rule = {"id": "r", "when": {"gt": ["model.cost", "money"]}}
    for text, finding in (("500_000_000 USD", "not_met"), ("500_000_001 USD", "met")):
        world = World({("model:m", "model.cost"): Stated(Quantity.parse(text))})
        assert ask(regime(rule), world).finding == finding


def test_days_are_compared_in_the_calendar() -> None:
    rule = {"id": "r", "when": {"lt": ["model.placed_on", "day"]}}
    for day, finding in ((date(2025, 12, 31), "met"), (date(2026, 1, 1), "not_met")):
        world = World({("model:m", "model.placed_on"): Stated(day)})
        assert ask(regime(rule), world).finding == finding


def test_any_of_overlaps_a_set_and_finds_a_word() -> None:
    rule = regime({"id": "r", "when": {"any-of": ["model.kinds", ["text", "audio"]]}})

    def with_value(value: FactValue | None) -> Outcome:
        return ask(rule, World({("model:m", "model.kinds"): Stated(value)}))

    assert with_value(frozenset({"audio", "other"})).finding == "met"
    assert with_value(frozenset({"other"})).finding == "not_met"
    assert with_value(frozenset()).finding == "not_met"
    assert with_value("text").finding == "met"
    assert with_value(None).missing == ("model.kinds",)


def test_member_of_a_set_that_did_not_bind_yet_is_unknown() -> None:
    cite = {"source": "act", "at": "1", "phrase": "x"}
    value = {"known": "2025-01-01", "members": ["NO"], "cite": cite, "provenance": "verified"}
    rule = {"id": "r", "when": {"member": ["model.country", "allies"]}}
    world = World({("model:m", "model.country"): Stated("NO")})

    def from_day(day: str) -> Outcome:
        sets = {"allies": {"of": "country", "values": [{"from": day, **value}]}}
        return ask(regime(rule, sets=sets), world)

    assert from_day("2025-01-01").finding == "met"
    assert from_day("2027-01-01").missing == ("set:allies",)


def test_parameter_that_did_not_bind_yet_is_unknown_unless_assumed() -> None:
    found = regime(ABOVE)
    world = World(totals={("model:m", "cumulative", "actual"): exactly(LINE + 1)})
    before = date(2024, 1, 1)
    plain = interpret(Law.on(found, before), "r", "model:m", world)
    assert plain.missing == ("parameter:line",)
    assumed = interpret(Law.on(found, before, assumed=True), "r", "model:m", world)
    assert assumed.finding == "met"


def choosing(**facts: bool | None) -> Outcome:
    rule = {
        "id": "r",
        "choose": [
            {"case": "model.case", "then": "model.then"},
            {"case": {"not": "model.case"}, "then": "model.other"},
        ],
    }
    world = World({("model:m", f"model.{name}"): Stated(value) for name, value in facts.items()})
    return ask(regime(rule), world)


def test_choose_lets_the_one_true_case_decide() -> None:
    assert choosing(case=True, then=True, other=None).finding == "met"
    assert choosing(case=False, then=None, other=False).finding == "not_met"
    open_arm = choosing(case=True, then=None, other=None)
    assert open_arm.missing == ("model.then",)


def test_choose_decides_without_the_case_when_all_arms_agree() -> None:
    assert choosing(case=None, then=True, other=True).finding == "met"
    assert choosing(case=None, then=False, other=False).finding == "not_met"


def test_choose_with_two_true_cases_needs_them_to_agree() -> None:
    """Lint refuses such a rule; a rule that got past it still never picks one of them."""
    arms = [{"case": "model.a", "then": "model.c"}, {"case": "model.b", "then": "model.d"}]
    rules = regime({"id": "r", "choose": arms})

    def found(*says: bool) -> str | None:
        names = ("model.a", "model.b", "model.c", "model.d")
        facts = zip(names, says, strict=True)
        return ask(rules, World({("model:m", n): Stated(value) for n, value in facts})).finding

    assert found(*[True, True, True, True]) == "met"
    assert found(*[True, True, True, False]) == "undetermined"
    assert found(*[False, False, True, True]) == "undetermined"


def test_choose_names_the_case_and_the_open_arms() -> None:
    assert choosing(case=None, then=True, other=False).missing == ("model.case",)
    assert choosing(case=None, then=True, other=None).missing == ("model.case", "model.other")


def test_scope_false_leaves_no_finding_and_unknown_scope_leaves_it_open() -> None:
    rule = {"id": "r", "scope": "model.in", "when": "model.a"}

    def with_scope(scope: Truth, a: Truth) -> tuple[Any, ...]:
        world = World({("model:m", "model.in"): Stated(scope), ("model:m", "model.a"): Stated(a)})
        found = ask(regime(rule), world)
        return found.in_scope, found.finding, found.missing

    assert with_scope(scope=False, a=True) == (False, None, ())
    assert with_scope(scope=None, a=True) == (None, "undetermined", ("model.in",))
    assert with_scope(scope=None, a=False) == (None, "not_met", ())
    assert with_scope(scope=None, a=None) == (None, "undetermined", ("model.a", "model.in"))


def test_exception_takes_out_what_is_met_and_its_doubt_leaves_it_open() -> None:
    exceptions = [
        {"id": "first", "when": "model.x", "cite": {"source": "act"}},
        {"id": "second", "when": "model.y", "cite": {"source": "act"}},
    ]
    rule = {"id": "r", "when": "model.a", "unless": exceptions}

    def found(a: Truth, x: Truth, y: Truth) -> tuple[Any, ...]:
        names = {"model.a": a, "model.x": x, "model.y": y}
        world = World({("model:m", name): Stated(value) for name, value in names.items()})
        outcome = ask(regime(rule), world)
        return outcome.finding, outcome.by, outcome.missing

    assert found(a=True, x=False, y=False) == ("met", None, ())
    assert found(a=True, x=True, y=True) == ("excepted", "first", ())
    assert found(a=True, x=None, y=True) == ("excepted", "second", ())
    assert found(a=None, x=True, y=None) == ("excepted", "first", ())
    assert found(a=True, x=None, y=False) == ("undetermined", None, ("model.x",))
    assert found(a=False, x=True, y=None) == ("not_met", None, ())
    assert found(a=None, x=None, y=False) == ("undetermined", None, ("model.a", "model.x"))


def test_rule_reference_is_met_only_where_the_other_rule_finds_met() -> None:
    exception = {"id": "out", "when": "model.x", "cite": {"source": "act"}}
    other = {"id": "other", "scope": "model.in", "when": "model.a", "unless": [exception]}
    rules = regime({"id": "r", "when": "rule:other"}, other)

    def found(**facts: bool | None) -> tuple[Any, ...]:
        named = {("model:m", f"model.{name}"): Stated(value) for name, value in facts.items()}
        outcome = ask(rules, World({("model:m", "model.in"): Stated(value=True), **named}))
        return outcome.finding, outcome.missing

    assert found(a=True, x=False) == ("met", ())
    assert found(a=True, x=True) == ("not_met", ())
    assert found(a=None, x=True) == ("not_met", ())
    assert found(a=True, x=None) == ("undetermined", ("model.x",))
    assert found(**{"in": False, "a": True, "x": False}) == ("not_met", ())


def test_rules_in_a_circle_are_refused() -> None:
    rules = regime({"id": "r", "when": "rule:s"}, {"id": "s", "when": {"not": "rule:r"}})
    with pytest.raises(RuleError, match="circle: r to s to r"):
        ask(rules, World())


def test_exists_asks_members_and_says_whose_fact_is_missing() -> None:
    member = {"id": "frontier", "when": "model.a"}
    exists = {"of": "developer.models", "such-that": "rule:frontier"}
    developer = {"id": "r", "subject": "developer", "when": {"exists": exists}}
    rules = regime(developer, member)

    def found(*says: str) -> tuple[Any, ...]:
        values = [{"yes": True, "no": False, "?": None}[word] for word in says]
        facts = {(f"model:{i}", "model.a"): Stated(value) for i, value in enumerate(values)}
        models = {"developer:d": [f"model:{i}" for i in range(len(values))]}
        outcome = ask(rules, World(facts, models=models), subject="developer:d")
        return outcome.finding, outcome.missing

    assert found() == ("not_met", ())
    assert found("no", "yes", "?") == ("met", ())
    assert found("no", "?") == ("undetermined", ("model.a@model:1",))
    assert found("no", "no") == ("not_met", ())


def test_exists_looks_ahead_where_it_or_the_question_does() -> None:
    def found(asked: str, view: str) -> str | None:
        exists = {"of": "developer.models", "such-that": "rule:above", "view": asked}
        developer = {"id": "r", "subject": "developer", "when": {"exists": exists}}
        world = World(
            totals={
                ("model:m", "cumulative", "actual"): exactly(1),
                ("model:m", "cumulative", "foreseen"): exactly(LINE + 1),
            },
            models={"developer:d": ["model:m"]},
        )
        rules = regime(developer, ABOVE | {"id": "above"})
        return ask(rules, world, subject="developer:d", view=view).finding

    assert found("actual", "actual") == "not_met"
    assert found("foreseen", "actual") == "met"
    assert found("actual", "foreseen") == "met"


def test_thirds_are_exact() -> None:
    lets = {
        "own": {"sum": "operations", "counting": "everything", "lineage": "own"},
        "base": {"sum": "operations", "counting": "everything", "lineage": "base"},
    }
    when = {"gt": ["own", {"mul": ["third", "base"]}]}
    rules = regime({"id": "r", "let": lets, "when": when})

    def found(own: int, base: int) -> str | None:
        world = World(
            totals={
                ("model:m", "own", "actual"): exactly(own),
                ("model:m", "base", "actual"): exactly(base),
            },
            made=[Made("m", "b")],
        )
        return ask(rules, world).finding

    assert found(10**24, 3 * 10**24) == "not_met"
    assert found(10**24 + 1, 3 * 10**24) == "met"
    assert found(10**24, 3 * 10**24 - 1) == "met"
    assert found(333, 1000) == "not_met"
    assert found(334, 1000) == "met"


def test_reading_chooses_between_conditions() -> None:
    readings = {
        "how": {
            "question": {"en": "how?"},
            "default": "wide",
            "alternatives": {
                "wide": {"title": {"en": "wide"}},
                "narrow": {"title": {"en": "narrow"}},
            },
            "why": "nobody knows",
        }
    }
    rules = regime({"id": "r", "when": "reading:how=wide"}, readings=readings)
    assert ask(rules, World()).finding == "met"
    assert ask(rules, World(), how="narrow").finding == "not_met"
    with pytest.raises(RuleError, match="no alternative"):
        ask(rules, World(), how="other")


def test_largest_of_the_rows_counts() -> None:
    lets = {
        "tpp-of": {
            "max": {"mul": ["2", "rate.mac_rate", "rate.bit_length"]},
            "over": "device_rates",
        }
    }
    rules = regime({"id": "r", "subject": "device", "let": lets, "when": {"ge": ["tpp-of", "tpp"]}})

    def row(rate: str, bits: str) -> dict[str, Quantity]:
        return {"rate.mac_rate": Quantity.parse(rate), "rate.bit_length": Quantity.parse(bits)}

    rows = [row("100 MacTOPS", "16 bit"), row("300 MacTOPS", "8 bit")]
    assert ask(rules, World(rows={"device:d": rows}), subject="device:d").finding == "met"
    less = [row("100 MacTOPS", "16 bit"), row("299 MacTOPS", "8 bit")]
    assert ask(rules, World(rows={"device:d": less}), subject="device:d").finding == "not_met"
    none = ask(rules, World(), subject="device:d")
    assert none.missing == ("device_rates@device:d",)


def test_comparisons_leave_out_other_rules_and_arms_that_are_ruled_out() -> None:
    arms = [
        {"case": "model.case", "then": {"gt": ["compute", "line"]}},
        {"case": {"not": "model.case"}, "then": {"ge": ["compute", "line"]}},
    ]
    rules = regime({"id": "r", "let": SUM, "choose": arms}, ABOVE | {"id": "other"})
    world = World(
        {("model:m", "model.case"): Stated(value=False)},
        totals={("model:m", "cumulative", "actual"): exactly(LINE)},
    )
    assert [each.operator for each in ask(rules, world).comparisons] == ["ge"]
    referring = regime({"id": "r", "when": "rule:other"}, ABOVE | {"id": "other"})
    assert ask(referring, world).comparisons == ()


def test_reason_reads_like_the_rule() -> None:
    world = World(totals={("model:m", "cumulative", "actual"): exactly(LINE + 1)})
    when = {"all": [{"gt": ["compute", "line"]}, {"any": ["model.a", {"not": "model.b"}]}]}
    reason = ask(regime({"id": "r", "let": SUM, "when": when}), world).reason
    assert reason.text == "compute > line and (model.a or not model.b)"
    assert [part.text for part in reason.walk()][1] == "compute > line"
