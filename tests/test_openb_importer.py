"""The OpenB importer: shares of devices stay exact, and pods never placed hold nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tables import catalogue

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.mapping import Map
from ledger.importers.openb import IMPORTER
from ledger.journeys.importing import Reading

HEADER = (
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time"
)
EPOCH = "2023-01-01T00:00:00Z"
SECOND = 1_000_000


def pod(**changes: str) -> str:
    """One pod of 460 thousandths of a device for 100 seconds."""
    cells = {
        "name": "openb-pod-0001",
        "cpu_milli": "6000",
        "memory_mib": "12288",
        "num_gpu": "1",
        "gpu_milli": "460",
        "gpu_spec": "",
        "qos": "LS",
        "pod_phase": "Running",
        "creation_time": "10",
        "deletion_time": "120",
        "scheduled_time": "20",
        **changes,
    }
    return ",".join(cells[name] for name in HEADER.split(","))


def written(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "openb_pod_list.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


def read(path: Path, mapping: str | None = None, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "map.yaml"))
    return importer.read(path, {"epoch": EPOCH, "model": "m", **settings}, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def refusals(reading: Reading) -> list[tuple[int | None, str]]:
    return [(p.line, p.message) for p in reading.problems if p.severity == "refused"]


def test_a_share_of_a_device_is_exact(tmp_path: Path) -> None:
    (body,) = bodies(read(written(tmp_path, pod())))
    assert (body["start"], body["end"]) == ("2023-01-01T00:00:20Z", "2023-01-01T00:02:00Z")
    assert (body["milli_devices"], body["device_us"]) == (460, str(46 * SECOND))
    assert (body["status"], body["role"], body["operations"]) == ("final", "primary", None)


def test_the_epoch_is_never_guessed(tmp_path: Path) -> None:
    reading = IMPORTER.read(written(tmp_path, pod()), {"model": "m"}, catalogue())
    assert [(p.code, p.line) for p in reading.problems] == [("missing", None)]
    assert list(reading.drafts) == []
    with pytest.raises(InputError, match="is not a UTC time"):
        read(written(tmp_path, pod()), epoch="2023-01-01")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"scheduled_time": "", "pod_phase": "Pending"}, "with accelerators, never placed: 1"),
        ({"num_gpu": "0", "gpu_milli": "0"}, "without accelerators: 1"),
        ({"deletion_time": "20"}, "held devices for no time: 1"),
    ],
)
def test_what_held_nothing_is_counted(changes: dict[str, str], why: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, pod(**changes)))
    assert bodies(reading) == []
    assert [p.message for p in reading.problems] == [f"pods with accelerators: 0; {why}"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (pod(gpu_milli="1001"), "is no share of devices"),
        (pod(num_gpu="2", gpu_milli="500"), "is no share of devices"),
        (pod(num_gpu="0"), "is no share of devices"),
        (pod(gpu_milli="0"), "is no share of devices"),
        (pod(gpu_milli="4.6"), "gpu_milli is '4.6'"),
        (pod(scheduled_time="-1"), "scheduled_time is '-1'"),
        (pod(deletion_time=""), "deletion_time is empty"),
        (pod(deletion_time="9999999999"), "deletion_time is"),
        (pod(deletion_time="19"), "before it is placed"),
        (pod(pod_phase="Gone"), "'Gone' is no phase"),
        (pod(name=""), "no name"),
        (pod() + ",x", "12 cells"),
        (HEADER, "no phase"),
        ("\ufffd\x00,", "2 cells"),
    ],
)
def test_a_wrong_row_is_refused_and_the_others_are_read(
    row: str, message: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, pod(name="a"), row, pod(name="b")))
    ((line, found),) = refusals(reading)
    assert line == 3
    assert message in found
    assert len(bodies(reading)) == 2


@pytest.mark.parametrize("data", [b"", b"\x00" * 50, b"\x1f\x8b x", b"name,name\n", b"name\n1\n"])
def test_rubbish_is_refused_whole(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pods.csv"
    path.write_bytes(data)
    assert [line for line, _ in refusals(read(path))] == [None]


def test_types_are_those_of_the_map(tmp_path: Path) -> None:
    text = """\
schema: map/1
source: openb
rows:
  - where: { qos: [LS] }
    give: { model: m }
devices:
  - where: { type: [A10] }
    give: { device: nvidia-a10 }
"""
    rows = (pod(name="a", gpu_spec="A10"), pod(name="b", gpu_spec="A10|T4"), pod(name="c"))
    reading = read(written(tmp_path, *rows, pod(name="d", qos="BE")), text, model="other")
    assert [b["device"] for b in bodies(reading)] == ["nvidia-a10", None, None, None]
    assert [b["model"] for b in bodies(reading)] == ["m", "m", "m", "other"]
    assert [p.message.split(" name")[0] for p in reading.problems[:-1]] == [
        "devices without a type",
        "the type 'A10|T4'",
    ]


def test_a_second_import_adds_nothing(tmp_path: Path, flopledger: Callable[..., Any]) -> None:
    path = written(tmp_path, pod(), pod(name="b", deletion_time="90000"))
    assert recognise([path]).name == "openb"
    flopledger("init", "--origin", "ledger.example/openb")
    asked = ("import", str(path), "--set", f"epoch={EPOCH}", "--set", "model=m", "-f", "json")
    first, second = flopledger(*asked), flopledger(*asked)
    assert json.loads(first.out)["new"] == 3
    assert (json.loads(second.out)["new"], json.loads(second.out)["same"]) == (0, 3)
    moved = flopledger(*(part.replace("2023", "2024") for part in asked))
    assert moved.code == 1
    assert (json.loads(moved.out)["new"], json.loads(moved.out)["changed"]) == (0, 3)


def test_the_trace_whole(shared_path: Callable[[str], Path]) -> None:
    """185,294,426,970 milli-GPU-seconds, and 861 pods with GPUs that were never placed."""
    path = shared_path("data/k8s_openb/openb_pod_list_default.csv.gz")
    assert recognise([path]).name == "openb"
    reading = read(path)
    held = sum(int(str(draft.body["device_us"])) for draft in reading.drafts)
    assert held == 185_294_426_970 * (SECOND // 1000)
    assert reading.problems[-1].message == (
        "pods with accelerators: 6,203; with accelerators, never placed: 861; "
        "without accelerators: 1,088"
    )
