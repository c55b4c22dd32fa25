"""The telemetry importer: one run seen four ways, of which one counts."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.errors import InputError
from ledger.estimate import recompute
from ledger.importers.telemetry import IMPORTER
from ledger.importers.telemetry_pipe import read_telemetry
from ledger.importers.telemetry_run import read_facts
from ledger.journeys.importing import Reading
from ledger.period import Period
from ledger.record import evidence_grade

START = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp())
DEMO = Path(__file__).resolve().parent.parent / "ledger" / "_demo" / "h100"
HEADER = "timestamp_utc,gpu_uuid,sm_clock_mhz,gpm_any_tensor_util"
FACTS: dict[str, Any] = {
    "run_id": "pretrain-a",
    "precision": "bf16",
    "start_utc": START,
    "end_utc": START + 4,
    "wall_s": 4,
    "steps": 10,
    "tokens": 100,
    "parameters": 1000,
    "trainable_parameters": 1000,
    "flop_per_step_counted": 70_000,
    "flop_counted": 700_000,
    "flop_by_op_per_step": {"aten.mm": 60_000, "aten._scaled_dot_product_attention": 10_000},
    "flop_6nd": 600_000,
    "trainer_total_flos": 590_000.0,
    "gpu": "NVIDIA H100 80GB HBM3",
    "gpus": 1,
}


def stamp(second: int) -> str:
    """A time after the start, as the telemetry writes it."""
    return datetime.fromtimestamp(START + second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(*seconds: int, activity: str = "50.0000", device: str = "GPU-1") -> list[str]:
    """Telemetry rows at these seconds."""
    return [f"{stamp(second)},{device},1830,{activity}" for second in seconds]


def folder(path: Path, *lines: str, **changes: Any) -> Path:
    """A folder with one run; returns its facts file."""
    facts = {**FACTS, **changes}
    run = path / f"run_{facts['run_id']}.json"
    run.write_text(json.dumps(facts))
    if lines:
        table = path / f"telemetry_{facts['run_id']}.csv"
        table.write_text("\n".join((HEADER, *lines)) + "\n")
    return run


def read(path: Path, **settings: str) -> Reading:
    """Reads one run."""
    return IMPORTER.read(path, settings, catalogue())


def codes(reading: Reading) -> list[str]:
    """The codes of all problems."""
    return [problem.code for problem in reading.problems]


def test_telemetry_counted_operations_are_primary_and_the_rest_corroborates(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(1, 2, 3, 4)))
    assert codes(reading) == []
    assert reading.runs == 1
    found = [(d.body["method"], d.body["role"], d.body["operations"]) for d in reading.drafts]
    assert found == [
        ("counter", "primary", "700000"),
        ("architecture", "corroborating", "600000"),
        ("framework_reported", "corroborating", "590000"),
        ("hardware", "corroborating", str(4 * 9894 * 10**11 // 2)),
    ]
    for draft in reading.drafts:
        assert draft.body["device_us"] == "4000000"
        assert draft.body["ceiling_operations"] == str(4 * 9894 * 10**11)
        assert evidence_grade(draft.body) == "D"
    assert len({draft.key for draft in reading.drafts}) == 4


def test_telemetry_gap_makes_a_range_and_is_never_filled(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(1, 2, 4)))
    (finding,) = reading.problems
    assert (finding.code, finding.severity, finding.line) == ("telemetry-gap", "finding", 4)
    assert "1000 ms not sampled" in finding.message
    pipe = reading.drafts[3].body
    peak = 9894 * 10**11
    assert pipe["operations"] is None
    assert pipe["operations_low"] == str(3 * peak // 2)
    assert pipe["operations_high"] == str(3 * peak // 2 + peak)


def test_telemetry_edges_that_no_row_covers_are_open_too(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(2, 3)))
    inputs = reading.drafts[3].body["method_inputs"]
    assert isinstance(inputs, dict)
    assert (inputs["sampled_seconds"], inputs["unsampled_device_ms"]) == ("2", 2000)


def test_telemetry_open_time_counts_at_the_highest_clock(tmp_path: Path) -> None:
    fast = [row.replace(",1830,", ",3660,") for row in rows(1, 2)]
    pipe = read(folder(tmp_path, *fast)).drafts[3].body
    peak = 9894 * 10**11
    assert pipe["operations_low"] == str(2 * peak)
    assert pipe["operations_high"] == str(2 * peak + 2 * 2 * peak)


def test_telemetry_rows_of_several_devices_add_up(tmp_path: Path) -> None:
    lines = [*rows(1, 2, 3, 4), *rows(1, 2, 3, 4, device="GPU-2", activity="100")]
    reading = read(folder(tmp_path, *lines, gpus=2))
    assert codes(reading) == []
    peak = 9894 * 10**11
    assert reading.drafts[3].body["operations"] == str(2 * peak + 4 * peak)
    assert codes(read(folder(tmp_path, *rows(1, 2, 3, 4), gpus=2))) == ["devices-differ"]


def test_telemetry_rows_outside_of_the_run_are_left_out(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(-1, 0, 1, 2, 3, 4, 5, 6)))
    assert codes(reading) == ["rows-outside"]
    inputs = reading.drafts[3].body["method_inputs"]
    assert isinstance(inputs, dict)
    assert inputs["sampled_seconds"] == "4"


def test_telemetry_rows_that_overlap_or_repeat_are_not_counted_twice(tmp_path: Path) -> None:
    early = rows(3)[0].replace("Z,", ".500Z,").replace(stamp(3)[:-1], stamp(2)[:-1])
    for extra in (rows(3)[0], early):
        lines = [*rows(1, 2, 3, 4, 5), extra]
        reading = read(folder(tmp_path, *lines, end_utc=START + 6, wall_s=6))
        inputs = reading.drafts[3].body["method_inputs"]
        assert isinstance(inputs, dict)
        assert (inputs["sampled_seconds"], inputs["unsampled_device_ms"]) == ("5", 1000)
        assert reading.drafts[3].body["operations_low"] == str(5 * 9894 * 10**11 // 2)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["x,GPU-1,1830,5"], "not a UTC time"),
        ([f"{stamp(1)[:-1]},GPU-1,1830,5"], "not a UTC time"),
        ([f"{stamp(1)},GPU-1,1830,"], "not a plain number"),
        ([f"{stamp(1)},GPU-1,1830,100.1"], "percent"),
        (rows(1), "distance between rows"),
        (rows(1, 1), "distance between rows"),
        (rows(100, 101), "no row lies within"),
    ],
)
def test_telemetry_that_cannot_be_used_leaves_the_other_figures(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    reading = read(folder(tmp_path, *lines))
    (finding,) = reading.problems
    assert (finding.code, finding.severity) == ("telemetry-unread", "finding")
    assert message in finding.message
    assert finding.remedy
    assert len(reading.drafts) == 3


def test_telemetry_files_of_a_run_go_by_the_name_of_its_file(tmp_path: Path) -> None:
    outside = folder(tmp_path, *rows(1, 2, 3, 4))
    inner = tmp_path / "inner"
    inner.mkdir()
    run = inner / "run_pretrain-b.json"
    run.write_text(outside.read_text().replace("pretrain-a", "/../../telemetry_pretrain-a"))
    assert "no-pipe-figure" in codes(read(run))


def test_telemetry_number_that_no_decimal_holds_is_refused(tmp_path: Path) -> None:
    run = folder(tmp_path)
    run.write_text(run.read_text().replace("590000.0", "1e9999999999999999999"))
    assert [problem.severity for problem in read(run).problems] == ["refused"]


def test_telemetry_stamps_may_have_fractions() -> None:
    text = "\n".join([HEADER, *(r.replace("Z,", ".500Z,") for r in rows(0, 1, 2, 3))])
    start = datetime.fromtimestamp(START, UTC)
    lines = text.splitlines(keepends=True)
    found = read_telemetry(lines, Period(start, start.replace(second=4)), 1)
    assert (found.interval_ms, found.unsampled_ms) == (1000, 500)
    assert found.sampled == 4
    assert sum(sample.seconds for sample in found.samples) == 4


def test_telemetry_without_its_table_or_its_clock_says_what_is_lacking(tmp_path: Path) -> None:
    reading = read(folder(tmp_path))
    assert codes(reading) == ["no-pipe-figure"]
    assert len(reading.drafts) == 3
    b200 = folder(tmp_path, *rows(1, 2, 3, 4), gpu="NVIDIA Blackwell GPU (B200-SXM-180GB)")
    assert "--set peak_clock_mhz=" in read(b200).problems[0].remedy
    assert codes(read(b200, peak_clock_mhz="1965")) == []
    with pytest.raises(InputError, match="not a clock"):
        read(b200, peak_clock_mhz="fast")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flop_counted": 700_001}, "steps × operations per step is 700000"),
        ({"flop_by_op_per_step": {"aten.mm": 1}}, "the sum over operators is 1"),
        ({"flop_6nd": 600_001}, "6·N·D is 600000"),
    ],
)
def test_telemetry_figures_that_do_not_follow_from_their_inputs_are_found(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    reading = read(folder(tmp_path, *rows(1, 2, 3, 4), **changes))
    assert codes(reading) == ["figures-disagree"]
    assert words in reading.problems[0].message


def test_telemetry_trainer_state_that_says_otherwise_is_found(tmp_path: Path) -> None:
    run = folder(tmp_path, *rows(1, 2, 3, 4))
    state = tmp_path / "trainer_state_pretrain-a.json"
    state.write_text('{"total_flos": 590000.0}')
    assert codes(read(run)) == []
    state.write_text('{"total_flos": 590001.0}')
    assert codes(read(run)) == ["figures-disagree"]


def test_telemetry_impossible_count_and_clock_jump_are_found(tmp_path: Path) -> None:
    many = 4 * 9894 * 10**11
    run = folder(
        tmp_path,
        *rows(1, 2, 3, 4),
        flop_counted=many + 10,
        flop_per_step_counted=many // 10 + 1,
        flop_by_op_per_step={"aten.mm": many // 10 + 1},
    )
    assert codes(read(run)) == ["above-ceiling"]
    assert codes(read(folder(tmp_path, *rows(1, 2, 3, 4), wall_s=5))) == ["wall-differs"]


def test_telemetry_activity_comes_from_the_run_id_or_is_said(tmp_path: Path) -> None:
    for run_id, word in (("continue-x", "continued_pretrain"), ("lora-x", "sft")):
        run = folder(tmp_path, *rows(1, 2, 3, 4), run_id=run_id)
        assert read(run).drafts[0].body["activity"] == word
    odd = folder(tmp_path, *rows(1, 2, 3, 4), run_id="x7")
    assert codes(read(odd)) == ["activity-unknown"]
    assert read(odd, activity="eval").drafts[0].body["activity"] == "eval"
    with pytest.raises(InputError, match="not an activity"):
        read(odd, activity="training")


def test_telemetry_unknown_format_has_no_ceiling(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(1, 2, 3, 4), precision="bfloat16"))
    assert set(codes(reading)) == {"precision-unknown", "no-pipe-figure"}
    assert reading.drafts[0].body["ceiling_operations"] is None


@pytest.mark.parametrize("name", sorted(set(FACTS) - {"trainer_total_flos"}))
def test_telemetry_every_fact_must_be_there(tmp_path: Path, name: str) -> None:
    run = folder(tmp_path, *rows(1, 2, 3, 4))
    facts = {key: value for key, value in FACTS.items() if key != name}
    run.write_text(json.dumps(facts))
    reading = read(run)
    assert [(p.code, p.severity) for p in reading.problems] == [("input", "refused")]
    assert name in reading.problems[0].message


def test_telemetry_run_of_more_than_ten_years_is_refused(tmp_path: Path) -> None:
    (refused,) = read(folder(tmp_path, end_utc=START + 11 * 366 * 86_400)).problems
    assert "more than ten years" in refused.message


def test_telemetry_unknown_device_is_refused(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(1, 2, 3, 4), gpu="H100"))
    assert [(p.code, p.severity) for p in reading.problems] == [("hardware", "refused")]


def test_telemetry_times_are_exact_to_the_millisecond() -> None:
    facts = read_facts(
        {
            **FACTS,
            "start_utc": Decimal("1795392144.2083952"),
            "end_utc": Decimal("1795392244.5739999"),
            "trainer_total_flos": Decimal("1.3937940023476224e+16"),
        }
    )
    assert facts.period.milliseconds == 244_573 - 144_208
    assert facts.total_flos == 13_937_940_023_476_224


def test_telemetry_run_over_midnight_is_divided_exactly(tmp_path: Path) -> None:
    midnight = START + 12 * 3600
    run = folder(tmp_path, start_utc=midnight - 1, end_utc=midnight + 3, flop_counted=700_000)
    counted = [d.body for d in read(run).drafts if d.body["method"] == "counter"]
    assert [body["operations"] for body in counted] == ["175000", "525000"]


@pytest.mark.parametrize(
    ("run", "device_us", "figures", "seen"),
    [
        (
            "pretrain-bf16",
            100_365_000,
            (16_642_474_285_989_888, 13_998_370_213_330_944, 13_937_940_023_476_224),
            (16_028_986_236_963_934, []),
        ),
        (
            "continue-tf32",
            50_757_000,
            (5_251_782_930_333_696, 4_417_396_144_078_848, 4_398_326_489_284_608),
            (6_752_751_296_193_442, []),
        ),
        (
            "lora-bf16",
            50_466_000,
            (6_331_061_504_049_152, 7_410_466_846_408_704, 7_378_641_138_745_344),
            (5_924_741_688_944_262, ["telemetry-gap"]),
        ),
    ],
)
def test_telemetry_real_runs_have_four_figures(
    run: str, device_us: int, figures: tuple[int, ...], seen: tuple[int, list[str]]
) -> None:
    reading = read(DEMO / f"run_{run}.json")
    assert codes(reading) == seen[1]
    bodies = [draft.body for draft in reading.drafts]
    assert {body["device_us"] for body in bodies} == {str(device_us)}
    assert {body["device"] for body in bodies} == {"nvidia-h100-sxm5"}
    assert tuple(int(str(body["operations"])) for body in bodies[:3]) == figures
    assert bodies[3]["operations_low"] == str(seen[0])
    for body, figure in ((bodies[0], figures[0]), (bodies[1], figures[1]), (bodies[3], seen[0])):
        inputs = body["method_inputs"]
        assert isinstance(inputs, dict)
        assert recompute({k: str(v) for k, v in inputs.items()}) == figure


def test_telemetry_shipped_runs_are_the_measured_ones(shared_path: Callable[[str], Path]) -> None:
    for path in sorted(shared_path("data/h100").iterdir()):
        assert (DEMO / path.name).read_bytes() == path.read_bytes(), path.name


def test_telemetry_claims_its_own_folder_and_files(tmp_path: Path) -> None:
    assert IMPORTER.claims(b"", DEMO)
    assert [path.name for path in IMPORTER.files(DEMO)] == [
        "run_continue-tf32.json",
        "run_lora-bf16.json",
        "run_pretrain-bf16.json",
    ]
    shutil.copy(DEMO / "nvidia-smi.csv", tmp_path)
    assert not IMPORTER.claims(b"", tmp_path)
    assert not IMPORTER.claims(b"{}", tmp_path / "run_x.json")


def test_telemetry_trainers_own_count_may_have_an_exponent(tmp_path: Path) -> None:
    reading = read(folder(tmp_path, *rows(1, 2, 3, 4), trainer_total_flos=1.39e16))
    assert reading.drafts[2].body["operations"] == "13900000000000000"


def test_telemetry_bad_row_is_a_finding_at_its_line(tmp_path: Path) -> None:
    lines = [*rows(1, 2), rows(3)[0].replace("50.0000", "lots"), *rows(4)]
    reading = read(folder(tmp_path, *lines))
    (finding,) = reading.problems
    assert (finding.code, finding.severity, finding.line) == ("telemetry-unread", "finding", 4)
    assert "no pipe figure" in finding.message
    assert len(reading.drafts) == 3
    (again,) = read(folder(tmp_path, *rows(1, 2), HEADER, *rows(3))).problems
    assert (again.line, "two files in one" in again.message) == (4, True)


def test_telemetry_without_its_run_is_a_finding(tmp_path: Path) -> None:
    run = folder(tmp_path, *rows(1, 2, 3, 4))
    (tmp_path / "trainer_state_pretrain-a.json").write_text('{"total_flos": 590000.0}')
    lone = tmp_path / "telemetry_pretrain-b.csv"
    lone.write_text(HEADER)
    assert IMPORTER.files(tmp_path) == (run, lone)
    (finding,) = read(lone).problems
    assert (finding.code, finding.severity) == ("run-missing", "finding")
    assert "run_pretrain-b.json" in finding.message
    (refused,) = read(tmp_path / "telemetry_pretrain-a.csv").problems
    assert (refused.code, refused.severity) == ("part-of-run", "refused")
