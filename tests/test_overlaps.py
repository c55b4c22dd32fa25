"""Overlaps: intervals of several sources, joined."""

from __future__ import annotations

from collections import Counter
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ledgers import DAY, EVIDENCE, allocation

from ledger.journeys import overlaps
from ledger.journeys.lanes import Seen, seen
from ledger.journeys.overlaps import elsewhere, overlap


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 23), st.integers(1, 8), st.integers(1, 5)),
        max_size=8,
    )
)
def test_overlap_equals_what_is_found_hour_by_hour(legs: list[tuple[str, int, int, int]]) -> None:
    expected = 0
    made = []
    for source, start, hours, devices in legs:
        end = min(24, start + hours)
        day = date.fromordinal(DAY.toordinal() + 1) if end == 24 else DAY
        times = {"start": f"{DAY}T{start:02}:00:00Z", "end": f"{day}T{end % 24:02}:00:00Z"}
        body = allocation(
            milli_devices=devices * 1000, evidence={**EVIDENCE, "importer": source}, **times
        )
        made.append(seen(len(made), body))
    for hour in range(24):
        active: dict[str, int] = {}
        for source, start, hours, devices in legs:
            if start <= hour < start + hours:
                active[source] = active.get(source, 0) + devices
        expected += sum(active.values()) - max(active.values(), default=0)
    result = overlap(made, lambda leg: leg.importer)
    assert (0 if result is None else result.device_us) == expected * 3600 * 10**6


def leg(seq: int, importer: str, **changes: Any) -> Seen:
    """Eight hours of one device, as an importer tells of them."""
    body = allocation(milli_devices=1000, evidence={**EVIDENCE, "importer": importer}, **changes)
    return seen(seq, body)


def test_a_device_that_is_not_stated_may_be_any() -> None:
    def both(*legs: Seen) -> int:
        found = overlap(legs, lambda leg: leg.importer)
        return 0 if found is None else found.device_us

    hours = both(leg(0, "a", device="d"), leg(1, "b", device="d"))
    assert hours > 0
    assert both(leg(0, "a", device="d"), leg(1, "b", device=None)) == hours
    assert both(leg(0, "a", device=None), leg(1, "b", device=None)) == hours
    assert both(leg(0, "a", device="d"), leg(1, "b", device="e")) == 0
    later = {"start": "2026-03-09T00:00:00Z", "end": "2026-03-09T08:00:00Z"}
    assert both(leg(0, "a", device="d"), leg(1, "b", device=None, **later)) == 0


def test_one_time_under_two_runs_of_a_model_is_seen() -> None:
    def pairs(*legs: Seen) -> list[tuple[int, int]]:
        return [(one.seq, other.seq) for one, other in elsewhere(legs)]

    mine = leg(0, "slurm", run="4711", device=None)
    assert pairs(mine, leg(1, "megatron", run="llm", device="d")) == [(0, 1)]
    for other in (
        {"run": "4711"},
        {"model": "m2"},
        {"role": "corroborating"},
        {"start": "2026-03-09T00:00:00Z", "end": "2026-03-09T08:00:00Z"},
    ):
        assert pairs(mine, leg(1, "megatron", **{"run": "llm", **other})) == []
    # Runs side by side that one importer tells of are several runs.
    assert pairs(mine, leg(1, "slurm", run="4712")) == []
    assert pairs(leg(0, "a", run="r", device="d"), leg(1, "b", run="s", device="e")) == []


def spans(start: int, minutes: int) -> dict[str, str]:
    """Times of a leg that begins so many minutes after midnight."""
    first, last = (f"{DAY}T{m // 60:02}:{m % 60:02}:00Z" for m in (start, start + minutes))
    return {"start": first, "end": last}


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from("rst"),
            st.integers(0, 40),
            st.integers(1, 60),
            st.sampled_from(["d", "e", None]),
        ),
        max_size=10,
    )
)
def test_every_run_that_has_a_twin_is_told(told: list[tuple[str, str, int, int, str]]) -> None:
    legs = [
        leg(seq, importer, run=run, device=device, **spans(start, minutes))
        for seq, (importer, run, start, minutes, device) in enumerate(told)
    ]
    expected = set()
    for (a, r, s, m, d), (b, q, t, n, e) in combinations(told, 2):
        common = min(s + m, t + n) - max(s, t)
        if a != b and r != q and (None in {d, e} or d == e) and 10 * common >= 9 * max(m, n):
            expected |= {r, q}
    found = list(elsewhere(legs))
    assert {leg.run for pair in found for leg in pair} == expected
    assert len(found) <= len(expected)
    assert all((one.start_ms, one.seq) < (other.start_ms, other.seq) for one, other in found)


def test_what_is_compared_grows_no_faster_than_the_legs(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = Counter[str]()
    original = overlaps._alike

    def counted(one: Seen, other: Seen) -> bool:
        compared["pairs"] += 1
        return original(one, other)

    monkeypatch.setattr(overlaps, "_alike", counted)
    counts = []
    for number in (300, 600):
        compared.clear()
        # Short legs all day, one run of them told by both, and one long leg over all of the rest.
        legs = [leg(0, "a", run="long", **spans(0, 1400)), leg(1, "b", run="x", **spans(701, 1))]
        for n in range(number):
            for importer in "ab":
                times = spans(2 * n, 1)
                legs.append(leg(len(legs), importer, run=f"{n}", device="d", **times))
                legs.append(leg(len(legs), importer, run="whole", device="e", **spans(0, 1400)))
                other = {"device": "f" if importer == "a" else "g"}
                legs.append(leg(len(legs), importer, run=f"{importer}{n}", **other))
        assert {one.run for pair in elsewhere(legs) for one in pair} == {"long", "whole"}
        counts.append(compared["pairs"])
    assert counts[1] <= 2 * counts[0] + 10, counts
