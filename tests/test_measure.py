"""Measures: both intervals, what is counted by when, what is missing, who is a subject."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from ledgers import (
    DAY,
    MemoryLeaves,
    Record,
    Reverse,
    allocation,
    book_of,
    commitment,
    counting,
    fact,
    figure,
    lineage,
    records,
    undated,
)

from ledger.book import measure_run, name_runs
from ledger.engines.plain import PlainEngine
from ledger.errors import RuleError
from ledger.measure import Measured, Sums
from ledger.quantity import Interval

LINE = 10**25


def legal(*given_: Record | dict[str, Any], as_of: date = DAY) -> Interval:
    """Measure model ``m`` and return the legal interval."""
    return book_of(*given_, as_of=as_of).measure("m", counting()).legal


def band(low: int | None, point: int | None, high: int | None, **changes: Any) -> dict[str, Any]:
    """Return an allocation of ``m`` with stated ends."""
    texts = [None if value is None else str(value) for value in (low, point, high)]
    names = ("operations_low", "operations", "operations_high")
    return allocation("m", **{**dict(zip(names, texts, strict=True)), **changes})


@pytest.mark.parametrize(
    ("body", "expected", "error"),
    [
        (band(7, 9, 12), Interval(9, 9), Interval(7, 12)),
        (band(None, 9, None), Interval(9, 9), Interval(9, 9)),
        (band(7, None, 12), Interval(7, 12), Interval(7, 12)),
        (band(7, None, None), Interval(7, None), Interval(7, None)),
        (band(7, None, None, ceiling_operations="20"), Interval(7, 20), Interval(7, 20)),
        (band(7, None, None, ceiling_operations="7"), Interval(7, 7), Interval(7, 7)),
        (band(7, None, None, ceiling_operations="6"), Interval(7, None), Interval(7, None)),
        (band(7, None, 12, ceiling_operations="20"), Interval(7, 12), Interval(7, 12)),
        (band(None, None, 12, ceiling_operations="20"), Interval(0, 12), Interval(0, 12)),
        (band(None, None, 12), Interval(0, 12), Interval(0, 12)),
        (band(None, None, None, ceiling_operations="20"), Interval(0, 20), Interval(0, 20)),
        (band(None, None, None), Interval(0, None), Interval(0, None)),
        (band(None, 0, None), Interval(0, 0), Interval(0, 0)),
        (band(7, 9, None), Interval(9, 9), Interval(7, 9)),
        (band(None, 9, None, ceiling_operations="20"), Interval(9, 9), Interval(9, 9)),
    ],
)
def test_measure_takes_both_intervals_from_what_is_stated(
    body: dict[str, Any], expected: Interval, error: Interval
) -> None:
    measured = book_of(body).measure("m", counting())
    assert measured.legal == expected
    assert measured.error == error
    assert measured.missing == (() if expected.known else ("operations@model:m",))


def test_measure_never_adds_corroborating_rows() -> None:
    assert legal(band(None, 9, None), band(None, 9, None, role="corroborating")) == Interval(9, 9)
    assert legal(band(None, 9, None, role="corroborating")) == Interval(0, None)


def test_measure_of_unknown_is_not_zero() -> None:
    measured = book_of(band(None, 9, None)).measure("stranger", counting())
    assert measured == Measured(
        Interval(0, None), Interval(0, None), ("operations@model:stranger",), 0, {}
    )


def test_measure_counts_activities_and_kinds_of_the_set() -> None:
    rows = (
        band(None, 1, None),
        band(None, 10, None, activity="eval"),
        band(None, 100, None, operation_kind="integer"),
        band(None, 1000, None, operation_kind="unknown"),
    )
    assert legal(*rows) == Interval(1011, 1011)
    assert book_of(*rows).measure("m", counting("eval")).legal == Interval(1001, 1001)
    # Where only work that is not counted is recorded, the work that is counted is unknown, not 0.
    measured = book_of(rows[1]).measure("m", counting("eval"))
    assert (measured.legal, measured.rows) == (Interval(0, None), 0)
    assert measured.missing == ("operations@model:m",)


def test_measure_refuses_an_activity_that_the_set_does_not_classify() -> None:
    with pytest.raises(RuleError, match="not classified"):
        legal(band(None, 1, None, activity="red_team"))


def test_measure_stays_exact_one_below_at_and_above_a_line() -> None:
    for extra, expected in ((-1, LINE - 1), (0, LINE), (1, LINE + 1)):
        assert legal(band(None, LINE - 5, None), band(None, 5 + extra, None)).hi == expected


def test_reversal_takes_back_end_by_end() -> None:
    wide = band(7, None, 12)
    assert legal(wide, band(None, None, None), Reverse(1)) == Interval(7, 12)
    assert legal(wide, wide, Reverse(0)) == Interval(7, 12)
    assert legal(wide, Reverse(0), band(None, 3, None)) == Interval(3, 3)
    # Taken back whole, the model is a stranger again: nobody says what it took.
    assert legal(wide, Reverse(0)) == Interval(0, None)


def test_measure_counts_legs_up_to_the_day_asked_for() -> None:
    later = band(
        None,
        5,
        None,
        start=f"{DAY + timedelta(1)}T00:00:00Z",
        end=f"{DAY + timedelta(1)}T01:00:00Z",
    )
    assert legal(band(None, 9, None), later) == Interval(9, 9)
    assert legal(band(None, 9, None), later, as_of=DAY + timedelta(1)) == Interval(14, 14)
    # Only later work: it does not say that nothing was done before it.
    assert legal(later) == Interval(0, None)
    assert legal({**later, "extent": "cumulative"}) == Interval(0, None)
    uncounted = band(None, 9, None, activity="eval")
    beside = book_of(uncounted, later).measure("m", counting("eval"))
    assert (beside.legal, beside.rows) == (Interval(0, None), 0)


def test_undated_legs_happened_once_their_last_day_is_over() -> None:
    body = band(7, 9, 12, **undated(DAY))
    assert legal(body, as_of=DAY) == Interval(9, 9)
    before = book_of(body, as_of=DAY - timedelta(1)).measure("m", counting())
    assert before.legal == Interval(0, 9)
    assert before.error == Interval(0, 12)
    assert before.rows == 1
    replaced = band(None, 3, None, **undated(DAY - timedelta(1)))
    assert legal(body, Reverse(0), replaced, as_of=DAY - timedelta(1)) == Interval(3, 3)


def test_measure_shares_operations_by_evidence() -> None:
    signed = {**allocation()["evidence"], "source_kind": "hardware_signed"}
    rows = (band(None, 9, None, evidence=signed), band(2, None, 4), band(None, 5, None))
    measured = book_of(*rows).measure("m", counting())
    assert measured.evidence == {"A": 9, "E": 7}
    assert measured.rows == 3


# Runs, subjects, members.


def test_missing_operations_are_named_by_run() -> None:
    held = records(band(None, 5, None, run="r1"), band(None, None, None, run="r2"))
    legs = PlainEngine(MemoryLeaves(held)).legs(frozenset({"m"}), limit=2, as_of=DAY)
    named = name_runs(("lineage.parent@model:m", "operations@model:m"), legs, counting())
    assert named == ("lineage.parent@model:m", "operations@run:r2")
    assert name_runs(("operations@model:x",), legs, counting()) == ("operations@model:x",)
    assert measure_run("r1", legs["m"], counting()).legal == Interval(5, 5)
    assert measure_run("r2", legs["m"], counting()).missing == ("operations@run:r2",)


def test_run_without_counted_work_is_unknown() -> None:
    held = records(band(None, 5, None, run="r1", activity="eval"))
    legs = PlainEngine(MemoryLeaves(held)).legs(frozenset({"m"}), limit=1, as_of=DAY)
    for run in ("r1", "stranger"):
        measured = measure_run(run, legs["m"], counting("eval"))
        assert (measured.legal, measured.missing) == (Interval(0, None), (f"operations@run:{run}",))


def test_run_is_bounded_by_a_cumulative_figure_from_above_only() -> None:
    held = records(figure("m", 50, run="r1"))
    legs = PlainEngine(MemoryLeaves(held)).legs(frozenset({"m"}), limit=1, as_of=DAY)
    assert measure_run("r1", legs["m"], counting()).legal == Interval(0, 50)


def test_subjects_are_those_the_ledger_says_something_of() -> None:
    book = book_of(
        allocation("worked", 1, developer=None),
        ("lineage", lineage("made", "only-a-parent")),
        ("fact", fact("model:stated", "model.open_weights", "boolean", value=True)),
        ("fact", fact("cluster:c1", "cluster.size", "text", "large")),
        ("commitment", commitment("planned", "acme")),
        ("commitment", commitment("dropped", "gone", contract="c-2")),
        Reverse(5),
    )
    assert book.subjects("model") == ("made", "planned", "stated", "worked")
    assert book.subjects("developer") == ("acme",)
    assert book.subjects("cluster") == ("c1",)
    assert book.members("acme") == ("planned",)
    assert [record.body["contract"] for record in book.commitments] == ["c-1"]


def test_sums_subtract_to_nothing() -> None:
    sums = Sums(1, 2, 3, 4, 5, 6, 7, 8)
    assert not sums - sums
    assert sums + Sums() == sums
