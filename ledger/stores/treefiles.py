"""Tree files keep the whole subtrees of a ledger beside it, so that a proof need not read it all.

They are derived: they may be deleted at any time and are made again from the entries. Nothing in
them is trusted: a path read from them is given out only if it leads from the entry, hashed anew, to
the signed root. Where it does not, the files are made again once. Specification:
``schemas/tree-files.v1.md``.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from ledger.checkpoint import Checkpoint
from ledger.errors import IntegrityError
from ledger.journeys.verifying import Rows, hashed_anew
from ledger.merkle import HASH_BYTES, inclusion_proof, node_hash, verify_inclusion
from ledger.subtrees import inclusion_path

__all__ = ["TreeFiles", "inclusion_by_all"]

AT_ONCE = 2**15  # hashes read or written at a time
LEVELS_MAX = 63  # a log has fewer than 2^62 entries
WAITS_S = (0.05,) * 40  # two seconds in all


class MissingSubtreeError(Exception):
    """A file ends before a subtree that it should hold."""


class TreeFiles:
    """The folder ``X.tree`` beside the ledger ``X``: a file for each level, 32 bytes a subtree."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it is made at the first proof."""
        self._folder = folder
        self._open: dict[int, int] = {}

    def inclusion(
        self, entries: Rows, seq: int, checkpoint: Checkpoint
    ) -> tuple[bytes, list[bytes]]:
        """Return the hash of an entry and its path to a signed root, which was followed.

        Args:
            entries: The ledger.
            seq: Number of the entry; under the checkpoint.
            checkpoint: The state of the log that the path leads to.

        Raises:
            IntegrityError: If the entries are not those that were hashed, or lead elsewhere.
        """
        try:
            with self._locked():
                try:
                    return self._followed(entries, seq, checkpoint)
                except (IntegrityError, MissingSubtreeError):
                    self._refuse_altered(entries, seq, checkpoint)
                    self._empty()
                    return self._followed(entries, seq, checkpoint)
        except OSError:
            # Of a ledger beside which nothing can be kept, or for now not, every entry is read.
            return inclusion_by_all(entries, seq, checkpoint)

    def subtree(self, level: int, place: int) -> bytes:
        """Return the hash of a whole subtree as its file has it, 32 bytes."""
        found = os.pread(self._file(level), HASH_BYTES, place * HASH_BYTES)
        if len(found) != HASH_BYTES:
            raise MissingSubtreeError
        return found

    def _followed(
        self, entries: Rows, seq: int, checkpoint: Checkpoint
    ) -> tuple[bytes, list[bytes]]:
        """Read a path, and follow it from the stored bytes of the entry to the root."""
        self._extend(entries, checkpoint.size)
        path = inclusion_path(self, seq, checkpoint.size)
        (leaf,) = _hashes(entries, seq, seq + 1)
        verify_inclusion(leaf, seq, checkpoint.size, path, checkpoint.root)
        return leaf, path

    def _refuse_altered(self, entries: Rows, seq: int, checkpoint: Checkpoint) -> None:
        """Refuse an entry of which the files hold the hash that was signed, and the ledger another.

        Files that still lead to the signed root are not made again from entries that do not.
        """
        (leaf,) = _hashes(entries, seq, seq + 1)
        try:
            path = inclusion_path(self, seq, checkpoint.size)
            signed = self.subtree(0, seq)
            verify_inclusion(signed, seq, checkpoint.size, path, checkpoint.root)
        except (IntegrityError, MissingSubtreeError):
            return
        if signed != leaf:
            raise IntegrityError(
                f"entry {seq} leads to another root than the signed one",
                seq=seq,
                why="it was changed after it was signed",
                remedy="keep the files as evidence, and put back a copy that verifies",
            )

    def _extend(self, entries: Rows, size: int) -> None:
        """Add the subtrees of the entries that are new, level by level."""
        for start in range(self._held(0), size, AT_ONCE):
            self._write(0, start, _hashes(entries, start, min(start + AT_ONCE, size)))
        level = 1
        while size >> level:
            for start in range(self._held(level), size >> level, AT_ONCE):
                stop = min(start + AT_ONCE, size >> level)
                below = self._read(level - 1, 2 * start, 2 * stop)
                pairs = zip(below[::2], below[1::2], strict=True)
                self._write(level, start, [node_hash(*pair) for pair in pairs])
            level += 1

    def _held(self, level: int) -> int:
        """Return how many subtrees a file holds, one that was half written left out."""
        return os.fstat(self._file(level)).st_size // HASH_BYTES

    def _read(self, level: int, start: int, stop: int) -> list[bytes]:
        """Return the subtrees [start, stop) of a level."""
        size = (stop - start) * HASH_BYTES
        data = os.pread(self._file(level), size, start * HASH_BYTES)
        if len(data) != size:
            raise MissingSubtreeError
        return [data[at : at + HASH_BYTES] for at in range(0, size, HASH_BYTES)]

    def _write(self, level: int, start: int, hashes: list[bytes]) -> None:
        """Write subtrees of a level from a place on."""
        data, at = b"".join(hashes), start * HASH_BYTES
        while data:
            written = os.pwrite(self._file(level), data, at)
            data, at = data[written:], at + written

    def _empty(self) -> None:
        """Forget everything that the files hold."""
        for level in range(LEVELS_MAX):
            if level in self._open or os.path.lexists(self._folder / _name(level)):
                os.ftruncate(self._file(level), 0)

    def _file(self, level: int) -> int:
        """Return the open file of a level."""
        if level not in self._open:
            self._open[level] = _plain_file(self._folder / _name(level))
        return self._open[level]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Keep others from the files until the block is left, and close them then.

        Raises:
            OSError: If the folder is no plain one, or others kept the files for too long.
        """
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if self._folder.is_symlink():
            raise NotADirectoryError
        lock = _plain_file(self._folder / "lock")
        try:
            _lock(lock)
            yield
        finally:
            for descriptor in (*self._open.values(), lock):
                os.close(descriptor)
            self._open.clear()


def _name(level: int) -> str:
    """Return the name of the file of a level."""
    return f"level-{level:02d}"


def _plain_file(path: Path) -> int:
    """Open a file for reading and writing, made if it is not there.

    Raises:
        OSError: If it is a link, no plain file, or has another name as well: whoever sent a ledger
            could have led it anywhere.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
        os.close(descriptor)
        raise FileExistsError(path)
    return descriptor


def _lock(descriptor: int) -> None:
    """Wait for the files, but not for long: reading every entry instead is always possible.

    Raises:
        OSError: If others kept them for too long.
    """
    for wait_s in WAITS_S:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(wait_s)
        else:
            return
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def inclusion_by_all(entries: Rows, seq: int, checkpoint: Checkpoint) -> tuple[bytes, list[bytes]]:
    """Return a path worked out from every entry."""
    leaves = _hashes(entries, 0, checkpoint.size)
    path = inclusion_proof(leaves, seq)
    verify_inclusion(leaves[seq], seq, checkpoint.size, path, checkpoint.root)
    return leaves[seq], path


def _hashes(entries: Rows, start: int, stop: int) -> list[bytes]:
    """Return the leaf hashes of the entries [start, stop), each from its stored bytes.

    Raises:
        IntegrityError: If an entry is missing, or its stored hash is another.
    """
    hashes = hashed_anew(entries, stop, start=start)
    if len(hashes) != stop - start:
        raise IntegrityError(
            f"the database lacks entry {start + len(hashes)}, and {stop} are signed",
            seq=start + len(hashes),
            remedy="flopledger verify says what is wrong",
        )
    return hashes
