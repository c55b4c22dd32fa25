"""Overlapping appends leave the same ledger as appends one after the other, whatever befalls."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from clerks import Direct, Dying, Idle, InFlight, Letting, Refusing
from sealed import altered, checked, copied, entries, found, identity, leg, opened, reversal, said
from servers import Server, found_on
from waiting import SECONDS, Writer, left_in, served

from ledger.cli.context import Context
from ledger.cli.opening import files_of, location_of
from ledger.errors import ConflictError, IntegrityError
from ledger.log import Appended, Batch, Conflict, Head, overlap
from ledger.log.overlap import OverlappingLog
from ledger.record import Draft
from ledger.stores import clerk as beside
from ledger.stores.clerk import hire
from ledger.stores.notes import NotesFile
from ledger.stores.queue import QueueFolder

BATCHES = [[leg(batch * 10 + n) for n in range(10)] for batch in range(5)]


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlap, "_LARGE", 1)
    monkeypatch.setattr(beside, "cores", lambda: 2)


@contextmanager
def overlapping(
    context: Context, hired: Callable[[], Any] | None = None, seed: str = "overlapping"
) -> Iterator[OverlappingLog]:
    """Open a ledger whose appends overlap, with a real clerk if none is given."""
    files, location = files_of(context), location_of(context)
    with location.open(writable=True) as store:
        queue, notes = QueueFolder(files.queue), NotesFile(files.checkpoints)
        process = partial(hire, partial(location.open, writable=True))
        yield OverlappingLog(store, notes, identity(seed=seed), queue, hired or process)


def appended(
    context: Context, batches: Sequence[Sequence[Draft]], hired: Callable[[], Any] | None = None
) -> list[Appended]:
    """Append batches, overlapped."""
    with overlapping(context, hired) as log, log.overlapped():
        return [log.append(batch) for batch in batches]


def one_by_one(
    context: Context, batches: Sequence[Sequence[Draft]], seed: str | None = "overlapping"
) -> list[Appended]:
    """Append the same, each after the other, by the same identity; by another one if None."""
    with opened(context, identity(seed=seed or "")) as log:
        return [log.append(batch) for batch in batches]


def stored(context: Context) -> tuple[Any, ...]:
    """Return all that a ledger holds."""
    with location_of(context).open() as store:
        return list(store.rows()), list(store.all_openings()), list(store.keys()), store.meta()


def noted(context: Context) -> bytes:
    """Return the file of checkpoints."""
    return files_of(context).checkpoints.read_bytes()


def signed(context: Context) -> int:
    """Return the size of the newest checkpoint, whoever has the lock."""
    return int(noted(context).split(b"\n\n")[-3].split(b"\n")[1])


def assert_same(one: Context, other: Context) -> None:
    """Both ledgers hold the same, to the byte."""
    assert stored(one) == stored(other)
    assert noted(one) == noted(other)
    assert checked(one) == checked(other)


def test_overlapped_appends_leave_the_same_bytes_and_say_the_same(tmp_path: Path) -> None:
    one, other = found(tmp_path, "one.db"), found(tmp_path, "other.db")
    again = [*BATCHES[3][:5], leg(777)]
    changed = [replace(leg(31), body=leg(32).body)]
    growing = [[leg(900, status="provisional"), leg(901)], [leg(900), leg(901)], [leg(900)]]
    batches = [*BATCHES, again, changed, *growing, [said(1)], []]
    told = appended(one, batches)
    assert told == one_by_one(other, batches)
    assert told[5] == Appended((50,), 5)
    assert told[6] == Appended(conflicts=(Conflict(0, 31, leg(31).key),))
    assert (len(told[8].superseded), told[8].same, told[9].same) == (1, 1, 1)
    assert_same(one, other)
    assert left_in(one) == []
    assert multiprocessing.active_children() == []


def test_a_server_is_written_to_by_a_clerk_too(server: Server, tmp_path: Path) -> None:
    context = found_on(server, tmp_path)
    told = appended(context, BATCHES)
    assert [len(each.new) for each in told] == [10] * 5
    assert checked(context).signed_size == 50
    assert multiprocessing.active_children() == []


def test_the_first_batch_begins_no_process_and_the_rest_one(tmp_path: Path) -> None:
    context, hired = found(tmp_path), list[Direct]()

    def hire_direct() -> Direct:
        hired.append(Direct(context))
        return hired[-1]

    appended(context, BATCHES[:1], hire_direct)
    assert hired == []
    appended(context, BATCHES[1:], hire_direct)
    assert [(len(each.given), each.ended) for each in hired] == [(3, 1)]


def test_the_first_batch_goes_to_a_clerk_where_several_are_sure_to_come(tmp_path: Path) -> None:
    context, other, hired = found(tmp_path), found(tmp_path, "other.db"), list[Direct]()

    def hire_direct() -> Direct:
        hired.append(Direct(context))
        return hired[-1]

    with overlapping(context, hire_direct) as log, log.overlapped(several=True):
        told = [log.append(batch) for batch in BATCHES]
    assert [(len(each.given), each.ended) for each in hired] == [(5, 1)]
    assert told == one_by_one(other, BATCHES)
    assert_same(context, other)


def test_small_batches_whole_ones_and_those_outside_of_the_block_are_appended_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, direct = found(tmp_path), list[Direct]()
    with overlapping(context, lambda: direct.append(Direct(context)) or direct[-1]) as log:
        log.append(BATCHES[0])
        assert NotesFile(files_of(context).checkpoints).settled_size() == len(noted(context))
        with log.overlapped():
            log.append(BATCHES[1])
            log.append(BATCHES[2])
            assert signed(context) == 20, "the third is being committed, and has the lock"
            log.append(BATCHES[3], whole=True)
            assert checked(context).signed_size == 40
            monkeypatch.setattr(overlap, "_LARGE", 11)
            log.append(BATCHES[4])
            assert checked(context).signed_size == 50
    assert [len(each.given) for each in direct] == [1]


def test_what_a_clerk_does_not_take_or_commit_is_committed_here(tmp_path: Path) -> None:
    other = found(tmp_path, "other.db")
    told = one_by_one(other, BATCHES)
    # The one has a second batch given to it before it says anything of the first.
    for kind, given in ((Idle, 2), (Refusing, 1)):
        context, clerk = found(tmp_path, f"{kind.__name__}.db"), kind()
        assert appended(context, BATCHES, lambda clerk=clerk: clerk) == told
        assert (len(clerk.given), clerk.ended) == (given, 1)
        assert_same(context, other)


def test_without_a_clerk_everything_is_appended_at_once(tmp_path: Path) -> None:
    context, other = found(tmp_path), found(tmp_path, "other.db")
    assert appended(context, BATCHES, lambda: None) == one_by_one(other, BATCHES)
    assert_same(context, other)


def test_what_a_dying_clerk_committed_is_found(tmp_path: Path) -> None:
    context, other = found(tmp_path), found(tmp_path, "other.db")
    assert appended(context, BATCHES, lambda: Dying(context)) == one_by_one(other, BATCHES)
    assert_same(context, other)


def test_a_clerk_that_says_done_and_committed_nothing_is_found(tmp_path: Path) -> None:
    class Boasting(Idle):
        def done(self) -> bool:
            return True

    context = found(tmp_path)
    with pytest.raises(IntegrityError, match="from 10 on were not stored as they were sealed"):
        appended(context, BATCHES, Boasting)
    assert checked(context).signed_size == 10


def test_who_waits_beside_an_overlapped_import_is_served(tmp_path: Path) -> None:
    context, left = found(tmp_path), threading.Semaphore(0)
    writer = Writer(context, [said(7), said(8)], left, identity(seed="beside"))
    with overlapping(context) as log, log.overlapped():
        log.append(BATCHES[0])
        log.append(BATCHES[1])
        # The lock is ours while the clerk is at it.
        writer.start()
        assert left.acquire(timeout=SECONDS)
        log.append(BATCHES[2])
        log.append(BATCHES[3])
        # It had the lock before the third batch, or came along with it or with the fourth.
        writer.join(SECONDS)
        assert writer.outcome in [Appended((n, n + 1)) for n in (20, 30, 40)]
    types = [entry.type for entry in entries(context)]
    assert sorted(types) == ["allocation"] * 40 + ["fact"] * 2
    assert checked(context).signed_size == 42
    assert left_in(context) == []


def test_requests_come_along_with_a_batch_and_get_their_replies(tmp_path: Path) -> None:
    context = found(tmp_path)
    with overlapping(context) as log, log.overlapped():
        log.append(BATCHES[0])
        log.append(BATCHES[1])

        def two(leader: Sequence[Draft]) -> None:
            log.append(leader)
            log.append(BATCHES[3])

        told = served(context, BATCHES[2], [said(1)], [leg(25)], [leg(35)], append=two)
    # The third batch is before them, and the fourth behind.
    assert told == [Appended((30,)), Appended(same=1), Appended((31,))]
    assert [entry.body.get("run") for entry in entries(context)[30:33]] == [
        None,
        "run-35",
        "run-30",
    ]
    assert checked(context).signed_size == 41
    assert left_in(context) == []


def test_who_comes_between_two_batches_moves_the_next_one_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    monkeypatch.setattr(overlap, "_ROW", 1)
    told = appended(context, BATCHES, lambda: Letting(context, leg(20), said(1)))
    assert [(each.new[0], len(each.new), each.same) for each in told] == [
        (0, 10, 0),
        (10, 10, 0),
        (21, 9, 1),  # behind leg(20), which it holds too
        (30, 10, 0),
        (41, 10, 0),  # behind said(1): the clerk had no part in the batch before
    ]
    assert checked(context).signed_size == 51


def test_an_import_gets_on_beside_a_writer_that_always_comes_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, others = found(tmp_path), count(1000)
    begin = OverlappingLog._begin

    def late(log: OverlappingLog, head: Head, batch: Batch) -> bool:
        one_by_one(context, [[said(next(others))]], seed=None)
        return begin(log, head, batch)

    monkeypatch.setattr(OverlappingLog, "_begin", late)
    told = appended(context, BATCHES, lambda: Direct(context))
    assert [len(each.new) for each in told] == [10] * 5
    assert checked(context).signed_size == 54


def test_a_commit_in_flight_when_the_clerk_dies_is_no_other_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, other = found(tmp_path), found(tmp_path, "other.db")
    told = appended(context, BATCHES, lambda: InFlight(context, monkeypatch))
    assert told == one_by_one(other, BATCHES)
    assert_same(context, other)


def test_an_error_in_the_block_lets_go_of_all_and_signs_what_is_committed(tmp_path: Path) -> None:
    context = found(tmp_path)

    def interrupted() -> None:
        with overlapping(context) as log, log.overlapped():
            log.append(BATCHES[0])
            log.append(BATCHES[1])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert multiprocessing.active_children() == []
    assert checked(context).signed_size == 20
    assert one_by_one(context, BATCHES[:3])[2].new == tuple(range(20, 30))


def test_a_bad_draft_leaves_what_came_before(tmp_path: Path) -> None:
    context = found(tmp_path)
    other = found(tmp_path, "other.db")
    one_by_one(other, [[said(0)]])
    wrong = reversal(entries(other)[0], reverses=99)
    with pytest.raises(ConflictError, match="entry 99 cannot be reversed"):
        appended(context, [*BATCHES[:2], [wrong]])
    assert checked(context).signed_size == 20
    assert multiprocessing.active_children() == []


def test_what_a_crash_left_unsigned_is_signed_by_an_import_that_adds_nothing(
    tmp_path: Path,
) -> None:
    context = found(tmp_path)
    one_by_one(context, BATCHES[:2])
    notes = files_of(context).checkpoints
    whole = notes.read_bytes()
    notes.write_bytes(b"\n\n".join(whole.split(b"\n\n")[:-3]) + b"\n\n")
    assert signed(context) == 10
    with overlapping(context, lambda: Direct(context)) as log, log.overlapped(several=True):
        assert [log.append(batch).same for batch in BATCHES[:2]] == [10, 10]
    assert (signed(context), notes.read_bytes()) == (20, whole)


def test_an_older_database_is_refused_by_an_import_that_adds_nothing(tmp_path: Path) -> None:
    context = found(tmp_path)
    one_by_one(context, BATCHES[:2])
    older = copied(context, tmp_path / "older")
    one_by_one(context, BATCHES[2:3])
    files_of(older).checkpoints.write_bytes(noted(context))
    with (
        pytest.raises(IntegrityError, match="the database holds 20 entries"),
        overlapping(older, lambda: Direct(older)) as log,
        log.overlapped(several=True),
    ):
        log.append(BATCHES[0])


def test_a_restored_database_is_refused_before_anything_is_given_to_a_clerk(
    tmp_path: Path,
) -> None:
    context = found(tmp_path)
    one_by_one(context, BATCHES[:2])
    with altered(context) as connection:
        connection.execute("DELETE FROM keys WHERE seq = 19")
        connection.execute("DELETE FROM openings WHERE seq = 19")
        connection.execute("DELETE FROM entries WHERE seq = 19")
    with pytest.raises(IntegrityError):
        appended(context, BATCHES[2:])
    assert multiprocessing.active_children() == []
