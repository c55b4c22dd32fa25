"""What is foreseen: commitments and plans beside what has happened."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ledgers import Reverse, allocation, commitment
from worlds import E24, GENERAL, above


def on(day: str, operations: int | None = None, **changes: Any) -> dict[str, Any]:
    """Return an allocation of model m on a day."""
    times = {"start": f"{day}T00:00:00Z", "end": f"{day}T08:00:00Z"}
    return allocation("m", operations, **{**times, **changes})


def test_commitment_is_foreseen_from_the_day_it_was_agreed() -> None:
    plan = commitment("m", "acme", kind="plan", operations=str(7 * E24), agreed_on="2026-07-10")
    found = above(GENERAL, on("2026-06-01", 6 * E24), ("commitment", plan))
    assert found.finding == "not_met"
    assert found.foreseen is not None
    assert (found.foreseen.finding, found.foreseen.on) == ("met", date(2026, 7, 10))
    assert [(due.obligation, due.on) for due in found.due] == [("tell", date(2026, 7, 24))]
    assert found.actionable


def test_commitments_carry_together_from_the_last_agreement() -> None:
    first = commitment("m", "acme", operations=str(3 * E24), agreed_on="2026-07-10")
    second = {**first, "contract": "c-2", "agreed_on": "2026-08-15"}
    found = above(GENERAL, on("2026-06-01", 6 * E24), ("commitment", first), ("commitment", second))
    assert found.foreseen is not None
    assert found.foreseen.on == date(2026, 8, 15)


def test_work_that_carries_an_earlier_commitment_is_the_day() -> None:
    plan = commitment("m", "acme", operations=str(4 * E24), agreed_on="2026-06-01")
    later = {**plan, "contract": "c-2", "agreed_on": "2026-08-01"}
    work = (on("2026-05-01", 5 * E24), on("2026-07-01", 2 * E24))
    found = above(GENERAL, *work, ("commitment", plan), ("commitment", later))
    assert found.foreseen is not None
    assert (found.foreseen.finding, found.foreseen.on) == ("met", date(2026, 7, 1))
    # The work that met it came later still; the clock runs from the day it was known.
    met = above(GENERAL, *work, on("2026-09-01", 4 * E24), ("commitment", plan))
    assert met.foreseen is not None
    assert met.foreseen.on == date(2026, 7, 1)
    assert [due.on for due in met.due] == [date(2026, 7, 15)]


def test_commitment_after_the_line_was_met_carries_nothing() -> None:
    plan = commitment("m", "acme", operations=str(4 * E24), agreed_on="2026-06-01")
    found = above(GENERAL, on("2026-05-01", 11 * E24), ("commitment", plan))
    assert found.foreseen is not None
    assert (found.foreseen.finding, found.foreseen.on) == ("met", None)


@pytest.mark.parametrize(
    ("changes", "finding"),
    [
        ({"model": None}, "not_met"),
        ({"kind": "option"}, "not_met"),
        ({"kind": "option", "exercised_on": "2026-08-01"}, "met"),
        ({"kind": "reservation"}, "met"),
        ({"agreed_on": "2026-12-01"}, "not_met"),
        ({"activity": "pretrain", "operation_kind": "integer"}, "not_met"),
    ],
)
def test_only_what_binds_to_the_model_is_foreseen(changes: dict[str, Any], finding: str) -> None:
    plan = commitment("m", "acme", operations=str(7 * E24), agreed_on="2026-07-10")
    agreed = {**plan, **changes}
    found = above(GENERAL, on("2026-06-01", 6 * E24), ("commitment", agreed))
    assert found.foreseen is not None
    assert found.foreseen.finding == finding
    if changes.get("exercised_on"):
        assert found.foreseen.on == date(2026, 8, 1)


def test_delivered_work_is_not_counted_twice() -> None:
    agreed = commitment(
        "m", "acme", operations=str(4 * E24), device_us="1000", agreed_on="2026-07-01"
    )
    before = on("2026-06-01", 7 * E24)
    half = on("2026-08-01", 2 * E24, commitment="c-1", device_us="500")
    found = above(GENERAL, before, ("commitment", agreed), half)
    assert found.foreseen is not None
    assert (found.foreseen.finding, found.foreseen.on) == ("met", date(2026, 7, 1))
    poor = on("2026-08-01", 10**20, commitment="c-1", device_us="900")
    fallen = above(GENERAL, before, ("commitment", agreed), poor)
    assert fallen.foreseen is not None
    assert (fallen.foreseen.finding, fallen.foreseen.on) == ("not_met", None)


def test_commitment_without_a_figure_leaves_the_foreseen_open_and_is_named() -> None:
    found = above(GENERAL, on("2026-06-01", 6 * E24), ("commitment", commitment("m", "acme")))
    assert found.finding == "not_met"
    assert found.foreseen is not None
    assert found.foreseen.finding == "undetermined"
    assert found.missing == ("operations@commitment:c-1",)
    assert found.undetermined


def test_commitment_recorded_late_is_reported() -> None:
    plan = commitment("m", "acme", operations=str(7 * E24), agreed_on="2026-02-01")
    found = above(GENERAL, on("2026-01-05", 6 * E24), ("commitment", plan))
    # The third record is sealed on 2026-03-12.
    assert "commitment c-1 counts from 2026-02-01 and was recorded on 2026-03-12" in found.notes


def test_plan_adds_to_a_published_figure() -> None:
    plan = commitment("m", "acme", operations=str(7 * E24), agreed_on="2026-07-10")
    published = on("2026-06-01", 6 * E24, extent="cumulative")
    found = above(GENERAL, published, ("commitment", plan))
    assert found.foreseen is not None
    assert found.foreseen.finding == "met"


def test_reversed_commitment_is_no_longer_foreseen() -> None:
    plan = commitment("m", "acme", operations=str(7 * E24), agreed_on="2026-07-10")
    found = above(GENERAL, on("2026-06-01", 6 * E24), ("commitment", plan), Reverse(2))
    assert found.foreseen is not None
    assert found.foreseen.finding == "not_met"


def test_capacity_meant_for_a_model_later_is_known_from_that_day() -> None:
    plan = commitment("m", "acme", operations=str(7 * E24), agreed_on="2026-02-01")
    found = above(
        GENERAL, on("2026-01-05", 6 * E24), ("commitment", {**plan, "allocated_on": "2026-07-10"})
    )
    assert found.foreseen is not None
    assert (found.foreseen.finding, found.foreseen.on) == ("met", date(2026, 7, 10))


def test_a_delivery_to_a_stranger_leaves_a_named_model_its_duty() -> None:
    agreed = commitment(
        "m", "acme", operations=str(4 * E24), device_us="1000", agreed_on="2026-07-01"
    )
    before = on("2026-06-01", 7 * E24)
    spent = {"commitment": "c-1", "device_us": "1000"}
    times = {"start": "2026-08-01T00:00:00Z", "end": "2026-08-01T08:00:00Z"}
    came = allocation("zebra", 10**20, **times, **spent)
    rest = ("commitment", {**agreed, "model": None})
    found = above(GENERAL, before, ("commitment", agreed), rest, came)
    assert found.foreseen is not None
    assert found.foreseen.finding == "met"
    # With nothing unallocated the stranger took what was meant for the model.
    alone = above(GENERAL, before, ("commitment", agreed), came)
    assert alone.foreseen is not None
    assert alone.foreseen.finding == "not_met"


def test_half_as_many_substitutes_are_the_whole_of_what_was_agreed() -> None:
    agreed = commitment(
        "m",
        "acme",
        operations=str(4 * E24),
        device="nvidia-h100-sxm5",
        device_us="1000",
        agreed_on="2026-07-01",
        substitutes=[{"device": "nvidia-b200", "ratio": "1/2"}],
    )
    before = on("2026-06-01", 7 * E24)
    spent = {"commitment": "c-1", "device_us": "500"}
    came = on("2026-08-01", 10**20, device="nvidia-b200", **spent)
    found = above(GENERAL, before, ("commitment", agreed), came)
    assert found.foreseen is not None
    assert found.foreseen.finding == "not_met"
    half = on("2026-08-01", 10**20, device="nvidia-h100-sxm5", **spent)
    found = above(GENERAL, before, ("commitment", {**agreed, "operations": str(7 * E24)}), half)
    assert found.foreseen is not None
    assert found.foreseen.finding == "met"
