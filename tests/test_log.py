"""The log: in which order things are written and signed, and when it refuses to go on."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sealed import (
    ORIGIN,
    SECRET,
    altered,
    checked,
    copied,
    entries,
    fill,
    found,
    identity,
    leg,
    opened,
    said,
)

from ledger.checkpoint import Checkpoint, Note
from ledger.cli.context import Context
from ledger.errors import HeadMovedError, InputError, IntegrityError
from ledger.keys import VerifierKey
from ledger.log import Batch, Head, Identity, Log
from ledger.log.secrecy import LOOKED_AT_MAX, check_secret
from ledger.merkle import CompactRange, leaf_hash
from ledger.stores.keyfiles import Files
from ledger.stores.notes import NotesFile
from ledger.stores.sqlite import SqliteStore


def test_log_appends_linked_and_signed_entries(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        first = log.append([said(0), said(1)])
        second = log.append([said(2)])
    assert (first.new, second.new) == ((0, 1), (2,))
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (3, 3)
    made = entries(context)
    assert [e.prev for e in made[1:]] == [e.hash().hex() for e in made[:-1]]
    assert [e.body["idempotency_key"] for e in made] == [
        identity().key(said(n).key).hex() for n in range(3)
    ]


def test_log_preview_says_what_append_would_do_and_writes_nothing(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    before = context.ledger.read_bytes(), Files(context.ledger).checkpoints.read_bytes()
    with opened(context) as log:
        foreseen = log.preview([said(0), said(1)])
        assert (foreseen.new, foreseen.same) == ((1,), 1)
    assert before == (context.ledger.read_bytes(), Files(context.ledger).checkpoints.read_bytes())


class KilledError(Exception):
    """Stands for a process that is killed."""


class LosingNotes(NotesFile):
    """A checkpoint file whose writer dies before the note, or in the middle of it."""

    def __init__(self, path: Path, kept: int = 0) -> None:
        super().__init__(path)
        self.kept = kept

    def append(self, note: bytes) -> None:
        with self.path.open("ab") as file:
            file.write((note + b"\n")[: self.kept])
        raise KilledError


class MovingStore(SqliteStore):
    """A store into which others append between head and transaction."""

    def __init__(self, path: Path, others: Sequence[Log]) -> None:
        super().__init__(path, writable=True)
        self.others = list(others)

    def append(self, expected: Head, batch: Batch) -> None:
        if self.others:
            raise HeadMovedError("somebody was here")
        super().append(expected, batch)


class WrongDisk(SqliteStore):
    """A store that does not write what it was given."""

    def append(self, expected: Head, batch: Batch) -> None:
        (seq, leaf, digest), *rest = batch.entries
        wrong = [(seq, leaf.replace(b"FLOP", b"FLOp"), digest), *rest]
        super().append(expected, Batch(wrong, batch.openings, batch.keys, batch.head))


@pytest.mark.parametrize("kept", [0, 1, 60, 100])
def test_log_signs_what_a_crash_left_unsigned(tmp_path: Path, kept: int) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    path = Files(context.ledger).checkpoints
    with SqliteStore(context.ledger, writable=True) as store, pytest.raises(KilledError):
        Log(store, LosingNotes(path, kept), identity()).append([said(1), said(2)])
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (3, 1)
    fill(context, [said(3)])
    sizes = [Checkpoint.parse(Note.parse(n[:-1]).text).size for n in NotesFile(path).notes(10**6)]
    assert sizes == [0, 1, 3, 4]
    assert checked(context).signed_size == 4


def test_log_seals_anew_when_the_head_moved(tmp_path: Path) -> None:
    context = found(tmp_path)

    class Racing(SqliteStore):
        raced = False

        def append(self, expected: Head, batch: Batch) -> None:
            if not self.raced:
                self.raced = True
                # A writer that does not share our lock, as on another machine.
                with opened(context, identity(seed="rival")) as rival:
                    sealed, _ = rival._seal(expected, [said(9)], [])
                    rival._store.append(expected, sealed)
            super().append(expected, batch)

    with Racing(context.ledger, writable=True) as store:
        notes = NotesFile(Files(context.ledger).checkpoints)
        assert Log(store, notes, identity()).append([said(1), said(2)]).new == (1, 2)
    assert [entry.seq for entry in entries(context)] == [0, 1, 2]
    checked(context)


def test_log_gives_up_when_others_always_come_first(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as other, MovingStore(context.ledger, [other]) as store:
        log = Log(store, NotesFile(Files(context.ledger).checkpoints), identity())
        with pytest.raises(HeadMovedError, match="16 times"):
            log.append([said(0)])


def test_log_does_not_sign_what_does_not_read_back(tmp_path: Path) -> None:
    context = found(tmp_path)
    notes = NotesFile(Files(context.ledger).checkpoints)
    with WrongDisk(context.ledger, writable=True) as store:
        log = Log(store, notes, identity())
        with pytest.raises(IntegrityError, match="were not stored"):
            log.append([said(0)])
    assert len(list(notes.notes(10**6))) == 1


def test_log_refuses_a_database_behind_its_checkpoint(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    yesterday = copied(context, tmp_path / "yesterday").ledger.read_bytes()
    fill(context, [said(1)])
    context.ledger.write_bytes(yesterday)
    with opened(context) as log, pytest.raises(IntegrityError, match="1 entries, its newest") as e:
        log.append([said(2)])
    assert e.value.seq == 1


def test_log_refuses_a_database_that_contradicts_its_checkpoint(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    branch = copied(context, tmp_path / "branch")
    fill(branch, [said(1)])
    fill(context, [said(2)])
    context.ledger.write_bytes(branch.ledger.read_bytes())
    with opened(context) as log, pytest.raises(IntegrityError, match="another root"):
        log.append([said(3)])
    fill(branch, [said(4)])
    context.ledger.write_bytes(branch.ledger.read_bytes())
    with opened(context) as log, pytest.raises(IntegrityError, match="another root"):
        log.append([said(3)])


def test_log_refuses_a_lost_or_foreign_checkpoint_file(tmp_path: Path) -> None:
    context = found(tmp_path)
    path = Files(context.ledger).checkpoints
    note = path.read_bytes()
    for content in (b"", note.replace(b"lab-a", b"lab-b"), note[:-4]):
        path.write_bytes(content)
        with opened(context) as log, pytest.raises((IntegrityError, InputError)):
            log.append([said(0)])
    path.unlink()
    with opened(context) as log, pytest.raises(IntegrityError, match="missing"):
        log.append([said(0)])


def foreign(secret: bytes) -> Identity:
    """Who seals with another ledger's secret."""
    return replace(identity(), secret=secret)


def test_log_refuses_the_secret_of_another_ledger(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0), leg(1)])
    before = context.ledger.read_bytes()
    with opened(context, foreign(bytes(32))) as log:
        for call in (log.append, log.preview):
            with pytest.raises(IntegrityError, match="sealed with") as error:
                call([said(0)])
            assert (error.value.seq, ".secret" in error.value.remedy) == (1, True)
    assert context.ledger.read_bytes() == before
    fill(context, [said(0), said(1)])
    checked(context)


def test_log_checks_the_secret_past_erased_openings(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)], [said(1)])
    with altered(context) as connection:
        connection.execute("DELETE FROM openings WHERE seq = 1")
    wrong = pytest.raises(IntegrityError, match="entry 0 was sealed")
    with opened(context, foreign(bytes(32))) as log, wrong:
        log.append([said(0)])
    fill(context, [said(2)])
    checked(context)


def test_log_looks_at_few_entries_to_check_the_secret(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(n) for n in range(200)])

    class Counting(SqliteStore):
        looked = 0

        def openings(self, start: int, stop: int) -> Iterator[tuple[int, int, bytes]]:
            self.looked += 1
            return super().openings(start, stop)

    with Counting(context.ledger) as store:
        check_secret(store, 200, SECRET)
        assert store.looked == 1
    with altered(context) as connection:
        connection.execute("DELETE FROM openings")
    with Counting(context.ledger) as store:
        check_secret(store, 200, bytes(32))
        assert store.looked == LOOKED_AT_MAX


def test_log_refuses_a_note_begun_for_entries_that_are_gone(tmp_path: Path) -> None:
    context = found(tmp_path)
    with Files(context.ledger).checkpoints.open("ab") as file:
        file.write(f"{ORIGIN}\n1".encode())
    with opened(context) as log, pytest.raises(IntegrityError, match="was begun"):
        log.append([said(0)])


APPENDER = """
import sys
sys.path[:0] = {path!r}
from pathlib import Path
from sealed import identity, opened, said
from ledger.cli.context import Context
me = int(sys.argv[1])
context = Context(Path(sys.argv[2]), None, True, True, False)
with opened(context, identity(seed=sys.argv[1])) as log:
    for n in range({count}):
        log.append([said(1000 * me + n)])
"""


def test_log_of_four_writers_at_once_has_no_gap(tmp_path: Path) -> None:
    context, count = found(tmp_path), 25
    code = APPENDER.format(path=[str(Path(__file__).parent)], count=count)
    arguments = [sys.executable, "-c", code]
    writers = [
        subprocess.Popen([*arguments, str(n), str(context.ledger)], stderr=subprocess.PIPE)
        for n in range(4)
    ]
    faults = [writer.communicate()[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0, 0], faults
    verdict = checked(context)
    assert (verdict.size, verdict.signed_size) == (4 * count, 4 * count)
    keys = {json.dumps(entry.body["value"]) for entry in entries(context)}
    assert len(keys) == 4 * count


def test_log_signs_no_tail_that_was_not_sealed_with_its_secret(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, [said(0)])
    notes = Path(f"{context.ledger}.checkpoints")
    signed = notes.read_bytes()
    fill(context, [said(1), leg(2)])
    # What a crash leaves is signed by the next writer.
    notes.write_bytes(signed)
    assert checked(context).signed_size == 1
    fill(context, [said(3)])
    assert checked(context).size == 4
    notes.write_bytes(signed)
    with altered(context) as connection:
        connection.execute("UPDATE keys SET content = zeroblob(32) WHERE seq = 2")
    with pytest.raises(IntegrityError, match="entry 2 is not signed"):
        fill(context, [said(4)])
    assert notes.read_bytes() == signed


def spoilt_note(context: Context, connection: sqlite3.Connection) -> None:
    """Change the last note in its signature."""
    del connection
    path = Files(context.ledger).checkpoints
    data = bytearray(path.read_bytes())
    data[-20] = ord("B") if data[-20] == ord("A") else ord("A")
    path.write_bytes(data)


def spoilt_entry(context: Context, connection: sqlite3.Connection) -> None:
    """Change the last entry, and leave its hash."""
    del context
    (data,) = connection.execute("SELECT bytes FROM entries WHERE seq = 1").fetchone()
    changed = data.replace(b"FLOP", b"FLOp")
    connection.execute("UPDATE entries SET bytes = ? WHERE seq = 1", (changed,))


def spoilt_hash(context: Context, connection: sqlite3.Connection) -> None:
    """Change the last entry and its hash."""
    spoilt_entry(context, connection)
    (data,) = connection.execute("SELECT bytes FROM entries WHERE seq = 1").fetchone()
    connection.execute("UPDATE entries SET hash = ? WHERE seq = 1", (leaf_hash(data),))


def spoilt_peaks(context: Context, connection: sqlite3.Connection) -> None:
    """State the peaks of other entries."""
    del context
    peaks = CompactRange.of([leaf_hash(b"0"), leaf_hash(b"1")]).encode()
    connection.execute("UPDATE meta SET value = ? WHERE name = 'peaks'", (peaks,))


def lost_entry(context: Context, connection: sqlite3.Connection) -> None:
    """Take the last entry away, with its peaks."""
    del context
    connection.execute("DELETE FROM openings WHERE seq = 1")
    connection.execute("DELETE FROM keys WHERE seq = 1")
    connection.execute("DELETE FROM entries WHERE seq = 1")
    (digest,) = connection.execute("SELECT hash FROM entries WHERE seq = 0").fetchone()
    peaks = CompactRange.of([digest]).encode()
    connection.execute("UPDATE meta SET value = ? WHERE name = 'peaks'", (peaks,))


@pytest.mark.parametrize("told", [2, 0])  # a new record, and one that the ledger holds
@pytest.mark.parametrize(
    "spoil", [spoilt_note, spoilt_entry, spoilt_hash, spoilt_peaks, lost_entry]
)
def test_log_believes_the_disk_and_not_what_it_remembers(
    tmp_path: Path, spoil: Callable[[Context, sqlite3.Connection], None], told: int
) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([said(0)])
        log.append([said(1)])
        with altered(context) as connection:
            spoil(context, connection)
        before = Files(context.ledger).checkpoints.read_bytes()
        with pytest.raises(IntegrityError):
            log.append([said(told)])
    assert Files(context.ledger).checkpoints.read_bytes() == before


def test_log_follows_another_writer_in_between(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as one, opened(context) as other:
        for number in range(6):
            writer = (one, one, other)[number % 3]
            assert writer.append([said(number)]).new == (number,)
    assert checked(context).signed_size == 6


def test_log_checks_no_signature_that_it_has_just_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, verified, opens = found(tmp_path), list[bytes](), list[str]()
    verify, open_file = VerifierKey.verify, os.open
    monkeypatch.setattr(
        VerifierKey, "verify", lambda key, *said: (verified.append(said[0]), verify(key, *said))
    )
    monkeypatch.setattr(
        os, "open", lambda path, *how: (opens.append(str(path)), open_file(path, *how))[1]
    )
    with opened(context) as log, opened(context, identity(seed="other")) as other:
        log.append([said(0)])
        verified.clear()
        opens.clear()
        log.append([said(1)])
        assert (len(verified), len(opens)) == (0, 1)
        other.append([said(2)])
        log.append([said(3)])
        # Each of them met a note of the other.
        assert len(verified) == 2
