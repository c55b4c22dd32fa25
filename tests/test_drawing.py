"""Drawing: deliveries net off the commitments of their own days, models and devices, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import commitment, records

from ledger.drawing import Capacity, Delivered, Delivery, Drawings, delivered_by, drawn_on
from ledger.forward import committed, outstanding, standing_parts
from ledger.journeys.deals import deals_of
from ledger.measure import Leg

DAY = date(2026, 8, 1)
LEG = Leg(0, "r", "pretrain", "float", "own", DAY, None, 5, 5)
JUNE, JULY = ("2026-06-01", "2026-07-01"), ("2026-07-01", "2026-08-01")


class Bare:
    """A shelf without confidential fields."""

    def read(self, start: int, stop: int) -> Any:
        """No entry is asked for."""
        raise AssertionError((start, stop))

    def openings(self, start: int, stop: int) -> Any:
        """Nothing is held."""
        del start, stop
        return iter(())


def part(seq: int, model: str | None, window: tuple[str, str] = JUNE, **changes: Any) -> Capacity:
    """One commitment of 100 device-microseconds."""
    start, end = window
    body = commitment(model, "acme", window_start=start, window_end=end, device_us="100")
    return Capacity.of(seq, {**body, **changes})


def came(model: str, us: int, day: str = "2026-06-10", **changes: Any) -> Delivery:
    """One delivery."""
    return replace(Delivery(model, None, date.fromisoformat(day), us, 0), **changes)


def taken(parts: list[Capacity], *deliveries: Delivery) -> dict[int, int]:
    """Return what is drawn on each commitment."""
    return {seq: held.device_us for seq, held in drawn_on(parts, deliveries).parts.items()}


def test_deliveries_are_added_by_contract_model_device_and_day() -> None:
    legs = [
        replace(LEG, commitment="c-1", device_us=4),
        replace(LEG, commitment="c-1", device_us=5, day=None, not_after=DAY),
        replace(LEG, commitment="c-1", device_us=100, day=date(2026, 8, 2)),
        replace(LEG, commitment="c-1", device_us=100, extent="cumulative"),
        replace(LEG, device_us=100),
    ]
    other = [replace(LEG, commitment="c-1", device_us=None, device="h20", seq=7)]
    assert delivered_by({"m": legs, "n": other}, DAY) == {
        "c-1": (Delivery("m", None, DAY, 9, 0), Delivery("n", "h20", DAY, 0, 7, unknown=True))
    }


def test_a_delivery_nets_off_the_month_of_its_day() -> None:
    parts = [part(0, "m"), part(1, "m", JULY)]
    assert taken(parts, came("m", 60, "2026-07-31")) == {0: 0, 1: 60}
    # What is over makes up for the earliest month that is open.
    assert taken(parts, came("m", 130, "2026-07-31")) == {0: 30, 1: 100}


def test_no_delivery_takes_from_a_window_that_is_still_to_begin() -> None:
    parts = [part(0, "m"), part(1, "m", JULY), part(2, None, JULY)]
    found = drawn_on(parts, [came("m", 130, "2026-06-30")])
    assert {seq: held.device_us for seq, held in found.parts.items()} == {0: 100, 1: 0, 2: 0}
    assert found.beyond_us == 30
    # Before the first window nothing was agreed at all.
    early = drawn_on(parts, [came("m", 130, "2026-05-31")])
    assert (early.beyond_us, any(early.parts.values())) == (130, False)


def test_a_day_after_every_window_draws_on_the_earliest() -> None:
    parts = [part(0, "m"), part(1, "m", JULY)]
    assert taken(parts, came("m", 130, "2026-09-01")) == {0: 100, 1: 30}


def test_each_model_draws_on_its_own_and_a_stranger_on_what_is_meant_for_none() -> None:
    parts = [part(0, "m"), part(1, None), part(2, "n")]
    assert taken(parts, came("zebra", 60), came("n", 70)) == {0: 0, 1: 60, 2: 70}
    # A named part gives way only when nothing is left that is meant for none.
    assert taken(parts, came("zebra", 130)) == {0: 30, 1: 100, 2: 0}
    assert taken(parts, came("n", 130)) == {0: 0, 1: 30, 2: 100}


def test_what_no_commitment_has_room_for_is_beyond() -> None:
    assert drawn_on([part(0, "m")], [came("m", 60), came("n", 70)]).beyond_us == 30


def test_a_substitute_counts_by_its_ratio() -> None:
    half = part(0, "m", device="h100", substitutes=[{"device": "b200", "ratio": "1/2"}])
    assert taken([half], came("m", 30, device="b200")) == {0: 60}
    assert taken([half], came("m", 50, device="b200"), came("m", 7, device="h100")) == {0: 100}
    assert drawn_on([half], [came("m", 60, device="b200")]).beyond_us == 20
    twice = part(0, "m", device="h100", substitutes=[{"device": "a100", "ratio": "3"}])
    held = drawn_on([twice], [came("m", 100, device="a100")]).parts[0]
    assert held == Delivered(33, rest=Fraction(1, 3))


def test_a_device_that_was_not_agreed_is_no_delivery() -> None:
    strict = part(0, "m", device="h100", substitutes=[])
    found = drawn_on([strict], [came("m", 60, device="a100", unknown=True)])
    assert (found.parts[0], found.beyond_us) == (Delivered(), 0)


@pytest.mark.parametrize("device", ["b200", None])
def test_nobody_guesses_what_a_device_counts_for(device: str | None) -> None:
    silent = part(0, "m", device="h100")
    found = drawn_on([silent], [came("m", 60, device=device)])
    assert (found.parts[0], found.beyond_us) == (Delivered(0, unknown=True), 0)
    # Where the commitment names no device, every one is the one agreed.
    assert taken([part(0, "m")], came("m", 60, device=device)) == {0: 60}


MODELS = st.sampled_from(["m", "n", "zebra"])
PART = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["m", "n", None]),
        "window": st.sampled_from([JUNE, JULY, ("2026-06-15", "2026-07-15")]),
        "device_us": st.one_of(st.none(), st.integers(0, 200).map(str)),
        "kind": st.sampled_from(["forward", "option"]),
        "agreed_on": st.sampled_from(["2026-02-01", "2026-06-20"]),
        "expired_on": st.sampled_from([None, "2026-07-15", "2026-08-01"]),
        "device": st.sampled_from([None, "h100"]),
        "substitutes": st.sampled_from([None, [], [{"device": "b200", "ratio": "2/3"}]]),
    }
)
LEGS = st.lists(
    st.tuples(
        MODELS,
        st.integers(0, 90),
        st.one_of(st.none(), st.integers(0, 150)),
        st.sampled_from([None, "h100", "b200", "a100"]),
    ),
    max_size=8,
)


@given(st.lists(PART, min_size=1, max_size=5), LEGS, st.integers(0, 100))
def test_both_books_leave_the_same_open(
    drawn_parts: list[dict[str, Any]], legs: list[Any], offset: int
) -> None:
    bodies = []
    for each in drawn_parts:
        changes = {name: value for name, value in each.items() if name not in {"model", "window"}}
        start, end = each["window"]
        window = {"window_start": start, "window_end": end}
        if changes["expired_on"] is None or changes["expired_on"] < end:
            del changes["expired_on"]
        bodies.append(commitment(each["model"], "acme", operations="1000", **window, **changes))
    stored = records(*(("commitment", body) for body in bodies))
    day = date(2026, 6, 1) + timedelta(days=offset)
    held: dict[str, list[Leg]] = {}
    for seq, (model, after, us, device) in enumerate(legs):
        when = date(2026, 5, 20) + timedelta(days=after)
        leg = replace(LEG, seq=seq, day=when, commitment="c-1", device_us=us, device=device)
        held.setdefault(model, []).append(leg)
    delivered = delivered_by(held, day)
    (deal,) = deals_of(stored, delivered, Bare(), day, closed=True)
    parts = {"c-1": standing_parts(stored)}
    # A book of all that ever came says the same of the day.
    ever = Drawings(parts, delivered_by(held, date.max))
    found = committed(outstanding(stored), ever, day)
    assert found == committed(outstanding(stored), Drawings(parts, delivered), day)
    told = [item for item in outstanding(stored) if item.counts_on(day)]
    of_deal = {each.seq: each for each in deal.parts}
    for model in ("m", "n"):
        mine = [item.remaining(of_deal[item.seq].delivered) for item in told if item.model == model]
        assert [sums for _, sums in found.get(model, [])] == [
            sums for sums in mine if sums.lo or sums.hi or sums.unbounded
        ]
    # Nothing is drawn twice, nor beyond what was agreed.
    for each in deal.parts:
        assert each.device_us is None or each.delivered.device_us <= each.device_us
