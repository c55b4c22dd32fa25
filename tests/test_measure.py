"""Measures: both intervals, what is counted, what is missing, own, base and cumulative."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import (
    DAY,
    MemoryLeaves,
    Record,
    Reverse,
    allocation,
    commitment,
    counting,
    fact,
    lineage,
    records,
    undated,
)

from ledger.book import Book, Scope, measure_run, name_runs
from ledger.engines.plain import PlainEngine
from ledger.errors import RuleError
from ledger.measure import Folded, Measured, Sums, summarise
from ledger.quantity import Interval

LINE = 10**25
SCOPES: tuple[Scope, ...] = ("own", "base", "cumulative")


def book_of(*given_: Record | dict[str, Any], as_of: date = DAY) -> Book:
    """Build a book from records outside any log."""
    held = records(*given_)
    return Book(Folded.of(summarise(held, as_of=as_of), limit=len(held), as_of=as_of))


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
        (band(7, None, None, ceiling_operations="20"), Interval(7, None), Interval(7, None)),
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
    # Work that is recorded and not counted is nothing; it is not unknown.
    assert book_of(rows[1]).measure("m", counting("eval")).legal == Interval(0, 0)


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
    # Only later work: the ledger knows the model, and knows that nothing has happened yet.
    assert legal(later) == Interval(0, 0)


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


# Lineage. ``base`` is another provider's, ``mid`` and ``m`` are ours.


def family(**operations: int | None) -> list[Record | dict[str, Any]]:
    """Return m from mid (same provider) from base (another one), with own operations."""
    rows: list[Record | dict[str, Any]] = [
        allocation(model, value, run=f"run-{model}") for model, value in operations.items()
    ]
    return [
        *rows,
        ("lineage", lineage("m", "mid", "yes")),
        ("lineage", lineage("mid", "base", "no")),
    ]


def scopes(book: Book, model: str = "m", **policy: Any) -> dict[str, Interval]:
    """Return the legal interval of every scope."""
    return {name: book.measure(model, counting(**policy), name).legal for name in SCOPES}


def test_own_reaches_back_to_the_last_edge_from_another_provider() -> None:
    book = book_of(*family(m=1, mid=10, base=100))
    point = Interval.point
    assert scopes(book) == {"own": point(11), "base": point(100), "cumulative": point(111)}
    assert scopes(book, same_provider="ancestor") == {
        "own": point(1),
        "base": point(110),
        "cumulative": point(111),
    }
    assert scopes(book, relations=()) == {"own": point(1), "base": point(0), "cumulative": point(1)}


def test_named_parent_without_any_record_is_unbounded() -> None:
    book = book_of(*family(m=1, mid=10))
    measured = book.measure("m", counting())
    assert measured.legal == Interval(11, None)
    assert measured.missing == ("operations@model:base",)
    assert book.measure("m", counting(), "own").legal == Interval(11, 11)
    assert book.measure("m", counting(), "base").legal == Interval(0, None)


@pytest.mark.parametrize(
    ("provider", "own", "base"),
    [
        ("no", Interval(1, 1), Interval(0, None)),
        ("yes", Interval(1, None), Interval(0, None)),
        ("unknown", Interval(1, None), Interval(0, None)),
    ],
)
def test_unknown_parent_is_unbounded_on_its_side(
    provider: str, own: Interval, base: Interval
) -> None:
    book = book_of(allocation("m", 1), ("lineage", lineage("m", None, provider)))
    assert scopes(book) == {"own": own, "base": base, "cumulative": Interval(1, None)}
    assert book.measure("m", counting()).missing == ("lineage.parent@model:m",)


def test_unknown_provider_widens_own_and_base_but_not_the_sum() -> None:
    book = book_of(
        allocation("m", 1), allocation("p", 10), ("lineage", lineage("m", "p", "unknown"))
    )
    assert scopes(book) == {
        "own": Interval(1, 11),
        "base": Interval(0, 10),
        "cumulative": Interval(11, 11),
    }
    assert book.measure("m", counting(), "own").missing == ("lineage.same_provider@model:m",)
    assert book.measure("m", counting()).missing == ()


def figure(model: str, operations: int, run: str = "published", **changes: Any) -> dict[str, Any]:
    """Return a published figure that includes ancestors."""
    return allocation(model, operations, extent="cumulative", run=run, **changes)


def test_cumulative_figure_replaces_the_sum_of_ancestors() -> None:
    book = book_of(*family(m=1, base=100), figure("mid", 70))
    measured = book.measure("m", counting())
    assert measured.legal == Interval(71, 71)
    # What mid did itself nobody has recorded: anything up to the figure.
    assert scopes(book) == {
        "own": Interval(1, 71),
        "base": Interval(0, 70),
        "cumulative": Interval(71, 71),
    }
    assert book.measure("m", counting(), "own").missing == ("operations@model:mid",)


def test_cumulative_figure_with_own_work_recorded_splits_exactly() -> None:
    book = book_of(*family(m=1, mid=10), figure("mid", 70))
    assert scopes(book) == {
        "own": Interval(11, 11),
        "base": Interval(60, 60),
        "cumulative": Interval(71, 71),
    }


def test_cumulative_figure_of_the_model_itself_answers_alone() -> None:
    book = book_of(*family(m=1, mid=None, base=None), figure("m", 70))
    assert scopes(book)["cumulative"] == Interval(70, 70)


def test_cumulative_figures_that_overlap_add_up_to_a_range() -> None:
    rows = [allocation("m", 1), figure("a", 50), figure("b", 70), figure("c", 1000)]
    steps = [lineage("m", parent, "no", "merged") for parent in ("a", "b", "c")]
    apart = book_of(*rows, *(("lineage", step) for step in steps))
    assert apart.measure("m", counting()).legal == Interval(1121, 1121)
    shared = [lineage("a", "root"), lineage("b", "root")]
    book = book_of(*rows, *(("lineage", step) for step in [*steps, *shared]))
    assert book.measure("m", counting()).legal == Interval(1071, 1121)


def test_cumulative_figures_of_one_model_by_two_runs_overlap() -> None:
    assert legal(figure("m", 50), figure("m", 70, run="other source")) == Interval(70, 120)
    assert legal(figure("m", 50), figure("m", 70)) == Interval(120, 120)


def test_cumulative_figure_covers_an_ancestor_reached_another_way() -> None:
    steps = [lineage("m", "a"), lineage("m", "b"), lineage("a", "root"), lineage("b", "root")]
    book = book_of(
        allocation("m", 1),
        figure("a", 50),
        allocation("b", 7),
        allocation("root", 20),
        *(("lineage", step) for step in steps),
    )
    assert book.measure("m", counting()).legal == Interval(58, 58)


def test_cumulative_figure_makes_doubts_behind_it_harmless() -> None:
    steps = [lineage("m", "a"), lineage("a", "b"), lineage("b", "c"), lineage("c", "b")]
    book = book_of(
        allocation("m", 1),
        figure("a", 50),
        allocation("b", 7),
        allocation("c", 20),
        *(("lineage", step) for step in steps),
    )
    assert book.measure("m", counting()).legal == Interval(51, 51)


@pytest.mark.parametrize(
    ("steps", "missing"),
    [
        ([lineage("a", None)], "lineage.parent@model:a"),
        ([lineage("a", "b"), lineage("b", "a")], "lineage.cycle@model:a"),
    ],
    ids=["unnamed", "cycle"],
)
def test_cumulative_figure_may_hold_what_is_added_beside_it(
    steps: list[dict[str, Any]], missing: str
) -> None:
    rows = [allocation("m", 1), figure("a", 50), allocation("b", 7)]
    steps = [*steps, lineage("m", "a"), lineage("m", "b")]
    measured = book_of(*rows, *(("lineage", step) for step in steps)).measure("m", counting())
    assert measured.legal == Interval(51, 58)
    assert missing in measured.missing


def test_cumulative_figures_overlap_where_an_ancestor_is_not_named() -> None:
    rows = [allocation("m", 1), figure("a", 50), figure("b", 70)]
    steps = [lineage("a", None), lineage("m", "a"), lineage("m", "b")]
    measured = book_of(*rows, *(("lineage", step) for step in steps)).measure("m", counting())
    assert measured.legal == Interval(71, 121)
    assert "lineage.parent@model:a" in measured.missing


def test_base_figure_may_hold_own_work_where_an_ancestor_is_not_named() -> None:
    rows = [allocation("m", 1), allocation("p", 10), figure("f", 50)]
    steps = [lineage("m", "p", "yes"), lineage("m", "f", "no")]
    told = book_of(*rows, *(("lineage", step) for step in steps))
    assert scopes(told)["base"] == Interval(50, 50)
    untold = book_of(*rows, *(("lineage", step) for step in [*steps, lineage("f", None, "no")]))
    # The ancestor of f may be p; it is not m, which comes after f.
    assert scopes(untold)["base"] == Interval(40, 50)
    named = book_of(*rows, *(("lineage", step) for step in [*steps, lineage("f", "p", "no")]))
    assert scopes(named)["base"] == Interval(40, 40)


def test_cumulative_figure_that_is_not_counted_covers_nothing() -> None:
    book = book_of(*family(m=1, mid=10, base=100), figure("mid", 70, activity="eval"))
    assert scopes(book, same_provider="collapse")["cumulative"] == Interval(71, 71)
    measured = book.measure("m", counting("eval"))
    assert measured.legal == Interval(111, 111)


# Runs, subjects, members.


def test_missing_operations_are_named_by_run() -> None:
    held = records(band(None, 5, None, run="r1"), band(None, None, None, run="r2"))
    legs = PlainEngine(MemoryLeaves(held)).legs(frozenset({"m"}), limit=2, as_of=DAY)
    named = name_runs(("lineage.parent@model:m", "operations@model:m"), legs, counting())
    assert named == ("lineage.parent@model:m", "operations@run:r2")
    assert name_runs(("operations@model:x",), legs, counting()) == ("operations@model:x",)
    assert measure_run("r1", legs["m"], counting()).legal == Interval(5, 5)
    assert measure_run("r2", legs["m"], counting()).missing == ("operations@run:r2",)


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


# Whatever was true, the intervals hold it.


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Record | dict[str, Any]], dict[str, dict[str, int]]]:
    """Generate a truth about five models, and records of it that leave things out."""
    names = [f"m{number}" for number in range(5)]
    provider = {name: draw(st.sampled_from("AB")) for name in names}
    true_own = {name: draw(st.integers(0, 1000)) for name in names}
    given_: list[Record | dict[str, Any]] = []
    parents: dict[str, set[str]] = {name: set() for name in names}
    named: dict[str, set[str]] = {name: set() for name in names}
    for later, name in enumerate(names):
        for parent in names[:later]:
            if draw(st.integers(0, 2)) == 0:
                parents[name].add(parent)
                same = "yes" if provider[name] == provider[parent] else "no"
                said = draw(st.sampled_from([same, same, "unknown"]))
                hidden = draw(st.integers(0, 6)) == 0
                given_.append(("lineage", lineage(name, None if hidden else parent, said)))
                named[name] |= set() if hidden else {parent}
    if draw(st.integers(0, 2)) == 0:
        # A false record shows where the true ones named contradict it: in a cycle.
        later_name, earlier = draw(st.sampled_from([("m4", "m0"), ("m3", "m1"), ("m2", "m0")]))
        if earlier in closure(later_name, named):
            given_.append(("lineage", lineage(earlier, later_name, "yes")))
    truth = {name: true_scopes(name, parents, provider, true_own) for name in names}
    for name in names:
        given_ += draw(recorded(name, true_own[name], truth[name]["collapse cumulative"]))
    return given_, truth


def closure(name: str, parents: dict[str, set[str]]) -> set[str]:
    """Return a model and all its ancestors."""
    return {name}.union(*(closure(parent, parents) for parent in parents[name]))


def true_scopes(
    name: str, parents: dict[str, set[str]], provider: dict[str, str], own: dict[str, int]
) -> dict[str, int]:
    """Return the three sums as they are in truth, under both policies for one provider."""
    within = {
        child: {parent for parent in held if provider[parent] == provider[child]}
        for child, held in parents.items()
    }
    ours, everything = closure(name, within), closure(name, parents)
    whole = sum(own[model] for model in everything)
    inside = sum(own[model] for model in ours)
    return {
        "collapse own": inside,
        "collapse base": whole - inside,
        "collapse cumulative": whole,
        "ancestor own": own[name],
        "ancestor base": whole - own[name],
        "ancestor cumulative": whole,
    }


@st.composite
def recorded(draw: st.DrawFn, name: str, own: int, cumulative: int) -> list[dict[str, Any]]:
    """Return what the ledger says of a model's operations: exactly, vaguely, or not at all."""
    rows = []
    shape = draw(st.sampled_from(["point", "point", "band", "least", "most", "none"]))
    if shape == "point":
        rows.append(allocation(name, own))
    elif shape == "band":
        rows.append(allocation(name, operations_low=str(own // 2), operations_high=str(own + 3)))
    elif shape == "least":
        rows.append(allocation(name, operations_low=str(own // 2)))
    elif shape == "most":
        rows.append(allocation(name, ceiling_operations=str(own + 7)))
    if draw(st.integers(0, 2)) == 0:
        rows.append(figure(name, cumulative))
    return rows


@settings(max_examples=300)
@given(world=worlds(), policy=st.sampled_from(["collapse", "ancestor"]))
def test_measure_holds_the_truth_whatever_is_left_out(
    world: tuple[list[Record | dict[str, Any]], dict[str, dict[str, int]]], policy: str
) -> None:
    given_, truth = world
    book = book_of(*given_)
    for model, sums in truth.items():
        for scope in SCOPES:
            measured = book.measure(model, counting(same_provider=policy), scope)
            held, true = measured.legal, sums[f"{policy} {scope}"]
            assert held.lo <= true, (model, scope, measured, true)
            assert held.hi is None or true <= held.hi, (model, scope, measured, true)
            assert held.known or measured.missing
            assert measured.error == held
