"""Overlaps: intervals of several sources, joined."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st
from ledgers import DAY, EVIDENCE, allocation

from ledger.journeys.lanes import seen
from ledger.journeys.overlaps import overlap


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
