"""Lineage: ancestor sets, diamonds, cycles, depth, and what relations and providers change."""

from __future__ import annotations

import time
from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from ledgers import DAY, Reverse, allocation, book_of, counting, lineage, records

from ledger.book import Book
from ledger.lineage import Lineage
from ledger.measure import Folded, StoredRecord, summarise
from ledger.quantity import Interval

ALL = frozenset({"derived", "merged", "initialised", "distilled"})


def steps(*edges: tuple[str, str | None]) -> tuple[StoredRecord, ...]:
    """Return lineage records (model, parent)."""
    return records(*(("lineage", lineage(model, parent)) for model, parent in edges))


def ancestors(held: tuple[StoredRecord, ...], model: str) -> frozenset[str]:
    """Return everything that a model may come from, itself included."""
    return Lineage(held).along(ALL).reach(model, follow=lambda _: True)


def raw(edges: list[tuple[str, str]]) -> tuple[StoredRecord, ...]:
    """Return many lineage records without the cost of validating each."""
    return tuple(
        StoredRecord(seq, "2026-03-10T12:00:00Z", "lineage", lineage(model, parent))
        for seq, (model, parent) in enumerate(edges)
    )


def test_lineage_counts_the_top_of_a_diamond_once() -> None:
    diamond = [("m", "left"), ("m", "right"), ("left", "top"), ("right", "top")]
    book = book_of(
        *(allocation(name, 10**n) for n, name in enumerate(["m", "left", "right", "top"])),
        *(("lineage", lineage(model, parent)) for model, parent in diamond),
    )
    assert book.measure("m", counting()).legal == Interval.point(1111)
    assert book.measure("m", counting()).rows == 4


def test_lineage_of_a_ladder_with_2_to_the_60_paths_is_quick() -> None:
    rungs = [
        edge
        for n in range(60)
        for edge in (
            (f"m{n}", f"a{n}"),
            (f"m{n}", f"b{n}"),
            (f"a{n}", f"m{n + 1}"),
            (f"b{n}", f"m{n + 1}"),
        )
    ]
    started = time.process_time()
    assert len(ancestors(raw(rungs), "m0")) == 181
    assert time.process_time() - started < 1


def test_lineage_follows_a_chain_of_100_000_models() -> None:
    depth = 100_000
    held = raw([(f"m{n}", f"m{n + 1}") for n in range(depth)])
    bottom = (*held, StoredRecord(depth, "2026-03-10T12:00:00Z", "allocation", allocation("m0", 7)))
    book = Book(Folded.of(summarise(bottom, as_of=DAY), limit=depth + 1, as_of=DAY))
    measured = book.measure("m0", counting(relations=["derived"]))
    assert measured.legal == Interval(7, None)
    assert len(measured.missing) == depth
    assert book.problems() == ()


def test_lineage_cycle_of_100_000_models_is_one_finding() -> None:
    size = 100_000
    (problem,) = Lineage(raw([(f"m{n}", f"m{(n + 1) % size}") for n in range(size)])).problems()
    assert problem.code == "lineage-cycle"
    assert len(problem.message) < 1000


def test_lineage_cycle_is_a_finding_that_names_models_and_entries() -> None:
    held = steps(("a", "b"), ("x", "a"), ("b", "c"), ("c", "a"), ("c", "root"))
    (problem,) = Lineage(held).problems()
    assert problem.severity == "finding"
    assert problem.message == "a, b, c descend from one another (entries 0, 2, 3)"
    assert problem.remedy
    assert Lineage(held[:3]).problems() == ()


def test_lineage_cycle_leaves_the_sure_part_and_widens_the_rest() -> None:
    rows = [allocation(name, 10**n) for n, name in enumerate(["x", "a", "b", "root"])]
    edges = [("x", "a"), ("a", "b"), ("b", "a"), ("b", "root")]
    book = book_of(*rows, *(("lineage", lineage(model, parent)) for model, parent in edges))
    measured = book.measure("x", counting())
    # a is x's parent whatever is wrong; b, and what only b leads to, may not be an ancestor.
    assert measured.legal == Interval(11, 1111)
    assert measured.missing == ("lineage.cycle@model:a",)
    assert [problem.code for problem in book.problems()] == ["lineage-cycle"]


def test_lineage_cycle_over_a_relation_that_is_not_followed_is_harmless() -> None:
    book = book_of(
        allocation("a", 1),
        allocation("b", 10),
        ("lineage", lineage("a", "b", relation="derived")),
        ("lineage", lineage("b", "a", relation="distilled")),
    )
    assert book.measure("a", counting()).legal == Interval.point(11)
    assert len(book.problems()) == 1


def test_lineage_follows_only_the_relations_of_the_set() -> None:
    book = book_of(
        allocation("m", 1),
        allocation("teacher", 10),
        allocation("part", 100),
        ("lineage", lineage("m", "teacher", relation="distilled")),
        ("lineage", lineage("m", "part", relation="merged")),
    )
    assert book.measure("m", counting()).legal == Interval.point(101)
    with_teacher = counting(relations=["derived", "merged", "distilled"])
    assert book.measure("m", with_teacher).legal == Interval.point(111)


def test_lineage_step_counts_from_its_day() -> None:
    step = ("lineage", lineage("m", "p", on="2026-03-11"))
    rows = (allocation("m", 1), allocation("p", 10))
    assert book_of(*rows, step).measure("m", counting()).legal == Interval.point(1)
    after = book_of(*rows, step, as_of=date(2026, 3, 11))
    assert after.measure("m", counting()).legal == Interval.point(11)


def test_lineage_step_reversed_is_gone() -> None:
    book = book_of(
        allocation("m", 1), allocation("p", 10), ("lineage", lineage("m", "p")), Reverse(2)
    )
    assert book.measure("m", counting()).legal == Interval.point(1)


def test_lineage_records_that_differ_make_the_provider_unknown() -> None:
    held = records(("lineage", lineage("m", "p", "yes")), ("lineage", lineage("m", "p", "no")))
    assert {edge.same_provider for edge in Lineage(held).edges()} == {"unknown"}
    apart = records(("lineage", lineage("m", "p", "yes")), ("lineage", lineage("m", "q", "no")))
    assert [edge.same_provider for edge in Lineage(apart).edges()] == ["yes", "no"]


def test_lineage_lists_models_and_named_parents() -> None:
    held = Lineage(steps(("m", "p"), ("n", None)))
    assert held.models() == {"m", "n"}
    assert held.parents() == {"p"}


EDGES = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")).filter(lambda e: e[0] != e[1]),
    max_size=14,
)


@given(edges=EDGES)
def test_lineage_marks_exactly_the_edges_inside_cycles(edges: list[tuple[str, str]]) -> None:
    held = raw(edges)

    def leads(start: str, goal: str) -> bool:
        return goal in ancestors(held, start)

    for edge in Lineage(held).along(ALL).edges_from("abcdef"):
        assert edge.parent is not None
        # An edge lies in a cycle exactly when its parent leads back to its model.
        assert edge.certain != leads(edge.parent, edge.model)
    cyclic = {
        frozenset(m for m in "abcdef" if leads(m, a) and leads(a, m))
        for a, b in edges
        if leads(b, a)
    }
    assert len(Lineage(held).problems()) == len(cyclic)
