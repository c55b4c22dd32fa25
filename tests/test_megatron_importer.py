"""The megatron importer: the program's own count, and what speaks against it."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from megatronlogs import H100, HEAD, TERA, bodies, by_activity, codes, read, step, written
from tables import catalogue

from ledger.importers import recognise
from ledger.importers.megatron import IMPORTER
from ledger.importers.megatron_lines import MEGATRON
from ledger.importers.step_log import Printed, printed
from ledger.record import evidence_grade


def test_iterations_of_a_run_are_one_leg_with_the_programs_own_count(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(100, 100), step(200, 200)), **H100)
    (body,) = bodies(reading)
    assert codes(reading) == []
    assert (body["start"], body["end"]) == ("2026-03-01T10:00:00Z", "2026-03-01T10:03:20Z")
    assert (body["milli_devices"], body["device_us"]) == (8000, str(8000 * 200_000))
    assert body["operations"] == str(8 * 400 * TERA * 200)
    # 400.0 stands for 399.95 to 400.05, and 1000.0 ms for 999.95 to 1000.05.
    assert body["operations_low"] == str(8 * 39995 * 99995 * 200 * TERA // 10**7)
    assert body["operations_high"] == str(8 * 40005 * 100005 * 200 * TERA // 10**7)
    assert (body["method"], body["activity"]) == ("framework_reported", "pretrain")
    assert body["method_inputs"] == {
        "framework": "Megatron-LM",
        "framework_version": "not stated",
        "last_step": 200,
        "step_time_ms": 200_000,
        "steps": 200,
    }
    assert body["ceiling_operations"] == str(8000 * 200_000 * 9894 * 10**11 // 10**6)
    assert body["evidence"]["locator"] == "lines 9-10"
    assert (body["status"], evidence_grade(body)) == ("provisional", "D")


def test_times_without_zone_are_refused(tmp_path: Path) -> None:
    reading = IMPORTER.read(written(tmp_path, step(100, 100)), {}, catalogue())
    (problem,) = reading.problems
    assert (problem.code, problem.severity) == ("missing", "refused")
    assert "--set zone=UTC" in problem.remedy
    assert "line 9" in problem.message


def test_the_zone_moves_the_times(tmp_path: Path) -> None:
    (body,) = bodies(read(written(tmp_path, step(100, 100)), zone="Asia/Shanghai"))
    assert body["start"] == "2026-03-01T02:00:00Z"


def test_a_log_without_times_needs_a_day(tmp_path: Path) -> None:
    path = written(tmp_path, step(100, None), step(200, None))
    (problem,) = read(path).problems
    assert (problem.code, problem.severity) == ("missing", "refused")
    (body,) = bodies(read(path, not_after="2026-06-30", **H100))
    assert (body["start"], body["not_after"]) == (None, "2026-06-30")
    assert (body["device_us"], body["operations"]) == (
        str(8000 * 200_000),
        str(8 * 400 * TERA * 200),
    )
    assert body["ceiling_operations"] == str(8000 * 200_000 * 9894 * 10**11 // 10**6)


def test_unknown_devices_leave_time_and_operations_unknown(tmp_path: Path) -> None:
    head = "  log_interval .................................... 100\n"
    path = written(tmp_path, step(100, 100), head=head)
    reading = read(path, **H100)
    (body,) = bodies(reading)
    assert codes(reading) == ["no-devices"]
    names = ("milli_devices", "device_us", "operations", "operations_low", "ceiling_operations")
    assert [body[name] for name in names] == [None] * 5
    (body,) = bodies(read(path, devices="16"))
    assert body["milli_devices"] == 16_000


def test_devices_of_the_log_win_over_the_setting(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(100, 100)), devices="16")
    assert codes(reading) == ["devices-differ"]
    assert bodies(reading)[0]["milli_devices"] == 8000


def test_missing_throughput_is_unknown_and_not_zero(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(100, 100, rate=None)))
    (body,) = bodies(reading)
    assert codes(reading) == ["no-throughput"]
    assert (body["operations"], body["method"]) == (None, "none")
    reading = read(written(tmp_path, step(100, 100), step(200, 200, rate=None)))
    (body,) = bodies(reading)
    assert (body["operations"], body["operations_high"]) == (None, None)
    assert body["operations_low"] == str(8 * 39995 * 99995 * 100 * TERA // 10**7)


def test_faster_than_the_devices_is_flagged(tmp_path: Path) -> None:
    path = written(tmp_path, step(100, 100, rate="989.0"))
    assert codes(read(path, **H100)) == []
    path = written(tmp_path, step(100, 100, rate="991.0"))
    assert codes(read(path, **H100)) == ["above-ceiling"]


@pytest.mark.parametrize(
    ("argument", "code"),
    [
        ("swiglu .......................................... True", "formula"),
        ("multi_latent_attention .......................... True", "formula"),
        ("hybrid_override_pattern ......................... M-M*-", "formula"),
        ("window_size ..................................... (4096, 0)", "formula"),
        ("recompute_granularity ........................... full", "recomputation"),
        ("fp8 ............................................. hybrid", "precision-mixed"),
    ],
)
def test_what_the_count_is_known_to_miss_is_told(tmp_path: Path, argument: str, code: str) -> None:
    reading = read(written(tmp_path, step(100, 100), head=HEAD + f"  {argument}\n"))
    assert codes(reading) == [code]


def test_precision_is_taken_from_the_log_or_the_setting(tmp_path: Path) -> None:
    path = written(tmp_path, step(100, 100))
    assert bodies(read(path))[0]["precision"] == "bf16"
    path = written(tmp_path, step(100, 100), head=HEAD.replace("None", "e4m3"))
    assert bodies(read(path))[0]["precision"] == "unknown"
    assert bodies(read(path, precision="fp8"))[0]["precision"] == "fp8"


def test_the_version_is_recorded_when_it_is_stated(tmp_path: Path) -> None:
    line = "INFO: megatron-core version: 0.12.1"
    (body,) = bodies(read(written(tmp_path, line, step(100, 100))))
    assert body["method_inputs"]["framework_version"] == "megatron-core 0.12.1"
    (body,) = bodies(read(written(tmp_path, step(100, 100)), version="a1b2c3"))
    assert body["method_inputs"]["framework_version"] == "a1b2c3"


def test_a_batch_that_changes_is_told(tmp_path: Path) -> None:
    odd = step(200, 200).replace("global batch size:   256", "global batch size:   512")
    assert codes(read(written(tmp_path, step(100, 100), odd))) == ["batch-changes"]


def test_noise_between_and_around_the_lines_passes_by(tmp_path: Path) -> None:
    path = tmp_path / "llm.log"
    noise = b"\xff\xfe\x00 iteration \x1b[31m NCCL WARN | iteration 7/ | x: y |\r\n"
    lines = [f"[default7]:{step(n, n)}".encode() for n in (100, 200)]
    path.write_bytes(HEAD.encode() + noise + lines[0] + b"\r\n" + noise + lines[1] + b"\n" + noise)
    reading = read(path)
    assert codes(reading) == []
    assert by_activity(reading, "operations") == {"pretrain": 8 * 400 * TERA * 200}


def test_a_line_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    for broken in (step(200, 200, ms="nan"), step(200, 200, rate="inf"), step(0, 200)):
        reading = read(written(tmp_path, step(100, 100), broken))
        assert codes(reading) == ["broken-line"]
        assert reading.problems[0].line == 10


def test_nemo_lines_are_read_with_their_four_digits(tmp_path: Path) -> None:
    lines = [
        f"0: [2026-03-01T11:0{n}:00+01:00] Training epoch 0, iteration {n}/99 | lr: 7e-06 | "
        f"global_batch_size: 128 | global_step: {n} | reduced_train_loss: 11.96 | "
        f"train_step_timing in s: 6.08 | TFLOPS_per_GPU: 1.249e+03 | consumed_samples: "
        f"{128 * (n + 1)}"
        for n in range(3)
    ]
    path = written(tmp_path, *lines, head="")
    (body,) = bodies(IMPORTER.read(path, {"devices": "8", "activity": "sft"}, catalogue()))
    assert body["method_inputs"]["steps"] == 3
    assert body["operations"] == str(3 * 8 * 1249 * TERA * 608 // 100)
    assert body["operations_low"] == str(3 * 8 * 12485 * 60795 * 10**12 // 10**5)
    assert body["start"] == "2026-03-01T09:59:53Z"


@pytest.mark.parametrize(
    ("text", "power", "significant", "found"),
    [
        ("412.3", 12, None, Printed(412_300_000_000_000, 50_000_000_000)),
        ("1.249e+03", 12, 4, Printed(1_249 * TERA, TERA // 2)),
        ("6.08", 9, 4, Printed(6_080_000_000, 500_000)),
        ("12", 0, None, Printed(12, 1)),
        ("1e99", 0, None, None),
        ("1e-30", 9, None, None),
        ("nan", 9, None, None),
        ("-1", 9, None, None),
        ("٣", 9, None, None),
    ],
)
def test_a_printed_figure_stands_for_all_that_round_to_it(
    text: str, power: int, significant: int | None, found: Printed | None
) -> None:
    assert printed(text, power, significant=significant) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 4096,
        b"\x1f\x8b broken",
        b"x" * (1 << 20) + b"x",
        step(100, 100)[:80].encode(),
        step(100, 100).encode("utf-16"),
        step(100, 100).replace("(ms): 1000.0", "(s): 999999999").encode(),
        step(100, 100).replace("2026-03-01", "2026-02-30").encode(),
        gzip.compress(step(100, 100).encode(), mtime=0)[:60],
    ],
)
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "llm.log"
    path.write_bytes(data)
    reading = read(path)
    assert [problem.severity for problem in reading.problems][:1] == ["refused"]
    assert list(reading.drafts) == []


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_no_line_makes_an_error(text: str) -> None:
    for line in (text, f"iteration 1/ 2 | elapsed time per iteration (ms): {text} |"):
        assert MEGATRON.interesting(line.encode()) in {True, False}
        MEGATRON.read(line)


def test_a_log_is_recognised_by_its_head(tmp_path: Path) -> None:
    path = written(tmp_path, step(100, 100))
    assert recognise([path]).name == "megatron"
    packed = tmp_path / "llm.log.gz"
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    assert recognise([packed]).name == "megatron"
    assert bodies(read(packed))[0]["run"] == "llm"
    assert not IMPORTER.claims(b"iteration 1/2 | nothing", path)
    late = written(tmp_path, *["noise " * 100] * 1000, step(100, 100), name="late.log")
    assert recognise([late]).name == "megatron"
    assert codes(read(late)) == []
