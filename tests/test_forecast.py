"""Forecasts: crossings by exact intervals, against a plain search day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.forecast import Crossing, End, Flow, crossing, joined, level

FIRST = date(2027, 1, 1)
E24 = 10**24


def flow(start: int, days: int, *amounts: int | None) -> Flow:
    low, point, high = amounts if len(amounts) == 3 else (amounts[0],) * 3
    assert low is not None
    begin = FIRST + timedelta(days=start)
    return Flow(
        begin,
        begin + timedelta(days=days),
        Fraction(low),
        None if point is None else Fraction(point),
        None if high is None else Fraction(high),
        "c",
    )


def quarter(ppm: int) -> Flow:
    """4,096 H100 over the first quarter of 2027 at a utilisation of the dense BF16 peak."""
    return flow(0, 90, 4096 * 90 * 86_400 * 989_400_000_000_000 * ppm // 10**6)


@pytest.mark.parametrize(
    ("base", "ppm", "at"),
    [
        (6 * E24, 380_000, datetime(2027, 1, 31, 1, 30, 34, tzinfo=UTC)),
        (6 * E24, 300_000, datetime(2027, 2, 8, 1, 54, 43, tzinfo=UTC)),
        (6 * E24, 460_000, datetime(2027, 1, 25, 20, 1, 46, tzinfo=UTC)),
    ],
)
def test_the_flagship_crosses_to_the_second(base: int, ppm: int, at: datetime) -> None:
    found = crossing(base, [quarter(ppm)], Fraction(10**25), "point")
    assert found.instant == at
    # Worked out again from the rate: when the second begins the line is not reached, then it is.
    rate = Fraction(4096 * 989_400_000_000_000 * ppm, 10**6)
    seconds = int((at - datetime(2027, 1, 1, tzinfo=UTC)).total_seconds())
    assert base + rate * seconds <= 10**25 < base + rate * (seconds + 1)


def test_the_stated_error_of_the_start_moves_both_ends() -> None:
    first = crossing(78 * E24 // 10, [quarter(460_000)], Fraction(10**25), "high")
    last = crossing(42 * E24 // 10, [quarter(300_000)], Fraction(10**25), "low")
    assert first.instant is not None
    assert last.instant is not None
    assert (first.instant.date(), last.instant.date()) == (date(2027, 1, 14), date(2027, 2, 25))


def test_a_line_that_is_not_reached_is_never_crossed() -> None:
    assert crossing(0, [flow(0, 10, 99)], Fraction(100), "high") == Crossing(None)
    assert crossing(0, [], Fraction(100), "high") == Crossing(None)


def test_a_flow_that_nobody_sizes_leaves_the_crossing_open() -> None:
    unsized = flow(0, 10, 5, None, None)
    assert crossing(0, [unsized], Fraction(100), "high") == Crossing(None, unbounded=True)
    other = crossing(0, [unsized, flow(20, 10, 200)], Fraction(100), "high")
    assert other.unbounded
    assert other.instant == datetime(2027, 1, 26, tzinfo=UTC)


def test_a_line_that_was_reached_is_crossed_when_the_first_flow_begins() -> None:
    found = crossing(100, [flow(3, 10, 5)], Fraction(100), "low")
    assert found.instant == datetime(2027, 1, 4, tzinfo=UTC)


def test_between_two_flows_nothing_grows() -> None:
    flows = [flow(0, 10, 50), flow(20, 10, 50)]
    found = crossing(0, flows, Fraction(51), "point")
    assert found.instant == datetime(2027, 1, 21, 4, 48, tzinfo=UTC)
    assert level(0, flows, FIRST + timedelta(days=15), "point") == 50


amounts = st.lists(st.integers(0, 10**26), min_size=3, max_size=3).map(sorted)
flows_ = st.lists(
    st.builds(
        lambda start, days, three: flow(start, days, *three),
        st.integers(0, 40),
        st.integers(1, 30),
        amounts,
    ),
    max_size=6,
)
ends = st.sampled_from(["low", "point", "high"])


@given(st.integers(0, 10**25), flows_, st.integers(1, 2 * 10**26), ends)
def test_the_crossing_is_where_a_search_by_day_finds_it(
    base: int, flows: list[Flow], line: int, end: End
) -> None:
    found = crossing(base, flows, Fraction(line), end)
    days = [FIRST + timedelta(days=n) for n in range(80)]
    levels = [level(base, flows, day, end) for day in days]
    reached = [day for day, held in zip(days, levels, strict=True) if held and held >= line]
    if found.second is None:
        assert base >= line or not reached or not flows
        return
    if base >= line:
        assert (
            found.second == min(Fraction((f.start - date(1970, 1, 1)).days) for f in flows) * 86_400
        )
        return
    # The day on which it crosses begins before the line is reached, and the next one after it.
    within = date(1970, 1, 1) + timedelta(days=int(found.second // 86_400))
    before = level(base, flows, within, end)
    assert before is not None
    assert before <= line
    assert min(reached) in {within, within + timedelta(days=1)}


@given(st.integers(0, 10**25), flows_, st.integers(1, 2 * 10**26))
def test_more_work_never_crosses_later(base: int, flows: list[Flow], line: int) -> None:
    low, point, high = (crossing(base, flows, Fraction(line), e) for e in ("low", "point", "high"))
    never = Fraction(10**15)
    seconds = [c.second if c.second is not None else never for c in (high, point, low)]
    assert seconds == sorted(seconds)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3),
            st.integers(1, 3),
            st.integers(0, 50),
            st.none() | st.integers(50, 90),
        ),
        max_size=8,
    ),
    st.integers(0, 400),
)
def test_flows_of_one_window_joined_change_no_crossing(
    parts: list[tuple[int, int, int, int | None]], line: int
) -> None:
    flows = [flow(start, days, low, high, high) for start, days, low, high in parts]
    ends: tuple[End, ...] = ("low", "point", "high")
    for end in ends:
        assert crossing(0, joined(flows), Fraction(line), end) == crossing(
            0, flows, Fraction(line), end
        )
    windows = {(each.start, each.end, each.point is None) for each in flows}
    assert len(joined(flows)) == len(windows)
