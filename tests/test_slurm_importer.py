"""The Slurm importer: every trap of its accounting, on made and on real exports."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slurm import HOUR, MAP, NAMES, bodies, codes, held, job, read, written
from tables import catalogue

from ledger.errors import InputError
from ledger.importers import recognise
from ledger.importers.problem_list import KEPT_MAX
from ledger.importers.slurm import IMPORTER
from ledger.importers.slurm_reading import EXPORT
from ledger.importers.slurm_table import Misfit, Record, header_of, records
from ledger.importers.slurm_tres import Held, accelerators


def test_a_job_holds_its_devices_for_its_time(tmp_path: Path) -> None:
    reading = read(written(tmp_path, job()))
    (body,) = bodies(reading)
    assert codes(reading) == []
    assert (body["device"], body["milli_devices"]) == ("nvidia-h100-sxm5", 8000)
    assert int(body["device_us"]) == 16 * HOUR
    assert body["operations"] is None
    assert int(body["ceiling_operations"]) > 0
    assert (body["status"], body["role"]) == ("final", "primary")
    assert body["method_inputs"] == {"job": "4711", "state": "COMPLETED"}
    assert body["evidence"]["source_kind"] == "scheduler"
    assert body["evidence"]["locator"] == "line 2"


def test_steps_add_nothing_to_their_job(tmp_path: Path) -> None:
    steps = (job(JobID=f"4711.{step}") for step in ("batch", "extern", "0"))
    assert held(read(written(tmp_path, job(), *steps))) == 16 * HOUR


def test_failed_and_cancelled_jobs_are_kept(tmp_path: Path) -> None:
    states = ("FAILED", "CANCELLED by 1300204", "NODE_FAIL", "OUT_OF_MEMORY", "TIMEOUT")
    lines = [job(JobID=str(n), State=state) for n, state in enumerate(states, start=1)]
    assert held(read(written(tmp_path, *lines))) == 5 * 16 * HOUR


@pytest.mark.parametrize(
    "changes",
    [
        {"Start": "Unknown", "State": "CANCELLED by 7"},
        {"Start": "None", "End": "None", "State": "PENDING"},
        {"AllocTRES": ""},
        {"AllocTRES": "gres/gpu=0,cpu=4", "Start": "2026-03-01T12:00:00", "State": "PENDING"},
        {"Start": "2026-03-01T12:00:00", "ElapsedRaw": "0"},
    ],
)
def test_what_held_nothing_is_counted_and_not_recorded(
    changes: dict[str, str], tmp_path: Path
) -> None:
    reading = read(written(tmp_path, job(**changes)))
    assert bodies(reading) == []
    assert codes(reading) == []


def test_a_running_job_is_provisional_until_its_end_is_known(tmp_path: Path) -> None:
    running = job(State="RUNNING", End="Unknown", ElapsedRaw="3600")
    (before,) = read(written(tmp_path, running)).drafts
    (after,) = read(written(tmp_path, job())).drafts
    assert (before.body["status"], after.body["status"]) == ("provisional", "final")
    assert before.key == after.key
    assert int(str(before.body["device_us"])) == 8 * HOUR


def test_days_are_cut_at_midnight_in_utc(tmp_path: Path) -> None:
    line = job(Start="2026-03-01T23:00:00", End="2026-03-02T02:00:00", ElapsedRaw="10800")
    found = bodies(read(written(tmp_path, line)))
    assert [(b["start"], b["end"]) for b in found] == [
        ("2026-03-01T23:00:00Z", "2026-03-02T00:00:00Z"),
        ("2026-03-02T00:00:00Z", "2026-03-02T02:00:00Z"),
    ]


def test_the_zone_is_never_guessed(tmp_path: Path) -> None:
    path = written(tmp_path, *(job(JobID=str(n)) for n in range(5)))
    reading = IMPORTER.read(path, {"model": "m"}, catalogue())
    assert [(p.code, p.line) for p in reading.problems if p.severity == "refused"] == [
        ("missing", None)
    ]
    assert "--set zone=" in reading.problems[0].remedy


def test_seconds_since_the_epoch_need_no_zone(tmp_path: Path) -> None:
    path = written(tmp_path, job(Start="1772359200", End="1772366400", Submit="1772359000"))
    reading = IMPORTER.read(path, {"model": "m"}, catalogue())
    assert [d.body["start"] for d in reading.drafts] == ["2026-03-01T10:00:00Z"]


def test_the_hour_that_comes_twice_is_told_by_the_elapsed_time(tmp_path: Path) -> None:
    night = {"Start": "2026-10-25T02:30:00", "End": "2026-10-25T03:30:00"}
    for elapsed, start in (("7200", "00:30"), ("3600", "01:30")):
        path = written(tmp_path, job(**night, ElapsedRaw=elapsed))
        (body,) = bodies(read(path, zone="Europe/Berlin"))
        assert body["start"] == f"2026-10-25T{start}:00Z"
    reading = read(written(tmp_path, job(**night, ElapsedRaw="")), zone="Europe/Berlin")
    assert "means several stretches of time" in reading.problems[0].message


def test_the_hour_that_never_was_is_refused(tmp_path: Path) -> None:
    line = job(Start="2026-03-29T02:30:00", End="2026-03-29T04:30:00")
    reading = read(written(tmp_path, line), zone="Europe/Berlin")
    assert "no clock of Europe/Berlin showed 2026-03-29T02:30:00" in reading.problems[0].message


def test_an_unknown_zone_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no time zone 'Berlin'"):
        read(written(tmp_path, job()), zone="Berlin")


def test_requeued_runs_of_one_job_all_count(tmp_path: Path) -> None:
    again = job(Start="2026-03-01T13:00:00", End="2026-03-01T15:00:00")
    reading = read(written(tmp_path, job(State="REQUEUED"), again))
    assert held(reading) == 32 * HOUR
    assert len({draft.key for draft in reading.drafts}) == 2


def test_slurms_own_id_of_a_run_makes_no_other_record(tmp_path: Path) -> None:
    header = NAMES + "|SLUID"
    path = written(tmp_path, job() + "|s01", job(JobID="4712") + "|s02", header=header)
    with_it = [draft.key for draft in read(path).drafts]
    without = [draft.key for draft in read(written(tmp_path, job(), job(JobID="4712"))).drafts]
    assert with_it == without


def test_exports_in_two_zones_or_with_other_columns_tell_of_one_run(tmp_path: Path) -> None:
    raw = "JobIDRaw|" + NAMES
    here = {"Submit": "2026-03-01T10:58:00", "Start": "2026-03-01T11:00:00"}
    lines = {
        "UTC": (job(JobID="4711_7"), NAMES),
        "Europe/Berlin": (job(JobID="4711_7", End="2026-03-01T13:00:00", **here), NAMES),
        "Etc/UTC": ("4718|" + job(JobID="4711_7"), raw),
    }
    keys = set()
    for zone, (line, header) in lines.items():
        (draft,) = read(written(tmp_path, line, header=header), zone=zone).drafts
        assert draft.body["start"] == "2026-03-01T10:00:00Z"
        keys.add(draft.key)
    seconds = {"Submit": "1772359080", "Start": "1772359200", "End": "1772366400"}
    (draft,) = read(written(tmp_path, job(JobID="4711_7", **seconds))).drafts
    assert keys == {draft.key}


def test_a_running_job_of_the_hour_that_comes_twice_is_refused(tmp_path: Path) -> None:
    night = {"Start": "2026-10-25T02:30:00", "End": "Unknown", "State": "RUNNING"}
    reading = read(written(tmp_path, job(**night)), zone="Europe/Berlin")
    assert "means several stretches of time" in reading.problems[0].message
    assert bodies(reading) == []


def test_components_of_a_heterogeneous_job_add_up(tmp_path: Path) -> None:
    reading = read(written(tmp_path, job(), job(JobID="4711+1", AllocTRES="gres/gpu:a100=4")))
    assert held(reading) == 24 * HOUR
    assert {b["device"] for b in bodies(reading)} == {"nvidia-h100-sxm5", "nvidia-a100-40gb"}


@pytest.mark.parametrize(
    ("tres", "found", "odd"),
    [
        ("", (), False),
        ("cpu=1,gres/gpu=2", (Held("", 2),), False),
        ("gres/gpu:a100=2,gres/gpu=2", (Held("a100", 2),), False),
        ("gres/gpu:a100=2,gres/gpu:h100=4", (Held("a100", 2), Held("h100", 4)), False),
        ("gres/gpu=8,gres/gpu:a100=2", (Held("a100", 2), Held("", 6)), False),
        ("gres/gpu=2,gres/gpu:a100=4", (Held("a100", 4),), True),
        ("gres/gpumem=80G,gres/gpuutil=97,gres/gpu=1", (Held("", 1),), False),
        ("gres/gpu=0", (), False),
    ],
)
def test_generic_and_typed_entries_stand_for_the_same_devices(
    tres: str,
    found: tuple[Held, ...],
    odd: bool,  # noqa: FBT001 - a case
) -> None:
    assert accelerators(tres) == (found, accelerators(tres)[1])
    assert bool(accelerators(tres)[1]) == odd


@pytest.mark.parametrize("tres", ["gres/gpu=two", "gres/gpu", "gres/gpu=1,gres/gpu=1"])
def test_a_count_that_is_none_is_refused(tres: str) -> None:
    with pytest.raises(InputError):
        accelerators(tres)


def test_the_counts_of_others_agree(shared_path: Callable[[str], Path]) -> None:
    cases = json.loads(shared_path("data/slurm/xdmod/alloc-tres-gpu-count.json").read_text())
    for tres, count in cases:
        assert sum(h.count for h in accelerators(tres)[0]) == count, tres


def test_a_slice_is_as_much_of_a_device_as_the_map_says(tmp_path: Path) -> None:
    line = job(AllocTRES="gres/gpu:1g.10gb=2")
    (body,) = bodies(read(written(tmp_path, line)))
    assert body["milli_devices"] == 286
    plain = MAP.replace("[1g.10gb]", "[other]")
    reading = read(written(tmp_path, line), plain)
    (body,) = bodies(reading)
    assert (body["milli_devices"], body["device_us"]) == (None, None)
    assert codes(reading) == ["unmapped-device"]


def test_two_kinds_of_device_are_two_positions(tmp_path: Path) -> None:
    lines = (job(), job(JobID="2", AllocTRES="gres/gpu=4,gres/gpu:a100=4", Partition="a100"))
    by_device = Counter[str]()
    for body in bodies(read(written(tmp_path, *lines))):
        by_device[body["device"]] += int(body["device_us"])
    assert by_device == {"nvidia-h100-sxm5": 16 * HOUR, "nvidia-a100-40gb": 8 * HOUR}


def test_jobs_of_no_model_say_how_much_time_they_hold(tmp_path: Path) -> None:
    lines = [job(JobID=str(n), Account="hr") for n in range(3)]
    reading = read(written(tmp_path, job(), *lines))
    assert len(bodies(reading)) == 1
    (problem,) = (p for p in reading.problems if p.code == "unmapped")
    assert "3 jobs with account hr hold 48 device-hours" in problem.message


def test_many_kinds_of_jobs_of_no_model_are_told_once_each(tmp_path: Path) -> None:
    """The first are told one by one, and the rest together: no time is told twice."""
    lines = [job(JobID=str(n), Account=f"a{n}") for n in range(203)]
    told = [p.message for p in read(written(tmp_path, *lines)).problems if p.code == "unmapped"]
    assert len(told) == 201
    assert told[-1].startswith("3 more kinds of jobs, 3 in all, hold 48 device-hours")


def test_elapsed_time_that_differs_is_looked_at(tmp_path: Path) -> None:
    reading = read(written(tmp_path, job(ElapsedRaw="3600")))
    assert codes(reading) == ["elapsed-differs"]
    assert held(reading) == 16 * HOUR


def test_suspended_time_explains_it(tmp_path: Path) -> None:
    path = written(tmp_path, job(ElapsedRaw="3600") + "|01:00:00", header=NAMES + "|Suspended")
    assert codes(read(path)) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"State": "FOO"}, "'FOO' is no state of a job"),
        ({"Start": "yesterday"}, "'yesterday' is no time"),
        ({"End": "2026-03-01T09:00:00"}, "the job ends"),
        ({"JobID": ""}, "no job id"),
        ({"ElapsedRaw": "two"}, "'two' is no duration"),
        ({"AllocTRES": "gres/gpu=x"}, "no count of devices"),
        ({"Start": "2026-02-30T00:00:00"}, "is no time"),
    ],
)
def test_a_wrong_cell_refuses_its_row(
    changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    reading = read(written(tmp_path, job(), job(**{"JobID": "9", **changes})))
    (problem,) = (p for p in reading.problems if p.severity == "refused")
    assert message in problem.message
    assert problem.line == 3
    assert reading.refused == 1


def test_many_faults_of_one_kind_are_counted(tmp_path: Path) -> None:
    number = KEPT_MAX + 50
    reading = read(written(tmp_path, *(job(JobID=str(n), State="FOO") for n in range(number))))
    assert reading.refused == number
    assert len(reading.problems) == KEPT_MAX + 2  # the rest together, and the note
    assert "50 more like it" in reading.problems[-1].message + reading.problems[-2].message


@pytest.mark.parametrize("delimiter", ["|", "|#", ",", ";", "\t", "@@"])
@pytest.mark.parametrize("closed", [False, True])
def test_any_delimiter_is_told_by_the_header(
    delimiter: str,
    closed: bool,  # noqa: FBT001 - a case
    tmp_path: Path,
) -> None:
    end = delimiter if closed else ""
    line = job(AllocTRES="gres/gpu=8").replace("|", delimiter) + end
    path = written(tmp_path, line, header=NAMES.replace("|", delimiter) + end)
    assert held(read(path)) == 16 * HOUR


def test_a_name_with_delimiter_or_line_end_keeps_its_row(tmp_path: Path) -> None:
    lines = (job(JobName="a|b|c"), job(JobID="2", JobName="two\nlines"), job(JobID="3"))
    reading = read(written(tmp_path, *lines))
    # A line end in the last cell cannot be told from the next row: what follows it is refused.
    assert held(reading) == 3 * 16 * HOUR
    assert [p.line for p in reading.problems if p.severity == "refused"] == [4]


def test_a_name_keeps_its_row_whatever_it_holds_where_another_column_is_last(
    tmp_path: Path,
) -> None:
    """As in the export that is advised: neither delimiter nor line end costs a record."""
    names = NAMES.split("|")
    order = [*names[:2], names[-1], *names[2:-1]]

    def turned(line: str, name: str) -> str:
        cells = line.split("|")
        return "|".join([*cells[:2], name, *cells[2:-1]])

    named = {"1": "a|b|c", "2": "two\nlines", "3": ""}
    jobs = [turned(job(JobID=number), name) for number, name in named.items()]
    for end in ("", "|"):
        lines = [line + end for line in jobs]
        reading = read(written(tmp_path, *lines, header="|".join(order) + end))
        assert held(reading) == 3 * 16 * HOUR
        assert not [p for p in reading.problems if p.severity == "refused"]
        assert next(d.hidden["run_name"] for d in reading.drafts) == "a|b|c"
    assert EXPORT.split(",")[-1] == "alloctres"


def test_a_cut_row_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    reading = read(written(tmp_path, "4710|c1|h100|llm", job()))
    assert held(reading) == 16 * HOUR
    assert [(p.line, p.code) for p in reading.problems if p.severity == "refused"] == [(2, "input")]


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=6))
def test_no_text_makes_another_error_than_a_problem(lines: list[str]) -> None:
    header = header_of(NAMES)
    assert header is not None
    for found in records((line.encode() for line in (NAMES, *lines)), header):
        assert isinstance(found, Record | Misfit)


@pytest.mark.parametrize(
    "data", [b"", b"\x00" * 100, b"\x1f\x8b broken", b"|" * 25, b"JobID|State\n1|X\n"]
)
def test_rubbish_is_a_refusal(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "sacct.txt"
    path.write_bytes(data)
    reading = read(path)
    assert any(p.severity == "refused" for p in reading.problems)


def test_a_file_that_changes_between_the_passes_stops_the_import(tmp_path: Path) -> None:
    path = written(tmp_path, job())
    reading = read(path)
    written(tmp_path, job(AllocTRES="gres/gpu=9"))
    with pytest.raises(InputError, match="changed while it was read"):
        list(reading.drafts)


def test_exports_are_recognised(tmp_path: Path) -> None:
    assert recognise([written(tmp_path, job())]).name == "slurm"
    assert recognise([written(tmp_path, job(), name="sacct.csv")]).name == "slurm"


def test_a_second_import_adds_nothing(tmp_path: Path, flopledger: Callable[..., Any]) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP)
    path = written(tmp_path, job(), job(JobID="2", Account="hr"))
    flopledger("init", "--origin", "ledger.example/slurm")
    asked = ("import", str(path), "--map", str(mapping), "--set", "zone=UTC", "-f", "json")
    first, second = flopledger(*asked), flopledger(*asked)
    assert (first.code, second.code) == (1, 1)  # a job is of no model
    assert json.loads(first.out)["new"] == 1
    assert (json.loads(second.out)["new"], json.loads(second.out)["same"]) == (0, 1)


def test_a_map_for_another_source_is_refused(
    tmp_path: Path, flopledger: Callable[..., Any]
) -> None:
    mapping = tmp_path / "map.yaml"
    mapping.write_text(MAP.replace("source: slurm", "source: kueue"))
    flopledger("init", "--origin", "ledger.example/slurm")
    ran = flopledger("import", str(written(tmp_path, job())), "--map", str(mapping))
    assert ran.code == 2
    assert "the map is for kueue" in ran.err
