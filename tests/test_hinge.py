"""A determination reports the comparison on which its finding hangs, and the nearest line."""

from __future__ import annotations

from functools import cache
from itertools import product
from typing import Any

import pytest
from ledgers import allocation, fact
from regimes import ROOT, shipped_words
from stated import SUM, regime
from worlds import determined

from ledger.determination import Determination
from ledger.determination.hinge import Hinges, comparisons_of
from ledger.regime.cased import CasedRegime, load_regime
from ledger.regime.trace import Truth
from ledger.yamltree import parse_tree

A, B, C = ({"gt": [{"mul": [factor, "compute"]}, "line"]} for factor in ("1", "2", "3"))
YES, NO, OPEN = True, False, None


def hinges(when: Any, *truths: Truth) -> str:
    """Return which of the comparisons A, B and C a condition hangs on, by the truths of leaves."""
    rule: dict[str, Any] = {"id": "r", "let": SUM}
    rule |= {"choose": when} if isinstance(when, list) else {"when": when}
    condition = regime(rule).rules[0].condition
    names = [each.operands[0].factors[0] for each in comparisons_of(condition)]  # type: ignore[union-attr]
    return "".join("ABC"[int(names[place]) - 1] for place in Hinges.of(condition).at(truths))


BIO = {"any": [A, {"all": ["model.a", B]}]}
RULED = {"all": ["reading:r=x", B]}


@pytest.mark.parametrize(
    ("when", "truths", "expected"),
    [
        # Not met: what could still decide, all of it.
        (BIO, (NO, YES, NO), "AB"),
        (BIO, (NO, OPEN, NO), "AB"),
        (BIO, (NO, NO, NO), "A"),
        (BIO, (NO, NO, YES), "A"),
        ({"all": [A, B]}, (YES, NO), "B"),
        ({"all": [A, {"all": ["model.a", B]}]}, (NO, NO, NO), "A"),
        ({"any": [A, {"all": ["model.a", {"any": [B, "model.b"]}]}]}, (NO, NO, NO, NO), "A"),
        ({"any": [A, {"all": [{"not": "model.a"}, B]}]}, (NO, YES, NO), "AB"),
        ({"any": [A, {"all": [{"not": "model.a"}, B]}]}, (NO, NO, NO), "A"),
        # A comparison that is denied contributes when it is true.
        ({"all": [{"not": A}, B]}, (YES, YES), "A"),
        ({"not": {"any": [A, {"all": ["model.a", B]}]}}, (NO, YES, YES), "B"),
        # Nothing could decide: the fewest facts in the way.
        ({"all": ["model.a", A]}, (NO, OPEN), "A"),
        ({"all": ["model.a", {"any": [A, {"all": ["model.b", B]}]}]}, (NO, NO, NO, NO), "A"),
        ({"all": ["model.a", {"any": [A, {"all": ["model.b", B]}]}]}, (NO, NO, YES, NO), "AB"),
        # A reading that was not chosen takes its comparison out altogether.
        ({"any": [A, RULED]}, (NO, NO, NO), "A"),
        ({"any": [RULED]}, (NO, NO), ""),
        # Met: the first that carries it.
        (BIO, (YES, YES, YES), "A"),
        (BIO, (NO, YES, YES), "B"),
        ({"any": [{"all": ["model.a", A]}, B]}, (NO, YES, YES), "B"),
        ({"any": [{"all": ["model.a", A]}, B]}, (YES, YES, YES), "A"),
        ({"any": [{"all": [A, C]}, B]}, (YES, NO, YES), "B"),
        ({"any": ["model.a", A]}, (YES, NO), "A"),
        # Open: the first that is open itself, unless it is open which applies.
        ({"any": [A, B]}, (NO, OPEN), "B"),
        ({"all": [A, B]}, (YES, OPEN), "B"),
        ({"any": [A, B]}, (OPEN, OPEN), "A"),
        ({"all": ["model.a", A]}, (OPEN, YES), "A"),
        ({"all": ["model.a", A, B]}, (OPEN, YES, OPEN), "B"),
        ({"any": ["model.a", A]}, (OPEN, NO), "A"),
        (BIO, (OPEN, OPEN, OPEN), "AB"),
        (BIO, (NO, OPEN, YES), "AB"),
        (BIO, (OPEN, OPEN, NO), "A"),
        (BIO, (OPEN, NO, NO), "A"),
        (BIO, (OPEN, YES, OPEN), "A"),
    ],
)
def test_hinges_are_the_comparisons_that_still_matter(
    when: Any, truths: tuple[Truth, ...], expected: str
) -> None:
    assert hinges(when, *truths) == expected


CHOICE = [
    {"case": "model.a", "then": A},
    {"case": {"not": "model.a"}, "then": {"any": [B, C]}},
]


@pytest.mark.parametrize(
    ("truths", "expected"),
    [
        ((YES, NO, NO, NO, NO), "A"),
        ((NO, NO, YES, NO, NO), "BC"),
        ((NO, YES, YES, NO, YES), "C"),
        ((OPEN, NO, OPEN, NO, NO), "ABC"),
        ((OPEN, YES, OPEN, YES, NO), "A"),
        ((OPEN, YES, OPEN, NO, NO), "ABC"),
        ((OPEN, YES, OPEN, NO, OPEN), "AC"),
        ((NO, YES, NO, YES, YES), ""),
        ((YES, OPEN, NO, YES, YES), "A"),
    ],
)
def test_arm_that_is_ruled_out_has_no_hinge(truths: tuple[Truth, ...], expected: str) -> None:
    assert hinges(CHOICE, *truths) == expected


def test_rule_of_one_comparison_hangs_on_it_whatever_is_true() -> None:
    shapes = [A, {"not": A}, {"all": ["model.a", A]}, {"any": ["model.a", {"not": A}]}]
    for shape in shapes:
        assert {hinges(shape, *truths) for truths in product((YES, NO, OPEN), repeat=2)} == {"A"}


@cache
def shipped(regime_id: str) -> CasedRegime:
    """Return a regime of the checkout."""
    (path,) = (ROOT / "rules").rglob(f"{regime_id}.yaml")
    name = path.relative_to(ROOT / "rules").as_posix()
    found, flaws = load_regime(
        name, parse_tree(path.read_text("utf-8"), where=name), shipped_words()
    )
    assert found is not None, flaws
    return found


def stated(**facts: bool) -> list[tuple[str, dict[str, Any]]]:
    """Return facts of model m."""
    return [
        ("fact", fact("model:m", f"model.{name}", "boolean", value=value))
        for name, value in facts.items()
    ]


def of(regime_id: str, rule: str, operations: int | None, **facts: bool) -> Determination:
    """Return what both evaluators say of model m under a rule of the checkout."""
    day = {"start": "2024-12-01T00:00:00Z", "end": "2024-12-01T08:00:00Z"}
    given = [allocation("m", operations, **day), *stated(**facts)]
    found = determined(
        *given,
        regime=shipped(regime_id),
        assumptions={regime_id: "in_force"},
        rules={regime_id: frozenset({rule})},
    )
    return found[rule, "model:m"]


BIOLOGICAL = {
    "primarily_biological_sequence_data": True,
    "developed_by_covered_foreign_person": True,
}


@pytest.mark.parametrize(
    ("biological", "operations", "threshold", "margin"),
    [
        (True, 6 * 10**23, 10**24, 4 * 10**23),
        (False, 6 * 10**23, 10**25, 10**25 - 6 * 10**23),
        (True, 0, 10**24, 10**24),
        (True, 10**24, 10**24, 0),
    ],
)
def test_prohibited_investment_is_as_far_away_as_its_nearest_line(
    *, biological: bool, operations: int, threshold: int, margin: int
) -> None:
    facts = BIOLOGICAL | {"primarily_biological_sequence_data": biological}
    found = of("us.treasury.oisp", "prohibited", operations, **facts)
    assert (found.finding, found.threshold, found.margin) == (
        "not_met",
        str(threshold),
        str(margin),
    )


def test_biological_model_is_measured_at_its_own_line() -> None:
    asked = ("us.eo14110", "reportable-model")
    known = {"dual_use_foundation_model": True}
    below = of(*asked, 5 * 10**22, primarily_biological_sequence_data=True, **known)
    assert (below.finding, below.threshold, below.margin) == (
        "not_met",
        str(10**23),
        str(5 * 10**22),
    )
    over = of(*asked, 2 * 10**23, primarily_biological_sequence_data=True, **known)
    assert (over.finding, over.threshold, over.margin) == ("met", str(10**23), str(10**23))
    other = of(*asked, 2 * 10**23, primarily_biological_sequence_data=False, **known)
    assert (other.finding, other.threshold) == ("not_met", str(10**26))


def test_line_is_not_told_while_it_is_open_which_applies() -> None:
    found = of("us.eo14110", "reportable-model", 2 * 10**23, dual_use_foundation_model=True)
    assert found.missing == ("model.primarily_biological_sequence_data",)
    assert (found.finding, found.comparison, found.threshold, found.margin) == (
        "undetermined",
        None,
        None,
        None,
    )
    assert found.measured is not None
    assert found.measured["operations"].point == str(2 * 10**23)


def test_amount_is_not_told_either_while_it_is_open_which() -> None:
    facts = {"base_compute_obtainable": False, "is_modification": True}
    asked = ("eu.aia", "modifier-one-third", 5 * 10**22)
    found = of(*asked, same_provider_as_base=False, **facts)
    assert (found.finding, found.measured, found.threshold) == ("undetermined", None, None)
    known = of(*asked, same_provider_as_base=False, base_is_systemic_risk=True, **facts)
    assert (known.finding, known.threshold) == ("not_met", str(10**25 // 3))
