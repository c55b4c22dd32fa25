"""The columnar evaluator says what the plain one says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from itertools import product
from typing import Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import allocation, fact, records
from regimes import SMALL, changed, small
from triples import Triple, triple
from worlds import world_of

from ledger.determination import PlainEvaluator, Verdict, Verdicts
from ledger.engines import sized
from ledger.engines.conditions import FINDINGS
from ledger.engines.evaluate import ColumnEvaluator
from ledger.engines.numbers import LIMIT, Constant, Leaf, Number, Product, compared, comparison
from ledger.engines.sized import SizedEvaluator
from ledger.errors import RuleError
from ledger.quantity import Quantity
from ledger.regime.answered import Answers
from ledger.regime.decide import Decider
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law
from ledger.regime.question import Sight
from ledger.regime.rule import ViewName
from ledger.regime.trace import COMPARATORS, Comparator, Reason, Span, Truth

BLOCK = 50
VIEWS: Final[tuple[ViewName, ...]] = ("actual", "foreseen")
SIGHTS: Final[tuple[Sight, ...]] = ("legal", "error")


def both(given_: Triple, view: ViewName) -> tuple[Verdicts, Verdicts]:
    """Return the verdicts of both evaluators."""
    rules = given_.law.regime.rules
    return (
        PlainEvaluator().verdicts(
            given_.law, rules, given_.subjects, Answers(given_.law, given_.world.present), view
        ),
        ColumnEvaluator().verdicts(
            given_.law, rules, given_.subjects, Answers(given_.law, given_.world.present), view
        ),
    )


def agree(seeds: range) -> dict[str | None, int]:
    """Compare both evaluators on generated triples and count the findings."""
    seen: dict[str | None, int] = dict.fromkeys(FINDINGS, 0)
    for seed in seeds:
        made = triple(seed)
        view = VIEWS[seed % 2]
        plain, columns = both(made, view)
        assert plain.keys() == columns.keys(), f"seed {seed}"
        for place, verdict in plain.items():
            assert columns[place] == verdict, f"seed {seed}, {place}, {view}"
            seen[verdict.finding] += 1
    return seen


@pytest.mark.parametrize("block", range(11))
def test_evaluators_agree_on_generated_rules_and_ledgers(block: int) -> None:
    seen = agree(range(block * BLOCK, (block + 1) * BLOCK))
    # A generator that never reaches a finding would compare nothing.
    assert all(seen[finding] for finding in ("met", "not_met", "undetermined"))


@pytest.mark.parametrize(("more", "way"), [(0, PlainEvaluator), (-1, ColumnEvaluator)])
def test_few_subjects_are_asked_one_by_one_and_many_in_columns(
    monkeypatch: pytest.MonkeyPatch, more: int, way: type[PlainEvaluator | ColumnEvaluator]
) -> None:
    made, taken = triple(3), list[object]()
    rules = made.law.regime.rules
    answers = Answers(made.law, made.world.present)
    count = sum(map(len, made.subjects.values()))
    monkeypatch.setattr(sized, "FEW", count + more)
    for kind in (PlainEvaluator, ColumnEvaluator):
        asked = kind.verdicts

        def noted(self: object, *given_: object, _own: Callable[..., Verdicts] = asked) -> Verdicts:
            taken.append(type(self))
            return _own(self, *given_)

        monkeypatch.setattr(kind, "verdicts", noted)
    found = SizedEvaluator().verdicts(made.law, rules, made.subjects, answers, "actual")
    assert taken == [way]
    assert found.keys()


@pytest.mark.slow
@pytest.mark.parametrize("block", range(10))
def test_evaluators_agree_on_ten_thousand_triples(block: int) -> None:
    seen = agree(range(1_000_000 + block * 1000, 1_000_000 + (block + 1) * 1000))
    assert all(seen.values())


@pytest.mark.parametrize("block", range(4))
def test_deciding_finds_what_interpreting_finds(block: int) -> None:
    seen: dict[str | None, int] = dict.fromkeys(FINDINGS, 0)
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        made = triple(seed)
        answers = Answers(made.law, made.world.present)
        decider = Decider(made.law, answers)
        for rule in made.law.regime.rules:
            for subject in made.subjects.get(rule.family, ()):
                for view, sight in product(VIEWS, SIGHTS):
                    interpreter = Interpreter(made.law, answers, subject)
                    told = interpreter.sighted(rule, subject, view, sight)
                    found = decider.finding(rule, subject, view, sight)
                    assert found == told.finding, f"seed {seed}, {rule.id}, {view}, {sight}"
                    truth = decider.truth(rule, rule.condition, subject, view, sight)
                    assert truth == told.reason.truth, f"seed {seed}, {rule.id}, {view}, {sight}"
                    seen[found] += 1
    assert all(seen[finding] for finding in ("met", "not_met", "undetermined"))


@pytest.mark.parametrize("block", range(4))
def test_brief_interpretation_finds_the_same_with_fewer_reasons(block: int) -> None:
    whole, brief = 0, 0
    for seed in range(block * BLOCK, (block + 1) * BLOCK):
        made = triple(seed)
        answers = Answers(made.law, made.world.present)
        for rule in made.law.regime.rules:
            for subject in made.subjects.get(rule.family, ()):
                full = Interpreter(made.law, answers, subject).sighted(
                    rule, subject, "actual", "legal"
                )
                short = Interpreter(made.law, answers, subject, brief=True).sighted(
                    rule, subject, "actual", "legal"
                )
                told = (short.in_scope, short.finding, short.by)
                assert told == (full.in_scope, full.finding, full.by), f"seed {seed}, {rule.id}"
                whole += sum(map(nodes, full.reasons))
                brief += sum(map(nodes, short.reasons))
    assert brief < whole


def nodes(reason: Reason) -> int:
    """Count the nodes of a tree of reasons."""
    return 1 + sum(map(nodes, reason.parts))


ENDS = st.one_of(
    st.integers(0, 40),
    st.sampled_from([10**25 - 1, 10**25, 10**25 + 1, 10**28, LIMIT // 7, LIMIT - 1]),
).flatmap(lambda n: st.sampled_from([Fraction(n), Fraction(n, 3), Fraction(n, 100)]))


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Generate points, ranges and numbers without an upper end."""
    low, high = sorted([draw(ENDS), draw(ENDS)])
    return draw(st.sampled_from([Span.point(low), Span(low, high), Span(low, None)]))


@st.composite
def numbers(draw: st.DrawFn, rows: int) -> Number:
    """Generate a number or a product of numbers, all of no dimension."""
    leaves = [
        Constant(draw(spans()), None, (), rows)
        if draw(st.booleans())
        else Leaf.of(
            f"n{draw(st.uuids())}", [draw(spans()) for _ in range(rows)], [None] * rows, nothing
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    return leaves[0] if len(leaves) == 1 else Product(tuple(leaves))


def in_columns(operator: str, left: Number, right: Number) -> list[Truth] | None:
    """Return the comparison as the columns compute it, or None if it does not fit."""
    expr = comparison(operator, left, right)
    if expr is None:
        return None
    leaves = [x for n in (left, right) for x in (n.factors if isinstance(n, Product) else (n,))]
    columns = {
        name: series
        for leaf in leaves
        if isinstance(leaf, Leaf)
        for name, series in leaf.columns().items()
    }
    frame = pl.DataFrame({"row": range(left.rows), **columns})
    return frame.with_columns(expr.alias("x"))["x"].to_list()


@given(st.data(), st.sampled_from(COMPARATORS))
def test_columns_compare_as_the_exact_numbers_do(data: st.DataObject, operator: Comparator) -> None:
    rows = data.draw(st.integers(1, 4))
    left, right = data.draw(numbers(rows)), data.draw(numbers(rows))
    found = in_columns(operator, left, right)
    if found is not None:
        assert found == [compared(operator, left, right, row) for row in range(rows)]


def leaf(name: str, values: Sequence[int | Fraction | None], dimension: str | None = None) -> Leaf:
    """Return a leaf of points; None is a number without an upper end."""
    held = [Span(Fraction(0), None) if v is None else Span.point(v) for v in values]
    return Leaf.of(name, held, [dimension] * len(held), nothing)


def nothing(_row: int) -> tuple[str, ...]:
    """Return that nothing is missing."""
    return ()


def test_largest_numbers_that_fit_are_compared_in_columns() -> None:
    left, right = leaf("a", [LIMIT - 1, LIMIT - 2]), leaf("b", [LIMIT - 2, LIMIT - 1])
    assert in_columns("gt", left, right) == [True, False]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (leaf("a", [LIMIT]), leaf("b", [1])),
        (leaf("a", [LIMIT - 1]), leaf("b", [Fraction(1, 3)])),
        (Product((leaf("a", [10**19]), leaf("c", [10**19]))), leaf("b", [1])),
    ],
)
def test_number_that_could_overflow_never_becomes_a_column(left: Number, right: Number) -> None:
    assert comparison("gt", left, right) is None
    assert compared("gt", left, right, 0) is True


def test_nothing_times_something_unbounded_is_nothing() -> None:
    product = Product((leaf("a", [0, 1]), leaf("b", [None, None])))
    assert in_columns("gt", product, leaf("c", [0, 0])) == [False, None]


def test_numbers_of_two_dimensions_are_not_compared() -> None:
    left, right = leaf("a", [5], "operations"), leaf("b", [3], "money_usd")
    assert comparison("gt", left, right) is None
    assert compared("gt", left, right, 0) is None


def verdicts_of(text: str, subject: str = "model:m") -> dict[str, Verdict]:
    """Return what both evaluators say of one subject under the rules of a text."""
    law = Law.on(small(text[: text.index("cases:")]), date(2026, 2, 1))
    body = fact("model:m", "model.significant_generality", "boolean", value=True)
    world = world_of(records(("fact", body), allocation("m", 10**28)))
    made = Triple(law, world, {"model": world.subjects("model"), "device": ("device:d",)})
    plain, columns = both(made, "actual")
    assert plain == columns
    return {rule: verdict for (rule, who), verdict in plain.items() if who == subject}


def test_comparison_that_does_not_fit_columns_is_decided_all_the_same() -> None:
    big = "{ gt: [{ mul: [999999999, 999, compute] }, line] }\n    unless"
    found = verdicts_of(changed("{ gt: [compute, line] }\n    unless", big))
    assert found["above"].finding == "met"


DENSITY = """\
  density:
    dimension: performance_density
    values:
      - from: 2025-06-01
        known: 2025-01-10
        value: 5.92 TPP/mm2
        cite: { source: act, at: s. 7, phrase: or more }
        provenance: verified
"""
DEVICE_RULE = """\
  - id: above
    title: { en: Dense }
    subject: device
    effect: classification
    cite: { source: act, at: s. 2 }
    let:
      tpp: { max: { mul: [2, rate.mac_rate, rate.bit_length] }, over: device_rates }
    when: { ge: [tpp, { mul: [density, device.applicable_die_area] }] }
"""


@pytest.mark.parametrize(
    ("area", "finding"), [("400 mm2", "met"), ("400.01 mm2", "not_met"), (None, "undetermined")]
)
def test_largest_rate_of_a_device_is_compared(area: str | None, finding: str) -> None:
    text = SMALL[: SMALL.index("rules:")] + "rules:\n" + DEVICE_RULE
    text = changed("  share:\n", f"{DENSITY}  share:\n", text=text)
    law = Law.on(small(text), date(2026, 2, 1))
    given_ = (
        [] if area is None else [fact("device:d", "device.applicable_die_area", "quantity", area)]
    )
    row = {"rate.mac_rate": "148 MacTOPS", "rate.bit_length": "8 bit"}
    rates = {"d": [{name: Quantity.parse(value) for name, value in row.items()}]}
    world = world_of(records(*(("fact", body) for body in given_)), rates=rates)
    plain, columns = both(Triple(law, world, {"device": ("device:d", "device:e")}), "actual")
    assert plain == columns
    assert plain["above", "device:d"].finding == finding
    assert "device_rates@device:e" in plain["above", "device:e"].missing


def test_rules_in_a_circle_are_refused_by_both() -> None:
    regime = small()
    modifier = regime.rule("modifier")
    assert modifier is not None
    assert modifier.choose is not None
    arm = modifier.choose[0].model_copy(update={"case": "rule:modifier"})
    circular = modifier.model_copy(update={"choose": (arm, *modifier.choose[1:])})
    turned = regime.model_copy(update={"rules": (regime.rules[0], circular)})
    law = Law.on(turned, date(2026, 2, 1))
    answers = Answers(law, world_of(records(allocation("m", 1))).present)
    for evaluator in (PlainEvaluator(), ColumnEvaluator()):
        with pytest.raises(RuleError, match="modifier to modifier"):
            evaluator.verdicts(law, turned.rules, {"model": ("model:m",)}, answers, "actual")


def test_no_subject_gives_no_verdict() -> None:
    law = Law.on(small(SMALL), date(2026, 2, 1))
    answers = Answers(law, world_of(records()).present)
    assert ColumnEvaluator().verdicts(law, law.regime.rules, {"model": ()}, answers, "actual") == {}
