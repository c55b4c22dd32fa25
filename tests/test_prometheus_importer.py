"""The Prometheus importer: labels, figures, slices and gaps, as JSON and as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from samples import MAP, NOON, answer, bodies, codes, lines, pairs, read, seconds, written
from tables import small_rules

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.prometheus_labels import labels_of


def test_samples_are_time_held_and_how_busy(tmp_path: Path) -> None:
    tensor = ({"__name__": "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE"}, pairs(5, "0.25"))
    reading = read(written(tmp_path, answer(({}, pairs()), tensor)))
    (body,) = bodies(reading)
    assert codes(reading) == []
    assert (body["device"], body["milli_devices"], body["device_us"]) == (
        "nvidia-a100-80gb",
        1000,
        "300000000",
    )
    assert body["method_inputs"] == {
        "presence": "busy",
        "coverage_ppm": 1_000_000,
        "gaps": 0,
        "not_covered_ms": 0,
        "busy_ms": 150_000,
        "busy_ppm": 500_000,
        "busy_coverage_ppm": 1_000_000,
        "tensor_ms": 37_500,
        "tensor_ppm": 250_000,
        "tensor_coverage_ppm": 500_000,
    }
    assert (body["operations"], body["method"], body["role"]) == (None, "none", "corroborating")
    assert int(body["ceiling_operations"]) == 300 * 312 * 10**12
    assert (body["run"], body["evidence"]["source_kind"]) == ("train-0", "telemetry")


def test_text_says_the_same_as_json(tmp_path: Path) -> None:
    series = [({}, pairs()), ({"UUID": "GPU-2", "gpu": "1"}, pairs(4))]
    as_json = read(written(tmp_path, answer(*series)))
    as_text = read(written(tmp_path, lines(*series), "range.txt"))
    in_order_of_time = "".join(sorted(lines(*series).splitlines(keepends=True), key=_time))
    scraped = read(written(tmp_path, in_order_of_time, "scrapes.txt"))
    for other in (as_text, scraped):
        assert [(d.key, {**d.body, "evidence": None}) for d in as_json.drafts] == [
            (d.key, {**d.body, "evidence": None}) for d in other.drafts
        ]
    dumped = lines(*series).replace("ACTIVE{", 'ACTIVE",').replace("\nDCGM", '\n{__name__="DCGM')
    assert seconds(read(written(tmp_path, dumped, "dump.txt"))) == [300, 120]
    longer = "\n".join(
        line + "000" if line.startswith("{") else line for line in dumped.splitlines()
    )
    assert seconds(read(written(tmp_path, longer, "ms.txt"))) == [300, 120]


def _time(line: str) -> str:
    return line.rsplit(maxsplit=1)[-1] if not line.startswith("#") else ""


def test_a_gap_is_told_and_not_filled(tmp_path: Path) -> None:
    values = [*pairs(5), *pairs(5, start=NOON + 3600)]
    reading = read(written(tmp_path, answer(({}, values))))
    (body,) = bodies(reading)
    assert (body["milli_devices"], body["device_us"]) == (None, "300000000")
    inputs = body["method_inputs"]
    assert (inputs["gaps"], inputs["not_covered_ms"], inputs["longest_gap_ms"]) == (
        1,
        3_450_000,
        3_450_000,
    )
    assert inputs["coverage_ppm"] == 80_000
    assert (
        "gaps, longer than two steps: 1; not covered: 0.958 hours" in reading.problems[-1].message
    )


def test_the_step_may_be_said(tmp_path: Path) -> None:
    path = written(tmp_path, answer(({}, pairs(3, step=60))))
    assert seconds(read(path)) == [180]
    apart = read(path, step="15s")
    assert (seconds(apart), codes(apart)) == ([45], ["step"])


def test_scrapes_of_two_servers_are_one_device(tmp_path: Path) -> None:
    replica = ({"instance": "10.0.0.2:9400"}, pairs())
    reading = read(written(tmp_path, answer(({}, pairs()), replica)))
    (body,) = bodies(reading)
    assert body["device_us"] == "300000000"
    assert "busy_ppm" not in body["method_inputs"]


def test_labels_of_the_pod_come_before_those_of_its_exporter(tmp_path: Path) -> None:
    labels = {"pod": "dcgm-exporter-x", "exported_pod": "train-7", "exported_namespace": "llm"}
    (body,) = bodies(read(written(tmp_path, answer((labels, pairs())))))
    assert body["run"] == "train-7"


def test_a_pod_after_another_holds_only_its_own_time(tmp_path: Path) -> None:
    later = ({"pod": "train-1"}, pairs(10, start=NOON + 300))
    reading = read(written(tmp_path, answer(({}, pairs()), later)))
    assert (seconds(reading), codes(reading)) == ([300, 300], [])


def test_pods_that_share_a_device_are_told(tmp_path: Path) -> None:
    reading = read(written(tmp_path, answer(({}, pairs()), ({"pod": "train-1"}, pairs()))))
    assert codes(reading) == ["shared"]
    assert (
        "'GPU-1' is seen under several labels at once for 0.083 hours"
        in reading.problems[0].message
    )


def test_a_slice_is_as_much_of_a_device_as_the_map_says(tmp_path: Path) -> None:
    part = {"GPU_I_ID": "7", "GPU_I_PROFILE": "1g.10gb"}
    path = written(tmp_path, answer((part, pairs())))
    (body,) = bodies(read(path))
    assert (body["milli_devices"], body["device"]) == (143, "nvidia-a100-80gb")
    reading = read(path, MAP.replace("[1g.10gb]", "[other]"))
    (body,) = bodies(reading)
    assert (body["milli_devices"], body["device_us"]) == (None, None)
    assert codes(reading) == ["unmapped-device"]
    both = read(written(tmp_path, answer(({}, pairs()), (part, pairs()))))
    assert codes(both) == ["slices"]
    assert [b["milli_devices"] for b in bodies(both)] == [143]


def test_a_model_that_fits_several_boards_is_unknown(tmp_path: Path) -> None:
    reading = read(written(tmp_path, answer(({"modelName": "NVIDIA H100"}, pairs()))))
    (body,) = bodies(reading)
    assert (body["device"], body["device_us"]) == (None, "300000000")
    assert codes(reading) == ["unmapped-device"]


def test_devices_of_no_model_say_how_long_they_were_there(tmp_path: Path) -> None:
    idle = ({"UUID": "GPU-2", "namespace": "", "pod": ""}, pairs(120))
    reading = read(written(tmp_path, answer(({}, pairs()), idle)))
    assert seconds(reading) == [300]
    (problem,) = (p for p in reading.problems if p.code == "unmapped")
    assert "1 devices with namespace empty hold 1 device-hours" in problem.message


def test_figures_that_say_nothing_of_presence_are_left_out(tmp_path: Path) -> None:
    power = ({"__name__": "DCGM_FI_DEV_POWER_USAGE"}, pairs())
    reading = read(written(tmp_path, answer(power, ({}, pairs()))))
    assert [p.message for p in reading.problems if p.code == "left-out"] == [
        "figures that say nothing of presence, left out: DCGM_FI_DEV_POWER_USAGE"
    ]
    assert (read(written(tmp_path, answer(power))).refused, seconds(reading)) == (1, [300])


def test_a_percent_and_a_share_are_the_same(tmp_path: Path) -> None:
    for name, value in (("NVML_GPM_METRIC_GRAPHICS_UTIL", "50"), ("DCGM_FI_DEV_GPU_UTIL", "50")):
        path = written(tmp_path, answer(({"__name__": name}, pairs(10, value))))
        inputs = bodies(read(path))[0]["method_inputs"]
        assert inputs[f"{inputs['presence']}_ppm"] == 500_000


def test_a_day_that_the_file_holds_whole_is_final(tmp_path: Path) -> None:
    midnight = NOON + 43_200
    before = pairs(4, start=midnight - 86_400 - 60)
    reading = read(written(tmp_path, answer(({}, [*before, *pairs(4, start=midnight - 60)]))))
    assert [b["status"] for b in bodies(reading)] == ["provisional", "final", "provisional"]
    assert seconds(reading) == [60, 120, 60]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"status":"error","error":"query timed out"}', "no answer to a query: query timed out"),
        ('{"status":"success","data":{"resultType":"vector","result":[]}}', "the type vector"),
        (answer(({}, pairs()))[:-40], "the file ends too early"),
        (answer(({}, pairs()))[: len(answer(({}, []))) - 5], "the file ends too early"),
        (answer(({}, [(NOON, "a" * 100)])), "no pair of time and number"),
        (answer(({}, pairs())).replace('"values"', '"histograms"'), "not followed by its values"),
        ('[{"values":[],"metric":{}}]', "list of series is broken off"),
        ("[" * 100_000, "no answer to a query"),
        ("\0" * 100, "is no sample"),
        ("", "holds no sample"),
        ("DCGM_FI_DEV_GPU_UTIL{gpu=0} 5 1772366400\n", "are no labels"),
        ('DCGM_FI_DEV_GPU_UTIL{gpu="0"} 5 soon\n', "is no sample"),
        ('DCGM_FI_DEV_GPU_UTIL{gpu="0"} 5\n', "the samples have no time"),
        (answer(({}, pairs(2))).replace(str(NOON), "9" * 15), "after the year 9999"),
    ],
)
def test_rubbish_is_a_refusal(text: str, message: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, text))
    refused = [p.message for p in reading.problems if p.severity == "refused"]
    assert message in refused[0]


def test_bytes_that_are_no_text_are_a_refusal(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    for data in (b"\x1f\x8b broken", b"\xff\xfe{\x00", answer().encode("utf-16")):
        path.write_bytes(data)
        assert (read(path).refused or 0) >= 1


@given(st.text(max_size=60))
def test_labels_are_read_or_refused(text: str) -> None:
    found = labels_of(text)
    assert found is None or all(isinstance(value, str) for value in found.values())


def test_labels_may_hold_escapes() -> None:
    assert labels_of('a="x\\"}, y",b="\\\\",') == {"a": 'x"}, y', "b": "\\"}
    assert labels_of('a="1",a="2"') is None


def test_settings_that_mean_nothing_are_errors_of_the_caller(tmp_path: Path) -> None:
    path = written(tmp_path, answer(({}, pairs())))
    with pytest.raises(InputError, match="'main' is no role"):
        read(path, role="main")
    with pytest.raises(InputError, match="is no step"):
        read(path, step="often")


def test_samples_are_recognised(tmp_path: Path, shared_path: Callable[[str], Path]) -> None:
    assert recognise([written(tmp_path, answer(({}, pairs())))]).name == "prometheus"
    assert recognise([written(tmp_path, lines(({}, pairs())), "a.prom")]).name == "prometheus"
    sample = shared_path("data/telemetry/dcgm_exporter/readme_sample.prom")
    assert recognise([sample]).name == "prometheus"
    assert read(sample).refused == 1


def test_a_second_import_adds_nothing(tmp_path: Path, flopledger: Callable[..., Any]) -> None:
    path = written(tmp_path, answer(({}, pairs())))
    flopledger("init", "--origin", "ledger.example/prometheus")
    rules = str(small_rules(tmp_path))
    asked = ("--rules", rules, "import", str(path), "--set", "model=m", "-f", "json")
    first, second = flopledger(*asked), flopledger(*asked)
    assert (first.code, json.loads(first.out)["new"]) == (0, 1)
    assert (json.loads(second.out)["new"], json.loads(second.out)["same"]) == (0, 1)
