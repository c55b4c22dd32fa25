"""Room in SQLite's log file: made once by who appends often, and nothing to any reader."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sealed import checked, entries, fill, found, leg, opened

from ledger.cli.context import Context
from ledger.errors import LedgerError
from ledger.stores import reserve
from ledger.stores.schema import PAGE_BYTES
from ledger.stores.sqlite import SqliteStore

MORE = 8
ROOM = reserve.room_of(PAGE_BYTES)
HEADER = bytes.fromhex("377f0682 002de218") + PAGE_BYTES.to_bytes(4) + b"and frames"


def log_of(context: Context) -> Path:
    return context.ledger.with_name("ledger.db-wal")


def lengths(context: Context, appends: int) -> list[int]:
    """Append one at a time, and return how long the log file was after each."""
    found_sizes = []
    with opened(context) as log:
        for number in range(appends):
            log.append([leg(number)])
            found_sizes.append(log_of(context).stat().st_size)
    return found_sizes


def test_the_log_file_grows_no_more_once_a_writer_appends_often(tmp_path: Path) -> None:
    sizes = lengths(found(tmp_path), reserve.OFTEN + MORE)
    before, after = sizes[: reserve.OFTEN - 1], sizes[reserve.OFTEN - 1 :]
    assert before == sorted(set(before)), "each of the first appends makes it longer"
    assert before[-1] < ROOM
    assert set(after) == {ROOM}


def test_a_writer_that_comes_once_leaves_no_room_behind(tmp_path: Path) -> None:
    context = found(tmp_path)
    fill(context, map(leg, range(3)))
    assert not log_of(context).exists()


def test_zeros_behind_the_frames_are_nothing_after_a_crash(tmp_path: Path) -> None:
    context = found(tmp_path)
    crashed = tmp_path / "crashed"
    crashed.mkdir()
    with opened(context) as log:
        for number in range(reserve.OFTEN + MORE):
            log.append([leg(number)])
        # What is on the disk while the writer lives is what its sudden end leaves.
        for path in tmp_path.glob("ledger.*"):
            if path.is_file() and not path.name.endswith("-shm"):
                shutil.copy(path, crashed)
    assert (crashed / "ledger.db-wal").stat().st_size == ROOM
    again = Context(crashed / "ledger.db", None, quiet=True, no_input=True, debug=False)
    fill(again, [leg(1_000)])
    whole = [entry.body["run"] for entry in entries(again)]
    assert whole == [f"run-{n}" for n in [*range(reserve.OFTEN + MORE), 1_000]]


def test_a_reader_beside_it_sees_every_entry(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log, SqliteStore(context.ledger) as reader:
        for number in range(reserve.OFTEN + MORE):
            log.append([leg(number)])
            assert reader.extent()[1] == number + 1


@pytest.mark.parametrize("call", ["open", "fstatvfs", "write", "fdatasync"])
def test_a_disk_that_refuses_costs_no_entry(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []

    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return self.refuse if name == call else getattr(os, name)

        def refuse(self, *_: object) -> None:
            refused.append(call)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(reserve, "os", Refusing())
    assert len(lengths(found(tmp_path), reserve.OFTEN + MORE)) == reserve.OFTEN + MORE
    assert refused == [call]
    store = SqliteStore(tmp_path / "ledger.db")
    assert store.extent()[1] == reserve.OFTEN + MORE
    store.close()


def test_nothing_is_written_where_a_link_stands_for_the_log(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"kept")
    (tmp_path / "ledger.db-wal").symlink_to(other)
    reserve.make_room(tmp_path / "ledger.db")
    assert other.read_bytes() == b"kept"


def test_room_is_made_behind_what_is_there_and_once(tmp_path: Path) -> None:
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(HEADER)
    reserve.make_room(tmp_path / "ledger.db")
    data = log.read_bytes()
    assert data == HEADER + bytes(ROOM - len(HEADER))
    log.write_bytes(data + b"more")
    reserve.make_room(tmp_path / "ledger.db")
    assert log.read_bytes() == data + b"more"


@pytest.mark.parametrize("page", [512, 4_096, 8_192])
def test_room_is_as_long_as_the_pages_make_it(page: int, tmp_path: Path) -> None:
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(HEADER[:8] + page.to_bytes(4))
    reserve.make_room(tmp_path / "ledger.db")
    assert log.stat().st_size == 1_100 * (24 + page)


@pytest.mark.parametrize(
    "header",
    [b"", HEADER[:11], HEADER[:8] + bytes(4), bytes(8) + HEADER[8:12], HEADER[:8] + b"\1" * 4],
)
def test_a_log_without_a_header_or_of_large_pages_is_left_as_it_is(
    header: bytes, tmp_path: Path
) -> None:
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(header)
    reserve.make_room(tmp_path / "ledger.db")
    assert log.read_bytes() == header


def test_a_disk_that_is_nearly_full_is_kept_for_entries_and_checkpoints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reserve, "SPARED", 1 << 62)
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(HEADER)
    reserve.make_room(tmp_path / "ledger.db")
    assert log.read_bytes() == HEADER


def test_room_that_a_quota_cuts_short_is_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(HEADER)
    write = os.write

    class Short:
        def __getattr__(self, name: str) -> Any:
            return self.write if name == "write" else getattr(os, name)

        def write(self, descriptor: int, data: bytes) -> int:
            return write(descriptor, data[:9_000])

    monkeypatch.setattr(reserve, "os", Short())
    reserve.make_room(tmp_path / "ledger.db")
    assert log.read_bytes() == HEADER


@pytest.mark.parametrize("pieces", [1, 3])
@pytest.mark.parametrize("taken", [0, 9_000, None])
def test_room_that_ends_in_a_later_piece_is_given_back_whole(
    pieces: int, taken: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(HEADER)
    write, wrote = os.write, []

    class Ending:
        def __getattr__(self, name: str) -> Any:
            return self.write if name == "write" else getattr(os, name)

        def write(self, descriptor: int, data: bytes) -> int:
            wrote.append(len(data))
            if len(wrote) <= pieces:
                return write(descriptor, data)
            if taken is None:
                raise OSError(28, "No space left on device")
            return write(descriptor, data[:taken])

    monkeypatch.setattr(reserve, "os", Ending())
    reserve.make_room(tmp_path / "ledger.db")
    assert len(wrote) == pieces + 1
    assert log.read_bytes() == HEADER


def test_no_frame_is_written_over_that_was_added_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "ledger.db-wal"
    log.write_bytes(HEADER)

    class Overtaken:
        def __getattr__(self, name: str) -> Any:
            return self.measure if name == "fstat" else getattr(os, name)

        def measure(self, descriptor: int) -> os.stat_result:
            found_ = os.fstat(descriptor)
            with log.open("ab") as file:
                file.write(b" of another")
            return found_

    monkeypatch.setattr(reserve, "os", Overtaken())
    reserve.make_room(tmp_path / "ledger.db")
    assert log.read_bytes().startswith(HEADER + b" of another\0")


def test_room_is_made_beside_the_database_that_is_open(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        found(tmp_path / name)
    link = tmp_path / "link"
    link.symlink_to("a", target_is_directory=True)
    context = Context(link / "ledger.db", None, quiet=True, no_input=True, debug=False)
    other = tmp_path / "b" / "ledger.db-wal"
    with opened(context) as log:
        for number in range(reserve.OFTEN - 1):
            log.append([leg(number)])
        link.unlink()
        link.symlink_to("b", target_is_directory=True)
        other.write_bytes(HEADER)
        # Its checkpoints are named by the link, and are another ledger's by now: it may refuse.
        with suppress(LedgerError):
            log.append([leg(reserve.OFTEN)])
        assert other.read_bytes() == HEADER


def moved_at(store: Any) -> int:
    """Return after how many pages SQLite moves its log into the file."""
    ((pages,),) = store._connection.execute("PRAGMA wal_autocheckpoint")
    return int(pages)


def test_a_writer_of_many_records_lets_their_pages_gather_in_the_log_file(tmp_path: Path) -> None:
    context = found(tmp_path)
    with opened(context) as log:
        log.append([leg(n) for n in range(999)])
        assert moved_at(log._store) == 1_000
        for batch in range(1, 5):
            log.append([leg(1_000 * batch + n) for n in range(1_000)])
        assert moved_at(log._store) == 16_000
        # More than a thousand pages are there, and none was moved.
        assert log_of(context).stat().st_size > 1_100 * PAGE_BYTES
        assert context.ledger.stat().st_size < 100 * PAGE_BYTES
        # Who reads meanwhile finds them, and who opens the ledger after a crash.
        assert len(entries(context)) == 4_999
        shutil.copytree(tmp_path, tmp_path / "crashed")
    assert not log_of(context).exists()
    assert len(entries(replace(context, ledger=tmp_path / "crashed" / "ledger.db"))) == 4_999
    assert checked(context).size == 4_999


def test_pages_do_not_gather_where_the_disk_is_nearly_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = found(tmp_path)
    wanted, free = reserve.SPARED * 16_000 * PAGE_BYTES, [0]
    monkeypatch.setattr(
        reserve.os, "statvfs", lambda _: SimpleNamespace(f_bavail=free[0], f_frsize=1)
    )
    moved = []
    with opened(context) as log:
        for batch, free[0] in enumerate((wanted, wanted - 1, wanted)):
            log.append([leg(1_000 * batch + n) for n in range(1_000)])
            moved.append(moved_at(log._store))
    assert moved == [16_000, 1_000, 16_000]
    # It is the bytes that count, whatever the pages of an older file are.
    sizes = (4_096, 65_536)
    assert [reserve.gathered(context.ledger, size) for size in sizes] == [32_000, 2_000]

    def refused(_: object) -> None:
        raise OSError

    monkeypatch.setattr(reserve.os, "statvfs", refused)
    assert reserve.gathered(context.ledger, PAGE_BYTES) == 1_000
