"""Hostile bundles: a generator for each threat of a foreign file, rows 25 to 33 of the model.

Row 25 is about archives, 26 about size, 27 to 29 about lax reading, 30 about verdicts by accident,
33 about what a report shows. Row 31 is in ``test_bundle.py``; row 32 is about sum trees, and there
is none.
"""

from __future__ import annotations

import io
import os
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bundled import Members, archived, filled, members_of, policy, verdict
from hypothesis import given
from hypothesis import strategies as st

from ledger.bundle import Archive, Caps, Opened
from ledger.bundle.archive import CENTRAL, CENTRAL_MARK, END, END_MARK, LOCAL
from ledger.errors import InputError, IntegrityError, LedgerError
from ledger.stores.bundles import Folder, open_members
from ledger.verify.bundle import verify_bundle

Alter = Callable[[bytearray], Any]
NOTE = "checkpoints/000000000005"


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> Members:
    return members_of(filled(tmp_path_factory.mktemp("whole")))


@pytest.fixture(scope="module")
def good(members: Members) -> bytes:
    return archived(members)


def listed(data: bytes, name: str) -> int:
    """Return where the list entry of a member begins."""
    at = data.rindex(name.encode())
    return at - CENTRAL.size


def patched(data: bytes, place: int, layout: str, value: int) -> bytes:
    """Return the archive with one field of a header changed."""
    size = struct.calcsize(layout)
    return data[:place] + struct.pack(layout, value) + data[place + size :]


def opened(data: bytes, caps: Caps | None = None) -> Opened:
    """Read names and list, as the first steps do."""
    held = caps or Caps()
    return Opened(Archive(io.BytesIO(data), held), held)


def read_whole(data: bytes) -> None:
    """Read the list, the manifest and every member."""
    whole = opened(data)
    manifest, _ = whole.manifest()
    for name in manifest.members:
        whole.check_member(name, manifest)


def refused(data: bytes, words: str) -> LedgerError:
    """Return the refusal of an archive, which is evidence and names a part."""
    with pytest.raises(IntegrityError, match=words) as caught:
        read_whole(data)
    assert caught.value.where
    assert verdict(data).exit_status == 4
    return caught.value


def renamed(data: bytes, old: str, new: str) -> bytes:
    """Return the archive with a member renamed in both places; the lengths must be equal."""
    assert len(old) == len(new)
    return data.replace(old.encode(), new.encode())


# Row 25: archives that hurt whoever extracts them.


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("/heckpoints/000000000004", "absolute"),
        ("..eckpoints/000000000004", "not sorted"),
        ("../ckpoints/000000000004", "climbs out"),
        ("a/../../ints/00000000004", "climbs out"),
        ("C:eckpoints/000000000004", "absolute"),
        ("checkpoints/0000000000x4", "no member of this name"),
        ("checkpointz/000000000004", "no member of this name"),
        ("checkpoints/00000000000/", "folder"),
        ("checkpoints\\000000000004", "no member of this name"),
    ],
)
def test_row_25_names_that_leave_the_bundle(good: bytes, new: str, words: str) -> None:
    assert words in refused(renamed(good, NOTE, new), words).message


def test_row_25_name_that_is_there_twice(good: bytes) -> None:
    refused(renamed(good, "checkpoints/000000000003", NOTE), "twice")


def test_row_25_member_that_the_manifest_does_not_list(members: Members) -> None:
    extra = {**members, "checkpoints/000000000006": members[NOTE]}
    refused(archived(extra), "does not list it")


@pytest.mark.parametrize("name", ["pack.json", "disclosures.jsonl", NOTE])
def test_row_25_member_that_the_manifest_lists_and_is_gone(members: Members, name: str) -> None:
    rest = {key: data for key, data in members.items() if key != name}
    refused(archived(rest), "it is not there")


@pytest.mark.parametrize(
    ("mode", "words"),
    [(0o120777 << 16, "symbolic link"), (0o040755 << 16, "folder"), (0o100755 << 16, "fixed")],
)
def test_row_25_links_and_folders(good: bytes, mode: int, words: str) -> None:
    refused(patched(good, listed(good, NOTE) + 38, "<I", mode), words)


@pytest.mark.parametrize(
    ("flags", "words"), [(1, "encrypted"), (8, "behind it"), (0x800, "flags"), (64, "encrypted")]
)
def test_row_25_flags_of_encryption_and_streams(good: bytes, flags: int, words: str) -> None:
    refused(patched(good, listed(good, NOTE) + 8, "<H", flags), words)


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 99])
def test_row_25_methods_that_nobody_asked_for(good: bytes, method: int) -> None:
    refused(patched(good, listed(good, NOTE) + 10, "<H", method), f"method {method}")


def test_row_25_members_that_share_bytes(good: bytes) -> None:
    second = listed(good, "checkpoints/000000000007")
    first = struct.unpack_from("<I", good, listed(good, NOTE) + 42)[0]
    refused(patched(good, second + 42, "<I", first), "does not begin where")


@pytest.mark.parametrize("field", range(3, 11))
def test_row_25_local_header_that_says_otherwise(good: bytes, field: int) -> None:
    place = struct.unpack_from("<I", good, listed(good, NOTE) + 42)[0]
    offsets = [0, 4, 6, 8, 10, 12, 14, 18, 22, 26, 28]
    layout = "<I" if field in {6, 7, 8} else "<H"
    old = struct.unpack_from(layout, good, place + offsets[field])[0]
    refused(patched(good, place + offsets[field], layout, old ^ 1), "not what the list says")


@pytest.mark.parametrize("where", ["front", "back", "middle"])
def test_row_25_bytes_that_belong_to_no_member(good: bytes, where: str) -> None:
    list_at = struct.unpack_from("<I", good, len(good) - 6)[0]
    if where == "front":
        refused(b"#!/bin/sh\n" + good, "bytes stand|does not begin")
    elif where == "back":
        refused(good + b"hidden", "end record")
    else:
        moved = good[:list_at] + b"hidden" + good[list_at:]
        refused(patched(moved, len(moved) - 6, "<I", list_at + 6), "between the last member")


@pytest.mark.parametrize("place", [4, 6, 8, 10, 12, 16])
def test_row_25_end_record_that_points_to_a_zip64_record(good: bytes, place: int) -> None:
    layout = "<H" if place < 12 else "<I"
    value = 0xFFFF if layout == "<H" else 0xFFFFFFFF
    refused(patched(good, len(good) - END.size + place, layout, value), "ZIP64|disks|list")


@pytest.mark.parametrize("place", [20, 24, 42])
def test_row_25_member_whose_lengths_stand_in_a_zip64_field(good: bytes, place: int) -> None:
    with pytest.raises((IntegrityError, InputError)) as caught:
        opened(patched(good, listed(good, NOTE) + place, "<I", 0xFFFFFFFF))
    assert "ZIP64" in caught.value.message or "times its length" in caught.value.message


def test_row_25_zip64_archive_that_a_tool_writes(members: Members) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, archive.open(NOTE, "w", force_zip64=True) as member:
        member.write(members[NOTE])
    refused(file.getvalue(), "flags|extra|fixed|behind")


def test_row_25_bomb_is_refused_by_its_stated_ratio() -> None:
    bomb = {"entries.jsonl": b"0" * 50_000_000, "manifest.json": b"", "redactions.json": b""}
    data = archived(bomb)
    assert len(data) < 60_000
    with pytest.raises(InputError, match="200 times its length"):
        opened(data)


def test_row_25_bomb_that_lies_about_its_length(members: Members) -> None:
    # It states 1,000 bytes and unpacks to 50 million: reading stops where the statement ends.
    packed = zlib.compress(b"0" * 50_000_000, 9)[2:-4]
    data = _lying(packed, stated=len(packed) * 2)
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError, match="more than the"):
            for _ in Archive(io.BytesIO(data), Caps()).chunks("entries.jsonl"):
                pass
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    del members


def _lying(packed: bytes, stated: int) -> bytes:
    """Return an archive of one member whose lengths are made up."""
    name = b"entries.jsonl"
    state = (20, 0, 8, 0, 33, 0, len(packed), stated, len(name))
    local = LOCAL.pack(b"PK\x03\x04", *state, 0) + name
    central = CENTRAL.pack(CENTRAL_MARK, 3 << 8 | 20, *state, 0, 0, 0, 0, 0o100644 << 16, 0) + name
    place = len(local) + len(packed)
    end = END.pack(END_MARK, 0, 0, 1, 1, len(central), place, 0)
    return local + packed + central + end


def test_row_25_packed_data_with_something_behind_its_end() -> None:
    packed = zlib.compress(b"{}\n" * 9, 9)[2:-4]
    with pytest.raises(IntegrityError, match="behind the end of its packed data"):
        list(Archive(io.BytesIO(_lying(packed + b"more", 27)), Caps()).chunks("entries.jsonl"))


def test_row_25_too_many_members() -> None:
    many = {f"checkpoints/{n:012d}": b"" for n in range(60)}
    data = archived({**many, "manifest.json": b"", "redactions.json": b""})
    with pytest.raises(InputError, match="62 members, more than the 50 allowed"):
        opened(data, Caps.parse(["members=50"]))


def test_row_25_folder_with_a_link_a_pipe_or_a_folder_too_deep(
    members: Members, tmp_path: Path
) -> None:
    def laid_out(name: str) -> Path:
        root = tmp_path / name
        for member, data in members.items():
            (root / member).parent.mkdir(parents=True, exist_ok=True)
            (root / member).write_bytes(data)
        return root

    assert verdict_of_folder(laid_out("good")) == 0
    linked = laid_out("linked")
    (linked / "pack.json").unlink()
    (linked / "pack.json").symlink_to(tmp_path / "good" / "pack.json")
    with pytest.raises(IntegrityError, match="symbolic link"):
        Folder(linked, Caps())
    deep = laid_out("deep")
    (deep / "checkpoints" / "more").mkdir()
    with pytest.raises(IntegrityError, match="folder"):
        Folder(deep, Caps())
    piped = laid_out("piped")
    (piped / "pack.json").unlink()
    os.mkfifo(piped / "pack.json")
    with pytest.raises(IntegrityError, match="no regular file"):
        Folder(piped, Caps())


@pytest.mark.parametrize("swap", ["link", "folder", "pipe", "file"])
def test_row_25_folder_whose_member_becomes_another_after_it_was_listed(
    tmp_path: Path, swap: str
) -> None:
    root, other = tmp_path / "root", tmp_path / "other"
    for folder in (root / "checkpoints", other):
        folder.mkdir(parents=True)
        (folder / "a").write_bytes(b"x")
    members = Folder(root, Caps())
    member = root / "checkpoints" / "a"
    assert b"".join(members.chunks("checkpoints/a")) == b"x"
    member.rename(tmp_path / "kept")
    if swap == "link":
        member.symlink_to(tmp_path / "kept")
    elif swap == "folder":
        (root / "checkpoints").rename(tmp_path / "old")
        (tmp_path / "kept").rename(other / "a")
        (root / "checkpoints").symlink_to(other)
    elif swap == "pipe":
        os.mkfifo(member)
    else:
        member.write_bytes(b"x")
    with pytest.raises(IntegrityError, match=r"cannot be read|another file"):
        list(members.chunks("checkpoints/a"))


def test_row_25_pipe_in_place_of_an_archive_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with (
        pytest.raises(InputError, match="no regular file"),
        open_members(tmp_path / "pipe", Caps()),
    ):
        pass


def verdict_of_folder(path: Path) -> int:
    """Verify a folder."""
    with open_members(path, Caps()) as held:
        return verify_bundle(lambda: held, policy()).exit_status


@given(st.binary(max_size=400), st.integers(0, 10_000))
def test_reader_of_archives_raises_nothing_but_its_own_errors(data: bytes, at: int) -> None:
    base = _BASE or archived({"manifest.json": b"{}", "redactions.json": b"{}"})
    place = at % len(base)
    for altered in (data, base[:place] + data + base[place:], base[:place] + data):
        try:
            held = opened(altered)
            held.manifest()
        except LedgerError:
            continue


_BASE = b""
