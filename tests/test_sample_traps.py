"""Traps of telemetry and of trackers: what counters cannot say, and exports that nobody reads."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples import MAP, NOON, answer, bodies, codes, pairs, read, seconds, written

from ledger.errors import InputError
from ledger.importers import recognise

GPU_UTIL = {"__name__": "DCGM_FI_DEV_GPU_UTIL"}
TENSOR = {"__name__": "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"}


def test_a_resident_kernel_is_no_arithmetic(tmp_path: Path) -> None:
    """Full utilisation as nvidia-smi has it says that a kernel was there, and nothing more."""
    reading = read(written(tmp_path, answer((GPU_UTIL, pairs(10, "100")))))
    (body,) = bodies(reading)
    amounts = ("operations", "operations_low", "operations_high", "operations_executed")
    assert [body[name] for name in amounts] == [None] * 4
    assert (body["method"], body["device_us"]) == ("none", "300000000")
    assert body["method_inputs"]["resident_ppm"] == 1_000_000


def test_a_busy_matrix_pipe_tells_no_format(tmp_path: Path) -> None:
    """One counter stands for FP16, BF16, TF32 and FP8: without a map the format is unknown."""
    (body,) = bodies(read(written(tmp_path, answer((TENSOR, pairs(10, "1.0")))), None, model="m"))
    assert (body["precision"], body["sparsity"], body["operations"]) == ("unknown", "unknown", None)
    assert body["ceiling_operations"] is None


def test_a_device_without_its_profiling_counters_is_still_there(tmp_path: Path) -> None:
    """Where the counters of one device are not loaded, another figure says that it was there."""
    lacking = ({**GPU_UTIL, "UUID": "GPU-2"}, pairs(10, "0"))
    reading = read(written(tmp_path, answer(({}, pairs()), lacking)))
    assert (seconds(reading), codes(reading)) == ([300, 300], [])
    assert {b["method_inputs"]["presence"] for b in bodies(reading)} == {"busy", "resident"}


def test_counters_that_a_profiler_holds_for_a_while_leave_a_gap(tmp_path: Path) -> None:
    """Another figure goes on meanwhile: it says for how long the device was there."""
    held = [*pairs(4), *pairs(4, start=NOON + 600)]
    reading = read(written(tmp_path, answer(({}, held), (GPU_UTIL, pairs(24, "50")))))
    (body,) = bodies(reading)
    inputs = body["method_inputs"]
    assert (inputs["presence"], body["device_us"]) == ("resident", "720000000")
    assert inputs["busy_coverage_ppm"] == 333_333


def test_slices_of_which_some_are_not_seen_say_what_is_seen(tmp_path: Path) -> None:
    """A slice without the label of its pod is of no model, and says how long it was there."""
    part = {"GPU_I_PROFILE": "1g.10gb"}
    seen = ({**part, "GPU_I_ID": "7"}, pairs())
    nameless = ({**part, "GPU_I_ID": "8", "namespace": "", "pod": ""}, pairs(120))
    reading = read(written(tmp_path, answer(seen, nameless)))
    assert ([b["milli_devices"] for b in bodies(reading)], codes(reading)) == ([143], ["unmapped"])
    (problem,) = (p for p in reading.problems if p.code == "unmapped")
    assert "1 devices with namespace empty hold 1 device-hours" in problem.message


def test_the_job_of_a_scheduler_names_the_run(tmp_path: Path) -> None:
    (body,) = bodies(read(written(tmp_path, answer(({"hpc_job": "4711"}, pairs())))))
    assert body["run"] == "4711"
    again = ({"hpc_job": "4712"}, pairs(10, start=NOON + 300))
    reading = read(written(tmp_path, answer(({"hpc_job": "4711"}, pairs()), again)))
    assert {b["run"] for b in bodies(reading)} == {"4711", "4712"}


def test_samples_beside_a_scheduler_never_add(tmp_path: Path) -> None:
    path = written(tmp_path, answer(({}, pairs())))
    assert [b["role"] for b in bodies(read(path, MAP))] == ["corroborating"]
    assert [b["role"] for b in bodies(read(path, MAP, role="primary"))] == ["primary"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wandb.json", '{"id": "a1", "state": "finished", "summary": {"_runtime": 3600}}'),
        ("wandb.csv", "Name,State,_runtime,_timestamp,system.gpu.0.gpu\na,finished,3600,1,97\n"),
        ("mlflow.json", '{"info": {"run_id": "a1", "start_time": 1772366400000}, "data": {}}'),
        ("mlflow.csv", "run_id,status,start_time,end_time,params.lr\na1,FINISHED,1,2,0.1\n"),
        ("tensorboard.jsonl", '{"wall_time": 1.5, "step": 1, "tag": "loss", "value": 2.0}\n'),
        ("log_metrics.csv", "iteration,model_tflops_per_gpu,hardware_tflops_per_gpu\n1,412,430\n"),
        ("profile.txt", "DeepSpeed Flops Profiler\nfwd MACs per GPU:  1.1 GMACs\n"),
        ("nvidia-smi.csv", "timestamp, name, utilization.gpu [%]\n2026/03/01 10:00, A100, 97 %\n"),
        ("amd-smi.csv", "gpu,gfx,gfx_clock,vclock\n0,97,2100,30\n"),
    ],
)
def test_exports_that_nobody_reads_are_taken_for_nothing_else(
    name: str, text: str, tmp_path: Path
) -> None:
    """A total that a tracker rounded, or that nested runs count twice, is not imported at all."""
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(InputError, match="no importer knows this kind of file"):
        recognise([path])
