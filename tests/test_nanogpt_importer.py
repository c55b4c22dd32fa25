"""The nanogpt importer: devices and training time of speed runs, on made and on real logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.importers import recognise
from ledger.importers.nanogpt import IMPORTER
from ledger.journeys.importing import Reading

GPU = "|   {n}  NVIDIA H100 80GB HBM3          On  |   00000000:61:00.0 Off |            0 |\n"
HEAD = (
    "Running Python 3.12.7\nRunning PyTorch 2.6.0.dev20241231+cu126 compiled for CUDA 12.6\n"
    "Sat Jan  4 23:59:50 2025       \n" + "".join(GPU.format(n=n) for n in range(8))
)


def step(number: int, ms: int, *, validated: bool = False) -> str:
    loss = " val_loss:3.2785" if validated else ""
    return f"step:{number}/3{loss} train_time:{ms}ms step_avg:1.00ms\n"


DONE = step(1, 5000) + step(2, 10_000) + step(3, 20_000) + step(3, 20_005, validated=True)


def written(folder: Path, text: str, name: str = "r1.txt") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def read(path: Path, **settings: str) -> Reading:
    return IMPORTER.read(path, {"zone": "UTC", "activity": "pretrain", **settings}, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def test_a_run_holds_the_devices_that_its_log_lists(tmp_path: Path) -> None:
    reading = read(written(tmp_path, HEAD + DONE), precision="bf16", sparsity="dense")
    first, second = bodies(reading)
    assert codes(reading) == []
    assert (first["device"], first["milli_devices"]) == ("nvidia-h100-sxm5", 8000)
    assert (first["start"], second["end"]) == ("2025-01-04T23:59:50Z", "2025-01-05T00:00:10Z")
    assert int(first["device_us"]) + int(second["device_us"]) == 8000 * 20_005
    assert (first["operations"], first["method"]) == (None, "none")
    assert first["ceiling_operations"] == str(8000 * 10_000 * 9894 * 10**11 // 10**6)
    assert (first["run"], first["status"]) == ("r1", "final")


def test_time_before_the_timer_is_set_back_is_held_as_startup(tmp_path: Path) -> None:
    text = HEAD + step(1, 200_000) + step(2, 5) + step(3, 1000)
    held = Counter[str]()
    for body in bodies(read(written(tmp_path, text))):
        held[body["activity"]] += int(body["device_us"])
    assert held == {"startup": 8000 * 200_000, "pretrain": 8000 * 1000}


def test_zone_or_day_is_needed(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD + DONE)
    for settings in ({}, {"activity": "pretrain"}):
        reading = IMPORTER.read(path, settings, catalogue())
        assert [p.code for p in reading.problems] == ["missing"]
    reading = IMPORTER.read(path, {"not_after": "2025-01-06"}, catalogue())
    (body,) = bodies(reading)
    assert (body["start"], body["device_us"]) == (None, str(8000 * 20_005))
    assert codes(reading) == ["activity-unknown"]


def test_devices_that_nobody_names_stay_unknown(tmp_path: Path) -> None:
    path = written(tmp_path, HEAD.replace("NVIDIA H100 80GB HBM3 ", "NVIDIA Z9 9GB") + DONE)
    reading = read(path)
    assert codes(reading) == ["device-unknown"]
    assert {(b["device"], b["milli_devices"]) for b in bodies(reading)} == {(None, 8000)}
    reading = read(written(tmp_path, HEAD[: HEAD.index("|")] + DONE))
    assert codes(reading) == ["device-unknown", "no-devices"]
    assert {b["device_us"] for b in bodies(reading)} == {None}


def test_a_run_that_is_not_finished_says_so(tmp_path: Path) -> None:
    reading = read(written(tmp_path, HEAD + step(1, 5)))
    assert codes(reading) == ["not-finished"]
    assert bodies(reading)[0]["status"] == "provisional"


@pytest.mark.parametrize(
    "text",
    ["", "\x00" * 99, HEAD, HEAD + DONE + DONE, HEAD + step(1, 10**14), HEAD + "step:1/2 train"],
)
def test_rubbish_is_a_refusal(text: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, text))
    assert [p.severity for p in reading.problems] == ["refused"]
    assert list(reading.drafts) == []


def test_real_logs_hold_what_their_timers_say(shared_path: Callable[[str], Path]) -> None:
    folder = shared_path("data/trackers/modded_nanogpt")
    assert recognise([folder]).name == "nanogpt"
    held: Counter[str] = Counter()
    runs = set()
    for path in IMPORTER.files(folder):
        reading = read(path)
        assert codes(reading) == []
        for body in bodies(reading):
            held[body["activity"]] += int(body["device_us"])
            runs.add(body["run"])
            assert (body["device"], body["operations"]) == ("nvidia-h100-sxm5", None)
    assert len(runs) == 112
    assert held["pretrain"] + held["startup"] == 8000 * 17_727_521
