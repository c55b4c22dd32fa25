"""Outlays: what is still to come of commitments, by a day, as the check of the same day has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import commitment, records

from ledger.drawing import Capacity, Delivered, Delivery, Drawings, drawn_on
from ledger.errors import ConflictError, InputError
from ledger.forward import committed, outstanding
from ledger.hardware import Catalogue
from ledger.journeys.deals import Deal, Part, agreed_by
from ledger.journeys.outlays import Outlay, outlays_of
from ledger.journeys.supposed_book import Supposed, suppose

DAY = date(2026, 11, 23)
NOTHING = Delivered()
NO_DEVICES = cast("Catalogue", None)
TERMS: dict[str, Any] = {
    "contract": "c",
    "agreed_on": "2026-11-22",
    "window_start": "2027-01-01",
    "window_end": "2027-02-01",
    "device_us": "1000",
    "operations": "700",
    "operations_low": "500",
    "operations_high": "900",
}


def body(**changes: Any) -> dict[str, Any]:
    """A commitment of January 2027, signed on 2026-11-22."""
    return commitment("m", "acme", **(TERMS | changes))


def outlays(
    delivered: Delivered = NOTHING, *, as_of: date = DAY, **changes: Any
) -> tuple[Outlay, ...]:
    """What is still to come of it after some deliveries."""
    part = Part(7, body(**changes), {}, delivered)
    return outlays_of([Deal("c", (part,), (), 0)], as_of)


def test_what_is_agreed_later_is_not_known_yet() -> None:
    assert outlays(as_of=date(2026, 11, 21)) == ()
    (known,) = outlays(as_of=date(2026, 11, 22))
    assert known.agreed_on == date(2026, 11, 22)


def test_an_option_counts_from_the_day_on_which_it_is_exercised() -> None:
    option = {"kind": "option", "exercised_on": "2026-12-24"}
    assert [each.counts for each in outlays(**option)] == [False]
    assert [each.counts for each in outlays(as_of=date(2026, 12, 24), **option)] == [True]
    assert [each.counts for each in outlays(kind="option", exercised_on=None)] == [False]
    assert [each.counts for each in outlays()] == [True]


def test_a_delivery_of_unknown_size_leaves_nothing_that_is_sure() -> None:
    (found,) = outlays(Delivered(250, unknown=True))
    assert (found.flow.low, found.flow.point, found.flow.high) == (0, None, Fraction(675))
    (known,) = outlays(Delivered(250))
    assert (known.flow.low, known.flow.point, known.flow.high) == (375, 525, 675)


def test_a_delivery_under_a_commitment_without_device_time_leaves_nothing_that_is_sure() -> None:
    (found,) = outlays(Delivered(250), device_us=None)
    assert (found.flow.low, found.flow.point, found.flow.high) == (0, None, 900)


@given(
    us=st.none() | st.integers(1, 50),
    done=st.integers(0, 60),
    unknown=st.booleans(),
    ends=st.lists(st.integers(0, 10**6), min_size=3, max_size=3).map(sorted),
    stated=st.tuples(st.booleans(), st.booleans()),
    since=st.integers(-2, 3),
    exercised=st.none() | st.integers(-2, 3),
)
def test_the_check_of_the_day_counts_what_is_still_to_come(
    *,
    us: int | None,
    done: int,
    unknown: bool,
    ends: list[int],
    stated: tuple[bool, bool],
    since: int,
    exercised: int | None,
) -> None:
    low, point, high = ends
    with_ends, with_point = stated
    changes = {
        "device_us": None if us is None else str(us),
        "operations": str(point) if with_point else None,
        "operations_low": str(low) if with_ends else None,
        "operations_high": str(high) if with_ends else None,
        "agreed_on": str(DAY + timedelta(days=since)),
        "kind": "forward" if exercised is None else "option",
        "exercised_on": None if exercised is None else str(DAY + timedelta(days=exercised)),
    }
    capacity = Capacity.of(7, body(**changes))
    came = Delivery("m", capacity.device, DAY, done, 8, unknown)
    delivered = drawn_on([capacity], [came]).parts[7]
    found = [each for each in outlays(delivered, **changes) if each.counts]
    ((record),) = records(("commitment", body(**changes)))
    standing = outstanding([replace(record, seq=7)])
    counted = committed(standing, Drawings({"c": [capacity]}, {"c": [came]}), DAY).get("m", [])
    assert len(counted) <= len(found) <= 1
    for flow, (_, sums) in zip([each.flow for each in found], counted, strict=False):
        assert sums.error_lo == flow.low.__floor__()
        assert bool(sums.error_unbounded) == (flow.high is None)
        assert flow.high is None or sums.error_hi == flow.high.__ceil__()


@pytest.mark.parametrize("as_of", [date(2027, 1, 15), date(2027, 1, 30)])
def test_what_is_left_comes_in_what_is_left_of_the_window(as_of: date) -> None:
    (found,) = outlays(as_of=as_of)
    assert (found.flow.start, found.flow.end) == (as_of + timedelta(days=1), date(2027, 2, 1))


def test_a_book_by_a_day_holds_what_was_agreed_by_then() -> None:
    early = Part(7, body(), {}, NOTHING)
    late = Part(8, body(agreed_on="2026-12-01"), {}, NOTHING)
    deal = Deal("c", (early, late), (), 0)
    assert agreed_by([deal], date(2026, 11, 21)) == ()
    assert [each.parts for each in agreed_by([deal], DAY)] == [(early,)]
    assert agreed_by([deal], date(2026, 12, 1)) == (deal,)


def test_what_a_window_that_is_over_leaves_open_is_still_owed() -> None:
    (last,) = outlays(as_of=date(2027, 1, 30))
    assert not last.overdue
    (over,) = outlays(Delivered(250), as_of=date(2027, 1, 31))
    assert (over.overdue, over.flow.low, over.flow.point, over.device_us) == (True, 375, 525, 750)
    assert outlays(Delivered(1000), as_of=date(2027, 1, 31)) == ()
    # An option that nobody exercised has lapsed.
    assert outlays(kind="option", as_of=date(2027, 1, 31)) == ()
    assert outlays(as_of=date.max)[0].overdue


def test_a_share_supposed_of_a_month_holds_what_is_meant_for_the_model_already() -> None:
    parts = (
        Part(7, body(device_us="750", operations="750"), {}, NOTHING),
        Part(8, body(device_us="250", operations="250") | {"model": "n"}, {}, NOTHING),
        Part(9, body(window_start="2027-02-01", window_end="2027-03-01"), {}, NOTHING),
    )
    held = outlays_of([Deal("c", parts, (), 0)], DAY)
    half = Supposed.parse("reallocate", "c=n@1/2")
    assert str(half) == "c meant for n, 1/2 of each month"
    found = suppose(held, [half], NO_DEVICES, DAY)
    amounts = [(each.seq, each.model, each.device_us, each.flow.point) for each in found]
    assert amounts == [
        (7, "n", 250, 250),
        (7, "m", 500, 500),
        (8, "n", 250, 250),
        (9, "n", 500, 350),
        (9, "m", 500, 350),
    ]
    # Asked again, or asked for less than there is, nothing changes.
    for share in ("1/2", "1/4"):
        again = Supposed.parse("reallocate", f"c=n@{share}")
        assert suppose(found, [again], NO_DEVICES, DAY) == found


@pytest.mark.parametrize("us", [None, "0"])
def test_no_share_is_supposed_of_a_month_without_device_time(us: str | None) -> None:
    held = outlays(device_us=us)
    with pytest.raises(ConflictError, match="'c' from 2027-01-01 until 2027-02-01 has is not"):
        suppose(held, [Supposed.parse("reallocate", "c=n@1/2")], NO_DEVICES, DAY)
    (whole,) = suppose(held, [Supposed.parse("reallocate", "c=n")], NO_DEVICES, DAY)
    assert (whole.model, whole.flow.point) == ("n", 700)


def test_nothing_is_supposed_to_come_after_the_last_day_there_is() -> None:
    (far,) = outlays(window_start="9999-01-01", window_end="9999-12-31")
    slip = Supposed.parse("slip", "c=1")
    with pytest.raises(InputError, match="after the year 9999"):
        suppose([far], [slip], NO_DEVICES, DAY)
    assert suppose([far], [Supposed.parse("slip", "c=0")], NO_DEVICES, DAY) == (far,)
