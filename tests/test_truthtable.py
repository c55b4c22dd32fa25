"""Truth tables: every way the facts could be stands in them, and what cannot be is told apart."""

from __future__ import annotations

import operator as op
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from regimes import SMALL, changed, shipped_words, small

from ledger.regime.constant import choices, constants
from ledger.regime.counting import Reading
from ledger.regime.expression import (
    All,
    Any,
    AnyOf,
    Comparison,
    Condition,
    Ge,
    Gt,
    Le,
    Lt,
    Member,
    Mul,
    Not,
    Number,
    Operator,
    Sum,
)
from ledger.regime.premises import Premises
from ledger.regime.term import Division, division_of, term_of
from ledger.regime.truthtable import Table
from ledger.regime.usage import asked

AMOUNTS = {"low": Fraction(2), "high": Fraction(3), "none": Fraction(0), "share": Fraction(1, 3)}
LETS: Mapping[str, Number] = {
    "own": Sum(field="operations", counting="work", lineage="own"),
    "third": Mul(factors=("share", "own")),
}
FACTS = ("model.base_flop", "model.size")
MODALITIES = "model.output_modalities"
SETS = {"pair": frozenset({"fp8", "fp16"})}
READING = Reading.model_validate(
    {
        "question": {"en": "q"},
        "default": "in",
        "alternatives": {"in": {"title": {"en": "i"}}, "out": {"title": {"en": "o"}}},
        "why": "w",
    }
)
COMPARED = {"gt": op.gt, "ge": op.ge, "lt": op.lt, "le": op.le}
PREMISES = Premises({"which": READING}, LETS, AMOUNTS, SETS, shipped_words().facts)


class Riddle(Operator):
    """An operator that nothing here knows."""

    operator: ClassVar[str] = "riddle"
    words: dict[str, str]


class Elsewhere(Comparison):
    """A comparison by an operator that nothing here knows."""

    operator: ClassVar[Literal["gt"]] = "apart"  # type: ignore[assignment]
    operands: tuple[Number, Number]


atoms = st.sampled_from([*AMOUNTS, *LETS, *FACTS, "2", "3"])
numbers = st.recursive(
    atoms, lambda inner: st.builds(lambda a, b: Mul(factors=(a, b)), inner, inner), max_leaves=3
)
comparisons = st.builds(
    lambda kind, left, right: kind(operands=(left, right)),
    st.sampled_from([Gt, Ge, Lt, Le]),
    numbers,
    numbers,
)
tests = st.one_of(
    st.builds(
        lambda values: AnyOf(operands=(MODALITIES, tuple(values))),
        st.lists(st.sampled_from(["text", "other", "game_actions"]), min_size=1, unique=True),
    ),
    st.sampled_from(
        ["reading:which=in", "reading:which=out", "model.is_modification", "rule:another"]
    ),
)
conditions = st.recursive(
    st.one_of(comparisons, tests),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda items: All(items=tuple(items))),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: Any(items=tuple(items))),
        inner.map(lambda item: Not(item=item)),
    ),
    max_leaves=6,
)
figures = st.sampled_from([Fraction(n, 6) for n in (0, 1, 2, 4, 6, 9, 12, 13, 18, 36, 54, 60)])


def value_of(number: Number, facts: Mapping[str, object]) -> Fraction:
    """Return a number under some facts, by the book."""
    if isinstance(number, Mul):
        product = Fraction(1)
        for factor in number.factors:
            product *= value_of(factor, facts)
        return product
    if isinstance(number, str):
        if number in LETS:
            return value_of(LETS[number], facts)
        if number in AMOUNTS:
            return AMOUNTS[number]
        if number.isdigit():
            return Fraction(int(number))
    found = facts["own" if isinstance(number, Sum) else str(number)]
    assert isinstance(found, Fraction)
    return found


def truth_of(condition: Condition, facts: Mapping[str, object]) -> bool:
    """Return whether a condition holds under some facts, by the book."""
    match condition:
        case All() | Any():
            every = all if isinstance(condition, All) else any
            return every(truth_of(item, facts) for item in condition.items)
        case Not():
            return not truth_of(condition.item, facts)
        case AnyOf():
            held = facts[condition.fact]
            assert isinstance(held, frozenset)
            return not held.isdisjoint(condition.values)
        case Comparison():
            left, right = (value_of(side, facts) for side in condition.operands)
            return COMPARED[condition.operator](left, right)
        case str() if condition.startswith("reading:"):
            return condition == f"reading:which={facts['which']}"
        case _:
            return bool(facts[str(condition)])


def leaves_of(condition: Condition) -> list[Condition]:
    """Return the conditions without parts."""
    match condition:
        case All() | Any():
            return [leaf for item in condition.items for leaf in leaves_of(item)]
        case Not():
            return leaves_of(condition.item)
        case _:
            return [condition]


worlds = st.fixed_dictionaries(
    {
        "own": figures,
        **dict.fromkeys(FACTS, figures),
        MODALITIES: st.frozensets(st.sampled_from(["text", "other", "game_actions", "image"])),
        "which": st.sampled_from(["in", "out"]),
        "model.is_modification": st.booleans(),
        "rule:another": st.booleans(),
    }
)


@given(condition=conditions, facts=worlds)
def test_table_holds_every_way_the_facts_could_be(
    condition: Condition, facts: Mapping[str, object]
) -> None:
    table = Table.of([condition], PREMISES)
    if table is None:
        return
    wanted = [(leaf, truth_of(leaf, facts)) for leaf in leaves_of(condition)]
    fitting = [
        world
        for world in table.worlds()
        if all(table.holds(leaf, world) == truth for leaf, truth in wanted)
    ]
    assert fitting, table.unknowns
    assert all(table.holds(condition, world) == truth_of(condition, facts) for world in fitting)
    if table.constant(condition) is not None:
        assert table.constant(condition) == truth_of(condition, facts)


def constant(condition: Condition) -> bool | None:
    """Return whether a condition always or never holds."""
    table = Table.of([condition], PREMISES)
    assert table is not None
    return table.constant(condition)


def gt(left: Number, right: Number) -> Condition:
    return Gt(operands=(left, right))


def le(left: Number, right: Number) -> Condition:
    return Le(operands=(left, right))


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        (All(items=(gt("own", "high"), le("own", "low"))), False),
        (All(items=(gt("own", "low"), le("own", "high"))), None),
        (All(items=(gt("own", "low"), Lt(operands=("own", "low")))), False),
        (All(items=(Ge(operands=("own", "low")), le("own", "low"))), None),
        (All(items=(gt("own", "low"), Lt(operands=("low", "own")))), None),
        (All(items=(gt("own", "low"), gt("low", "own"))), False),
        (Any(items=(gt("own", "low"), le("own", "low"))), True),
        (Any(items=(gt("own", "low"), le("own", "high"))), True),
        (Any(items=(gt("own", "high"), Lt(operands=("own", "high")))), None),
        (Any(items=(Ge(operands=("own", "low")), gt("low", "own"))), True),
        (gt("high", "low"), True),
        (gt("low", "high"), False),
        (gt("own", "own"), False),
        (Ge(operands=("own", "none")), True),
        (Lt(operands=("own", "none")), False),
        (gt("own", "none"), None),
        # A third of own is more than a third of the base exactly when own is more than the base.
        (
            All(
                items=(
                    gt(Mul(factors=("3", "third")), "model.size"),
                    le("own", "model.size"),
                )
            ),
            False,
        ),
        (All(items=(gt("own", Mul(factors=("2", "model.size"))), le("own", "model.size"))), False),
        (gt(Mul(factors=("2", "own")), Mul(factors=("3", "own"))), False),
        (Not(item=All(items=(gt("own", "high"), le("own", "low")))), True),
        (All(items=("reading:which=in", "reading:which=out")), False),
        (Any(items=("reading:which=in", "reading:which=out")), True),
        (Any(items=("model.is_modification", Not(item="model.is_modification"))), True),
        (Any(items=("model.is_modification", Not(item="rule:another"))), None),
    ],
)
def test_table_sees_what_always_or_never_holds(condition: Condition, *, truth: bool | None) -> None:
    assert constant(condition) is truth


def test_table_of_both_at_zero_is_not_left_out() -> None:
    """0 is neither above twice 0 nor above half of it, nor below."""
    twice, half = Mul(factors=("2", "model.size")), Mul(factors=("share", "model.size"))
    inside = All(items=(le("own", half), Ge(operands=("own", twice))))
    assert constant(inside) is None


def test_table_takes_a_set_as_any_of_its_members_and_a_word_as_one() -> None:
    text = AnyOf(operands=(MODALITIES, ("text",)))
    other = AnyOf(operands=(MODALITIES, ("other",)))
    either = AnyOf(operands=(MODALITIES, ("text", "other")))
    assert constant(All(items=(text, other))) is None
    assert constant(All(items=(text, Not(item=either)))) is False
    assert constant(All(items=(either, Not(item=text)))) is None
    words = dict(shipped_words().facts)
    words["device.format"] = words[MODALITIES].model_copy(
        update={"subject": "device", "type": "enum", "values": ("fp8", "fp16", "fp4")}
    )
    words["device.name"] = words[MODALITIES].model_copy(update={"type": "text", "values": None})
    premises = Premises(members=SETS, facts=words)

    def always(condition: Condition) -> bool | None:
        table = Table.of([condition], premises)
        assert table is not None
        return table.constant(condition)

    for fact, all_of_them in (("device.format", True), ("device.name", None)):
        pair, four = Member(operands=(fact, "pair")), AnyOf(operands=(fact, ("fp4",)))
        assert always(All(items=(pair, four))) is False
        assert always(Any(items=(pair, four))) is all_of_them


def test_table_takes_an_operator_that_it_does_not_know_as_open() -> None:
    riddle = Riddle(words={"a": "b"})
    other = Riddle(words={"a": "c"})
    for apart in (riddle, Elsewhere(operands=("own", "low"))):
        both = All.model_construct(items=(apart, Not.model_construct(item=apart)))
        assert constant(both) is False
        assert constant(apart) is None
    assert constant(All.model_construct(items=(riddle, Not.model_construct(item=other)))) is None
    # A number of an unknown kind could be below zero.
    below = Lt.model_construct(operands=(riddle, "none"))
    assert constant(below) is None
    assert constant(All.model_construct(items=(below, gt("own", "none")))) is None


def test_term_knows_no_sign_of_a_number_it_does_not_know() -> None:
    one, other = (term_of(Riddle(words={"a": word}), LETS, AMOUNTS) for word in "bc")
    first = division_of(one, other)
    second = division_of(one, replace(other, factor=Fraction(2)))
    assert isinstance(first, Division)
    assert isinstance(second, Division)
    assert not first.bounded
    assert not first.vanishing
    # Below zero more of it is less, so the two places say nothing of each other.
    assert first.axis != second.axis


def test_usage_finds_what_an_unknown_operator_names() -> None:
    rule = small().rules[0]
    odd = rule.model_copy(update={"when": Riddle(words={"of": "line", "by": "reading:a=b"})})
    assert {"line", "reading:a=b", "a"} <= asked(odd)
    assert "Tell the office" not in asked(rule)


WHEN = "    when: { gt: [compute, line] }\n"
LATER = """\
        until: 2026-07-01
        known: 2025-01-10
        value: 10^25 FLOP
        cite: { source: act, at: s. 2, phrase: greater than }
        provenance: verified
      - from: 2026-07-01
        known: 2026-01-10
        value: 10^27 FLOP
"""
UPPER = """\
  upper:
    dimension: operations
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 10^26 FLOP
        cite: { source: act, at: s. 2, phrase: no more than }
        provenance: verified
  share:
"""


def found(text: str) -> list[tuple[str, str]]:
    """Return place and message of every constant in a regime."""
    return [item[:2] for item in constants(small(text), shipped_words().facts)]


def test_constant_is_named_where_it_stands() -> None:
    band = changed("  share:\n", UPPER).replace(
        WHEN, "    when: { any: [model.is_modification, { all: [%s, %s] }] }\n"
    )
    sound = band % ("{ gt: [compute, line] }", "{ le: [compute, upper] }")
    wrong = band % ("{ gt: [compute, upper] }", "{ le: [compute, line] }")
    assert found(sound) == []
    assert found(wrong) == [("rules[0].when.any[1]", "this condition never holds")]


def test_constant_on_some_days_names_them() -> None:
    text = changed("        known: 2025-01-10\n        value: 10^25 FLOP\n", LATER)
    text = changed("  share:\n", UPPER, text=text)
    text = text.replace(
        WHEN, "    when: { all: [{ gt: [compute, line] }, { le: [compute, upper] }] }\n"
    )
    assert found(text) == [
        ("rules[0].when", "this condition never holds from 2026-07-01 until 2027-01-01")
    ]


def test_rule_that_nobody_can_meet_is_found() -> None:
    scope = changed(WHEN, "    scope: { le: [compute, line] }\n" + WHEN)
    excepted = changed(
        "when: { not: model.significant_generality }, cite", "when: { gt: [compute, line] }, cite"
    )
    for text in (scope, excepted):
        ((place, message),) = found(text)
        assert place == "rules[0]"
        assert message.startswith("no subject can meet this rule")
    assert found(SMALL) == []


def test_choose_by_amount_may_split_at_two_figures() -> None:
    arms = """\
      - case: { le: [own, line] }
        then: model.is_modification
      - case: { all: [{ gt: [own, line] }, { le: [own, upper] }] }
        then: model.is_foundation_model
      - case: { gt: [own, upper] }
        then: model.broad_serious_risk
"""
    old = SMALL[SMALL.index("      - case: model.base") : SMALL.index("cases:\n")]
    text = changed("  share:\n", UPPER).replace(old, arms)
    assert list(choices(small(text), shipped_words().facts)) == []
    hole = text.replace("{ le: [own, line] }", "{ lt: [own, line] }")
    assert [item[1] for item in choices(small(hole), {})] == [
        "no case holds when own = line, own < upper"
    ]
