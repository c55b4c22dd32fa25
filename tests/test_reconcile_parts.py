"""Reconciling runs of which a part states nothing, or stands in more than one source."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ledgers import DAY, commitment
from reconciled import HOURS_8_US, MOST, PIPE, beside, figure, found, held, line, of

from ledger.journeys.lanes import Seen, seen
from ledger.journeys.overlaps import nested


def test_reconcile_takes_no_hfu_of_legs_of_which_some_state_nothing() -> None:
    whole = figure(MOST, operations_executed=str(MOST))
    unstated = held(start="2026-03-10T08:00:00Z", end="2026-03-10T16:00:00Z")
    assert line(whole).hfu == Fraction(1, 2)
    assert line(whole, unstated).hfu is None
    counted = figure(MOST, "hardware", method_inputs=PIPE, evidence=of("telemetry"))
    assert line(counted).hfu == Fraction(1, 2)
    assert line(counted, unstated).hfu is None


def test_reconcile_run_is_no_better_than_its_legs_without_a_figure() -> None:
    later = {"start": "2026-03-10T08:00:00Z", "end": "2026-03-10T16:00:00Z"}
    both = (figure(MOST), held(3000, **later))
    result = found(*both)
    (run,) = result.runs
    assert (run.grade.letter, run.grade.figure, run.grade.time) == ("E", "D", "E")
    assert "without a figure" in run.grade.reason
    assert (result.operations["D"], result.operations["E"]) == (MOST, 0)
    assert (result.device_us["D"], result.device_us["E"]) == (HOURS_8_US, 3 * HOURS_8_US)
    # Two methods that agree say nothing of the time for which neither states a figure.
    counters = figure(MOST, "hardware", role="corroborating", method_inputs=PIPE)
    agreed = line(*both, counters)
    assert (agreed.grade.letter, agreed.grade.figure, agreed.grade.time) == ("E", "C", "E")
    # A bill over all of it does.
    billed = line(*both, beside("invoice", 1000), beside("invoice", 3000, **later))
    assert (billed.billed, billed.grade.letter) == (1, "B")


def test_reconcile_time_of_a_run_that_two_importers_saw_is_one_time() -> None:
    bills = [
        held(2000, role="corroborating", evidence=of("invoice", importer), run="r")
        for importer in ("focus", "ledger-of-the-cloud")
    ]
    assert [gap.missing_us for gap in found(figure(MOST), *bills).gaps] == [HOURS_8_US]
    other = held(2000, role="corroborating", evidence=of("invoice", "focus"), run="other")
    (gap,) = found(figure(MOST), *bills, other).gaps
    assert gap.stated_us == 4 * HOURS_8_US, "two runs are two times, whoever saw them"


def test_reconcile_time_that_includes_ancestors_fills_no_gap() -> None:
    published = figure(MOST, run="published", extent="cumulative", commitment="c-1")
    assert [gap.missing_us for gap in found(published, beside("invoice")).gaps] == [HOURS_8_US]
    window = {"window_start": str(DAY), "window_end": "2026-12-31", "milli_devices": 1000}
    contract = ("commitment", commitment(None, None, **window))
    assert [gap.recorded_us for gap in found(contract, published).gaps] == [0]
    (only,) = line(published).days
    assert only.ceiling is None


def test_reconcile_looks_up_the_runs_around_a_run_and_goes_through_no_others() -> None:
    class LookedUp(dict[str, list[Seen]]):
        """Runs that are asked for by name, and gone through once."""

        def __iter__(self) -> Iterator[str]:
            raise AssertionError("every run would be compared with every other")

    bodies = (figure(MOST), figure(MOST, run="r/trial-1"), figure(MOST, run="s"))
    legs = [seen(seq, body) for seq, body in enumerate(bodies)]
    runs = LookedUp({leg.run: [leg] for leg in legs})
    assert [(outer, inner) for outer, inner, _ in nested(runs)] == [("r", "r/trial-1")]
