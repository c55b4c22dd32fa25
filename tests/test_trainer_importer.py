"""The trainer importer: the Trainer's own count as reported, and what speaks against it."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.errors import HardwareError, InputError
from ledger.importers.trainer import IMPORTER, run_of
from ledger.journeys.importing import Reading
from ledger.record import evidence_grade

DAY = {"not_after": "2026-06-30"}
H100 = {"device": "nvidia-h100-sxm5", "precision": "bf16", "sparsity": "dense"}


def state(folder: Path, *, runtime: float | None = 100.25, name: str = "", **changes: Any) -> Path:
    """A state whose last log entry sums the session up."""
    summary = {"step": 100, "total_flos": 1e16, "train_runtime": runtime, "train_loss": 0.1}
    logs: list[dict[str, Any]] = [{"step": step, "loss": 1.5} for step in (50, 100)]
    value = {
        "global_step": 100,
        "log_history": [*logs, *([summary] if runtime is not None else [])],
        "logging_steps": 50,
        "max_steps": 100,
        "num_input_tokens_seen": 0,
        "num_train_epochs": 3,
        "total_flos": 1.25e16,
        "train_batch_size": 8,
        **changes,
    }
    path = folder / (name or "bert_trainer_state.json")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def read(path: Path, **settings: str) -> Reading:
    """Reads one state."""
    return IMPORTER.read(path, {"activity": "sft", **settings}, catalogue())


def codes(reading: Reading) -> list[str]:
    """The codes of all problems."""
    return [problem.code for problem in reading.problems]


def test_trainer_total_is_recorded_as_reported_and_exact(tmp_path: Path) -> None:
    path = state(tmp_path)
    path.write_text(path.read_text().replace("1.25e+16", "1.3937940023476224e+16"))
    reading = read(path, **DAY)
    assert codes(reading) == []
    (draft,) = reading.drafts
    body = draft.body
    assert body["operations"] == "13937940023476224"
    assert (body["method"], body["role"]) == ("framework_reported", "primary")
    assert (body["run"], body["model"], body["activity"]) == ("bert", "bert", "sft")
    assert (body["start"], body["not_after"]) == (None, "2026-06-30")
    assert evidence_grade(body) == "D"


def test_trainer_without_a_date_is_not_dated_by_guess(tmp_path: Path) -> None:
    for settings in ({}, {**DAY, "start": "2026-06-01T00:00:00Z"}):
        with pytest.raises(InputError) as caught:
            read(state(tmp_path), **settings)
        assert "--set not_after=" in caught.value.remedy


def test_trainer_devices_and_start_make_dated_legs(tmp_path: Path) -> None:
    path = state(tmp_path, total_flos=10**15 + 1)
    reading = read(path, start="2026-05-31T23:59:10Z", devices="2", **H100)
    first, second = (draft.body for draft in reading.drafts)
    assert (first["device_us"], second["device_us"]) == (str(2_000 * 50_000), str(2_000 * 50_250))
    assert (second["start"], second["end_ms"]) == ("2026-06-01T00:00:00Z", 250)
    parts = [int(str(body["operations"])) for body in (first, second)]
    assert sum(parts) == 10**15 + 1
    assert first["ceiling_operations"] == str(2_000 * 50_000 * 9894 * 10**11 // 10**6)


def test_trainer_start_without_duration_or_devices_is_refused(tmp_path: Path) -> None:
    start = "2026-05-31T00:00:00Z"
    assert codes(read(state(tmp_path), start=start)) == ["no-duration"]
    bare = state(tmp_path, runtime=None)
    assert codes(read(bare, start=start, devices="2")) == ["no-duration"]


def test_trainer_undated_leg_still_has_its_ceiling(tmp_path: Path) -> None:
    (draft,) = read(state(tmp_path), devices="8", **H100, **DAY).drafts
    assert draft.body["device_us"] == str(8_000 * 100_250)
    assert draft.body["ceiling_operations"] == str(8_000 * 100_250 * 9894 * 10**11 // 10**6)
    loose = {**H100, "sparsity": "unknown"}
    (draft,) = read(state(tmp_path), devices="8", **loose, **DAY).drafts
    assert draft.body["ceiling_operations"] is None


def test_trainer_zero_is_unknown(tmp_path: Path) -> None:
    for stated in (0.0, 0, None):
        reading = read(state(tmp_path, total_flos=stated), **DAY)
        assert codes(reading) == ["flos-zero"]
        assert reading.problems[0].severity == "finding"
        assert reading.drafts[0].body["operations"] is None


def test_trainer_fraction_is_the_range_around_it(tmp_path: Path) -> None:
    reading = read(state(tmp_path, total_flos=1234.5), **DAY)
    body = reading.drafts[0].body
    assert (body["operations"], body["operations_low"], body["operations_high"]) == (
        None,
        "1234",
        "1235",
    )
    assert codes(reading) == ["flos-fraction"]


def test_trainer_epochs_without_limit_are_flagged(tmp_path: Path) -> None:
    reading = read(state(tmp_path, num_train_epochs=2**63 - 1), **DAY)
    assert codes(reading) == ["epochs-unset"]
    assert str(2**63 - 1) in reading.problems[0].message


@pytest.mark.parametrize(
    ("logs", "sign"),
    [
        ([{"step": 50, "loss": 1}, {"step": 20, "loss": 1}], "goes back from step 50"),
        ([{"step": 400, "loss": 1}], "starts at step 400"),
        ([{"train_runtime": 1, "total_flos": 1}] * 2, "2 summaries"),
    ],
)
def test_trainer_resumed_runs_are_flagged(
    tmp_path: Path, logs: list[dict[str, Any]], sign: str
) -> None:
    reading = read(state(tmp_path, log_history=logs, total_flos=1e6), **DAY)
    assert codes(reading) == ["resumed"]
    assert sign in reading.problems[0].message


def test_trainer_faster_than_the_stated_devices_is_flagged(tmp_path: Path) -> None:
    path = state(tmp_path, total_flos=1e18)
    assert codes(read(path, devices="10", **H100, **DAY)) == ["above-ceiling"]
    assert codes(read(path, devices="11", **H100, **DAY)) == []
    # Without the format the most generous one of the device is the yardstick.
    assert codes(read(path, devices="5", device="nvidia-h100-sxm5", **DAY)) == ["above-ceiling"]
    assert codes(read(path, devices="6", device="nvidia-h100-sxm5", **DAY)) == []


def test_trainer_faster_than_any_one_device_is_flagged_when_nothing_is_said(tmp_path: Path) -> None:
    fastest = max(device.peak("bf16") or 0 for device in catalogue().devices.values())
    slow, fast = fastest * 100, fastest * 101
    assert codes(read(state(tmp_path, total_flos=slow, runtime=100), **DAY)) == []
    assert codes(read(state(tmp_path, total_flos=fast, runtime=100), **DAY)) == ["rate-unchecked"]


@pytest.mark.parametrize(
    ("flos", "found"),
    [(6 * 110, []), (6 * 111, ["flos-not-6nd"]), (6 * 50, []), (6 * 49, ["flos-not-6nd"])],
)
def test_trainer_far_from_six_n_d_is_flagged(tmp_path: Path, flos: int, found: list[str]) -> None:
    path = state(tmp_path, total_flos=flos, num_input_tokens_seen=10)
    assert codes(read(path, parameters="10", **DAY)) == found


def test_trainer_without_activity_is_flagged(tmp_path: Path) -> None:
    reading = IMPORTER.read(state(tmp_path), DAY, catalogue())
    assert codes(reading) == ["activity-unknown"]
    assert reading.drafts[0].body["activity"] == "unknown"


@pytest.mark.parametrize(
    "settings",
    [{"activity": "training"}, {"devices": "0"}, {"devices": "8.0"}, {"precision": "bfloat16"}],
)
def test_trainer_settings_are_checked(tmp_path: Path, settings: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"not known|not a whole number"):
        read(state(tmp_path), **DAY, **settings)


def test_trainer_device_must_be_exact(tmp_path: Path) -> None:
    with pytest.raises(HardwareError) as caught:
        read(state(tmp_path), device="H100", **DAY)
    assert caught.value.where == "--set device=…"


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"global_step": 1}', '{"log_history": 5, "global_step": 1}'],
)
def test_trainer_file_that_is_no_state_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_text(text)
    reading = read(path, **DAY)
    assert ([p.severity for p in reading.problems], reading.drafts) == (["refused"], ())


@pytest.mark.parametrize(
    "figure", ["-1", '"many"', "true", "1e999999999", "1e-999999999", "NaN", "1e29"]
)
def test_trainer_figure_that_is_no_count_is_refused(tmp_path: Path, figure: str) -> None:
    path = state(tmp_path)
    path.write_text(path.read_text().replace("1.25e+16", figure))
    reading = read(path, **DAY)
    assert "refused" in [problem.severity for problem in reading.problems]
    assert reading.drafts == ()


def test_trainer_runtime_of_more_than_ten_years_is_refused(tmp_path: Path) -> None:
    (refused,) = read(state(tmp_path, runtime=4e8), **DAY).problems
    assert "more than ten years" in refused.message


def test_trainer_runtime_is_taken_from_the_results_beside_it(tmp_path: Path) -> None:
    path = state(tmp_path, runtime=None)
    (tmp_path / "bert_all_results.json").write_text('{"train_runtime": 20.5}')
    (draft,) = read(path, devices="1", **H100, **DAY).drafts
    assert draft.body["device_us"] == str(1_000 * 20_500)


def test_trainer_run_is_named_by_its_place(tmp_path: Path) -> None:
    assert run_of(tmp_path / "whisper_trainer_state.json.gz") == "whisper"
    assert run_of(tmp_path / "trainer_state_lora.json") == "lora"
    assert run_of(tmp_path / "out" / "checkpoint-500" / "trainer_state.json") == "out"
    assert run_of(tmp_path / "out" / "trainer_state.json") == "out"


def test_trainer_checkpoints_of_a_run_are_not_added_up(tmp_path: Path) -> None:
    name = "trainer_state.json"
    early = state(tmp_path, name=f"a/checkpoint-500/{name}")
    late = state(tmp_path, name=f"a/checkpoint-1000/{name}")
    state(tmp_path, name=f"b/checkpoint-9/{name}")
    final = state(tmp_path, name=f"b/{name}")
    assert IMPORTER.files(tmp_path) == (late, final)
    assert IMPORTER.files(early) == (early,)
    assert read(early, **DAY).drafts[0].key == read(late, **DAY).drafts[0].key


def test_trainer_leaves_folders_of_counted_runs_to_telemetry(
    tmp_path: Path, shared_path: Callable[[str], Path]
) -> None:
    assert not IMPORTER.claims(b"", shared_path("data/h100"))
    path = state(tmp_path)
    assert IMPORTER.claims(b"", tmp_path)
    assert IMPORTER.claims(gzip.compress(path.read_bytes()), tmp_path / "trainer_state.json.gz")
    assert not IMPORTER.claims(b"{}", tmp_path / "trainer_state.json")


def test_trainer_whisper_count_is_flagged_with_and_without_its_device(
    shared_path: Callable[[str], Path],
) -> None:
    folder = shared_path("data/trackers/hf_trainer")
    path = folder / "whisper_large_v2_japanese_trainer_state.json.gz"
    unsaid = read(path, not_after="2023-01-31")
    assert codes(unsaid) == ["rate-unchecked"]
    assert unsaid.drafts[0].body["operations"] == "527162132754432000000"
    one = {"device": "nvidia-a100-80gb", "devices": "1", "not_after": "2023-01-31"}
    (finding,) = read(path, **one).problems
    assert (finding.code, finding.severity) == ("above-ceiling", "finding")
    assert "6815195149580646" in finding.message


def test_trainer_plain_real_state_is_read_without_a_finding(
    shared_path: Callable[[str], Path],
) -> None:
    path = shared_path("data/trackers/hf_trainer") / "aigoncharov_trainer_state.json.gz"
    reading = read(path, not_after="2025-06-30")
    assert codes(reading) == []
    assert reading.drafts[0].body["operations"] == "238475688786001920"


def test_trainer_field_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    path = state(tmp_path)
    value = json.dumps(json.loads(path.read_text()), indent=1)
    path.write_text(value.replace("{", '{\n"total_flos": 3.0,', 1))
    reading = read(path, **DAY)
    (refused,) = reading.problems
    lines = path.read_text().splitlines()
    last = max(n for n, text in enumerate(lines, start=1) if text.startswith(' "total_flos"'))
    assert (refused.severity, refused.line, reading.drafts) == ("refused", last, ())
    assert "'total_flos' stands twice" in refused.message
    assert refused.remedy


@pytest.mark.parametrize(
    ("data", "line", "reason"),
    [
        (b"", None, "empty"),
        (b'{\n"global_step": }', 2, "column 16"),
        (b'{"global_step": 1}\n{"global_step": 1}', 2, "two files in one"),
        (json.dumps({"global_step": 1}).encode("utf-16"), 1, "UTF-16"),
        (b'{\n"name": "\xe9"}', 2, "0xe9 is not UTF-8"),
        (b"\x1f\x8bnothing", None, "cannot be read"),
    ],
)
def test_trainer_file_that_is_no_json_says_why_and_where(
    tmp_path: Path, data: bytes, line: int | None, reason: str
) -> None:
    path = tmp_path / "trainer_state.json"
    path.write_bytes(data)
    (refused,) = read(path, **DAY).problems
    assert (refused.severity, refused.line) == ("refused", line)
    assert reason in refused.message


def test_trainer_that_corroborates_does_not_count(tmp_path: Path) -> None:
    (draft,) = read(state(tmp_path), role="corroborating", **DAY).drafts
    assert draft.body["role"] == "corroborating"
    with pytest.raises(InputError, match="not known"):
        read(state(tmp_path), role="unknown", **DAY)
