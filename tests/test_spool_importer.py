"""The spool importer: what is whole is exact, and what is missing leaves the total open."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spools import SESSION, START, closing, head, mark, spooled
from tables import catalogue

from ledger.errors import InputError, MissingError
from ledger.estimate import recompute
from ledger.importers import load, recognise
from ledger.importers.spool import IMPORTER
from ledger.importers.spool_session import read_session
from ledger.journeys.importing import Reading
from ledger.measure.contribution import Contribution

MINUTE = 60_000
LATER = "2026-03-09T00:00:00Z"
SOON = "2026-03-01T10:05:00Z"


def read(path: Path, now: str = LATER, **settings: str) -> Reading:
    return IMPORTER.read(path, {"now": now, **settings}, catalogue())


def bodies(reading: Reading) -> list[dict[str, Any]]:
    return [dict(draft.body) for draft in reading.drafts]


def codes(reading: Reading) -> list[str]:
    return [problem.code for problem in reading.problems if problem.severity != "note"]


def is_open(body: dict[str, Any]) -> bool:
    """Whether the record leaves its total without an upper end."""
    return Contribution.of(body).hi is None


WHOLE = (
    head(),
    mark(1, MINUTE, operations=str(10**17), tokens="4096", steps="2"),
    mark(2, 2 * MINUTE, "end", operations=str(3 * 10**17), tokens="8192", steps="4"),
)


def test_session_that_ended_is_exact_and_final(tmp_path: Path) -> None:
    reading = read(spooled(tmp_path, *WHOLE))
    assert (codes(reading), reading.runs) == ([], 1)
    (body,) = bodies(reading)
    device_us = 8000 * 2 * MINUTE
    assert (body["run"], body["model"], body["activity"]) == ("falcon-2-a", "falcon-2", "pretrain")
    assert (body["start"], body["end"]) == ("2026-03-01T10:00:00Z", "2026-03-01T10:02:00Z")
    assert (body["device_us"], body["milli_devices"]) == (str(device_us), 8000)
    assert body["operations"] == str(3 * 10**17)
    assert (body["status"], body["role"]) == ("final", "primary")
    assert body["method_inputs"] == {"tokens": 8192, "steps": 4}
    peak = int(body["peak_operations_per_s"])
    assert body["ceiling_operations"] == str(device_us * peak // 10**6)
    assert reading.drafts[0].key == ("allocation", "spool", SESSION, "0", "0")


def test_counts_are_divided_at_midnight_and_add_up(tmp_path: Path) -> None:
    day = 86_400_000
    total = 10**20 + 7
    lines = (head(), mark(1, 2 * day, "end", operations=str(total), tokens="11"))
    found = bodies(read(spooled(tmp_path, *lines)))
    assert [body["start"][:10] for body in found] == ["2026-03-01", "2026-03-02", "2026-03-03"]
    assert sum(int(body["operations"]) for body in found) == total
    assert sum(body["method_inputs"]["tokens"] for body in found) == 11
    assert sum(int(body["device_us"]) for body in found) == 8000 * 2 * day
    assert all(body["status"] == "final" for body in found)


def test_activities_are_apart(tmp_path: Path) -> None:
    lines = (
        head(),
        mark(1, 1000, "mark", operations="5", activity="startup"),
        mark(2, 2000, operations="15"),
        mark(3, 3000, "mark", operations="25"),
        mark(4, 4000, "mark", operations="26", activity="eval"),
        mark(5, 5000, "end", operations="30"),
    )
    found = bodies(read(spooled(tmp_path, *lines)))
    assert [(body["activity"], body["operations"]) for body in found] == [
        ("startup", "5"),
        ("pretrain", "20"),
        ("eval", "1"),
        ("pretrain", "4"),
    ]


def test_unknown_is_not_zero(tmp_path: Path) -> None:
    lines = (head(), mark(1, 1000, tokens="7"), mark(2, 2000, "end", tokens="9"))
    (body,) = bodies(read(spooled(tmp_path, *lines)))
    assert (body["operations"], body["method"]) == (None, "none")
    assert body["ceiling_operations"] is not None
    (none,) = bodies(read(spooled(tmp_path, head(milli_devices=None), mark(1, 1000, "end"))))
    assert (none["device_us"], none["milli_devices"], none["ceiling_operations"]) == (None,) * 3


def test_parameters_and_tokens_give_a_figure_that_anyone_recomputes(tmp_path: Path) -> None:
    lines = (head(parameters="7000000000"), mark(1, 86_400_000, "end", tokens="1000001"))
    found = bodies(read(spooled(tmp_path, *lines)))
    assert sum(int(body["operations"]) for body in found) == 6 * 7 * 10**9 * 1_000_001
    for body in found:
        assert body["method"] == "architecture"
        assert recompute(body["method_inputs"]) == int(body["operations"])


def test_run_that_goes_on_is_provisional_and_known(tmp_path: Path) -> None:
    reading = read(spooled(tmp_path, *WHOLE[:2], WHOLE[2][:40]), now=SOON)
    assert codes(reading) == []  # a line in the making is no fault
    (body,) = bodies(reading)
    assert (body["status"], body["operations"]) == ("provisional", str(10**17))
    assert bodies(read(spooled(tmp_path, head()), now=SOON)) == []


def test_run_that_was_killed_has_an_unknown_tail_and_no_upper_end(tmp_path: Path) -> None:
    for lines in (WHOLE[:2], (*WHOLE[:2], WHOLE[2][:40]), (head(),)):
        reading = read(spooled(tmp_path, *lines))
        assert "unknown-tail" in codes(reading)
        last = bodies(reading)[-1]
        assert (last["status"], last["operations"]) == ("provisional", None)
        assert is_open(last)
    assert bodies(read(spooled(tmp_path, *WHOLE[:2])))[0]["operations_low"] == str(10**17)


def test_epilog_of_the_job_bounds_the_tail(tmp_path: Path) -> None:
    path = spooled(tmp_path, *WHOLE[:2])
    closing(tmp_path, 90_000, job="4712")
    closing(tmp_path, 30_000)  # an earlier run of the job, before its requeue
    assert "unknown-tail" in codes(read(path))
    closing(tmp_path, 100_000)
    closing(tmp_path, 9_000_000)
    spooled(tmp_path, b"000087 half", name="job-4711-x.closed")
    reading = read(path)
    assert codes(reading) == []
    known, tail = bodies(reading)
    assert (known["operations"], known["status"]) == (str(10**17), "final")
    assert (tail["activity"], tail["operations"], tail["status"]) == ("unknown", None, "final")
    assert tail["device_us"] == str(8000 * 40_000)
    assert (
        Contribution.of(tail).hi
        == int(tail["device_us"]) * int(tail["peak_operations_per_s"]) // 10**6
    )


def test_tail_of_one_heartbeat_is_somebodys_statement(tmp_path: Path) -> None:
    reading = read(spooled(tmp_path, *WHOLE[:2]), tail="heartbeat")
    _, tail = bodies(reading)
    assert (codes(reading), tail["activity"], tail["device_us"]) == (
        [],
        "pretrain",
        str(8000 * 30_000),
    )


def test_missing_line_leaves_its_stretch_open_and_unnamed(tmp_path: Path) -> None:
    lines = (head(), mark(1, 1000, operations="5"), mark(3, 3000, operations="15"))
    reading = read(spooled(tmp_path, *lines, mark(4, 4000, "end", operations="20")))
    assert set(codes(reading)) == {"missing-lines", "open-part"}
    first, gap, last = bodies(reading)
    assert (gap["activity"], gap["operations_low"], gap["operations"]) == ("unknown", "10", None)
    assert is_open(gap)
    assert [int(b["operations"]) for b in (first, last)] == [5, 5]


def test_rest_of_a_failed_write_is_no_gap(tmp_path: Path) -> None:
    lines = (head(), mark(1, 1000, operations="5")[:50], b"\n", mark(1, 2000, operations="6"))
    reading = read(spooled(tmp_path, *lines, mark(2, 3000, "end", operations="9", lost=1)))
    (body,) = bodies(reading)
    assert (codes(reading), body["operations"]) == ([], "9")
    assert {problem.code for problem in reading.problems} == {"torn-line", "lost-lines"}


@pytest.mark.parametrize(
    "last",
    [
        mark(1, 3000, operations="15"),
        mark(2, 500, operations="15"),
        mark(2, 3000, operations="4"),
        mark(2, 3000),
        mark(2, 400 * 366 * 86_400_000, operations="15"),
        head(),
    ],
)
def test_line_that_contradicts_those_before_it_ends_the_reading_open(
    tmp_path: Path, last: bytes
) -> None:
    lines = (head(), mark(1, 1000, operations="5"), last, mark(3, 4000, "end", operations="99"))
    reading = read(spooled(tmp_path, *lines), now=SOON)
    assert {"contradiction", "unknown-tail"} <= set(codes(reading))
    assert bodies(reading)[-1]["operations_low"] == "5"
    assert is_open(bodies(reading)[-1])
    assert bodies(reading)[-1]["evidence"]["file_sha256"] != "0" * 64


def test_lines_after_the_end_leave_it_open(tmp_path: Path) -> None:
    for more in (mark(3, 3 * MINUTE), b"xyz"):
        reading = read(spooled(tmp_path, *WHOLE, more))
        assert "unknown-tail" in codes(reading)
        assert is_open(bodies(reading)[-1])


def test_count_that_could_not_be_taken_leaves_the_part_open(tmp_path: Path) -> None:
    lines = (head(), mark(1, 1000, operations="5"), mark(2, 2000, operations="9", refused=1))
    reading = read(spooled(tmp_path, *lines, mark(3, 3000, "end", operations="9", refused=1)))
    assert "open-part" in codes(reading)
    assert [is_open(body) for body in bodies(reading)] == [False, True, False]


def test_counts_of_no_time_are_kept(tmp_path: Path) -> None:
    alone = (head(), mark(1, 0, "end", operations="5"))
    (body,) = bodies(read(spooled(tmp_path, *alone)))
    assert (body["operations"], body["device_us"]) == ("5", "8000")
    (body,) = bodies(
        read(
            spooled(tmp_path, head(), mark(1, 9, operations="5"), mark(2, 9, "end", operations="8"))
        )
    )
    assert body["operations"] == "8"


def test_counts_of_no_time_stay_with_their_activity(tmp_path: Path) -> None:
    lines = (
        head(),
        mark(1, 0, "mark", operations="1", activity="pretrain"),
        mark(2, 20, "mark", operations="11", activity="eval"),
        mark(3, 20, "mark", operations="111", activity="pretrain"),
        mark(4, 20, "mark", operations="111", activity="sft"),
        mark(5, 40, "end", operations="1111", activity="eval"),
    )
    found = bodies(read(spooled(tmp_path, *lines)))
    assert [(body["activity"], body["operations"], body["device_us"]) for body in found] == [
        ("pretrain", "1", str(8000)),
        ("eval", "10", str(8000 * 19)),
        ("pretrain", "100", str(8000)),
        ("eval", "1000", str(8000 * 19)),
    ]


STRETCHES = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 40, 86_400_000]),
        st.sampled_from([0, 3, 7]),
        st.sampled_from(["pretrain", "eval", "sft"]),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=8,
)


@given(stretches=STRETCHES)
def test_legs_of_a_spool_that_grows_stay_but_the_last(
    stretches: list[tuple[int, int, str, int]],
) -> None:
    at = total = refused = 0
    lines = [head().rstrip(b"\n")]
    for number, (length, more, activity, odd) in enumerate(stretches, 1):
        at, total, refused = at + length, total + more, refused + odd * (number % 3 == 0)
        said = {"operations": str(total), "activity": activity, "refused": refused}
        lines.append(mark(number, at, "mark", **said).rstrip(b"\n"))
    whole = read_session(lines).legs
    assert sum(leg.counts[2] or 0 for leg in whole) == total
    assert all(leg.stop <= after.start for leg, after in pairwise(whole))
    for count in range(1, len(lines)):
        assert whole[: len(begun := read_session(lines[:count]).legs[:-1])] == begun


def test_only_one_rank_adds(tmp_path: Path) -> None:
    roles = []
    for rank in (None, 0, 1, 7):
        lines = (head(rank=rank, session=f"{rank or 0:032x}"), *WHOLE[1:])
        roles += [body["role"] for body in bodies(read(spooled(tmp_path, *lines)))]
    assert roles == ["primary", "primary", "corroborating", "corroborating"]


def test_two_processes_without_a_rank_are_told(tmp_path: Path) -> None:
    sessions = {"a": 0, "b": 500, "c": 3 * MINUTE}
    for name, at in sessions.items():
        first = head(rank=None, session=name * 32, wall_ms=START + at)
        lines = (first, mark(1, MINUTE, "end", operations="5", wall_ms=START + at + MINUTE))
        spooled(tmp_path, *lines, name=f"{name}.spool")
    second = (head(rank=1, session="d" * 32), *WHOLE[1:])
    spooled(tmp_path, *second, name="d.spool")
    found = [codes(read(path)) for path in IMPORTER.files(tmp_path)]
    assert found == [["counted-twice"], [], [], []]
    assert codes(read(tmp_path / "a.spool", role="corroborating")) == []
    IMPORTER.files(tmp_path / "a.spool")
    assert codes(read(tmp_path / "a.spool")) == []


def test_capture_within_another_does_not_add(tmp_path: Path) -> None:
    (body,) = bodies(read(spooled(tmp_path, head(within="f" * 32), *WHOLE[1:])))
    assert body["role"] == "corroborating"


def test_clock_that_was_set_is_told_and_time_held_stays(tmp_path: Path) -> None:
    lines = (head(), mark(1, MINUTE, "end", wall_ms=START - 3_600_000))
    reading = read(spooled(tmp_path, *lines))
    assert codes(reading) == ["clock-step"]
    assert bodies(reading)[0]["device_us"] == str(8000 * MINUTE)
    old = read(spooled(tmp_path, head(wall_ms=5000), mark(1, 1000, "end")))
    assert codes(old) == ["input"]


def test_clock_far_ahead_keeps_no_run_alive(tmp_path: Path) -> None:
    assert "unknown-tail" in codes(read(spooled(tmp_path, *WHOLE[:2]), now="2026-02-01T00:00:00Z"))


def test_doubts_and_unknown_devices_are_told(tmp_path: Path) -> None:
    lines = (head(device="h900", doubts=["activity was given as 'pretrian'"]), *WHOLE[1:])
    reading = read(spooled(tmp_path, *lines))
    assert codes(reading) == ["doubtful", "unmapped-device"]
    assert bodies(reading)[0]["device"] is None


def test_more_than_the_devices_can_do_is_told(tmp_path: Path) -> None:
    lines = (head(), mark(1, 1000, "end", operations=str(10**19)))
    assert codes(read(spooled(tmp_path, *lines))) == ["above-ceiling"]


def test_model_must_be_said(tmp_path: Path) -> None:
    path = spooled(tmp_path, head(model=None), *WHOLE[1:])
    assert codes(read(path)) == ["input"]
    assert bodies(read(path, model="m"))[0]["model"] == "m"


def test_settings_are_checked(tmp_path: Path) -> None:
    path = spooled(tmp_path, *WHOLE)
    for bad in ({"role": "x"}, {"tail": "none"}, {"now": "today"}):
        with pytest.raises(InputError):
            IMPORTER.read(path, bad, catalogue())


def test_spool_is_recognised_by_its_first_line_or_name(tmp_path: Path) -> None:
    plain = spooled(tmp_path, *WHOLE, name="plain.jsonl")
    spooled(tmp_path, *WHOLE)
    assert recognise([plain]).name == recognise([tmp_path]).name == "spool"
    assert load("spool").files(tmp_path) == (tmp_path / "a.spool",)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingError):
        IMPORTER.files(tmp_path / "empty")


def test_sample_cut_at_every_byte_is_never_a_wrong_record(tmp_path: Path) -> None:
    data = b"".join(WHOLE)
    low = {0: 0, 1: 10**17}
    for stop in range(len(data)):
        reading = read(spooled(tmp_path, data[:stop]))
        # A line without its newline is whole; a shorter one is not there.
        whole = data[: stop + 1].count(b"\n")
        if whole == 0:
            assert (bodies(reading), codes(reading)) == ([], ["input"])
        elif whole == len(WHOLE):
            assert bodies(reading)[0]["operations"] == str(3 * 10**17)
        else:
            (body,) = bodies(reading)
            assert "unknown-tail" in codes(reading)
            assert int(body["operations_low"] or 0) == low[whole - 1]
            assert is_open(body)


@given(st.integers(0, 900), st.binary(min_size=1, max_size=30))
def test_hostile_bytes_are_problems_and_never_exceptions(place: int, junk: bytes) -> None:
    data = b"".join(WHOLE)
    place = min(place, len(data))
    for hurt in (
        data[:place] + junk + data[place:],
        data[:place] + junk + data[place + len(junk) :],
    ):
        try:
            session = read_session(iter(hurt.split(b"\n")))
        except InputError:
            continue
        counted = sum(leg.counts[2] or 0 for leg in session.legs)
        known = session.ended is not None and not any(leg.open for leg in session.legs)
        assert counted in {0, 10**17, 3 * 10**17}
        assert not known or counted == 3 * 10**17
