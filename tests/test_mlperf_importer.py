"""The MLPerf importer: time held, start-up and training apart, nothing guessed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue, small_rules

from ledger.errors import InputError, MissingError
from ledger.importers.mlperf import IMPORTER
from ledger.importers.mlperf_log import read_log
from ledger.importers.mlperf_run import place_of
from ledger.importers.mlperf_system import read_system
from ledger.journeys.importing import Reading

SYSTEM = {
    "submitter": "Acme",
    "number_of_nodes": "2",
    "accelerators_per_node": "8",
    "accelerator_model_name": "NVIDIA H100-SXM5-80GB",
    "accelerator_interconnect": "NVLINK Gen4 900 GB/s + NVSWITCH Gen3",
    "host_networking": "Storage: 2x NIC 200Gb/s, Compute: 8x ConnectX-7 IB NDR 400Gb/s",
}
NOON = int(datetime(2025, 4, 21, 12, tzinfo=UTC).timestamp()) * 1000
LATE = int(datetime(2025, 4, 21, 23, 59, 59, tzinfo=UTC).timestamp()) * 1000


def mark(key: str, time_ms: int, **metadata: Any) -> str:
    """One line of a log."""
    value = {"namespace": "", "time_ms": time_ms, "key": key, "value": None, "metadata": metadata}
    return f":::MLLOG {json.dumps(value)}"


def tree(
    folder: Path,
    *lines: str,
    system: Mapping[str, Any] | None = SYSTEM,
    benchmark: str = "llama31_405b",
    round_: str = "training_v5.0",
) -> Path:
    """A result tree with one log; returns the log."""
    log = folder / round_ / "results" / "Acme" / "box" / benchmark / "result_0.txt"
    log.parent.mkdir(parents=True)
    log.write_text("\n".join(lines) + "\n")
    if system is not None:
        described = folder / round_ / "systems" / "Acme" / "box.json"
        described.parent.mkdir(parents=True)
        described.write_text(json.dumps(system))
    return log


def read(log: Path, **settings: str) -> Reading:
    """Reads one log."""
    return IMPORTER.read(log, settings, catalogue())


def whole(start: int = NOON, *, status: str = "success") -> tuple[str, ...]:
    """The marks of a run that starts up for a minute and trains for one and a half."""
    return (
        mark("init_start", start),
        mark("run_start", start + 60_000),
        mark("run_stop", start + 150_001, status=status),
    )


def test_mlperf_start_up_and_training_are_legs_of_their_own(tmp_path: Path) -> None:
    reading = read(tree(tmp_path, *whole()))
    assert reading.problems == ()
    assert reading.runs == 1
    startup, training = (draft.body for draft in reading.drafts)
    assert (startup["activity"], startup["device_us"]) == ("startup", str(16_000 * 60_000))
    assert (training["activity"], training["device_us"]) == ("pretrain", str(16_000 * 90_001))
    assert (training["start"], training["start_ms"]) == ("2025-04-21T12:01:00Z", 0)
    assert (training["end"], training["end_ms"]) == ("2025-04-21T12:02:30Z", 1)
    assert training["run"] == "training_v5.0/Acme/box/llama31_405b/result_0"
    assert training["developer"] == "Acme"
    assert training["device"] == "nvidia-h100-sxm5"


def test_mlperf_states_neither_operations_nor_precision_nor_a_ceiling(tmp_path: Path) -> None:
    body = read(tree(tmp_path, *whole())).drafts[1].body
    assert (body["precision"], body["sparsity"], body["method"]) == ("unknown", "unknown", "none")
    for name in ("operations", "operations_low", "peak_operations_per_s", "ceiling_operations"):
        assert body[name] is None


def test_mlperf_first_rank_starts_and_last_rank_stops(tmp_path: Path) -> None:
    lines = (
        f"3: {mark('init_start', NOON + 500)}",
        f"0: {mark('init_start', NOON)}",
        mark("run_start", NOON + 9_000),
        mark("run_start", NOON + 1_000),
        mark("run_stop", NOON + 5_000, status="success"),
        mark("run_stop", NOON + 2_000, status="success"),
    )
    startup, training = read(tree(tmp_path, *lines)).drafts
    assert startup.body["device_us"] == str(16_000 * 1_000)
    assert training.body["device_us"] == str(16_000 * 4_000)


def test_mlperf_legs_are_cut_at_midnight_to_the_millisecond(tmp_path: Path) -> None:
    lines = (
        mark("init_start", LATE - 60_000),
        mark("run_start", LATE + 250),
        mark("run_stop", LATE + 1_000 + 86_400_000 + 3, status="success"),
    )
    _, *days = read(tree(tmp_path, *lines)).drafts
    assert [draft.body["device_us"] for draft in days] == [
        str(16_000 * ms) for ms in (750, 86_400_000, 3)
    ]
    assert days[0].body["end"] == days[1].body["start"] == "2025-04-22T00:00:00Z"
    assert (days[0].body["end_ms"], days[2].body["end_ms"]) == (0, 3)
    assert len({draft.key for draft in days}) == 3


def test_mlperf_failed_run_keeps_its_time_as_failed(tmp_path: Path) -> None:
    reading = read(tree(tmp_path, *whole(status="aborted")))
    assert [draft.body["activity"] for draft in reading.drafts] == ["startup", "failed_experiment"]
    (note,) = reading.problems
    assert (note.code, note.severity, note.line) == ("run-failed", "note", 3)


def test_mlperf_run_without_end_is_unknown_and_flagged(tmp_path: Path) -> None:
    reading = read(tree(tmp_path, *whole()[:2], benchmark="llama2_70b_lora"))
    startup, training = (draft.body for draft in reading.drafts)
    assert startup["device_us"] == str(16_000 * 60_000)
    assert (training["activity"], training["device_us"]) == ("sft", None)
    assert (training["start"], training["not_after"]) == (None, "2025-06-04")
    assert training["milli_devices"] == 16_000
    inputs = training["method_inputs"]
    assert isinstance(inputs, dict)
    assert inputs["start_epoch_ms"] == NOON + 60_000
    (finding,) = reading.problems
    assert (finding.code, finding.severity, finding.line) == ("no-run-stop", "finding", 2)


def test_mlperf_open_end_of_an_unknown_round_needs_a_day(tmp_path: Path) -> None:
    log = tree(tmp_path, *whole()[:2], round_="training_v9.9")
    (refused,) = read(log).problems
    assert (refused.code, refused.severity) == ("no-end", "refused")
    assert "--set published=" in refused.remedy
    assert read(log).drafts == ()
    assert read(log, published="2027-01-31").drafts[1].body["not_after"] == "2027-01-31"
    with pytest.raises(InputError, match="not a date"):
        read(log, published="soon")


def test_mlperf_run_that_never_trained_holds_its_start_up(tmp_path: Path) -> None:
    reading = read(tree(tmp_path, mark("init_start", NOON)))
    (startup,) = reading.drafts
    assert (startup.body["activity"], startup.body["device_us"]) == ("startup", None)
    assert reading.problems[0].code == "no-run-start"


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("no marks at all",), "no-times"),
        ((mark("run_start", 1000), mark("run_stop", NOON, status="success")), "times-long"),
        ((mark("run_start", NOON), mark("run_stop", NOON, status="success")), "times-order"),
        ((mark("init_start", NOON), *reversed(whole()[1:])), ""),
    ],
)
def test_mlperf_times_must_run_forward(tmp_path: Path, lines: tuple[str, ...], code: str) -> None:
    reading = read(tree(tmp_path, *lines))
    assert [p.code for p in reading.problems if p.severity == "refused"] == [code] * bool(code)
    assert bool(reading.drafts) == (not code)


def test_mlperf_system_must_be_described(tmp_path: Path) -> None:
    log = tree(tmp_path, *whole(), system=None)
    (refused,) = read(log).problems
    assert (refused.code, refused.severity) == ("missing", "refused")
    assert refused.remedy == "add systems/Acme/box.json of the same round"


def test_mlperf_system_in_the_log_serves_when_no_file_does(tmp_path: Path) -> None:
    line = f":::SYSJSON {json.dumps({**SYSTEM, 'number_of_nodes': '1'})}"
    reading = read(tree(tmp_path, line, *whole(), system=None))
    assert reading.drafts[0].body["milli_devices"] == 8_000


def test_mlperf_unknown_device_keeps_the_time_and_is_flagged(tmp_path: Path) -> None:
    system = {**SYSTEM, "accelerator_model_name": "Acme Tensor 9000"}
    reading = read(tree(tmp_path, *whole(), system=system))
    assert [p.code for p in reading.problems] == ["device-unknown"]
    body = reading.drafts[1].body
    assert (body["device"], body["device_us"]) == (None, str(16_000 * 90_001))
    inputs = body["method_inputs"]
    assert isinstance(inputs, dict)
    assert inputs["accelerator"] == "Acme Tensor 9000"


def test_mlperf_stated_fabric_that_is_not_the_part_s_is_flagged(tmp_path: Path) -> None:
    system = {**SYSTEM, "accelerator_model_name": "NVIDIA Blackwell GPU (GB200)"}
    reading = read(tree(tmp_path, *whole(), system=system))
    (finding,) = reading.problems
    assert finding.code == "fabric-differs"
    assert reading.drafts[0].body["scale_up_gb_per_s"] == 900


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NVLINK Gen4 900 GB/s + NVSWITCH Gen3", 900),
        ("8x 4th Gen NVLink, 900GB/s", 900),
        ("18x 5th Gen NVLink, 14.4 TB/s aggregated bandwidth", None),
        ("1800 GB/s aggregate of the node", None),
        ("NVLink 900 GB/s, PCIe 128 GB/s", None),
        ("1.8 GB/s", None),
        ("NVLINK Gen5", None),
        ("", None),
    ],
)
def test_mlperf_scale_up_is_taken_only_when_it_can_be_read_in_one_way(
    text: str, expected: int | None
) -> None:
    assert read_system({**SYSTEM, "accelerator_interconnect": text}).scale_up_gb_per_s == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Storage: 2x NIC 200Gb/s, Compute: 8x ConnectX-7 IB NDR 400Gb/s", 400),
        ("Compute: 8x NIC 400Gb/s, Management: 100Gb/s Ethernet NIC", 400),
        ("Compute: 4x ConnectX-7 IB NDR 400Gb/s", None),
        ("8x ConnectX-7 IB NDR 400Gb/s", None),
        ("Storage&Compute: 8x ConnectX-7 IB NDR 400Gb/s", None),
        ("Ethernet, Infiniband", None),
    ],
)
def test_mlperf_scale_out_needs_one_labelled_adapter_an_accelerator(
    text: str, expected: int | None
) -> None:
    assert read_system({**SYSTEM, "host_networking": text}).scale_out_gbit_per_s == expected


@pytest.mark.parametrize("nodes", ["", "0", "two", "1.5", "-1", None])
def test_mlperf_system_needs_whole_counts(nodes: str | None) -> None:
    with pytest.raises(InputError, match="number_of_nodes"):
        read_system({**SYSTEM, "number_of_nodes": nodes})


@pytest.mark.parametrize(
    "line",
    [
        ':::MLLOG {"key": "run_start", "time_ms": ',
        ':::MLLOG {"key": "run_start", "time_ms": 1e999999999}',
        mark("run_start", -1),
        mark("run_start", 10**15),
        ':::MLLOG {"key": "run_start"}',
    ],
)
def test_mlperf_broken_mark_is_found_and_the_rest_read(tmp_path: Path, line: str) -> None:
    reading = read(tree(tmp_path, line, *whole()))
    (finding,) = reading.problems
    assert (finding.code, finding.line) == ("broken-mark", 1)
    assert len(reading.drafts) == 2


def test_mlperf_log_survives_bytes_that_are_not_text(tmp_path: Path) -> None:
    log = tree(tmp_path, *whole())
    log.write_bytes(b"\xff\xfe\x00 noise\n" + log.read_bytes())
    packed = log.with_name("result_0.txt.gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))
    log.unlink()
    assert len(read(packed).drafts) == 2


def test_mlperf_log_outside_of_a_tree_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "result_0.txt"
    log.write_text("\n".join(whole()))
    assert IMPORTER.claims(log.read_bytes(), log)
    (refused,) = read(log).problems
    assert "result tree" in refused.message
    with pytest.raises(InputError):
        place_of(log)


def test_mlperf_files_are_the_result_logs_in_order(tmp_path: Path) -> None:
    log = tree(tmp_path, *whole())
    second = log.with_name("result_1.txt.gz")
    second.write_bytes(gzip.compress(b"x"))
    log.with_name("notes.txt").write_text("x")
    assert IMPORTER.files(tmp_path) == (log, second)
    assert IMPORTER.files(log) == (log,)
    assert IMPORTER.claims(b"", tmp_path)
    with pytest.raises(MissingError, match="no MLPerf result logs"):
        IMPORTER.files(tmp_path / "training_v5.0" / "systems")


def test_mlperf_marks_with_float_times_are_cut_to_milliseconds() -> None:
    log = read_log([mark("run_start", NOON).replace(str(NOON), f"{NOON}.9")])
    assert log.run_start is not None
    assert log.run_start.time_ms == NOON


def test_mlperf_both_rounds_add_up_and_a_second_import_adds_nothing(
    tmp_path: Path, flopledger: Callable[..., Any], shared_path: Callable[[str], Path]
) -> None:
    rounds, rules = shared_path("data/mlperf"), small_rules(tmp_path)
    flopledger("init", "--origin", "ledger.example/mlperf")
    command = ("--rules", str(rules), "import", str(rounds), "--source", "mlperf", "-f", "json")
    ran = flopledger(*command)
    assert ran.code == 0, ran.err
    first = json.loads(ran.out)
    assert (first["files"], first["runs"], first["refused"]) == (576, 576, 0)
    held = {activity: int(us) for activity, us in first["held_device_us"].items()}
    assert held["pretrain"] + held["sft"] == 317_659_235_544_000
    assert held["startup"] == 108_187_267_404_000
    codes = [problem["code"] for problem in first["problems"]]
    assert codes.count("no-run-stop") == 1
    assert set(first["ceilings"]) >= {"google-tpu-v5p", "intel-gaudi2", "nvidia-h100-sxm5"}
    again = json.loads(flopledger(*command).out)
    assert (again["new"], again["same"], again["changed"]) == (0, first["new"], 0)


TITLE = mark("submission_benchmark", NOON)


@pytest.mark.parametrize(
    ("lines", "line", "reason"),
    [
        ((*whole(), *whole()), 4, "init_start stands after the run_stop of line 3"),
        ((*whole(), *whole(NOON + 86_400_000)), 4, "init_start stands after"),
        ((*whole(), *whole(NOON + 86_400_000)[1:]), 4, "run_start stands after"),
        ((*whole()[:2], *whole(NOON + 86_400_000)), 3, "init_start comes later than the run_start"),
        ((TITLE, *whole(), TITLE), 5, "stated a second time"),
    ],
)
def test_mlperf_two_logs_in_one_are_refused(
    tmp_path: Path, lines: tuple[str, ...], line: int, reason: str
) -> None:
    reading = read(tree(tmp_path, *lines))
    (refused,) = reading.problems
    assert (refused.severity, refused.line, reading.drafts) == ("refused", line, ())
    assert reason in refused.message
    assert "two logs in one file" in refused.message
    assert "cut the file" in refused.remedy


def test_mlperf_mark_with_a_field_twice_is_refused(tmp_path: Path) -> None:
    first, *rest = whole()
    twice = first.replace('"namespace"', f'"time_ms": {NOON - 1}, "namespace"')
    reading = read(tree(tmp_path, "noise", twice, *rest))
    (refused,) = reading.problems
    assert (refused.severity, refused.line, reading.drafts) == ("refused", 2, ())
    assert "'time_ms' stands twice" in refused.message


def test_mlperf_system_fields_stated_twice_are_not_used(tmp_path: Path) -> None:
    log = tree(tmp_path, *whole())
    described = tmp_path / "training_v5.0" / "systems" / "Acme" / "box.json"
    text = json.dumps(SYSTEM, indent=1)
    described.write_text(text.replace("{", '{"accelerator_interconnect": "450 GB/s",'))
    reading = read(log)
    (finding,) = reading.problems
    assert (finding.code, finding.severity) == ("repeated-field", "finding")
    assert "accelerator_interconnect" in finding.message
    assert reading.drafts[0].body["scale_up_gb_per_s"] is None
    described.write_text(text.replace("{", '{"number_of_nodes": "3",'))
    (refused,) = read(log).problems
    assert (refused.severity, refused.source, refused.line) == ("refused", str(described), 3)
