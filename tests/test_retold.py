"""A thing told again: what its source tells no more stops to count, and half of it never does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ledgers import EVIDENCE
from megatronlogs import HEAD, START, step
from pods import RUNNING, pod
from pods import written as pods_written
from samples import NOON, answer, pairs
from samples import written as samples_written
from sealed import checked, entries, found, leg, opened
from slurm import HOUR, job, written
from tables import ROW, csv_text, small_rules

from ledger.cli.context import Context
from ledger.entry import Entry
from ledger.journeys.reconciling import reconcile
from ledger.journeys.tolerance import parse_tolerances
from ledger.record import Draft, Whole, check_stored

Imports = Callable[..., dict[str, Any]]
MODEL = ("--set", "model=m")
SLURM = (*MODEL, "--set", "zone=UTC")


@pytest.fixture
def imports(flopledger: Callable[..., Any], tmp_path: Path) -> Imports:
    """The import of a new ledger; each gives its JSON, with the time that then stands in it."""
    rules = str(small_rules(tmp_path))
    assert flopledger("init", "--origin", "ledger.example/lab-a").code == 0
    context = Context(tmp_path / "ledger.db", None, quiet=True, no_input=True, debug=False)

    def ran(path: Path | str, *arguments: str) -> dict[str, Any]:
        done = flopledger("--rules", rules, "import", str(path), *arguments, "-f", "json")
        assert done.code in {0, 1}, done.err
        assert flopledger("verify").code == 0
        document: dict[str, Any] = json.loads(done.out)
        return {**document, "device_us": standing_us(context)}

    return ran


def standing(context: Context) -> list[Entry]:
    """Return the allocations that nothing reverses."""
    kept = {entry.seq: entry for entry in entries(context) if entry.type == "allocation"}
    for entry in entries(context):
        if entry.type == "reversal":
            del kept[int(str(entry.body["reverses"]))]
    return list(kept.values())


def standing_us(context: Context) -> int:
    """Return the device-time that counts, device-microseconds."""
    bodies = [entry.body for entry in standing(context)]
    return sum(int(str(body["device_us"])) for body in bodies if body["role"] == "primary")


def test_a_runaway_job_that_held_nothing_counts_nothing(imports: Imports, tmp_path: Path) -> None:
    running = written(
        tmp_path, job(State="RUNNING", End="Unknown", ElapsedRaw="720000"), name="running.txt"
    )
    ended = written(
        tmp_path,
        job(State="COMPLETED", End="2026-03-01T10:00:00", ElapsedRaw="0"),
        name="ended.txt",
    )
    assert imports(running, *SLURM)["device_us"] == 8 * 200 * HOUR
    first = imports(ended, *SLURM)
    assert (first["device_us"], first["superseded"], first["new"]) == (0, 9, 0)
    # Neither the older export nor the newer one adds anything to it.
    again = [imports(path, *SLURM) for path in (running, ended, running)]
    assert [(one["device_us"], one["new"], one["superseded"]) for one in again] == [(0, 0, 0)] * 3
    # Nor does one from between them, when the job still seemed to run for longer.
    between = job(State="RUNNING", End="Unknown", ElapsedRaw="960000")
    assert imports(written(tmp_path, between, name="b.txt"), *SLURM)["device_us"] == 0


def test_a_job_that_ended_early_counts_until_its_end(imports: Imports, tmp_path: Path) -> None:
    running = written(tmp_path, job(State="RUNNING", End="Unknown", ElapsedRaw="720000"))
    assert imports(running, *SLURM)["device_us"] == 8 * 200 * HOUR
    failed = written(tmp_path, job(State="NODE_FAIL"), name="failed.txt")
    ran = imports(failed, *SLURM)
    assert (ran["device_us"], ran["new"], ran["superseded"]) == (16 * HOUR, 1, 9)
    assert imports(running, *SLURM)["device_us"] == 16 * HOUR
    again = imports(failed, *SLURM)
    assert (again["new"], again["same"], again["changed"]) == (0, 1, 0)


def test_a_job_and_its_end_in_one_export_are_one(imports: Imports, tmp_path: Path) -> None:
    running = job(State="RUNNING", End="Unknown", ElapsedRaw="720000")
    assert imports(written(tmp_path, running, job()), *SLURM)["device_us"] == 16 * HOUR


def test_a_final_job_of_which_an_export_says_that_it_held_nothing_is_told(
    imports: Imports, tmp_path: Path
) -> None:
    assert imports(written(tmp_path, job()), *SLURM)["device_us"] == 16 * HOUR
    nothing = job(End="2026-03-01T10:00:00", ElapsedRaw="0")
    ran = imports(written(tmp_path, nothing, name="n.txt"), *SLURM)
    assert (ran["changed"], ran["device_us"]) == (1, 16 * HOUR)
    assert "changed" in [problem["code"] for problem in ran["problems"]]


def test_a_pod_that_ended_before_it_was_exported_counts_until_its_end(
    imports: Imports, tmp_path: Path
) -> None:
    running = pods_written(tmp_path, pod(status=RUNNING), name="before.json")
    ended = pods_written(tmp_path, pod(), name="after.json")
    asked = (*MODEL, "--set", "at=2026-03-03T06:00:00Z")
    assert imports(running, *asked)["device_us"] == 8 * 44 * HOUR
    ran = imports(ended, *MODEL)
    assert (ran["device_us"], ran["new"], ran["superseded"]) == (16 * HOUR, 1, 3)
    assert imports(running, *asked)["device_us"] == 16 * HOUR


def test_a_workload_that_was_evicted_at_once_counts_nothing(
    imports: Imports, tmp_path: Path
) -> None:
    def workload(**more: str) -> dict[str, Any]:
        at = {"lastTransitionTime": "2026-03-01T10:00:00Z", "status": "True"}
        sets = [
            {
                "name": "main",
                "count": 1,
                "flavors": {"nvidia.com/gpu": "h100"},
                "resourceUsage": {"nvidia.com/gpu": "8"},
            }
        ]
        conditions = [{"type": "Admitted", **at}]
        conditions += [{"type": name, **at} for name in more.values()]
        return {
            "apiVersion": "kueue.x-k8s.io/v1beta1",
            "kind": "Workload",
            "metadata": {"name": "w", "namespace": "n", "uid": "u-1"},
            "spec": {"queueName": "q"},
            "status": {"admission": {"podSetAssignments": sets}, "conditions": conditions},
        }

    asked = (*MODEL, "--set", "role=primary")
    running, ended = tmp_path / "running.json", tmp_path / "ended.json"
    running.write_text(json.dumps(workload()))
    ended.write_text(json.dumps(workload(also="Finished")))
    first = imports(running, *asked, "--set", "at=2026-03-02T06:00:00Z")
    assert first["device_us"] == 8 * 20 * HOUR
    assert imports(ended, *asked)["device_us"] == 0


def test_steps_that_moved_to_another_leg_count_once(imports: Imports, tmp_path: Path) -> None:
    """A session that crosses midnight is resumed below its end: the second day was done again."""
    midnight = 14 * 3600
    assert START.hour == 10
    lines = [step(n * 100, midnight - 300 + n * 100) for n in range(1, 6)]
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "job1.log").write_text(HEAD + "\n".join(lines) + "\n")
    asked = ("--set", "run=r", "--set", "activity=pretrain", "--set", "zone=UTC")
    assert imports(logs, *asked)["device_us"] == 8 * 500 * 10**6
    loaded = HEAD + "successfully loaded checkpoint from /c at iteration 200\n"
    more = [step(n * 100, midnight + 9000 + n * 100) for n in range(3, 11)]
    (logs / "job2.log").write_text(loaded + "\n".join(more) + "\n")
    ran = imports(logs, *asked)
    assert ran["held_device_us"] == {
        "pretrain": str(8 * 1000 * 10**6),
        "restart_waste": str(8 * 300 * 10**6),
    }
    assert ran["device_us"] == 8 * 1300 * 10**6
    again = imports(logs, *asked)
    assert (again["new"], again["changed"], again["device_us"]) == (0, 0, ran["device_us"])


def state(folder: Path, operations: float, hours: int) -> Path:
    folder.mkdir(parents=True)
    summary = {"step": 10, "train_runtime": hours * 3600.0, "total_flos": operations}
    log = [{"loss": 1.0, "step": 10}, {**summary, "train_steps_per_second": 1.0}]
    value = {"global_step": 10, "max_steps": 10, "total_flos": operations, "log_history": log}
    (folder / "trainer_state.json").write_text(json.dumps(value))
    return folder / "trainer_state.json"


def test_a_run_told_otherwise_is_appended_whole_or_not_at_all(
    imports: Imports, tmp_path: Path
) -> None:
    asked = ("--set", "start=2026-03-01T20:00:00Z", "--set", "devices=8", "--set", "run=r")
    first = state(tmp_path / "a", 1e20, 20)
    assert imports(first, *asked)["device_us"] == 8 * 20 * HOUR
    ran = imports(state(tmp_path / "b", 2e20, 50), *asked)
    # Of three days two clash and one is new: none of it is appended.
    assert (ran["new"], ran["changed"], ran["device_us"]) == (0, 3, 8 * 20 * HOUR)
    told = [problem["code"] for problem in ran["problems"]]
    assert (told.count("changed"), told.count("withheld")) == (2, 1)


def test_a_row_of_a_table_that_ended_early_counts_until_its_end(
    imports: Imports, tmp_path: Path
) -> None:
    columns = ("id", *ROW, "status")
    long = {"id": "a", "status": "provisional", "end": "2026-03-05T00:00:00Z"}
    for name, row in (("long", long), ("short", {"id": "a", "status": "final"})):
        unstated = {**row, "operations": "", "method": "none"}
        (tmp_path / f"{name}.csv").write_text(csv_text(unstated, columns=columns))
    before = imports(tmp_path / "long.csv")["device_us"]
    after = imports(tmp_path / "short.csv")
    assert before > after["device_us"] == int(after["held_device_us"]["pretrain"])


def legs(*numbers: int, status: str = "final", **changes: Any) -> list[Draft]:
    """Legs of one thing, numbered."""
    whole = Whole.numbered(("thing",), {**EVIDENCE, "locator": "told again"})
    found_ = []
    for number in numbers:
        draft = leg(number, status=status, **changes)
        key = ("allocation", "thing", str(number))
        found_.append(Draft(draft.type, draft.body, draft.hidden, key, whole))
    return found_


def test_a_leg_that_is_told_no_more_becomes_an_empty_record(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append(legs(0, 1, 2, status="provisional", operations_executed="7"))
        done = log.append(legs(0))
        assert (len(done.new), done.superseded, done.conflicts) == (1, (0, 1, 2), ())
        assert log.append(legs(0)).same == 1
        # An export from before, or from between, is older: nothing of it is taken.
        for older in (legs(0, 1, 2, status="provisional"), legs(0, 1, 2, 3, status="provisional")):
            read = log.append(older)
            assert (read.new, read.same, read.conflicts) == ((), len(older), ())
    empty = [entry.body for entry in standing(context) if entry.body["device_us"] == "0"]
    assert [body["operations"] for body in empty] == ["0", "0"]
    assert [body["operations_executed"] for body in empty] == ["0", "0"]
    assert {body["status"] for body in empty} == {"final"}
    assert [body["evidence"]["locator"] for body in empty] == ["told again"] * 2  # type: ignore[index, call-overload]
    for body in empty:
        check_stored("allocation", body)
    pseudonyms = {entry.body["site_pseudonym"] for entry in entries(context) if entry.seq in {1, 2}}
    assert {body["site_pseudonym"] for body in empty} == pseudonyms
    checked(context)


def test_a_conflict_on_one_leg_withholds_all(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append(legs(0, 1))
        done = log.append([*legs(0), *legs(1, model="m2"), *legs(2, 3)])
        assert (done.new, len(done.conflicts), done.withheld) == ((), 1, 3)
        assert done.conflicts[0].seq == 1
        # A final leg that a final telling leaves out is a conflict as well.
        short = log.append(legs(0))
        assert (short.new, [c.seq for c in short.conflicts], short.withheld) == ((), [1], 0)
        thing = legs(0)[0].whole
        assert thing is not None
        assert log.append([], vanished=[thing]).refuted == (0, 1)
    assert len(entries(context)) == 2


def test_legs_that_were_read_at_another_place_stand_in_nobodys_way(tmp_path: Path) -> None:
    context = found(tmp_path)
    elsewhere = {**EVIDENCE, "locator": "line 77"}
    with opened(context) as log:
        log.append(legs(0, 1))
        done = log.append([*legs(0, 1, evidence=elsewhere), *legs(2, evidence=elsewhere)])
        assert (len(done.new), done.same, done.conflicts) == (1, 2, ())


def test_what_goes_on_grows_by_a_leg_and_an_older_telling_takes_none_away(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append(legs(0, status="provisional"))
        assert len(log.append(legs(0, 1, status="provisional")).new) == 1
        read = log.append(legs(0, status="provisional"))
        assert (read.new, read.same, read.superseded) == ((), 1, ())
        # One that both lacks a leg and has a new one contradicts itself.
        odd = log.append(legs(0, 2, status="provisional"))
        assert (odd.new, [c.seq for c in odd.conflicts]) == ((), [1])
    assert len(standing(context)) == 2


def test_an_empty_record_grades_nothing(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append(legs(0, 1, status="provisional"))
        log.append(legs(0))
    lines = reconcile(entries(context), parse_tolerances(()), as_of=date(2027, 1, 1)).runs
    assert [line.run for line in lines] == ["run-0"]


def test_things_that_vanish_are_emptied_once(tmp_path: Path) -> None:
    context = found(tmp_path)
    thing = legs(0)[0].whole
    assert thing is not None
    with opened(context) as log:
        assert log.append([], vanished=[thing]).superseded == ()
        log.append(legs(0, 1, status="provisional"))
        assert log.preview([], vanished=[thing]).superseded == (0, 1)
        assert log.append([], vanished=[thing]).superseded == (0, 1)
        assert log.append([], vanished=[thing, thing]).superseded == ()
    assert {entry.body["device_us"] for entry in standing(context)} == {"0"}
    checked(context)


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
