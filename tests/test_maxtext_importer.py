"""The maxtext importer: steps with their own figures, and what its formula is known to miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import catalogue

from ledger.importers import recognise
from ledger.importers.maxtext import IMPORTER
from ledger.importers.maxtext_lines import MAXTEXT
from ledger.journeys.importing import Reading

TERA = 10**12
HEAD = """\
System Information: Jax Version: 0.7.2
System Information: Jaxlib Version: 0.7.2
Config param dtype: bfloat16
Config param quantization:
Num_devices: 64, shape (1, 1, 64, 1, 1, 1, 1, 1, 1, 1, 1, 1)
Per train step:
 Total TFLOPs: 764.67
 split as 94.54% learnable weight flops and 5.46% attention flops
"""
STEADY = "5.000, TFLOP/s/device: 152.934"
"""Seconds and rate of a usual step: 764.67 TFLOP."""
QUEUED = "0.250, TFLOP/s/device: 3058.680"
"""The second step of a run is only put into the queue, so its rate is far above the peak."""


def step(number: int, stamp: str | None = "", figures: str = STEADY) -> str:
    """A line of a step; the stamp is made of the number if it is empty."""
    when = f"2026-03-01T10:{number // 12:02d}:{number % 12 * 5:02d}.500Z "
    prefix = "" if stamp is None else stamp or when
    return (
        f"{prefix}completed step: {number}, seconds: {figures}, Tokens/s/device: 9830.4, "
        "total_weights: 196608, loss: 11.689"
    )


def written(folder: Path, *lines: str, head: str = HEAD, name: str = "gemma.log") -> Path:
    path = folder / name
    path.write_text(head + "\n".join(lines) + "\n", "utf-8")
    return path


def read(path: Path, **settings: str) -> Reading:
    return IMPORTER.read(path, {"activity": "pretrain", **settings}, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems]


def test_steps_are_one_leg_with_the_programs_own_count(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(1), step(2), step(3)))
    (body,) = bodies(reading)
    assert codes(reading) == []
    assert (body["start"], body["start_ms"]) == ("2026-03-01T10:00:00Z", 500)
    assert (body["end"], body["end_ms"]) == ("2026-03-01T10:00:15Z", 500)
    assert body["operations"] == str(3 * 64 * 764_670 * 10**9)
    assert body["operations_low"] == str(3 * 64 * 1529335 * 49995 * 10**12 // 10**8)
    assert (body["milli_devices"], body["precision"]) == (64_000, "bf16")
    assert body["method_inputs"]["last_step"] == 4
    assert body["evidence"]["locator"] == "lines 9-11"


def test_a_step_that_is_only_queued_does_not_raise_the_count(tmp_path: Path) -> None:
    lines = (step(0), step(1, figures=QUEUED), step(2), step(3))
    reading = read(
        written(tmp_path, *lines),
        device="nvidia-h100-sxm5",
        precision="bf16",
        sparsity="dense",
    )
    assert codes(reading) == []
    assert bodies(reading)[0]["operations"] == str(4 * 64 * 764_670 * 10**9)


def test_faster_than_the_devices_is_flagged(tmp_path: Path) -> None:
    fast = "5.000, TFLOP/s/device: 1000.000"
    path = written(tmp_path, *(step(n, figures=fast) for n in range(1, 4)))
    known = {"device": "nvidia-h100-sxm5", "precision": "bf16", "sparsity": "dense"}
    assert codes(read(path, **known)) == ["above-ceiling"]


def test_attention_in_full_is_told_of_runs_before_it_was_halved(tmp_path: Path) -> None:
    path = written(tmp_path, step(1, "2025-06-30T23:00:00Z "))
    (problem,) = read(path).problems
    assert problem.code == "attention-full"
    assert "5.46 % of the count" in problem.message
    assert codes(read(written(tmp_path, step(1, "2025-07-02T00:00:00Z ")))) == []


def test_a_narrower_format_leaves_precision_and_ceiling_unknown(tmp_path: Path) -> None:
    head = HEAD.replace("quantization:", "quantization: fp8_full")
    reading = read(written(tmp_path, step(1), head=head))
    assert codes(reading) == ["precision-mixed"]
    assert bodies(reading)[0]["precision"] == "unknown"


def test_a_log_without_times_needs_a_day(tmp_path: Path) -> None:
    lines = [step(n, f"I030{n} 10:00:00.1 139 metric_logger.py:181] ") for n in range(1, 4)]
    path = written(tmp_path, *lines)
    assert [p.severity for p in read(path).problems] == ["refused"]
    (body,) = bodies(read(path, not_after="2026-04-01"))
    assert (body["start"], body["device_us"]) == (None, str(64_000 * 15_000))


def test_a_time_without_offset_needs_a_zone(tmp_path: Path) -> None:
    path = written(tmp_path, step(1, "2026-03-01 12:00:05,000 "))
    assert [p.code for p in read(path).problems] == ["missing"]
    (body,) = bodies(read(path, zone="Europe/Berlin"))
    assert body["end"] == "2026-03-01T11:00:05Z"


def test_lost_lines_are_told_and_not_made_up(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(1), step(2), step(9)))
    assert codes(reading) == ["lines-lost"]
    assert "6 steps in all" in reading.problems[0].message
    assert bodies(reading)[0]["method_inputs"]["steps"] == 3


def test_steps_done_again_are_waste(tmp_path: Path) -> None:
    lines = [step(n) for n in range(1, 5)]
    again = [step(n, f"2026-03-01T11:00:{n * 5:02d}Z ") for n in range(3, 6)]
    reading = read(written(tmp_path, *lines, HEAD, *again))
    assert codes(reading) == ["done-again"]
    assert [(b["activity"], b["method_inputs"]["steps"]) for b in bodies(reading)] == [
        ("pretrain", 2),
        ("restart_waste", 2),
        ("pretrain", 3),
    ]


def test_several_hosts_in_one_log_do_not_add(tmp_path: Path) -> None:
    lines = [f"[host{host}] {step(n)}" for n in range(1, 4) for host in range(4)]
    reading = read(written(tmp_path, *lines))
    assert codes(reading) == ["ranks-repeat"]
    assert bodies(reading)[0]["method_inputs"]["steps"] == 3


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00" * 999, b"completed step: 1, seconds: nan, TFLOP/s/device: 1.0", b"\xff\xfe"],
)
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(data)
    assert "refused" in [problem.severity for problem in read(path).problems]


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_line_makes_an_error(text: str) -> None:
    for line in (text, f"completed step: 1, seconds: {text}, TFLOP/s/device: {text}"):
        MAXTEXT.read(line)


def test_a_log_is_recognised_by_its_head(tmp_path: Path) -> None:
    assert recognise([written(tmp_path, step(1))]).name == "maxtext"
    assert recognise([tmp_path]).name == "maxtext"
    head = HEAD + "Config param max_target_length: 8192\n" + "noise\n" * 99_999
    assert recognise([written(tmp_path, step(1), head=head)]).name == "maxtext"
