"""The legs of one thing: they are judged together, and what is told no more becomes empty."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ledgers import EVIDENCE
from retelling import standing
from sealed import checked, entries, found, leg, opened

from ledger.journeys.reconciling import reconcile
from ledger.journeys.tolerance import parse_tolerances
from ledger.log.wholes import Verdict, decide_part
from ledger.record import Draft, Whole, check_stored


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
        assert (done.new, done.same, len(done.conflicts), done.withheld) == ((), 1, 1, 2)
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


@pytest.mark.parametrize(
    ("verdict", "told", "rest", "decision"),
    [
        ("new", {}, [], "taken"),
        ("older", {}, [], "older"),
        ("same", {}, [], "taken"),
        ("differs", {}, [], "against"),
        ("replaces", {}, [{"status": "provisional"}], "taken"),
        ("replaces", {}, [{"status": "final"}], "against"),
        ("replaces", {"end": "2026-03-01T00:00:01Z"}, [{"status": "provisional"}], "against"),
        ("same", {}, [{"status": "provisional"}], "against"),
    ],
)
def test_a_part_takes_the_place_of_what_it_covers_and_of_nothing_final(
    verdict: Verdict, told: dict[str, Any], rest: list[dict[str, Any]], decision: str
) -> None:
    body = dict(leg(0, evidence={**EVIDENCE, "source_kind": "telemetry"}).body)
    assert decide_part(verdict, {**body, **told}, [{**body, **one} for one in rest]) == decision
