"""Keys that every row shares need no grouping, and the sums are the same."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ledger.engines import columns, partials, sums
from ledger.engines.columns import AMOUNT
from ledger.engines.sums import Grouping, constants, group_sums

SCHEMA = {
    "word": pl.String(),
    "number": pl.Int64(),
    "peak": AMOUNT,
    "day": pl.Date(),
    "sign": pl.Int8(),
    "one": pl.Int64(),
    "amount": AMOUNT,
}
KEYS = ("word", "number", "peak", "day", "sign")
ROWS = st.tuples(
    st.sampled_from([None, "", "a", "a name that is longer than twelve bytes"]),
    st.sampled_from([None, 0, 1]),
    st.sampled_from([None, 0, 10**38 - 1]),
    st.sampled_from([None, date(2026, 1, 1), date(2026, 1, 2)]),
    st.sampled_from([1, -1]),
    st.just(1),
    st.integers(0, 10**20),
)


def frame_of(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@settings(max_examples=150)
@given(rows=st.lists(ROWS, max_size=6), times=st.integers(1, 3), first=st.integers(1, 4))
def test_constants_are_the_columns_of_one_value_and_change_no_sum(
    rows: list[tuple[object, ...]], times: int, first: int
) -> None:
    frame = frame_of(rows * times)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "_FIRST", first)
        same = constants(frame.lazy(), KEYS)
    assert same.columns == [name for name in KEYS if len(set(frame[name].to_list())) == 1]
    assert same.rows() == (frame.select(same.columns).unique().rows() if same.columns else [])
    plain = group_sums(Grouping(frame.lazy(), KEYS, ["one"], ["amount"]))
    fast = group_sums(Grouping(frame.lazy(), KEYS, ["one"], ["amount"], same=same))
    assert_frame_equal(fast, plain, check_row_order=False)


def test_keys_that_all_say_the_same_leave_one_group() -> None:
    frame = frame_of([("a", None, 7, date(2026, 1, 1), 1, 1, 5)] * 3)
    same = constants(frame.lazy(), KEYS)
    assert same.columns == list(KEYS)
    answer = group_sums(Grouping(frame.lazy(), KEYS, [], ["amount"], same=same))
    assert answer.rows() == [("a", None, 7, date(2026, 1, 1), 1, 15)]


def test_where_a_filter_leaves_no_row_the_answer_has_its_columns() -> None:
    frame = frame_of([("a", None, 10**38 - 1, date(2026, 1, 1), 1, 1, 5)] * 3)
    same = constants(frame.lazy(), KEYS)
    none = frame.lazy().filter(pl.col("number") == 7)
    answer = group_sums(Grouping(none, KEYS, ["one"], ["amount"], same=same))
    assert answer.rows() == []
    assert answer.schema == group_sums(Grouping(none, KEYS, ["one"], ["amount"])).schema


def test_the_keys_of_segments_are_columns_that_no_question_changes() -> None:
    for keys in partials._KEYS:
        stored = [key for key in keys if key in columns.SCHEMA]
        told = {name: [None] for name in columns.SCHEMA} | {"seq": [0], "extent": ["own"]}
        rows = pl.DataFrame(told, schema=columns.SCHEMA).lazy()
        asked = partials.own_capacity(partials.counted(rows, 1, date(2026, 1, 1)))
        assert asked.select(stored).collect().rows() == rows.select(stored).collect().rows()


def test_of_no_rows_nothing_is_the_same() -> None:
    frame = frame_of([])
    same = constants(frame.lazy(), KEYS)
    assert same.columns == []
    assert group_sums(Grouping(frame.lazy(), KEYS, [], ["amount"], same=same)).rows() == []
