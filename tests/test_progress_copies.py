"""Progress files of Megatron-LM beside logs: the same work counts once, other work in full."""

from __future__ import annotations

from pathlib import Path

import pytest
from megatronlogs import HEAD, bodies, read, step, written
from retelling import Imports
from test_megatron_progress import E18, TWO, progress

ASKED = ("--set", "zone=UTC", "--set", "activity=pretrain")
HELD_US = 64 * 3 * 3600 * 10**6  # by the two jobs of the file


def logged(
    folder: Path, *, devices: int = 64, hours: float = 4, ms: int = 7200, rate: str | None = "400.0"
) -> Path:
    """A log from ten o'clock on, a line every hundred steps; of the work of ``TWO``."""
    folder.mkdir(exist_ok=True)
    head = HEAD.replace("size: 8,", f"size: {devices},", 1).replace(". 8\n", f". {devices}\n")
    every = ms // 10  # seconds
    count = int(hours * 3600 / every)
    lines = (
        step(n * 100, n * every, ms=f"{ms}.0", rate=rate, total=10_000) for n in range(1, count + 1)
    )
    return written(folder, *lines, head=head, name="train.log")


def states(folder: Path) -> Path:
    """The progress file of a run in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return progress(folder, *TWO)


@pytest.mark.parametrize(
    ("log", "role", "code"),
    [
        ({}, "corroborating", ["ranks-repeat"]),
        # The log is read in the middle of the run, or long after the last checkpoint.
        ({"hours": 2.2}, "corroborating", ["ranks-repeat"]),
        ({"hours": 9}, "corroborating", ["ranks-repeat"]),
        # Other work at the same time, on as many devices: of other steps, or of other operations.
        ({"ms": 3600, "rate": "77.0"}, "primary", []),
        ({"ms": 3600, "rate": "800.0"}, "primary", []),
        ({"rate": "77.0"}, "primary", ["perhaps-repeat"]),
        # Nobody can compare.
        ({"rate": None}, "primary", ["perhaps-repeat"]),
        # Another time, or other devices.
        ({"hours": 1}, "primary", []),
        ({"devices": 8}, "primary", []),
    ],
)
def test_a_progress_file_copies_a_log_of_the_same_steps_and_operations_only(
    tmp_path: Path, log: dict[str, int | str], role: str, code: list[str]
) -> None:
    logged(tmp_path / "logs", **log)  # type: ignore[arg-type]
    states(tmp_path / "run")
    reading = read(tmp_path)
    roles = {body["run"]: body["role"] for body in bodies(reading)}
    assert roles == {"logs": "primary", "run": role}
    told = [problem for problem in reading.problems if problem.code.endswith("-repeat")]
    assert [problem.code for problem in told] == code
    for problem in told:
        assert str(tmp_path / "logs" / "train.log") in problem.message
        same = "it tells of the same steps at the same time as " in problem.message
        assert same == (role == "corroborating")
    # By itself it counts.
    assert {body["role"] for body in bodies(read(tmp_path / "run"))} == {"primary"}


def test_logs_of_several_jobs_are_copied_together(tmp_path: Path) -> None:
    head = HEAD.replace("size: 8,", "size: 64,", 1).replace(". 8\n", ". 64\n")
    loaded = head + "successfully loaded checkpoint from /c at iteration 1000\n"
    logs = tmp_path / "logs"
    logs.mkdir()
    first = [step(n * 100, n * 720, ms="7200.0") for n in range(1, 11)]
    again = [step(1000 + n * 100, 10_800 + n * 720, ms="7200.0") for n in range(1, 6)]
    written(logs, *first, head=head, name="job7.log")
    written(logs, *again, head=loaded, name="job8.log")
    states(tmp_path / "run")
    reading = read(tmp_path)
    (told,) = (p for p in reading.problems if p.code == "ranks-repeat")
    assert "job7.log and 1 more: recorded as corroborating" in told.message
    assert sum(int(b["operations"]) for b in bodies(reading) if b["role"] == "primary") == (
        400 * 10**12 * 64 * 7200 * 1500 // 1000
    )


def test_two_trainings_side_by_side_both_count_in_full(imports: Imports, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    logged(tree / "runY", ms=3600, rate="77.0")
    states(tree / "runX")
    ran = imports(tree, *ASKED)
    assert ran["device_us"] == HELD_US + 64 * 4 * 3600 * 10**6
    stated = [b["operations"] for b in bodies(read(tree)) if b["run"] == "runX"]
    assert sum(int(figure) for figure in stated) == 276 * E18
    # One by one they come to the same.
    assert imports(tree / "runX", *ASKED)["device_us"] == ran["device_us"]


@pytest.mark.parametrize("place", ["run", "logs"])
@pytest.mark.parametrize("first", ["file", "log", "both"])
@pytest.mark.parametrize("hours", [3, 4])
def test_whichever_came_first_the_work_counts_once(
    imports: Imports, tmp_path: Path, place: str, first: str, hours: int
) -> None:
    """Beside the log, or elsewhere; the second job ends with the file, and no job is told final."""
    tree = tmp_path / "tree"
    tree.mkdir()
    log = logged(tree / "logs", hours=hours)
    file = states(tree / place)
    imports({"file": file, "log": log, "both": tree}[first], *ASKED)
    for _ in range(2):
        ran = imports(tree, *ASKED)
        kept = HELD_US if first == "file" else 64 * hours * 3600 * 10**6
        assert (ran["changed"], ran["device_us"]) == (0, kept)
    both = [p["message"] for p in ran["problems"] if p["code"] == "ranks-repeat"]
    assert bool(both) == (first == "file" or place == "run")


def test_a_file_that_came_by_itself_after_the_log_is_named(
    imports: Imports, tmp_path: Path
) -> None:
    """Its first job is over, so it goes on to add, and the log is emptied."""
    tree = tmp_path / "tree"
    tree.mkdir()
    log, file = logged(tree / "logs"), states(tree / "run")
    imports(log, *ASKED)
    before = imports(file, *ASKED)
    ran = imports(tree, *ASKED)
    (told,) = (p["message"] for p in ran["problems"] if p["code"] == "ranks-repeat")
    assert "and added as well, as entry 0: replaced by records that hold nothing" in told
    assert (before["device_us"], ran["device_us"]) == (HELD_US + 64 * 4 * 3600 * 10**6, HELD_US)


def test_in_a_run_that_is_named_what_came_first_adds(imports: Imports, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    logged(tree / "logs")
    named = (*ASKED, "--set", "run=llm")
    assert imports(states(tree / "run"), *named)["device_us"] == HELD_US
    ran = imports(tree, *named)
    assert (ran["changed"], ran["device_us"]) == (0, HELD_US)
    (told,) = (p["message"] for p in ran["problems"] if p["code"] == "ranks-repeat")
    assert "it is of one run with " in told
