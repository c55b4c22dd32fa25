"""The checkpoint file: its bytes, its torn tails, its lock; and the key files beside it."""

from __future__ import annotations

import fcntl
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealed import ORIGIN, SECRET, SIGNER

from ledger.checkpoint import Checkpoint, NoteSignature
from ledger.errors import ConflictError, InputError, IntegrityError, LedgerError, MissingError
from ledger.keys import FileSigner
from ledger.merkle import EMPTY_ROOT, leaf_hash, root_of
from ledger.stores import tables
from ledger.stores.founding import found_ledger
from ledger.stores.keyfiles import (
    Files,
    read_key,
    read_secret,
    too_open,
    write_key,
    write_secret,
)
from ledger.stores.notes import WINDOWS, NotesFile, split_notes
from ledger.stores.sqlite import SqliteStore

WHOLE = 10**9
FIRST_RECORD = """\
ledger.example/lab-a
0
47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=

— ledger.example/lab-a sbvDIF3MSvFgJEpf/2DX1opNA5VmjySKPPvAN2yIyZW/Pjc3BLSgrqJwuPSHvLQoj/A92CgvQbUFQEiqhkAZXDGqOQI=

"""  # noqa: E501 - the base64 of a signature is one line


def note(size: int) -> bytes:
    """Return the signed checkpoint over some leaves."""
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    return Checkpoint(ORIGIN, size, root_of(leaves) if size else EMPTY_ROOT).sign(SIGNER)


def begun(folder: Path, *sizes: int) -> NotesFile:
    """Return a file with the notes over these sizes."""
    file = NotesFile(folder / "x.checkpoints")
    file.create(note(sizes[0]))
    for size in sizes[1:]:
        file.append(note(size))
    return file


def test_notes_are_kept_one_after_another_with_an_empty_line(tmp_path: Path) -> None:
    file = begun(tmp_path, 0, 1)
    assert file.path.read_bytes().decode().startswith(FIRST_RECORD)
    assert list(file.notes(WHOLE)) == [note(0) + b"\n", note(1) + b"\n"]
    assert file.tail() == (note(1), b"")
    assert file.settled_size() == file.path.stat().st_size


def test_notes_are_never_begun_twice(tmp_path: Path) -> None:
    file = begun(tmp_path, 0)
    with pytest.raises(LedgerError, match="cannot be begun"):
        file.create(note(0))
    assert file.path.read_bytes() == note(0) + b"\n"


def test_notes_torn_at_any_byte_are_told_apart_and_written_anew(tmp_path: Path) -> None:
    file = begun(tmp_path, 0, 3)
    sound = file.path.read_bytes()
    record = note(5) + b"\n"
    for kept in range(1, len(record)):
        file.path.write_bytes(sound + record[:kept])
        assert file.tail() == (note(3), record[:kept]), kept
        assert list(file.notes(WHOLE))[-1] == record[:kept], kept
        file.append(note(5))
        assert file.path.read_bytes() == sound + record, kept


def test_notes_torn_with_zero_bytes_are_written_anew(tmp_path: Path) -> None:
    file = begun(tmp_path, 0)
    sound = file.path.read_bytes()
    file.path.write_bytes(sound + note(5)[:30] + bytes(40))
    file.append(note(5))
    assert file.path.read_bytes() == sound + note(5) + b"\n"


@pytest.mark.parametrize("tail", [b"x", note(5)[:40] + b"?", note(4)[:60], note(5) + b"\n!"])
def test_notes_refuse_a_tail_that_no_crash_leaves(tmp_path: Path, tail: bytes) -> None:
    file = begun(tmp_path, 0)
    with file.path.open("ab") as out:
        out.write(tail)
    before = file.path.read_bytes()
    with pytest.raises(IntegrityError, match="no note"):
        file.append(note(5))
    assert file.path.read_bytes() == before


def test_notes_with_long_history_are_read_from_the_end(tmp_path: Path) -> None:
    file = begun(tmp_path, 0)
    file.path.write_bytes(b"".join(note(n) + b"\n" for n in range(200)))
    assert file.path.stat().st_size > 30_000
    assert file.tail() == (note(199), b"")


@pytest.mark.parametrize("count", [16, 31])
def test_notes_of_any_length_are_read_whole(tmp_path: Path, count: int) -> None:
    file = begun(tmp_path, 0)
    lines = "".join(NoteSignature("w" * 150, b"1234", bytes(64)).encode() for _ in range(count))
    long = note(3) + lines.encode()
    beyond = len(long) + 1 - WINDOWS[0]
    # With 16 lines, the first window begins in the middle of the text.
    assert 0 < beyond < note(3).index(b"\n\n") or count > 16
    file.append(long)
    assert file.tail() == (long, b"")


def test_notes_without_any_note_have_no_newest(tmp_path: Path) -> None:
    file = begun(tmp_path, 0)
    file.path.write_bytes(b"")
    assert file.tail() == (None, b"")
    file.path.write_bytes(note(0)[:50])
    assert file.tail() == (None, note(0)[:50])
    file.path.write_bytes(b"x" * 400_000)
    with pytest.raises(IntegrityError, match="holds no note"):
        file.tail()


@pytest.mark.parametrize("use", ["tail", "settled_size"])
def test_notes_missing_are_an_integrity_failure(tmp_path: Path, use: str) -> None:
    with pytest.raises(IntegrityError, match="missing"):
        getattr(NotesFile(tmp_path / "none"), use)()


@given(st.lists(st.integers(1, 50), max_size=60), st.integers(0, 400))
def test_notes_are_split_alike_whatever_the_pieces(lengths: list[int], cut: int) -> None:
    whole = b"".join(note(n) + b"\n" for n in (0, 1, 2))
    data = whole[: len(whole) - cut]
    pieces, rest = [], data
    for length in lengths:
        pieces.append(rest[:length])
        rest = rest[length:]
    assert list(split_notes(iter([*pieces, rest]))) == list(split_notes(iter([data])))


@pytest.mark.parametrize("tail", [b"x", note(4)[:60]])
def test_notes_read_under_a_lock_are_read_again_where_somebody_ignored_it(
    tmp_path: Path, tail: bytes
) -> None:
    file = begun(tmp_path, 0, 3)
    with file.exclusive():
        assert file.tail() == (note(3), b"")
        with file.path.open("ab") as out:
            out.write(tail)
        before = file.path.read_bytes()
        with pytest.raises(IntegrityError, match="no note"):
            file.append(note(5))
    assert file.path.read_bytes() == before


def test_notes_torn_are_written_anew_under_the_lock_in_which_they_were_read(tmp_path: Path) -> None:
    file = begun(tmp_path, 0, 3)
    sound = file.path.read_bytes()
    with file.path.open("ab") as out:
        out.write(note(5)[:30])
    with file.exclusive():
        assert file.tail() == (note(3), note(5)[:30])
        file.append(note(5))
        file.append(note(6))
    assert file.path.read_bytes() == sound + note(5) + b"\n" + note(6) + b"\n"


def test_notes_lock_keeps_another_writer_waiting(tmp_path: Path) -> None:
    file = begun(tmp_path, 0)
    with file.path.open("rb") as other:
        with file.exclusive(), pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_key_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    files = Files(tmp_path / "x.db")
    write_key(files.key, SIGNER)
    write_secret(files.secret, SECRET)
    for path in (files.key, files.secret):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not too_open(path)
        path.chmod(0o640)
        assert too_open(path)
    assert read_key(files.key, ORIGIN).verifier == SIGNER.verifier
    assert files.key.read_text().startswith("-----BEGIN PRIVATE KEY-----\n")
    assert read_secret(files.secret) == SECRET


def test_key_files_are_never_overwritten(tmp_path: Path) -> None:
    files = Files(tmp_path / "x.db")
    write_key(files.key, SIGNER)
    write_secret(files.secret, SECRET)
    with pytest.raises(ConflictError, match="already"):
        write_key(files.key, FileSigner.generate(ORIGIN))
    with pytest.raises(ConflictError, match="already"):
        write_secret(files.secret, bytes(32))
    assert read_secret(files.secret) == SECRET


def test_key_files_missing_or_spoilt_are_named(tmp_path: Path) -> None:
    files = Files(tmp_path / "x.db")
    with pytest.raises(MissingError, match="signing key"):
        read_key(files.key, ORIGIN)
    with pytest.raises(MissingError, match="secret"):
        read_secret(files.secret)
    files.secret.write_text("0" * 63)
    with pytest.raises(InputError, match="64 hex digits"):
        read_secret(files.secret)
    files.key.write_text("no key")
    with pytest.raises(InputError, match="no readable private key"):
        read_key(files.key, ORIGIN)


@pytest.mark.parametrize("suffix", ["", ".key.pem", ".secret", ".checkpoints", ".partial"])
def test_founding_refuses_where_any_part_of_a_ledger_is(tmp_path: Path, suffix: str) -> None:
    there = tmp_path / f"ledger.db{suffix}"
    there.write_text("mine")
    with pytest.raises(ConflictError, match="already"):
        found_ledger(Files(tmp_path / "ledger.db"), SIGNER, SECRET)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_founding_interrupted_leaves_nothing(tmp_path: Path) -> None:
    # The longest name under which our files fit and SQLite's journal does not.
    name = "x" * (255 - len(".checkpoints"))
    with pytest.raises(LedgerError, match="cannot be created"):
        found_ledger(Files(tmp_path / name), SIGNER, SECRET)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(LedgerError, match="too long"):
        found_ledger(Files(tmp_path / ("x" * 255)), SIGNER, SECRET)


@pytest.mark.parametrize("when", ["before", "after"])
def test_founding_interrupted_at_its_last_step_leaves_nothing_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    files = Files(tmp_path / "ledger.db")
    rename = Path.rename

    def interrupted(path: Path, target: Path) -> None:
        if path != files.partial:
            rename(path, target)
        elif when == "after":
            rename(path, target)
            raise KeyboardInterrupt
        else:
            target.write_text("of another")
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            found_ledger(files, SIGNER, SECRET)
    left = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert left == ({} if when == "after" else {"ledger.db": "of another"})


def test_founding_keeps_the_key_of_a_ledger_that_it_cannot_take_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files(tmp_path / "ledger.db")
    unlink = Path.unlink

    def unsynced(path: Path) -> None:
        if path == files.database:
            raise OSError(5, "Input/output error")

    def refused(path: Path, **more: bool) -> None:
        unsynced(path)
        unlink(path, **more)

    with monkeypatch.context() as patch:
        patch.setattr(tables, "sync_folder", unsynced)
        patch.setattr(Path, "unlink", refused)
        with pytest.raises(LedgerError, match="cannot be created: Input/output error"):
            found_ledger(files, SIGNER, SECRET)
    assert all(path.exists() for path in files.all())
    assert SqliteStore(files.database).head().size == 0


def test_founding_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no folder"):
        found_ledger(Files(tmp_path / "none" / "ledger.db"), SIGNER, SECRET)
