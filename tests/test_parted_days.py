"""A day of samples in several files: its parts add up, and the whole day takes their place."""

from __future__ import annotations

from pathlib import Path

import pytest
from retelling import MODEL, Imports
from samples import NOON, answer, bodies, pairs, read
from samples import written as samples_written
from slurm import HOUR

SAMPLED = (*MODEL, "--set", "role=primary", "--set", "step=30s")
DAY = 86_400
LAST_S = DAY // 2  # from noon to midnight
MIDNIGHT = NOON - DAY // 2


def samples(folder: Path, name: str, start: int, seconds: int, **labels: str) -> Path:
    """Samples of one device, every thirty seconds."""
    text = answer((labels, pairs(seconds // 30, start=start)))
    return samples_written(folder, text, name)


def day_of(folder: Path, name: str = "whole.json", seconds: int = DAY) -> Path:
    """Samples from midnight on, so that the file holds the day whole."""
    return samples(folder, name, MIDNIGHT, seconds)


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_parts_of_a_day_in_two_files_add_up(imports: Imports, tmp_path: Path, order: str) -> None:
    parts = {
        "a": samples(tmp_path, "a.json", NOON, 3600),
        "b": samples(tmp_path, "b.json", NOON + 3600, LAST_S - 3600),
    }
    for name in order:
        ran = imports(parts[name], *SAMPLED)
        assert (ran["new"], ran["changed"]) == (1, 0)
    assert ran["device_us"] == 12 * HOUR
    # Read again, or in a file that grew, they are what they were.
    for name in "ab":
        again = imports(parts[name], *SAMPLED)
        assert (again["same"], again["new"], again["changed"]) == (1, 0, 0)
    # The whole day takes the place of both, and an older part adds nothing to it.
    ran = imports(day_of(tmp_path), *SAMPLED)
    assert (ran["new"], ran["superseded"], ran["device_us"]) == (1, 2, 24 * HOUR)
    for name in "ab":
        again = imports(parts[name], *SAMPLED)
        assert (again["same"], again["changed"], again["device_us"]) == (1, 0, 24 * HOUR)
    assert imports(day_of(tmp_path), *SAMPLED)["same"] == 1


def test_a_part_that_shares_some_time_with_another_is_told(
    imports: Imports, tmp_path: Path
) -> None:
    first = samples(tmp_path, "a.json", NOON, 3600)
    imports(first, *SAMPLED)
    for start in (NOON - 1800, NOON + 1800):
        ran = imports(samples(tmp_path, f"{start}.json", start, 3600), *SAMPLED)
        assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 1, HOUR)
    # What goes on from where it began takes its place.
    longer = samples(tmp_path, "longer.json", NOON, 7200)
    assert imports(longer, *SAMPLED)["device_us"] == 2 * HOUR
    assert imports(first, *SAMPLED)["same"] == 1


def test_a_part_that_reaches_into_the_next_is_told_until_it_covers_it(
    imports: Imports, tmp_path: Path
) -> None:
    for name, start in (("a", NOON), ("c", NOON + 7200)):
        imports(samples(tmp_path, f"{name}.json", start, 3600), *SAMPLED)
    ran = imports(samples(tmp_path, "into.json", NOON, 9000), *SAMPLED)
    assert (ran["changed"], ran["device_us"]) == (1, 2 * HOUR)
    ran = imports(samples(tmp_path, "over.json", NOON, 10_800), *SAMPLED)
    assert (ran["new"], ran["superseded"], ran["device_us"]) == (1, 2, 3 * HOUR)


def test_a_day_is_final_where_the_file_holds_all_of_it(imports: Imports, tmp_path: Path) -> None:
    assert imports(day_of(tmp_path), *SAMPLED)["device_us"] == 24 * HOUR
    # A final day stands: another telling of a part of it that says otherwise is told.
    ran = imports(day_of(tmp_path, "short.json", 3600), *SAMPLED)
    assert (ran["changed"], ran["same"], ran["device_us"]) == (0, 1, 24 * HOUR)
    for start, seconds, status in (
        (MIDNIGHT, DAY, "final"),
        (MIDNIGHT + 30, DAY, "provisional"),
        (MIDNIGHT, DAY - 30, "provisional"),
        (MIDNIGHT - 30, DAY + 60, "final"),
    ):
        reading = read(samples(tmp_path, "f.json", start, seconds), step="30s")
        told = [body["status"] for body in bodies(reading) if body["start"] >= "2026-03-01"]
        assert told[0] == status


def test_other_figures_of_a_device_are_the_same_time(imports: Imports, tmp_path: Path) -> None:
    assert imports(samples(tmp_path, "a.json", NOON, LAST_S), *SAMPLED)["device_us"] == 12 * HOUR
    other = {"__name__": "NVML_GPM_METRIC_GRAPHICS_UTIL"}
    ran = imports(samples(tmp_path, "b.json", NOON, LAST_S, **other), *SAMPLED)
    assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 1, 12 * HOUR)
