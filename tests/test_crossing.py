"""Crossings: the day from which something holds, against asking every day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import allocation, lineage, records
from regimes import SMALL, changed, shipped_pack, small
from worlds import world_of

from ledger.crossing import BEFORE, Days, Undated, by_day, first_day, grows, rows_on
from ledger.determination import Asked, Evaluator, PlainEvaluator, determine
from ledger.engines.evaluate import ColumnEvaluator
from ledger.errors import IntegrityError
from ledger.measure import Leg, Sums
from ledger.quantity import Interval
from ledger.regime.cased import load_cased
from ledger.regime.expression import Condition
from ledger.regime.law import Law
from ledger.regime.rule import Rule

START = date(2026, 1, 1)


def day(number: int) -> date:
    """Return a day by its number."""
    return START + timedelta(days=number)


def every_day(days: Days, holds: Callable[[date], bool]) -> date | None:
    """Return the same by asking of every day, from the last one backward."""
    found: date | None = days.all[-1] if days.all else None
    for each in (*reversed(days.all), BEFORE):
        if not holds(each):
            return found
        found = each
    return None


@given(st.lists(st.booleans(), max_size=12), st.data())
def test_crossing_is_the_start_of_the_last_stretch(truths: list[bool], data: st.DataObject) -> None:
    before = data.draw(st.booleans())
    answers = {BEFORE: before} | {day(i): truth for i, truth in enumerate(truths)}
    days = Days.of([day(i) for i in range(len(truths))], [], until=day(99))
    last = days.all[-1] if days.all else BEFORE
    answers[last] = True
    assert first_day(days, answers.__getitem__, monotone=lambda _: False) == every_day(
        days, answers.__getitem__
    )


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=5), st.data())
def test_crossing_is_found_by_halving_between_breaks(
    segments: list[tuple[bool, int]], data: st.DataObject
) -> None:
    """Within a segment it only begins to hold; a break may end it."""
    answers: list[bool] = []
    breaks: list[int] = []
    for starts_true, length in segments:
        begins = 0 if starts_true else data.draw(st.integers(1, length + 1))
        breaks.append(len(answers))
        answers += [i >= begins for i in range(length + 1)]
    answers[-1] = True
    by_day = {BEFORE: answers[0]} | {day(i): truth for i, truth in enumerate(answers)}
    days = Days.of(map(day, range(len(answers))), map(day, breaks), until=day(99))
    found = first_day(days, by_day.__getitem__, monotone=lambda _: True)
    assert found == every_day(days, by_day.__getitem__)


def test_halving_asks_few_days() -> None:
    days = Days.of([day(i) for i in range(1000)], [], until=day(2000))
    asked: list[date] = []

    def holds(each: date) -> bool:
        asked.append(each)
        return each >= day(700)

    assert first_day(days, holds, monotone=lambda _: True) == day(700)
    assert len(asked) < 15


@pytest.mark.parametrize("halving", [True, False])
@pytest.mark.parametrize("length", [0, 1, 3])
def test_crossing_of_what_does_not_hold_on_the_last_day_is_refused(
    length: int, *, halving: bool
) -> None:
    days = Days.of(map(day, range(length)), [], until=day(9))
    with pytest.raises(IntegrityError, match="does not hold"):
        first_day(days, lambda _: False, monotone=lambda _: halving)


def test_days_after_the_last_one_are_left_out() -> None:
    days = Days.of([day(5), day(1), day(1)], [day(9), day(2)], until=day(5))
    assert days.all == (day(1), day(2), day(5))
    assert days.breaks == {day(2)}


LEG = Leg(0, "r", "pretrain", "float", "own", START, None, 5, 5)


def leg(**changes: Any) -> Leg:
    """Return a leg of five operations on the first day."""
    return replace(LEG, **changes)


UNDATED = {"day": None, "not_after": day(10)}


@pytest.mark.parametrize(
    ("changes", "number", "undated", "expected"),
    [
        ({}, 0, Undated.LATE, Sums(1, 5, 5, 0, 5, 5)),
        ({}, -1, Undated.LATE, Sums(later=1)),
        (UNDATED, 10, Undated.LATE, Sums(1, 5, 5, 0, 5, 5)),
        (UNDATED, 9, Undated.LATE, Sums(1, 0, 5, 0, 0, 5)),
        (UNDATED, 9, Undated.EARLY, Sums(1, 5, 5, 0, 5, 5)),
        ({"hi": None, "rows": 2}, 0, Undated.LATE, Sums(2, 5, 0, 1, 5, 0, 1)),
        ({"error": Interval(4, None)}, 0, Undated.LATE, Sums(1, 5, 5, 0, 4, 0, 1)),
    ],
)
def test_leg_adds_by_a_day_what_it_surely_and_perhaps_did(
    changes: dict[str, Any], number: int, undated: Undated, expected: Sums
) -> None:
    rows = rows_on({"m": by_day("m", [leg(**changes)])}, day(number), undated)
    ((_, sums),) = rows["m"]
    assert sums == expected


def test_legs_of_one_group_are_added_and_figures_stay_apart_by_run() -> None:
    legs = [leg(), leg(day=day(1)), leg(extent="cumulative"), leg(extent="cumulative", run="s")]
    rows = rows_on({"m": by_day("m", legs), "n": ()}, day(5), Undated.LATE)
    assert [sums.lo for _, sums in rows["m"]] == [10, 5, 5]
    assert [key.run for key, _ in rows["m"]] == [None, "r", "s"]
    assert "n" not in rows


def law_of(text: str) -> Law:
    """Return a regime of a text on a day."""
    return Law.on(small(text), date(2026, 2, 1))


def growing(law: Law, rule: str, *, committed: bool = False, **settled: bool) -> bool:
    """Return whether a rule grows, some facts being settled."""

    def constant(_rule: Rule, node: Condition) -> bool | None:
        return settled.get(str(node).replace(".", "_"))

    return grows(law, law.rule(rule), committed=committed, constant=constant)


def test_plain_line_grows_and_a_share_of_the_base_does_not() -> None:
    law = law_of(SMALL)
    assert growing(law, "above")
    assert not growing(law, "modifier")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("{ ge: [compute, line] }", True),
        ("{ lt: [line, compute] }", True),
        ("{ lt: [compute, line] }", False),
        ("{ not: { le: [compute, line] } }", False),
        ("{ any: [{ gt: [compute, line] }, model.is_foundation_model] }", True),
        ("{ all: [{ gt: [compute, line] }, { not: model.is_foundation_model }] }", True),
        ("{ all: [{ gt: [compute, line] }, model.base_compute_obtainable] }", False),
        ('{ any: [{ gt: [compute, line] }, "rule:modifier"] }', False),
    ],
)
def test_what_grows_is_told_from_the_condition(condition: str, *, expected: bool) -> None:
    text = changed("{ gt: [compute, line] }\n    unless", f"{condition}\n    unless")
    assert growing(law_of(text[: text.index("cases:")]), "above") is expected


def test_settled_part_makes_the_rest_irrelevant() -> None:
    exception = '{ all: [model.is_modification, { not: "rule:modifier" }] }'
    text = changed("{ not: model.significant_generality }", exception)
    law = law_of(text[: text.index("cases:")])
    assert not growing(law, "above")
    assert growing(law, "above", model_is_modification=False)
    assert not growing(law, "above", model_is_modification=True)


def test_developer_grows_with_its_models_unless_commitments_are_in_play() -> None:
    regimes = load_cased(shipped_pack())
    law = Law.on(regimes["us.ca.sb53"], date(2026, 11, 23))
    assert growing(law, "frontier-developer")
    assert not growing(law, "frontier-developer", committed=True)


@pytest.mark.parametrize("evaluator", [PlainEvaluator(), ColumnEvaluator()])
def test_base_whose_work_is_all_later_leaves_a_modification_undetermined(
    evaluator: Evaluator,
) -> None:
    tuned = allocation("m", 13 * 10**24, activity="sft")
    later = {"start": "2026-09-01T00:00:00Z", "end": "2026-09-01T01:00:00Z"}
    held = records(tuned, allocation("p", 10**25, **later), ("lineage", lineage("m", "p", "no")))
    regimes = load_cased(shipped_pack())
    world = world_of(held, as_of=date(2026, 6, 1))
    found = determine(Asked(date(2026, 6, 1), date.max), [regimes["eu.aia"]], world, evaluator)
    of_model = {each.rule: each.finding for each in found if each.subject == "model:m"}
    assert of_model["modifier-one-third"] == "undetermined"
