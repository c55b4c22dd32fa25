"""Batches in a row are committed under one lock, each while the one before it is read back."""

from __future__ import annotations

import fcntl
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest
from clerks import Direct, Lying
from sealed import checked, entries, found, leg, said
from test_overlap import BATCHES, appended, assert_same, one_by_one, overlapping, signed
from waiting import left_in, served

from ledger.cli.opening import files_of
from ledger.errors import IntegrityError
from ledger.log import Appended, Batch, Head, overlap
from ledger.log.overlap import OverlappingLog
from ledger.record import Draft
from ledger.stores import clerk as beside


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "_LARGE", 1)
    monkeypatch.setattr(beside, "cores", lambda: 2)


@pytest.mark.parametrize("row", [1, 4])
def test_nothing_is_signed_that_does_not_read_back_nor_what_is_behind_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: int
) -> None:
    context, clerks = found(tmp_path), list[Lying]()
    monkeypatch.setattr(overlap, "_ROW", row)
    with pytest.raises(IntegrityError, match="from 10 on were not stored as they were sealed"):
        appended(context, BATCHES, lambda: clerks.append(Lying(context)) or clerks[-1])
    assert signed(context) == 10
    # In a row, the next one was given to it before the first was read.
    assert [(len(each.given), each.ended) for each in clerks] == [(min(row, 2), 1)]


def test_a_clerk_is_ended_before_others_have_the_lock_where_its_batch_does_not_read_back(
    tmp_path: Path,
) -> None:
    locked = list[bool]()

    class Watched(Lying):
        def end(self) -> None:
            with pytest.raises(BlockingIOError), files_of(context).checkpoints.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked.append(True)
            super().end()

    context = found(tmp_path)
    with pytest.raises(IntegrityError, match="from 10 on"):
        appended(context, BATCHES, lambda: Watched(context))
    assert locked == [True]


def test_batches_follow_each_other_under_one_lock_so_many_at_a_time(tmp_path: Path) -> None:
    said_of = list[tuple[str, int]]()

    class Telling(Direct):
        def begin(self, expected: Head, batch: Batch) -> bool:
            said_of.append(("begin", signed(context)))
            return super().begin(expected, batch)

        def done(self) -> bool:
            said_of.append(("done", signed(context)))
            return super().done()

        def pause(self) -> None:
            said_of.append(("pause", signed(context)))

    context, other = found(tmp_path), found(tmp_path, "other.db")
    batches = [[leg(batch * 10 + n) for n in range(10)] for batch in range(7)]
    with overlapping(context, lambda: Telling(context)) as log, log.overlapped(several=True):
        told = [log.append(batch) for batch in batches]
    one_row = [("begin", 0), ("begin", 0), ("done", 0), ("begin", 10), ("done", 10)]
    one_row += [("begin", 20), ("done", 20), ("done", 30), ("pause", 40)]
    assert said_of[:9] == one_row
    assert said_of[9:12] == [("begin", 40), ("begin", 40), ("done", 40)]
    assert told == one_by_one(other, batches)
    assert_same(context, other)


def test_an_interruption_while_a_batch_is_read_back_ends_the_clerk_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, clerks = found(tmp_path), list[Direct]()
    confirm, calls = OverlappingLog._confirm, count()

    def interrupted(log: OverlappingLog, batch: Batch) -> None:
        if next(calls) == 2:
            raise KeyboardInterrupt
        confirm(log, batch)

    monkeypatch.setattr(OverlappingLog, "_confirm", interrupted)
    with pytest.raises(KeyboardInterrupt):
        appended(context, BATCHES, lambda: clerks.append(Direct(context)) or clerks[-1])
    assert (signed(context), len(entries(context)), clerks[0].ended) == (20, 40, 1)
    monkeypatch.undo()
    again = one_by_one(context, BATCHES, seed=None)
    assert [len(each.new) for each in again] == [0, 0, 0, 0, 10]
    assert checked(context).signed_size == 50


@pytest.mark.parametrize("where", ["begin", "done"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_an_interrupted_clerk_is_ended_before_others_have_the_lock(
    tmp_path: Path, where: str, nth: int
) -> None:
    """An interruption right behind a call to the clerk finds it with all that it was given."""
    calls, free = count(1), list[bool]()

    class Interrupted(Direct):
        def interrupt(self, called: str) -> None:
            if called == where and next(calls) == nth:
                raise KeyboardInterrupt

        def begin(self, expected: Head, batch: Batch) -> bool:
            taken = super().begin(expected, batch)
            self.interrupt("begin")
            return taken

        def done(self) -> bool:
            self.interrupt("done")
            return super().done()

        def end(self) -> None:
            with files_of(context).checkpoints.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    free.append(True)
                except BlockingIOError:
                    free.append(False)
            super().end()

    context = found(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        appended(context, BATCHES, lambda: Interrupted(context))
    assert free == [False]
    again = one_by_one(context, BATCHES, seed=None)
    assert sum(len(each.new) for each in again) + sum(each.same for each in again) == 50
    assert checked(context).signed_size == 50


def test_a_clerk_that_takes_no_second_batch_is_given_nothing_more(tmp_path: Path) -> None:
    """It may have a part of it, behind which anything else would be read as the rest."""

    asked = list[Head]()

    class Choking(Direct):
        def begin(self, expected: Head, batch: Batch) -> bool:
            asked.append(expected)
            return len(asked) == 1 and super().begin(expected, batch)

    context, other, clerks = found(tmp_path), found(tmp_path, "other.db"), list[Choking]()
    told = appended(context, BATCHES, lambda: clerks.append(Choking(context)) or clerks[-1])
    assert told == one_by_one(other, BATCHES)
    assert [(len(each.given), each.ended) for each in clerks] == [(1, 1)]
    assert len(asked) == 2
    assert_same(context, other)


def test_who_left_a_request_is_served_between_two_batches_of_a_row(tmp_path: Path) -> None:
    context, clerks = found(tmp_path), list[Direct]()
    with (
        overlapping(context, lambda: clerks.append(Direct(context)) or clerks[-1]) as log,
        log.overlapped(several=True),
    ):
        log.append(BATCHES[0])
        log.append(BATCHES[1])

        def two(leader: Sequence[Draft]) -> None:
            log.append(leader)
            log.append(BATCHES[3])

        told = served(context, BATCHES[2], [said(1)], append=two)
    assert told == [Appended((30,))]
    assert checked(context).signed_size == 41
    assert left_in(context) == []
    assert [len(batch.entries) for _, batch in clerks[0].given] == [10, 10, 11, 10]
