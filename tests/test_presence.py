"""Presence: what samples stand for, where the gaps are, and a real table of duty cycles."""

from __future__ import annotations

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tables import catalogue, small_rules

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.dutycycle import IMPORTER
from ledger.importers.mapping import Map
from ledger.importers.presence import DAY_MS, ONE, Gaps, Presence, cover_of
from ledger.importers.sampled_series import billionths, milliseconds, step_setting
from ledger.journeys.importing import Reading

STEP = 30_000
NOON = 20_513 * DAY_MS + DAY_MS // 2
MAP = """\
schema: map/1
source: dutycycle
rows:
  - where: { container_ip: ["[0-7]*"] }
    give: { model: image-gen, activity: inference_service }
  - where: {}
    give: { model: other, activity: unknown }
devices:
  - where: {}
    give: { device: nvidia-a10 }
"""


def seen(*times: int, step: int = STEP, value: int = ONE) -> tuple[Presence, Gaps]:
    """A device with samples at milliseconds after noon."""
    gaps = Gaps()
    presence = Presence(step, gaps)
    for time in times:
        presence.add(NOON + time, value)
    presence.close()
    return presence, gaps


def covered(presence: Presence) -> int:
    covers = (cover_of([presence.stretches(day)]) for day in presence.days())
    return sum(cover.covered_ms for cover in covers if cover is not None)


@pytest.mark.parametrize(
    ("times", "expected", "gaps"),
    [
        ((0,), STEP, 0),
        ((0, 30_000, 60_000), 90_000, 0),
        ((0, 60_000), 90_000, 0),  # two steps apart is no gap
        ((0, 60_001), 60_000, 1),
        ((0, 29_000, 61_000), 91_000, 0),  # jitter
        ((0, 0, 30_000), 60_000, 0),
        ((0, 30_000, 600_000, 630_000), 120_000, 1),
    ],
)
def test_a_sample_stands_until_the_next_or_for_a_step(
    times: tuple[int, ...], expected: int, gaps: int
) -> None:
    presence, found = seen(*times)
    assert (covered(presence), found.count) == (expected, gaps)


def test_a_gap_has_its_length_and_is_not_filled() -> None:
    presence, gaps = seen(0, 30_000, 600_000)
    assert (gaps.uncovered_ms, gaps.longest_ms) == (540_000, 570_000)
    (day,) = presence.days()
    cover = cover_of([presence.stretches(day)])
    assert cover is not None
    assert (cover.gaps, cover.longest_ms) == (1, 540_000)
    assert cover.stop_ms - cover.start_ms - cover.covered_ms == 540_000


def test_days_are_cut_at_midnight() -> None:
    presence, _ = seen(DAY_MS // 2 - 10_000, value=ONE // 2)
    first, second = presence.days()
    assert list(presence.stretches(first))[-1] == (first + 1) * DAY_MS
    assert presence.busy(first) == (10_000 * ONE // 2, 10_000)
    assert presence.busy(second) == (20_000 * ONE // 2, 20_000)


def test_samples_that_come_late_are_counted_once() -> None:
    presence, gaps = seen(600_000, 630_000, 0, 30_000, 600_000, 630_000)
    (day,) = presence.days()
    cover = cover_of([presence.stretches(day)])
    assert cover is not None
    assert (cover.covered_ms, cover.overlap_ms, cover.gaps) == (120_000, 60_000, 1)
    assert gaps.count == 1


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40, unique=True))
def test_what_is_covered_does_not_depend_on_the_order_of_stretches(times: list[int]) -> None:
    forward, gaps = seen(*sorted(times))
    whole = covered(forward)
    span = max(times) - min(times) + STEP
    assert whole <= span
    assert whole + gaps.uncovered_ms == span


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.973451", 973_451_000),
        ("1", ONE),
        ("100.0", 100 * ONE),
        ("1e-05", 10_000),
        ("0.0000000019", 1),
        ("NaN", None),
        ("-1", None),
        ("+Inf", None),
        ("1_0", None),
        ("１", None),
        ("1e9999999", None),
        ("1e-9999999", 0),
    ],
)
def test_values_are_read_without_a_float(text: str, expected: int | None) -> None:
    assert billionths(text) == expected


def test_times_are_seconds_or_milliseconds_by_their_size() -> None:
    assert milliseconds("1772359200") == milliseconds("1772359200000") == 1_772_359_200_000
    assert milliseconds("1662858720.5") == 1_662_858_720_500
    for wrong in ("soon", "-5", "1e9", "999999999999999"):
        with pytest.raises(InputError):
            milliseconds(wrong)


def test_a_step_is_said_with_its_unit() -> None:
    assert [step_setting(t) for t in ("30", "30s", "1m", "0.5s", "1h")] == [
        30_000,
        30_000,
        60_000,
        500,
        3_600_000,
    ]
    for wrong in ("0", "fast", "-1", "1d"):
        with pytest.raises(InputError, match="is no step"):
            step_setting(wrong)


def read(path: Path, mapping: str | None = None, **settings: str) -> Reading:
    importer = IMPORTER if mapping is None else IMPORTER.with_map(Map.parse(mapping, "m.yaml"))
    return importer.read(path, settings, catalogue())


def told(reading: Reading, code: str) -> str:
    (found,) = (p.message for p in reading.problems if p.code == code)
    return found


def written(folder: Path, *rows: str, name: str = "duty.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(("value,timestamp,container_ip", *rows)) + "\n")
    return path


def test_busy_time_is_the_share_of_the_covered_time(tmp_path: Path) -> None:
    rows = (f"{v},{NOON // 1000 + 30 * n},a" for n, v in enumerate((50, 100, 0)))
    (draft,) = read(written(tmp_path, *rows), model="m").drafts
    body, inputs = draft.body, dict(draft.body["method_inputs"] or {})  # type: ignore[call-overload]
    assert body["device_us"] == "90000000"
    assert (inputs["busy_ms"], inputs["busy_ppm"], inputs["coverage_ppm"]) == (
        45_000,
        500_000,
        1_000_000,
    )
    assert (body["operations"], body["role"], body["status"]) == (
        None,
        "corroborating",
        "provisional",
    )


def test_quotes_around_cells_are_no_part_of_them(tmp_path: Path) -> None:
    rows = [f"50.0,{1_662_858_720 + 30 * n},c1" for n in range(4)]
    (plain,) = read(written(tmp_path, *rows), model="m").drafts
    quoted = ['"' + row.replace(",", '","') + '"' for row in rows]
    path = written(tmp_path, *quoted, name="quoted.csv")
    path.write_text(path.read_text().replace("value", '"value"', 1))
    (draft,) = read(path, model="m").drafts
    assert draft.key == plain.key
    assert {**draft.body, "evidence": None} == {**plain.body, "evidence": None}


def test_a_value_beyond_the_figure_keeps_its_time(tmp_path: Path) -> None:
    rows = (f"{v},{NOON // 1000 + 30 * n},a" for n, v in enumerate((50, 140737488355328, 50)))
    reading = read(written(tmp_path, *rows), model="m")
    (draft,) = reading.drafts
    inputs = dict(draft.body["method_inputs"] or {})  # type: ignore[call-overload]
    assert (inputs["coverage_ppm"], inputs["busy_coverage_ppm"]) == (1_000_000, 666_667)
    assert told(reading, "beyond").startswith("1 samples state more than")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("1,2,3,4",), "the row has 4 cells"),
        (("1,soon,a",), "'soon' is no time"),
        (("1,1772359200,",), "names no container"),
        ((), "holds no sample"),
        (("1,1772359200,a",), "no series has two samples"),
    ],
)
def test_a_wrong_row_is_refused(rows: tuple[str, ...], message: str, tmp_path: Path) -> None:
    reading = read(written(tmp_path, *rows), model="m")
    refused = [p for p in reading.problems if p.severity == "refused"]
    assert message in refused[0].message
    assert list(reading.drafts) == []


@pytest.mark.parametrize("data", [b"", b"\0" * 50, b"\x1f\x8b broken", b"value,timestamp\n1,2\n"])
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "duty.csv"
    path.write_bytes(data)
    assert (read(path, model="m").refused or 0) >= 1


def test_a_second_import_adds_nothing(tmp_path: Path, flopledger: Callable[..., Any]) -> None:
    rows = (f"50,{NOON // 1000 + 30 * n},a" for n in range(3))
    path = written(tmp_path, *rows)
    flopledger("init", "--origin", "ledger.example/duty")
    rules = str(small_rules(tmp_path))
    asked = ("--rules", rules, "import", str(path), "--set", "model=m", "-f", "json")
    first, second = flopledger(*asked), flopledger(*asked)
    assert json.loads(first.out)["new"] == 1
    assert (json.loads(second.out)["new"], json.loads(second.out)["same"]) == (0, 1)


def test_the_duty_cycles_of_alibaba_whole(shared_path: Callable[[str], Path]) -> None:
    """157,417 samples every 57 s; 1,500 distances of 171 s, and 27 of 228 s, are gaps."""
    path = shared_path("data/telemetry/gentd26_pod_gpu_duty_cycle.csv.gz")
    assert recognise([path]).name == "dutycycle"
    reading = read(path, MAP)
    times, busy = defaultdict[str, list[int]](list), Decimal()
    values = defaultdict[str, list[Decimal]](list)
    with gzip.open(path, "rt") as stream:
        for row in csv.DictReader(stream):
            times[row["container_ip"]].append(int(row["timestamp_anon"].removesuffix(".0")))
            values[row["container_ip"]].append(Decimal(row["value"]))
    seconds, distances = 0, list[int]()
    for container, each in times.items():
        assert each == sorted(each)
        apart = [after - before for before, after in pairwise(each)]
        distances += apart
        holds = [d if d <= 114 else 57 for d in apart] + [57]
        seconds += sum(holds)
        busy += sum(v * h for v, h in zip(values[container], holds, strict=True)) / 100
    assert (len(times), sum(map(len, times.values()))) == (143, 157_417)
    assert (distances.count(171), distances.count(228), distances.count(114)) == (1500, 27, 749)
    found = list(reading.drafts)
    held = sum(int(str(draft.body["device_us"])) for draft in found)
    assert held == seconds * 10**6 == 9_015_462 * 10**6
    inputs = [dict(d.body["method_inputs"] or {}) for d in found]  # type: ignore[call-overload]
    assert abs(sum(int(i["busy_ms"]) for i in inputs) - int(busy * 1000)) <= len(found)
    assert {str(d.body["activity"]) for d in found} == {"inference_service", "unknown"}
    gaps = sum(d > 114 for d in distances)
    assert told(reading, "read") == (
        "samples: 157,417 of 143 devices and labels; step: 57 s (the median distance of the first "
        f"samples); gaps, longer than two steps: {gaps:,}; not covered: 66.674 hours; "
        "longest gap: 35,967 s"
    )
    assert told(reading, "shifted-clock").startswith("the clock of the table was shifted")


def test_stretches_inside_of_others_add_nothing() -> None:
    cover = cover_of([[0, 100], [10, 20, 30, 40], [150, 200]])
    assert cover is not None
    assert (cover.covered_ms, cover.overlap_ms, cover.gaps, cover.longest_ms) == (150, 20, 1, 50)
    assert cover_of([[]]) is None
