"""The queue of waiting writers: what is found in it, and what becomes of it when somebody dies."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sealed import checked, entries, fill, found, identity, opened, said
from waiting import SECONDS, Writer, left_in, served

from ledger.cli.context import Context
from ledger.cli.opening import files_of, location_of
from ledger.log import Appended
from ledger.log.group import Ticket
from ledger.log.request import (
    REQUEST_BYTES_MAX,
    Promise,
    Reply,
    encode_promise,
    encode_reply,
    encode_request,
    parse_promise,
    parse_reply,
)
from ledger.merkle import leaf_hash
from ledger.record import Draft
from ledger.stores.queue import Asked, QueueFolder, Request

TESTS = Path(__file__).resolve().parent


def asked(context: Context, data: bytes) -> Request:
    """Leave bytes in the queue, as a writer that lives."""
    request = QueueFolder(files_of(context).queue).ask(data)
    assert request is not None
    return request


def request_of(number: int, secret: bytes | None = None) -> bytes:
    """Return the bytes of a request for one record."""
    who = identity() if secret is None else replace(identity(), secret=secret)
    data = encode_request(who, [said(number)])
    assert data is not None
    return data


DEAD = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from ledger.stores.queue import QueueFolder
request = QueueFolder(Path(sys.argv[2])).ask(bytes.fromhex(sys.argv[3]))
os.kill(os.getpid(), 9)
"""


def test_request_of_a_dead_writer_is_removed_and_not_appended(tmp_path: Path) -> None:
    context = found(tmp_path)
    arguments = [str(TESTS), str(files_of(context).queue), request_of(1).hex()]
    done = subprocess.run([sys.executable, "-c", DEAD, *arguments], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(left_in(context)) == 1
    fill(context, [said(0)])
    assert left_in(context) == []
    assert checked(context).size == 1


def test_request_without_the_secret_is_not_appended(tmp_path: Path) -> None:
    context = found(tmp_path)
    forged = asked(context, request_of(1, bytes(32)))
    fill(context, [said(0)])
    assert forged.wait(0) == b""
    assert checked(context).size == 1
    forged.withdraw()
    assert left_in(context) == []


WHOLE = request_of(1)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"\n" * 66,
        WHOLE[:1],
        WHOLE[: len(WHOLE) // 2],
        WHOLE[:-1],
        WHOLE + b"\n",
        WHOLE + WHOLE,
        WHOLE.replace(b"/1", b"/2"),
        b"[" * REQUEST_BYTES_MAX,
        b"x" * (REQUEST_BYTES_MAX + 1),
    ],
)
def test_request_that_is_none_stops_nobody(tmp_path: Path, data: bytes) -> None:
    context = found(tmp_path)
    odd, sound = asked(context, data), asked(context, request_of(2))
    fill(context, [said(0)])
    assert odd.wait(0) == b""
    assert sound.wait(0).count(b"flopledger.queue/1 reply\n") == 1
    assert checked(context).signed_size == 2
    odd.withdraw()
    sound.withdraw()


@pytest.mark.parametrize("kind", ["folder", "pipe", "link", "sparse", "name"])
def test_what_is_no_request_stops_nobody_and_stays(tmp_path: Path, kind: str) -> None:
    context = found(tmp_path)
    folder = files_of(context).queue
    folder.mkdir(0o700)
    path, aim = folder / "0", tmp_path / "aim"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        aim.write_bytes(request_of(1))
        path.symlink_to(aim)
    else:
        path = folder / ("0" if kind == "sparse" else "\udcff\n-x")
        path.touch()
    held = path.open("r+b") if kind in {"sparse", "name"} else None
    if held is not None:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.truncate(2**40 if kind == "sparse" else 10)
    sound = asked(context, request_of(2))
    fill(context, [said(0)])
    assert sound.wait(0) != b""
    sound.withdraw()
    assert len(left_in(context)) == 1
    assert checked(context).signed_size == 2
    if held is not None:
        held.close()
    if kind == "link":
        assert aim.read_bytes() == request_of(1)


LEADER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from sealed import identity, opened, said
from ledger.cli.context import Context
from ledger.stores.notes import NotesFile
from ledger.stores.queue import Asked, QueueFolder
from ledger.stores.sqlite import SqliteStore

def killed(*given):
    os.kill(os.getpid(), 9)

def half(asked, reply):
    os.pwrite(asked._descriptor, reply[:40], asked._end)
    killed()

def after_commit(store, *given, append=SqliteStore.append):
    append(store, *given)
    killed()

def torn(notes, note):
    with notes.path.open("ab") as file:
        file.write(note[:50])
    killed()

def gather(queue, company):
    print("leads", flush=True)
    # A request is locked before it is written, and counts from then on.
    names = []
    while len(names) < int(sys.argv[4]):
        names = [n for n in queue._names() if os.path.getsize(f"{queue.path}/{n}")]

QueueFolder.gather = gather
step = sys.argv[3]
if step == "before the commit": SqliteStore.append = killed
if step == "after the commit": SqliteStore.append = after_commit
if step == "within the note": NotesFile.append = torn
if step == "before the reply": Asked.answer = killed
if step == "within the reply": Asked.answer = half
if step == "after the reply": QueueFolder.wake = killed
context = Context(Path(sys.argv[2]), None, True, True, False)
with opened(context, identity(seed="leader")) as log:
    log.append([said(1)])
"""


@pytest.mark.parametrize(
    ("step", "size", "outcome"),
    [
        ("before the commit", 2, Appended((1,))),
        ("after the commit", 3, Appended((2,))),
        ("within the note", 3, Appended((2,))),
        ("before the reply", 3, Appended((2,))),
        ("within the reply", 3, Appended((2,))),
        ("after the reply", 3, Appended((2,))),
    ],
)
def test_leader_killed_at_any_step_loses_nothing(
    tmp_path: Path, step: str, size: int, outcome: Appended
) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    arguments = [str(TESTS), str(context.ledger), step, "1"]
    command = [sys.executable, "-c", LEADER, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        assert leader.stdout.readline() == "leads\n"
        # It goes on as soon as there is one that waits.
        writer = Writer(context, [said(2)], threading.Semaphore(0), identity(seed="waits"))
        writer.start()
        writer.join(SECONDS)
        leader.wait(SECONDS)
    assert leader.returncode == -signal.SIGKILL
    assert writer.outcome == outcome
    assert checked(context).signed_size == size
    assert len({entry.body["idempotency_key"] for entry in entries(context)}) == size
    fill(context, [said(1), said(2)])
    assert checked(context).signed_size == 3
    assert left_in(context) == []


def test_writers_of_one_record_are_told_which_of_them_recorded_it(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    arguments = [str(TESTS), str(context.ledger), "after the commit", "2"]
    command = [sys.executable, "-c", LEADER, *arguments]
    writers, left = list[Writer](), threading.Semaphore(0)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        assert leader.stdout.readline() == "leads\n"
        for number in range(2):
            writers.append(Writer(context, [said(2)], left, identity(seed=f"waits {number}")))
            writers[-1].start()
            assert left.acquire(timeout=SECONDS)
        for writer in writers:
            writer.join(SECONDS)
    assert [writer.outcome for writer in writers] == [Appended((2,)), Appended(same=1)]
    assert checked(context).signed_size == 3
    assert left_in(context) == []


@pytest.mark.parametrize("between", [[], [said(2)], [said(3), said(2)]], ids=len)
def test_promise_of_what_was_not_committed_is_nothing(tmp_path: Path, between: list[Draft]) -> None:
    context, who = found(tmp_path), identity(seed="waits")
    fill(context, [said(0)])
    ticket = Ticket(QueueFolder(files_of(context).queue), who, [said(2)])
    assert ticket.begin()
    (name, leader), *_ = QueueFolder(files_of(context).queue).asked((), REQUEST_BYTES_MAX)
    promised = Promise(Appended((1,)), leaf_hash(b"never committed"))
    leader.promise(encode_promise(who.secret, leader.data, promised))
    leader.close()
    # Another one finds it in the queue, and neither serves nor removes it.
    fill(context, between or [said(1)])
    assert not ticket.served(0)
    assert left_in(context) == [name]
    ticket.close()
    with location_of(context).open(writable=True) as store:
        assert ticket.kept(store) is None
    assert left_in(context) == []
    with opened(context, who) as log:
        assert log.append([said(2)]) == (Appended(same=1) if between else Appended((2,)))


def test_promise_is_not_taken_for_a_reply_and_binds_its_request_alone() -> None:
    secret, other = identity().secret, request_of(2)
    promises = [Promise(Appended((n,)), leaf_hash(b"%d" % n)) for n in (7, 8)]
    first, last = (encode_promise(secret, WHOLE, promise) for promise in promises)
    reply = encode_reply(secret, WHOLE, Reply(Appended((8,)), 1))
    assert reply is not None
    assert parse_reply(secret, WHOLE, first + last) is None
    assert parse_reply(secret, WHOLE, first + last + reply) == Reply(Appended((8,)), 1)
    for torn in (b"", reply, reply[:40], first[:-1]):
        assert parse_promise(secret, WHOLE, first + last + torn) == promises[1]
    assert parse_promise(secret, other, first) is None
    assert parse_promise(bytes(32), WHOLE, first) is None
    assert parse_promise(secret, WHOLE, reply) is None
    assert parse_promise(secret, WHOLE, first.replace(b"7", b"6", 1)) is None
    nothing_new = encode_promise(secret, WHOLE, Promise(Appended(same=1), bytes(32)))
    assert parse_promise(secret, WHOLE, nothing_new) is None


def test_reply_is_not_given_before_the_note(tmp_path: Path) -> None:
    context = found(tmp_path)
    seen: list[int] = []

    def looking(call: Callable[..., None]) -> Callable[..., None]:
        def answer(*given: object) -> None:
            # What the newest note covers; to verify takes the lock.
            notes = files_of(context).checkpoints.read_bytes()
            seen.append(int(notes.split(b"\n\n")[-3].split(b"\n")[1]))
            call(*given)

        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Asked, "answer", looking(Asked.answer))
        assert served(context, [said(0)], [said(1)], [said(2)]) == [Appended((1,)), Appended((2,))]
    assert seen == [3, 3]


def test_writer_finds_its_reply_without_a_sign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    monkeypatch.setattr(QueueFolder, "ring", lambda *_: False)
    assert served(context, [said(0)], [said(1)]) == [Appended((1,))]


def test_disk_that_takes_no_reply_lets_the_writer_look_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, pwrite = found(tmp_path), os.pwrite

    def full(descriptor: int, data: bytes, place: int) -> int:
        if b"queue/1 reply" in data:
            raise OSError(28, "No space left on device")
        return pwrite(descriptor, data, place)

    monkeypatch.setattr(os, "pwrite", full)
    assert served(context, [said(0)], [said(1)]) == [None]
    assert checked(context).signed_size == 2


def test_folder_may_come_and_go_between_two_looks(tmp_path: Path) -> None:
    context = found(tmp_path)
    looking = QueueFolder(files_of(context).queue)
    for number in range(3):
        assert list(looking.asked((), REQUEST_BYTES_MAX)) == []
        request = asked(context, request_of(number))
        ((_, told),) = looking.asked((), REQUEST_BYTES_MAX)
        assert told.data == request_of(number)
        told.close()
        request.withdraw()
        assert list(looking.asked((), REQUEST_BYTES_MAX)) == []
        files_of(context).queue.rmdir()


def test_leader_waits_for_those_who_came_along_and_no_longer_than_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, came, now = found(tmp_path), list[Request](), [0]
    queue = QueueFolder(files_of(context).queue)

    def pause(seconds: float) -> None:
        now[0] += round(seconds * 10**9)
        if len(came) < 2:
            came.append(asked(context, request_of(len(came))))

    def wrote(nanoseconds: int) -> None:
        """Write for so long."""
        queue.gather(0)
        now[0] += nanoseconds
        queue.wake()

    monkeypatch.setattr("time.sleep", pause)
    monkeypatch.setattr("time.monotonic_ns", lambda: now[0] + 1)
    queue.gather(2)
    assert came == []  # nothing was written before
    wrote(10**6)
    queue.gather(2)
    assert len(came) == 2
    begun = now[0]
    queue.gather(3)
    assert now[0] - begun == 10**6  # the third does not come
    wrote(10**12)
    begun = now[0]
    queue.gather(3)
    assert now[0] - begun == 10**7  # a disk that stood still is no measure
    queue.wake()
    queue.wake()
    begun = now[0]
    queue.gather(3)
    assert now[0] == begun  # nothing was gathered and written since
    for request in came:
        request.withdraw()
