"""Sums are exact or refused: polars wraps silently in memory, so every sum streams."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from ledgers import DAY, MemoryLeaves, allocation, records

from ledger.engines import sums
from ledger.engines.columns import AMOUNT
from ledger.engines.plain import PlainEngine
from ledger.engines.polars import PolarsEngine
from ledger.engines.sums import Grouping, group_sums
from ledger.errors import InputError, IntegrityError

LARGE = 6 * 10**37


def frame(*amounts: int | None) -> pl.LazyFrame:
    """Return one group of amounts."""
    return pl.LazyFrame(
        {"key": ["a"] * len(amounts), "one": [1] * len(amounts), "amount": list(amounts)},
        schema={"key": pl.String, "one": pl.Int64, "amount": AMOUNT},
    )


def added(*amounts: int | None) -> tuple[int, int]:
    """Add amounts up as the engine does; returns rows and sum."""
    answer = group_sums(Grouping(frame(*amounts), ["key"], ["one"], ["amount"]))
    ((_, rows, total),) = answer.rows()
    return rows, int(total)


def test_overflow_polars_in_memory_wraps_without_a_word() -> None:
    # The reason for everything below. Should this fail, polars has mended it: say so in sums.py.
    query = frame(LARGE, LARGE, LARGE).group_by("key").agg(pl.col("amount").sum())
    (wrapped,) = query.collect(engine="in-memory")["amount"].to_list()
    assert wrapped != Decimal(3 * LARGE)


def test_overflow_polars_int128_wraps_in_every_engine() -> None:
    query = frame(LARGE, LARGE, LARGE).select(pl.col("amount").cast(pl.Int128).sum())
    for engine in ("in-memory", "streaming"):
        assert query.collect(engine=engine)["amount"].to_list() != [3 * LARGE]


def test_overflow_polars_streaming_raises() -> None:
    query = frame(LARGE, LARGE, LARGE).group_by("key").agg(pl.col("amount").sum())
    with pytest.raises(pl.exceptions.ComputeError, match="overflow"):
        query.collect(engine="streaming")


def test_sums_are_exact_up_to_the_bound() -> None:
    assert added(10**28, 10**28 - 1, 1, None) == (4, 2 * 10**28)
    assert added(None, None) == (2, 0)
    assert added(*[10**36 - 1] * 99) == (99, 99 * (10**36 - 1))


@pytest.mark.parametrize("amounts", [(LARGE, LARGE, LARGE), (LARGE, LARGE), (LARGE, 1)])
def test_sums_refuse_what_could_overflow(amounts: tuple[int, ...]) -> None:
    # The last pair would not overflow, but rows × largest value reaches 10^38.
    with pytest.raises(InputError, match="too large"):
        added(*amounts)


def test_sums_stream_so_that_polars_refuses_first(monkeypatch: pytest.MonkeyPatch) -> None:
    # With the bound out of the way it is the engine itself that must refuse.
    monkeypatch.setattr(sums, "LIMIT", 10**60)
    with pytest.raises(InputError, match="too large") as caught:
        added(LARGE, LARGE, LARGE)
    assert isinstance(caught.value.__cause__, pl.exceptions.ComputeError)


def test_sums_refuse_a_result_that_its_check_denies() -> None:
    sound = Grouping(frame(5, 7), ["key"], ["one"], ["amount"]).query().collect(engine="streaming")
    sums._guard(sound, ["amount"])
    wrong = sound.with_columns(pl.col("amount") + pl.lit(1).cast(AMOUNT))
    with pytest.raises(IntegrityError, match="exact sum"):
        sums._guard(wrong, ["amount"])


def guarded(exact: list[int], about: list[float | None]) -> pl.DataFrame:
    """Return sums of groups with what the guard looks at."""
    count = len(exact)
    return pl.DataFrame(
        {"amount": exact, "amount float": about, "largest": [1] * count, "len": [1] * count},
        schema_overrides={"amount": AMOUNT, "largest": AMOUNT},
    )


def test_sums_guard_holds_every_group_and_not_only_what_they_come_to() -> None:
    sums._guard(guarded([5, 7], [5.0, 7.0]), ["amount"])
    with pytest.raises(IntegrityError, match=r"is 7, but a check of it gives about 5$"):
        sums._guard(guarded([7, 5], [5.0, 7.0]), ["amount"])


@pytest.mark.parametrize("about", [float("nan"), float("inf"), float("-inf"), None])
def test_sums_guard_refuses_a_check_that_is_no_number(about: float | None) -> None:
    with pytest.raises(IntegrityError, match="an exact sum of amount is 5"):
        sums._guard(guarded([5], [about]), ["amount"])


def test_sums_bound_the_largest_of_all_amounts() -> None:
    held = pl.LazyFrame(
        {"key": ["a", "a"], "small": [1, None], "large": [None, 10**37]},
        schema={"key": pl.String, "small": AMOUNT, "large": AMOUNT},
    )
    group_sums(Grouping(held, ["key"], [], ["small", "large"]))
    for names in (["small", "large"], ["large", "small"]):
        many = pl.concat([held] * 5)
        with pytest.raises(InputError, match="too large"):
            group_sums(Grouping(many, ["key"], [], names))


def test_sums_refuse_a_column_that_is_not_exact() -> None:
    query = frame(5, 7).with_columns(pl.col("amount").cast(pl.Float64))
    with pytest.raises(IntegrityError, match="not exactly"):
        group_sums(Grouping(query, ["key"], ["one"], ["amount"]))


def test_sums_guard_sees_one_part_in_a_billion() -> None:
    total = 10**30
    sums._guard(guarded([total], [1e30]), ["amount"])
    with pytest.raises(IntegrityError, match="exact sum"):
        sums._guard(guarded([total + total // 10**8], [1e30]), ["amount"])


def test_engine_refuses_ceilings_that_cannot_be_added_and_the_plain_one_adds_them() -> None:
    ceiling = str(6 * 10**37)
    held = records(*(allocation("m", ceiling_operations=ceiling) for _ in range(3)))
    source = MemoryLeaves(held)
    with pytest.raises(InputError, match="too large") as caught:
        PolarsEngine(source).fold(size=3, limit=3, as_of=DAY)
    assert "--engine plain" in caught.value.remedy
    (total,) = PlainEngine(source).fold(size=3, limit=3, as_of=DAY).totals.values()
    assert total.hi == 18 * 10**37
