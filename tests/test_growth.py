"""A check of many models does what a check of few does, model by model, and nothing twice.

Steps are counted and not seconds, so that a busy machine does not fail a test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pytest
from ledgers import Record, allocation, commitment, fact, figure, lineage, records
from regimes import SMALL, small
from worlds import E24, world_of

from ledger import drawing
from ledger.book.reckoning import Reckoning
from ledger.determination import Asked, determine, survey
from ledger.determination import world as of_world
from ledger.engines import evaluate
from ledger.engines.evaluate import ColumnEvaluator
from ledger.measure import Leg
from ledger.regime import law as of_law
from ledger.regime.interpret import Interpreter
from ledger.regime.law import Law

MANY = 24
LARGE, LITTLE = 20 * E24, E24

Counted = Callable[[object, str], None]


@pytest.fixture
def counts() -> Counter[str]:
    """How often each thing was done."""
    return Counter()


@pytest.fixture
def count(counts: Counter[str], monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Counts the calls of a function of a class or module, under its name."""

    def counted(owner: object, name: str) -> None:
        original = getattr(owner, name)

        def calling(*given: Any, **named: Any) -> Any:
            counts[name] += 1
            return original(*given, **named)

        monkeypatch.setattr(owner, name, calling)

    return counted


def models(number: int, operations: int) -> list[Record | dict[str, Any]]:
    """Return that many models of general use, with work on eight days each."""
    general = "model.significant_generality"
    return [
        *(("fact", fact(f"model:m{n}", general, "boolean", value=True)) for n in range(number)),
        *(work(n, operations, day) for n in range(number) for day in range(11, 19)),
    ]


def work(number: int, operations: int, day: int, **changes: Any) -> dict[str, Any]:
    """Return the work of one model on one day of March; no two models do as much."""
    start, end = (f"2026-03-{day}T{hour}:00:00Z" for hour in ("00", "08"))
    run = f"r{number}-{day}"
    return allocation(f"m{number}", operations + number, run=run, start=start, end=end, **changes)


def found(*given: Record | dict[str, Any]) -> Counter[str | None]:
    """Ask the first rule of the small act of records, and count the findings."""
    law = Asked(date(2026, 11, 23), date.max, rules={"xx.small": frozenset({"above"})})
    determined = determine(law, [small()], world_of(records(*given)), ColumnEvaluator())
    return Counter(each.finding for each in determined)


def test_models_that_come_out_alike_share_one_verdict(count: Counted, counts: Counter[str]) -> None:
    count(evaluate, "Verdict")
    steps = []
    for number in (MANY, 2 * MANY):
        counts.clear()
        assert found(*models(number, LITTLE))["not_met"] == number
        steps.append(counts["Verdict"])
    assert steps[0] == steps[1], steps


def test_a_model_that_meets_a_rule_is_interpreted_as_often_among_many(
    count: Counted, counts: Counter[str]
) -> None:
    count(Interpreter, "sighted")
    steps = []
    for number in (MANY, 2 * MANY):
        counts.clear()
        assert found(*models(number, LARGE))["met"] == number
        steps.append(counts["sighted"])
    assert 2 * steps[0] == steps[1], steps
    # The last day, the time before the first, and three halvings of what lies between.
    assert steps[0] <= 5 * MANY, steps


def test_counting_sets_that_count_alike_are_reckoned_once(
    count: Counted, counts: Counter[str]
) -> None:
    world = world_of(records(*models(MANY, LITTLE)))
    renamed = SMALL.replace("counting: work", "counting: labour").replace("  work:", "  labour:")
    regimes = [small(), small(renamed)]
    assert regimes[0].counting.keys() != regimes[1].counting.keys()
    count(Reckoning, "_make_own")
    law = Asked(date(2026, 11, 23), date.max)
    once = determine(law, regimes[:1], world, ColumnEvaluator())
    first = counts["_make_own"]
    again = determine(law, regimes, world, ColumnEvaluator())
    assert first >= MANY
    assert counts["_make_own"] == first
    assert len(again) == 2 * len(once)


def test_deliveries_under_other_contracts_are_not_read_for_every_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original, read, drawn_on, drawn = drawing.delivered_by, [0], drawing.drawn_on, Counter[Any]()

    def reading(legs: Mapping[str, Iterable[Leg]], day: date) -> Any:
        held = {model: tuple(each) for model, each in legs.items()}
        read[0] += sum(len(each) for each in held.values())
        return original(held, day)

    def drawing_on(parts: Iterable[Any], deliveries: Sequence[Any]) -> Any:
        held = tuple(parts)
        drawn[held[0].contract, tuple(deliveries)] += 1
        return drawn_on(held, deliveries)

    monkeypatch.setattr(of_world, "delivered_by", reading)
    monkeypatch.setattr(drawing, "drawn_on", drawing_on)
    steps = []
    for number in (MANY, 2 * MANY):
        read[0] = 0
        given = models(number, LARGE)
        for n in range(number):
            given.append(work(n, LITTLE, 25, commitment=f"c-{n}"))
            agreed = commitment(f"m{n}", "acme", contract=f"c-{n}", operations=str(E24))
            given.append(("commitment", agreed))
        drawn.clear()
        assert found(*given)["met"] == number
        steps.append(read[0])
        # The same deliveries draw on a contract once, however many days are asked about.
        assert len(drawn) >= number
        assert set(drawn.values()) == {1}
    assert steps[0] >= MANY
    assert steps[1] == 2 * steps[0], steps


def test_models_are_added_up_without_terms(count: Counted, counts: Counter[str]) -> None:
    family = [("lineage", lineage("m1", "m0")), ("lineage", lineage("m2", "m1"))]
    family += [("lineage", lineage(f"m{n}", f"m{n - 1}")) for n in range(8, MANY, 2)]
    figures = [figure("m1", LITTLE // 10)]
    law = Asked(date(2026, 11, 23), date.max, rules={"xx.small": frozenset({"above"})})
    count(Reckoning, "_make_own")
    steps = []
    for number in (MANY, 2 * MANY):
        counts.clear()
        world = world_of(records(*models(number, LITTLE // 10), *family, *figures))
        ((tally, _),) = survey(law, [small()], world, ColumnEvaluator())
        assert tally.not_met == number
        steps.append(counts["_make_own"])
    # Only those that have to do with a figure; neither with steps, nor alone.
    assert 0 < steps[0] <= 3
    assert steps[0] == steps[1]


def test_a_choose_is_said_in_words_once(count: Counted, counts: Counter[str]) -> None:
    count(of_law, "in_words")
    rule = small().rule("modifier")
    law = Law.on(small(), date(2026, 11, 23))
    assert rule is not None
    # All of them alive at once: else one could have the place in memory of another.
    conditions = [rule.condition for _ in range(MANY)]
    said = {law.words_of(condition) for condition in conditions}
    assert (len(said), counts["in_words"]) == (1, 1)
