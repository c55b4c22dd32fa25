"""Differences of rule files: every leaf is seen, and told in the words of the law."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from regimes import SMALL, changed, shipped_pack, small

from ledger.quantity import Quantity
from ledger.regime.cased import CasedRegime, load_cased
from ledger.regime.difference import Change, Difference, changes, difference
from ledger.regime.scalar import Node


def against(old: str, new: str) -> Difference:
    """Compare the small regime with itself, one text replaced."""
    return difference(small(), small(changed(old, new)))


def only(found: Difference) -> Change:
    """Return the one change that is no value and no case."""
    (change,) = found.changes
    assert not found.values
    assert not found.cases
    return change


def other(value: object, place: str) -> Any:
    """Return another scalar of the same kind."""
    match value:
        case bool():
            return not value
        case str():
            return f"{value}x"
        case date():
            return value + timedelta(days=1)
        case Quantity():
            return Quantity(value.value + Fraction(1, 7), value.unit)
        case _:
            pytest.fail(f"a kind of leaf that no test changes: {type(value)} at {place}")


def parts(value: Any) -> dict[Any, tuple[str, Any]]:
    """Return what a value is made of, with its path, by field, place or key."""
    if isinstance(value, Node):
        return {name: (f".{name}", getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, tuple):
        return {index: (f"[{index}]", item) for index, item in enumerate(value)}
    return {key: (f".{key}", item) for key, item in value.items()}


def replaced(value: Any, key: Any, *part: Any) -> Any:
    """Return a value with one part another, or gone."""
    if isinstance(value, Node):
        return value.model_copy(update={key: part[0]})
    if isinstance(value, tuple):
        return (*value[:key], *part, *value[key + 1 :])
    return {k: v for k, v in value.items() if k != key} | dict.fromkeys(
        [key] if part else [], *part
    )


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield a copy of a value for each of its scalars, with that scalar made another or gone."""
    if value is None:
        return
    if not isinstance(value, Node | tuple | dict):
        yield place, other(value, place)
        return
    for key, (step, part) in parts(value).items():
        for where, changed_part in leaves(part, place + step):
            yield where, replaced(value, key, changed_part)
        # A node keeps its fields, and a comparison its two sides.
        if not isinstance(value, Node) and not place.endswith(".operands"):
            yield f"{place}{step} gone", replaced(value, key)


@pytest.mark.parametrize("regime_id", ["eu.aia", "us.ca.sb53", "us.eo14110", "kr.aiba"])
def test_difference_of_a_regime_and_itself_is_nothing(regime_id: str) -> None:
    regime = load_cased(shipped_pack())[regime_id]
    found = difference(regime, regime)
    assert not found
    assert (found.changes, found.values, found.cases, found.likenesses) == ((), (), (), ())


@pytest.mark.parametrize("regime_id", ["eu.aia", "us.ca.sb53", "kr.aiba"])
def test_difference_sees_every_scalar_of_a_shipped_regime(regime_id: str) -> None:
    regime = load_cased(shipped_pack())[regime_id]
    seen = 0
    for place, mutant in leaves(regime):
        assert isinstance(mutant, CasedRegime)
        found = difference(regime, mutant)
        assert found, f"{place} changed and nothing was found"
        assert found.of_law is not place.startswith(".cases"), place
        for change in found.changes:
            assert change.old != change.new, (place, change)
        seen += 1
    assert seen > 300


def test_difference_of_cases_names_the_case() -> None:
    found = against("operations: 10^25 FLOP, on", "operations: 10^24 FLOP, on")
    assert not found.of_law
    assert [(case.name, case.kind) for case in found.cases] == [("under", "changed")]
    renamed = against("name: under", "name: below")
    assert [(case.name, case.kind) for case in renamed.cases] == [
        ("under", "removed"),
        ("below", "added"),
    ]


def test_difference_of_a_figure_holds_both_values_whole() -> None:
    found = against("10^25 FLOP\n        cite", "3*10^25 FLOP\n        cite")
    (value,) = found.values
    assert value.parameter == "line"
    assert value.changed == ("value",)
    assert value.old is not None
    assert value.new is not None
    assert (str(value.old.value), str(value.new.value)) == (
        f"{10**25} FLOP",
        f"{3 * 10**25} FLOP",
    )
    assert not found.changes
    assert not found.likenesses, "the trees are the same"


def test_difference_of_a_value_added_leaves_the_others_alone() -> None:
    text = changed(
        "        value: 10^25 FLOP\n        cite",
        "        until: 2027-06-01\n        value: 10^25 FLOP\n        cite",
    )
    text = changed(
        "        provenance: verified\n  share:",
        "        provenance: verified\n"
        "      - from: 2027-06-01\n        known: 2026-06-01\n        value: 10^26 FLOP\n"
        "        cite: { source: repeal, at: s. 2, phrase: greater than }\n"
        "        provenance: verified\n  share:",
        text=text,
    )
    first, second = difference(small(), small(text)).values
    assert first.changed == ("until",)
    assert second.old is None
    assert second.new is not None
    assert second.new.from_ == date(2027, 6, 1)


def test_difference_of_a_new_figure_gives_its_values() -> None:
    line = SMALL.index("  share:\n"), SMALL.index("  notice:\n")
    text = SMALL[: line[0]] + SMALL[line[1] :]
    text = text.replace("{ mul: [share, behind] }", "behind").replace(
        "{ mul: [share, line] }", "line"
    )
    without = small(text)
    come, gone = difference(without, small()), difference(small(), without)
    assert Change("parameters.share", "added", None, "a figure of ratio") in come.changes
    assert Change("parameters.share", "removed", "a figure of ratio", None) in gone.changes
    assert [(v.parameter, v.old, v.new is None) for v in come.values] == [("share", None, False)]
    assert [(v.parameter, v.old is None, v.new) for v in gone.values] == [("share", False, None)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "when: { gt: [compute, line] }",
            "when: { ge: [compute, line] }",
            Change("rules.above.when", "changed", "compute > line", "compute ≥ line"),
        ),
        (
            "then: { gt: [own, { mul: [share, line] }] }",
            "then: { gt: [own, { mul: [share, behind] }] }",
            Change(
                "rules.modifier.choose[1].then",
                "changed",
                "own > share × line",
                "own > share × behind",
            ),
        ),
        (
            "when: { not: model.significant_generality }",
            "when: { all: [{ not: model.significant_generality }, model.is_modification] }",
            Change(
                "rules.above.unless.narrow.when",
                "changed",
                "not model.significant_generality",
                "not model.significant_generality and model.is_modification",
            ),
        ),
        (
            "integer: excluded",
            "integer: counted",
            Change("counting.work.operation_kinds.integer", "changed", "excluded", "counted"),
        ),
        (
            "      pretrain: counted",
            "      pretrain: { open: rollouts }",
            Change("counting.work.activities.pretrain", "changed", "counted", "open: rollouts"),
        ),
        (
            "distilled: stop",
            "distilled: follow",
            Change("counting.work.lineage.relations.distilled", "changed", "stop", "follow"),
        ),
        (
            'default: "in"',
            "default: out",
            Change("readings.rollouts.default", "changed", "in", "out"),
        ),
        (
            "- { on: 2025-06-01, event: applies",
            "- { on: 2025-07-01, event: applies",
            Change("lifecycle[applies].on", "changed", "2025-06-01", "2025-07-01"),
        ),
        (
            "{ from: 2026-01-01, stance: enforced }",
            "{ from: 2026-01-01, stance: not_enforced }",
            Change("enforcement[enforced].stance", "changed", "enforced", "not_enforced"),
        ),
        (
            "Small Act 2025, published: 2025-01-10",
            "Small Act 2025, published: 2025-01-11",
            Change("sources.act.published", "changed", "2025-01-10", "2025-01-11"),
        ),
        (
            "action: { en: Tell the office }",
            "action: { en: Tell the board }",
            Change(
                "rules.above.obligations.tell.action.en",
                "changed",
                "Tell the office",
                "Tell the board",
            ),
        ),
    ],
)
def test_difference_names_the_place_and_says_what_stood_there(
    old: str, new: str, expected: Change
) -> None:
    assert only(against(old, new)) == expected


def test_difference_of_a_view_is_word_by_word() -> None:
    text = changed("basis: [actual, committed]", "basis: [actual]")
    text = changed("earliest: [met, foreseen]", "earliest: [met]", text=text)
    assert difference(small(), small(text)).changes == (
        Change("rules.above.views.foreseen.basis[1]", "removed", "committed", None),
        Change("rules.above.obligations.tell.due.after.earliest[1]", "removed", "foreseen", None),
    )


def test_difference_of_a_condition_inside_another_is_told_item_by_item() -> None:
    before = changed(
        "when: { gt: [compute, line] }",
        "when: { all: [{ gt: [compute, line] }, model.is_modification] }",
    )
    after = changed(
        "{ gt: [compute, line] }, model.is_modification",
        "{ ge: [compute, line] }, model.significant_generality, model.is_modification",
        text=before,
    )
    found = difference(small(before), small(after))
    assert found.changes == (
        Change("rules.above.when.all[0]", "changed", "compute > line", "compute ≥ line"),
        Change("rules.above.when.all[1]", "added", None, "model.significant_generality"),
    )


def test_difference_of_a_new_rule_gives_its_parts() -> None:
    text = SMALL[: SMALL.index("  - id: modifier")] + SMALL[SMALL.index("cases:") :]
    text = text.replace(", modifier: { m: { finding: met } }", "")
    text = text.replace(", modifier: { n: { finding: not_met } }", "")
    text = text.replace("      modifier: { m: { finding: undetermined } }\n", "")
    text = text.replace("      modifier: { m: { in_scope: no, finding: none } }\n", "")
    without = small(text)
    gone = difference(small(), without).changes
    come = difference(without, small()).changes
    assert {change.kind for change in gone} == {"removed"}
    assert {change.kind for change in come} == {"added"}
    assert [change.place for change in gone] == [change.place for change in come]
    told = {change.place: change.new for change in come}
    assert told["rules.modifier.let.own"] == "own operations by work"
    assert "own > share × behind" in str(told["rules.modifier.choose"])


def test_difference_of_order_alone_is_said_to_be_that() -> None:
    lines = [line for line in SMALL.splitlines(keepends=True) if line.startswith("  - { on: 2025-")]
    text = SMALL.replace("".join(lines[1:3]), lines[2] + lines[1])
    (change,) = difference(small(), small(text)).changes
    assert (change.place, change.kind) == ("lifecycle", "moved")


def test_changes_of_plain_trees_go_by_the_names_of_items() -> None:
    old = {"devices": [{"id": "a", "tpp": "1"}, {"id": "b", "tpp": "2"}]}
    new = {"devices": [{"id": "a", "tpp": "1"}, {"id": "b", "tpp": "3"}, {"id": "c", "tpp": "4"}]}
    assert list(changes(old, new, "hardware")) == [
        Change("hardware.devices.b.tpp", "changed", "2", "3"),
        Change("hardware.devices.c", "added", None, "id: c; tpp: 4"),
    ]
