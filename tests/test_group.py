"""Writers that wait are served together: one commit, one note, and each its own outcome."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sealed import checked, entries, fill, found, identity, leg, opened, reversal, said
from servers import Server, found_on
from waiting import SECONDS, Writer, counted, left_in, served, together

from ledger.canonical import JSON
from ledger.cli.context import Context
from ledger.cli.opening import files_of, location_of
from ledger.errors import ConflictError, InputError, LedgerError
from ledger.keys import FileSigner
from ledger.log import Appended, Batch, Conflict, Head, group
from ledger.log.group import Group
from ledger.log.request import DRAFTS_MAX
from ledger.log.seal import Sealing
from ledger.record import Draft
from ledger.stores.notes import NotesFile
from ledger.stores.queue import QueueFolder
from ledger.stores.sqlite import SqliteStore

WRITERS = 8


def notes(context: Context) -> int:
    """Return how many notes there are, the first one aside."""
    return len(list(NotesFile(files_of(context).checkpoints).notes(10**9))) - 1


def test_so_many_waiting_writers_make_one_commit_and_one_note(tmp_path: Path) -> None:
    context = found(tmp_path)
    with counted() as commits:
        outcomes = together(context, *([said(2 * n), said(2 * n + 1)] for n in range(WRITERS)))
    assert (commits, notes(context)) == ([2 * WRITERS], 1)
    told = [seq for outcome in outcomes for seq in outcome.new]
    assert sorted(told) == list(range(2 * WRITERS))
    made = entries(context)
    for number, outcome in enumerate(outcomes):
        keys = [made[seq].body["idempotency_key"] for seq in outcome.new]
        assert keys == [identity().key(said(2 * number + n).key).hex() for n in range(2)]
    assert checked(context).signed_size == 2 * WRITERS
    assert left_in(context) == []


def test_waiting_writers_of_a_server_make_one_commit(server: Server, tmp_path: Path) -> None:
    context = found_on(server, tmp_path)
    outcomes = together(context, *([leg(n)] for n in range(WRITERS)))
    assert sorted(outcome.new for outcome in outcomes) == [(n,) for n in range(WRITERS)]
    assert notes(context) == 1
    assert checked(context).signed_size == WRITERS


def test_a_writer_alone_leaves_no_request(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)], [said(1)])
    assert not files_of(context).queue.exists()


def test_a_group_judges_one_request_by_those_before_it(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    other = replace(leg(1), body=leg(2).body)
    back = reversal(entries(context)[0])
    requests = [leg(1)], [leg(1)], [other], [back], [back], [said(0)], [said(0)]
    assert served(context, [said(9)], *requests) == [
        Appended((2,)),
        Appended(same=1),
        Appended(conflicts=(Conflict(0, 2, other.key),)),
        Appended((3,)),
        Appended(same=1),
        Appended((4,)),
        Appended(same=1),
    ]
    assert notes(context) == 2
    assert checked(context).signed_size == 5
    assert left_in(context) == []


def test_an_error_of_one_request_is_told_to_its_owner_alone(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    wrong = replace(reversal(entries(context)[0]), key=("reversal", "x"))
    wrong = replace(wrong, body={**wrong.body, "reverses": 99})
    odd = Draft("nonsense", {}, {}, ("nonsense", "1"))
    poison = Draft("reversal", {"reverses": 0}, {}, ("reversal", "y"))
    with opened(context) as log:
        alone = [failure(log.append, [draft]) for draft in (wrong, odd, poison)]
    outcomes = together(context, [said(1)], [wrong], [said(2)], [odd], [poison], [said(3)])
    told = [outcomes[1], outcomes[3], outcomes[4]]
    assert [type(error) for error in told] == [ConflictError, InputError, KeyError]
    assert [(type(e), vars(e), e.args) for e in told] == [(type(e), vars(e), e.args) for e in alone]
    assert sorted(outcomes[n].new for n in (0, 2, 5)) == [(1,), (2,), (3,)]
    assert checked(context).signed_size == 4
    assert left_in(context) == []


def failure(call: object, drafts: Sequence[Draft]) -> BaseException:
    """Return what is raised."""
    assert callable(call)
    with pytest.raises((LedgerError, KeyError)) as error:
        call(drafts)
    return error.value


def test_a_key_is_announced_by_nobody_else(tmp_path: Path) -> None:
    context = found(tmp_path)
    heir = FileSigner.from_seed("ledger.example/lab-a", bytes(range(32)))
    body: dict[str, JSON] = {"event": "rotated", "vkey": heir.verifier.encode()}
    announced = Draft("key", body, {}, ("key", "rotated"))
    # Its own log would refuse it before it waits.
    (refused,) = served(context, [said(0)], [announced])
    assert isinstance(refused, InputError)
    assert [entry.type for entry in entries(context)] == ["fact"]


def test_a_leader_takes_no_more_than_its_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    monkeypatch.setattr(group, "GROUP_DRAFTS_MAX", 4)
    with counted() as commits:
        outcomes = together(context, *([said(2 * n), said(2 * n + 1)] for n in range(WRITERS)))
    assert all(len(outcome.new) == 2 for outcome in outcomes)
    assert max(commits) <= 2 + 4
    assert checked(context).signed_size == sum(commits) == 2 * WRITERS


def test_a_large_append_waits_without_a_request(tmp_path: Path) -> None:
    context = found(tmp_path)
    many = [said(n) for n in range(DRAFTS_MAX + 1)]
    with NotesFile(files_of(context).checkpoints).exclusive():
        large = Writer(context, many, threading.Semaphore(0), identity())
        large.start()
    (small,) = together(context, [said(1000)])
    large.join(SECONDS)
    assert len(small.new) == 1
    assert isinstance(large.outcome, Appended)
    assert len(large.outcome.new) == len(many)
    assert left_in(context) == []
    assert checked(context).signed_size == len(many) + 1


@pytest.mark.parametrize("spoil", ["file", "open to others", "link"])
def test_writers_without_a_queue_take_turns(tmp_path: Path, spoil: str) -> None:
    context = found(tmp_path)
    folder = files_of(context).queue
    if spoil == "file":
        folder.write_text("mine")
    elif spoil == "link":
        (tmp_path / "elsewhere").mkdir(0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.mkdir()
        folder.chmod(0o755)
    outcomes = together(context, *([said(n)] for n in range(3)))
    assert sorted(outcome.new for outcome in outcomes) == [(0,), (1,), (2,)]
    assert notes(context) == 3
    assert checked(context).signed_size == 3


DRAFTS = st.one_of(
    st.builds(said, st.integers(0, 3)),
    st.builds(leg, st.integers(0, 3)),
    st.builds(
        lambda key, body, status: replace(
            leg(body), key=("allocation", "leg", str(key)), body={**leg(body).body, **status}
        ),
        st.integers(0, 2),
        st.integers(0, 2),
        st.sampled_from([{"status": "final"}, {"status": "provisional"}]),
    ),
    st.builds(lambda n: replace(said(n), type="nonsense"), st.integers(0, 1)),
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(DRAFTS, min_size=1, max_size=3), min_size=1, max_size=5), st.data())
def test_a_group_appends_what_its_writers_would_one_after_another(
    tmp_path_factory: pytest.TempPathFactory, requests: list[list[Draft]], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("group")
    grouped, single = found(folder, "grouped.db"), found(folder, "single.db")
    before = data.draw(st.lists(st.builds(leg, st.integers(0, 3)), max_size=2))
    for context in (grouped, single):
        fill(context, before)
    told = served(grouped, [said(99)], *requests)
    fill(single, [said(99)])
    with opened(single) as log:
        alone = [outcome_of(log.append, drafts) for drafts in requests]
    assert list(map(said_of, told)) == list(map(said_of, alone))
    assert [(e.type, e.body) for e in entries(grouped)] == [
        (e.type, {**e.body, **renamed(e.body, g.body)})
        for e, g in zip(entries(single), entries(grouped), strict=True)
    ]
    assert checked(grouped).signed_size == checked(single).signed_size
    assert notes(grouped) == 1 + bool(before)


def outcome_of(call: object, drafts: Sequence[Draft]) -> Appended | LedgerError:
    """Return what came of an append."""
    assert callable(call)
    try:
        made = call(drafts)
    except LedgerError as error:
        return error
    assert isinstance(made, Appended)
    return made


def said_of(outcome: Appended | LedgerError) -> object:
    """Return what can be compared of an outcome."""
    return (type(outcome), vars(outcome)) if isinstance(outcome, LedgerError) else outcome


def renamed(one: dict[str, JSON], other: dict[str, JSON]) -> dict[str, JSON]:
    """Return what names hashes, which differ by salt: in reversals alone."""
    return {n: other[n] for n in ("hash",) if n in one}


def test_a_promise_that_is_committed_late_is_found_at_the_next_attempt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, left = found(tmp_path), threading.Semaphore(0)
    writer = Writer(context, [said(5)], left, identity(seed="waits"))
    append, late = SqliteStore.append, list[tuple[Head, Batch]]()

    def after_another(store: SqliteStore, expected: Head, batch: Batch) -> None:
        if late:
            # What a leader had begun to commit when it died comes to its end now.
            with location_of(context).open(writable=True) as other:
                assert isinstance(other, SqliteStore)
                append(other, *late.pop())
        append(store, expected, batch)

    monkeypatch.setattr(SqliteStore, "append", after_another)
    notes, queue = NotesFile(files_of(context).checkpoints), QueueFolder(files_of(context).queue)
    with location_of(context).open(writable=True) as store, notes.exclusive():
        writer.start()
        assert left.acquire(timeout=SECONDS)
        head, who = store.head(), identity(seed="leads")
        leader = Group(who, store, queue, lambda _: None)
        late.append((head, leader.join(Sealing(who, store, head).run([said(0)])[0])))
        leader.close()
    writer.join(SECONDS)
    assert writer.outcome == Appended((1,))
    assert checked(context).signed_size == 2
