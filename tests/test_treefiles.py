"""Tree files give the paths that all leaves give, read few subtrees, and are never believed."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sealed import altered, fill, found, leg

from ledger.checkpoint import Checkpoint
from ledger.errors import IntegrityError
from ledger.log.store import Row
from ledger.merkle import inclusion_proof, leaf_hash, root_of, verify_inclusion
from ledger.stores import treefiles
from ledger.stores.keyfiles import Files
from ledger.stores.treefiles import TreeFiles
from ledger.subtrees import inclusion_path, reads_max

ORIGIN = "ledger.example/lab-a"
Run = Callable[..., Any]


class Entries:
    """Entries in memory; those read are counted."""

    def __init__(self, count: int, word: str = "entry") -> None:
        """Make entries that differ."""
        self.rows = [self._row(seq, f"{word} {seq}".encode()) for seq in range(count)]
        self.read_: list[int] = []

    @staticmethod
    def _row(seq: int, data: bytes) -> Row:
        """Return a row with its hash."""
        return Row(seq, data, leaf_hash(data))

    def read(self, start: int, stop: int) -> Iterator[Row]:
        """Yield rows."""
        for row in self.rows[start:stop]:
            self.read_.append(row.seq)
            yield row

    def hashes(self) -> list[bytes]:
        """Return all leaf hashes."""
        return [row.hash for row in self.rows]

    def checkpoint(self, size: int) -> Checkpoint:
        """Return the state after some entries."""
        return Checkpoint(ORIGIN, size, root_of(self.hashes()[:size]))


class Subtrees:
    """The whole subtrees over leaves in memory; those read are counted."""

    def __init__(self, leaves: list[bytes]) -> None:
        """Hold the leaves."""
        self._leaves = leaves
        self.reads = 0

    def subtree(self, level: int, place: int) -> bytes:
        """Return the root over a whole subtree, which must be there."""
        self.reads += 1
        below = self._leaves[place << level : (place + 1) << level]
        assert len(below) == 1 << level
        return root_of(below)


@pytest.mark.parametrize("size", [*range(1, 18), 63, 64, 65])
def test_path_is_that_of_all_leaves(size: int) -> None:
    leaves = Entries(size).hashes()
    for index in range(size):
        assert inclusion_path(Subtrees(leaves), index, size) == inclusion_proof(leaves, index)


@pytest.mark.parametrize("power", [4, 7, 10])
@pytest.mark.parametrize("more", [-1, 0, 1])
def test_path_reads_logarithmically_many_subtrees(power: int, more: int) -> None:
    size = 2**power + more
    leaves = Entries(size).hashes()
    longest = 0
    for index in range(0, size, max(1, size // 100)):
        counted = Subtrees(leaves)
        path = inclusion_path(counted, index, size)
        longest = max(longest, len(path))
        assert len(path) <= counted.reads <= reads_max(size)
    assert longest == (size - 1).bit_length()


def test_files_read_the_ledger_once_and_then_one_entry(tmp_path: Path) -> None:
    entries, files = Entries(1000), TreeFiles(tmp_path / "tree")
    files.inclusion(entries, 7, entries.checkpoint(900))
    assert entries.read_ == [*range(900), 7]
    entries.read_.clear()
    leaf, path = TreeFiles(tmp_path / "tree").inclusion(entries, 899, entries.checkpoint(900))
    assert entries.read_ == [899]
    verify_inclusion(leaf, 899, 900, path, entries.checkpoint(900).root)
    entries.read_.clear()
    # What is new is read, and nothing else; an earlier checkpoint is proved by the same files.
    files.inclusion(entries, 0, entries.checkpoint(1000))
    assert entries.read_ == [*range(900, 1000), 0]
    files.inclusion(entries, 0, entries.checkpoint(3))
    stored = sum(path.stat().st_size for path in (tmp_path / "tree").glob("level-*"))
    assert stored == 32 * sum(1000 >> level for level in range(10))


def test_files_have_the_published_bytes(tmp_path: Path) -> None:
    entries = Entries(3)
    TreeFiles(tmp_path / "tree").inclusion(entries, 2, entries.checkpoint(3))
    written = {path.name: path.read_bytes() for path in (tmp_path / "tree").iterdir()}
    assert sorted(written) == ["level-00", "level-01", "lock"]
    assert written["level-01"].hex() == (
        "5a47662fd8a317d96049a3f9f47c55dc67ca66051baa3683dbb19b2fe09a07b0"
    )
    assert sha256(written["level-00"]).hexdigest() == (
        "1cfffc80f5484f4addd77c9d6b223406acbec1e063104e0fe0e20c43363e6275"
    )
    assert (len(written["level-00"]), written["lock"]) == (3 * 32, b"")


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.data())
@settings(deadline=None, max_examples=40)
def test_files_that_grow_give_the_paths_of_all_leaves(
    tmp_path_factory: pytest.TempPathFactory, steps: list[int], data: st.DataObject
) -> None:
    entries = Entries(sum(steps))
    files, size = TreeFiles(tmp_path_factory.mktemp("grown") / "tree"), 0
    for step in steps:
        size += step
        index = data.draw(st.integers(0, size - 1))
        leaf, path = files.inclusion(entries, index, entries.checkpoint(size))
        assert leaf == entries.rows[index].hash
        assert path == inclusion_proof(entries.hashes()[:size], index)


def flipped(path: Path) -> None:
    """Change every byte."""
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))


@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-7]),
        lambda path: path.write_bytes(path.read_bytes() + bytes(64)),
        Path.unlink,
    ],
    ids=["flipped", "empty", "torn", "longer", "gone"],
)
@pytest.mark.parametrize("level", [0, 1, 3])
def test_damaged_files_are_made_again(
    tmp_path: Path, damage: Callable[[Path], object], level: int
) -> None:
    entries, folder = Entries(40), tmp_path / "tree"
    TreeFiles(folder).inclusion(entries, 5, entries.checkpoint(40))
    damage(folder / f"level-{level:02d}")
    for index in range(40):
        leaf, path = TreeFiles(folder).inclusion(entries, index, entries.checkpoint(40))
        verify_inclusion(leaf, index, 40, path, entries.checkpoint(40).root)


def test_files_of_another_history_are_made_again(tmp_path: Path) -> None:
    other, entries = Entries(40, "other"), Entries(40)
    TreeFiles(tmp_path / "tree").inclusion(other, 5, other.checkpoint(40))
    found_ = TreeFiles(tmp_path / "tree").inclusion(entries, 5, entries.checkpoint(40))
    assert found_ == (entries.rows[5].hash, inclusion_proof(entries.hashes(), 5))


def test_entry_that_was_changed_is_not_proved(tmp_path: Path) -> None:
    entries, files = Entries(40), TreeFiles(tmp_path / "tree")
    signed = entries.checkpoint(40)
    files.inclusion(entries, 5, signed)
    entries.rows[5] = entries._row(5, b"changed, and its stored hash too")
    with pytest.raises(IntegrityError, match="another root"):
        files.inclusion(entries, 5, signed)
    entries.rows[5] = Row(5, b"changed", entries.rows[6].hash)
    with pytest.raises(IntegrityError, match="not the hash of the stored bytes"):
        files.inclusion(entries, 5, signed)
    # The folder that could be written to is of no use either.
    shutil.rmtree(tmp_path / "tree")
    with pytest.raises(IntegrityError, match="not the hash of the stored bytes"):
        files.inclusion(entries, 6, signed)


def test_changed_entry_leaves_the_files_as_they_were(tmp_path: Path) -> None:
    entries, files = Entries(40), TreeFiles(tmp_path / "tree")
    signed = entries.checkpoint(40)
    files.inclusion(entries, 5, signed)
    kept = {path: path.read_bytes() for path in (tmp_path / "tree").iterdir()}
    entries.rows[5] = entries._row(5, b"changed, and its stored hash too")
    with pytest.raises(IntegrityError, match="another root"):
        files.inclusion(entries, 5, signed)
    assert {path: path.read_bytes() for path in (tmp_path / "tree").iterdir()} == kept
    # The others are still what was signed.
    files.inclusion(entries, 6, signed)


@pytest.mark.parametrize("level", ["level-00", "level-05", "lock"])
@pytest.mark.parametrize("make", ["symlink_to", "hardlink_to"])
def test_links_in_the_folder_lead_nowhere(tmp_path: Path, level: str, make: str) -> None:
    victim, folder = tmp_path / "precious", tmp_path / "tree"
    victim.write_bytes(b"precious" * 8)
    folder.mkdir()
    (folder / "level-00").write_bytes(bytes(32 * 40))
    (folder / level).unlink(missing_ok=True)
    getattr(folder / level, make)(victim)
    entries = Entries(40)
    leaf, path = TreeFiles(folder).inclusion(entries, 5, entries.checkpoint(40))
    assert (leaf, path) == (entries.rows[5].hash, inclusion_proof(entries.hashes(), 5))
    assert victim.read_bytes() == b"precious" * 8


def test_folder_that_is_a_link_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "tree").symlink_to(tmp_path / "elsewhere")
    entries = Entries(40)
    TreeFiles(tmp_path / "tree").inclusion(entries, 5, entries.checkpoint(40))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_files_that_somebody_keeps_are_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(treefiles, "WAITS_S", (0.0, 0.0))
    entries, folder = Entries(40), tmp_path / "tree"
    TreeFiles(folder).inclusion(entries, 5, entries.checkpoint(40))
    with (folder / "lock").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        entries.read_.clear()
        found_ = TreeFiles(folder).inclusion(entries, 6, entries.checkpoint(40))
    assert found_ == (entries.rows[6].hash, inclusion_proof(entries.hashes(), 6))
    assert entries.read_ == list(range(40))


def test_entries_that_are_gone_are_named(tmp_path: Path) -> None:
    for gone in (slice(30, None), slice(30, 31)):
        entries = Entries(40)
        signed = entries.checkpoint(40)
        del entries.rows[gone]
        with pytest.raises(IntegrityError, match="lacks entry 30") as caught:
            TreeFiles(tmp_path / "tree").inclusion(entries, 5, signed)
        assert caught.value.seq == 30


def test_ledger_where_nothing_can_be_written_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "tree").write_text("no folder", encoding="utf-8")
    entries = Entries(40)
    leaf, path = TreeFiles(tmp_path / "tree").inclusion(entries, 5, entries.checkpoint(40))
    assert (leaf, path) == (entries.rows[5].hash, inclusion_proof(entries.hashes(), 5))
    assert (tmp_path / "tree").read_text("utf-8") == "no folder"


def test_files_are_closed_after_each_proof(tmp_path: Path) -> None:
    entries, files = Entries(40), TreeFiles(tmp_path / "tree")
    files.inclusion(entries, 5, entries.checkpoint(40))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for index in range(20):
        files.inclusion(entries, index, entries.checkpoint(40))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_prove_command_keeps_subtrees_beside_the_ledger(tmp_path: Path, flopledger: Run) -> None:
    context = found(tmp_path)
    fill(context, [leg(number) for number in range(9)])
    assert flopledger("prove", "3", "--quick", "-o", "first.txt").code == 0
    tree = Files(context.ledger).tree
    assert flopledger("prove", "3", "-o", "whole.txt").code == 0
    assert Path("first.txt").read_bytes() == Path("whole.txt").read_bytes()
    assert (tree / "level-00").stat().st_size == 9 * 32
    flipped(tree / "level-02")
    assert flopledger("prove", "3", "--quick", "-o", "again.txt").code == 0
    assert Path("first.txt").read_bytes() == Path("again.txt").read_bytes()
    with altered(context) as connection:
        connection.execute("UPDATE entries SET bytes = CAST(bytes || ' ' AS BLOB) WHERE seq = 3")
    assert flopledger("prove", "3", "--quick").code == 4
    # A quick proof says nothing of the entry that was changed; a proof by all entries does.
    assert flopledger("prove", "5", "--quick", "-o", "other.txt").code == 0
    assert flopledger("prove", "5").code == 4


@pytest.mark.parametrize("option", [["--quick"], ["--size", "3"], ["--entry", "e.json"]])
def test_prove_check_passes_over_no_option(
    tmp_path: Path, flopledger: Run, option: list[str]
) -> None:
    ran = flopledger("prove", "--check", "p.txt", "e.json", *option)
    assert ran.code == 2
    assert f"{option[0]} cannot be given with --check" in ran.err
    assert not list(tmp_path.iterdir())
