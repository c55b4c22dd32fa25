"""A day of samples in several files: its parts add up, and the whole day takes their place."""

from __future__ import annotations

from pathlib import Path

from retelling import MODEL, Imports
from samples import NOON, answer, pairs
from samples import written as samples_written
from slurm import HOUR

SAMPLED = (*MODEL, "--set", "role=primary", "--set", "step=30s")
LAST_S = 12 * 3600  # from noon to midnight


def samples(folder: Path, name: str, start: int, seconds: int, **labels: str) -> Path:
    """Samples of one device, every thirty seconds."""
    text = answer((labels, pairs(seconds // 30, start=start)))
    return samples_written(folder, text, name)


def test_a_day_in_two_files_takes_nothing_from_the_first_part(
    imports: Imports, tmp_path: Path
) -> None:
    first = samples(tmp_path, "a.json", NOON, 3600)
    second = samples(tmp_path, "b.json", NOON + 3600, LAST_S - 3600)
    assert imports(first, *SAMPLED)["device_us"] == HOUR
    ran = imports(second, *SAMPLED)
    assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 1, HOUR)
    # The whole day takes the place of its part.
    whole = samples(tmp_path, "whole.json", NOON, LAST_S)
    ran = imports(whole, *SAMPLED)
    assert (ran["superseded"], ran["device_us"]) == (1, 12 * HOUR)
    assert imports(first, *SAMPLED)["changed"] == 0


def test_a_day_in_two_files_is_told_in_either_order(imports: Imports, tmp_path: Path) -> None:
    second = samples(tmp_path, "b.json", NOON + 3600, LAST_S - 3600)
    assert imports(second, *SAMPLED)["device_us"] == 11 * HOUR
    ran = imports(samples(tmp_path, "a.json", NOON, 3600), *SAMPLED)
    assert (ran["changed"], ran["device_us"]) == (1, 11 * HOUR)


def test_other_figures_of_a_device_are_the_same_time(imports: Imports, tmp_path: Path) -> None:
    assert imports(samples(tmp_path, "a.json", NOON, LAST_S), *SAMPLED)["device_us"] == 12 * HOUR
    other = {"__name__": "NVML_GPM_METRIC_GRAPHICS_UTIL"}
    ran = imports(samples(tmp_path, "b.json", NOON, LAST_S, **other), *SAMPLED)
    assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 1, 12 * HOUR)
