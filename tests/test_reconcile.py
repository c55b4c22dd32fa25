"""Reconciling: sources side by side, what is counted twice or missing, and what follows."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from ledgers import DAY, Reverse, commitment, undated
from reconciled import (
    CEILING,
    HOURS_8_US,
    INPUTS,
    MOST,
    PIPE,
    beside,
    codes,
    entries,
    figure,
    found,
    held,
    line,
    of,
)
from tables import catalogue

from ledger.cli.app import run as program
from ledger.errors import InputError, MissingError
from ledger.importers.telemetry import IMPORTER
from ledger.journeys.reconciling import reconcile
from ledger.journeys.tolerance import parse_tolerances, percent_down
from ledger.report.reconciliation import reconcile_tables
from ledger.report.reconciliation_document import reconcile_document, reconcile_schema

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "ledger" / "_demo" / "h100"
ROOT_HEX = "0" * 64


def test_reconcile_one_documented_method_is_d_and_an_assertion_is_e() -> None:
    assert line(figure(MOST)).grade.letter == "D"
    assert line(held(operations=str(MOST))).grade.letter == "E"


def test_reconcile_two_independent_methods_within_tolerance_are_c() -> None:
    counters = figure(
        MOST * 9 // 10,
        "hardware",
        role="corroborating",
        method_inputs=PIPE,
        evidence=of("telemetry"),
    )
    run = line(figure(MOST), counters)
    assert (run.grade.letter, run.problems) == ("C", ())
    assert "architecture and telemetry" in run.grade.reason
    (pair,) = run.pairs
    assert pair.ratio == Fraction(MOST * 9 // 10, MOST)


@pytest.mark.parametrize(
    ("share", "letter"), [(1_375_000, "C"), (1_375_001, "D"), (750_000, "C"), (749_999, "D")]
)
def test_reconcile_agrees_up_to_both_tolerances_and_not_beyond(share: int, letter: str) -> None:
    # 1 + 0.1 meets x·(1 - 0.2) at 1.375, and 1 - 0.1 meets x·(1 + 0.2) at 0.75.
    base = 10**15
    counters = figure(base * share // 10**6, "hardware", role="corroborating", method_inputs=PIPE)
    run = line(figure(base), counters)
    assert run.grade.letter == letter
    assert [pair.agree for pair in run.pairs] == [letter == "C"]
    assert ("figures-disagree" in [p.code for p in run.problems]) == (letter == "D")


def test_reconcile_tolerance_can_be_set() -> None:
    counters = figure(MOST * 3 // 4, "hardware", role="corroborating", method_inputs=PIPE)
    tight = ("telemetry=0", "architecture=0")
    assert line(figure(MOST), counters).grade.letter == "C"
    assert line(figure(MOST), counters, set_=tight).grade.letter == "D"


def test_reconcile_two_figures_that_rest_on_the_same_thing_confirm_nothing() -> None:
    framework = {"method": "framework_reported", "role": "corroborating"}
    run = line(figure(MOST), figure(MOST, **framework))
    assert (run.grade.letter, run.pairs) == ("D", ())


def test_reconcile_two_figures_of_one_file_confirm_nothing() -> None:
    same = of("framework", file="a")
    counters = figure(MOST, "counter", role="corroborating", evidence=same)
    assert line(figure(MOST, evidence=same), counters).grade.letter == "D"
    other = figure(MOST, "counter", role="corroborating", evidence=of("framework", file="b"))
    assert line(figure(MOST, evidence=same), other).grade.letter == "C"


def test_reconcile_sources_that_agree_without_the_figure_that_counts_do_not_lift_it() -> None:
    published = {"method": "third_party_estimate", "method_inputs": {}}
    run = line(
        figure(MOST * 3 // 2, **published),
        figure(MOST, role="corroborating"),
        figure(MOST, "hardware", role="corroborating", method_inputs=PIPE),
    )
    assert [pair.agree for pair in run.pairs] == [True]
    assert run.grade.letter == "E"


def test_reconcile_range_wider_than_its_tolerance_confirms_nothing() -> None:
    wide = held(
        method="hardware",
        method_inputs={"formula": "pipe"},
        operations_low=str(MOST // 2),
        operations_high=str(MOST * 2),
        role="corroborating",
    )
    run = line(figure(MOST), wide)
    assert (run.pairs, run.grade.letter) == ((), "D")


def test_reconcile_counters_are_compared_with_what_was_executed() -> None:
    counters = figure(MOST * 4 // 3, "hardware", role="corroborating", method_inputs=PIPE)
    done = figure(MOST, operations_executed=str(MOST * 4 // 3))
    tight = ("telemetry=10000", "architecture=10000")
    assert line(done, counters, set_=tight).grade.letter == "C"
    assert line(figure(MOST), counters, set_=tight).grade.letter == "D"


def test_reconcile_ratios_are_exact_and_shown_rounded_down() -> None:
    counters = figure(CEILING * 2 // 3, "hardware", role="corroborating", method_inputs=PIPE)
    run = line(figure(CEILING // 3), counters)
    assert run.mfu == Fraction(CEILING // 3, CEILING)
    assert run.hfu == Fraction(CEILING * 2 // 3, CEILING)
    assert percent_down(Fraction(2, 3)) == "66.66 %"
    assert percent_down(Fraction(99_999, 100_000)) == "99.99 %"


def test_reconcile_bill_over_all_the_time_lifts_a_documented_figure_to_b() -> None:
    run = line(figure(MOST), beside("invoice"))
    assert (run.billed, run.grade.letter) == (1, "B")
    assert "billed" in run.grade.reason
    # A bill confirms time: it makes no figure of an assertion.
    assert line(held(operations=str(MOST)), beside("invoice")).grade.letter == "E"
    # Where no figure is stated, the time held is all there is.
    assert line(held(evidence=of("scheduler", "slurm")), beside("invoice")).grade.letter == "B"


def test_reconcile_bill_over_less_or_more_than_the_time_is_a_finding() -> None:
    short = line(figure(MOST), beside("invoice", 900))
    assert [p.code for p in short.problems] == ["time-disagrees"]
    assert (short.billed, short.grade.letter) == (Fraction(9, 10), "D")
    assert codes(figure(MOST), beside("invoice", 1100)) == ["time-disagrees", "unrecorded-capacity"]


def test_reconcile_countersignature_lifts_to_b_before_two_methods_to_c() -> None:
    counters = figure(MOST, "hardware", role="corroborating", method_inputs=PIPE)
    run = line(figure(MOST), counters, beside("provider_countersigned"))
    assert (run.receipted, run.grade.letter) == (1, "B")


def test_reconcile_leg_above_its_ceiling_is_a_finding_and_an_assertion() -> None:
    run = line(figure(CEILING + 1), beside("invoice"))
    assert {p.code for p in run.problems} == {"above-ceiling", "above-peak"}
    assert run.grade.letter == "E"
    assert codes(figure(CEILING)) == []


def test_reconcile_executed_operations_above_the_peak_are_a_finding() -> None:
    counters = figure(CEILING * 11 // 10, "hardware", role="corroborating", method_inputs=PIPE)
    assert "above-peak" in codes(figure(CEILING), counters)


def test_reconcile_gap_in_telemetry_is_a_finding_with_its_share() -> None:
    inputs = {"formula": "pipe", "unsampled_device_ms": 8 * 3600 * 100}
    counters = figure(
        MOST, "hardware", role="corroborating", method_inputs=inputs, evidence=of("telemetry")
    )
    run = line(figure(MOST), counters)
    assert run.coverage == Fraction(9, 10)
    assert [p.code for p in run.problems] == ["telemetry-gap"]
    assert "90.00 %" in run.problems[0].message


def test_reconcile_same_time_in_two_primary_sources_is_counted_twice() -> None:
    slurm, bill = of("scheduler", "slurm"), of("invoice", "focus")
    run = line(held(1000, evidence=slurm), held(600, evidence=bill))
    (problem,) = run.problems
    assert problem.code == "counted-twice"
    assert str(600 * 8 * 3600 * 1000) in problem.message
    assert "focus and slurm" in problem.message
    later = {"start": f"{DAY}T08:00:00Z", "end": f"{DAY}T16:00:00Z"}
    assert codes(held(evidence=slurm), held(evidence=bill, **later)) == []
    assert codes(held(evidence=slurm), held(evidence=slurm)) == [], "two jobs may run at once"


def test_reconcile_undated_figures_of_two_sources_may_be_the_same() -> None:
    undated = {"start": None, "end": None, "not_after": str(DAY), "milli_devices": None}
    run = line(
        figure(MOST, evidence=of("scheduler", "slurm")),
        figure(MOST, evidence=of("framework", "trainer"), **undated),
    )
    assert "counted-twice" in [p.code for p in run.problems]


def test_reconcile_ranks_that_each_wrote_the_total_are_found() -> None:
    ranks = [figure(5, evidence=of("framework", "trainer", rank)) for rank in "abc"]
    (problem,) = line(*ranks).problems
    assert problem.code == "repeated-legs"
    assert "3 records are alike" in problem.message
    assert codes(figure(5), figure(6)) == []


def test_reconcile_run_inside_another_counts_its_time_twice() -> None:
    inner = figure(MOST, run="r/trial-1")
    assert codes(figure(MOST), inner) == ["nested-runs"]
    told = figure(MOST, run="other", method_inputs={**INPUTS, "parent_run": "r"})
    assert codes(figure(MOST), told) == ["nested-runs"]
    assert codes(figure(MOST), figure(MOST, run="r-2")) == []


def test_reconcile_nested_run_names_do_not_matter_without_common_time() -> None:
    later = {"start": f"{DAY}T08:00:00Z", "end": f"{DAY}T16:00:00Z"}
    assert codes(figure(MOST), figure(MOST, run="r/trial-1", **later)) == []


def test_reconcile_one_time_under_two_runs_of_a_model_is_told() -> None:
    mine = held(run="4711", evidence=of("scheduler", "slurm"))
    other = figure(MOST, run="llm", evidence=of("framework", "megatron"))
    (problem,) = found(mine, other).problems
    assert (problem.code, problem.source) == ("same-time-elsewhere", "run 4711")
    assert "the run llm, from megatron" in problem.message


@pytest.mark.parametrize("kind", ["invoice", "provider_countersigned"])
def test_reconcile_a_bill_for_another_day_or_device_confirms_nothing(kind: str) -> None:
    later = {"start": "2026-03-02T00:00:00Z", "end": "2026-03-02T08:00:00Z"}
    name = "billed" if kind == "invoice" else "receipted"
    for other in (later, {"device": "e"}, {**later, "device": None}):
        run = line(held(), beside(kind, **other))
        assert (getattr(run, name), run.grade.letter) != (1, "B")
        assert getattr(run, name) == 0
        assert "time-disagrees" in [problem.code for problem in run.problems]
    # Half of the time on the right day confirms half, however much is billed on another.
    run = line(held(), beside(kind, 500), beside(kind, 1000, **later))
    assert (getattr(run, name), run.grade.letter) == (Fraction(1, 2), "E")
    # What is billed beyond the whole time still shows.
    assert getattr(line(held(), beside(kind, 1500)), name) == Fraction(3, 2)


@pytest.mark.parametrize("kind", ["invoice", "provider_countersigned"])
def test_reconcile_a_bill_of_no_stated_device_or_day_says_neither_yes_nor_no(kind: str) -> None:
    name = "billed" if kind == "invoice" else "receipted"
    for mine, other in (
        ({}, {"device": None}),
        ({"device": None}, {}),
        ({}, undated(DAY)),
        (undated(DAY), {}),
    ):
        run = line(held(**mine), beside(kind, **other))
        assert (getattr(run, name), run.grade.letter) == (None, "E")
        assert "time-disagrees" not in [problem.code for problem in run.problems]
    # What is known decides where it can.
    both = line(held(), beside(kind), beside(kind, 500, device=None))
    assert getattr(both, name) == Fraction(3, 2)
    half = line(held(), beside(kind, 500), beside(kind, 500, device=None))
    assert getattr(half, name) is None


def test_reconcile_billed_capacity_that_nobody_recorded_is_a_gap() -> None:
    bill = beside("invoice", 3000, run="invoice-7")
    result = found(figure(MOST), bill)
    (gap,) = result.gaps
    assert (gap.missing_us, gap.stated_us) == (2 * HOURS_8_US, 3 * HOURS_8_US)
    alone = next(run for run in result.runs if run.run == "invoice-7")
    assert alone.grade.letter == "E"
    assert found(figure(MOST), bill, names=("r",)).gaps == (), "one run says nothing of all"


def test_reconcile_a_day_recorded_too_often_makes_up_for_no_other_day() -> None:
    next_day = f"{date.fromordinal(DAY.toordinal() + 1)}"
    other = {"start": f"{next_day}T00:00:00Z", "end": f"{next_day}T08:00:00Z"}
    made = entries(held(2000), held(0, **other), beside("invoice"), beside("invoice", **other))
    result = reconcile(made, parse_tolerances(()), as_of=date.fromisoformat(next_day))
    assert [gap.missing_us for gap in result.gaps] == [HOURS_8_US]


def test_reconcile_contracted_capacity_that_was_not_recorded_is_a_gap() -> None:
    window = {"window_start": str(DAY), "window_end": "2026-12-31", "milli_devices": 1000}
    contract = ("commitment", commitment(None, None, **window))
    whole_day = 24 * 3600 * 10**6
    (gap,) = found(contract, held(commitment="c-1")).gaps
    assert (gap.stated_us, gap.missing_us) == (whole_day, whole_day - HOURS_8_US)
    plan = ("commitment", commitment(None, None, **{**window, "kind": "plan"}))
    option = ("commitment", commitment(None, None, **{**window, "kind": "option"}))
    assert found(plan).gaps == found(option).gaps == ()
    assert found(contract, Reverse(0)).gaps == ()


def test_reconcile_leaves_out_what_was_reversed() -> None:
    slurm, bill = of("scheduler", "slurm"), of("invoice", "focus")
    assert codes(held(evidence=slurm), held(evidence=bill), Reverse(1)) == []


def test_reconcile_totals_are_shared_out_by_grade() -> None:
    result = found(figure(MOST), held(run="b", operations="5"), held(run="c"))
    assert result.operations == {"A": 0, "B": 0, "C": 0, "D": MOST, "E": 5}
    assert sum(result.device_us.values()) == 3 * HOURS_8_US
    document = reconcile_document(result, origin="o", size=3, root=ROOT_HEX, as_of=str(DAY))
    jsonschema.validate(document, reconcile_schema())
    shares = {part["grade"]: part["operations_share"] for part in document["shares"]}
    assert Fraction(shares["D"]["exact"]) + Fraction(shares["E"]["exact"]) == 1
    assert shares["E"]["ppm"] == 0
    text = str(reconcile_tables(result, by_day=True))
    assert "1 runs state no operations" in text
    assert str(DAY) in text


def test_reconcile_figure_that_includes_ancestors_is_no_work_of_its_own() -> None:
    result = found(figure(MOST), figure(MOST, run="published", extent="cumulative"))
    assert sum(result.operations.values()) == MOST
    published = next(run for run in result.runs if run.run == "published")
    assert (published.operations, published.device_us, published.grade.letter) == (None, None, "E")
    assert published.lanes[0].operations == MOST


def test_reconcile_run_that_nobody_recorded_is_refused() -> None:
    with pytest.raises(MissingError, match="no record names the run 'x'"):
        found(held(), names=("x",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("telemetri=1", "unknown"),
        ("time=1000001", "no number"),
        ("time=-1", "no number"),
        ("time=", "no number"),
    ],
)
def test_reconcile_tolerances_are_parts_per_million(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_tolerances((text,))
    with pytest.raises(InputError, match="twice"):
        parse_tolerances(("time=1", "time=2"))


@pytest.mark.parametrize(
    ("run", "letter"), [("pretrain-bf16", "C"), ("lora-bf16", "C"), ("continue-tf32", "D")]
)
def test_reconcile_grades_the_measured_runs_by_counter_against_telemetry(
    run: str, letter: str
) -> None:
    drafts = IMPORTER.read(DEMO / f"run_{run}.json", {}, catalogue()).drafts
    made = entries(*(("allocation", draft.body) for draft in drafts))
    result = reconcile(made, parse_tolerances(()), as_of=date(2027, 1, 1))
    (only,) = result.runs
    assert only.grade.letter == letter
    assert ("figures-disagree" in [p.code for p in only.problems]) == (letter == "D")


def test_reconcile_command_proves_its_entries_and_exits_with_one_for_findings(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert program(["--quiet", "init", "--origin", "lab.example/a"]) == 0
    fields = ["run=r-1", "model=m", "start=2026-03-01T00:00:00Z", "end=2026-03-01T08:00:00Z"]
    wanted = [x for field in fields for x in ("--for", field)]
    base = ["estimate", "dense", "--set", "parameters=10^9", "--set", "tokens=10^9"]
    assert program([*base, *wanted, "-f", "record", "-o", "a.jsonl"]) == 0
    assert program(["--quiet", "record", "a.jsonl", "-o", "out.txt"]) == 0
    capfd.readouterr()
    assert program(["reconcile", "-f", "json"]) == 0
    document = json.loads(capfd.readouterr().out)
    jsonschema.validate(document, reconcile_schema())
    assert document["runs"][0]["grade"]["letter"] == "D"
    half = ["--for", "device=nvidia-h100-sxm5", "--for", "precision=bf16"]
    more = ["--for", "milli_devices=1000", "--for", "sparsity=dense", "--for", "role=corroborating"]
    hardware = ["estimate", "hardware", "--set", "devices=1", "--set", "seconds=28800"]
    hardware += ["--set", "utilisation=1/2", *wanted, *half, *more]
    assert program([*hardware, "-f", "record", "-o", "b.jsonl"]) == 0
    assert program(["--quiet", "record", "b.jsonl", "-o", "out.txt"]) == 0
    capfd.readouterr()
    assert program(["reconcile"]) == 1
    assert "figures-disagree" in capfd.readouterr().out
    assert program(["reconcile", "no-such-run"]) == 2


def test_reconcile_takes_no_share_of_what_is_only_partly_known() -> None:
    unstated = held(start="2026-03-02T00:00:00Z", end="2026-03-02T08:00:00Z")
    assert line(figure(MOST), unstated).mfu is None
    timeless = figure(10**24, device_us=None, ceiling_operations=None)
    assert line(figure(MOST), timeless, beside("invoice")).grade.letter == "D"
