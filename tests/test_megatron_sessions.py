"""Sessions of Megatron-LM: each step once, with restarts, ranks and days told apart."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from megatronlogs import H100, HEAD, TERA, bodies, by_activity, codes, read, step, written

from ledger.importers.megatron import IMPORTER
from ledger.record import Whole


def test_a_run_that_reaches_its_last_iteration_is_final(tmp_path: Path) -> None:
    path = written(tmp_path, step(900, 100), step(1000, 200))
    assert bodies(read(path))[0]["status"] == "final"
    path = written(tmp_path, step(100, 100), "[after training is done] datetime: 2026-03-01 11:00")
    assert bodies(read(path))[0]["status"] == "final"
    path = written(tmp_path, step(100, 100))
    assert bodies(read(path))[0]["status"] == "provisional"
    assert bodies(read(path, status="final"))[0]["status"] == "final"


def test_a_run_is_cut_at_midnight_and_adds_up(tmp_path: Path) -> None:
    lines = [step(n * 100, 50_000 + n * 100, rate="333.3") for n in range(1, 20)]
    reading = read(written(tmp_path, *lines))
    first, second = bodies(reading)
    assert (first["end"], second["start"]) == ("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z")
    assert sum(int(b["operations"]) for b in (first, second)) == 8 * 3333 * 10**11 * 1900
    assert sum(b["method_inputs"]["steps"] for b in (first, second)) == 1900
    assert int(first["device_us"]) + int(second["device_us"]) == 8000 * 1_900_000


def test_iterations_done_again_after_a_restart_are_waste_and_count_once(tmp_path: Path) -> None:
    loaded = "  successfully loaded checkpoint from /ckpt [ t 0, p 0 ] at iteration 250"
    lines = (
        *(step(n * 100, n * 100) for n in range(1, 5)),
        HEAD + loaded,
        step(300, 1050),
        step(400, 1150),
        step(500, 1250),
    )
    reading = read(written(tmp_path, *lines), **H100)
    assert codes(reading) == ["done-again"]
    assert "150 iterations were done again" in reading.problems[0].message
    assert by_activity(reading, "operations") == {
        "pretrain": 8 * 400 * TERA * 500,
        "restart_waste": 8 * 400 * TERA * 150,
    }
    # The second session holds from 1000 s on: 50 iterations of its first line, and 200 more.
    assert by_activity(reading, "device_us") == {
        "pretrain": 8000 * (250_000 + 250_000),
        "restart_waste": 8000 * 150_000,
    }
    assert [b["status"] for b in bodies(reading)] == ["final", "final", "provisional"]


def test_two_restarts_from_the_same_checkpoint_waste_all_but_the_last(tmp_path: Path) -> None:
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 100"
    lines = [step(100, 100), step(200, 200), step(300, 300)]
    for restart in (1000, 2000):
        lines += [loaded, step(200, restart + 100)]
    reading = read(written(tmp_path, *lines))
    assert by_activity(reading, "operations") == {
        "pretrain": 8 * 400 * TERA * 200,
        "restart_waste": 8 * 400 * TERA * 300,
    }


def test_lines_of_several_ranks_do_not_add(tmp_path: Path) -> None:
    once = read(written(tmp_path, step(100, 100), step(200, 200)))
    ranks = [f"{rank}: {step(n, n + rank // 4)}" for n in (100, 200) for rank in range(8)]
    path = written(tmp_path, *ranks, name="ranks.log")
    again = read(path, run="llm")
    assert codes(again) == ["ranks-repeat"]
    assert "14 lines repeat" in again.problems[0].message
    same = ("operations", "method_inputs", "run")
    assert [{n: b[n] for n in same} for b in bodies(again)] == [
        {n: b[n] for n in same} for b in bodies(once)
    ]


def test_lines_of_ranks_one_after_the_other_do_not_add(tmp_path: Path) -> None:
    lines = [step(100, 100), step(200, 200), step(100, 100), step(200, 200)]
    reading = read(written(tmp_path, *lines))
    assert codes(reading) == ["ranks-repeat"]
    assert "2 lines repeat" in reading.problems[0].message
    assert by_activity(reading, "operations") == {"pretrain": 8 * 400 * TERA * 200}


def test_logs_of_ranks_in_a_directory_do_not_add(tmp_path: Path) -> None:
    for rank in range(3):
        written(tmp_path, step(100, 100), step(200, 200), name=f"rank{rank}.log")
    reading = read(tmp_path, run="llm")
    assert codes(reading) == ["ranks-repeat"]
    assert by_activity(reading, "operations") == {"pretrain": 8 * 400 * TERA * 200}
    assert IMPORTER.files(tmp_path) == (tmp_path,)


def test_logs_of_jobs_in_a_directory_are_one_run_when_it_is_named(tmp_path: Path) -> None:
    loaded = "successfully loaded checkpoint from /c at iteration 100"
    written(tmp_path, step(100, 100), step(200, 200), name="job1.log")
    written(tmp_path, loaded, step(200, 1100), name="job2.log")
    assert by_activity(read(tmp_path, run="llm"), "operations") == {
        "pretrain": 8 * 400 * TERA * 200,
        "restart_waste": 8 * 400 * TERA * 100,
    }
    apart = read(tmp_path)
    assert {body["run"] for body in bodies(apart)} == {"job1", "job2"}
    assert by_activity(apart, "operations") == {"pretrain": 8 * 400 * TERA * 300}


def test_the_same_log_twice_in_a_file_counts_once(tmp_path: Path) -> None:
    lines = (step(100, 100), step(200, 200))
    reading = read(written(tmp_path, *lines, HEAD, *lines))
    assert codes(reading) == ["ranks-repeat"]
    assert by_activity(reading, "operations") == {"pretrain": 8 * 400 * TERA * 200}


def test_the_hour_that_comes_twice_is_told_by_what_came_before(tmp_path: Path) -> None:
    lines = [
        f" [2026-10-25 0{hour}:{minute:02d}:00] iteration {n * 10}/ 1000 | consumed samples: 1 | "
        "elapsed time per iteration (ms): 180000.0 | throughput per GPU (TFLOP/s/GPU): 400.0 |"
        for n, (hour, minute) in enumerate(((1, 45), (2, 15), (2, 45), (2, 15), (2, 45)), start=1)
    ]
    first, second = bodies(read(written(tmp_path, *lines), zone="Europe/Berlin"))
    assert (first["start"], second["end"]) == ("2026-10-24T23:15:00Z", "2026-10-25T01:45:00Z")


def test_a_restart_with_more_devices_counts_each_with_its_own(tmp_path: Path) -> None:
    more = HEAD.replace("size: 8,", "size: 16,").replace(". 8\n", ". 16\n")
    loaded = more + "successfully loaded checkpoint from /c at iteration 100"
    reading = read(written(tmp_path, step(100, 100), loaded, step(200, 1000)))
    assert [b["milli_devices"] for b in bodies(reading)] == [8000, 16_000]


def test_an_hour_without_lines_is_told(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(100, 100), step(200, 200 + 3601)))
    assert codes(reading) == ["silence"]
    (body,) = bodies(reading)
    assert body["device_us"] == str(8000 * (200_000 + 3_601_000))
    assert body["operations"] == str(8 * 400 * TERA * 200)


def test_a_log_that_starts_in_the_middle_says_so(tmp_path: Path) -> None:
    reading = read(written(tmp_path, step(550, 100), step(600, 150), head=""), devices="8")
    assert codes(reading) == ["first-line"]
    assert bodies(reading)[0]["method_inputs"]["steps"] == 100
    reading = read(written(tmp_path, step(50, 100), step(100, 150), head=""), devices="8")
    assert codes(reading) == []


def test_a_restart_far_back_wastes_all_that_came_after_it(tmp_path: Path) -> None:
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration "
    lines = [step(n * 100, n * 100) for n in (1, 2, 3)]
    lines += [loaded + "200", step(250, 1000), loaded + "100", step(200, 2000)]
    assert by_activity(read(written(tmp_path, *lines)), "operations") == {
        "pretrain": 8 * 400 * TERA * 200,
        "restart_waste": 8 * 400 * TERA * (200 + 50),
    }


def test_of_two_logs_of_the_same_work_the_longer_counts(tmp_path: Path) -> None:
    written(tmp_path, step(100, 100), name="rank0.log")
    written(tmp_path, step(100, 100), step(200, 200), name="rank1.log")
    reading = read(tmp_path, run="llm")
    assert codes(reading) == ["ranks-repeat"]
    assert by_activity(reading, "operations") == {"pretrain": 8 * 400 * TERA * 200}


def test_what_one_log_says_of_devices_does_not_hold_for_the_next(tmp_path: Path) -> None:
    loaded = "successfully loaded checkpoint from /c at iteration 100\n"
    written(tmp_path, step(100, 100), name="job1.log")
    written(tmp_path, step(200, 1000), head=loaded, name="job2.log")
    reading = read(tmp_path, run="llm")
    assert codes(reading) == ["no-devices"]
    assert [body["milli_devices"] for body in bodies(reading)] == [8000, None]


def test_parts_of_a_line_over_midnight_add_up_exactly(tmp_path: Path) -> None:
    times = ((100, 50_399), (107, 50_402))
    lines = [step(last, seconds, ms="333.4", rate="400.1") for last, seconds in times]
    first, second = bodies(read(written(tmp_path, *lines)))
    assert second["start"] == "2026-03-02T00:00:00Z"
    total = 8 * 4001 * 3334 * 107 * 10**7
    assert int(first["operations"]) + int(second["operations"]) == total


def test_sessions_without_times_keep_records_of_their_own(tmp_path: Path) -> None:
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 100"
    lines = [loaded, step(200, None), loaded, step(200, None, ms="1100.0")]
    reading = read(written(tmp_path, *lines), not_after="2026-06-30")
    assert by_activity(reading, "operations") == {
        "restart_waste": 8 * 400 * TERA * 100,
        "pretrain": 8 * 400 * TERA * 110,
    }
    assert len({draft.key[:6] for draft in reading.drafts}) == 2


def test_a_restart_within_a_second_holds_no_time_twice(tmp_path: Path) -> None:
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 200"
    lines = [step(100, 100), step(200, 200), loaded, step(300, 299)]
    first, second = bodies(read(written(tmp_path, *lines)))
    assert (first["end"], second["start"]) == ("2026-03-01T10:03:20Z", "2026-03-01T10:03:20Z")


def test_logs_of_ranks_that_nobody_names_do_not_add(tmp_path: Path) -> None:
    for rank in range(3):
        lines = (step(100, 100 + rank // 2), step(200, 200 + rank // 2))
        written(tmp_path, *lines, name=f"rank{rank}.log")
    written(tmp_path, step(100, 500), step(200, 600), name="other.log")
    reading = read(tmp_path)
    assert codes(reading) == ["ranks-repeat"] * 2
    assert Counter(body["role"] for body in bodies(reading)) == {"primary": 2, "corroborating": 2}


def test_logs_of_ranks_that_lost_a_line_or_whose_clocks_differ_do_not_add(tmp_path: Path) -> None:
    lines = [step(n * 100, n * 100) for n in range(1, 7)]
    late = [step(n * 100, n * 100 + 10) for n in range(1, 7)]
    for rank, told in enumerate((lines[:-1], lines, late)):
        written(tmp_path, *told, name=f"rank{rank}.log")
    reading = read(tmp_path)
    assert codes(reading) == ["ranks-repeat"] * 2
    (kept,) = (body for body in bodies(reading) if body["role"] == "primary")
    assert (kept["run"], kept["method_inputs"]["steps"]) == ("rank0", 500)


@pytest.mark.parametrize("said", [{}, {"run": "llm"}])
def test_logs_of_ranks_in_folders_of_their_own_do_not_add(
    tmp_path: Path, said: dict[str, str]
) -> None:
    for rank in (0, 7):
        (tmp_path / f"r{rank}").mkdir()
        written(tmp_path / f"r{rank}", step(100, 100 + rank), step(200, 200 + rank), name="out.log")
    assert IMPORTER.files(tmp_path) == (tmp_path,)
    reading = read(tmp_path, **said)
    assert codes(reading) == ["ranks-repeat"]
    primary = [body for body in bodies(reading) if body["role"] == "primary"]
    assert [body["device_us"] for body in primary] == [str(8 * 200 * 10**6)]


def test_runs_side_by_side_of_other_size_speed_or_time_all_count(tmp_path: Path) -> None:
    written(tmp_path, step(100, 100), step(200, 200), name="a.log")
    written(tmp_path, step(100, 100, rate="300.0"), step(200, 200, rate="300.0"), name="b.log")
    small = HEAD.replace("world_size ...................................... 8", "world_size ... 4")
    written(tmp_path, step(100, 100), step(200, 200), head=small, name="c.log")
    written(tmp_path, step(100, 900), step(200, 1000), name="d.log")
    written(tmp_path, step(1100, 100, total=2000), step(1200, 200, total=2000), name="e.log")
    reading = read(tmp_path)
    assert "ranks-repeat" not in codes(reading)
    assert [body["role"] for body in bodies(reading)] == ["primary"] * 5


def test_logs_of_one_name_are_runs_by_their_folders(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        for name in ("train.log", "gpt.log"):
            start = 1000 * (folder == "b") + 5000 * (name == "gpt.log")
            written(tmp_path / folder, step(100, start + 100), name=name)
    reading = read(tmp_path)
    assert {body["run"] for body in bodies(reading)} == {"a", "b", "a/gpt", "b/gpt"}
    told = [p.message for p in reading.problems if p.code == "run-name"]
    assert len(told) == 4
    assert told[0].endswith("its run is 'a/gpt'")
    # One log alone has the name of its folder as well, so that it is the same run later.
    assert {b["run"] for b in bodies(read(tmp_path / "a" / "train.log"))} == {"a"}


def test_logs_without_times_are_copies_or_told_and_never_waste(tmp_path: Path) -> None:
    day = {"run": "llm", "not_after": "2026-06-30"}
    written(tmp_path, step(100, None), step(200, None), name="host0.log")
    ranks = [step(n, None, ms="1000.1", rate="399.9") for n in (100, 200)]
    written(tmp_path, *ranks, name="host1.log")
    reading = read(tmp_path, **day)
    assert codes(reading) == ["ranks-repeat"]
    assert by_activity(reading, "operations") == {"pretrain": 8 * 400 * TERA * 200}
    alone = read(tmp_path, not_after="2026-06-30")
    assert codes(alone) == ["ranks-repeat"]
    (tmp_path / "host1.log").unlink()
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 100\n"
    written(tmp_path, step(200, None), head=loaded, name="other.log")
    apart = read(tmp_path, **day)
    assert codes(apart) == ["steps-repeat"]
    assert by_activity(apart, "operations") == {"pretrain": 8 * 400 * TERA * 300}


def test_a_copy_that_was_recorded_before_is_emptied(tmp_path: Path) -> None:
    written(tmp_path, step(100, 103), step(200, 203), name="rank7.log")
    alone = read(tmp_path, run="llm")
    written(tmp_path, step(100, 100), step(200, 200), step(300, 300), name="rank0.log")
    told = [found for found in read(tmp_path, run="llm").told or () if isinstance(found, Whole)]
    (before,) = alone.drafts
    assert before.whole is not None
    assert [whole.key for whole in told] == [before.whole.key]
