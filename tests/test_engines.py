"""The polars engine equals the plain engine on every ledger, prefix and day."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledgers import (
    DAY,
    MODELS,
    MemoryLeaves,
    Reverse,
    allocation,
    counting,
    ledgers,
    lineage,
    records,
)

from ledger.book import Book
from ledger.canonical import encode
from ledger.engines import (
    ENGINES,
    SMALL,
    chosen,
    leaves,
    legs,
    once,
    open_engine,
    partials,
    passage,
    polars,
)
from ledger.engines.ahead import Ahead
from ledger.engines.answer import is_plausible
from ledger.engines.once import OnceEngine
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine, merge_sums
from ledger.engines.sums import group_sums
from ledger.entry import Entry
from ledger.errors import IntegrityError, MissingError
from ledger.journeys.totals import population_of
from ledger.measure import (
    Folded,
    GradeSums,
    Segment,
    StoredRecord,
    add_into,
    allocation_of,
    merge_all,
    summarise,
)
from ledger.merkle import EMPTY_ROOT, CompactRange
from ledger.record import MODELS as RECORDS
from ledger.verify.leaf import read_leaf

ALL = frozenset(MODELS) | {"nobody"}
DAYS = st.integers(-3, 36).map(lambda days: DAY + timedelta(days=days))


@pytest.fixture(autouse=True, scope="module")
def _short_segments() -> Iterator[None]:
    """Cut small ledgers into many segments and batches."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaves, "SEGMENT", 4)
        patch.setattr(polars, "AT_ONCE", 2)
        patch.setattr(partials, "AT_ONCE", 1)
        patch.setattr(legs, "_SLICE", 2)
        patch.setattr(once, "_FOLDED", 3)
        patch.setattr(partials, "_WAITING_MAX", 3)
        yield


@settings(max_examples=80)
@given(held=ledgers(), data=st.data())
def test_engines_agree_on_folds_and_legs(
    held: tuple[StoredRecord, ...], data: st.DataObject
) -> None:
    source = MemoryLeaves(held)
    size = data.draw(st.integers(0, source.size), label="size")
    limit = data.draw(st.integers(0, size), label="limit")
    as_of = data.draw(DAYS, label="as_of")
    plain, fast = PlainEngine(source), PolarsEngine(source)
    expected = plain.fold(size=size, limit=limit, as_of=as_of, root=source.root(size))
    folded = fast.fold(size=size, limit=limit, as_of=as_of, root=source.root(size))
    assert folded == expected
    assert fast.legs(ALL, limit=limit, as_of=as_of) == plain.legs(ALL, limit=limit, as_of=as_of)
    assert fast.above(limit=limit) == plain.above(limit=limit)
    delivered = plain.delivered(limit=limit, as_of=as_of)
    assert fast.delivered(limit=limit, as_of=as_of) == delivered
    # By grade they add up to what the fold says of each contract.
    by_contract: dict[str, GradeSums] = {}
    for key, sums in delivered.items():
        add_into(by_contract, {key.contract: sums})
    assert by_contract == expected.deliveries


class WalkedLeaves(MemoryLeaves):
    """Leaves as sealing makes them, of which a walk has found out what reverses what."""

    def __init__(self, held: Sequence[StoredRecord]) -> None:
        super().__init__([replace(each, body=_sealed(each)) for each in held])

    @property
    def reversed_by(self) -> dict[int, int]:
        held = [Entry.parse(row.bytes) for row in self.rows]
        return {e.body["reverses"]: e.seq for e in held if e.type == "reversal"}  # type: ignore[misc]


def _sealed(record: StoredRecord) -> dict[str, Any]:
    """Return a body with what sealing adds: only then does its leaf have a form."""
    added = {f"{name}_pseudonym": None for name in RECORDS[record.type].PSEUDONYMS}
    return {**record.body, **added, "idempotency_key": f"{record.seq:064x}"}


def test_one_pass_parses_no_allocation_that_has_a_form(monkeypatch: pytest.MonkeyPatch) -> None:
    source = WalkedLeaves(records(allocation("m", 5), allocation("m", 7)))
    monkeypatch.setattr(passage, "json", None)
    folded = OnceEngine(source).fold(size=2, limit=2, as_of=DAY)
    assert [sums.lo for sums in folded.totals.values()] == [12]


@settings(max_examples=80)
@given(held=ledgers(), data=st.data())
def test_one_pass_gives_what_the_plain_engine_gives(
    held: tuple[StoredRecord, ...], data: st.DataObject
) -> None:
    source = WalkedLeaves(held)
    size = data.draw(st.integers(0, source.size), label="size")
    as_of = data.draw(DAYS, label="as_of")
    asked = {"size": size, "limit": size, "as_of": as_of, "root": source.root(size)}
    plain, engine = PlainEngine(source), OnceEngine(source)
    assert engine.fold(**asked) == plain.fold(**asked)
    assert engine.legs(ALL, limit=size, as_of=as_of) == plain.legs(ALL, limit=size, as_of=as_of)
    assert engine.above(limit=size) == plain.above(limit=size)
    assert engine.population(size, as_of) == population_of(row.bytes for row in source.rows[:size])


@settings(max_examples=80)
@given(held=ledgers(), data=st.data())
def test_what_is_gathered_ahead_is_what_a_pass_gives(
    held: tuple[StoredRecord, ...], data: st.DataObject
) -> None:
    source = WalkedLeaves(held)
    size = data.draw(st.integers(1, max(source.size, 1)), label="size")
    as_of = data.draw(DAYS, label="as_of")
    ahead = gathered(source, size, as_of, source.reversed_by)
    if size > source.size:
        assert ahead.confirmed(size, as_of, source.reversed_by) is None
        return
    found, passed = ahead.confirmed(size, as_of, source.reversed_by), OnceEngine(source)
    assert found is not None
    assert found.folded == passed.fold(size=size, limit=size, as_of=as_of, root=source.root(size))
    assert found.grouped.legs(ALL) == passed.legs(ALL, limit=size, as_of=as_of)
    assert found.above == passed.above(limit=size)
    assert found.population == passed.population(size, as_of)


def test_what_is_gathered_ahead_answers_no_other_question() -> None:
    source = WalkedLeaves(records(allocation("m", 5), allocation("m", 7)))
    ahead = gathered(source, 2, DAY, {})
    assert ahead.confirmed(2, DAY, {}) is not None
    assert ahead.confirmed(1, DAY, {}) is None
    assert ahead.confirmed(2, DAY + timedelta(1), {}) is None
    assert ahead.confirmed(2, DAY, {0: 1}) is None
    # A reversal beyond these entries changes nothing of them.
    assert ahead.confirmed(2, DAY, {0: 2}) is not None
    assert gathered(source, 2, DAY, {0: 1}).confirmed(2, DAY, {}) is None
    engine = OnceEngine(source, gathered(source, 2, DAY, {0: 1}))
    folded = engine.fold(size=2, limit=2, as_of=DAY, root=source.root(2))
    assert [sums.lo for sums in folded.totals.values()] == [12]


def gathered(source: WalkedLeaves, size: int, as_of: date, reversing: Mapping[int, int]) -> Ahead:
    """Return what is gathered while a walk goes over the leaves, after this hint."""
    log = {"origin": "ledger.example/t", "root": "0" * 64, "size": size}
    said = {"check": {"coordinates": {"as_of": str(as_of)}}, "ledger": log}
    payload = base64.b64encode(encode({"predicate": said})).decode()
    envelope = encode({"payload": payload})
    opened = SimpleNamespace(
        names=SimpleNamespace(attestations={"0": "attestations/0.json"}),
        members=SimpleNamespace(size=lambda _: len(envelope)),
        read=lambda _: envelope,
    )
    ahead = Ahead().begin(opened, reversing)  # type: ignore[arg-type]
    for row in source.rows:
        ahead.take(read_leaf(row.bytes))
        if row.seq + 1 == ahead.size:
            ahead.close(CompactRange.of([each.hash for each in source.rows[: ahead.size]]))
    return ahead


def test_one_pass_refuses_another_root_and_missing_entries() -> None:
    source = WalkedLeaves(records(allocation("m")))
    with pytest.raises(IntegrityError, match="another root"):
        OnceEngine(source).fold(size=1, limit=1, as_of=DAY, root=EMPTY_ROOT)
    with pytest.raises(IntegrityError, match="entry 1 is not there"):
        OnceEngine(source).fold(size=2, limit=2, as_of=DAY)


@settings(max_examples=80)
@given(held=ledgers(), as_of=DAYS)
def test_engines_totals_equal_sums_over_standing_records(
    held: tuple[StoredRecord, ...], as_of: date
) -> None:
    # Reversals net to what would be there had the records never been made.
    gone = {record.body["reverses"] for record in held if record.type == "reversal"}
    standing = [r for r in held if r.type == "allocation" and r.seq not in gone]
    whole, kept = summarise(held, as_of=as_of), summarise(standing, as_of=as_of)
    assert whole.totals == kept.totals
    assert whole.grades == kept.grades
    assert whole.deliveries == kept.deliveries


@settings(max_examples=80)
@given(held=ledgers(), cuts=st.tuples(st.integers(0, 24), st.integers(0, 24)), as_of=DAYS)
def test_segment_merging_is_associative_with_an_identity(
    held: tuple[StoredRecord, ...], cuts: tuple[int, int], as_of: date
) -> None:
    source = MemoryLeaves(held)
    low, high = sorted(min(cut, len(held)) for cut in cuts)

    def part(start: int, stop: int) -> Segment:
        if start == stop:
            return Segment()
        chunk = leaves.read_chunk(source, start, stop)
        return summarise(held[start:stop], as_of=as_of, leaves=chunk.leaves)

    parts = [p for p in (part(0, low), part(low, high), part(high, len(held))) if p != Segment()]
    whole = merge_all([Segment(), *parts])
    assert whole == part(0, len(held))
    if len(parts) == 3:
        left, middle, right = parts
        assert left.merge(middle).merge(right) == left.merge(middle.merge(right)) == whole
        with pytest.raises(IntegrityError, match="do not touch"):
            left.merge(right)


@settings(max_examples=40)
@given(held=ledgers(), as_of=DAYS)
def test_legs_are_in_order_in_whatever_order_groups_come(
    held: tuple[StoredRecord, ...], as_of: date
) -> None:
    source = MemoryLeaves(held)
    expected = PlainEngine(source).legs(ALL, limit=source.size, as_of=as_of)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(legs, "group_sums", lambda grouping: group_sums(grouping).reverse())
        assert PolarsEngine(source).legs(ALL, limit=source.size, as_of=as_of) == expected


@settings(max_examples=60)
@given(held=ledgers(), as_of=DAYS)
def test_legs_add_up_to_the_primary_totals(held: tuple[StoredRecord, ...], as_of: date) -> None:
    source = MemoryLeaves(held)
    engine = PlainEngine(source)
    found = engine.legs(ALL, limit=source.size, as_of=as_of)
    folded = engine.fold(size=source.size, limit=source.size, as_of=as_of)
    for model in MODELS:
        sums = [
            s for key, s in folded.totals.items() if (key.model, key.role) == (model, "primary")
        ]
        assert sum(leg.rows for leg in found[model]) == sum(s.rows for s in sums)
        assert sum(leg.lo for leg in found[model]) == sum(s.lo for s in sums)
        assert sum(leg.hi or 0 for leg in found[model] if leg.hi is not None) <= sum(
            s.hi for s in sums
        )
        assert any(leg.hi is None for leg in found[model]) == any(s.unbounded for s in sums)
    assert found["nobody"] == ()


@settings(max_examples=25)
@given(held=ledgers(), as_of=DAYS)
def test_partial_sums_merge_in_any_grouping(held: tuple[StoredRecord, ...], as_of: date) -> None:
    source = MemoryLeaves(held)

    def backwards(function: object, batches: object) -> object:
        assert callable(function)
        parts = [function(batch) for batch in reversed(list(batches))]  # type: ignore[call-overload]
        # What is checked of the sums of others holds of all that are right, on any day.
        assert all(map(is_plausible, parts, reversed(list(batches))))  # type: ignore[call-overload]
        # As many as there are batches: fewer would be an answer that was lost.
        return [merge_sums(parts[:2]), *parts[2:], merge_sums(())][: len(parts)]

    folded = PolarsEngine(source, run=backwards, own=False).fold(
        size=source.size, limit=source.size, as_of=as_of
    )
    assert folded == PlainEngine(source).fold(size=source.size, limit=source.size, as_of=as_of)


@pytest.mark.parametrize("name", ["plain", "polars"])
def test_engine_folds_an_empty_ledger(name: str) -> None:
    engine = open_engine(name, MemoryLeaves(()))
    folded = engine.fold(size=0, limit=0, as_of=DAY, root=EMPTY_ROOT)
    assert folded == Folded(0, EMPTY_ROOT, None, {}, {}, (), 0, {}, DAY, 0)
    assert engine.legs(frozenset({"m"}), limit=0, as_of=DAY) == {"m": ()}
    assert Book(folded).measure("m", counting()).legal.hi is None


@pytest.mark.parametrize("name", ["plain", "polars"])
def test_engine_counts_only_the_prefix_but_proves_the_whole(name: str) -> None:
    held = records(allocation("m", 5), allocation("m", 7), Reverse(0), allocation("m", 11))
    source = MemoryLeaves(held)
    engine = open_engine(name, source)
    sums = {}
    for limit in range(5):
        folded = engine.fold(size=4, limit=limit, as_of=DAY, root=source.root())
        sums[limit] = sum(total.lo for total in folded.totals.values())
        assert folded.recorded_by == (held[limit - 1].recorded_at if limit else None)
        assert folded.allocations == [0, 1, 2, 2, 3][limit]
        assert [record.seq for record in folded.records] == [2][: max(0, limit - 2)]
    assert sums == {0: 0, 1: 5, 2: 12, 3: 7, 4: 18}


@pytest.mark.parametrize("name", ["plain", "polars"])
def test_engine_refuses_another_root(name: str) -> None:
    source = MemoryLeaves(records(allocation("m", 5)))
    with pytest.raises(IntegrityError, match="another root"):
        open_engine(name, source).fold(size=1, limit=1, as_of=DAY, root=b"\0" * 32)


@pytest.mark.parametrize("name", ["plain", "polars"])
def test_engine_refuses_missing_and_changed_entries(name: str) -> None:
    source = MemoryLeaves(records(*(allocation("m", n) for n in range(6))))
    with pytest.raises(IntegrityError, match="entry 6 is not there"):
        open_engine(name, source).fold(size=7, limit=7, as_of=DAY)
    gap = source.rows.pop(2)
    with pytest.raises(IntegrityError, match="entry 2 is not there"):
        open_engine(name, source).fold(size=6, limit=6, as_of=DAY)
    source.rows.insert(2, gap._replace(bytes=gap.bytes.replace(b'"2"', b'"3"')))
    with pytest.raises(IntegrityError, match="not those that were hashed"):
        open_engine(name, source).fold(size=6, limit=6, as_of=DAY)


@pytest.mark.parametrize("name", ["plain", "polars"])
def test_engine_finds_standing_legs_above_their_own_ceiling(name: str) -> None:
    def leg(operations: int | None, ceiling: str | None) -> dict[str, Any]:
        return allocation("m", operations, ceiling_operations=ceiling)

    held = (leg(10, "9"), leg(9, "9"), leg(10, None), leg(None, "9"), leg(10, "9"), Reverse(0))
    source = MemoryLeaves(records(*held))
    engine = open_engine(name, source)
    assert engine.above(limit=6) == (4,)
    assert engine.above(limit=5) == (0, 4)
    assert engine.above(limit=4) == (0,)
    assert engine.above(limit=0) == ()


def test_engine_that_does_not_exist_is_refused() -> None:
    with pytest.raises(MissingError, match="no engine 'abacus'"):
        open_engine("abacus", MemoryLeaves(()))


def test_legs_put_together_what_is_alike() -> None:
    held = records(
        allocation("m", 5, device_us="10"),
        allocation("m", 7),
        allocation("m", 9, device_us="30"),
        allocation("m", 1, run="r2"),
        allocation("m", 3, role="corroborating"),
        Reverse(1),
    )
    for name in ("plain", "polars"):
        first, second = open_engine(name, MemoryLeaves(held)).legs(
            frozenset({"m"}), limit=6, as_of=DAY
        )["m"]
        assert (first.seq, first.run, first.rows, first.lo, first.hi) == (0, "r", 2, 14, 14)
        assert first.device_us == 40
        assert (second.seq, second.run, second.device_us) == (3, "r2", None)


def test_allocation_of_finds_what_adds_and_what_takes_back() -> None:
    added, fact_like, taken = records(
        allocation("m", 5), ("lineage", lineage("a", "b")), Reverse(0)
    )
    assert allocation_of(added) == (1, added.body)
    assert allocation_of(fact_like) is None
    assert allocation_of(taken) == (-1, added.body)
    other = dataclasses.replace(taken, body={**taken.body, "reversed_type": "lineage"})
    assert allocation_of(other) is None


def test_auto_reads_a_small_ledger_entry_by_entry_and_a_larger_one_in_columns() -> None:
    assert chosen("auto", SMALL) == "plain"
    assert chosen("auto", SMALL + 1) == "polars"
    assert {chosen(name, size) for name in ENGINES[1:] for size in (0, 10**9)} == set(ENGINES[1:])
    # Who opens an engine has chosen one.
    with pytest.raises(MissingError, match="no engine 'auto'"):
        open_engine("auto", MemoryLeaves(()))
