"""What commitments still add: expected operations times what is undelivered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import commitment, records

from ledger.drawing import Delivered, Delivery, Drawings
from ledger.forward import Outstanding, committed, outstanding, standing_parts
from ledger.measure import Sums, TotalKey

DAY = date(2026, 8, 1)


def body(**changes: Any) -> dict[str, Any]:
    """Return a commitment of 1,000 operations in 100 device-microseconds."""
    return {**commitment("m", "acme", operations="1000", device_us="100"), **changes}


def agreed(**changes: Any) -> Outstanding:
    """Return one such commitment."""
    (found,) = outstanding(records(("commitment", body(**changes))))
    return found


def adding(*bodies: dict[str, Any], **delivered: int) -> Mapping[str, list[tuple[TotalKey, Sums]]]:
    """Return what commitments still add after deliveries to models, all on one day."""
    stored = records(*(("commitment", each) for each in bodies))
    came = tuple(Delivery(model, None, DAY, us, 0) for model, us in delivered.items())
    drawings = Drawings({"c-1": standing_parts(stored)}, {"c-1": came})
    return committed(outstanding(stored), drawings, DAY)


def test_nothing_delivered_leaves_everything() -> None:
    assert agreed().remaining(Delivered()) == Sums(1, 1000, 1000, 0, 1000, 1000)


@pytest.mark.parametrize(
    ("delivered", "low", "high"),
    [(1, 990, 990), (99, 10, 10), (100, 0, 0), (130, 0, 0)],
)
def test_remaining_is_expected_times_undelivered_over_contracted(
    delivered: int, low: int, high: int
) -> None:
    sums = agreed().remaining(Delivered(delivered))
    assert (sums.lo, sums.hi, sums.unbounded) == (low, high, 0)


def test_fraction_of_an_operation_widens_the_interval() -> None:
    sums = agreed(operations="10", device_us="3").remaining(Delivered(1))
    assert (sums.lo, sums.hi) == (6, 7)


def test_delivery_that_does_not_say_how_much_may_have_been_everything() -> None:
    sums = agreed().remaining(Delivered(40, unknown=True))
    assert (sums.lo, sums.hi) == (0, 600)


def test_contract_without_device_time_is_open_once_anything_was_delivered() -> None:
    plan = agreed(device_us=None)
    assert plan.remaining(Delivered()).lo == 1000
    sums = plan.remaining(Delivered(1))
    assert (sums.lo, sums.hi) == (0, 1000)


@pytest.mark.parametrize(
    ("changes", "low", "high", "error"),
    [
        ({"operations": None}, 0, None, (0, None)),
        ({"operations": None, "operations_low": "7"}, 7, None, (7, None)),
        ({"operations": None, "operations_low": "7", "operations_high": "9"}, 7, 9, (7, 9)),
        ({"operations_low": "700", "operations_high": "1300"}, 1000, 1000, (700, 1300)),
    ],
)
def test_expected_operations_are_intervals_like_recorded_ones(
    changes: dict[str, Any], low: int, high: int | None, error: tuple[int, int | None]
) -> None:
    sums = agreed(**changes).remaining(Delivered())
    assert (sums.legal.lo, sums.legal.hi) == (low, high)
    assert (sums.error.lo, sums.error.hi) == error


def test_unallocated_capacity_and_unexercised_options_never_count() -> None:
    given_ = records(
        ("commitment", commitment(None, "acme", operations="1")),
        ("commitment", commitment("m", "acme", operations="1", kind="option")),
    )
    assert outstanding(given_) == ()


def test_option_counts_from_the_day_it_was_exercised() -> None:
    option = agreed(kind="option", exercised_on="2026-05-01")
    assert option.counts_from == date(2026, 5, 1)


def test_late_recording_is_noticed() -> None:
    assert agreed(agreed_on="2026-02-01").recorded_late
    assert not agreed(agreed_on="2026-03-10").recorded_late


def test_part_of_a_microsecond_widens_the_interval() -> None:
    sums = agreed(device_us="3").remaining(Delivered(1, rest=Fraction(1, 2)))
    assert (sums.lo, sums.hi) == (500, 500)


def test_contract_recorded_once_is_drawn_on_by_every_delivery() -> None:
    found = adding(body(), m=10, other=20)
    assert [sums.lo for _, sums in found["m"]] == [700]


def test_contract_split_between_models_is_drawn_on_by_each() -> None:
    found = adding(body(), body(model="n"), n=30, m=120, other=5)
    # m is used up by its own; what is over, and the delivery to another, draw on n.
    assert "m" not in found
    assert [sums.lo for _, sums in found["n"]] == [450]


@pytest.mark.parametrize(
    "changes",
    [
        {"model": None},
        {"kind": "option", "model": None},
        {"agreed_on": "2026-08-02", "model": None},
    ],
)
def test_a_stranger_does_not_eat_what_is_meant_for_a_model(changes: dict[str, Any]) -> None:
    found = adding(body(), body(**changes), zebra=100)
    assert [sums.lo for _, sums in found["m"]] == [1000]


def test_what_expired_adds_nothing_and_nothing_draws_on_it() -> None:
    found = adding(body(window_end=str(DAY), expired_on=str(DAY)), body(), m=40)
    assert [sums.lo for _, sums in found["m"]] == [600]


def test_what_expires_later_counts_and_is_drawn_on_until_then() -> None:
    gone = body(window_end=str(DAY), expired_on=str(DAY + timedelta(days=1)))
    found = adding(gone, body(), m=140)
    assert [sums.lo for _, sums in found["m"]] == [600]
    (item,) = outstanding(records(("commitment", gone)))
    assert (item.counts_on(DAY), item.counts_on(DAY + timedelta(days=1))) == (True, False)
    # The day after, all that was delivered draws on what still stands.
    stored = records(("commitment", gone), ("commitment", body()))
    came = (Delivery("m", None, DAY, 140, 0),)
    drawings = Drawings({"c-1": standing_parts(stored)}, {"c-1": came})
    assert [us.device_us for us in drawings.by("c-1", DAY).values()] == [40, 100]
    assert [us.device_us for us in drawings.by("c-1", DAY + timedelta(days=1)).values()] == [100]


def test_commitment_of_a_later_day_adds_nothing_yet() -> None:
    assert adding(body(agreed_on="2026-08-02")) == {}


def test_what_was_meant_for_a_model_later_counts_from_that_day() -> None:
    assert agreed(allocated_on="2026-07-15").counts_from == date(2026, 7, 15)
    late = agreed(kind="option", exercised_on="2026-05-01", allocated_on="2026-04-01")
    assert late.counts_from == date(2026, 5, 1)
    assert adding(body(allocated_on="2026-08-02")) == {}


@given(st.integers(0, 10**28), st.integers(1, 10**12), st.integers(0, 10**13))
def test_remaining_lies_between_its_ends_and_never_exceeds_the_expected(
    operations: int, contracted: int, delivered: int
) -> None:
    part = agreed(operations=str(operations), device_us=str(contracted))
    sums = part.remaining(Delivered(delivered))
    exact = operations * max(0, contracted - delivered)
    assert sums.lo * contracted <= exact <= sums.hi * contracted
    assert sums.hi - sums.lo <= 1
    assert sums.hi <= operations
