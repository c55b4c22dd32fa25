"""Reckoning: own, base and cumulative sums, published figures, and doubt about both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import Record, allocation, book_of, counting, figure, lineage

from ledger.book import Book, Scope
from ledger.quantity import Interval

SCOPES: tuple[Scope, ...] = ("own", "base", "cumulative")


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


LATER = {"start": "2026-09-01T00:00:00Z", "end": "2026-09-01T01:00:00Z"}


@pytest.mark.parametrize("changes", [{"activity": "eval"}, LATER], ids=["uncounted", "later"])
def test_base_without_counted_work_is_unbounded(changes: dict[str, Any]) -> None:
    step = ("lineage", lineage("m", "p", "no"))
    book = book_of(allocation("m", 7), allocation("p", 100, **changes), step)
    scopes_: tuple[tuple[Scope, int], ...] = (("base", 0), ("cumulative", 7))
    for scope, lo in scopes_:
        measured = book.measure("m", counting("eval"), scope)
        assert measured.legal == measured.error == Interval(lo, None)
        assert measured.missing == ("operations@model:p",)
    assert book.measure("m", counting("eval"), "own").legal == Interval.point(7)


@pytest.mark.parametrize("changes", [{"activity": "eval"}, LATER], ids=["uncounted", "later"])
def test_own_without_counted_work_is_bounded_by_the_figure(changes: dict[str, Any]) -> None:
    book = book_of(allocation("m", 100, **changes), figure("m", 70))
    measured = book.measure("m", counting("eval"), "own")
    assert measured.legal == Interval(0, 70)
    assert measured.missing == ("operations@model:m",)


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
    two = book_of(figure("m", 50), figure("m", 70, run="other source"))
    assert two.measure("m", counting()).legal == Interval(70, 120)
    one = book_of(figure("m", 50), figure("m", 70))
    assert one.measure("m", counting()).legal == Interval(120, 120)


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
    measured = book.measure("m", counting())
    assert measured.legal == Interval(51, 51)
    assert measured.missing == ()


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
