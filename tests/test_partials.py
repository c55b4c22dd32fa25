"""Partial sums of batches: how they travel, and how many wait before they are merged."""

from __future__ import annotations

import hashlib
import pickle
from concurrent.futures import Future
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from bench.check import frame
from ledgers import DAY, MODELS, MemoryLeaves, allocation, records

from ledger import __version__
from ledger.engines import answer, leaves, partials, polars
from ledger.engines.answer import answer_batch, is_same
from ledger.engines.partials import Batch, DamagedSegmentError, Partial, merge_sums
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.engines.pool import Pool
from ledger.errors import LedgerError

BOUND = 10
NOTHING = Batch((), 0, DAY)


def sums_of(count: int) -> Partial:
    """Return sums with so many groups of operations, amounts up to 38 digits and some unknown."""
    empty = merge_sums(())
    rows = {
        name: pl.Series([None if n % 3 else 10**38 - 1 - n for n in range(count)], dtype=dtype)
        if dtype == pl.Decimal
        else pl.Series([f"{name}-{n}" for n in range(count)])
        if dtype == pl.String
        else pl.Series([n % 100 for n in range(count)], dtype=dtype)
        for name, dtype in empty.totals.schema.items()
    }
    return Partial(pl.DataFrame(rows), empty.grades, empty.deliveries)


def tables(sums: Partial) -> tuple[pl.DataFrame, ...]:
    return sums.totals, sums.grades, sums.deliveries


def answered(sums: Partial) -> Partial:
    """Return what a worker gives that found these sums."""
    given = answer_batch(lambda _: sums, NOTHING, __version__)
    assert isinstance(given, Partial)
    return given


@pytest.mark.parametrize("count", [0, 1, 1_000])
def test_partials_travel_whole_and_small(count: int) -> None:
    sums = sums_of(count)
    data = pickle.dumps(sums)
    for left, right in zip(tables(sums), tables(pickle.loads(data)), strict=True):
        assert left.schema == right.schema
        assert left.equals(right)
    if count == 1_000:
        assert len(data) < len(pickle.dumps(tables(sums))) / 3


@pytest.mark.parametrize("error", [None, pl.exceptions.PanicException, ValueError])
def test_damaged_sums_arrive_as_an_error_whatever_polars_does(
    monkeypatch: pytest.MonkeyPatch, error: type[BaseException] | None
) -> None:
    again, (first, *rest) = sums_of(100).__reduce__()
    assert isinstance(again(first, *rest), Partial)

    def raising(_: object) -> None:
        assert error is not None
        raise error("damaged")

    if error is not None:
        monkeypatch.setattr(partials.pl, "read_ipc", raising)
    for damaged in ((first[: len(first) // 2], *rest), (b"", *rest), (first,)):
        found = again(*damaged)
        assert isinstance(found, LedgerError)
        assert "cannot be read" in found.message


def test_sums_that_arrive_damaged_from_a_process_of_this_machine_are_refused() -> None:
    arrived = Future[Partial]()
    arrived.set_result(partials._unpacked(b"", b"", b""))  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="the sums that arrived cannot be read"):
        Pool(print)._result(partials.partial_sums, NOTHING, arrived)


def test_a_worker_puts_its_sums_in_order_and_others_need_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sums = sums_of(100)
    moved, other = (
        Partial(totals, sums.grades, sums.deliveries)
        for totals in (sums.totals.reverse(), sums.totals.with_columns(later=pl.col("later") + 1))
    )
    left, right = map(answered, (sums, moved))
    assert left.totals.equals(right.totals)
    # Whoever does not keep to it is understood all the same.
    assert is_same(sums, moved)
    assert not is_same(sums, other)
    monkeypatch.setattr(answer, "_sorted", None)
    assert is_same(left, right)


def test_partials_do_not_pile_up_before_they_are_merged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaves, "SEGMENT", 4)
    monkeypatch.setattr(polars, "AT_ONCE", 1)
    monkeypatch.setattr(partials, "_WAITING_MAX", BOUND)
    merged, seen = partials._merged, list[list[int]]()

    def noted(held: list[Partial]) -> Partial:
        seen.append([each.groups for each in held])
        return merged(held)

    monkeypatch.setattr(partials, "_merged", noted)
    held = records(*(allocation(model) for model in sorted(MODELS) * 12))
    source = MemoryLeaves(held)
    folded = PolarsEngine(source).fold(size=source.size, limit=source.size, as_of=DAY)
    assert len(seen) > 2
    for waiting in seen:
        # What was merged before is no part of what waits: it would be merged each time.
        assert len(waiting) > 1
        assert sum(waiting[1:-1]) <= BOUND
    assert folded == PlainEngine(source).fold(size=source.size, limit=source.size, as_of=DAY)


def segment_files(folder: Path, count: int) -> Batch:
    """Return a batch of so many files of one row each, with their digests."""
    paths = tuple(folder / f"{number:02}.parquet" for number in range(count))
    for number, path in enumerate(paths):
        frame(number, number + 1, models=3).write_parquet(path)
    digests = tuple(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return Batch(paths, count, date(2027, 1, 1), digests)


@pytest.mark.parametrize(("count", "at_once"), [(1, [1]), (4, [4]), (5, [4, 1]), (8, [4, 4])])
def test_of_a_large_batch_only_some_segments_are_in_memory(
    count: int, at_once: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = segment_files(tmp_path, count)
    whole = partials.partial_sums(batch)
    grouped, seen = partials._grouped, list[int]()

    def noted(part: Batch) -> Partial:
        seen.append(len(part.paths))
        return grouped(part)

    monkeypatch.setattr(partials, "_grouped", noted)
    monkeypatch.setattr(partials, "AT_ONCE", 4)
    assert is_same(partials.partial_sums(batch), whole)
    assert seen == at_once


def test_a_damaged_segment_is_found_in_whatever_part_of_a_batch_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = segment_files(tmp_path, 5)
    monkeypatch.setattr(partials, "AT_ONCE", 2)
    for number, path in enumerate(batch.paths):
        digests = list(batch.digests)
        digests[number] = digests[number - 1]
        with pytest.raises(DamagedSegmentError) as caught:
            partials.partial_sums(replace(batch, digests=tuple(digests)))
        assert caught.value.where == str(path)


@pytest.mark.parametrize("digests", [1, 3, 6])
def test_a_batch_has_the_digests_of_all_its_files_or_of_none(digests: int, tmp_path: Path) -> None:
    batch = segment_files(tmp_path, 5)
    with pytest.raises(ValueError, match=f"{digests} digests of 5 files"):
        replace(batch, digests=(batch.digests * 2)[:digests])
